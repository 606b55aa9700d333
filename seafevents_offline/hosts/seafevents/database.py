"""Where the host's database is: in the daemon as the daemon says, outside as its files say.

Nothing is connected here. What comes out is a URL with the password in it, for an engine of our own (``repository``):
the host's has no room for emoji.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from configparser import RawConfigParser
from os.path import abspath
from typing import Any
from urllib.parse import quote

from ...errors import SettingsError

_SECTION = "DATABASE"
_VARIABLES = "SEAFILE_MYSQL_DB_"

#: The first that reads the environment instead of the section.
_WITH_VARIABLES = 13


class HostDatabaseUnknown(SettingsError):
    """``detail`` quotes nothing: the host's own words may hold the password."""

    reason = "host_database_unknown"
    sentence = (
        "The database of the Seafile server is not known ({detail});"
        " database = mysql+pymysql://… in [OFFLINE DOWNLOAD] would name one."
    )


def by_factory(path: str) -> str:
    """As the running daemon itself reaches it; ``path``: seafevents.conf. Raises HostDatabaseUnknown."""
    try:
        return _url_of_host(path)
    except Exception as error:  # noqa: BLE001 (the host's code raises what it likes)
        detail = f"{type(error).__name__} in seafevents.db"
    raise HostDatabaseUnknown(detail=detail)


def by_files(config: RawConfigParser, environ: Mapping[str, str], version: int | None = None) -> str:
    """As the daemon would reach it, whose environment is ``environ``: by ``[DATABASE]`` up to Seafile 12, by
    SEAFILE_MYSQL_DB_* since 13. Raises HostDatabaseUnknown.

    Without a ``version`` the variables count where there are any: servers that came to 13 may still have the section.
    """
    if version is None:
        is_told = any(name.startswith(_VARIABLES) for name in environ)
        version = _WITH_VARIABLES if is_told or not config.has_section(_SECTION) else 0
    return _by_variables(environ) if version >= _WITH_VARIABLES else _by_section(config)


def _url_of_host(path: str) -> str:
    from seafevents.db import init_db_session_class

    parameters = list(inspect.signature(init_db_session_class).parameters)
    session = init_db_session_class(*_arguments(parameters[:1], path))()
    engine = session.get_bind().engine
    try:
        return _rendered(engine.url)
    finally:
        session.close()
        engine.dispose()


def _arguments(first: list[str], path: str) -> list[Any]:
    """What it wants to know: the path (up to 9), what is in it (10 to 12), or nothing (since 13)."""
    if first == ["config_file"]:
        return [path]
    if first == ["config"]:
        from seafevents.app.config import get_config

        return [get_config(path)]
    return []


def _rendered(url: Any) -> str:
    if url.get_backend_name() == "sqlite":
        return _sqlite(url.database or "")
    return str(url.render_as_string(hide_password=False))


def _by_variables(environ: Mapping[str, str]) -> str:
    """With what stands for them where they are not set (``seafevents.app.config`` of 13)."""

    def told(name: str, otherwise: str) -> str:
        return environ.get(_VARIABLES + name) or otherwise

    return _mysql(
        user=told("USER", "root"),
        password=told("PASSWORD", ""),
        host=told("HOST", "db"),
        port=told("PORT", "3306"),
        name=told("SEAHUB_DB_NAME", "seahub_db"),
    )


def _by_section(config: RawConfigParser) -> str:
    """As ``seafevents.db.create_engine_from_conf`` of 11 and 12 does."""
    told = _reader(config)
    kind = told("type", "")
    if kind in ("sqlite", "sqlite3"):
        return _sqlite(abspath(_needed(told, "path")))
    if kind != "mysql":
        raise HostDatabaseUnknown(detail=f"[{_SECTION}] has no type that is mysql or sqlite")
    socket = told("unix_socket", "")
    return _mysql(
        user=_needed(told, "username"),
        # With a socket the host sends no password.
        password="" if socket else told("password", ""),
        host=told("host", "localhost").lower(),
        port=told("port", "3306"),
        name=_needed(told, "name"),
        socket=socket,
    )


def _reader(config: RawConfigParser) -> Callable[[str, str], str]:
    def told(name: str, otherwise: str) -> str:
        # The host's parser reads two percent signs as one.
        return (config.get(_SECTION, name, raw=True, fallback="") or "").replace("%%", "%") or otherwise

    return told


def _needed(told: Callable[[str, str], str], name: str) -> str:
    value = told(name, "")
    if not value:
        raise HostDatabaseUnknown(detail=f"[{_SECTION}] has no {name}")
    return value


def _sqlite(path: str) -> str:
    return f"sqlite:///{quote(path, errors='surrogateescape')}"


def _mysql(*, user: str, password: str, host: str, port: str, name: str, socket: str = "") -> str:
    if not (port.isascii() and port.isdigit()):
        raise HostDatabaseUnknown(detail="its port is no number")
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    place = f"[{host}]" if ":" in host else host
    query = f"?unix_socket={quote(socket)}" if socket else ""
    return f"mysql+pymysql://{login}@{place}:{port}/{name}{query}"
