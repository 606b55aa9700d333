"""Where a secret may have been left for others to see."""

from __future__ import annotations

import contextlib
from pathlib import Path

import psutil


def processes_with(secret: str) -> list[str]:
    """Those whose command line or environment has it, as far as we may look."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            words = [*process.cmdline(), *process.environ().values()]
            found += [str(process) for word in words if secret in word]
    return found


def files_with(secret: str, folder: Path) -> list[str]:
    """Those in the folder that have it in them; what goes meanwhile has not."""
    found = []
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            if path.is_file() and secret.encode() in path.read_bytes():
                found.append(str(path))
    return found
