"""What is shared between callers and the monitor, without any aria2c."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from seafevents_offline.engines.aria2.book import Book
from seafevents_offline.engines.aria2.entry import Entry
from seafevents_offline.engines.base import Job, Snapshot, Transfer, TransferState


def entry(gid: str) -> Entry:
    return Entry(gid, Transfer(Job(1, 1, "http://example.com/", Path("/nowhere")), lambda: None))


@pytest.fixture
def book() -> Book:
    return Book()


def added(book: Book, gid: str) -> Entry:
    new = entry(gid)
    book.add(new)
    return new


def sent(book: Book, gid: str) -> Entry:
    new = added(book, gid)
    assert new in book.take().news
    return new


def test_new_ones_are_taken_once_in_order(book: Book) -> None:
    first, second = added(book, "1"), added(book, "2")
    assert book.take().news == [first, second]
    assert book.take().news == []
    assert book.sent() == {"1": first, "2": second}


def test_one_round_takes_not_too_many(book: Book) -> None:
    for number in range(450):
        added(book, str(number))
    assert [len(book.take().news) for _ in range(4)] == [200, 200, 50, 0]


def test_a_name_is_used_once_at_a_time(book: Book) -> None:
    added(book, "1")
    with pytest.raises(ValueError, match="1"):
        added(book, "1")


def test_what_was_never_sent_needs_no_end(book: Book) -> None:
    new = added(book, "1")
    assert book.end("1", new.transfer) is None
    assert book.take().news == []
    assert book.idle()


def test_an_end_is_for_its_own_transfer_alone(book: Book) -> None:
    sent(book, "1")
    assert book.end("1", entry("1").transfer) is None
    assert book.take().ends == []


def test_what_is_settled_is_forgotten_before_its_name_is_used_again(book: Book) -> None:
    first = sent(book, "1")
    assert book.end("1", first.transfer) is first
    assert book.take().ends == [first]
    book.settle(first)
    assert first.released.is_set()
    again = added(book, "1")
    work = book.take()
    assert (work.forgets, work.news) == (["1"], [again])


def test_a_late_end_does_not_hit_what_has_the_name_now(book: Book) -> None:
    first = sent(book, "1")
    book.end("1", first.transfer)
    book.settle(first)
    again = added(book, "1")
    work = book.take()
    assert (work.forgets, work.news, work.ends) == (["1"], [again], [])


def test_a_look_at_what_is_not_ours_is_none(book: Book) -> None:
    book.look("1")
    assert book.take().looks == []
    first = sent(book, "2")
    book.look("2")
    assert book.take().looks == [first]


def test_what_waits_to_begin_again_is_not_looked_at(book: Book) -> None:
    one = sent(book, "1")
    book.again(one)
    book.look("1")
    assert book.take(hold=True).looks == []
    book.look("1")
    assert (work := book.take()).news == [one]
    assert work.looks == [one]


def test_beginning_again_forgets_first(book: Book) -> None:
    first = sent(book, "1")
    book.again(first)
    work = book.take()
    assert (work.forgets, work.news) == (["1"], [first])


def test_what_is_being_ended_does_not_begin_again(book: Book) -> None:
    first = sent(book, "1")
    book.end("1", first.transfer)
    book.again(first)
    assert first.released.is_set()
    assert book.take().news == []


def test_a_death_makes_all_new_and_ends_what_was_ending(book: Book) -> None:
    first, second, third = sent(book, "1"), sent(book, "2"), added(book, "3")
    book.end("2", second.transfer)
    book.look("1")
    assert book.renew() == []
    assert second.released.is_set()
    work = book.take()
    assert (work.news, work.ends, work.looks, work.forgets) == ([first, third], [], [], [])


def test_a_death_without_progress_counts(book: Book) -> None:
    first, second = sent(book, "1"), sent(book, "2")
    for completed in range(1, 10):
        first.saw(Snapshot(TransferState.ACTIVE, 0, 100))
        second.saw(Snapshot(TransferState.ACTIVE, completed))
        assert book.renew() == []
        book.take()
    second.saw(Snapshot(TransferState.ACTIVE, 10))
    assert book.renew() == [first]
    assert not first.guilty


def test_what_failed_while_it_waited_is_not_sent(book: Book) -> None:
    first = sent(book, "1")
    book.renew()
    book.settle(first)
    assert book.take().news == []


def test_waiting_ends_with_work_or_with_time(book: Book) -> None:
    began = time.monotonic()
    assert not book.wait(began + 0.05)
    assert time.monotonic() - began >= 0.05
    threading.Timer(0.05, lambda: added(book, "1")).start()
    assert not book.wait(time.monotonic() + 30)
    assert time.monotonic() - began < 20
    book.take()
    threading.Timer(0.05, book.poke).start()
    assert book.wait(time.monotonic() + 30)
