"""Tasks that are started where foreground tasks run."""

import logging
from threading import Event, Thread


class _Waiting:
    def __init__(self, config):
        self.finished = Event()

    def start(self):
        logging.info("Start %s", type(self).__name__)
        Thread(target=self.finished.wait).start()


class CountUserActivity(_Waiting):
    pass


class CountTrafficInfo(_Waiting):
    def start(self):
        _Waiting.start(self)
