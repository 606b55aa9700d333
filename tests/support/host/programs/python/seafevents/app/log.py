"""The root logger, into one file or to stdout."""

import logging
import logging.handlers
import sys

from seafevents.version import VERSION

_FORMAT = "[%(asctime)s] [%(levelname)s] %(name)s:%(lineno)s %(message)s"
_BEFORE_12 = "[%(asctime)s] [%(levelname)s] %(message)s"


class LogConfigurator:
    def __init__(self, level, logfile=None):
        handler = (
            logging.handlers.TimedRotatingFileHandler(logfile, when="W0", interval=1)
            if logfile
            else logging.StreamHandler(sys.stdout)
        )
        text = _FORMAT if VERSION >= 12 else _BEFORE_12
        handler.setFormatter(logging.Formatter(text if logfile else f"[seafevents] {text}"))
        logging.root.setLevel(level.upper())
        logging.root.addHandler(handler)
