"""A task that is started where foreground tasks run."""

import logging
from threading import Event, Thread


class CountUserActivity:
    def __init__(self, config):
        self.finished = Event()

    def start(self):
        logging.info("Start counting user activity")
        Thread(target=self.finished.wait).start()
