"""Work that waits for a disk: where it is done, and what comes of it."""

from __future__ import annotations

import sys
import threading
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
