"""Since 13: SIGTERM ends the process at once, without atexit and finally."""

import os
import signal


def set_signal():
    signal.signal(signal.SIGTERM, lambda number, frame: os._exit(0))
