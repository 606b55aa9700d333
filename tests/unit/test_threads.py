"""Work that waits for a disk: where it is done, and what comes of it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from seafevents_offline import threads
from seafevents_offline.threads import offload


def where(*_: object) -> int:
    return threading.get_ident()


def fail(path: str) -> None:
    raise FileNotFoundError(path)


def test_a_thread_does_it_itself():
    assert offload(where, "argument") == threading.get_ident()


def test_a_gevent_that_has_patched_nothing_changes_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "gevent.monkey", _monkey(is_patched=False))
    assert offload(where) == threading.get_ident()


def test_what_is_raised_is_raised_where_it_was_asked_for_and_told_to_nobody_else(monkeypatch: pytest.MonkeyPatch):
    pool = _Pool()
    monkeypatch.setitem(sys.modules, "gevent.monkey", _monkey(is_patched=True))
    monkeypatch.setattr(threads, "_pool", lambda: pool)
    assert offload(max, 1, 2) == 2
    with pytest.raises(FileNotFoundError, match="file"):
        offload(fail, "file")
    assert pool.did == 2


@pytest.fixture
def other() -> Iterator[tuple[threading.Thread, threading.Event]]:
    """A thread that the process lives by, until the event is set."""
    end = threading.Event()
    thread = threading.Thread(target=end.wait, args=(60,), daemon=False)
    thread.start()
    yield thread, end
    end.set()
    thread.join()


def test_where_threads_are_threads_main_may_end(other: tuple[threading.Thread, threading.Event]):
    threads.outlast_main()
    assert other[0].is_alive()


def test_where_they_are_greenlets_main_ends_after_all_that_the_process_lives_by(
    monkeypatch: pytest.MonkeyPatch, other: tuple[threading.Thread, threading.Event]
):
    thread, end = other
    monkeypatch.setitem(sys.modules, "gevent.monkey", _monkey(is_patched=True))
    ended: list[bool] = []
    # The test's own main thread does not end.
    monkeypatch.setattr(threading, "enumerate", lambda: [one for one in (thread,) if one.is_alive()])
    main = threading.Thread(target=lambda: (threads.outlast_main(), ended.append(thread.is_alive())), daemon=True)
    main.start()
    end.set()
    main.join(60)
    assert ended == [False]


class _Pool:
    """gevent's, which prints whatever its calls raise."""

    def __init__(self) -> None:
        self.did = 0

    def apply(self, function: Any, arguments: tuple[Any, ...]) -> Any:
        answer = function(*arguments)
        self.did += 1
        return answer


def _monkey(*, is_patched: bool) -> ModuleType:
    module = ModuleType("gevent.monkey")
    module.is_module_patched = lambda name: is_patched and name == "threading"  # type: ignore[attr-defined]
    return module
