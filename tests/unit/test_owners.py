"""Who has gone, and what happens to their records then: a real repository of each kind, a library that is scripted."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from seafevents_offline.errors import DatabaseUnavailable, StorageUnavailable
from seafevents_offline.repository import Repository
from seafevents_offline.status import RUNNING, OfflineDownloadStatus
from seafevents_offline.storages.base import Storage
from seafevents_offline.storages.stub import StubStorage
from seafevents_offline.tasks import owners
from seafevents_offline.tasks.owners import OwnerWatch
from tests.support import seaserv
from tests.support.databases import Clock
from tests.support.libraries import SeafileLibrary
from tests.support.records import ADA, BOB, add_many, new, put_into
from tests.support.seafile import OWNER, SOMEBODY, Seafile
from tests.support.waiting import eventually

S = OfflineDownloadStatus
LOOKS_A_DAY = 4


class Here:
    """A node, and the days that go by: each of them everybody is looked for four times."""

    def __init__(self, open_repository: Callable[[], Repository], clock: Clock, storage: Storage) -> None:
        self.repository = open_repository()
        self.clock = clock
        self.storage = storage
        self._open = open_repository
        self.restart()

    def restart(self) -> None:
        self.watch = OwnerWatch(self._open(), self.storage)

    def days(self, count: float) -> None:
        for _ in range(int(count * LOOKS_A_DAY)):
            self.watch.look()
            self.clock.advance(hours=24 / LOOKS_A_DAY)

    def left(self, owner: str = ADA) -> int:
        return sum(self.repository.owned(owner).values())


@pytest.fixture
def storage() -> StubStorage:
    return StubStorage()


@pytest.fixture
def here(open_repository: Callable[[], Repository], clock: Clock, storage: StubStorage) -> Here:
    return Here(open_repository, clock, storage)


def test_the_records_of_somebody_who_has_gone_leave_after_seven_days(here: Here, storage: StubStorage) -> None:
    add_many(here.repository, 3)
    add_many(here.repository, 3, owner=BOB)
    here.days(2)
    storage.strangers = {ADA}
    here.days(7)
    assert here.left() == 3
    here.days(0.25)
    assert (here.left(), here.left(BOB)) == (0, 3)
    here.days(0.25)
    assert here.repository.missing() == {}, "nothing of the person is remembered"


@pytest.mark.parametrize("day", [0.25, 6.75])
def test_who_comes_back_keeps_everything_and_has_seven_days_again(here: Here, storage: StubStorage, day: float) -> None:
    add_many(here.repository, 3)
    storage.strangers = {ADA}
    here.days(day)
    storage.strangers = set()
    here.days(7.5)
    assert (here.left(), here.repository.missing()) == (3, {})
    storage.strangers = {ADA}
    here.days(7)
    assert here.left() == 3


def test_the_days_are_counted_over_restarts_and_while_nobody_looked(here: Here, storage: StubStorage) -> None:
    add_many(here.repository, 3)
    storage.strangers = {ADA}
    for _ in range(4):
        here.days(1)
        here.restart()
    here.clock.advance(days=2)
    assert here.left() == 3
    here.clock.advance(days=2)
    assert here.left() == 3, "nothing goes without a look"
    here.restart()
    here.days(0.25)
    assert here.left() == 0


@pytest.mark.parametrize("fault", [StorageUnavailable(detail="x"), ZeroDivisionError()])
def test_no_answer_is_no_answer(here: Here, storage: StubStorage, fault: Exception) -> None:
    add_many(here.repository, 3)
    storage.strangers = {ADA}
    here.days(1)
    storage.fail("knows", fault, times=100)
    assert not here.watch.look()
    here.clock.advance(days=12)
    here.days(2)
    assert (here.left(), set(here.repository.missing())) == (3, {ADA})
    storage._scripts.clear()
    assert here.watch.look()
    assert here.left() == 0


def test_a_database_that_is_away_is_tried_again(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise DatabaseUnavailable(detail="x")

    add_many(here.repository, 1)
    with monkeypatch.context() as patch:
        patch.setattr(here.watch._repository, "next_owner", away)
        assert not here.watch.look()
    assert here.watch.look()


def test_what_a_worker_has_ends_by_the_check_first(here: Here, storage: StubStorage, database_url: str) -> None:
    ids = {status: here.repository.add(new()).odr_id for status in S}
    for status, odr_id in ids.items():
        put_into(database_url, odr_id, status=status)
    storage.strangers = {ADA}
    here.days(8)
    assert {here.repository.get(ids[status]).status for status in RUNNING} == RUNNING
    assert here.left() == len(RUNNING)
    for status in RUNNING:
        put_into(database_url, ids[status], status=S.ERROR)
    here.days(0.25)
    assert here.left() == 0


def test_many_records_leave_in_batches_and_a_stop_comes_between(
    here: Here, storage: StubStorage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(owners, "_BATCH_PAUSE", 0)
    forget = here.watch._repository.forget_owner

    def forget_two(owner: str) -> int:
        deleted = forget(owner, batch=2)
        if deleted and here.left(owner) == 6:
            here.watch.cancel()
        return deleted

    add_many(here.repository, 10)
    add_many(here.repository, 10, owner=BOB)
    storage.strangers = {ADA, BOB}
    here.days(7)
    monkeypatch.setattr(here.watch._repository, "forget_owner", forget_two)
    assert not here.watch.look()
    assert (here.left(ADA), here.left(BOB)) == (6, 10)
    here.restart()
    here.days(0.25)
    assert (here.left(ADA), here.left(BOB)) == (0, 0)
    said = [record.message for record in caplog.records]
    assert said[0] == f"offline download: 4 records of {ADA} deleted, unknown for 7 days"
    assert len(said) == 3


@pytest.mark.parametrize("version", [11, 14])
def test_a_seafile_server_knows_who_exists(
    open_repository: Callable[[], Repository], clock: Clock, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    seafile = Seafile(version)
    seaserv.install(monkeypatch, seafile)
    here = Here(open_repository, clock, SeafileLibrary(seafile).storage)
    for owner in (OWNER, SOMEBODY, ""):
        add_many(here.repository, 1, owner=owner)
    seafile.users[SOMEBODY] = False
    here.days(1)
    assert set(here.repository.missing()) == {""}, "who may not sign in has not gone"
    del seafile.users[OWNER]
    here.days(5)
    seafile.users_are_down = True
    here.days(5)
    assert here.left(OWNER) == 1
    seafile.users_are_down = False
    seafile.is_down = True
    here.days(1)
    assert here.left(OWNER) == 1
    seafile.is_down = False
    seafile.restart()
    here.days(0.25)
    assert (here.left(OWNER), here.left(SOMEBODY), here.left("")) == (0, 1, 0)


def test_the_thread_looks_again_and_again_and_ends(
    here: Here, storage: StubStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FIRST_PAUSE", "PERIOD", "_RETRY"):
        monkeypatch.setattr(owners, name, 0.01)
    add_many(here.repository, 1)
    storage.fail("knows", StorageUnavailable(detail="x"), times=2)
    here.watch.start()
    eventually(lambda: len(storage.calls) >= 5)
    here.watch.cancel()
    here.watch.join(30)
    assert not here.watch.is_alive()
    assert here.watch.daemon


def test_a_thread_that_waits_ends_at_once(here: Here) -> None:
    here.watch.start()
    here.watch.cancel()
    here.watch.cancel()
    here.watch.join(30)
    assert not here.watch.is_alive()
