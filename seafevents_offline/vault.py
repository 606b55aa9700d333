"""What links need, encrypted for the table, so that its reader learns nothing but that there is something.

    SECRET_KEY ── HKDF-SHA256, label ──> key ── AES-256-GCM, nonce by chance, bound to owner and link ──> text

The server's SECRET_KEY is in its settings, never in the database: who has only one of the two has nothing. A text that
was moved to another row, or changed, opens as little as one of another key.
"""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import Any

from .errors import SecretsUnreadable, VaultUnavailable
from .extras import Extras, Sealed

#: Of the first form of text; another one gets another label and another beginning.
LABEL = b"seafevents-offline 1: what links need"
_FORM = "1."

_KEY_LENGTH, _NONCE_LENGTH, _TAG_LENGTH = 32, 12, 16

#: How long a password is cannot be seen: all texts are filled up to a multiple of so many bytes.
_STEP = 256


@dataclass(frozen=True)
class Vault:
    """``secret``: the server's, from which the key is made; empty where there is none. Any thread may use it."""

    secret: bytes

    def __repr__(self) -> str:
        return "Vault()"

    def seal(self, extras: Extras, owner: str, url: str) -> Sealed | None:
        """The text is ASCII; None for nothing, which needs no vault. Raises VaultUnavailable."""
        if not extras:
            return None
        plain = json.dumps(extras.to_json(), separators=(",", ":")).encode("ascii")
        nonce = secrets.token_bytes(_NONCE_LENGTH)
        sealed, tag = self._cipher(nonce, owner, url).encrypt_and_digest(plain.ljust(-(-len(plain) // _STEP) * _STEP))
        text = _FORM + base64.urlsafe_b64encode(nonce + tag + sealed).decode("ascii")
        return Sealed(text, extras.kinds)

    def open(self, text: str, owner: str, url: str) -> Extras:
        """What was sealed for this owner and link. Raises SecretsUnreadable or VaultUnavailable."""
        nonce, tag, sealed = _taken_apart(text)
        cipher = self._cipher(nonce, owner, url)
        try:
            return Extras.from_json(json.loads(cipher.decrypt_and_verify(sealed, tag)))
        except (ValueError, KeyError, TypeError):
            # Without its cause, which may quote what was found.
            raise SecretsUnreadable() from None

    def check(self) -> None:
        """Whether anything can be sealed here. Raises VaultUnavailable."""
        if not self.secret:
            raise VaultUnavailable(detail="the server's SECRET_KEY is not known.")
        if not is_possible():
            raise VaultUnavailable(detail="the Python package pycryptodome is not installed.")

    def _cipher(self, nonce: bytes, owner: str, url: str) -> Any:
        self.check()
        from Crypto.Cipher import AES  # noqa: PLC0415 (it may not be installed)

        cipher = AES.new(self._key, AES.MODE_GCM, nonce=nonce, mac_len=_TAG_LENGTH)
        # No zero byte is in either, so that no two pairs give the same.
        cipher.update(b"\0".join((LABEL, *(part.encode("utf-8", "surrogatepass") for part in (owner, url)))))
        return cipher

    @cached_property
    def _key(self) -> bytes:
        from Crypto.Hash import SHA256  # noqa: PLC0415
        from Crypto.Protocol.KDF import HKDF  # noqa: PLC0415

        key = HKDF(self.secret, _KEY_LENGTH, b"", SHA256, context=LABEL)
        assert isinstance(key, bytes), "one key was asked for"
        return key


def is_possible() -> bool:
    """Whether the package that encrypts is installed here."""
    try:
        return find_spec("Crypto.Cipher.AES") is not None
    except ModuleNotFoundError:
        return False


def _taken_apart(text: str) -> tuple[bytes, bytes, bytes]:
    try:
        data = base64.b64decode(text.removeprefix(_FORM), altchars=b"-_", validate=True)
    except ValueError:
        raise SecretsUnreadable() from None
    if not text.startswith(_FORM) or len(data) <= _NONCE_LENGTH + _TAG_LENGTH:
        raise SecretsUnreadable()
    return data[:_NONCE_LENGTH], data[_NONCE_LENGTH:][:_TAG_LENGTH], data[_NONCE_LENGTH + _TAG_LENGTH :]
