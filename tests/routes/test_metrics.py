"""The figures for Prometheus: who may read them, what stands there, and what never does."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from seafevents_offline import __version__
from seafevents_offline.repository import NodeBeat
from seafevents_offline.status import OfflineDownloadStatus
from tests.support.admins import Admin
from tests.support.records import ADA, NODE, OTHER_NODE, new
from tests.support.web import Web, configure_django

METRICS = "/api/v2.2/admin/offline-download/metrics"
TOKEN = "0123456789abcdef-._~+/="
S = OfflineDownloadStatus
NOW = datetime(2026, 1, 2, 3, 4, 5)
HEALTH: dict[str, Any] = {
    "workers": 4,
    "running": 1,
    "suspended": 0,
    "engine": {"name": "aria2", "version": "1.37.0", "tls": "GnuTLS/3.7.9"},
    "guard": {"up": True, "deaths": 0},
    "disk": {"free": 2**40, "total": 2**41, "full": True},
    "scan_age": 4.5,
}

# name, and of its samples the label (or none)
SHAPE = {
    "info": "version",
    "tasks": "state",
    "stored_bytes": None,
    "received_bytes": None,
    "speed_bytes_per_second": None,
    "queue_age_seconds": None,
    "oldest_undone_seconds": None,
    "database_answer_seconds": None,
    "nodes": "presence",
    "workers": None,
    "free_workers": None,
    "node_last_beat_timestamp_seconds": "node",
    "node_last_scan_age_seconds": "node",
    "node_suspended_tasks": "node",
    "node_guard_up": "node",
    "node_disk_free_bytes": "node",
    "node_disk_size_bytes": "node",
    "node_disk_full": "node",
}


def bearer(token: str = TOKEN) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": f"Bearer {token}"}


def families(text: str) -> dict[str, Any]:
    return {family.name: family for family in text_string_to_metric_families(text)}


def values(text: str) -> dict[str, float]:
    """By name and, behind a colon, the label's value."""
    return {
        ":".join([sample.name.removeprefix("offline_download_"), *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    configure_django()
    monkeypatch.setattr("seahub_patch.views.metrics.utc_now", lambda: NOW)


@pytest.fixture
def scraper(admin: Admin) -> Admin:
    """Nobody who is signed in, with the token's setting."""
    admin.site.sign_out()
    admin.site.change(metrics_token=TOKEN)
    return admin


def beat(admin: Admin, node_id: str = NODE, ago: float = 0, **health: Any) -> None:
    admin.repository.beat(NodeBeat(node_id, "the-servers-name", "0.1.0", {**HEALTH, **health}))
    at = (NOW - timedelta(seconds=ago)).isoformat(" ", "microseconds")
    admin.run_sql("UPDATE OfflineDownloadNode SET beat_at = ? WHERE node_id = ?", at, node_id)


def task(admin: Admin, status: OfflineDownloadStatus, ago: float = 100, **columns: Any) -> int:
    at = (NOW - timedelta(seconds=ago)).isoformat(" ", "microseconds")
    odr_id = admin.site.repository.add(new()).odr_id
    admin.put_into(odr_id, **{"status": status, "timestamp": at, "updated_at": at, "active_key": None, **columns})
    return odr_id


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_token_reads_the_figures(scraper: Admin, slash: str) -> None:
    answer = scraper.site.get(METRICS + slash, **bearer())
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert set(families(answer.content.decode())) == {f"offline_download_{name}" for name in SHAPE}


@pytest.mark.parametrize(
    "given", [*("wrong", "", TOKEN[:-1], f"{TOKEN}x", TOKEN.upper(), "é", "\udcff", "0" * 100_000), f"{TOKEN} {TOKEN}"]
)
def test_another_token_reads_nothing(scraper: Admin, given: str) -> None:
    answer = scraper.site.get(METRICS, **bearer(given))
    assert (answer.status_code, answer.json()) == (401, {"error_msg": "Please sign in."})


@pytest.mark.parametrize("header", [f"Token {TOKEN[::-1]}", f"Basic {TOKEN}", TOKEN, f"Bearer{TOKEN}", "Bearer"])
def test_the_token_counts_as_a_bearers_only(scraper: Admin, header: str) -> None:
    scraper.host.views_system = False
    assert scraper.site.get(METRICS, HTTP_AUTHORIZATION=header).status_code in (401, 403)


@pytest.mark.parametrize("header", ["Bearer ", "Bearer", "bearer None"])
def test_without_the_setting_no_token_is_right(admin: Admin, header: str) -> None:
    admin.site.sign_out()
    assert admin.site.get(METRICS, HTTP_AUTHORIZATION=header).status_code == 401


def test_the_token_opens_nothing_else(scraper: Admin) -> None:
    for route in ("/api/v2.2/admin/offline-download/health", "/api/v2.2/offline-download/tasks"):
        assert scraper.site.get(route, **bearer()).status_code == 401
    assert scraper.site.ask("POST", METRICS, **bearer()).status_code == 405


def test_administrators_of_the_system_may_look_and_others_may_not(admin: Admin) -> None:
    assert admin.get(METRICS).status_code == 200
    admin.host.views_system = False
    answer = admin.get(METRICS)
    assert (answer.status_code, answer.json()) == (403, {"error_msg": "Permission denied."})


def test_the_token_is_not_counted_against_the_limit_of_users(scraper: Admin) -> None:
    scraper.site.script.throttled = True
    assert scraper.site.get(METRICS, **bearer()).status_code == 200
    scraper.site.sign_in(ADA)
    assert scraper.site.get(METRICS).status_code == 429


def test_where_it_is_off_there_is_nothing_to_read(scraper: Admin) -> None:
    scraper.site.change(enabled=False)
    assert scraper.site.get(METRICS, **bearer()).status_code == 404


def test_without_the_library_a_sentence_says_what_to_install(scraper: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    answer = scraper.site.get(METRICS, **bearer())
    sentence = "The figures need the Python package prometheus-client. Please install it."
    assert (answer.status_code, answer.json()) == (503, {"error_msg": sentence})
    # Nothing else needs it.
    scraper.site.sign_in(ADA)
    assert scraper.get("/api/v2.2/offline-download/tasks").status_code == 200


def test_a_database_that_is_away_fails_the_look(scraper: Admin) -> None:
    scraper.run_sql("ALTER TABLE OfflineDownloadRecord RENAME TO elsewhere")
    assert scraper.site.get(METRICS, **bearer()).status_code == 503


def test_the_figures_are_those_of_the_tables(admin: Admin) -> None:
    beat(admin, ago=3)
    beat(admin, OTHER_NODE, ago=3600)
    task(admin, S.OK, size=1000, completed=1000)
    task(admin, S.OK, size=2**50, completed=2**50)
    task(admin, S.WAITING, ago=70)
    task(admin, S.WAITING, ago=500, not_before=NOW + timedelta(days=365 * 300), completed=7)
    task(admin, S.DOWNLOADING, ago=900, completed=11, speed=5, size=99)
    task(admin, S.PAUSED, ago=5000, completed=13)
    task(admin, S.ERROR, ago=9999, size=5, completed=4)
    admin.put_into(task(admin, S.OK), status=42)
    found = values(admin.get(METRICS).content.decode())
    assert 0 < found.pop("database_answer_seconds") < 30
    assert found == {
        f"info:{__version__}": 1,
        "tasks:ok": 2,
        "tasks:waiting": 2,
        "tasks:downloading": 1,
        "tasks:paused": 1,
        "tasks:error": 1,
        "tasks:unknown": 1,
        "tasks:storing": 0,
        "tasks:cancelled": 0,
        "stored_bytes": 1000 + 2**50,
        "received_bytes": 7 + 11 + 13,
        "speed_bytes_per_second": 5,
        # One whose time is absurdly far away may begin as well.
        "queue_age_seconds": 500,
        "oldest_undone_seconds": 900,
        "nodes:awake": 1,
        "nodes:silent": 1,
        "nodes:did_not_start": 0,
        "nodes:ahead": 0,
        "workers": 4,
        "free_workers": 3,
        f"node_last_beat_timestamp_seconds:{NODE}": 1767323042,
        f"node_last_beat_timestamp_seconds:{OTHER_NODE}": 1767323042 - 3597,
        f"node_last_scan_age_seconds:{NODE}": 4.5,
        f"node_suspended_tasks:{NODE}": 0,
        f"node_guard_up:{NODE}": 1,
        f"node_disk_free_bytes:{NODE}": 2**40,
        f"node_disk_size_bytes:{NODE}": 2**41,
        f"node_disk_full:{NODE}": 1,
    }


def test_an_empty_table_is_zeros(admin: Admin) -> None:
    found = values(admin.get(METRICS).content.decode())
    del found["database_answer_seconds"], found[f"info:{__version__}"]
    assert set(found.values()) == {0}


@pytest.mark.parametrize("value", [None, "x", [], {}, -1, 1e400, "'", {"free": "x"}])
@pytest.mark.parametrize("part", ["workers", "running", "guard", "disk", "scan_age", "suspended"])
def test_what_a_node_writes_is_read_with_doubt(admin: Admin, part: str, value: Any) -> None:
    beat(admin, **{part: value})
    assert admin.get(METRICS).status_code == 200


def test_what_is_told_of_nodes_has_a_bound(admin: Admin) -> None:
    for number in range(30):
        beat(admin, f"{number:036}", ago=number)
    beat(admin, 'a"\n\\{}# HELP é', ago=-1)
    text = admin.get(METRICS).content.decode()
    assert len(families(text)["offline_download_node_disk_full"].samples) == 20
    assert values(text)["nodes:awake"] == 31
    lint(text)


def test_nothing_tells_who_downloads_what_from_where(scraper: Admin) -> None:
    beat(scraper)
    scraper.site.task(owner="ada@example.com", url="https://files.example.com/a.zip?key=s3cret", name="letter.txt")
    task(scraper, S.DOWNLOADING, comment="s3cret", stored_path="/letter.txt", quota_subject="ada@example.com")
    text = scraper.site.get(METRICS, **bearer()).content.decode()
    for secret in (TOKEN, "ada", "example.com", "s3cret", "letter", "the-servers-name", "sqlite"):
        assert secret not in text
    assert {label for family in families(text).values() for each in family.samples for label in each.labels} == {
        *("version", "state", "presence", "node")
    }


def lint(text: str) -> None:
    """What `promtool check metrics` asks for, of what there is here."""
    for name, family in families(text).items():
        short = name.removeprefix("offline_download_")
        assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name)
        assert family.documentation.endswith(".")
        assert family.type == "gauge"
        # Of counters alone; and a name says neither its type nor its label.
        assert not name.endswith(("_total", "_count", "_sum", "_bucket", "_gauge"))
        assert not re.search(r"_(ms|milliseconds|minutes|hours|kb|mb|percent|ratio)$", name)
        assert all([*sample.labels] == [SHAPE[short]] * (SHAPE[short] is not None) for sample in family.samples)
        keys = [tuple(sample.labels.items()) for sample in family.samples]
        assert len(keys) == len(set(keys))
    lines = text.splitlines()
    assert text.endswith("\n")
    assert sum(line.startswith("# HELP ") for line in lines) == sum(line.startswith("# TYPE ") for line in lines)


def test_the_text_is_as_prometheus_wants_it(admin: Admin) -> None:
    beat(admin)
    task(admin, S.OK)
    text = admin.get(METRICS).content.decode()
    lint(text)
    assert re.findall(r"^# HELP offline_download_(\w+) ", text, re.MULTILINE) == list(SHAPE)
    assert len(text) < 10_000


@pytest.mark.parametrize("tasks", [0, 1, 30])
def test_a_look_is_three_statements_however_much_there_is(admin: Admin, tasks: int) -> None:
    for _ in range(tasks):
        task(admin, S.WAITING)
        task(admin, S.OK)
    beat(admin)
    assert admin.statements.of(lambda: admin.get(METRICS)) == 3


def test_each_look_is_made_anew(admin: Admin) -> None:
    assert values(admin.get(METRICS).content.decode())["tasks:waiting"] == 0
    task(admin, S.WAITING)
    assert values(admin.get(METRICS).content.decode())["tasks:waiting"] == 1
    admin.run_sql("DELETE FROM OfflineDownloadRecord")
    assert values(admin.get(METRICS).content.decode())["tasks:waiting"] == 0


def test_the_embedded_host_has_them_too(web: Web) -> None:
    assert web.stranger().get(METRICS).status_code == 403
    assert web.stranger(**bearer()).get(METRICS).status_code == 401
    assert web.browser().get(METRICS).status_code == 200
    web.host.settings = replace(web.host.settings, metrics_token=TOKEN)
    answer = web.stranger(**bearer()).get(METRICS)
    assert answer.status_code == 200
    assert set(families(answer.content.decode())) == {f"offline_download_{name}" for name in SHAPE}
    assert web.stranger(**bearer("wrong")).get(METRICS).status_code == 401
    # It signs nobody in.
    assert web.stranger(**bearer()).get("/api/v2.2/offline-download/tasks").status_code == 403
    assert not answer.cookies
