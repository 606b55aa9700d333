"""What keeps a thread alive that serves everybody."""

from __future__ import annotations

import logging
from collections.abc import Callable

from .text import traceback_of

logger = logging.getLogger(__name__)


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
