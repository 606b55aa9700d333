"""What a file is by what it holds, as the program ``file`` says it: never by its name or by what its server says.

libmagic reads hostile bytes, and has had holes now and then. So it does not come into the daemon, which may be root,
and under host 12 is one thread for everybody: its own program is a child for each file, confined as no other of ours
is (no rights, no other process, no network where the kernel can see to that, little memory and time). The file comes
open on its standard input, so that no name reaches it and it needs no right to any folder; what it says goes into
memory that cannot grow. Its account is aria2's: what aria2 still writes, either could meddle with, but what is going to
be stored is ours by then. No Python package is needed: python-magic would be one more for each host, and want a child
to be in all the same.

Only the beginning of a file is looked at (and its end, where a format has its mark there), of any length the same, so
that a file is already what it will be while the rest of it is still to come.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from .confine import CANNOT_RUN, NO_PORT, Confinement, account, command
from .errors import KindUnknown, SnifferUnavailable
from .mime import BEGINNING

#: Seconds that it may work: usually some hundredths. Who makes it work for ever has made the file for that.
CPU_LIMIT = 10

#: Seconds until it is given up, for a disk or a machine that does not get on.
TIME_LIMIT = 60.0

_MEMORY = 256 * 1024**2
_FILES = 16

#: Bytes of what it says. A type is a line of less than 256 (RFC 6838).
_LONGEST = 4096

#: Seconds between two looks whether somebody wants to interrupt.
_TURN = 0.5

_ARGUMENTS = ("--brief", "--mime-type", "-E", "-P", f"bytes={BEGINNING}", "-")
_KIND = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}", re.ASCII)

#: What it is asked to see whether it works at all.
_PROBE, _PROBE_KIND = b"%PDF-1.7\n", "application/pdf"


@dataclass(frozen=True)
class Sniffer:
    """``run_as``: the setting; whose the child is when we are root."""

    run_as: str = "nobody"

    def check(self) -> str:
        """The program, which has just been tried. Raises SnifferUnavailable with what to do, SettingsError or
        EngineUnavailable for an account that will not do."""
        program = _find()
        with _in_memory("offline-probe", _PROBE) as fd:
            said = self._ask(program, fd, lambda: None)
        if said != _PROBE_KIND:
            raise SnifferUnavailable(detail=f"{program} does not do its work: {said or 'it says nothing'}.")
        return program

    def kind(self, fd: int, pause: Callable[[], None]) -> str:
        """The type of the open regular file, like ``image/png``; of an empty one ``application/x-empty``.

        ``pause`` is called now and then and may raise. Raises KindUnknown when it dies of this file or says nothing
        that is a type, and as ``check`` when it works with no file.
        """
        os.lseek(fd, 0, os.SEEK_SET)
        said = self._ask(_find(), fd, pause).lower()
        if _KIND.fullmatch(said):
            return said
        self.check()
        raise KindUnknown()

    def _ask(self, program: str, fd: int, pause: Callable[[], None]) -> str:
        """What it says or complains of, in one line, empty when it was ended."""
        limits = Confinement(
            account(self.run_as),
            largest_file=_LONGEST,
            files=_FILES,
            memory=_MEMORY,
            alone=True,
            port=NO_PORT,
            cpu=CPU_LIMIT,
        )
        with _in_memory("offline-kind") as answer:
            try:
                child = subprocess.Popen(
                    command([program, *_ARGUMENTS], limits),
                    stdin=fd,
                    stdout=answer,
                    stderr=answer,
                    # No magic of somebody's home.
                    env={"PATH": os.defpath, "LC_ALL": "C"},
                    cwd="/",
                    start_new_session=True,
                )
            except OSError as error:
                raise SnifferUnavailable(detail=f"{program} cannot be started: {error.strerror}.") from error
            code = _wait(child, program, pause)
            said = os.pread(answer, _LONGEST, 0).decode("utf-8", "replace").strip()
        if code == CANNOT_RUN:
            raise SnifferUnavailable(detail=f"{said}.")
        return "" if code < 0 else " ".join(said.split())


def _find() -> str:
    program = shutil.which("file") or shutil.which("file", path=os.defpath)
    if program is None:
        raise SnifferUnavailable(
            detail="file was not found; install it with `apt install file`, or take mime-allow and mime-deny out."
        )
    return os.path.abspath(program)


def _wait(child: subprocess.Popen[bytes], program: str, pause: Callable[[], None]) -> int:
    deadline = time.monotonic() + TIME_LIMIT
    try:
        while True:
            pause()
            with suppress(subprocess.TimeoutExpired):
                return child.wait(_TURN)
            if time.monotonic() >= deadline:
                raise SnifferUnavailable(detail=f"{program} does not answer.")
    finally:
        if child.returncode is None:
            child.kill()
            child.wait()


@contextmanager
def _in_memory(name: str, content: bytes = b"") -> Iterator[int]:
    fd = os.memfd_create(name)
    try:
        if content:
            os.write(fd, content)
            os.lseek(fd, 0, os.SEEK_SET)
        yield fd
    finally:
        os.close(fd)
