"""The log of everybody's downloads as a table."""

from __future__ import annotations

import csv
import io
import tracemalloc
from typing import Any

import psutil
import pytest

from seafevents_offline.status import OfflineDownloadStatus
from seafevents_offline.text import plain
from tests.support.admins import EXPORT, Admin
from tests.support.records import ADA, BOB, REPO_ID, add_many, new

S = OfflineDownloadStatus


def body(admin: Admin, **parameters: Any) -> bytes:
    answer = admin.get(EXPORT, **parameters)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def table(admin: Admin, **parameters: Any) -> list[dict[str, str]]:
    text = body(admin, **parameters).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_it_is_a_file_that_spreadsheets_open(admin: Admin) -> None:
    answer = admin.get(EXPORT)
    assert answer.status_code == 200
    assert answer.streaming
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    name = answer.headers["Content-Disposition"]
    assert name.startswith('attachment; filename="offline-download-log-20')
    assert name.endswith('.csv"')
    assert len(name) == len('attachment; filename="offline-download-log-YYYYMMDD.csv"')
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    content = b"".join(answer.streaming_content)
    assert content.startswith(b"\xef\xbb\xbfodr_id,owner,owner_name,")
    assert content.endswith(b",removed\r\n")


def test_a_row_says_whose_task_it_is_and_what_became_of_it(admin: Admin) -> None:
    admin.host.people[ADA] = ("Ada, Countess", "ada@work.example")
    admin.host.libraries[REPO_ID] = 'The "Letters"'
    odr_id = admin.repository.add(new("https://a.example/f?token=s3cret", path="/ö\u4e2d😀", name="f\nnext")).odr_id
    admin.put_into(odr_id, status=S.ERROR, reason="not_found", comment="It is not there.", size=2**40)
    (row,) = table(admin)
    assert (row["odr_id"], row["owner"], row["owner_name"]) == (str(odr_id), ADA, "Ada, Countess")
    assert (row["owner_contact_email"], row["removed"]) == ("ada@work.example", "")
    assert (row["repo_name"], row["path"], row["name"]) == ('The "Letters"', "/ö\u4e2d😀", r"f\nnext")
    assert (row["url"], row["size"], row["state"]) == ("https://a.example/f", str(2**40), "error")
    assert (row["reason"], row["comment"], row["finished_at"]) == ("not_found", "It is not there.", "")
    assert row["timestamp"].endswith("+00:00")


def test_it_is_everything_that_the_log_has(admin: Admin) -> None:
    adas = add_many(admin.repository, 3, owner=ADA)
    bobs = add_many(admin.repository, 2, owner=BOB)
    admin.repository.remove(bobs[0], BOB)
    admin.put_into(adas[1], status=S.OK)
    assert [row["odr_id"] for row in table(admin)] == [str(odr_id) for odr_id in (*bobs[::-1], *adas[::-1])]
    assert [row["odr_id"] for row in table(admin, owner=BOB)] == [str(odr_id) for odr_id in bobs[::-1]]
    assert [row["removed"] for row in table(admin, owner=BOB)] == ["", "yes"]
    assert [row["odr_id"] for row in table(admin, status="ok")] == [str(adas[1])]
    assert len(table(admin, q="example.com", page=5, per_page=1)) == 5


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_nothing_becomes_a_formula(admin: Admin, start: str) -> None:
    formula = f'{start}HYPERLINK("http://evil.example/","x")'
    admin.host.people[ADA] = (formula, formula)
    admin.host.libraries[REPO_ID] = formula
    odr_id = admin.repository.add(new()).odr_id
    columns = ("path", "name", "comment", "reason", "stored_path")
    admin.put_into(odr_id, size=-5, **dict.fromkeys(columns, formula))
    (row,) = table(admin)
    for column in (*columns, "owner_name", "owner_contact_email", "repo_name"):
        assert row[column] == plain(f"'{formula}"), column
    assert row["size"] == "'-5"


def test_no_cell_steers_or_breaks_a_line(admin: Admin) -> None:
    """Whatever other programs have put into the table."""
    steering = "a\x1b[2J\u202egpj.exe\r\n\x00\x9b\u2028b"
    shown = r"a\x1b[2J\u202egpj.exe\r\n\x00\x9b\u2028b"
    admin.host.people[ADA] = (steering, steering)
    admin.host.libraries[REPO_ID] = steering
    odr_id = admin.repository.add(new("https://a.example/f")).odr_id
    columns = ("path", "name", "comment", "reason", "stored_path")
    admin.put_into(odr_id, **dict.fromkeys(columns, steering))
    admin.run_sql("UPDATE OfflineDownloadRecord SET url = ?", f"https://a.example/{steering}")
    lines = body(admin).decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert lines[1].isprintable()
    assert lines[1].count(shown) == len(columns) + 3
    # Reading a link leaves the line ends out.
    assert r"https://a.example/a\x1b[2J\u202egpj.exe\x00\x9b\u2028b" in lines[1]


@pytest.mark.parametrize("owner", ["=1+1", "-x@example.com"])
def test_the_owners_own_name_becomes_no_formula(admin: Admin, owner: str) -> None:
    add_many(admin.repository, 1, owner=owner)
    assert [row["owner"] for row in table(admin)] == [f"'{owner}"]


@pytest.mark.parametrize(
    "link",
    ["https://a.example/?x=s3cret", "https://ada:s3cret@a.example/f", "https://a.example/f#s3cret", "s3cret", "\0"],
)
def test_secrets_of_links_are_neither_shown_nor_found(admin: Admin, link: str) -> None:
    admin.add_link(link)
    assert b"s3cret" not in body(admin)
    assert table(admin, q="s3cret") == table(admin, q="s3cret", owner=ADA) == []


def test_it_says_in_every_language_what_its_columns_are(admin: Admin) -> None:
    german = admin.site.get(EXPORT, HTTP_ACCEPT_LANGUAGE="de")
    assert b"".join(german.streaming_content) == body(admin)


def fill(admin: Admin, rows: int) -> None:
    admin.run_sql(
        "INSERT INTO OfflineDownloadRecord (repo_id, path, url, owner, comment)"
        " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
        " SELECT 'library' || i, '/', 'https://a.example/' || i, 'user' || i || '@example.com', ? FROM n",
        rows,
        "x" * 300,
    )


def test_tens_of_thousands_of_rows_take_no_more_memory_than_a_few(admin: Admin) -> None:
    rows, traced = 12_000, 2_000
    fill(admin, rows)
    parts = iter(admin.get(EXPORT).streaming_content)
    length = seen = 0

    def read_until(last: float) -> None:
        nonlocal length, seen
        while seen < last and (part := next(parts, None)) is not None:
            seen += part.count(b"\r\n")
            length += len(part)
            assert len(part) < 200_000

    # Every owner and every library is another one here, so what is remembered of them would show.
    tracemalloc.start()
    try:
        read_until(traced)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        # It makes everything slow.
        tracemalloc.stop()
    assert peak < 8_000_000
    process = psutil.Process()
    before = process.memory_info().rss
    read_until(float("inf"))
    assert process.memory_info().rss - before < 10_000_000
    assert seen == rows + 1
    assert length > 4_800_000


def test_a_chunk_of_rows_costs_one_statement_and_no_connection_waits_for_its_reader(admin: Admin) -> None:
    fill(admin, 1200)
    answer: Any = None

    def ask() -> None:
        nonlocal answer
        answer = admin.get(EXPORT)

    assert admin.statements.of(ask) == 1
    stream = iter(answer.streaming_content)
    next(stream)
    assert admin.repository._database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    assert admin.statements.of(lambda: list(stream)) == 2
