"""The report of the service's health."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from seafevents_offline.repository import NodeBeat
from seafevents_offline.status import OfflineDownloadStatus
from tests.support.admins import HEALTH, Admin
from tests.support.records import NODE, OTHER_NODE, add_many

S = OfflineDownloadStatus

NOW = datetime(2026, 1, 2, 3, 4, 5)
WELL: dict[str, Any] = {
    "workers": 4,
    "running": 1,
    "suspended": 0,
    "engine": {"name": "aria2", "version": "1.37.0", "tls": "GnuTLS/3.7.9"},
    "guard": {"up": True, "deaths": 0},
    "disk": {"free": 2**40, "total": 2**41},
    "scan_age": 4.0,
}


@pytest.fixture(autouse=True)
def clock(admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seahub_patch.views.health.utc_now", lambda: NOW)


def beat(admin: Admin, node_id: str = NODE, name: str = "one", ago: float = 0, **health: Any) -> None:
    admin.repository.beat(NodeBeat(node_id, name, "0.1.0", {**WELL, **health}))
    at = NOW - timedelta(seconds=ago)
    admin.run_sql(
        "UPDATE OfflineDownloadNode SET beat_at = ? WHERE node_id = ?", at.isoformat(" ", "microseconds"), node_id
    )


def report(admin: Admin, status: int) -> dict[str, dict[str, Any]]:
    """The checks by their names."""
    answer = admin.get(HEALTH)
    assert answer.status_code == status
    data = answer.json()
    assert set(data) == {"healthy", "checks"}
    assert data["healthy"] == (status == 200) == all(check["ok"] for check in data["checks"])
    for check in data["checks"]:
        assert set(check) == {"name", "title", "ok", "detail"}
        assert "{" not in check["title"] + check["detail"]
    return {check["name"]: check for check in data["checks"]}


def wrong(admin: Admin) -> dict[str, str]:
    """What is not well, in words."""
    return {name: check["detail"] for name, check in report(admin, 503).items() if not check["ok"]}


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_service_that_is_well_says_so_part_by_part(admin: Admin, slash: str) -> None:
    beat(admin, ago=3)
    for status in (S.WAITING, S.WAITING, S.DOWNLOADING, S.STORING, S.PAUSED, S.ERROR, S.OK):
        admin.put_into(add_many(admin.repository, 1)[0], status=status)
    assert admin.get(HEALTH + slash).status_code == 200
    checks = report(admin, 200)
    assert list(checks) == [
        "database",
        "service",
        "nodes",
        "engine",
        "guard",
        "temporary_folder",
        "last_scan",
        "queue",
    ]
    assert checks["database"]["detail"].startswith("The tables are as they should be; the database has answered within")
    assert checks["service"]["detail"] == "The download service is running."
    assert checks["nodes"]["detail"] == "one (version 0.1.0) was last heard of 3 s ago."
    assert checks["engine"]["detail"] == "one: aria2 1.37.0 with GnuTLS/3.7.9."
    assert checks["guard"]["detail"] == "one: every connection goes through the guard."
    assert checks["temporary_folder"]["detail"] == "one: 1.0 TB of 2.0 TB are free."
    assert checks["last_scan"]["detail"] == "one looked 7 s ago."
    assert checks["queue"]["detail"] == "Waiting: 2, running: 2, paused: 1, failed: 1."


def test_it_is_in_the_readers_language(admin: Admin) -> None:
    beat(admin, ago=3)
    checks = admin.site.get(HEALTH, HTTP_ACCEPT_LANGUAGE="de").json()["checks"]
    found = {check["name"]: check for check in checks}
    assert (found["queue"]["title"], found["service"]["detail"]) == ("Warteschlange", "Der Download-Dienst läuft.")
    assert found["nodes"]["detail"] == "one (Version 0.1.0) hat sich zuletzt vor 3 Sek. gemeldet."


def test_others_than_administrators_of_the_system_are_denied(admin: Admin) -> None:
    admin.host.views_system = False
    answer = admin.get(HEALTH)
    assert (answer.status_code, answer.json()) == (403, {"error_msg": "Permission denied."})


def test_a_service_that_never_was_is_not_well(admin: Admin) -> None:
    found = wrong(admin)
    assert list(found) == ["service"]
    assert found["service"].startswith("The download service has never been running.")


@pytest.mark.parametrize("ago", [61, 3600])
def test_a_service_that_is_silent_is_not_running(admin: Admin, ago: int) -> None:
    beat(admin, ago=ago)
    found = wrong(admin)
    assert list(found) == ["service", "nodes"]
    assert found["service"].startswith("The download service is not running.")
    assert "has been silent for" in found["nodes"]
    assert "engine" not in report(admin, 503), "nobody knows how it is now"


def test_one_silent_node_of_two_is_told(admin: Admin) -> None:
    beat(admin)
    beat(admin, OTHER_NODE, "two", ago=7200)
    assert wrong(admin) == {
        "nodes": "one (version 0.1.0) was last heard of 0 s ago. two (version 0.1.0) has been silent for 2 h 0 min."
    }


def test_a_node_that_was_given_up_long_ago_is_not_missed(admin: Admin) -> None:
    beat(admin)
    beat(admin, OTHER_NODE, "two", ago=8 * 86400)
    assert "two (version 0.1.0) has been silent for 8 d 0 h." in report(admin, 200)["nodes"]["detail"]


def test_a_node_whose_clock_is_ahead_is_told(admin: Admin) -> None:
    beat(admin)
    beat(admin, OTHER_NODE, "two", ago=-600)
    assert "two (version 0.1.0) has a clock that is 10 min 0 s ahead" in wrong(admin)["nodes"]


@pytest.mark.parametrize(
    ("ago", "words"),
    [(190, "3 min 10 s"), (7199, "1 h 59 min"), (86400, "1 d 0 h"), (200_000, "2 d 7 h"), (1e12, "11574074 d 1 h")],
)
def test_times_are_two_units(admin: Admin, ago: float, words: str) -> None:
    beat(admin, scan_age=ago)
    assert words in report(admin, 503)["last_scan"]["detail"]


@pytest.mark.parametrize(
    ("health", "part", "words"),
    [
        ({"engine": {"name": "aria2", "version": "1", "tls": ""}}, "engine", "cannot open secure links"),
        ({"suspended": 2}, "engine", "does not answer at the moment"),
        ({"engine": None}, "engine", "does not say which program"),
        ({"guard": {"up": False, "deaths": 3}, "suspended": 2}, "guard", "the guard is away at the moment"),
        ({"guard": None}, "guard", "does not say whether its connections are guarded"),
        ({"disk": {"free": 2**30, "total": 2**40}}, "temporary_folder", "only 1.0 GB of 1.0 TB are free"),
        (
            {"disk": {"free": 2**39, "total": 2**40, "full": True}},
            "temporary_folder",
            "the disk is full, only 512.0 GB of 1.0 TB are free. Nothing is begun until no more than 90 % are in use.",
        ),
        ({"disk": None}, "temporary_folder", "cannot look at its temporary folder"),
        ({"scan_age": 300}, "last_scan", "has not looked for 5 min 0 s"),
    ],
)
def test_what_is_wrong_with_a_node_is_told(admin: Admin, health: dict[str, Any], part: str, words: str) -> None:
    beat(admin, **health)
    found = wrong(admin)
    assert list(found) == [part]
    assert words in found[part]
    beat(admin, OTHER_NODE, "two")
    assert "two" in wrong(admin)[part]


def off(admin: Admin, ago: float, told: Any) -> None:
    beat(admin, ago=ago)
    admin.repository.beat(NodeBeat(NODE, "one", "0.1.0", {"off": told}))
    at = (NOW - timedelta(seconds=ago)).isoformat(" ", "microseconds")
    admin.run_sql("UPDATE OfflineDownloadNode SET beat_at = ? WHERE node_id = ?", at, NODE)


def test_a_node_that_stays_off_says_why(admin: Admin) -> None:
    off(admin, 5, {"reason": "guard_bypassed", "args": {"address": "127.0.0.1"}, "sentence": "x"})
    found = wrong(admin)
    assert list(found) == ["service", "nodes"]
    assert found["service"].startswith("The download service is not running.")
    assert found["nodes"].startswith(
        "one (version 0.1.0) did not start 5 s ago: The download service stays off: its test"
    )
    beat(admin)
    report(admin, 200)


@pytest.mark.parametrize("told", [None, "why", {"reason": 5, "args": "x"}, {"reason": "guard_bypassed", "args": {}}])
def test_why_it_stays_off_may_be_anything(admin: Admin, told: Any) -> None:
    off(admin, 5, told)
    assert "Something went wrong inside the download service." in wrong(admin)["nodes"]


@pytest.mark.parametrize(
    "health",
    [
        {"engine": "aria2", "disk": [1, 2], "scan_age": "soon", "suspended": "no"},
        {"engine": {"name": 5, "tls": ["x"]}, "disk": {"free": "much", "total": -1}, "scan_age": 10**400},
        {"disk": {"free": 1, "total": 2**40, "full": "x"}},
        {"engine": {"name": "<script>", "tls": "{0}"}, "disk": {"free": True, "total": 1e300}, "scan_age": None},
    ],
)
def test_what_no_version_of_ours_wrote_is_no_error(admin: Admin, health: dict[str, Any]) -> None:
    beat(admin, name="{node} {0} \u202e", **health)
    answer = admin.get(HEALTH)
    assert answer.status_code == 503
    assert {check["name"] for check in answer.json()["checks"]} >= {"nodes", "engine", "temporary_folder"}


def test_many_nodes_are_not_all_described(admin: Admin) -> None:
    for number in range(40):
        beat(admin, f"{number:036}", f"node{number}")
    checks = report(admin, 200)
    assert checks["nodes"]["detail"].count("was last heard of") == 20


def test_it_costs_few_statements(admin: Admin) -> None:
    beat(admin)
    add_many(admin.repository, 20)
    assert admin.statements.of(lambda: admin.get(HEALTH)) <= 5


def test_missing_tables_are_told(admin: Admin) -> None:
    admin.run_sql("DROP TABLE OfflineDownloadNode")
    found = wrong(admin)
    assert list(found) == ["database"]
    assert "upgrade-db" in found["database"]


def test_tables_that_are_too_old_are_told(admin: Admin) -> None:
    admin.run_sql("DELETE FROM OfflineDownloadVersion")
    assert list(wrong(admin)) == ["database"]


def test_a_database_that_is_away_is_told(admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    from seafevents_offline.errors import DatabaseUnavailable

    def fail() -> None:
        raise DatabaseUnavailable(detail="the server cannot be reached.")

    monkeypatch.setattr(admin.repository, "check_schema", fail)
    assert wrong(admin) == {"database": "The database cannot be used at the moment: the server cannot be reached."}


def test_a_node_says_what_it_likes_and_no_line_is_broken_or_turned_by_it(admin: Admin) -> None:
    beat(admin, name="one\n\u202etwo", engine={"name": "aria2\x1b[2J", "version": "1", "tls": "x"})
    sentences = " ".join(check["detail"] for check in admin.get(HEALTH).json()["checks"])
    assert r"one\n\u202etwo" in sentences
    assert r"aria2\x1b[2J 1 with x" in sentences
    assert sentences.isprintable()
