"""Where the host's database is: asked of its own function in the daemon, found in its files outside."""

from __future__ import annotations

import sys
from collections.abc import Callable
from configparser import ConfigParser, RawConfigParser
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.orm import sessionmaker

from seafevents_offline.hosts.seafevents.database import HostDatabaseUnknown, by_factory, by_files
from seafevents_offline.repository.database import Database

PASSWORD = "p@ss:w/o?r#d%41 %+ü\"'"


class Daemon:
    """``seafevents.db`` and ``seafevents.app.config``; ``asked`` is what the function was given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[Any] = []
        self.engines: list[Engine] = []
        self.pools: list[Any] = []
        self.modules = {name: ModuleType(name) for name in ("seafevents", "seafevents.db", "seafevents.app.config")}
        self.modules["seafevents.app"] = ModuleType("seafevents.app")
        for name, module in self.modules.items():
            monkeypatch.setitem(sys.modules, name, module)

        def get_config(path: str) -> ConfigParser:
            config = ConfigParser()
            config.read(path)
            return config

        vars(self.modules["seafevents.app.config"])["get_config"] = get_config

    def offers(self, function: Callable[..., Any]) -> None:
        vars(self.modules["seafevents.db"])["init_db_session_class"] = function

    def session_class(self, url: str, asked: object) -> Any:
        self.asked.append(asked)
        self.engines.append(create_engine(url, pool_recycle=300))
        self.pools.append(self.engines[-1].pool)
        return sessionmaker(bind=self.engines[-1])


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Daemon:
    return Daemon(monkeypatch)


# --- in the daemon ------------------------------------------------------------------------------------

URL = "mysql+pymysql://seafile:hunter2@127.0.0.1:1/seahub_db?charset=utf8"


def test_the_path_is_given_where_a_path_is_wanted(daemon: Daemon, tmp_path: Path) -> None:
    def init_db_session_class(config_file: str, db: str = "seafevent") -> Any:
        return daemon.session_class(URL, config_file)

    daemon.offers(init_db_session_class)
    assert by_factory("/srv/seafevents.conf") == URL
    assert daemon.asked == ["/srv/seafevents.conf"]


def test_the_hosts_own_reading_is_given_where_a_configuration_is_wanted(daemon: Daemon, tmp_path: Path) -> None:
    def init_db_session_class(config: ConfigParser, db: str = "seafevent") -> Any:
        return daemon.session_class(URL, config.get("DATABASE", "password"))

    daemon.offers(init_db_session_class)
    (tmp_path / "seafevents.conf").write_text("[DATABASE]\npassword = 100%%\n")
    assert by_factory(str(tmp_path / "seafevents.conf")) == URL
    assert daemon.asked == ["100%"]


def test_nothing_is_given_where_nothing_is_needed(daemon: Daemon) -> None:
    def init_db_session_class(db: str = "seahub") -> Any:
        return daemon.session_class(URL, db)

    daemon.offers(init_db_session_class)
    assert by_factory("/srv/seafevents.conf") == URL
    daemon.offers(lambda: daemon.session_class(URL, None))
    assert by_factory("/srv/seafevents.conf") == URL
    assert daemon.asked == ["seahub", None]


def test_the_hosts_engine_is_given_back_without_a_connection(daemon: Daemon) -> None:
    daemon.offers(lambda: daemon.session_class(URL, None))
    by_factory("")
    (engine,), (pool,) = daemon.engines, daemon.pools
    assert engine.pool is not pool
    assert (engine.pool.checkedin(), engine.pool.checkedout()) == (0, 0)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("url", "database", "query"),
    [
        (make_url("sqlite:///x").set(database="/srv/a b%41?.db"), "/srv/a b%41?.db", {}),
        (
            make_url("mysql+pymysql://seafile:@localhost:3306/seahub_db?unix_socket=/run/my%20sql.sock&charset=utf8"),
            "seahub_db",
            {"unix_socket": "/run/my sql.sock", "charset": "utf8mb4"},
        ),
    ],
)
def test_our_own_engine_gets_to_the_same_place(daemon: Daemon, url: Any, database: str, query: dict[str, str]) -> None:
    daemon.offers(lambda: daemon.session_class(url, None))
    found = Database(by_factory("")).url
    assert (found.database, dict(found.query)) == (database, query)


def test_any_password_reaches_our_own_engine(daemon: Daemon) -> None:
    url = make_url(URL).set(username="a@b", password=PASSWORD)
    daemon.offers(lambda: daemon.session_class(url, None))  # type: ignore[arg-type]
    database = Database(by_factory(""))
    assert (database.url.username, database.url.password) == ("a@b", PASSWORD)
    assert dict(database.url.query) == {"charset": "utf8mb4"}


@pytest.mark.parametrize("words", ["seafile:hunter2@db", ""])
def test_what_the_host_cannot_say_is_one_sentence_without_its_words(daemon: Daemon, words: str) -> None:
    def init_db_session_class(db: str = "seahub") -> Any:
        raise RuntimeError(words)

    daemon.offers(init_db_session_class)
    with pytest.raises(HostDatabaseUnknown) as caught:
        by_factory("")
    assert str(caught.value) == (
        "The database of the Seafile server is not known (RuntimeError in seafevents.db);"
        " database = mysql+pymysql://… in [OFFLINE DOWNLOAD] would name one."
    )
    assert caught.value.__context__ is None


# --- by the files of the host -------------------------------------------------------------------------


def config_of(**options: str) -> RawConfigParser:
    config = RawConfigParser()
    config.add_section("DATABASE")
    for name, value in options.items():
        config.set("DATABASE", name, value)
    return config


MYSQL = {"type": "mysql", "host": "DB.example", "username": "seafile", "password": "hunter2", "name": "seahub_db"}
NONE = RawConfigParser()


def test_the_section_up_to_12() -> None:
    url = Database(by_files(config_of(**MYSQL), {}, 12)).url
    assert (url.host, url.port, url.database) == ("db.example", 3306, "seahub_db")
    assert (url.username, url.password) == ("seafile", "hunter2")
    assert Database(by_files(config_of(**MYSQL, port="3307"), {}, 11)).url.port == 3307


def test_the_hosts_parser_takes_two_percent_signs_for_one() -> None:
    options = {**MYSQL, "password": PASSWORD.replace("%", "%%")}
    assert Database(by_files(config_of(**options), {}, 12)).url.password == PASSWORD


def test_a_socket_needs_no_password() -> None:
    url = Database(by_files(config_of(**MYSQL, unix_socket="/run/my sql.sock"), {}, 12)).url
    assert (url.query["unix_socket"], url.password or "") == ("/run/my sql.sock", "")


def test_a_relative_file_is_where_the_program_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = config_of(type="sqlite3", path="a %%b.db")
    assert Database(by_files(config, {}, 12)).url.database == str(tmp_path / "a %b.db")


def test_the_environment_since_13_with_the_hosts_defaults() -> None:
    url = Database(by_files(NONE, {}, 13)).url
    assert (url.username, url.password or "", url.host, url.port) == ("root", "", "db", 3306)
    assert url.database == "seahub_db"
    names = {"HOST": "10.0.0.5", "PORT": "3307", "USER": "a@b", "PASSWORD": PASSWORD, "SEAHUB_DB_NAME": "other"}
    url = Database(by_files(NONE, {f"SEAFILE_MYSQL_DB_{name}": value for name, value in names.items()}, 14)).url
    assert (url.username, url.password, url.host, url.port) == ("a@b", PASSWORD, "10.0.0.5", 3307)
    assert url.database == "other"
    assert Database(by_files(NONE, {"SEAFILE_MYSQL_DB_HOST": "fd00::5"}, 13)).url.host == "fd00::5"


def test_where_the_version_is_not_known_variables_count_before_a_section_that_may_be_old() -> None:
    config, variables = config_of(**MYSQL), {"SEAFILE_MYSQL_DB_PASSWORD": "x"}
    assert Database(by_files(config, variables)).url.host == "db"
    assert Database(by_files(config, {})).url.host == "db.example"
    assert Database(by_files(NONE, {})).url.host == "db"
    assert Database(by_files(config, variables, 12)).url.host == "db.example"
    assert Database(by_files(config, {}, 13)).url.host == "db"


@pytest.mark.parametrize(
    ("config", "environ", "version", "detail"),
    [
        (NONE, {}, 12, "[DATABASE] has no type that is mysql or sqlite"),
        (config_of(**{**MYSQL, "type": "oracle"}), {}, 12, "[DATABASE] has no type that is mysql or sqlite"),
        (config_of(**{**MYSQL, "name": ""}), {}, 12, "[DATABASE] has no name"),
        (config_of(type="sqlite"), {}, 11, "[DATABASE] has no path"),
        (config_of(**MYSQL, port="hunter2"), {}, 12, "its port is no number"),
        (NONE, {"SEAFILE_MYSQL_DB_PORT": "hunter2"}, 13, "its port is no number"),
    ],
)
def test_what_is_missing_is_one_sentence(
    config: RawConfigParser, environ: dict[str, str], version: int, detail: str
) -> None:
    with pytest.raises(HostDatabaseUnknown) as caught:
        by_files(config, environ, version)
    assert f"({detail})" in str(caught.value)
    assert "hunter2" not in str(caught.value)
