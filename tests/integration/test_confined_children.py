"""Our children as the kernel sees them: root's are nobody's, powerless, and let into no folder but their task's."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from seafevents_offline import payloads
from seafevents_offline.confine import Account
from seafevents_offline.egress.supervisor import Guard
from seafevents_offline.engines.aria2 import end_old_engine
from seafevents_offline.errors import PayloadUnusable, TooLarge
from seafevents_offline.tempdir import TempDir
from tests.support.content import sha256_of
from tests.support.engines import Aria2, Watch, distribution_aria2c
from tests.support.files import sha256
from tests.support.http_server import File, Framing, Gate, HttpServer
from tests.support.rights import DOCKER, NOBODY, PREAMBLE, assert_powerless, limits, only_root
from tests.support.service import Service
from tests.support.waiting import eventually

MakeAria2 = Callable[..., Aria2]

MB = 1024 * 1024


def owner_and_mode(path: Path) -> tuple[int, int]:
    found = path.lstat()
    return found.st_uid, stat.S_IMODE(found.st_mode)


def slow(server: HttpServer, size: int = 40 * MB) -> str:
    """It comes to no end."""
    return server.serve("/a.bin", File(size=size, rate=MB, seed=3, stall_after=2 * MB))


# --- what they are ------------------------------------------------------------------------------------


@only_root
def test_aria2c_is_nobodys(make_aria2: MakeAria2, http_server: HttpServer) -> None:
    aria2 = make_aria2(max_size=100 * MB).start()
    watch = aria2.get(slow(http_server))
    watch.reached(1)
    pid = aria2.process.pid
    assert_powerless(pid)
    found = limits(pid)
    assert found["Max file size"] == (str(100 * MB), str(100 * MB))
    assert found["Max processes"] == ("0", "0")
    assert found["Max data size"] == ("545259520", "545259520"), "512 MB, and a quarter for each of 4 x 8 connections"
    assert int(found["Max open files"][0]) > 1024
    assert owner_and_mode(aria2.home) == (0, 0o710)
    assert owner_and_mode(aria2.home / "aria2.conf") == (NOBODY.uid, 0o600)
    assert owner_and_mode(aria2.folder(1)) == (NOBODY.uid, 0o700)
    assert owner_and_mode(aria2.folder(1) / "a.bin") == (NOBODY.uid, 0o600)
    watch.remove()
    assert owner_and_mode(aria2.folder(1)) == (0, 0o700)
    assert owner_and_mode(aria2.folder(1) / "a.bin") == (0, 0o600)


@only_root
def test_the_guard_is_nobodys(guard: Guard) -> None:
    assert_powerless(guard.pid)


def test_without_a_limit_files_have_none(make_aria2: MakeAria2) -> None:
    assert limits(make_aria2(max_size=0).start().process.pid)["Max file size"] == ("unlimited", "unlimited")


@pytest.mark.parametrize("framing", [Framing.LENGTH, Framing.CHUNKED])
def test_a_file_beyond_the_limit_is_too_large_and_ends_nobody(
    make_aria2: MakeAria2, http_server: HttpServer, framing: Framing
) -> None:
    aria2 = make_aria2(max_size=2 * MB).start()
    pid = aria2.process.pid
    other = aria2.get(http_server.serve("/other", File(size=2 * MB, rate=2 * MB)), 2)
    error = aria2.get(http_server.serve("/a", File(size=8 * MB, framing=framing))).failed().error
    assert isinstance(error, TooLarge)
    assert (aria2.folder(1) / "a").stat().st_size <= 2 * MB
    other.complete()
    assert aria2.process.pid == pid


# --- where they may go --------------------------------------------------------------------------------


@only_root
def test_it_works_where_the_account_could_never_go_by_itself(
    make_aria2: MakeAria2, http_server: HttpServer, tmp_path: Path, aria2c: Path
) -> None:
    """As in a virtual environment and a temporary folder below /root."""
    tmp_path.chmod(0o700)
    program = tmp_path / "aria2c"
    program.write_bytes(aria2c.read_bytes())
    program.chmod(0o755)
    bundle = tmp_path / "ca.pem"
    bundle.write_text("-----BEGIN CERTIFICATE-----\n")
    bundle.chmod(0o600)
    aria2 = make_aria2(home="deep/deeper", binary=program, ca_certificate=str(bundle)).start()
    assert_powerless(aria2.process.pid)
    watch = aria2.get(http_server.serve("/a", File(size=MB, seed=4)))
    snapshot = watch.complete()
    assert [file.path for file in snapshot.files] == [aria2.folder(1) / "a"]
    before = (aria2.folder(1) / "a").stat().st_ino
    watch.remove()
    (stored,) = payloads.verified(aria2.folder(1), snapshot).files
    assert sha256(Path(stored.source)) == sha256_of(4, MB)
    assert os.stat(stored.source).st_ino == before, "aria2c has closed it: there is no need for a copy"


@only_root
def test_links_that_are_planted_lead_nowhere(aria2: Aria2, http_server: HttpServer, tmp_path: Path) -> None:
    victim, gate = tmp_path / "victim", Gate()
    victim.write_text("precious")
    before = victim.stat()
    url = http_server.serve("/a.bin", File(size=MB, stall_after=MB // 2, stall=gate))
    places = enumerate([".offline-download-saved", "a.bin.aria2__temp", "beside"], 1)
    watches = {aria2.folder(odr_id) / name: aria2.get(url, odr_id) for odr_id, name in places}
    for link, watch in watches.items():
        watch.reached(1)
        link.unlink(missing_ok=True)
        link.symlink_to(victim)
    gate.set()
    for link, watch in watches.items():
        snapshot = watch.complete()
        watch.remove()
        with pytest.raises(PayloadUnusable):
            payloads.verified(link.parent, snapshot)
        assert list(TempDir(aria2.home).make(watch.job.odr_id).iterdir()) == []
    assert victim.stat() == before


# --- what goes on -------------------------------------------------------------------------------------

_DAEMON = """
from pathlib import Path
from seafevents_offline.engines.aria2 import Aria2Engine
from seafevents_offline.engines.base import Job
from seafevents_offline.settings import Settings
from seafevents_offline.tempdir import TempDir
from tests.support.egress import Open
home, binary, url = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
{rights}
tempdir = TempDir(home)
tempdir.open()
engine = Aria2Engine(Settings(aria2c=binary), home, Open())
engine.start()
transfer = engine.add(Job(1, 1, url, tempdir.make(1)), lambda: None)
print(f"started {{engine.info().name}}", flush=True)
sys.stdin.read()
"""

#: The process is root in Docker, or an ordinary user.
DOCKERS_ROOT, USER = f"keep(*{DOCKER})", "become(65534)"


def killed(home: Path, binary: Path, server: HttpServer, rights: str) -> None:
    """A daemon with these rights begins a download in ``home`` and is killed with what there is to continue."""
    script = PREAMBLE + _DAEMON.format(rights=rights)
    with subprocess.Popen(
        [sys.executable, "-c", script, str(home), str(binary), slow(server)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as daemon:
        assert daemon.stdout is not None
        assert daemon.stdout.readline() == "started aria2\n"
        eventually((home / "1" / "a.bin.aria2").exists)
        assert_begun(home)
        daemon.kill()


def assert_begun(home: Path) -> None:
    pid = int((home / "aria2.pid").read_text().partition(":")[0])
    found = Path(f"/proc/{pid}/status").read_text()
    assert "NoNewPrivs:\t1\n" in found
    assert f"Uid:\t{NOBODY.uid}\t{NOBODY.uid}\t{NOBODY.uid}\t{NOBODY.uid}\n" in found


def continued(aria2: Aria2, server: HttpServer) -> None:
    """It goes on from what the killed one left."""
    folder = TempDir(aria2.home).make(1)
    assert aria2.engine.resumable(folder)
    server.forget()
    url = server.serve("/a.bin", File(size=40 * MB, seed=3))
    (found,) = Watch(aria2.engine, aria2.job(url, claim=2)).complete().files
    assert sha256(found.path) == sha256_of(3, 40 * MB)
    # With a single connection, whoever begins at 0 asks for no range.
    assert any(request.range for request in server.requests)


@only_root
def test_dockers_root_can_do_all_of_this(make_aria2: MakeAria2, http_server: HttpServer, aria2c: Path) -> None:
    """It has not got CAP_SYS_PTRACE, CAP_SYS_RESOURCE and many others; and it ends the old aria2c with what it has."""
    aria2 = make_aria2(connections=1)
    killed(aria2.home, aria2c, http_server, DOCKERS_ROOT)
    script = """
import time
from pathlib import Path
from seafevents_offline.engines.aria2 import end_old_engine
from seafevents_offline.process import alive
home = Path(sys.argv[1])
old = (home / "aria2.pid").read_text().splitlines()[0]
end_old_engine(home, time.monotonic() + 10)
print(alive(old))
"""
    ended = subprocess.run(
        [sys.executable, "-c", f"{PREAMBLE}\n{DOCKERS_ROOT}\n{script}", str(aria2.home)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == "False\n"
    continued(aria2.start(), http_server)


@only_root
def test_another_account_goes_on(make_aria2: MakeAria2, http_server: HttpServer, aria2c: Path) -> None:
    aria2 = make_aria2(run_as="daemon", connections=1)
    killed(aria2.home, aria2c, http_server, DOCKERS_ROOT)
    aria2.start()
    assert_powerless(aria2.process.pid, Account("daemon", 1, 1))
    continued(aria2, http_server)


@only_root
def test_root_goes_on_where_an_ordinary_user_was_and_the_other_way(http_server: HttpServer, guard: Guard) -> None:
    """After the one thing that the administrator has to do: give the temporary folder to whoever it is now."""
    binary = distribution_aria2c()
    with tempfile.TemporaryDirectory() as place:
        # An ordinary user reaches it by its path alone.
        os.chmod(place, 0o711)
        aria2 = Aria2(Path(place, "temp"), binary, guard, connections=1)
        for rights, next_owner in ((DOCKERS_ROOT, NOBODY.uid), (USER, 0)):
            killed(aria2.home, binary, http_server, rights)
            end_old_engine(aria2.home, time.monotonic() + 10)
            give(aria2.home, next_owner)
        continued(aria2.start(), http_server)
        aria2.stop()


def give(folder: Path, uid: int) -> None:
    """``chown --recursive``."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, uid, uid, follow_symlinks=False)


@only_root
def test_what_is_stored_is_ours_as_if_we_had_made_it(tmp_path: Path, http_server: HttpServer) -> None:
    with Service(tmp_path / "service", f"sqlite:///{tmp_path / 'service.db'}") as service:
        service.wait(service.add(http_server.serve("/a.bin", File(size=MB, seed=5))))
        stored = service.library / "a.bin"
        assert sha256(stored) == sha256_of(5, MB)
        made = tmp_path / "made"
        made.touch()
        assert owner_and_mode(stored) == owner_and_mode(made)
        assert stored.stat().st_gid == made.stat().st_gid
