"""Certificates for tests, made by openssl on the spot."""

from __future__ import annotations

import subprocess
from pathlib import Path


def self_signed(folder: Path, *names: str) -> tuple[Path, Path]:
    """A certificate for ``names`` (host names, or IP addresses as ``IP:127.0.0.1``) that nobody else signed, and its
    key, as files in ``folder``. Who trusts the certificate file trusts the server."""
    certificate, key = folder / f"{names[0]}.crt", folder / f"{names[0]}.key"
    alternatives = ",".join(name if ":" in name else f"DNS:{name}" for name in names)
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", f"/CN={names[0]}", "-addext", f"subjectAltName={alternatives}"]
    command += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return certificate, key
