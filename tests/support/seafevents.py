"""Small stand-ins for seafevents 11 to 14, one set a family, to be imported into the process of a test.

Names, signatures and the order of imports and of starts are those of the sources (branches 11.0, 12.0, 13.0, master),
which test_seafevents_hosts.py holds them against; everything else is left out. What the host starts is noted in
``seafevents.done``.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

VERSIONS = (11, 12, 13, 14)

_APP = """
from seafevents import done
from seafevents.app.mq_handler import EventsHandler, init_message_handlers
from seafevents.tasks import CountTrafficInfo, FileUpdatesSender


class App(object):
    def __init__(self, config, {ccnet_config}seafile_config,
                 foreground_tasks_enabled=True,
                 background_tasks_enabled=True):
        self._fg_tasks_enabled = foreground_tasks_enabled
        self._bg_tasks_enabled = background_tasks_enabled
        if self._fg_tasks_enabled:
            init_message_handlers(config)
            self._events_handler = EventsHandler(config)
            self._count_traffic_task = CountTrafficInfo(config)
        if self._bg_tasks_enabled:
            self._file_updates_sender = FileUpdatesSender()

    def serve_forever(self):
        if self._fg_tasks_enabled:
            self._events_handler.start()
            self._count_traffic_task.start()
        if self._bg_tasks_enabled:
            self._file_updates_sender.start()
            done.append("the other background tasks")
"""

_MQ_HANDLER = """
from seafevents import done
import seafevents.events.handlers as events_handlers
import seafevents.statistics.handlers as stats_handlers
from seafevents.db import init_db_session_class


class MessageHandler(object):
    def __init__(self):
        self._handlers = {{}}

    def add_handler(self, msg_type, func):
        self._handlers.setdefault(msg_type, []).append(func)

    def get_channels(self):
        return {{msg_type.split(":")[0] for msg_type in self._handlers}}


message_handler = MessageHandler()


def init_message_handlers(config):
    events_handlers.register_handlers(message_handler, False)
    stats_handlers.register_handlers(message_handler)


class EventsHandler(object):
    def __init__(self, config):
        self._db_session_class = init_db_session_class({config})

    def start(self):
        done.append("listening")
        done.extend(sorted(message_handler._handlers))
"""

_EVENTS_HANDLERS = """
from seafevents.app.config import TIME_ZONE


def register_handlers(handlers, enable_audit):
    pass
"""

_STATISTICS_HANDLERS = """
def register_handlers(handlers):
    handlers.add_handler('seahub.stats:user-login', print)
"""

_CONFIG = """
import configparser
import seahub.settings as seahub_settings

TIME_ZONE = seahub_settings.TIME_ZONE


def get_config(config_file):
    config = configparser.ConfigParser({prefixes})
    config.read(config_file)
    return config
"""

_TASKS = """
from .statistics import CountTrafficInfo
from .file_updates_sender import FileUpdatesSender
"""

_TASK_STATISTICS = """
from threading import Thread


class CountTrafficInfo(Thread):
    def __init__(self, config):
        Thread.__init__(self)
"""

_FILE_UPDATES_SENDER = """
from seafevents import done
from seafevents.app.config import TIME_ZONE


class FileUpdatesSender(object):
    def __init__(self):
        pass

    def start(self):
        done.append("sending file updates")
"""

_DB = """
{imports}

from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

engines = []


def init_db_session_class({signature}):
    engines.append(create_engine({url}, pool_recycle=300))
    return sessionmaker(bind=engines[-1])
"""

_MAIN = """
import os
import sys

from seafevents.db import init_db_session_class
from seafevents.utils import write_pidfile
from seafevents.app.app import App
from seafevents.app.config import get_config


def main(background_tasks_only=False):
    config_file = sys.argv[sys.argv.index("--config-file") + 1]
    os.environ["EVENTS_CONFIG_FILE"] = os.path.expanduser(config_file)
    seafile_config = get_config(os.path.join(os.environ["SEAFILE_CENTRAL_CONF_DIR"], "seafile.conf"))
    config = get_config(config_file)
    cluster = seafile_config.getboolean("cluster", "enabled", fallback=False)
    app = App(config, {ccnet_config}seafile_config, foreground_tasks_enabled=not background_tasks_only,
               background_tasks_enabled=background_tasks_only or not cluster)
    app.serve_forever()


def run_background_tasks():
    main(background_tasks_only=True)


if __name__ == "__main__":
    main()
"""

_SECTION_URL = (
    '"mysql+pymysql://%s:%s@%s/%s?charset=utf8" % (config.get("DATABASE", "username"),'
    ' quote_plus(config.get("DATABASE", "password")), config.get("DATABASE", "host"), config.get("DATABASE", "name"))'
)
_ENVIRONMENT_URL = (
    '"mysql+pymysql://root:%s@db:3306/seahub_db?charset=utf8" % quote_plus(os.environ["SEAFILE_MYSQL_DB_PASSWORD"])'
)


def sources(version: int) -> dict[str, str]:
    """The text of each file of the family, by its path below the folder of packages."""
    old = version < 13
    words = {
        "ccnet_config": "ccnet_config, " if version < 12 else "",
        "config": "config" if old else "",
        "prefixes": "" if old else "inline_comment_prefixes=('#', ';')",
        "imports": "import os\nfrom urllib.parse import quote_plus",
        "signature": "config, db='seafevent'" if old else "db='seahub'",
        "url": _SECTION_URL if old else _ENVIRONMENT_URL,
    }
    if not old:
        words["imports"] += "\nfrom seafevents.app.config import TIME_ZONE"
    main = _MAIN.replace("{ccnet_config}", "config, " if version < 12 else "")
    # Since 12 the settings are executed here, before there is any seafevents.app.app.
    utils = "" if version < 12 else "from seafevents.app.config import TIME_ZONE\n"
    texts = {
        "__init__.py": "done = []\n",
        "main.py": main,
        "db.py": _DB.format(**words),
        "utils/__init__.py": f"{utils}\n\ndef write_pidfile(pidfile):\n    pass\n",
        "app/__init__.py": "",
        "app/app.py": _APP.format(**words),
        "app/config.py": _CONFIG.format(**words),
        "app/mq_handler.py": _MQ_HANDLER.format(**words),
        "events/__init__.py": "",
        "events/handlers.py": _EVENTS_HANDLERS,
        "statistics/__init__.py": "",
        "statistics/handlers.py": _STATISTICS_HANDLERS,
        "tasks/__init__.py": _TASKS,
        "tasks/statistics.py": _TASK_STATISTICS,
        "tasks/file_updates_sender.py": _FILE_UPDATES_SENDER,
    }
    return {f"seafevents/{name}": text for name, text in texts.items()}


#: What the block in conf/seahub_settings.py comes to, for the daemon.
BLOCK = "from seafevents_offline.hosts.seafevents import hook\nhook.install()\n"

_SETTINGS = "TIME_ZONE = 'UTC'\nSERVICE_URL = 'https://cloud.example/seafile/'\nFILE_SERVER_ROOT = 'https://Files.example/seafhttp'\n"


class Daemon:
    """Packages in ``folder``, of which nothing is imported before ``main``."""

    def __init__(self, version: int, folder: Path, texts: Mapping[str, str], block: str = BLOCK) -> None:
        self.version = version
        self.folder = folder
        self.conf = folder / "seafevents.conf"
        seahub = {"seahub/__init__.py": "", "seahub/settings.py": f"{_SETTINGS}{block}"}
        for name, text in {**texts, **seahub}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.write_conf("")

    def write_conf(self, section: str) -> None:
        """With what each family reads of it beside our section."""
        host = "[DATABASE]\ntype = mysql\nhost = db\nusername = seafile\npassword = hunter2\nname = seahub_db\n"
        self.conf.write_text(f"{host if self.version < 13 else ''}{section}", encoding="utf-8")

    def be_a_front_node(self) -> None:
        """One of a cluster: it runs no background tasks."""
        (self.folder / "seafile.conf").write_text("[cluster]\nenabled = true\n")

    def main(self, background_tasks_only: bool = False) -> None:
        """What ``python -m seafevents.main`` does, or ``seafevents.background_tasks``."""
        main = self.module("main")
        # They connect.
        vars(main).update(create_db_tables=_nothing, prepare_db_tables=_nothing)
        main.main(background_tasks_only)

    def module(self, name: str) -> Any:
        return importlib.import_module(f"seafevents.{name}")

    @property
    def handlers(self) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = self.module("app.mq_handler").message_handler._handlers
        return found

    def pack(self) -> None:
        """The same packages, in an archive."""
        archive = self.folder.parent / f"{self.folder.name}.zip"
        with zipfile.ZipFile(archive, "w") as file:
            for path in self.folder.rglob("*.py"):
                file.write(path, path.relative_to(self.folder))
                path.unlink()
        sys.path[sys.path.index(str(self.folder))] = str(archive)
        importlib.invalidate_caches()


def _nothing(*_: Any) -> None:
    pass


def forget() -> None:
    """The modules of the host, and the hook."""
    for name in [name for name in sys.modules if name.partition(".")[0] in ("seafevents", "seahub")]:
        del sys.modules[name]
    sys.meta_path[:] = [finder for finder in sys.meta_path if not hasattr(finder, "_seafevents_offline")]


@contextlib.contextmanager
def importable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is left of it afterwards."""
    forget()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(sys, "argv", ["main", "--config-file", str(folder / "seafevents.conf")])
    monkeypatch.setattr(threading.Thread, "start", _noted(threading.Thread.start))
    monkeypatch.setenv("EVENTS_CONFIG_FILE", "")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "")
    monkeypatch.setenv("SEAFILE_CENTRAL_CONF_DIR", str(folder))
    monkeypatch.setenv("SEAHUB_DIR", str(folder))
    monkeypatch.setenv("SEAFILE_MYSQL_DB_PASSWORD", "hunter2")
    try:
        yield
    finally:
        forget()


def _noted(start: Callable[[threading.Thread], None]) -> Callable[[threading.Thread], None]:
    """The host's threads are only noted: the real ones do not end."""

    def noted(thread: threading.Thread) -> None:
        modules = (type(thread).__module__, getattr(thread._target, "__module__", ""))  # type: ignore[attr-defined]
        if any(name.startswith("seafevents.") for name in modules):
            importlib.import_module("seafevents").done.append(type(thread).__name__)
        else:
            start(thread)

    return noted
