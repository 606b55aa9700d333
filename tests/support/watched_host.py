"""For a host under gevent: measures its loop from the moment at which the service says that it has started.

``watch`` is called by the host's settings, long before the host makes greenlets of threads.

    SIGUSR1      writes the report, as JSON
    SIGUSR2      holds up the loop for ``HELD_UP`` seconds, then writes the report
"""

from __future__ import annotations

import json
import logging
import signal
from pathlib import Path
from typing import Any

HELD_UP = 0.08

_STARTED = "offline download: started"


def watch(report: str) -> None:
    """``report``: the file for it."""
    logging.getLogger("seafevents_offline.tasks.offline_downloader").addHandler(_Starter(Path(report)))


class _Starter(logging.Handler):
    def __init__(self, report: Path) -> None:
        super().__init__()
        self._report = report
        self._watchers: list[Any] = []

    def emit(self, record: logging.LogRecord) -> None:
        if not record.getMessage().startswith(_STARTED) or self._watchers:
            return
        import gevent

        from .held_loop import HeldLoop

        loop = HeldLoop()
        for number, action in ((signal.SIGUSR1, self._write), (signal.SIGUSR2, self._hold_up)):
            watcher = gevent.get_hub().loop.signal(number, ref=False)
            watcher.start(gevent.spawn, action, loop)
            self._watchers.append(watcher)
        loop.start()

    def _write(self, loop: Any) -> None:
        draft = self._report.with_suffix(".new")
        draft.write_text(json.dumps(loop.report()), encoding="utf-8")
        draft.rename(self._report)

    def _hold_up(self, loop: Any) -> None:
        from gevent import sleep
        from gevent.monkey import get_original

        get_original("time", "sleep")(HELD_UP)
        sleep()
        self._write(loop)
