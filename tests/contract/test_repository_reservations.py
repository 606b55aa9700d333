"""What running downloads need of a quota, on SQLite and MariaDB."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seafevents_offline.errors import ServerBusy
from seafevents_offline.repository import Repository
from seafevents_offline.status import RUNNING, OfflineDownloadStatus
from seafevents_offline.task import Retry
from tests.support.records import BOB, claimed, put_into, stored

S = OfflineDownloadStatus
SUBJECT = "owner@example.com"


def test_running_tasks_before_this_one_count(repo: Repository, database_url: str) -> None:
    first, second, third = (claimed(repo, quota_subject=SUBJECT) for _ in range(3))
    for task, size in ((first, 10), (second, 200), (third, 3000)):
        put_into(database_url, task.odr_id, size=size)
    assert [repo.reserve(task, SUBJECT) for task in (first, second, third)] == [0, 10, 210]


def test_what_is_being_stored_counts_for_all_others(repo: Repository) -> None:
    first = claimed(repo, quota_subject=SUBJECT)
    second = stored(repo, quota_subject=SUBJECT)
    assert (repo.reserve(first, SUBJECT), repo.reserve(second, SUBJECT)) == (10, 0)


def test_a_file_of_unknown_length_counts_by_what_has_come(repo: Repository, database_url: str) -> None:
    first, second = claimed(repo, quota_subject=SUBJECT), claimed(repo, quota_subject=SUBJECT)
    put_into(database_url, first.odr_id, completed=2**40)
    assert repo.reserve(second, SUBJECT) == 2**40


@pytest.mark.parametrize("status", set(S) - RUNNING)
def test_what_does_not_run_needs_nothing(repo: Repository, database_url: str, status: OfflineDownloadStatus) -> None:
    first, second = claimed(repo, quota_subject=SUBJECT), claimed(repo, quota_subject=SUBJECT)
    put_into(database_url, first.odr_id, size=10, status=status)
    assert repo.reserve(second, SUBJECT) == 0


def test_other_peoples_quota_is_another(repo: Repository, database_url: str) -> None:
    first, second = claimed(repo, quota_subject=SUBJECT), claimed(repo, quota_subject=BOB)
    put_into(database_url, first.odr_id, size=10)
    assert repo.reserve(second, BOB) == 0


def test_a_row_that_does_not_say_whose_quota_it_uses_counts_once_it_is_known(
    repo: Repository, database_url: str
) -> None:
    first, second = claimed(repo), claimed(repo, owner=BOB)
    put_into(database_url, first.odr_id, size=10)
    assert repo.reserve(second, SUBJECT) == 0
    assert repo.reserve(first, SUBJECT) == 0
    assert [repo.get(task.odr_id).quota_subject for task in (first, second)] == [SUBJECT, SUBJECT]
    assert repo.reserve(second, SUBJECT) == 10


def test_nothing_is_noted_of_a_task_that_is_not_ours_any_more(repo: Repository) -> None:
    task = claimed(repo, quota_subject=SUBJECT)
    repo.finish(task, Retry(0, ServerBusy(status=503)))
    assert repo.reserve(replace(task, claim=task.claim - 1), BOB) == 0
    assert repo.get(task.odr_id).quota_subject == SUBJECT


def test_nobodys_quota_is_not_noted(repo: Repository, database_url: str) -> None:
    first, second = claimed(repo), claimed(repo)
    put_into(database_url, first.odr_id, size=10)
    assert repo.reserve(second, "") == 0
