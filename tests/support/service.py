"""A whole service in the test's own process: real aria2c, real database, a folder as the library."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from seafevents_offline import repository
from seafevents_offline.checksum import Checksum
from seafevents_offline.extras import NO_EXTRAS, Extras
from seafevents_offline.repository import Repository
from seafevents_offline.settings import Settings
from seafevents_offline.status import FINAL, OfflineDownloadStatus
from seafevents_offline.task import NewTask, Task
from seafevents_offline.tasks import OfflineDownloader
from seafevents_offline.tasks.observers import Observer
from seafevents_offline.vault import Vault

from .daemon import SECRET
from .databases import run_sql
from .ports import ALLOWED
from .waiting import eventually

REPO_ID = "12345678-1234-4123-8123-123456789abc"
OWNER = "ada@example.com"


class Service:
    """``settings`` are over those that make a test quick; start it, add to it, wait for what comes."""

    def __init__(self, place: Path, database: str, *, observers: Sequence[Observer] = (), **settings: Any) -> None:
        self.library = Path(settings.get("library", place / "library"))
        place.mkdir(exist_ok=True, parents=True)
        self.library.mkdir(exist_ok=True)
        self.settings = Settings(
            **{
                "enabled": True,
                "tempdir": str(place / "temp"),
                "library": str(self.library),
                "storage": "folder",
                "database": database,
                "interval": 0.2,
                "retry_delay": 0.1,
                # However full the disk of whoever runs the tests is.
                "disk_high": 100.0,
                "disk_low": 100.0,
                "workers_per_user": 64,
                "workers_per_host": 64,
                "allow_addresses": ALLOWED,
                **settings,
            }
        )
        self.repository: Repository = repository.open(self.settings)
        self.repository.upgrade()
        self.downloader = OfflineDownloader(self.settings, observers=observers, secret=SECRET)

    def start(self) -> Service:
        self.downloader.start()
        return self

    def stop(self) -> None:
        self.downloader.stop(20)
        self.repository.close()

    def __enter__(self) -> Service:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def add(
        self,
        url: str,
        *,
        path: str = "/",
        owner: str = OWNER,
        name: str = "",
        priority: int = 50,
        checksum: Checksum | None = None,
        extras: Extras = NO_EXTRAS,
    ) -> int:
        """A new record, without waking anybody: what a view in another process does. Returns its id."""
        sealed = Vault(SECRET).seal(extras, owner, url)
        new = NewTask(REPO_ID, path, url, owner, name=name, priority=priority, checksum=checksum, sealed=sealed)
        return self.repository.add(new).odr_id

    def insert(self, url: str, *, path: str = "/", owner: str = OWNER) -> int:
        """A new record by plain SQL, as any program may make one: with what has no default. Returns its id."""
        insert = "INSERT INTO OfflineDownloadRecord (repo_id, path, url, owner) VALUES (?, ?, ?, ?) RETURNING odr_id"
        ((odr_id,),) = run_sql(self.settings.database, insert, REPO_ID, path, url, owner)
        return int(str(odr_id))

    def wait(self, odr_id: int, *statuses: OfflineDownloadStatus, timeout: float = 60) -> Task:
        """The task as soon as it is in one of ``statuses`` (any final one when none is given)."""
        wanted = frozenset(statuses) or FINAL
        return self.wait_for(odr_id, lambda task: task.status in wanted, timeout)

    def wait_for(self, odr_id: int, predicate: Callable[[Task], bool], timeout: float = 60) -> Task:
        found: list[Task] = []

        def matches() -> bool:
            found[:] = [self.repository.get(odr_id)]
            return predicate(found[0])

        eventually(matches, timeout, lambda: f"task is {found}")
        return found[0]

    def files(self) -> dict[str, bytes]:
        """Every file of the library by its path in it."""
        return {
            f"/{path.relative_to(self.library)}": path.read_bytes()
            for path in sorted(self.library.rglob("*"))
            if path.is_file()
        }

    def folders(self) -> set[int]:
        """The ids that have a temporary folder."""
        return self.downloader.tempdir.task_folders()

    def engine_pid(self) -> int:
        """Of the private aria2c, running or not."""
        return int((self.downloader.tempdir.path / "aria2.pid").read_text(encoding="ascii").partition(":")[0])

    def guard_pid(self) -> int:
        guard = self.downloader._guard
        assert guard is not None
        assert guard.pid is not None
        return guard.pid


@pytest.fixture
def make_service(tmp_path: Path, service_database_url: str) -> Iterator[Callable[..., Service]]:
    """Makes services on one database and in one place; all are stopped at the end."""
    made: list[Service] = []

    def make(place: str = "service", **settings: Any) -> Service:
        made.append(Service(tmp_path / place, service_database_url, **settings))
        return made[-1]

    yield make
    for service in made:
        service.stop()


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    """A started service with one worker for each of many tests."""
    return make_service().start()
