"""For a host under gevent: measures its loop from the moment at which the service says that it has started.

``watch`` is called by the host's settings, long before the host makes greenlets of threads. The report says, beside
what held_loop.py knows, which modules of ours were there at that moment: ``early``.

    SIGUSR1      writes the report, as JSON
    SIGUSR2      holds up the loop for ``HELD_UP`` seconds, then writes the report
"""

from __future__ import annotations

import json
import logging
import signal
import sys
from pathlib import Path
from typing import Any

HELD_UP = 0.08

_STARTED = "offline download: started"


def watch(report: str) -> None:
    """``report``: the file for it."""
    from gevent import events

    starter = _Starter(Path(report))
    events.subscribers.append(starter.note)
    logging.getLogger("seafevents_offline.tasks.offline_downloader").addHandler(starter)


class _Starter(logging.Handler):
    def __init__(self, report: Path) -> None:
        super().__init__()
        self._report = report
        self._watchers: list[Any] = []
        self._early: list[str] = []

    def note(self, event: Any) -> None:
        """gevent is about to do something."""
        if type(event).__name__ == "GeventWillPatchAllEvent":
            self._early = sorted(name for name in sys.modules if name.startswith("seafevents_offline"))

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
        draft.write_text(json.dumps({**loop.report(), "early": self._early}), encoding="utf-8")
        draft.rename(self._report)

    def _hold_up(self, loop: Any) -> None:
        from gevent import sleep
        from gevent.monkey import get_original

        get_original("time", "sleep")(HELD_UP)
        sleep()
        self._write(loop)
