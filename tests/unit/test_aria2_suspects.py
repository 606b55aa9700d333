"""Who is to blame for the death of aria2c, without any aria2c: the book with a clock of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from seafevents_offline.engines.aria2.book import Book
from seafevents_offline.engines.aria2.entry import Entry
from seafevents_offline.engines.aria2.suspects import MEMORY, PAUSE, STALLING, TRIAL
from seafevents_offline.engines.base import Job, Snapshot, Transfer, TransferState


class Scene:
    """A book, and an aria2c that dies when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.book = Book(lambda: self.now)
        self._number = 0

    def add(self, owner: str = "ada", completed: int = 0) -> Entry:
        self._number += 1
        job = Job(self._number, 1, "http://example.com/", Path("/nowhere"), owner=owner)
        entry = Entry(str(self._number), Transfer(job, lambda: None))
        entry.transfer.update(Snapshot(completed=completed))
        self.book.add(entry)
        return entry

    def sends(self, *entries: Entry) -> bool:
        """Whether these are sent now, and no others."""
        return self.book.take().news == list(entries)

    def dies(self) -> list[Entry]:
        return self.book.renew()

    def convict(self, owner: str) -> Entry:
        """Let a link of the owner kill aria2c until it is known."""
        killer = self.add(owner)
        for _ in range(2):
            assert self.sends(killer)
            assert self.dies() == []
        assert self.sends(killer)
        assert self.dies() == [killer]
        self.book.settle(killer)
        return killer


@pytest.fixture
def scene() -> Scene:
    return Scene()


def begun(*entries: Entry) -> None:
    for entry in entries:
        entry.saw(Snapshot(TransferState.ACTIVE, 0, 100))


def test_what_kills_aria2c_is_found_in_three_deaths(scene: Scene) -> None:
    good, killer, other = scene.add(), scene.add(), scene.add("bob")
    for _ in range(2):
        assert scene.sends(good, killer, other)
        begun(good)
        assert scene.dies() == []
    # Above suspicion is what had begun; one of the others is tried, and nothing new comes beside it.
    assert scene.sends(good)
    begun(good)
    assert scene.sends(killer)
    fresh = scene.add("cyd")
    assert scene.sends()
    assert not scene.book.wait(0)
    assert scene.dies() == [killer]
    assert killer.guilty
    scene.book.settle(killer)
    assert scene.sends(good, fresh)
    begun(good, fresh)
    assert scene.sends(other)
    begun(other)
    assert scene.dies() == []


def test_one_death_may_have_any_reason(scene: Scene) -> None:
    entries = [scene.add() for _ in range(50)]
    assert scene.sends(*entries)
    assert scene.dies() == []
    assert scene.sends(*entries)


def test_a_trial_ends_with_the_beginning_of_an_answer_or_with_its_end_or_with_time(scene: Scene) -> None:
    first, second, third, fourth = entries = [scene.add() for _ in range(4)]
    for _ in range(2):
        assert scene.sends(*entries)
        assert scene.dies() == []
    assert scene.sends(first)
    assert scene.sends()
    begun(first)
    assert scene.sends(second)
    scene.book.settle(second)
    assert scene.sends(third)
    scene.now += TRIAL - 1
    assert scene.sends()
    scene.now += 1
    assert scene.sends(fourth)


def test_nothing_is_tried_beside_what_could_be_the_reason_as_well(scene: Scene) -> None:
    suspect = scene.add()
    for _ in range(2):
        assert scene.sends(suspect)
        assert scene.dies() == []
    fresh = scene.add("bob")
    assert scene.sends(fresh)
    assert scene.sends()
    begun(fresh)
    assert scene.sends(suspect)


def test_a_silent_server_delays_no_trial_for_long(scene: Scene) -> None:
    suspect = scene.add()
    for _ in range(2):
        assert scene.sends(suspect)
        assert scene.dies() == []
    assert scene.sends(scene.add("bob"))
    scene.now += TRIAL
    assert scene.sends(suspect)


def test_who_is_known_waits_and_is_tried_at_once(scene: Scene) -> None:
    scene.convict("mallory")
    links = [scene.add("mallory") for _ in range(3)]
    other = scene.add("bob")
    assert scene.sends(other)
    begun(other)
    assert scene.sends()
    for link in links:
        scene.now += PAUSE
        assert scene.sends(link)
        assert scene.dies() == [link]
        scene.book.settle(link)
        assert scene.sends(other)
        begun(other)


def test_others_are_tried_without_a_pause_and_before(scene: Scene) -> None:
    other = scene.add("bob")
    for _ in range(2):
        assert scene.sends(other)
        assert scene.dies() == []
    scene.book.settle(other)
    scene.convict("mallory")
    link, suspect = scene.add("mallory"), scene.add("bob")
    suspect.fatal = 2
    assert scene.sends(suspect)
    begun(suspect)
    assert scene.sends()
    scene.now += PAUSE
    assert scene.sends(link)


def test_good_links_of_who_is_known_are_downloaded_and_continued(scene: Scene) -> None:
    scene.convict("mallory")
    good = scene.add("mallory")
    scene.now += PAUSE
    assert scene.sends(good)
    begun(good)
    continued = scene.add("mallory", completed=10)
    assert scene.sends(continued)
    begun(continued)
    assert scene.dies() == []
    assert scene.sends(good, continued)


def test_who_makes_aria2c_stand_still_is_known_as_well(scene: Scene) -> None:
    enormous, good = scene.add("mallory"), scene.add("bob")
    assert scene.sends(enormous, good)
    enormous.saw(Snapshot(TransferState.ACTIVE, 0, STALLING + 1))
    begun(good)
    assert scene.sends()
    # It may be a good one: the others come, one at a time.
    others = [scene.add("mallory") for _ in range(3)]
    for other in others:
        assert scene.sends()
        scene.now += PAUSE - 1
        assert scene.sends()
        scene.now += 1
        assert scene.sends(other)
        begun(other)


def test_nobody_is_remembered_for_ever(scene: Scene) -> None:
    scene.convict("mallory")
    scene.now += MEMORY
    first, second = scene.add("mallory"), scene.add("mallory")
    assert scene.sends(first, second)


def test_who_has_no_name_is_not_remembered(scene: Scene) -> None:
    scene.convict("")
    assert scene.sends(scene.add(""))


def test_what_kills_late_is_given_up_as_well(scene: Scene) -> None:
    """It is never caught alone, but aria2c does not die of it for ever."""
    late = scene.add()
    for _ in range(9):
        assert scene.sends(late)
        scene.now += TRIAL
        assert scene.dies() == []
    assert scene.sends(late)
    scene.now += TRIAL
    assert scene.dies() == [late]
    assert not late.guilty


def test_a_part_that_kills_when_it_is_continued(scene: Scene) -> None:
    part = scene.add(completed=10)
    for _ in range(2):
        assert scene.sends(part)
        assert scene.dies() == []
    assert scene.sends(part)
    assert scene.dies() == [part]
