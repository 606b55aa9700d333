"""Folders that go away, come back, or take nothing any more, in the middle of everything.

One download is half done, one about to begin, two wait; while the folder is bad both come to their end. Afterwards all
is accounted for.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from seafevents_offline.status import OfflineDownloadStatus
from tests.support.accounts import Accounts
from tests.support.disks import disk_of, fill, immutable, make_read_only, mount_folder, unmount
from tests.support.http_server import HttpServer
from tests.support.midway import Midway
from tests.support.service import Service
from tests.support.waiting import eventually

S = OfflineDownloadStatus

MakeService = Callable[..., Service]


@contextmanager
def unmounted(folder: Path) -> Iterator[None]:
    """What is left is the empty folder that something was mounted on."""
    unmount(folder.parent)
    yield
    mount_folder(folder.parent.with_name("behind"), folder.parent)


@contextmanager
def other_disk(folder: Path) -> Iterator[None]:
    """Where it was mounted there is another one, which looks as if it were ours."""
    decoy = folder.with_name("decoy")
    decoy.mkdir(mode=0o700)
    with disk_of("1m", decoy / "disk") as disk:
        disk.chmod(0o700)
        mount_folder(disk, folder)
        yield
        unmount(folder)
        assert {path.name for path in disk.iterdir()} == set(), "nothing was written to what is not ours"


@contextmanager
def deleted(folder: Path) -> Iterator[None]:
    """It does not come back."""
    shutil.rmtree(folder)
    yield


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    with immutable(folder):
        yield


@contextmanager
def disk_read_only(folder: Path) -> Iterator[None]:
    make_read_only(folder.parent)
    yield
    make_read_only(folder.parent, False)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    ballast = fill(folder.parent)
    yield
    ballast.unlink()


@dataclass(frozen=True)
class Fault:
    """``reason``: what those who wait because of it carry meanwhile; empty where nobody waits."""

    does: Callable[[Path], AbstractContextManager[None]]
    reason: str = "tempdir_unusable"


TEMPDIR = {
    "unmounted": Fault(unmounted),
    "another disk": Fault(other_disk),
    "deleted": Fault(deleted, ""),
    "read-only": Fault(read_only),
}


LIBRARY = {
    "unmounted": Fault(unmounted, "storage_unavailable"),
    "read-only": Fault(disk_read_only, "storage_unavailable"),
    "full": Fault(filled, "disk_full"),
}


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A folder that is mounted, and may be unmounted without losing what is in it."""
    place = tmp_path / "mounted"
    place.mkdir()
    with disk_of("16m", tmp_path / "behind") as behind:
        mount_folder(behind, place)
        yield place
        unmount(place)


@pytest.mark.parametrize("name", TEMPDIR)
def test_a_temporary_folder_that_goes_bad_costs_nothing_but_time(
    name: str, make_service: MakeService, mounted: Path, http_server: HttpServer
) -> None:
    service = make_service(tempdir=str(mounted / "temp"), workers=2)
    with Accounts(service) as accounts:
        midway = begin(accounts, http_server)
        with TEMPDIR[name].does(mounted / "temp"):
            bear_it(accounts, midway, TEMPDIR[name].reason)


@pytest.mark.parametrize("name", LIBRARY)
def test_a_library_that_goes_bad_costs_nothing_but_time(
    name: str, make_service: MakeService, mounted: Path, http_server: HttpServer
) -> None:
    (mounted / "library").mkdir()
    service = make_service(library=str(mounted / "library"), workers=2)
    with Accounts(service) as accounts:
        midway = begin(accounts, http_server)
        with LIBRARY[name].does(mounted / "library"):
            bear_it(accounts, midway, LIBRARY[name].reason)
    assert midway.requests() == [1] * 4, "nothing was downloaded twice"


def begin(accounts: Accounts, http_server: HttpServer) -> Midway:
    midway = Midway(accounts, http_server, waiting=2)
    accounts.services[0].start()
    midway.reach()
    return midway


def bear_it(accounts: Accounts, midway: Midway, reason: str) -> None:
    midway.go_on()
    if reason:
        eventually(
            lambda: all(accounts.rows()[odr_id].reason == reason for odr_id in midway.odr_ids[2:]),
            describe=lambda: f"{accounts.rows()}",
        )
    assert not [row for row in accounts.rows().values() if row.status is S.ERROR]
