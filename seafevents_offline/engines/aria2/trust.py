"""Whom aria2c trusts: always one file, named explicitly, because its own default depends on who built it."""

from __future__ import annotations

import os
from pathlib import Path

import certifi

from ...errors import EngineUnavailable

#: Where distributions keep the bundle that their administrators maintain.
SYSTEM_BUNDLES = (
    Path("/etc/ssl/certs/ca-certificates.crt"),  # Debian, Ubuntu, Alpine, Arch
    Path("/etc/pki/tls/certs/ca-bundle.crt"),  # RHEL, Fedora
    Path("/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"),  # RHEL 10
    Path("/etc/ssl/ca-bundle.pem"),  # SUSE
    Path("/etc/ssl/cert.pem"),  # Alpine, BSD
)


def find_bundle(setting: str) -> Path:
    """The file of CA certificates: the option ``ca-certificate``, the system's, or that of certifi.

    Raises EngineUnavailable when the named file cannot serve; nothing else is taken in its place then.
    """
    if setting:
        path = Path(setting).absolute()
        if not _is_bundle(path):
            raise EngineUnavailable(detail=f"the setting ca-certificate names {path}, which has no certificates in it.")
        return path
    return next((path for path in SYSTEM_BUNDLES if _is_bundle(path)), Path(certifi.where()))


def lend(bundle: Path, home: Path) -> Path:
    """A copy of ``bundle`` in ``home`` that everybody may read, for an aria2c that is another user than we: it may not
    go everywhere. The answer is relative to ``home``. Raises EngineUnavailable."""
    copy = home / "ca-certificates.pem"
    try:
        copy.unlink(missing_ok=True)
        with os.fdopen(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(bundle.read_bytes())
            os.fchmod(file.fileno(), 0o644)
    except OSError as error:
        raise EngineUnavailable(detail=f"{bundle} cannot be copied into {home}: {error.strerror}.") from error
    return copy.relative_to(home)


def _is_bundle(path: Path) -> bool:
    try:
        return b"CERTIFICATE-----" in path.read_bytes()
    except OSError:
        return False
