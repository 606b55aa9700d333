"""What the plugin makes of seafevents.conf, and what it says when it stays off: nothing is half done."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from seafevents_offline.errors import AlreadyRunning, EngineUnavailable, TempDirUnusable
from seafevents_offline.hosts.seafevents import database, logs, plugin, service
from seafevents_offline.settings import Settings

HEAD = "[OFFLINE DOWNLOAD]\n"
ON = f"{HEAD}enabled = true\n"
OFF = "offline download: is off; enabled = true in [OFFLINE DOWNLOAD] turns it on"
NEVER = "offline download: is off until the next start: "


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Settings]:
    """The settings of each service that was made."""
    found: list[Settings] = []

    class Service:
        def __init__(self, settings: Settings, **_: Any) -> None:
            found.append(settings)

        def start(self) -> None:
            pass

    seahub, settings = ModuleType("seahub"), ModuleType("seahub.settings")
    vars(seahub)["settings"] = settings
    vars(settings).update(SERVICE_URL="https://Cloud.example:8443/x", FILE_SERVER_ROOT=None)
    monkeypatch.setitem(sys.modules, "seahub", seahub)
    monkeypatch.setitem(sys.modules, "seahub.settings", settings)
    monkeypatch.setattr(service, "OfflineDownloader", Service)
    monkeypatch.setattr(plugin, "_taken", set())
    monkeypatch.setattr(logs, "install", lambda: None)
    monkeypatch.setattr(database, "by_factory", lambda path: "mysql+pymysql://the:host@s/db")
    monkeypatch.setenv("EVENTS_CONFIG_FILE", str(tmp_path / "seafevents.conf"))
    plugin._service.cache_clear()
    return found


def start(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What a node that runs background tasks says in the log."""
    caplog.set_level("INFO")
    plugin.start(SimpleNamespace(_fg_tasks_enabled=False, _bg_tasks_enabled=True))
    return [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", []),
        ("[Audit]\nenabled = true\n", []),
        (HEAD, [OFF]),
        (f"{HEAD}enabled = false\n", [OFF]),
        (f"{HEAD}enabled = # true\n", [OFF]),
        (
            f"{HEAD}enable = true\n",
            [
                "offline download: [OFFLINE DOWNLOAD] enable is not an option of ours and is ignored;"
                " did you mean enabled?",
                OFF,
            ],
        ),
        (f"{HEAD}enabled = ture\n", [f"{NEVER}[OFFLINE DOWNLOAD] enabled = ture: true or false is allowed."]),
        (
            f"{ON}workers = 0\n",
            [f"{NEVER}[OFFLINE DOWNLOAD] workers = 0: a whole number from 1 to 512 is allowed."],
        ),
        (
            f"{ON}disk-low = 96\n",
            [f"{NEVER}[OFFLINE DOWNLOAD] disk-low = 96%: at most disk-high (95%) is allowed."],
        ),
    ],
)
def test_it_stays_off_and_says_so_once(
    tmp_path: Path, made: list[Settings], caplog: pytest.LogCaptureFixture, text: str, said: list[str]
) -> None:
    (tmp_path / "seafevents.conf").write_text(text)
    assert start(caplog) == said
    plugin.listen()
    assert len(caplog.records) == len(said)
    assert made == []


def test_without_a_file_it_is_silent(made: list[Settings], caplog: pytest.LogCaptureFixture) -> None:
    assert start(caplog) == []
    assert made == []


def test_a_file_that_cannot_be_read_is_one_sentence(
    tmp_path: Path, made: list[Settings], caplog: pytest.LogCaptureFixture
) -> None:
    conf = tmp_path / "seafevents.conf"
    conf.write_bytes("[DATABASE]\npassword = hünter2\n".encode("latin-1"))
    assert start(caplog) == [f"{NEVER}The settings in {conf} cannot be read: it is not written in UTF-8."]
    assert made == []


def test_percent_signs_in_passwords_trouble_nobody(
    tmp_path: Path, made: list[Settings], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "seafevents.conf").write_text(f"[DATABASE]\npassword = 100%\n{ON}webhook-secret = 50%(off)s\n")
    assert start(caplog) == []
    assert made[0].webhook_secret == "50%(off)s"


def test_the_hosts_database_counts_where_no_other_is_named(
    tmp_path: Path, made: list[Settings], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "seafevents.conf").write_text(f"{ON}worker = 3\n")
    assert start(caplog) == [
        "offline download: [OFFLINE DOWNLOAD] worker is not an option of ours and is ignored; did you mean workers?"
    ]
    assert [settings.database for settings in made] == ["mysql+pymysql://the:host@s/db"]


class Starts:
    """An OfflineDownloader; each start has the next of the ``outcomes``, ``ended`` when there is none left."""

    tempdir = SimpleNamespace(path="/volume/tmp")

    def __init__(self, *outcomes: Exception | None) -> None:
        self.outcomes = list(outcomes)
        self.ended = threading.Event()

    def __call__(self, settings: Settings, **_: Any) -> Starts:
        return self

    def start(self) -> None:
        outcome = self.outcomes.pop(0)
        if not self.outcomes:
            self.ended.set()
        if outcome:
            raise outcome


@pytest.fixture
def starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Starts]:
    """What it starts with, which takes no time."""
    (tmp_path / "seafevents.conf").write_text(ON)
    monkeypatch.setattr(service, "_PAUSE_FOR_DAEMON", 0.001)
    monkeypatch.setattr(service, "_PAUSE", 0.001)

    def make(*outcomes: Exception | None) -> Starts:
        made = Starts(*outcomes)
        monkeypatch.setattr(service, "OfflineDownloader", made)
        return made

    return make


def test_a_daemon_that_has_not_ended_yet_is_waited_for(
    starts: Callable[..., Starts], caplog: pytest.LogCaptureFixture
) -> None:
    """Else the feature would stay off until somebody restarts the daemon once more."""
    made = starts(AlreadyRunning(path="x"), AlreadyRunning(path="x"), None)
    assert start(caplog) == [
        "offline download: another daemon still has /volume/tmp; this one starts when that has ended"
    ]
    assert made.ended.wait(30)


def test_what_keeps_it_from_starting_may_go(starts: Callable[..., Starts], caplog: pytest.LogCaptureFixture) -> None:
    """A volume that is mounted late, aria2c that is installed an hour later: nobody has to restart the daemon."""
    gone = TempDirUnusable(path="/volume/tmp", detail="it is gone.")
    no_engine = EngineUnavailable(detail="none is here.")
    made = starts(AlreadyRunning(path="x"), gone, gone, no_engine, None)
    start(caplog)
    assert made.ended.wait(30)
    # What stays is said once.
    assert caplog.messages[1:] == [
        f"offline download: is off, and tries to start every minute: {error}" for error in (gone, no_engine)
    ]


def test_the_servers_own_names_are_those_of_seahubs_settings() -> None:
    assert service.own_names() == {"cloud.example"}
    del sys.modules["seahub.settings"].SERVICE_URL
    assert service.own_names() == frozenset()
