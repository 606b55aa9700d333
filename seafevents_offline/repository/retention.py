"""What leaves: what was finished long ago, what belongs to people who have gone, and what somebody wants gone.

Every call deletes few rows, which it finds by an index and takes by their numbers, so that nobody waits for it long.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    delete,
    exc,
    func,
    insert,
    not_,
    or_,
    select,
    true,
    update,
)

from ..models import OWNERS, RECORDS
from ..status import FINAL, RUNNING, Action, OfflineDownloadStatus
from .deliveries import forget_messages
from .part import Part
from .statements import among, using

_R = RECORDS.c
_S = OfflineDownloadStatus

#: Rows that one call deletes at most: in a table of a million about 0.1 s on a busy machine (benchmarks/).
BATCH = 100

_FINISHED = _R.status.in_(sorted(FINAL))
_IN_NOBODYS_HANDS = not_(_R.status.in_(sorted(RUNNING)))


class Retention(Part):
    """Whoever wants all gone calls again until nothing was left to delete."""

    def forget_finished(self, finished_for: float, batch: int = BATCH) -> int:
        """Delete some records that were finished longer ago than these seconds, removed ones as well; gives how many.

        Whoever asked for a retry in the very moment keeps the record, and what others are still to be told of stays.
        """
        old = _ended_before(self._now() - timedelta(seconds=finished_for))
        if self._tells:
            old = and_(old, _R.untold.is_(None))
        return self._delete(using("ended", select(_R.odr_id).where(old)), batch, _FINISHED)

    # --- people who have gone -------------------------------------------------------------------------

    def next_owner(self, behind: str | None) -> str | None:
        """The first by name who has a record, or the first ``behind`` that one; None when there is none."""
        owners = true() if behind is None else _R.owner > behind
        statement = using("list", select(_R.owner).where(owners)).order_by(_R.owner).limit(1)
        return self._database.run(lambda connection: connection.execute(statement).scalar())

    def missing(self) -> Mapping[str, float]:
        """Who was missed and not found again, and how many seconds ago that was first seen."""
        now = self._now()
        return self._database.run(
            lambda connection: {
                row.owner: (now - row.missing_since).total_seconds() for row in connection.execute(select(OWNERS))
            }
        )

    def miss(self, owner: str) -> None:
        """Remember from when on there was no such person; what was remembered first counts."""
        statement = insert(OWNERS).values(owner=owner, missing_since=self._now())

        def work(connection: Connection) -> None:
            try:
                connection.execute(statement)
            except exc.IntegrityError:
                # Another node has just done it.
                return

        self._database.run(work)

    def found(self, owner: str) -> None:
        """Forget that the person was missed."""
        statement = delete(OWNERS).where(OWNERS.c.owner == owner)
        self._database.run(lambda connection: connection.execute(statement) and None)

    def forget_owner(self, owner: str, batch: int = BATCH) -> int:
        """Delete some of the person's records, but for those that a worker has; gives how many. What others were still
        to be told of the person's tasks is deleted, too."""
        return self._delete_of(owner, _of(owner).where(_IN_NOBODYS_HANDS), batch, _IN_NOBODYS_HANDS)

    # --- what somebody wants gone ---------------------------------------------------------------------

    def owned(self, owner: str) -> Mapping[OfflineDownloadStatus, int]:
        """How many records of the person there are in each status, removed ones as well."""
        statement = using("list", select(_R.status, func.count()).where(_is_of(owner)).group_by(_R.status))

        def work(connection: Connection) -> dict[OfflineDownloadStatus, int]:
            found: dict[OfflineDownloadStatus, int] = {}
            for number, count in connection.execute(statement):
                found[_S.of(number)] = found.get(_S.of(number), 0) + count
            return found

        return self._database.run(work)

    def owned_among(self, owner: str, odr_ids: Collection[int]) -> set[int]:
        """Which of these tasks are the person's."""
        if not odr_ids:
            return set()
        statement = select(_R.odr_id).where(among(odr_ids), _is_of(owner))
        return self._database.run(lambda connection: set(connection.execute(statement).scalars()))

    def cancel_all(self, owner: str) -> int:
        """Cancel what the person has waiting, downloading or paused; gives how many."""
        statement = (
            update(RECORDS)
            .where(_is_of(owner), _R.status.in_(sorted(Action.CANCEL.sources)))
            .values(**self._ended(_S.CANCELLED, self._now()))
        )
        return self._database.run(lambda connection: connection.execute(statement).rowcount)

    def purge(self, owner: str, batch: int = BATCH) -> int:
        """Delete some of the person's records, whatever their state; gives how many. A worker that has one of them
        finds that out, leaves it, and nothing of it comes back. So it is with what others were to be told."""
        return self._delete_of(owner, _of(owner), batch, true())

    def _delete_of(self, owner: str, some: Select[Any], batch: int, still: ColumnElement[bool]) -> int:
        deleted = self._delete(some, batch, still)
        # Afterwards: of a record that has gone nothing new is told.
        self._database.run(lambda connection: forget_messages(connection, owner))
        return deleted

    def _delete(self, some: Select[Any], batch: int, still: ColumnElement[bool]) -> int:
        def work(connection: Connection) -> int:
            odr_ids = connection.execute(some.limit(batch)).scalars().all()
            if not odr_ids:
                return 0
            return connection.execute(delete(RECORDS).where(among(odr_ids), still)).rowcount

        return self._database.run(work)


def _ended_before(time: datetime) -> ColumnElement[bool]:
    """Finished, and before then. Programs that write nothing but a status leave no other time than the last change;
    two alternatives, because an index can be asked for each."""
    unknown = _R.finished_at.is_(None)
    return or_(and_(_FINISHED, _R.finished_at < time), and_(_FINISHED, unknown, _R.updated_at < time))


def _of(owner: str) -> Select[Any]:
    return using("list", select(_R.odr_id).where(_is_of(owner)))


def _is_of(owner: str) -> ColumnElement[bool]:
    """Exactly that person's: MySQL takes names for equal that differ in blanks at the end."""
    return and_(_R.owner == owner, func.char_length(_R.owner) == len(owner))
