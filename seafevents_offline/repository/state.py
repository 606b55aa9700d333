"""Whether a list has changed, without reading the list."""

from __future__ import annotations

import hashlib

from sqlalchemy import Numeric, cast, func, select

from ..models import RECORDS
from .part import Part
from .statements import using, visible

_R = RECORDS.c


class State(Part):
    """``state``: one statement, answered by one index alone."""

    def state(self, owner: str) -> str:
        """A short text that is another one whenever anything in the owner's list has changed.

        Every write sets ``updated_at``. The newest of these times would not do: clocks are set back, and several
        nodes have several clocks. So all of them count; the statuses do for programs that write nothing else.
        """
        if self._database.is_sqlite:
            # Times are text there, and taking them apart costs ten times as much as handing them all over.
            times = func.group_concat(_R.updated_at)
        else:
            times = func.sum(cast(_R.updated_at, Numeric(20, 6)))
        counts = func.count(), func.max(_R.odr_id), func.sum(_R.odr_id * _R.status)
        statement = using("state", select(*counts, times).where(visible(owner)))
        row = self._database.run(lambda connection: connection.execute(statement).one())
        return hashlib.sha256(repr(tuple(row)).encode()).hexdigest()[:32]
