"""A secret of a data folder: random bytes in a file that nobody else may read, made when they are asked for first."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from ..errors import StorageUnavailable

_LENGTH = 32
_SAFELY = os.O_NOFOLLOW | os.O_CLOEXEC


def read(path: Path) -> bytes:
    """The bytes in ``path``, always the same ones as long as the file is there. Raises StorageUnavailable."""
    try:
        secret = _read(path)
        if len(secret) != _LENGTH:
            _write(path)
            secret = _read(path)
    except OSError as error:
        raise StorageUnavailable(detail=f"{path}: {error.strerror}") from error
    return secret


def _read(path: Path) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | _SAFELY)
    except FileNotFoundError:
        return b""
    with open(fd, "rb") as file:
        # It may come from a backup that forgets modes.
        os.fchmod(fd, 0o600)
        return file.read(_LENGTH + 1)


def _write(path: Path) -> None:
    """Whole or not at all; of two processes at once the last one wins, and both read what it wrote."""
    new = path.with_name(f"{path.name}.{os.getpid()}")
    with suppress(FileNotFoundError):
        new.unlink()
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _SAFELY, 0o600), "wb") as file:
        file.write(secrets.token_bytes(_LENGTH))
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)
