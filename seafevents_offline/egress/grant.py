"""What one claim of a task may do at the guard, and the credentials that carry it there and cannot be forged.

The grant itself is the user name and its HMAC the password, so that the guard needs no table of tasks: also one that
was just started anew knows at once who is asking.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass, replace

from ..pin import Pin

#: Bytes of the key; made anew by each daemon, kept nowhere.
KEY_BYTES = 32


@dataclass(frozen=True)
class Grant:
    """``bytes``: what may pass, in both directions and over all tunnels together; 0 is no limit.

    ``tunnels``: how many may be open at once. ``door``: a port of 127.0.0.1 that may be reached although it is this
    machine, 0 for none: the canary's redirecting listener, never a task's. ``serial``: tells apart the times that one
    claim began, for the end of the one may come to the guard after the beginning of the next. ``only``: the one server
    that may be connected to, because the download tells it a secret; None for any.
    """

    odr_id: int
    claim: int
    owner: str
    bytes: int
    tunnels: int
    door: int = 0
    serial: int = 0
    only: Pin | None = None


def credentials(key: bytes, grant: Grant) -> tuple[str, str]:
    """User name and password; neither has a colon, a blank or anything else that needs encoding."""
    text = json.dumps(list(asdict(grant).values()), ensure_ascii=False, separators=(",", ":"))
    user = urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode("ascii")
    return user, _password(key, user)


def verify(key: bytes, user: str, password: str) -> Grant | None:
    """The grant behind these credentials; None when they are not ours. Takes equally long for all wrong ones."""
    if not hmac.compare_digest(_password(key, user).encode(), password.encode("utf-8", "surrogatepass")):
        return None
    text = urlsafe_b64decode(user).decode("utf-8", "surrogatepass")
    *values, only = json.loads(text)
    return replace(Grant(*values), only=Pin(**only) if only else None)


def _password(key: bytes, user: str) -> str:
    digest = hmac.digest(key, user.encode("utf-8", "surrogatepass"), "sha256")
    return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
