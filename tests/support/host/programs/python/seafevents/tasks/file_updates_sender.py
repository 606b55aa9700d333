"""The first task that is started where background tasks run, in every version; a shorter interval than the real one's
shows whether the host goes on."""

import logging
import os
from threading import Event, Thread

from seafevents.app.config import SEAHUB_DIR

_INTERVAL = 0.1


class FileUpdatesSender:
    def start(self):
        logging.info("Start file updates sender, interval = %s sec", _INTERVAL)
        FileUpdatesSenderTimer(_INTERVAL).start()


class FileUpdatesSenderTimer(Thread):
    def __init__(self, interval):
        Thread.__init__(self)
        self._interval = interval
        self._log = os.path.join(os.environ["SEAFEVENTS_LOG_DIR"], "file_updates_sender.log")
        self.finished = Event()

    def run(self):
        while not self.finished.wait(self._interval):
            with open(self._log, "a", encoding="utf-8") as log:
                log.write(f"{SEAHUB_DIR}\n")
