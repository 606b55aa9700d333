"""What became of each task, held against the book; tests/support/accounts.py looks at everything else."""

from __future__ import annotations

from collections.abc import Iterator

from seafevents_offline.status import OfflineDownloadStatus
from tests.support.accounts import Accounts
from tests.support.databases import run_sql

from .book import Book, Entry
from .links import Link
from .monitor import Monitor, Row
from .traffic import Visit
from .world import MAX_ATTEMPTS, World

_S = OfflineDownloadStatus

#: What the network's faults may be called.
_CUT = frozenset({"connection_failed", "body_incomplete"})


def owe(accounts: Accounts, world: World, book: Book) -> None:
    """Tell it what is in the book, and what may have been accepted without an answer."""
    rows = run_sql(world.url, "SELECT url, odr_id FROM OfflineDownloadRecord")
    found = {str(url): int(str(odr_id)) for url, odr_id in rows}
    for url, (owner, link) in book.tried.items():
        if url in found:
            odr_id = found[url]
            entry = book.entries[odr_id] = Entry(odr_id, owner, link, set())
            entry.ends = set(entry.runs_to)
            entry.note("was accepted without an answer")
    for entry in book.entries.values():
        accounts.owe(entry.odr_id, None if entry.link.reasons else entry.link.sha256)
        if entry.ends != {_S.OK} or _worn(entry.link, world) >= MAX_ATTEMPTS:
            accounts.excuse(entry.odr_id)


def wrong_ends(world: World, book: Book, monitor: Monitor) -> Iterator[tuple[int, str]]:
    """Task, and what is wrong with its end."""
    for odr_id, entry in book.entries.items():
        row = monitor.rows.get(odr_id)
        if row is None:
            yield odr_id, "was accepted and is lost"
            continue
        worn = _worn(entry.link, world)
        status = _S.of(row.status)
        if status not in entry.ends and not _wore_out(row, worn):
            yield odr_id, f"is {status.state}, not {'/'.join(sorted(end.state for end in entry.ends))}"
        if status is _S.ERROR and entry.link.reasons and row.reason not in entry.link.reasons:
            yield odr_id, f"failed for {row.reason}, not {'/'.join(sorted(entry.link.reasons))}"
        if status is _S.OK and row.attempts > worn:
            yield odr_id, f"lost {row.attempts} attempts; the link and the network cost {worn}"


def story(odr_id: int, book: Book, monitor: Monitor, begun: float) -> str:
    """All that happened to it, in its order; times in seconds after ``begun``."""
    entry = book.entries.get(odr_id)
    seen = [*monitor.story(odr_id), *(entry.story if entry else ())]
    lines = [f"  {when - begun:6.1f} s  {words}" for when, words in sorted(seen)]
    head = f"task {odr_id} of {entry.owner}: {entry.link.url}" if entry else f"task {odr_id}"
    return "\n".join([head, *lines])


def visits(world: World, book: Book) -> list[Visit]:
    """What the server saw of tasks."""
    tasks = {place: entry for entry in book.entries.values() for place in entry.link.places}
    return [
        Visit(entry.odr_id, entry.owner, begun, ended)
        for target, begun, ended in world.origin.requests()
        if (entry := tasks.get(target)) is not None
    ]


def _worn(link: Link, world: World) -> int:
    """Attempts that the link and the network may have cost."""
    return link.faults + sum(world.hits[place] for place in link.places)


def _wore_out(row: Row, worn: int) -> bool:
    return row.status == _S.ERROR and row.reason in _CUT and worn >= MAX_ATTEMPTS
