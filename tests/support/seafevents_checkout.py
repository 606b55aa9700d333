"""A real checkout of seafevents in the place of the stand-ins: the files that these stand for are its own, everything
beside them is a name that takes any call. ``SEAFEVENTS_SRC`` is the checkout (haiwen/seafevents).
"""

from __future__ import annotations

import ast
import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from . import seafevents

SEAFEVENTS_SRC = os.environ.get("SEAFEVENTS_SRC", "")

#: Beside seafevents' own, what is not installed here or must not do its work here.
_STUBBED = ("seaserv", "redis", "pytz", "gevent")


def version() -> int:
    """Of the checkout: by what differs between the families."""
    main, app = (Path(SEAFEVENTS_SRC, *name).read_text(encoding="utf-8") for name in (("main.py",), ("app", "app.py")))
    if "ccnet_config" in app:
        return 11
    if "gevent" in main:
        return 12
    return 14 if "webhook" in app else 13


#: What stays the stand-ins': it would bring in half of the daemon.
_LEFT = ("seafevents/__init__.py", "seafevents/events/__init__.py", "seafevents/events/handlers.py")


def texts() -> dict[str, str]:
    """As ``seafevents.sources``."""
    ours = seafevents.sources(version())
    return {name: text if name in _LEFT else _own(name) for name, text in ours.items()}


def _own(name: str) -> str:
    return Path(SEAFEVENTS_SRC, *name.split("/")[1:]).read_text(encoding="utf-8")


def tree(name: str) -> ast.Module:
    """``name``: as of ``seafevents.sources``."""
    return ast.parse(_own(name))


class _Kind(type):
    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything()


class Anything(metaclass=_Kind):
    """May be called, started, asked for anything."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        return Anything()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return Anything()

    def start(self) -> None:
        sys.modules["seafevents"].done.append("another task")


class _Stub(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything


class StubFinder:
    """For what no other finder finds; for ``_STUBBED`` whatever others find."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def find_spec(self, name: str, path: object, target: object = None) -> ModuleSpec | None:
        if name.partition(".")[0] in self._names:
            return ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Stub(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


@contextlib.contextmanager
def stubs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is left of them afterwards."""
    for name in [name for name in sys.modules if name.partition(".")[0] in _STUBBED]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [StubFinder(_STUBBED), *sys.meta_path, StubFinder(["seafevents"])])
    yield
    for name in [name for name, module in sys.modules.items() if isinstance(module, _Stub)]:
        del sys.modules[name]
