from __future__ import annotations

import hashlib
import re
from dataclasses import FrozenInstanceError, fields, replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seafevents_offline.checksum import Checksum
from seafevents_offline.errors import NO_EXPLANATION, FolderGone
from seafevents_offline.extras import Sealed
from seafevents_offline.status import OfflineDownloadStatus
from seafevents_offline.task import (
    PRIORITIES,
    Done,
    Failed,
    Gone,
    NewTask,
    Payload,
    PayloadFile,
    Progress,
    Retry,
    Task,
    active_key,
)

ROW = {
    "odr_id": 7,
    "repo_id": "11111111-1111-1111-1111-111111111111",
    "path": "/",
    "url": "https://example.com/a",
    "owner": "me@example.com",
    "timestamp": datetime(2026, 11, 21),
    "status": 2,
    "size": 10,
    "completed": 5,
    "speed": 1,
    "comment": "",
    "reason": "",
    "reason_args": None,
    "name": "",
    "stored_path": "",
    "priority": 50,
    "attempts": 1,
    "restores": 2,
    "claim": 3,
    "claimed_by": None,
    "quota_subject": "",
    "options": None,
    "started_at": None,
    "finished_at": None,
    "updated_at": None,
    "hidden_at": None,
    "not_before": None,
}


def test_a_row_becomes_a_task():
    task = Task.from_row(ROW)
    assert {field.name: getattr(task, field.name) for field in fields(task)} == ROW
    assert task.status is OfflineDownloadStatus.DOWNLOADING


def test_columns_that_are_not_known_are_ignored():
    assert Task.from_row({**ROW, "active_key": "x", "future": 1}) == Task.from_row(ROW)


@pytest.mark.parametrize("number", [-1, 0, 8, 77])
def test_a_status_from_a_newer_version_is_unknown(number):
    assert Task.from_row({**ROW, "status": number}).status is OfflineDownloadStatus.UNKNOWN


@pytest.mark.parametrize("column", ROW)
def test_a_column_that_is_missing_is_noticed(column):
    with pytest.raises(KeyError, match=column):
        Task.from_row({name: value for name, value in ROW.items() if name != column})


@pytest.mark.parametrize(
    "value",
    [
        NewTask("r", "/", "u", "o"),
        Task.from_row(ROW),
        Progress(1, 2, 3, 4, 5),
        PayloadFile("a", "/a", 1),
        Payload("a", ()),
        Done(1),
        Retry(1.0, FolderGone(path="/")),
        Failed(FolderGone(path="/")),
    ],
)
def test_values_never_change(value):
    with pytest.raises(FrozenInstanceError):
        setattr(value, fields(value)[0].name, None)


def test_the_active_key_is_one_of_owner_library_folder_and_link():
    new = NewTask(repo_id="r", path="/p", url="u", owner="o", name="n", priority=1, quota_subject="q")
    assert new.active_key == active_key("o", "r", "/p", "u") == hashlib.sha256(b"o\0r\0/p\0u").hexdigest()
    assert replace(new, name="other", priority=99, quota_subject="x").active_key == new.active_key
    for change in ({"repo_id": "x"}, {"path": "/x"}, {"url": "x"}, {"owner": "x"}):
        assert replace(new, **change).active_key != new.active_key


TEXT = st.text(st.characters(exclude_characters="\0"), max_size=5)


@given(st.tuples(TEXT, TEXT, TEXT, TEXT), st.tuples(TEXT, TEXT, TEXT, TEXT))
def test_two_active_keys_are_the_same_exactly_when_all_four_are(one, other):
    assert (active_key(*one) == active_key(*other)) == (one == other)
    assert re.fullmatch("[0-9a-f]{64}", active_key(*one))


def test_even_broken_text_has_an_active_key():
    assert len(active_key("\ud800", "r", "/", "u")) == 64


def test_a_payload_is_as_large_as_its_files():
    assert Payload("a", (PayloadFile("x", "/x", 3), PayloadFile("y", "/y", 4))).size == 7
    assert Payload("a", ()).size == 0


def test_priorities_go_from_0_to_100():
    assert (min(PRIORITIES), max(PRIORITIES), len(PRIORITIES)) == (0, 100, 101)
    assert NewTask("r", "/", "u", "o").priority == Task.from_row(ROW).priority == 50


def test_outcomes_are_told_apart_by_their_type():
    assert Done(1).note is NO_EXPLANATION
    assert Gone() == Gone()
    assert len({type(outcome) for outcome in (Done(1), Gone(), Failed(FolderGone(path="/")))}) == 3


def test_what_a_link_needs_is_kept_sealed_and_its_kinds_beside_it():
    sealed = Sealed("1.text", ("password", "referer"))
    new = NewTask("r", "/", "u", "o", permission="rw", checksum=Checksum.parse("a" * 32), sealed=sealed)
    task = Task.from_row({**ROW, "options": new.options})
    assert (task.secret, task.asked, task.is_wiped) == (sealed.text, sealed.kinds, False)
    assert (task.permission, task.checksum) == ("rw", "md5=" + "a" * 32)
    assert NewTask("r", "/", "u", "o").options is None


@pytest.mark.parametrize(
    "options", [None, {}, {"secret": 1, "asked": "password"}, {"asked": {"password": 1}}, {"asked": [None, ["a"], "x"]}]
)
def test_what_other_programs_write_into_the_options_is_no_secret(options):
    task = Task.from_row({**ROW, "options": options})
    assert (task.secret, task.asked, task.is_wiped) == ("", (), False)
