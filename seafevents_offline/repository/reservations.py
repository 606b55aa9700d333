"""What running downloads are going to need of a quota, which the library's server does not know of yet."""

from __future__ import annotations

from sqlalchemy import Connection, and_, case, func, or_, select, update

from ..models import RECORDS
from ..status import RUNNING, OfflineDownloadStatus
from ..task import Task
from .part import Part

_R = RECORDS.c


class Reservations(Part):
    """Kept nowhere but in the records themselves."""

    def reserve(self, task: Task, subject: str) -> int:
        """Note that a running task uses the quota of ``subject`` (nobody's when empty), and give the bytes that others'
        running tasks need of it, on whichever node.

        Those added later do not count until they are being stored: or each of two would wait for the other. A file of
        unknown length counts by what has come of it.
        """
        if not subject:
            return 0

        def work(connection: Connection) -> int:
            if task.quota_subject != subject:
                mine = and_(_R.odr_id == task.odr_id, _R.claim == task.claim)
                connection.execute(update(RECORDS).where(mine).values(quota_subject=subject))
            return int(connection.execute(statement).scalar_one())

        need = case((_R.completed > _R.size, _R.completed), else_=_R.size)
        statement = select(func.coalesce(func.sum(need), 0)).where(
            _R.status.in_(sorted(RUNNING)),
            _R.quota_subject == subject,
            or_(_R.odr_id < task.odr_id, _R.status == OfflineDownloadStatus.STORING),
            _R.odr_id != task.odr_id,
        )
        return self._database.run(work)
