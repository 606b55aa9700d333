"""What pages must know: ``config`` and ``stats``."""

from __future__ import annotations

from datetime import timedelta

import pytest

from seafevents_offline import vault
from seafevents_offline.errors import SettingsError, reasons
from seafevents_offline.extras import HEADERS
from seafevents_offline.repository import utc_now
from seafevents_offline.status import OfflineDownloadStatus
from tests.support.records import BOB
from tests.support.site import CONFIG, STATS, Site

S = OfflineDownloadStatus
ASLEEP = "The download service is not running; your links will start when it is back."


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_dialog_learns_what_it_must_know(site: Site, slash: str) -> None:
    site.beat()
    site.change(max_size=0, schemes=("https", "ftp"), mime_deny=("text/html",), tasks_per_user=7, adds_per_hour=8)
    assert site.get(CONFIG + slash).json() == {
        "enabled": True,
        "running": True,
        "message": "",
        "can_add": True,
        "schemes": ["https", "ftp"],
        "max_size": 0,
        "mime_allow": [],
        "mime_deny": ["text/html"],
        "max_urls": 100,
        "max_link_length": 4096,
        "tasks_per_user": 7,
        "adds_per_hour": 8,
        "extras": True,
        "headers": list(HEADERS),
        "cookies": False,
        "reasons": reasons(),
    }


def test_the_dialog_learns_which_headers_there_are(site: Site) -> None:
    site.change(cookies=True)
    answer = site.get(CONFIG).json()
    assert (answer["headers"], answer["cookies"]) == ([*HEADERS, "Cookie"], True)


def test_where_nothing_can_be_encrypted_the_dialog_does_not_ask_for_passwords(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault, "is_possible", lambda: False)
    assert site.get(CONFIG).json()["extras"] is False


@pytest.mark.parametrize(
    ("age", "running"), [(0, True), (55, True), (70, False), (86_400, False), (-30, True), (-3600, False)]
)
def test_a_service_that_has_been_silent_for_a_minute_is_not_running(site: Site, age: int, running: bool) -> None:
    site.beat()
    site.run_sql(
        "UPDATE OfflineDownloadNode SET beat_at = ?",
        (utc_now() - timedelta(seconds=age)).isoformat(" ", "microseconds"),
    )
    answer = site.get(CONFIG).json()
    assert (answer["running"], answer["message"]) == (running, "" if running else ASLEEP)


def test_one_living_node_is_enough_and_none_is_not(site: Site) -> None:
    assert site.get(CONFIG).json()["message"] == ASLEEP
    site.run_sql("INSERT INTO OfflineDownloadNode (node_id, beat_at) VALUES ('old', '2020-01-01')")
    assert not site.get(CONFIG).json()["running"]
    site.beat()
    assert site.get(CONFIG).json()["running"]


def test_who_may_not_add_learns_that(site: Site) -> None:
    site.script.may_use = False
    assert site.get(CONFIG).json()["can_add"] is False


def test_where_the_feature_is_off_the_dialog_learns_that(site: Site) -> None:
    site.change(enabled=False)
    answer = site.get(CONFIG)
    assert answer.status_code == 200
    assert {key: answer.json()[key] for key in ("enabled", "running", "message", "can_add")} == {
        "enabled": False,
        "running": False,
        "message": "",
        "can_add": False,
    }


def test_settings_that_are_wrong_switch_it_off_and_say_why_in_the_log(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from seahub_patch import host

    def fail(*_: object) -> None:
        raise SettingsError(section="OFFLINE DOWNLOAD", option="workers", value="many", allowed="a number is allowed")

    monkeypatch.setattr(type(host.current()), "settings", fail)
    assert site.get(CONFIG).json()["enabled"] is False
    answer = site.get(STATS)
    assert (answer.status_code, answer.json()) == (404, {"error_msg": "Offline download not supported."})
    assert "[OFFLINE DOWNLOAD] workers = many: a number is allowed." in caplog.text


@pytest.mark.parametrize("slash", ["", "/"])
def test_counts_and_bytes_by_state_and_the_newest(site: Site, slash: str) -> None:
    for _ in range(12):
        site.task(status=S.OK, size=10, completed=10)
    newest = site.task(status=S.DOWNLOADING, size=100, completed=40)
    site.task(owner=BOB)
    answer = site.get(STATS + slash).json()
    assert set(answer["by_status"]) == {status.state for status in S}
    assert answer["by_status"]["ok"] == {"tasks": 12, "size": 120, "completed": 120}
    assert answer["by_status"]["downloading"] == {"tasks": 1, "size": 100, "completed": 40}
    assert answer["by_status"]["waiting"] == {"tasks": 0, "size": 0, "completed": 0}
    assert [task["odr_id"] for task in answer["recent"]] == list(range(newest, newest - 10, -1))
    assert answer["recent"][0]["repo_name"] == "My <b>library</b> 📚"
