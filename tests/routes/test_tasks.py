"""The list: pages, filters, and how little it costs to ask again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from seafevents_offline.status import OfflineDownloadStatus
from tests.support.records import ADA, BOB, REPO_ID
from tests.support.site import CLEAN_UP, NO_REPO, STATS, TASKS, Site

S = OfflineDownloadStatus


def ids(answer: Any) -> list[int]:
    return [task["odr_id"] for task in answer.json()["data"]]


def error(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error_msg"]


@pytest.mark.parametrize("slash", ["", "/"])
def test_only_ones_own_newest_first_ten_a_page(site: Site, slash: str) -> None:
    mine = [site.task() for _ in range(25)][::-1]
    for _ in range(5):
        site.task(owner=BOB)
    answer = site.get(f"{TASKS}{slash}?page=2&per_page=10")
    assert ids(answer) == mine[10:20]
    assert {key: value for key, value in answer.json().items() if key != "data"} == {
        "total_count": 25,
        "page": 2,
        "per_page": 10,
        "has_next_page": True,
    }
    assert answer.headers["X-Total"] == "25"
    last = site.get(f"{TASKS}?page=3")
    assert (ids(last), last.json()["has_next_page"]) == (mine[20:], False)
    assert ids(site.get(f"{TASKS}?page=4")) == []
    assert ids(site.get(f"{TASKS}?per_page=100&page=")) == mine


def test_a_task_is_told_in_full(site: Site) -> None:
    odr_id = site.task(path="/docs", name="a.zip", status=S.DOWNLOADING, size=200, completed=50, speed=10)
    (task,) = site.get(TASKS).json()["data"]
    assert list(task) == [
        *("odr_id", "repo_id", "repo_name", "path", "url", "name", "size", "completed", "progress", "speed", "eta"),
        *("status", "state", "comment", "reason", "reason_args", "checksum", "extras", "extras_wiped"),
        *("priority", "attempts", "owner", "timestamp", "started_at", "finished_at", "stored_path"),
    ]
    assert (task["odr_id"], task["repo_id"], task["repo_name"]) == (odr_id, REPO_ID, "My <b>library</b> 📚")
    assert (task["progress"], task["eta"], task["status"], task["state"]) == (25, 15, 2, "downloading")
    assert datetime.fromisoformat(task["timestamp"]).tzinfo is not None
    assert (task["started_at"], task["finished_at"], task["reason_args"]) == (None, None, {})


def test_passwords_in_links_of_other_programs_are_not_shown(site: Site) -> None:
    site.task(url="https://ada:s3cret@x.example.com/f?token=mine")
    site.task(url="ftp://ada:p@ss@x.example.com:2121/f")
    site.task(url="https://[broken/@x")
    shown = [task["url"] for task in site.get(TASKS).json()["data"]]
    assert shown == ["https://[broken/@x", "ftp://x.example.com:2121/f", "https://x.example.com/f?token=mine"]


@pytest.mark.parametrize(
    ("stored", "told"), [('{"status": NaN}', {}), ('{"path": "a\\ud800"}', {"path": "a\ud800"}), ("[1]", {})]
)
def test_a_row_that_another_program_spoilt_costs_no_list(site: Site, stored: str, told: dict[str, str]) -> None:
    odr_id = site.task()
    site.run_sql("UPDATE OfflineDownloadRecord SET reason_args = ? WHERE odr_id = ?", stored, odr_id)
    for route in (TASKS, STATS):
        answer = site.get(route)
        assert answer.status_code == 200
        (task,) = answer.json()["data" if route == TASKS else "recent"]
        assert task["reason_args"] == told


def test_removed_ones_are_not_shown(site: Site) -> None:
    kept, removed = site.task(), site.task()
    site.repository.remove(removed)
    assert ids(site.get(TASKS)) == [kept]


# --- filters --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [4, 3, 2, 1]),
        ("status=", [4, 3, 2, 1]),
        ("status=waiting", [1]),
        ("status=4", [2]),
        ("status=waiting&status=error", [2, 1]),
        ("status=Waiting,4", [2, 1]),
        ("status=unknown", [4]),
        (f"repo_id={REPO_ID}", [4, 3, 2, 1]),
        (f"repo_id={NO_REPO}", []),
        ("q=report", [3]),
        ("q=%20REPORT%20", [3]),
        ("q=%25", []),
        ("q=" + "a" * 4096, []),
        ("sort=odr_id", [1, 2, 3, 4]),
        ("sort=-name", [3, 4, 2, 1]),
        ("unheard=of", [4, 3, 2, 1]),
    ],
)
def test_filters_and_orders(site: Site, query: str, found: list[int]) -> None:
    site.task()
    site.task(status=S.ERROR)
    site.task(status=S.OK, name="report.pdf")
    site.task(status=42)
    assert ids(site.get(f"{TASKS}?{query}")) == found


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        *[
            (f"{name}={value}", "page or per_page invalid.")
            for name in ("page", "per_page")
            for value in ("0", "-1", "x", "1.5", "1e3", "%D9%A3", "%20", "10000000", "9" * 5000, "%00")
        ],
        ("per_page=1000", "page or per_page invalid."),
        ("per_page=101", "page or per_page invalid."),
        ("page=1000001", "page or per_page invalid."),
        ("status=gone", "status invalid."),
        ("status=waiting,9", "status invalid."),
        ("repo_id=x", "repo_id invalid."),
        ("sort=owner", "sort invalid."),
        ("sort=" + "x" * 10_000, "sort invalid."),
        ("q=" + "x" * 10_000, "q invalid."),
    ],
)
def test_a_query_that_cannot_be_is_refused(site: Site, query: str, sentence: str) -> None:
    assert error(site.get(f"{TASKS}?{query}")) == (400, sentence)


@pytest.mark.parametrize("q", ["%00", "%FF", "%ED%A0%80", "'", "%25%5F", "%F0%9F%98%80", "\\", "a" * 4000])
def test_any_text_may_be_looked_for(site: Site, q: str) -> None:
    site.task(name="x")
    assert site.get(f"{TASKS}?q={q}").status_code == 200


# --- how little it costs --------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [0, 1, 20_000])
def test_a_page_is_three_statements_at_most_and_a_repetition_is_one(site: Site, rows: int) -> None:
    site.run_sql(
        "INSERT INTO OfflineDownloadRecord (repo_id, path, url, owner, status)"
        " WITH RECURSIVE counted(n) AS (SELECT 1 WHERE ? > 0 UNION ALL SELECT n + 1 FROM counted WHERE n < ?)"
        " SELECT ?, '/', 'https://x.example.com/' || n, ?, n % 8 FROM counted",
        *(rows, rows, REPO_ID, ADA),
    )
    site.get(TASKS)
    answers: list[Any] = []
    # A page that is not full needs no sum.
    assert site.statements.of(lambda: answers.append(site.get(f"{TASKS}?per_page=100"))) == (3 if rows > 100 else 2)
    tag = answers[0].headers["ETag"]
    asked = len(site.script.asked)
    assert site.statements.of(lambda: answers.append(site.get(f"{TASKS}?per_page=100", HTTP_IF_NONE_MATCH=tag))) == 1
    assert (answers[1].status_code, answers[1].content) == (304, b"")
    assert (answers[1].headers["ETag"], answers[1].headers["Cache-Control"]) == (tag, "private, no-cache")
    # The library was asked for once, and not at all for the second answer.
    assert (asked, len(site.script.asked)) == (2 if rows else 0, 2 if rows else 0)


@pytest.mark.parametrize("sent", ["{tag}", "W/{tag}", '"other", {tag}', "*"])
def test_a_tag_is_known_again_in_every_form(site: Site, sent: str) -> None:
    tag = site.get(TASKS).headers["ETag"]
    assert tag.startswith('"')
    assert site.get(TASKS, HTTP_IF_NONE_MATCH=sent.format(tag=tag)).status_code == 304


@pytest.mark.parametrize("sent", ["", '"other"', "nonsense", "{tag}x", '"'])
def test_other_tags_get_the_list(site: Site, sent: str) -> None:
    tag = site.get(TASKS).headers["ETag"].strip('"')
    assert site.get(TASKS, HTTP_IF_NONE_MATCH=sent.format(tag=tag)).status_code == 200


def test_the_tag_depends_on_all_that_the_list_depends_on(site: Site) -> None:
    tags = [site.get(TASKS).headers["ETag"], site.get(f"{TASKS}?page=2").headers["ETag"]]
    tags.append(site.get(TASKS, HTTP_ACCEPT_LANGUAGE="de").headers["ETag"])
    site.sign_in(BOB)
    tags.append(site.get(TASKS).headers["ETag"])
    site.sign_in(ADA)
    odr_id = site.task()
    tags.append(site.get(TASKS).headers["ETag"])
    site.repository.prioritise(odr_id, 3)
    tags.append(site.get(TASKS).headers["ETag"])
    assert len(set(tags)) == 6


def test_a_host_without_its_library_service_still_has_a_list(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.task(), site.task()
    site.script.fails.add("library")
    answer = site.get(TASKS)
    assert [task["repo_name"] for task in answer.json()["data"]] == ["", ""]
    assert len(site.script.asked) == 1
    assert "The names of libraries cannot be had" in caplog.text


def test_a_library_that_is_gone_has_no_name(site: Site) -> None:
    site.task()
    site.script.folders.clear()
    assert site.get(TASKS).json()["data"][0]["repo_name"] == ""


# --- cleanup --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize(
    ("sent", "gone"),
    [
        ({"body": {"status": ["error", 7]}}, [2, 3]),
        ({"body": {"status": "ok"}}, [4]),
        ({"form": {"status": ["error", "ok"]}}, [2, 4]),
        ({"form": {"status": "error,ok"}}, [2, 4]),
        ({"body": {"status": ["ok", "error", "cancelled"]}}, [2, 3, 4]),
    ],
)
def test_finished_ones_are_cleared(site: Site, slash: str, sent: dict[str, Any], gone: list[int]) -> None:
    for status in (S.WAITING, S.ERROR, S.CANCELLED, S.OK):
        site.task(status=status)
    other = site.task(owner=BOB, status=S.ERROR)
    answer = site.ask("POST", CLEAN_UP + slash, **sent)
    assert (answer.status_code, answer.json()) == (200, {"success": True, "removed": len(gone)})
    assert sorted(ids(site.get(TASKS))) == [number for number in (1, 2, 3, 4) if number not in gone]
    site.sign_in(BOB)
    assert ids(site.get(TASKS)) == [other]


@pytest.mark.parametrize("status", [["waiting"], ["ok", "paused"], ["x"], [], "", None, 5, [None], [["ok"]], {}])
def test_what_is_not_finished_cannot_be_cleared(site: Site, status: Any) -> None:
    site.task(status=S.OK)
    assert error(site.ask("POST", CLEAN_UP, {"status": status})) == (400, "status invalid.")
    assert len(ids(site.get(TASKS))) == 1


@pytest.mark.parametrize("sent", [{}, {"body": {}}, {"form": {}}])
def test_a_body_that_was_lost_clears_nothing(site: Site, sent: dict[str, Any]) -> None:
    site.task(status=S.OK)
    assert error(site.ask("POST", CLEAN_UP, **sent)) == (400, "status invalid.")
    assert len(ids(site.get(TASKS))) == 1
