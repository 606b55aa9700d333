"""The secrets of the page, all made from one file, so that a printed link stays good when the service starts anew."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import StorageUnavailable

_FILE = "page-secret"
_LENGTH = 32
_SAFELY = os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class Keys:
    """``token`` signs a browser in; ``signing`` is what Django signs cookies with. Removing the file changes both."""

    token: str = field(repr=False)
    signing: str = field(repr=False)


def read(data: Path) -> Keys:
    """The keys of a data folder, made when there are none yet. Raises StorageUnavailable."""
    path = data / _FILE
    try:
        secret = _read(path)
        if len(secret) != _LENGTH:
            _write(path)
            secret = _read(path)
    except OSError as error:
        raise StorageUnavailable(detail=f"{path}: {error.strerror}") from error
    return Keys(token=_derive(secret, "page token")[:32], signing=_derive(secret, "cookie signatures"))


def _derive(secret: bytes, label: str) -> str:
    digest = hmac.digest(secret, f"seafevents-offline {label}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


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
