"""The table as it was at every moment: what happened to each task, and whether the limits held."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pymysql

from seafevents_offline.link import host_of
from seafevents_offline.status import ACTIVE, RUNNING, OfflineDownloadStatus
from tests.support.mariadb import MariaDb

_S = OfflineDownloadStatus

_PAUSE = 0.1

_COLUMNS = "odr_id, owner, url, status, claim, claimed_by, attempts, restores, completed, size, reason, stored_path"
_QUERY = f"SELECT {_COLUMNS} FROM OfflineDownloadRecord"


class Row(NamedTuple):
    """A record, as far as it tells a story."""

    odr_id: int
    owner: str
    url: str
    status: int
    claim: int
    claimed_by: str
    attempts: int
    restores: int
    completed: int
    size: int
    reason: str
    stored_path: str


class Monitor(threading.Thread):
    """``limits``: what may be true of how many tasks at once: ``user``, ``host``, ``node``, ``list``."""

    def __init__(self, server: MariaDb, database: str, limits: Mapping[str, int], names: Mapping[str, str]) -> None:
        super().__init__(name="monitor", daemon=True)
        self.rows: dict[int, Row] = {}
        self.wrong: list[str] = []
        self.looks = 0
        self._stories: defaultdict[int, list[tuple[float, str]]] = defaultdict(list)
        self._server = server
        self._database = database
        self._limits = limits
        self._names = names
        self._stopping = threading.Event()

    def stop(self) -> None:
        self._stopping.set()
        self.join(60)

    def story(self, odr_id: int) -> list[tuple[float, str]]:
        """What was seen of the task, and when (``time.monotonic()``)."""
        return self._stories[odr_id]

    def run(self) -> None:
        while not self._stopping.is_set():
            # The server may be away, and then nobody changes the table.
            with contextlib.suppress(pymysql.Error), self._server.connect(self._database) as connection:
                while not self._stopping.wait(_PAUSE):
                    self._look_at(connection)

    def look_once(self) -> None:
        """When it has been stopped: how everything stands now."""
        with self._server.connect(self._database) as connection:
            self._look_at(connection)

    def _look_at(self, connection: pymysql.Connection[Any]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_QUERY)
            self.look(time.monotonic(), [Row(*one) for one in cursor.fetchall()])

    def look(self, now: float, rows: Sequence[Row]) -> None:
        """All that there is of the table, and when it was read (``time.monotonic()``)."""
        self.looks += 1
        for row in rows:
            before = self.rows.get(row.odr_id)
            if before is None or _plot(before) != _plot(row):
                self._stories[row.odr_id].append((now, self._tell(row)))
            if before is not None and _S.of(before.status) is _S.OK is not _S.of(row.status):
                self.wrong.append(f"task {row.odr_id} was OK, and then {_S.of(row.status).state}")
        self.rows = {row.odr_id: row for row in rows}
        self.wrong += [f"{words} (at {now:.1f})" for words in self._beyond(rows)]

    def _beyond(self, rows: Sequence[Row]) -> Iterator[str]:
        running = [row for row in rows if row.status in RUNNING]
        counts = {
            "user": Counter(row.owner for row in running),
            "host": Counter(host_of(row.url) for row in running),
            # What a dead node was storing is another one's at once, and waits there for a worker.
            "node": Counter(row.claimed_by for row in running if row.status != _S.STORING),
            "list": Counter(row.owner for row in rows if row.status in ACTIVE),
        }
        for limit, count in counts.items():
            for name, number in count.items():
                if number > self._limits[limit]:
                    yield f"{number} tasks at once of the {limit} {name}, {self._limits[limit]} are allowed"

    def _tell(self, row: Row) -> str:
        state, node = _S.of(row.status).state, self._names.get(row.claimed_by or "", "-")
        words = f"{state}, claim {row.claim} of {node}, attempts {row.attempts}, restores {row.restores}"
        return f"{words}, {row.completed}/{row.size} bytes, {row.stored_path or '-'} {row.reason}"


def _plot(row: Row) -> tuple[Any, ...]:
    """What is worth telling; progress alone is not."""
    return row.status, row.claim, row.attempts, row.restores, row.reason, row.stored_path
