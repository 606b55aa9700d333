"""The server out of real checkouts, in the place of the stand-ins.

    SEAFEVENTS_SRC   haiwen/seafevents       SEAFILE_SRC   haiwen/seafile-server, of the same branch
    SEAHUB_SRC       haiwen/seahub           SEARPC_SRC    haiwen/libsearpc
    SEAFOBJ_SRC      haiwen/seafobj          HOST_PYTHON   a Python with what they, this project and its extra
                                                   "web" require

seaf-server stays the tests' own, behind the real ``seaserv``. What Seahub 13 and 14 need beside this is a redis-server.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pymysql
from pymysql.constants import CLIENT

from .. import seafevents_checkout
from ..ports import free_port
from ..seafile import OWNER
from .fixtures import MakeServer
from .server import Server

NAMES = ("SEAFEVENTS_SRC", "SEAFILE_SRC", "SEAHUB_SRC", "SEARPC_SRC", "SEAFOBJ_SRC", "HOST_PYTHON")

_PROJECT = Path(__file__).resolve().parents[3]

#: Without what webpack and ``collectstatic`` make, which no checkout has.
_PLAIN_FILES = """
from django import VERSION as _django
if _django >= (5,):
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
else:
    STATICFILES_STORAGE = "django.contrib.staticfiles.storage.StaticFilesStorage"
"""


def missing() -> str:
    """Why there is nothing to test; empty when there is."""
    names = [name for name in NAMES if not os.environ.get(name)]
    return f"no checkouts are named: {', '.join(names)}" if names else ""


def make(make_server: MakeServer, folder: Path) -> Server:
    """Planted, with the tables of all its parts in its one database. ``folder`` is for what is adapted."""
    server = make_server(seafevents_checkout.version(), sources=_sources(folder))
    pro = server.tree.latest / "pro" / "python"
    for package in ("seafobj", "objwrapper"):
        if (_source("SEAFOBJ_SRC") / package).exists():
            (pro / package).symlink_to(_source("SEAFOBJ_SRC") / package)
    (server.tree.libraries / "seafile").symlink_to(_source("SEAFILE_SRC") / "python" / "seafile")
    server.python = os.environ["HOST_PYTHON"]
    # Behind all that is the host's, and before whatever version of ours is installed there.
    server.extra["PYTHONPATH"] = f"{server.environment()['PYTHONPATH']}:{_PROJECT}"
    _configure(server)
    _fill(server)
    return server


def start_redis(server: Server) -> subprocess.Popen[bytes] | None:
    """Seahub's cache from 13 on; None where none is needed."""
    if server.version < 13:
        return None
    program = shutil.which("redis-server")
    assert program, "Seahub 13 and 14 need a redis-server, which is not installed. Please run: apt install redis-server"
    port = free_port()
    server.extra |= {"CACHE_PROVIDER": "redis", "REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(port)}
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd=server.tree.top)


def _source(name: str) -> Path:
    return Path(os.environ[name]).resolve()


def _sources(folder: Path) -> dict[str, Path]:
    return {
        "seafevents": _source("SEAFEVENTS_SRC"),
        "seahub": _source("SEAHUB_SRC"),
        "pysearpc": _source("SEARPC_SRC") / "pysearpc",
        "seaserv": _seaserv(folder / "seaserv"),
    }


def _seaserv(place: Path) -> Path:
    """seafevents' master (2026-08) takes two names from it that the community edition's (746546a) has inside only."""
    shutil.copytree(_source("SEAFILE_SRC") / "python" / "seaserv", place)
    with open(place / "__init__.py", "a", encoding="utf-8") as file:
        file.write("\nfrom .api import REPO_STATUS_NORMAL, REPO_STATUS_READ_ONLY\n")
    return place


def _configure(server: Server) -> None:
    """One database for what are three in practice."""
    found = server.tree.database
    place = f"host = {found.host}\nport = {found.port}\nuser = {found.user}\npassword = {found.password}\n"
    with open(server.tree.conf / "seafile.conf", "a", encoding="utf-8") as file:
        file.write(f"\n[database]\ntype = mysql\n{place}db_name = {found.name}\n")
    names = [f"SEAFILE_MYSQL_DB_{part}_DB_NAME" for part in ("SEAFILE", "CCNET", "SEAHUB")]
    server.extra |= {**dict.fromkeys(names, found.name), "JWT_PRIVATE_KEY": "k" * 40}
    server.extra["DJANGO_SETTINGS_MODULE"] = "seahub.settings"
    database = {"ENGINE": "django.db.backends.mysql", "NAME": found.name, "USER": found.user}
    database |= {"PASSWORD": found.password, "HOST": found.host, "PORT": str(found.port)}
    cache = {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": str(server.tree.top / "cache"),
    }
    with open(server.settings_file, "a", encoding="utf-8") as file:
        file.write(f"DATABASES = {{'default': {database}}}\n")
        file.write(f"CACHES = {{'default': {cache}}}\n" if server.version < 13 else "")
        file.write(_PLAIN_FILES)


def _fill(server: Server) -> None:
    """The tables as setup makes them, and a token by which the owner signs in."""
    found = server.tree.database
    tables = [_source("SEAFILE_SRC") / "scripts/sql/mysql" / name for name in ("ccnet.sql", "seafile.sql")]
    statements = [file.read_text(encoding="utf-8") for file in (*tables, _source("SEAHUB_SRC") / "sql/mysql.sql")]
    connection = pymysql.connect(
        host=found.host,
        port=found.port,
        user=found.user,
        password=found.password,
        database=found.name,
        autocommit=True,
        ssl_disabled=True,
        client_flag=CLIENT.MULTI_STATEMENTS,
    )
    with connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE notifications_usernotification")
        for statement in statements:
            cursor.execute(statement)
            while cursor.nextset():
                pass
        cursor.execute("INSERT INTO api2_token (`key`, user, created) VALUES (%s, %s, NOW())", (OWNER, OWNER))
