"""How long files take, against plain aria2c on the same links and against ourselves without the guard."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from unittest.mock import patch

from seafevents_offline.status import OfflineDownloadStatus
from tests.support.service import Service

from .common import Row, median, place, report, seconds, server, service, until

#: How often each is measured, in turn with what it is held against; ``quick``: less often.
PAIRS, FEW_PAIRS = 5, 3
GIB = 1024**3

LOOPBACK = "server, aria2c and service share this machine's cores"


def plain(folder: Path, *options: str) -> float:
    """``aria2c`` with ``options``, then ``sync`` of what it wrote: seconds."""
    folder.mkdir(parents=True)

    def run() -> None:
        subprocess.run(["aria2c", "--no-conf", "-q", "--file-allocation=none", f"--dir={folder}", *options], check=True)
        subprocess.run(["sync", *map(str, folder.iterdir())], check=True)

    return seconds(run)


def ours(folder: Path, urls: list[str], *, guarded: bool = True, **settings: object) -> float:
    """From the wake after all records were inserted until every one is OK: seconds."""
    with service(folder, guarded=guarded, **settings) as running:
        # The first scan may come while they are inserted; nothing begins before all are there.
        with patch.object(running.downloader.repository, "claim", return_value=[]):
            for url in urls:
                running.add(url)

        def run() -> None:
            running.downloader.wake()
            # Looking costs what is measured: the folder is cheaper to ask than the database.
            until(lambda: len(os.listdir(running.library)) == len(urls))
            until(lambda: _done(running) == len(urls), pause=0.001)

        return seconds(run)


def _done(running: Service) -> int:
    return running.repository.stats().by_status[OfflineDownloadStatus.OK].tasks


def one_large_file(url: str, pairs: int) -> Row:
    link = f"{url}/bytes/{GIB}/1/large.bin"
    ratios, times = [], []
    for _ in range(pairs):
        with place() as folder:
            base = plain(folder / "plain", "-x8", "-s8", "-k4M", link)
        with place() as folder:
            times.append(ours(folder, [link]))
        ratios.append(times[-1] / base)
    ratio = median(ratios)
    measured = f"{ratio:.2f} × ({median(times):.1f} s; {each(ratios)})"
    caveat = f"see the spread; {LOOPBACK}"
    return Row("1 GiB against aria2c and sync", measured, "≤ 1.05 ×", ratio <= 1.05, caveat)


def each(ratios: list[float]) -> str:
    """What the median was taken of."""
    return " ".join(f"{ratio:.2f}" for ratio in sorted(ratios))


def many_small_files(url: str, pairs: int) -> list[Row]:
    links = [f"{url}/bytes/10kb/{n}/{n}.bin" for n in range(1000)]
    against_aria2c, against_unguarded, times = [], [], []
    for _ in range(pairs):
        with place() as folder:
            (folder / "list").write_text("\n".join(links))
            base = plain(folder / "plain", "-j64", f"--input-file={folder / 'list'}")
        with place() as folder:
            unguarded = ours(folder, links, guarded=False, workers=64)
        with place() as folder:
            times.append(ours(folder, links, workers=64))
        against_aria2c.append(times[-1] / base)
        against_unguarded.append(times[-1] / unguarded)
    ratio, cost = median(against_aria2c), median(against_unguarded)
    measured = f"{ratio:.2f} × ({median(times):.2f} s; {each(against_aria2c)})"
    more = f"{cost:.2f} × ({each(against_unguarded)})"
    return [
        Row("1,000 files of 10 KiB against aria2c -j64", measured, "≤ 3 ×", ratio <= 3, LOOPBACK),
        Row("1,000 files of 10 KiB with the guard against without", more, "≤ 1.15 ×", cost <= 1.15, LOOPBACK),
    ]


def a_slow_server(url: str) -> Row:
    link = f"{url}/bytes/100mb/1/slow.bin?rate=5000000"
    with place() as folder:
        single = ours(folder, [link], connections=1)
    with place() as folder:
        eight = ours(folder, [link], connections=8)
    ratio = single / eight
    return Row("5 MB/s a connection: 8 against 1", f"{ratio:.1f} × ({eight:.1f} s)", "≥ 7 ×", ratio >= 7, "100 MB")


def rows(*, quick: bool = False) -> list[Row]:
    pairs = FEW_PAIRS if quick else PAIRS
    with server() as url:
        return [one_large_file(url, pairs), *many_small_files(url, pairs), a_slow_server(url)]


def main() -> None:
    report(rows())


if __name__ == "__main__":
    main()
