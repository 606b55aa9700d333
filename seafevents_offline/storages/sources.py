"""What was downloaded, taken up for storing only when it is what it should be."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import PayloadLost, PayloadUnusable, StorageUnavailable
from ..task import PayloadFile

#: How anything is opened here: no link is followed, and no pipe or device is waited for.
SAFELY = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


@contextmanager
def open_source(file: PayloadFile) -> Iterator[int]:
    """The downloaded file, proven to be a regular one of the right size. Raises PayloadLost or PayloadUnusable."""
    try:
        fd = os.open(file.source, os.O_RDONLY | SAFELY)
    except (FileNotFoundError, NotADirectoryError):
        raise PayloadLost() from None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise PayloadUnusable() from error
        raise StorageUnavailable(detail=error.strerror or str(error)) from error
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or found.st_size != file.size:
            raise PayloadUnusable()
        yield fd
    finally:
        os.close(fd)
