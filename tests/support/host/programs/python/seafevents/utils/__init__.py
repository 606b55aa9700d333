import atexit
import os

from seafevents.version import VERSION

if VERSION >= 12:
    # Before seafevents.app.app is: so the administrator's settings are executed before that.
    from seafevents.app.config import TIME_ZONE as TIME_ZONE


def write_pidfile(pidfile):
    with open(pidfile, "w", encoding="ascii") as file:
        file.write(str(os.getpid()))
    atexit.register(os.remove, pidfile)
