"""Messages of the host, as each version of it calls its handlers."""

from __future__ import annotations

import json
import logging
import socket
import time
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker

from seafevents_offline import handlers, repository
from seafevents_offline.extras import Extras
from seafevents_offline.handlers import OfflineDownloadEventHandler, register_handlers
from seafevents_offline.repository import Repository, TaskQuery
from seafevents_offline.settings import SECTION, Settings
from seafevents_offline.status import OfflineDownloadStatus
from seafevents_offline.vault import Vault
from tests.unit.test_message import FIELDS, NEW, URL, in_json, in_tabs

VAULT = Vault(b"a server's own secret")
KEY = "seahub.stats:offline-file-upload"


@dataclass
class MessageHandler:
    """``seafevents.app.mq_handler.message_handler``, as far as it has to do with us; 9 has no config to hand over."""

    version: int
    session: Any = None
    config: ConfigParser = field(default_factory=ConfigParser)
    funcs: dict[str, list[Any]] = field(default_factory=dict)

    def add_handler(self, msg_type: str, func: Any) -> None:
        self.funcs.setdefault(msg_type, []).append(func)

    def say(self, content: str) -> None:
        """As a message over the channel ``seahub.stats``."""
        kind = json.loads(content).get("msg_type") if self.version >= 12 else content.partition("\t")[0]
        for func in self.funcs.get(f"seahub.stats:{kind}", []):
            assert func.__name__ not in ("RepoUpdatePublishHandler", "RepoMetadataUpdateHandler")
            before = () if self.version < 10 else (self.config,)
            func(*before, self.session, {"content": content, "ctime": 1})


@dataclass
class Service:
    settings: Settings
    wakes: int = 0
    vault: Vault = VAULT

    def wake(self) -> None:
        self.wakes += 1


@pytest.fixture
def service(service_database_url: str) -> Service:
    return Service(Settings(enabled=True, database=service_database_url))


@pytest.fixture
def table(service: Service) -> Iterator[Repository]:
    found = repository.open(service.settings)
    yield found
    found.close()


@pytest.fixture
def host_of(service: Service) -> Iterator[Callable[[int], MessageHandler]]:
    made: list[MessageHandler] = []

    def make(version: int) -> MessageHandler:
        made.append(MessageHandler(version))
        register_handlers(made[-1], service)
        return made[-1]

    yield make
    for host in made:
        forget(host)


def forget(host: MessageHandler) -> None:
    (handler,) = host.funcs[KEY]
    if handler._repository is not None:
        handler._repository.close()


def rows(table: Repository) -> list[tuple[str, str, str, str]]:
    tasks = table.find(TaskQuery(sort="odr_id")).tasks
    assert {task.status for task in tasks} <= {OfflineDownloadStatus.WAITING}
    return [(task.repo_id, task.path, task.owner, task.url) for task in tasks]


FORMS = [(9, in_tabs), (11, in_tabs), (12, in_json), (14, in_json)]


def insert(form: Any, **other: str) -> str:
    fields = {**FIELDS, **other}
    return str(in_json(**fields) if form is in_json else in_tabs(*fields.values()))


@pytest.mark.parametrize(("version", "form"), FORMS)
def test_a43_a_message_puts_a_link_into_the_table_and_wakes(
    version: int, form: Any, host_of: Callable[[int], MessageHandler], service: Service, table: Repository
) -> None:
    host_of(version).say(insert(form))
    assert rows(table) == [(NEW.repo_id, NEW.path, NEW.owner, NEW.url)]
    assert service.wakes == 1


@pytest.mark.parametrize(("version", "form"), FORMS)
def test_a43_a_bad_message_is_one_warning_and_later_ones_are_heard(
    version: int,
    form: Any,
    host_of: Callable[[int], MessageHandler],
    service: Service,
    table: Repository,
    caplog: pytest.LogCaptureFixture,
) -> None:
    host = host_of(version)
    bad = [in_json(repo_id="x"), in_json()] if form is in_json else [in_tabs(*["x"] * n) for n in (2, 3, 5)]
    for content in [*bad, insert(form, path=URL)]:
        caplog.clear()
        host.say(content)
        (record,) = caplog.records
        assert (record.levelno, record.getMessage().partition(":")[0]) == (logging.WARNING, "got bad message")
        assert "s3cret" not in caplog.text
    assert (rows(table), service.wakes) == ([], 0)
    host.say(insert(form))
    assert len(rows(table)) == 1


@pytest.mark.parametrize(("version", "content"), [(9, in_tabs("7")), (11, in_tabs("7")), (12, in_json(odr_id=7))])
def test_a_wake_asks_nobody(version: int, content: str, caplog: pytest.LogCaptureFixture) -> None:
    service = Service(Settings(enabled=True, database="mysql+pymysql://nowhere.invalid/x"))
    host = MessageHandler(version)
    register_handlers(host, service)
    host.say(content)
    assert (service.wakes, caplog.records) == (1, [])


def test_the_same_link_again_only_wakes(
    host_of: Callable[[int], MessageHandler], service: Service, table: Repository, caplog: pytest.LogCaptureFixture
) -> None:
    host = host_of(13)
    host.say(insert(in_json))
    host.say(insert(in_json))
    assert (len(rows(table)), service.wakes, caplog.records) == (1, 2, [])


def test_other_messages_are_not_ours(host_of: Callable[[int], MessageHandler], table: Repository) -> None:
    host_of(13).say(json.dumps({"msg_type": "user-login", **FIELDS}))
    assert rows(table) == []


# --- on a node without a service, or in a host that somebody has changed by hand --------------------------


@pytest.fixture
def session(service_database_url: str) -> Iterator[Session]:
    """The host's own, by whose address we find the tables."""
    engine = create_engine(service_database_url)
    with sessionmaker(engine)() as found:
        yield found
    engine.dispose()


def config_of(**options: str) -> ConfigParser:
    config = ConfigParser(interpolation=None)
    config[SECTION] = options
    return config


def test_without_a_service_the_tables_are_where_the_hosts_are(session: Session, table: Repository) -> None:
    host = MessageHandler(13, session, config_of(enabled="true"))
    register_handlers(host)
    host.say(in_json(odr_id=1))
    host.say(insert(in_json))
    assert len(rows(table)) == 1
    forget(host)


def test_another_database_may_be_named(session: Session, table: Repository, tmp_path: Path) -> None:
    host = MessageHandler(11, session, config_of(enabled="true", database=f"sqlite:///{tmp_path / 'other.db'}"))
    register_handlers(host)
    host.say(insert(in_tabs))
    assert rows(table) == []
    forget(host)


@pytest.mark.parametrize("version", [9, 11])
def test_where_it_is_off_nothing_happens(
    version: int, session: Session, table: Repository, caplog: pytest.LogCaptureFixture
) -> None:
    host = MessageHandler(version, session)
    register_handlers(host)
    host.say(insert(in_tabs))
    assert (rows(table), caplog.records) == ([], [])


def test_a_bad_setting_is_one_warning(session: Session, caplog: pytest.LogCaptureFixture) -> None:
    host = MessageHandler(13, session, config_of(enabled="perhaps"))
    register_handlers(host)
    for _ in range(3):
        host.say(insert(in_json))
    assert [record.getMessage() for record in caplog.records] == [
        "a link that came by message is lost: [OFFLINE DOWNLOAD] enabled = perhaps: true or false is allowed."
    ]


# --- a database that is away --------------------------------------------------------------------------------


def test_a_database_without_tables_is_one_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    handler = OfflineDownloadEventHandler(Service(Settings(enabled=True, database=f"sqlite:///{tmp_path / 'new.db'}")))
    for number in range(3):
        handler({}, None, {"content": insert(in_json, path=f"/{number}")})
    (record,) = caplog.records
    assert "tables" in record.getMessage()
    assert handler._repository is not None
    handler._repository.close()


def test_a_database_that_does_not_answer_holds_up_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(handlers, "PATIENCE", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"mysql+pymysql://me:pa55@127.0.0.1:{silent.getsockname()[1]}/x?ssl_disabled=true"
        service = Service(Settings(enabled=True, database=url))
        handler = OfflineDownloadEventHandler(service)
        before = time.monotonic()
        handler(None, {"content": insert(in_json)})
        assert time.monotonic() - before < 10
    (record,) = caplog.records
    assert record.getMessage().startswith("a link that came by message is lost: ")
    assert "pa55" not in caplog.text
    assert service.wakes == 0


def test_a_message_gets_its_owner_no_more_than_is_allowed(
    host_of: Callable[[int], MessageHandler], service: Service, table: Repository, caplog: pytest.LogCaptureFixture
) -> None:
    service.settings = replace(service.settings, tasks_per_user=1)
    host = host_of(12)
    for name in "ab":
        host.say(insert(in_json, url=f"https://files.example.com/{name}?secret"))
    assert len(rows(table)) == 1
    assert "a link that came by message is not added: There are 1 unfinished tasks" in caplog.text
    assert "secret" not in caplog.text


SECRET_LINK = "https://ada:correct%20horse@example.com/a"


def test_a_password_in_a_link_never_reaches_the_table(
    host_of: Callable[[int], MessageHandler], table: Repository
) -> None:
    host_of(14).say(in_json(**{**FIELDS, "url": SECRET_LINK}))
    (task,) = table.find(TaskQuery()).tasks
    assert (task.url, task.asked) == ("https://example.com/a", ("password",))
    assert VAULT.open(task.secret, task.owner, task.url) == Extras("ada", "correct horse")


def test_where_it_cannot_be_sealed_the_link_is_not_taken(
    service: Service,
    host_of: Callable[[int], MessageHandler],
    table: Repository,
    caplog: pytest.LogCaptureFixture,
) -> None:
    service.vault = Vault(b"")
    host_of(14).say(in_json(**{**FIELDS, "url": SECRET_LINK}))
    assert rows(table) == []
    assert "cannot be kept safely" in caplog.text
    assert "horse" not in caplog.text
    host_of(14).say(in_json(**FIELDS))
    assert len(rows(table)) == 1


@pytest.mark.parametrize("link", ["https://a%3Ab:c@example.com/a", "https://%ff@example.com/a"])
def test_a_login_that_is_none_is_left_to_the_claim_which_says_why(
    link: str, host_of: Callable[[int], MessageHandler], table: Repository
) -> None:
    host_of(14).say(in_json(**{**FIELDS, "url": link}))
    assert [url for *_, url in rows(table)] == [link]
