"""Every benchmark, one after the other: ``python -m benchmarks`` (``make bench``); about ten minutes."""

from __future__ import annotations

from . import bench_database, bench_latency, bench_page, bench_process, bench_transfer


def main() -> None:
    for benchmark in (bench_transfer, bench_latency, bench_process, bench_database, bench_page):
        print(f"## {benchmark.__name__.rpartition('.')[2]}: {(benchmark.__doc__ or '').splitlines()[0]}\n", flush=True)
        benchmark.main()


if __name__ == "__main__":
    main()
