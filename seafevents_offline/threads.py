"""What keeps a thread alive that serves everybody, and from holding up the others."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, Union

from .text import traceback_of

logger = logging.getLogger(__name__)

_T = TypeVar("_T")

#: Threads for what waits for a disk. Our own: names are looked up in the host's, which must not wait behind us.
_OFFLOADING = 4


def survive(what: str, action: Callable[[], object]) -> bool:
    """Run ``action``; False and one logged traceback when it raised.

    No fault of one task, one scan or one round may end the thread that serves all others: this is the only place
    that catches everything.
    """
    try:
        action()
    except Exception as error:  # noqa: BLE001 (it is logged)
        logger.error("%s failed unexpectedly%s", what, traceback_of(error))
        return False
    return True


def offload(function: Callable[..., _T], *arguments: Any) -> _T:
    """``function(*arguments)``, which may wait for a disk or read much of one.

    A thread that waits is in nobody's way, and so it is simply called. But host 12 makes greenlets of threads
    (gevent): while one of these waits for a disk, all of the host stands still. There it is called in a thread that
    really is one. ``function`` takes no lock there, waits for no other thread and writes no log: these are gevent's.
    """
    if not _are_greenlets():
        return function(*arguments)
    result, error = _pool().apply(_attempt, (function, arguments))
    if error is not None:
        raise error
    return result  # type: ignore[no-any-return]


def outlast_main() -> None:
    """For a thread whose end would be that of the host's main(): where threads are greenlets, returns when all others
    have ended that keep the process alive.

    Without main() they live on in an interpreter that shuts down, in which Python 3.12 makes neither a real thread nor
    a fork any more; and gevent forks for every process: aria2c would not be started again when it has died.
    """
    if not _are_greenlets():
        return
    here = threading.current_thread()
    while others := [thread for thread in threading.enumerate() if thread is not here and not thread.daemon]:
        others[0].join()


def _attempt(function: Callable[..., _T], arguments: tuple[Any, ...]) -> tuple[Union[_T, None], Union[Exception, None]]:
    """What the pool is told of: it would print what is raised, although its caller expects it."""
    try:
        return function(*arguments), None
    except Exception as error:  # noqa: BLE001 (it is raised where it belongs)
        return None, error


def _are_greenlets() -> bool:
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and monkey.is_module_patched("threading")


@cache
def _pool() -> Any:
    from gevent.threadpool import ThreadPool  # noqa: PLC0415 (where it is, it has been imported)

    return ThreadPool(_OFFLOADING)
