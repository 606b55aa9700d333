"""What an owner asks of a running task happens within a second, at every step of it and without any message.

The service here scans for new tasks every ten minutes and is woken for new ones alone: whatever comes to an end within
a second does so by the node's own question whose its tasks are. Seconds count from the moment that the door's write has
returned; what the server has sent and when its connections ended is its own account. Those in which a thread of ours
would have run, had not others had the processor, do not count.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from seafevents_offline.errors import NotPossible
from seafevents_offline.shape import percent
from seafevents_offline.status import Action, OfflineDownloadStatus
from seafevents_offline.storages.folder import FolderStorage
from seafevents_offline.task import Payload, Task
from tests.support.http_server import Answer, File, Gate, HttpServer
from tests.support.ports import server_port
from tests.support.service import Service
from tests.support.waiting import eventually

S = OfflineDownloadStatus
MakeService = Callable[..., Service]

#: Seconds in which nothing of a task goes on any more.
WITHIN = 1.0

#: Seconds that a worker may take to be free: aria2 lets go of the download, and its folder is deleted.
FREE = 2.0


class Scene:
    """One worker, eight connections for each task, and a server of which everything is known."""

    def __init__(self, service: Service, server: HttpServer, stack: ExitStack, patch: pytest.MonkeyPatch) -> None:
        self.service, self.server, self.stack, self.patch = service, server, stack, patch
        self._numbers = iter(range(1, 1000))

    def begin(self, file: File | Answer) -> int:
        path = f"/{next(self._numbers)}"
        return self.begin_at(self.server.serve(path, file))

    def begin_at(self, url: str) -> int:
        odr_id = self.service.add(url)
        self.service.downloader.wake()
        return odr_id

    def path(self, odr_id: int) -> str:
        return "/" + self.service.repository.get(odr_id).url.rpartition("/")[2]

    def streams(self, odr_id: int) -> None:
        """Wait until it comes on many of its connections; aria2 has all eight only while all make sense to it."""
        path = self.path(odr_id)
        self.server.wait_for(
            lambda requests: sum(one.path == path and one.sent > 0 and one.open for one in requests) >= 4
        )

    @property
    def is_free(self) -> bool:
        return not self._pool.runs()

    @property
    def _pool(self) -> Any:
        return self.service.downloader._pool


def connecting(scene: Scene) -> int:
    """The server's machine does not answer at all."""
    port = server_port()
    server = scene.stack.enter_context(socket.create_server(("127.0.0.1", port), backlog=0))
    while True:
        filler = scene.stack.enter_context(socket.socket())
        filler.settimeout(0.2)
        try:
            filler.connect(server.getsockname())
        except TimeoutError:
            filler.close()
            break
    odr_id = scene.begin_at(f"http://127.0.0.1:{port}/")
    eventually(lambda: _is_connecting(port))
    return odr_id


def _is_connecting(port: int) -> bool:
    """proc(5): the third column is the other end, the fourth says 02 for a SYN that was sent."""
    lines = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    return any(words[2].endswith(f":{port:04X}") and words[3] == "02" for words in map(str.split, lines))


def waiting_for_the_first_byte(scene: Scene) -> int:
    odr_id = scene.begin(File(size=1000, hold=Gate()))
    scene.server.wait_for(lambda requests: any(one.path == scene.path(odr_id) for one in requests))
    return odr_id


def at_full_speed(scene: Scene) -> int:
    odr_id = scene.begin(File(size=4_000_000_000, seed=1))
    scene.streams(odr_id)
    return odr_id


def slow(scene: Scene) -> int:
    odr_id = scene.begin(File(size=40_000_000, seed=1, rate=50_000))
    scene.streams(odr_id)
    return odr_id


def with_a_slow_database(scene: Scene) -> int:
    odr_id = slow(scene)
    pause = threading.Event()

    def wait(*_: object) -> None:
        pause.wait(0.15)

    engine = scene.service.downloader.repository._database.engine
    event.listen(engine, "before_cursor_execute", wait)
    scene.stack.callback(event.remove, engine, "before_cursor_execute", wait)
    return odr_id


def while_aria2_is_dead(scene: Scene) -> int:
    odr_id = slow(scene)
    os.kill(scene.service.engine_pid(), signal.SIGKILL)
    return odr_id


def while_the_guard_is_dead(scene: Scene) -> int:
    odr_id = slow(scene)
    os.kill(scene.service.guard_pid(), signal.SIGKILL)
    return odr_id


#: Where a task may be when its owner has enough of it.
STEPS = [
    connecting,
    waiting_for_the_first_byte,
    at_full_speed,
    slow,
    with_a_slow_database,
    while_aria2_is_dead,
    while_the_guard_is_dead,
]


@pytest.fixture
def scene(make_service: MakeService, http_server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    service = make_service(workers=1, interval=600.0, max_size=0, retry_delay=600.0).start()
    with ExitStack() as stack:
        yield Scene(service, http_server, stack, monkeypatch)


class Busy:
    """``late``: seconds that a thread, which wants to run every hundredth of a second in the block, waited for a
    processor, by the kernel's account (the second number of schedstat)."""

    def __enter__(self) -> Busy:
        self.late = 0.0
        self._finished = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._finished.set()
        self._thread.join(60)

    def _run(self) -> None:
        account = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
        while not self._finished.wait(0.01):
            self.late = int(account.read_text(encoding="ascii").split()[1]) / 1e9


def asked(scene: Scene, odr_id: int, action: Action | None) -> float:
    """Ask, as another process would; when the answer was there (monotonic)."""
    if action is None:
        scene.service.repository.remove(odr_id)
    else:
        scene.service.repository.act(odr_id, action)
    return time.monotonic()


def took(scene: Scene, odr_id: int, action: Action | None) -> dict[str, float]:
    """Seconds until the last connection of the task had ended, until its worker was free and until the folder went."""
    path = scene.path(odr_id)
    with Busy() as busy:
        begun = asked(scene, odr_id, action)
        eventually(lambda: scene.is_free)
        free = time.monotonic() - begun
    mine = scene.server.wait_for(
        lambda requests: (
            [[one.ended_at for one in requests if one.path == path and not one.open]]
            if not any(one.path == path and (one.ended_at is None or one.open) for one in requests)
            else None
        )
    )
    return {"bytes": max([*mine[0], begun]) - begun - busy.late, "free": free - busy.late}


def test_a37_cancelled_at_every_step_it_has_ended_within_a_second(scene: Scene) -> None:
    measured = {}
    for step in STEPS:
        with ExitStack() as scene.stack:
            odr_id = step(scene)
            measured[step.__name__] = took(scene, odr_id, Action.CANCEL)
            assert scene.service.repository.get(odr_id).status is S.CANCELLED
            assert odr_id not in scene.service.folders(), step.__name__
    assert all(found["bytes"] <= WITHIN and found["free"] <= FREE for found in measured.values()), measured


@pytest.mark.parametrize("action", [Action.PAUSE, None], ids=["paused", "removed"])
def test_a37_what_is_paused_or_removed_has_ended_within_a_second_and_others_begin(
    scene: Scene, action: Action | None
) -> None:
    odr_id = slow(scene)
    next_one = scene.begin(File(size=1000))
    found = took(scene, odr_id, action)
    assert (found["bytes"] <= WITHIN, found["free"] <= FREE) == (True, True), found
    assert scene.service.wait(next_one).status is S.OK, "its worker was free for it, long before the next scan"
    assert (odr_id in scene.service.folders()) == (action is Action.PAUSE)
    assert scene.service.repository.get(odr_id).status is (S.PAUSED if action else S.CANCELLED)


def test_a37_bytes_end_within_a_second_whatever_the_worker_waits_for(scene: Scene) -> None:
    """It asks a library that does not answer, or an aria2c that has stopped."""
    asked_again, answer = threading.Event(), threading.Event()
    check = FolderStorage.check

    def check_and_be_late(self: FolderStorage, task: Task, size: int) -> Task:
        if size:
            asked_again.set()
            answer.wait(60)
        return check(self, task, size)

    scene.patch.setattr(FolderStorage, "check", check_and_be_late)
    odr_id = slow(scene)
    assert asked_again.wait(60)
    with Busy() as busy:
        begun = asked(scene, odr_id, Action.CANCEL)
        scene.server.wait_for_active(0)
    ended = max(one.ended_at or 0.0 for one in scene.server.requests)
    assert not scene.is_free
    answer.set()
    eventually(lambda: scene.is_free)
    assert ended - begun - busy.late <= WITHIN
    assert scene.service.folders() == set()


def test_a37_bytes_end_within_a_second_although_aria2c_has_stopped(scene: Scene) -> None:
    odr_id = slow(scene)
    os.kill(scene.service.engine_pid(), signal.SIGSTOP)
    found = took(scene, odr_id, Action.CANCEL)
    assert found["bytes"] <= WITHIN
    assert scene.service.folders() == set()
    assert scene.service.wait(scene.begin(File(size=1000))).status is S.OK, "another aria2c has taken its place"


def test_a37_what_is_being_stored_is_stored_and_can_only_be_hidden(scene: Scene) -> None:
    begun, go_on = threading.Event(), threading.Event()
    put = FolderStorage.put

    def put_and_be_late(self: FolderStorage, task: Task, payload: Payload) -> str:
        begun.set()
        go_on.wait(60)
        return put(self, task, payload)

    scene.patch.setattr(FolderStorage, "put", put_and_be_late)
    odr_id = scene.begin(File(size=1000, seed=1))
    assert begun.wait(60)
    for action in (Action.CANCEL, Action.PAUSE):
        with pytest.raises(NotPossible, match="is storing"):
            scene.service.repository.act(odr_id, action)
    assert scene.service.repository.remove(odr_id).status is S.STORING
    go_on.set()
    task = scene.service.wait(odr_id)
    assert (task.status, task.hidden_at is None) == (S.OK, False)
    assert list(scene.service.files().values()) == [File(size=1000, seed=1).read(0, 1000)]


def test_a37_what_waits_has_no_worker_and_its_folder_leaves_with_the_next_sweep(scene: Scene) -> None:
    """For its next try, for its turn, or because it is paused."""
    retry = scene.begin(File(size=40_000_000, seed=1, rate=400_000, break_after=300_000, ranges=False))
    task = scene.service.wait_for(retry, lambda task: task.attempts == 1)
    assert (task.status, retry in scene.service.folders()) == (S.WAITING, True)
    eventually(lambda: scene.is_free)
    paused = slow(scene)
    waiting = scene.begin(File(size=1000))
    took(scene, paused, Action.PAUSE)
    assert scene.service.wait(waiting).status is S.OK
    for odr_id in (retry, paused):
        assert scene.service.repository.act(odr_id, Action.CANCEL).status is S.CANCELLED
    scene.service.downloader.wake()
    eventually(lambda: scene.service.folders() == set())


def test_a46_progress_only_grows_and_is_written_at_most_once_a_second(scene: Scene) -> None:
    written: list[float] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("UPDATE") and "completed=" in statement and "stored_path" not in statement:
            written.append(time.monotonic())

    engine = scene.service.downloader.repository._database.engine
    event.listen(engine, "before_cursor_execute", note)
    seen: list[int | None] = []

    def look(task: Task) -> bool:
        seen.append(percent(task))
        return task.status is S.OK

    # As many bytes a second on all connections together as on one: it takes four seconds.
    odr_id = scene.begin(File(size=4_000_000, seed=1, rate=1_000_000, ranges=False))
    task = scene.service.wait_for(odr_id, look)
    known = [value for value in seen if value is not None]
    assert known == sorted(known)
    assert (known[-1], task.completed, task.size) == (100, 4_000_000, 4_000_000)
    assert len(set(known)) >= 3, "it is seen while it comes"
    assert 2 <= len(written) <= written[-1] - written[0] + 2, "and what is not due yet is not written"
