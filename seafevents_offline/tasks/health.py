"""What a node says of itself with each beat: small, and quickly found out."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ..disk import Disk
from ..engines.base import EngineInfo
from ..errors import OfflineDownloadError
from .run import TaskRun

#: Characters of each text: the row is read with every answer that pages give about the service.
_LONGEST = 100


def engine_as_json(info: EngineInfo) -> dict[str, str]:
    """What is worth telling about the engine."""
    return {name: getattr(info, name)[:_LONGEST] for name in ("name", "version", "tls")}


def health(
    *,
    workers: int,
    runs: Collection[TaskRun],
    engine: dict[str, str],
    guard: dict[str, object],
    disk: Disk,
    scan_age: float,
) -> dict[str, Any]:
    """The column ``health`` of a node's row.

    ``scan_age``: seconds since the last scan that succeeded; an age, so that no two clocks need to agree.
    ``suspended``: how many downloads stand still because the engine or the guard is away.
    """
    return {
        "workers": workers,
        "running": len(runs),
        "suspended": sum(run.suspended for run in runs),
        "engine": engine,
        "guard": guard,
        "disk": _disk(disk),
        "scan_age": round(scan_age, 1),
    }


def off(error: OfflineDownloadError) -> dict[str, Any]:
    """The column of a node that did not start, written once."""
    return {"off": {"reason": error.reason, "args": error.reason_args, "sentence": str(error)}}


def _disk(disk: Disk) -> dict[str, int | bool] | None:
    """Bytes, and whether nothing is begun because of them; None when the folder cannot be looked at, which must not
    keep the node from saying that it lives."""
    try:
        found = disk.space()
    except OSError:
        return None
    return {"free": found.free, "total": found.total, "full": disk.is_full}
