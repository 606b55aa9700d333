"""What the columns' types do with values of other programs."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.dialects import mysql, sqlite

from seafevents_offline.errors import reasons
from seafevents_offline.models import EPOCH, RECORDS, JsonObject, StatusNumber, UtcTime, printable
from seafevents_offline.status import OfflineDownloadStatus

SQLITE, MYSQL = sqlite.dialect(), mysql.dialect()


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        (None, None),
        (datetime(2026, 1, 2, 3, 4, 5), datetime(2026, 1, 2, 3, 4, 5)),
        ("2026-01-02 03:04:05.678901", datetime(2026, 1, 2, 3, 4, 5, 678901)),
        ("2026-01-02 03:04:05", datetime(2026, 1, 2, 3, 4, 5)),
        ("2026-01-02T03:04:05", datetime(2026, 1, 2, 3, 4, 5)),
        ("2026-01-02 03:04:05+00:00", datetime(2026, 1, 2, 3, 4, 5)),
        ("2026-01-02 05:04:05+02:00", datetime(2026, 1, 2, 3, 4, 5)),
        ("2026-01-02", datetime(2026, 1, 2)),
        ("1767323045.5", datetime(2026, 1, 2, 3, 4, 5, 500000)),
        (1767323045, datetime(2026, 1, 2, 3, 4, 5)),
        ("0000-00-00 00:00:00", EPOCH),
        ("yesterday", EPOCH),
        ("", EPOCH),
        ("1e400", EPOCH),
        ("nan", EPOCH),
        ("-99999999999999", EPOCH),
    ],
)
def test_any_time_can_be_read(stored: object, read: datetime | None) -> None:
    for dialect in (SQLITE, MYSQL):
        assert UtcTime().process_result_value(stored, dialect) == read


def test_times_are_text_that_sorts_on_sqlite() -> None:
    times = [datetime(2026, 1, 2, 3, 4, 5), datetime(2026, 1, 2, 3, 4, 5, 1), datetime(2026, 1, 2, 3, 4, 6)]
    written = [UtcTime().process_bind_param(time, SQLITE) for time in times]
    assert written == sorted(written)
    assert {len(text) for text in written} == {26}
    assert UtcTime().process_bind_param(times[0], MYSQL) == times[0]


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        (None, None),
        ('{"a": 1}', {"a": 1}),
        (b'{"a": 1}', {"a": 1}),
        ({"a": 1}, {"a": 1}),
        ("[1]", None),
        ("null", None),
        ("{broken", None),
        ('{"a": NaN}', None),
        ('{"a": [-Infinity]}', None),
        ("[" * 100_000, None),
        ("", None),
    ],
)
def test_any_json_can_be_read(stored: object, read: object) -> None:
    assert JsonObject().process_result_value(stored, MYSQL) == read


def test_what_json_does_not_know_is_written_as_text() -> None:
    written = JsonObject().process_bind_param({"path": Path("/x"), "odd": "\udc80", "ß": 1}, SQLITE)
    assert written == '{"path": "/x", "odd": "?", "ß": 1}'
    assert JsonObject().process_bind_param(None, SQLITE) is None


def test_a_status_is_written_as_a_plain_number() -> None:
    written = StatusNumber().process_bind_param(OfflineDownloadStatus.OK, MYSQL)
    assert (written, type(written)) == (3, int)
    assert StatusNumber().process_bind_param(None, MYSQL) is None


def test_printable_keeps_every_real_character() -> None:
    assert printable("aß日😀\n\0") == "aß日😀\n\0"
    assert printable("\ud800x\udcff") == "?x?"


def test_every_reason_fits_its_column() -> None:
    length = getattr(RECORDS.c.reason.type, "length", 0)
    assert [reason for reason in reasons() if len(reason) > length] == []


def test_every_column_but_four_may_be_left_out() -> None:
    needed = {
        column.name
        for column in RECORDS.c
        if not column.nullable and column.server_default is None and not column.primary_key
    }
    assert needed == {"repo_id", "path", "url", "owner"}
