"""The node's directory: identity, lock, task folders."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seafevents_offline.errors import AlreadyRunning, TempDirUnusable
from seafevents_offline.process import alive, identity
from seafevents_offline.tempdir import TempDir

_HOLDER = """
import sys, time
from pathlib import Path
from seafevents_offline.tempdir import TempDir
tempdir = TempDir(Path(sys.argv[1]))
tempdir.open()
tempdir.lock(time.monotonic())
print("locked", flush=True)
sys.stdin.read()
"""

_ORPHAN_MAKER = """
import subprocess, sys, time
from pathlib import Path
from seafevents_offline.tempdir import TempDir
tempdir = TempDir(Path(sys.argv[1]))
tempdir.open()
fd = tempdir.lock(time.monotonic())
orphan = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, pass_fds=[fd])
print(orphan.pid, flush=True)
import os
os._exit(0)
"""


def opened(path: Path) -> TempDir:
    tempdir = TempDir(path)
    tempdir.open()
    return tempdir


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "temp"


def test_it_is_made_for_us_alone(path: Path) -> None:
    opened(path / "deep" / "deeper")
    assert (path / "deep" / "deeper").stat().st_mode & 0o777 == 0o700


def test_the_node_keeps_its_id_for_ever(path: Path) -> None:
    assert opened(path).node_id == opened(path).node_id
    assert len(opened(path).node_id) == 36


def test_a_damaged_id_is_said_and_not_replaced(path: Path) -> None:
    opened(path)
    (path / "node").write_text("what?")
    with pytest.raises(TempDirUnusable, match="damaged"):
        opened(path)
    assert (path / "node").read_text() == "what?"


def test_a_link_is_refused(tmp_path: Path, path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TempDirUnusable, match="not a real directory"):
        opened(path)
    assert os.listdir(tmp_path / "elsewhere") == []


@pytest.mark.parametrize("mode", [0o770, 0o701, 0o704, 0o777])
def test_access_for_others_is_refused(path: Path, mode: int) -> None:
    path.mkdir()
    path.chmod(mode)
    with pytest.raises(TempDirUnusable, match="chmod 700"):
        opened(path)


def test_another_owner_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.mkdir(mode=0o700)
    somebody_else = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: somebody_else)
    with pytest.raises(TempDirUnusable, match="another user"):
        opened(path)


def test_a_file_in_its_place_is_refused(path: Path) -> None:
    path.write_text("")
    with pytest.raises(TempDirUnusable, match=r"temp cannot be used"):
        opened(path)


def test_a_task_folder_that_is_a_link_is_refused(tmp_path: Path, path: Path) -> None:
    tempdir = opened(path)
    (path / "7").symlink_to(tmp_path)
    with pytest.raises(TempDirUnusable):
        tempdir.make(7)


def test_folders_are_made_listed_and_deleted(path: Path) -> None:
    tempdir = opened(path)
    (tempdir.make(5) / "sub").mkdir()
    (tempdir.make(5) / "sub" / "file").write_text("x")
    tempdir.make(12)
    (path / "aria2.pid").write_text("")
    for name in ("١٢", "007", "1_2", "-3", "+4", " 6", "8 ", "9.old", "1" * 20, "lost+found", "0x1"):
        (path / name).mkdir()
    assert tempdir.task_folders() == {5, 12}, "what only looks like ours is nobody's of us"
    tempdir.delete(5)
    tempdir.delete(99)
    assert tempdir.task_folders() == {12}


def test_a_link_in_a_folder_is_deleted_and_not_followed(tmp_path: Path, path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    tempdir = opened(path)
    (tempdir.make(5) / "link").symlink_to(tmp_path)
    tempdir.delete(5)
    assert (tmp_path / "precious").exists()


def test_a_second_daemon_is_refused_at_once(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        holder.stdout.readline()
        tempdir = opened(path)
        assert tempdir.is_locked()
        began = time.monotonic()
        with pytest.raises(AlreadyRunning):
            tempdir.lock(began + 60)
        assert time.monotonic() - began < 30
        holder.stdin.close()
        holder.wait(30)
    assert not tempdir.is_locked()
    tempdir.lock(time.monotonic() + 30)
    tempdir.unlock()
    tempdir.unlock()


def test_the_lock_waits_for_what_a_dead_daemon_left_behind(path: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    # The orphan inherits the lock and ends when the fifo is closed, as an engine ends after its daemon.
    script = _ORPHAN_MAKER.replace("stdin=subprocess.PIPE", f"stdin=open({str(fifo)!r})")
    with subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE) as maker:
        keep_open = os.open(fifo, os.O_WRONLY)
        maker.wait(30)
    tempdir = opened(path)
    with pytest.raises(AlreadyRunning):
        tempdir.lock(time.monotonic() + 0.2)
    os.close(keep_open)
    tempdir.lock(time.monotonic() + 30)
    tempdir.unlock()


def test_a_process_is_known_by_more_than_its_number() -> None:
    name = identity(os.getpid())
    assert alive(name)
    assert not alive(name + "1")
    assert not alive("")
    assert not alive("not a pid:1")
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as other:
        name = identity(other.pid)
        assert alive(name)
        other.kill()
        # Not collected yet: a zombie is no living process.
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        assert not alive(name)
    assert identity(other.pid) == ""


def test_who_finds_it_unused_keeps_a_daemon_out_for_so_long(path: Path) -> None:
    tempdir, daemon = opened(path), TempDir(path)
    with tempdir.unused() as unused:
        assert unused
        with pytest.raises(AlreadyRunning):
            daemon.lock(0)
    daemon.lock(0)
    with tempdir.unused() as unused:
        assert not unused
    daemon.unlock()
    with tempdir.unused() as unused:
        assert unused


# --- deleted under a daemon ---------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["everything", "lock"])
def test_what_was_deleted_under_a_daemon_is_made_anew_and_is_still_locked(path: Path, what: str) -> None:
    tempdir = opened(path)
    fd = tempdir.lock(0)
    assert not tempdir.mend(), "nothing is wrong yet"
    if what == "everything":
        shutil.rmtree(path)
    else:
        (path / "lock").unlink()
    with pytest.raises(TempDirUnusable, match="it has been deleted"):
        tempdir.make(1)
    assert tempdir.mend()
    assert opened(path).node_id == tempdir.node_id
    assert path.stat().st_mode & 0o777 == 0o700
    assert os.path.samestat(os.fstat(fd), (path / "lock").stat()), "who inherits the number inherits the lock"
    assert not os.get_inheritable(fd)
    with pytest.raises(AlreadyRunning):
        opened(path).lock(0)
    assert tempdir.make(1).is_dir()
    tempdir.unlock()
    opened(path).lock(0)


def test_what_another_daemon_has_by_now_is_left_to_it(path: Path) -> None:
    tempdir = opened(path)
    tempdir.lock(0)
    shutil.rmtree(path)
    other = opened(path)
    other.lock(0)
    assert not tempdir.mend()
    with pytest.raises(TempDirUnusable):
        tempdir.make(1)
    assert other.make(1).is_dir()
    for one in (tempdir, other):
        one.unlock()


def test_what_cannot_be_made_anew_is_tried_again(path: Path) -> None:
    tempdir = opened(path)
    tempdir.lock(0)
    shutil.rmtree(path)
    path.write_text("in the way")
    assert not tempdir.mend()
    path.unlink()
    assert tempdir.mend()
    tempdir.unlock()


# --- looking without a trace --------------------------------------------------------------------------


def test_looking_makes_nothing(path: Path) -> None:
    tempdir = TempDir(path / "deep")
    assert not tempdir.inspect()
    assert not tempdir.is_locked()
    assert tempdir.nearest() == path.parent
    path.mkdir(mode=0o700)
    assert TempDir(path).inspect()
    assert not TempDir(path).is_locked()
    assert os.listdir(path) == []


def test_looking_gives_the_node_that_there_is(path: Path) -> None:
    made, looked = opened(path), TempDir(path)
    assert looked.inspect()
    assert looked.node_id == made.node_id
    assert looked.nearest() == path


def test_looking_finds_wrong_what_opening_does(path: Path) -> None:
    path.mkdir(mode=0o755)
    with pytest.raises(TempDirUnusable, match="chmod 700"):
        TempDir(path).inspect()
    path.chmod(0o700)
    (path / "node").write_text("what?")
    with pytest.raises(TempDirUnusable, match="damaged"):
        TempDir(path).inspect()
    with pytest.raises(TempDirUnusable, match="Not a directory"):
        TempDir(path / "node" / "deeper").inspect()


def test_looking_finds_a_folder_in_which_it_cannot_be_made() -> None:
    with pytest.raises(TempDirUnusable, match="cannot be made in /proc/self"):
        TempDir(Path("/proc/self/offline-download")).inspect()
