"""The secrets of the page, all made from one file, so that a printed link stays good when the service starts anew."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from pathlib import Path

from .. import keyfile

_FILE = "page-secret"


@dataclass(frozen=True)
class Keys:
    """``token`` signs a browser in; ``signing`` is what Django signs cookies with. Removing the file changes both."""

    token: str = field(repr=False)
    signing: str = field(repr=False)


def read(data: Path) -> Keys:
    """The keys of a data folder, made when there are none yet. Raises StorageUnavailable."""
    secret = keyfile.read(data / _FILE)
    return Keys(token=_derive(secret, "page token")[:32], signing=_derive(secret, "cookie signatures"))


def _derive(secret: bytes, label: str) -> str:
    digest = hmac.digest(secret, f"seafevents-offline {label}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
