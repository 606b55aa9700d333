"""Where the host's database is: in the daemon as the daemon says, outside as its files say.

Nothing is connected here, and no engine of the host's is used: its connections have no room for emoji. What comes out
is a URL with the password in it, for our own engine (``repository``).
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from configparser import RawConfigParser
from typing import Any
from urllib.parse import quote

_SECTION = "DATABASE"
_VARIABLES = "SEAFILE_MYSQL_DB_"


def by_factory(path: str) -> str:
    """As the running daemon itself reaches it; ``path`` is that of seafevents.conf."""
    from seafevents.db import init_db_session_class

    (first, *_) = inspect.signature(init_db_session_class).parameters
    session = init_db_session_class(*_arguments(first, path))()
    engine = session.get_bind().engine
    try:
        return _rendered(engine.url)
    finally:
        session.close()
        engine.dispose()


def by_files(config: RawConfigParser, environ: Mapping[str, str], version: int | None = None) -> str:
    """As the daemon would reach it: by ``[DATABASE]`` up to Seafile 12, by the environment since 13."""
    if version is None:
        version = 12 if config.has_section(_SECTION) and not _is_told(environ) else 13
    return _by_section(config) if version < 13 else _by_environment(environ)


def _arguments(first: str, path: str) -> tuple[Any, ...]:
    if first == "config_file":
        return (path,)
    if first == "config":
        from seafevents.app.config import get_config

        return (get_config(path),)
    return ()


def _rendered(url: Any) -> str:
    if url.get_backend_name() == "sqlite":
        return f"sqlite:///{quote(url.database or '', errors='surrogateescape')}"
    return str(url.render_as_string(hide_password=False))


def _is_told(environ: Mapping[str, str]) -> bool:
    return any(name.startswith(_VARIABLES) for name in environ)


def _by_environment(environ: Mapping[str, str]) -> str:
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
    def told(name: str, otherwise: str = "") -> str:
        # The host's parser reads %% as one.
        return (config.get(_SECTION, name, raw=True, fallback="") or "").replace("%%", "%") or otherwise

    if told("type").startswith("sqlite"):
        return f"sqlite:///{quote(told('path'), errors='surrogateescape')}"
    return _mysql(
        user=told("username"),
        password=told("password"),
        host=told("host", "localhost"),
        port=told("port", "3306"),
        name=told("name"),
        socket=told("unix_socket"),
    )


def _mysql(*, user: str, password: str, host: str, port: str, name: str, socket: str = "") -> str:
    place = f"[{host}]" if ":" in host else host
    query = f"?unix_socket={quote(socket)}" if socket else ""
    return f"mysql+pymysql://{quote(user, safe='')}:{quote(password, safe='')}@{place}:{port}/{quote(name)}{query}"
