"""``make chaos``: one large run, with a database server of its own."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from pathlib import Path

from tests.support.databases import new_mariadb, remove_mariadb

from .chaos import Chaos, Size

logger = logging.getLogger(__name__)

#: Seconds for each fault; many of them last longer, and overlap.
_PACE = 5.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=main.__doc__)
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--tasks", type=int, default=300)
    parser.add_argument("--faults", type=int, default=40)
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--seconds", type=float, help="for all faults together; many overlap")
    order = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    size = Size(order.tasks, order.faults, order.people, order.seconds or max(20.0, order.faults * _PACE))
    begun = time.monotonic()
    server = new_mariadb(options=())
    try:
        with tempfile.TemporaryDirectory(prefix="offline-chaos-") as folder:
            Chaos(Path(folder), server, order.seed, size, own_server=True).run()
    except AssertionError as error:
        sys.exit(f"{error}\n\nThis went wrong with seed {order.seed}, after {time.monotonic() - begun:.0f} s.")
    finally:
        remove_mariadb(server)
    logger.info("All is accounted for, after %.0f s.", time.monotonic() - begun)


if __name__ == "__main__":
    main()
