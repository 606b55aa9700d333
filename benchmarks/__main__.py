"""All budgets in one table, from one run.

    python -m benchmarks [--quick] [--output FILE] [PART ...]

PART: files latency process memory database page; all of them without any. --quick: fewer repetitions, about twelve
minutes on a quiet machine with two cores, instead of twenty. The table is printed and, after each part, written to FILE
(Markdown; .cache/budgets.md), so that a run that is interrupted leaves what it has measured.
"""

from __future__ import annotations

import argparse
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from . import bench_database, bench_latency, bench_memory, bench_page, bench_process, bench_transfer
from .common import Row, table

PARTS: dict[str, Callable[..., list[Row]]] = {
    "files": bench_transfer.rows,
    "latency": bench_latency.rows,
    "process": bench_process.rows,
    "memory": bench_memory.rows,
    "database": bench_database.rows,
    "page": bench_page.rows,
}


def measured(name: str, *, quick: bool) -> list[Row]:
    """One part; what does not come to its end is a miss, and no reason to stop."""
    print(f"## {name}", flush=True)
    began = time.monotonic()
    try:
        return PARTS[name](quick=quick)
    except Exception as error:  # noqa: BLE001 (it is in the table)
        traceback.print_exc()
        return [Row(name, f"did not come to its end: {type(error).__name__}", met=False)]
    finally:
        print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", choices=[[], *PARTS], help=" ".join(PARTS))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--output", type=Path, default=Path(__file__).parents[1] / ".cache" / "budgets.md")
    options = parser.parse_args()
    rows: list[Row] = []
    for name in options.parts or PARTS:
        rows += measured(name, quick=options.quick)
        options.output.write_text(table(rows), encoding="utf-8")
    print(table(rows))


if __name__ == "__main__":
    main()
