"""Whether everything that was accepted is accounted for, whatever was done to a service meanwhile.

    with Accounts(service, other_node) as accounts:       # all on one database and one library
        odr_ids = [accounts.add(http_server.serve(path, file), file) for path, file in files.items()]
        service.start()
        …                                                 # break something, mend it
    # The end of the block waits until every task has ended, stops the services and looks at everything.

What is looked at:

    tasks       each that was accepted has its record and has ended; what there is to download is OK, at no attempt
    library     its files are those of the OK records, each with the bytes of its link, and nothing else
    folders     the temporary directories hold the folders of records that may have one, and nothing of nobody
    processes   none is left of those that were born in the block
    threads     none of ours is left
    rows        active keys, nodes and messages belong to something

Where the service is a ``Daemon``, call ``settle()`` while it lives.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Union

from seafevents_offline.status import ACTIVE, FINAL, OfflineDownloadStatus

from .databases import run_sql
from .descendants import Descendants
from .files import sha256
from .http_server import File
from .service import Service
from .waiting import eventually

S = OfflineDownloadStatus

#: What a link gives: a file, its bytes, the SHA-256 of them (hex); None when nothing may come of it.
Content = Union[File, bytes, str, None]

#: What is in a temporary directory beside the folders of tasks.
_OURS = re.compile(r"node|lock|aria2\.[a-z]+|ca-certificates\.pem")


@dataclass(frozen=True)
class Row:
    """A record as it is in the table, hidden or not."""

    odr_id: int
    status: OfflineDownloadStatus
    reason: str
    comment: str
    attempts: int
    stored_path: str
    claimed_by: str
    active_key: str


@dataclass(frozen=True)
class Owed:
    """What has to become of a task. ``digest`` None: nothing may be stored. ``excused``: it may end in another way as
    well, because its owner or its link wanted it so."""

    digest: str | None
    excused: bool = False


class Accounts:
    """``library`` gives the SHA-256 of each file by its path, where it is no folder. ``free`` False: attempts may have
    been lost, because links were at fault, too."""

    def __init__(
        self, *services: Service, library: Callable[[], Mapping[str, str]] | None = None, free: bool = True
    ) -> None:
        self.services = services
        self.owed: dict[int, Owed] = {}
        self._library = library or (lambda: digests(services[0].library))
        self._free = free
        self._descendants = Descendants()
        # The tests' own guard, which many of them share, is no service's.
        self._before = frozenset(threading.enumerate())

    # --- what is owed

    def add(self, url: str, content: Content, **more: Any) -> int:
        """A new task of the first service, with the arguments of ``Service.add``. Returns its id."""
        return self.owe(self.services[0].add(url, **more), content)

    def owe(self, odr_id: int, content: Content) -> int:
        """This task was accepted in another way."""
        self.owed[odr_id] = Owed(digest(content))
        return odr_id

    def excuse(self, *odr_ids: int) -> None:
        """These may end in any way; what comes of them must be right all the same."""
        for odr_id in odr_ids:
            self.owed[odr_id] = replace(self.owed[odr_id], excused=True)

    def serve_again(self, *services: Service) -> None:
        """These take the place of the ones before, which have been stopped."""
        self.services = services
        for service in services:
            service.start()

    # --- how things stand

    def rows(self) -> dict[int, Row]:
        """Every record."""
        columns = "odr_id, status, reason, comment, attempts, stored_path, claimed_by, active_key"
        found = run_sql(self._database, f"SELECT {columns} FROM OfflineDownloadRecord")
        rows = [Row(int(str(one[0])), S.of(int(str(one[1]))), *_texts(*one[2:])) for one in found]
        return {row.odr_id: row for row in rows}

    def unsettled(self) -> list[Row]:
        """Tasks that have not ended. An excused one may be paused for ever."""
        return [row for row in self.rows().values() if row.status not in FINAL and not self._may_rest(row)]

    def settle(self, timeout: float = 60) -> None:
        """Wait until every task has ended and its folder is gone, while something serves."""
        eventually(lambda: not self.unsettled(), timeout, lambda: f"has not ended: {self.unsettled()}")
        eventually(lambda: not list(self._strange_folders()), timeout, lambda: f"{list(self._strange_folders())}")

    def check(self) -> None:
        """AssertionError with all that is wrong now, once nothing serves any more."""
        wrong = [
            *self._wrong_tasks(),
            *self._wrong_files(),
            *self._strange_folders(),
            *self._wrong_rows(),
        ]
        assert not wrong, "\n".join(wrong)
        eventually(lambda: not self._still_alive(), describe=lambda: f"still alive: {self._still_alive()}")

    def __enter__(self) -> Accounts:
        self._descendants.__enter__()
        return self

    def __exit__(self, kind: object, *exc: object) -> None:
        try:
            if kind is None:
                self.settle()
                for service in self.services:
                    service.stop()
                self.check()
        finally:
            self._descendants.__exit__()

    # --- what may be wrong

    def _wrong_tasks(self) -> Iterator[str]:
        rows = self.rows()
        yield from (f"task {odr_id} was accepted and is lost" for odr_id in self.owed.keys() - rows.keys())
        yield from (f"nobody added {row}" for odr_id, row in rows.items() if odr_id not in self.owed)
        for row in self.unsettled():
            yield f"has not ended: {row}"
        for odr_id in self.owed.keys() & rows.keys():
            yield from self._wrong_end(rows[odr_id], self.owed[odr_id])

    def _wrong_end(self, row: Row, owed: Owed) -> Iterator[str]:
        if row.status is S.OK:
            if owed.digest is None:
                yield f"nothing should have come of it: {row}"
        elif owed.digest is not None and not owed.excused:
            yield f"should be OK: {row}"
        if row.status is S.ERROR and not (row.reason and row.comment):
            yield f"does not say why: {row}"
        if row.attempts and self._free and not owed.excused and owed.digest is not None:
            yield f"lost an attempt: {row}"

    def _wrong_files(self) -> Iterator[str]:
        stored = [row for row in self.rows().values() if row.status is S.OK and row.odr_id in self.owed]
        times = Counter(row.stored_path for row in stored)
        yield from (f"{number} tasks have the file {path}" for path, number in times.items() if number > 1)
        expected = {row.stored_path: self.owed[row.odr_id].digest for row in stored}
        found = self._library()
        yield from (f"the library lacks {path}" for path in expected.keys() - found.keys())
        yield from (f"nobody's file in the library: {path}" for path in found.keys() - expected.keys())
        yield from (f"other bytes: {path}" for path in found.keys() & expected.keys() if found[path] != expected[path])

    def _strange_folders(self) -> Iterator[str]:
        for service in self.services:
            tempdir = service.downloader.tempdir
            if not tempdir.inspect():
                continue
            folders = tempdir.task_folders()
            lost = folders - service.repository.kept_folders(tempdir.node_id, folders)
            yield from (f"nobody's folder in {tempdir.path}: {odr_id}" for odr_id in sorted(lost))
            names = {path.name for path in tempdir.path.iterdir()} - {str(odr_id) for odr_id in folders}
            yield from (f"strange in {tempdir.path}: {name}" for name in sorted(names) if not _OURS.fullmatch(name))

    def _wrong_rows(self) -> Iterator[str]:
        for row in self.rows().values():
            if bool(row.active_key) != (row.status in ACTIVE):
                yield f"its active key is wrong: {row}"
        known = {service.downloader.tempdir.node_id for service in self.services}
        for (node_id,) in run_sql(self._database, "SELECT node_id FROM OfflineDownloadNode"):
            if node_id not in known:
                yield f"nobody's node: {node_id}"
        orphans = "SELECT odr_id FROM OfflineDownloadDelivery WHERE odr_id NOT IN (SELECT odr_id FROM {})"
        for (odr_id,) in run_sql(self._database, orphans.format("OfflineDownloadRecord")):
            yield f"nobody's message: of task {odr_id}"

    def _still_alive(self) -> list[str]:
        born = [thread.name for thread in threading.enumerate() if thread not in self._before]
        return [name for name in born if name.startswith("offline-")] + self._descendants.left()

    def _may_rest(self, row: Row) -> bool:
        return row.status is S.PAUSED and row.odr_id in self.owed and self.owed[row.odr_id].excused

    @property
    def _database(self) -> str:
        return self.services[0].settings.database.partition("?")[0]


def digest(content: Content) -> str | None:
    """SHA-256 (hex) of what a link gives."""
    if isinstance(content, File):
        content = content.read(0, content.size or 0)
    return hashlib.sha256(content).hexdigest() if isinstance(content, bytes) else content


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 (hex) of every file in ``folder``, hidden ones too, by its path in it."""
    return {f"/{path.relative_to(folder)}": sha256(path) for path in folder.rglob("*") if path.is_file()}


def _texts(reason: Any, comment: Any, attempts: Any, *others: Any) -> tuple[Any, ...]:
    return (str(reason), str(comment), int(attempts), *(str(other or "") for other in others))
