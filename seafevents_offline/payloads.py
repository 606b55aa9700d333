"""What lies in a task's folder: what may be stored of it, and what it tells about an interrupted run.

The engine's words and the server's names are hostile here: only regular files inside the folder count.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote, urlsplit

from .checksum import Checksum
from .custody import take_back
from .engines.base import DownloadEngine, EngineFile, Snapshot
from .errors import PayloadLost, PayloadUnusable, TempDirUnusable
from .filename import safe_name
from .task import KEPT_FOR, Payload, PayloadFile, Task
from .threads import offload

#: An engine adds endings of its own to a file's name while it works; names up to this many bytes leave room.
_MAX_ENGINE_NAME_BYTES = 200

#: Bytes that are read at once for a checksum, and how often before somebody may want to interrupt.
_CHUNK = 1024**2
_PORTION = 16

# What a comment holds is spelt out: ".*?" could run over its end, and a file of comments would take for ever.
_PAGE_START = re.compile(
    rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(<!--(?:(?!-->).)*-->\s*)*<(!doctype\s+html|html)\b",
    re.IGNORECASE | re.DOTALL,
)
_PAGE_ENDINGS = frozenset({"", ".html", ".htm", ".xhtml", ".shtml", ".php", ".asp", ".aspx", ".jsp", ".cgi", ".mht"})


def fitting_name(url: str) -> str:
    """Empty when the engine can use the link's own last part as a file name, else a short safe one of ours."""
    last = unquote(urlsplit(url).path.rpartition("/")[2])
    if len(last.encode()) <= _MAX_ENGINE_NAME_BYTES:
        return ""
    stem, extension = os.path.splitext(safe_name(last))
    return stem.encode()[:_MAX_ENGINE_NAME_BYTES].decode("utf-8", "ignore") + extension


def verified(folder: Path, snapshot: Snapshot) -> Payload:
    """The payload of a complete transfer: exactly what the engine reports, taken from its hands and proven on the disk.

    Raises PayloadUnusable for anything else than complete regular files inside ``folder``, PayloadLost when they are
    gone and TempDirUnusable when they cannot be looked at.
    """
    if not snapshot.files:
        raise PayloadUnusable()
    _take_back(folder)
    return _payload("", [_verified_file(folder, file) for file in snapshot.files])


def leftover(task: Task, folder: Path, engine: DownloadEngine) -> Payload | None:
    """The complete payload that an interrupted run left: the engine had finished it, and its length is the recorded
    one. None for anything else."""
    try:
        _take_back(folder)
        files = [_found_file(folder, path) for path in engine.finished(folder)]
    except (PayloadUnusable, PayloadLost):
        return None
    payload = _payload(task.name, files)
    return payload if files and payload.size == task.size else None


def matches(payload: Payload, checksum: Checksum, pause: Callable[[], None]) -> bool:
    """Whether it is the one file that comes to ``checksum``. Reads all of it; ``pause`` is called now and then and may
    raise. Raises PayloadLost and TempDirUnusable."""
    if len(payload.files) != 1:
        return False
    (only,) = payload.files
    hasher = checksum.hasher()
    try:
        with open(only.source, "rb") as file:
            while offload(_read_on, file, hasher):
                pause()
    except FileNotFoundError:
        raise PayloadLost() from None
    except OSError as error:
        raise TempDirUnusable(path=str(Path(only.source).parent), detail=error.strerror) from error
    return bool(hasher.hexdigest() == checksum.digest)


def _read_on(file: IO[bytes], hasher: Any) -> bool:
    """One more portion; False at the end."""
    for _ in range(_PORTION):
        chunk = file.read(_CHUNK)
        if not chunk:
            return False
        hasher.update(chunk)
    return True


def is_stale(payload: Payload) -> bool:
    """Whether it has been complete for so long that its room on the disk is worth more than another download."""
    try:
        completed = max(os.stat(file.source).st_mtime for file in payload.files)
    except OSError:
        return False
    return time.time() - completed > KEPT_FOR


def is_unexpected_page(url: str, payload: Payload) -> bool:
    """A page of HTML although the link promised a file (its last part has another ending)."""
    ending = os.path.splitext(unquote(urlsplit(url).path.rpartition("/")[2]))[1].lower()
    if ending in _PAGE_ENDINGS or len(payload.files) != 1:
        return False
    try:
        with open(payload.files[0].source, "rb", buffering=0) as file:
            return _PAGE_START.match(file.read(1024)) is not None
    except OSError:
        # Storing it will meet the same fault and knows what it means.
        return False


def _payload(name: str, files: list[PayloadFile]) -> Payload:
    """One file is called by its own name; several, where they share a folder, by that folder's."""
    tops = {file.name.partition("/")[0] for file in files}
    if len(files) == 1:
        (only,) = files
        return Payload(name or only.name.rpartition("/")[2], (only,))
    if len(tops) == 1:
        (top,) = tops
        files = [replace(file, name=file.name.partition("/")[2]) for file in files]
        return Payload(name or top, tuple(files))
    return Payload(name, tuple(files))


def _verified_file(folder: Path, file: EngineFile) -> PayloadFile:
    if file.completed != file.size:
        raise PayloadUnusable()
    found = _found_file(folder, file.path)
    if found.size != file.size:
        raise PayloadUnusable()
    return found


def _take_back(folder: Path) -> None:
    try:
        take_back(folder)
    except FileNotFoundError:
        raise PayloadLost() from None
    except OSError as error:
        raise TempDirUnusable(path=str(folder), detail=error.strerror) from error


def _found_file(folder: Path, path: Path) -> PayloadFile:
    """``path`` as a part of the payload; no link on the way, no way out of the folder."""
    try:
        relative = path.relative_to(folder)
        above = [os.lstat(folder / parent) for parent in list(relative.parents)[:-1]]
        if ".." in relative.parts or not all(stat.S_ISDIR(one.st_mode) for one in above):
            raise PayloadUnusable()
        found = os.lstat(path)
    except ValueError:
        raise PayloadUnusable() from None
    except (FileNotFoundError, NotADirectoryError):
        raise PayloadLost() from None
    except OSError as error:
        # Ours, not the file's: too many open files, a disk that fails.
        raise TempDirUnusable(path=str(folder), detail=error.strerror) from error
    if not stat.S_ISREG(found.st_mode):
        raise PayloadUnusable()
    return PayloadFile("/".join(relative.parts), str(path), found.st_size)
