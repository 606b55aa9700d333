"""The embedded host: one data folder, one library folder, and processes that find each other through them."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from seafevents_offline import vault
from seafevents_offline.egress.policy import Policy
from seafevents_offline.errors import (
    AlreadyActive,
    AlreadyRunning,
    ChecksumInvalid,
    DatabaseUnavailable,
    FolderMissing,
    LinkScheme,
    LiteralOwn,
    LiteralPrivate,
    NameInvalid,
    NotPossible,
    PathInvalid,
    PortRefused,
    PriorityInvalid,
    SettingsError,
    StorageUnavailable,
    TempDirUnusable,
    TooManyTasks,
    VaultUnavailable,
)
from seafevents_offline.hosts import standalone
from seafevents_offline.hosts.standalone import EmbeddedHost
from seafevents_offline.hosts.wish import Wish
from seafevents_offline.repository import TaskQuery
from seafevents_offline.status import Action, OfflineDownloadStatus
from tests.support.disks import disk_of, fill
from tests.support.http_server import File, HttpServer
from tests.support.ports import ALLOWED
from tests.support.waiting import eventually

S = OfflineDownloadStatus
OpenHost = Callable[..., EmbeddedHost]


@pytest.fixture
def open_host(tmp_path: Path) -> Iterator[OpenHost]:
    hosts: list[EmbeddedHost] = []

    def open_(data: str = "data", **options: object) -> EmbeddedHost:
        options = {"allow": ALLOWED, **options}
        hosts.append(EmbeddedHost.open(data=tmp_path / data, library=tmp_path / "library", **options))  # type: ignore[arg-type]
        return hosts[-1]

    yield open_
    for host in hosts:
        host.close()


def settled(host: EmbeddedHost, odr_id: int) -> OfflineDownloadStatus:
    eventually(lambda: host.repository.get(odr_id).status in (S.OK, S.ERROR), 60)
    return host.repository.get(odr_id).status


def test_a_link_becomes_a_file(open_host: OpenHost, http_server: HttpServer, tmp_path: Path) -> None:
    host = open_host()
    host.start()
    task = host.add(Wish.of(http_server.serve("/f.txt", File(data=b"hello"))))
    assert settled(host, task.odr_id) is S.OK
    assert (tmp_path / "library" / "f.txt").read_bytes() == b"hello"


@pytest.mark.parametrize("data", ["data", "d" * 120 + "/" + "e" * 120])
def test_another_process_wakes_the_one_that_serves(
    open_host: OpenHost, http_server: HttpServer, tmp_path: Path, data: str
) -> None:
    config = tmp_path / "seafevents.conf"
    config.write_text("[OFFLINE DOWNLOAD]\ninterval = 1h\n")
    serving, other = open_host(data, config=config), open_host(data, config=config)
    assert not other.is_served()
    serving.start()
    assert other.is_served()
    # Once its first scan is over, nothing but a ring makes it look within the hour.
    first = serving.add(Wish.of(http_server.serve("/first", File(data=b"x"))))
    assert settled(serving, first.odr_id) is S.OK
    task = other.add(Wish.of(http_server.serve("/f", File(size=30_000_000, rate=3_000))))
    eventually(lambda: other.repository.get(task.odr_id).status is S.DOWNLOADING)
    http_server.wait_for(lambda requests: any(request.path == "/f" for request in requests))
    other.act(task.odr_id, Action.CANCEL)
    # It would go on for longer than is waited here.
    http_server.wait_for_active(0)
    serving.stop()
    assert not other.is_served()
    other.wake()


@pytest.mark.parametrize("name", ["a?b", "a?timeout=1", "c%20d", "e#f", "g@h:1", "i'j k", "ü"])
def test_a_data_folder_may_have_any_name(open_host: OpenHost, tmp_path: Path, name: str) -> None:
    task = open_host(name).add(Wish.of("http://example.com/f"))
    assert open_host(name).repository.get(task.odr_id) == task
    assert (tmp_path / name / "offline-download.db").exists()
    assert {path.name for path in tmp_path.iterdir()} == {name, "library"}


def test_one_data_folder_is_served_once(open_host: OpenHost) -> None:
    first, second = open_host(), open_host()
    first.start()
    with pytest.raises(AlreadyRunning):
        second.start()
    first.stop()
    first.stop()
    second.start()


def test_bad_input_changes_nothing(open_host: OpenHost, http_server: HttpServer) -> None:
    host = open_host()
    good = http_server.serve("/f", File(data=b"x"))
    for error, url, options in (
        (LinkScheme, "file:///etc/passwd", {}),
        (NameInvalid, good, {"name": "../x"}),
        (PathInvalid, good, {"path": "../x"}),
        (FolderMissing, good, {"path": "/nowhere"}),
        (ChecksumInvalid, good, {"checksum": "x"}),
        (LiteralOwn, "http://127.0.0.1/f", {}),
        (PortRefused, "http://example.com:22/f", {}),
    ):
        with pytest.raises(error):
            host.add(Wish.of(url, **options))  # type: ignore[arg-type]
    with pytest.raises(PriorityInvalid):
        host.add(replace(Wish.of(good), priority=101))
    assert host.repository.find(TaskQuery()).total == 0
    task = host.add(Wish.of(good))
    with pytest.raises(AlreadyActive) as twin:
        host.add(Wish.of(good))
    assert twin.value.odr_id == task.odr_id


@pytest.mark.parametrize(("before", "again"), [(Action.PAUSE, Action.RESUME), (Action.CANCEL, Action.RETRY)])
def test_what_waits_again_needs_its_folder_as_a_new_link_does(
    open_host: OpenHost, tmp_path: Path, before: Action, again: Action
) -> None:
    host = open_host()
    (tmp_path / "library" / "reports").mkdir()
    task = host.add(Wish.of("http://example.com/f", path="/reports"))
    with pytest.raises(NotPossible):
        host.act(task.odr_id, again)
    host.act(task.odr_id, before)
    (tmp_path / "library" / "reports").rmdir()
    with pytest.raises(FolderMissing):
        host.act(task.odr_id, again)
    assert host.repository.get(task.odr_id).status is before.target
    (tmp_path / "library" / "reports").mkdir()
    assert host.act(task.odr_id, again).status is S.WAITING
    (tmp_path / "library" / "reports").rmdir()
    assert host.act(task.odr_id, before).status is before.target, "it can be held and given up without its folder"


@pytest.mark.parametrize(("before", "again"), [(Action.PAUSE, Action.RESUME), (Action.CANCEL, Action.RETRY)])
def test_what_waits_again_must_be_open_as_a_new_link_must(open_host: OpenHost, before: Action, again: Action) -> None:
    opening, other = open_host(allow=["10.0.0.0/8"]), open_host()
    task = opening.add(Wish.of("http://10.0.0.5/f"))
    opening.act(task.odr_id, before)
    with pytest.raises(LiteralPrivate):
        other.act(task.odr_id, again)
    assert opening.act(task.odr_id, again).status is S.WAITING


def test_where_links_may_lead_is_said_by_the_process_that_serves(open_host: OpenHost) -> None:
    serving, other = open_host(allow=[*ALLOWED, "10.0.0.0/8"]), open_host(allow=["192.168.0.0/16"])
    other.add(Wish.of("http://192.168.0.5/f"))
    serving.start()
    assert other.policy == serving.policy
    other.add(Wish.of("http://10.0.0.5/f"))
    with pytest.raises(LiteralPrivate):
        other.add(Wish.of("http://192.168.0.6/f"))
    serving.stop()
    other.add(Wish.of("http://192.168.0.6/f"))


def test_a_policy_that_cannot_be_read_is_that_of_ones_own_settings(open_host: OpenHost) -> None:
    serving = open_host()
    serving.start()
    for text in ("", "{}", "[]", '{"ports": 1', "null"):
        (serving.data / "policy").write_text(text)
        assert serving.policy == Policy.from_settings(serving.settings)


def test_settings_come_from_the_file_and_the_place_stays_ours(open_host: OpenHost, tmp_path: Path) -> None:
    config = tmp_path / "seafevents.conf"
    config.write_text("[DATABASE]\npassword = 100%\n[OFFLINE DOWNLOAD]\nworkers = 7\nallow-addresses = 10.0.0.0/8\n")
    settings = open_host(config=config, allow=["192.168.1.5:8080"]).settings
    assert (settings.workers, settings.enabled, settings.storage) == (7, True, "folder")
    assert settings.allow_addresses == ("10.0.0.0/8", "192.168.1.5:8080")
    assert settings.tempdir == str(tmp_path / "data" / "temp")
    assert settings.library == str(tmp_path / "library")
    assert settings.interval == 1.0
    assert settings.workers_per_user >= settings.workers, "all workers are for the only user"


@pytest.mark.parametrize(
    "text",
    ["[OFFLINE DOWNLOAD]\nworkers = many\n", "workers = 4\n", "[OFFLINE DOWNLOAD]\nx\n[OFFLINE DOWNLOAD]\n", None],
)
def test_a_bad_configuration_is_one_sentence(open_host: OpenHost, tmp_path: Path, text: str | None) -> None:
    config = tmp_path / "seafevents.conf"
    if text is not None:
        config.write_text(text)
    with pytest.raises(SettingsError) as refusal:
        open_host(config=config)
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "data").exists()
    assert not (tmp_path / "library").exists()


def test_a_library_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageUnavailable, match="file/library"):
        EmbeddedHost.open(data=tmp_path / "data", library=tmp_path / "file" / "library")


def test_a_script_that_has_gone_wild_is_stopped(open_host: OpenHost, tmp_path: Path) -> None:
    assert (open_host().settings.tasks_per_user, open_host().settings.adds_per_hour) == (10_000, 10_000)
    config = tmp_path / "conf"
    config.write_text("[OFFLINE DOWNLOAD]\ntasks-per-user = 1\n")
    host = open_host(config=config)
    done = host.add(Wish.of("https://files.example.com/a"))
    host.act(done.odr_id, Action.CANCEL)
    host.add(Wish.of("https://files.example.com/b"))
    with pytest.raises(TooManyTasks):
        host.add(Wish.of("https://files.example.com/c"))
    with pytest.raises(TooManyTasks):
        host.act(done.odr_id, Action.RETRY)


def test_a_database_that_is_none(open_host: OpenHost, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "offline-download.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(DatabaseUnavailable) as refusal:
        open_host()
    assert "\n" not in str(refusal.value)
    assert (tmp_path / "data" / "offline-download.db").read_bytes() == b"this is no database" * 100


def test_a_temporary_directory_that_others_may_read(open_host: OpenHost, tmp_path: Path) -> None:
    (tmp_path / "data" / "temp").mkdir(parents=True)
    (tmp_path / "data" / "temp").chmod(0o755)
    host = open_host()
    with pytest.raises(TempDirUnusable, match="chmod 700"):
        host.start()
    (tmp_path / "data" / "temp").chmod(0o700)
    host.start()


def test_a_data_folder_without_any_room_left_is_served_or_says_so(open_host: OpenHost, tmp_path: Path) -> None:
    with disk_of("24m", tmp_path / "data") as data:
        host = open_host()
        host.start()
        host.stop()
        fill(data)
        # What the last start has told others needs no room.
        host.start()
        host.close()
        other = EmbeddedHost.open(data=data, library=tmp_path / "elsewhere", allow=ALLOWED)
        with pytest.raises(StorageUnavailable, match="No space left"):
            other.start()
        other.close()


def test_the_library_is_that_of_the_process_that_serves(open_host: OpenHost, tmp_path: Path) -> None:
    serving = open_host()
    other = EmbeddedHost.open(data=tmp_path / "data", library=tmp_path / "elsewhere")
    assert other.library == tmp_path / "elsewhere"
    serving.start()
    assert other.library == serving.library == tmp_path / "library"
    serving.stop()
    assert other.library == tmp_path / "elsewhere"
    other.close()


def test_what_is_in_the_way_of_the_bell_is_a_warning(
    open_host: OpenHost, http_server: HttpServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    host = open_host()
    (tmp_path / "data" / "wake.sock").mkdir()
    host.start()
    assert "cannot wake" in caplog.text
    assert settled(host, host.add(Wish.of(http_server.serve("/f", File(data=b"x")))).odr_id) is S.OK
    host.stop()
    assert not host.is_served()


def test_others_cannot_read_the_records(open_host: OpenHost, tmp_path: Path) -> None:
    open_host()
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_doctor_tells_whether_it_is_served(open_host: OpenHost) -> None:
    host = open_host()
    assert "is not running" in host.checks()[-1].detail
    host.start()
    found = host.checks()
    assert "is running" in found[-1].detail
    assert all(check.ok for check in found), "checking does not disturb the service"
    assert host.is_served()


def test_without_what_encrypts_the_rest_works_and_doctor_says_so(
    open_host: OpenHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = open_host()
    monkeypatch.setattr(vault, "is_possible", lambda: False)
    monkeypatch.setattr(standalone, "is_possible", lambda: False)
    monkeypatch.setattr(standalone, "checks", lambda *_: [])
    assert [(check.name, check.ok) for check in host.checks()] == [("service", True), ("passwords", True)]
    assert "pip install 'seafevents-offline[secrets]'" in host.checks()[-1].detail
    with pytest.raises(VaultUnavailable):
        host.add(Wish.of("https://ada:b@example.com/a"))
    assert host.add(Wish.of("https://example.com/a")).status is S.WAITING


def test_the_key_of_a_data_folder_is_its_owners_and_made_when_it_is_needed(open_host: OpenHost, tmp_path: Path) -> None:
    host, file = open_host(), tmp_path / "data" / "vault-secret"
    host.add(Wish.of("https://example.com/a"))
    assert not file.exists()
    host.add(Wish.of("https://ada:b@example.com/b"))
    assert (stat.S_IMODE(file.stat().st_mode), len(file.read_bytes())) == (0o600, 32)
    assert open_host().vault == host.vault
