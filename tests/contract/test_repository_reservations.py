"""What running downloads need of a quota, on SQLite and MariaDB."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from seafevents_offline.errors import ServerBusy
from seafevents_offline.repository import Repository
from seafevents_offline.status import RUNNING, OfflineDownloadStatus
from seafevents_offline.task import Retry
from tests.support.records import BOB, NODE, OTHER_NODE, claimed, put_into, stored

S = OfflineDownloadStatus
SUBJECT = "owner@example.com"


def test_those_count_that_asked_before(repo: Repository) -> None:
    first, second, third = (claimed(repo, quota_subject=SUBJECT) for _ in range(3))
    asked = [(third, 3000), (first, 10), (second, 200)]
    assert [repo.reserve(task, SUBJECT, size) for task, size in asked] == [0, 3000, 3010]
    assert [repo.reserve(task, SUBJECT, size) for task, size in asked] == [0, 3000, 3010], "each keeps its place"


def test_who_asks_for_more_asks_anew(repo: Repository) -> None:
    first, second = (claimed(repo, quota_subject=SUBJECT) for _ in range(2))
    assert [repo.reserve(task, SUBJECT, 10) for task in (first, second)] == [0, 10]
    assert repo.reserve(first, SUBJECT, 11) == 10
    assert repo.reserve(second, SUBJECT, 10) == 0
    assert repo.reserve(first, SUBJECT, 5) == 10


def test_who_gives_up_its_place_counts_for_nobody(repo: Repository) -> None:
    first, second = (claimed(repo, quota_subject=SUBJECT) for _ in range(2))
    repo.reserve(first, SUBJECT, 10)
    assert repo.reserve(first, SUBJECT, 0) == 0
    assert repo.reserve(second, SUBJECT, 10) == 0


@pytest.mark.parametrize("kind", ["asked", "interrupted"])
def test_what_is_being_stored_counts(repo: Repository, kind: str) -> None:
    task = stored(repo, quota_subject=SUBJECT)
    repo.reserve(task, SUBJECT, 10)
    other = claimed(repo, quota_subject=SUBJECT)
    if kind == "interrupted":
        # Under its new claim it has not asked yet.
        (task,) = repo.take_over(OTHER_NODE, NODE, exclude=[other.odr_id])
    assert repo.reserve(other, SUBJECT, 1) == 10


def test_a_file_of_unknown_length_counts_by_what_has_come(repo: Repository, database_url: str) -> None:
    first, second = claimed(repo, quota_subject=SUBJECT), claimed(repo, quota_subject=SUBJECT)
    repo.reserve(first, SUBJECT, 1)
    put_into(database_url, first.odr_id, completed=2**40)
    assert repo.reserve(second, SUBJECT, 1) == 2**40


@pytest.mark.parametrize("status", set(S) - RUNNING)
def test_what_does_not_run_needs_nothing(repo: Repository, database_url: str, status: OfflineDownloadStatus) -> None:
    first, second = claimed(repo, quota_subject=SUBJECT), claimed(repo, quota_subject=SUBJECT)
    repo.reserve(first, SUBJECT, 10)
    put_into(database_url, first.odr_id, size=10, status=status)
    assert repo.reserve(second, SUBJECT, 1) == 0


def test_other_peoples_quota_is_another(repo: Repository) -> None:
    first, second = claimed(repo, quota_subject=SUBJECT), claimed(repo, quota_subject=BOB)
    repo.reserve(first, SUBJECT, 10)
    assert repo.reserve(second, BOB, 10) == 0


def test_a_row_that_does_not_say_whose_quota_it_uses_counts_once_it_is_known(repo: Repository) -> None:
    first, second = claimed(repo), claimed(repo, owner=BOB, permission="rw")
    assert repo.reserve(first, SUBJECT, 10) == 0
    assert repo.reserve(second, SUBJECT, 10) == 10
    assert [repo.get(task.odr_id).quota_subject for task in (first, second)] == [SUBJECT, SUBJECT]
    assert [repo.get(task.odr_id).permission for task in (first, second)] == ["", "rw"]


def test_nothing_is_noted_of_a_task_that_is_not_ours_any_more(repo: Repository) -> None:
    task = claimed(repo, quota_subject=SUBJECT)
    repo.finish(task, Retry(0, ServerBusy(status=503)))
    assert repo.reserve(replace(task, claim=task.claim - 1), BOB, 10) == 0
    assert repo.get(task.odr_id).quota_subject == SUBJECT


def test_nobodys_quota_is_not_noted(repo: Repository) -> None:
    first, second = claimed(repo), claimed(repo)
    repo.reserve(first, "", 10)
    assert repo.reserve(second, "", 10) == 0


def test_ten_members_who_ask_at_once_get_no_more_than_there_is(open_repository: Callable[[], Repository]) -> None:
    repos = [open_repository() for _ in range(10)]
    tasks = [claimed(repos[0], owner=f"member{number}", quota_subject=SUBJECT) for number in range(10)]
    gate = threading.Barrier(10)

    def fits(number: int) -> bool:
        gate.wait(60)
        is_enough = 60 + repos[number].reserve(tasks[number], SUBJECT, 60) < 250
        if not is_enough:
            repos[number].reserve(tasks[number], SUBJECT, 0)
        return is_enough

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(fits, range(10))) == 4
