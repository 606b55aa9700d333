"""The block at the end of conf/seahub_settings.py.

It runs in Seahub, in the daemon (10 and newer) and in ``manage.py`` commands. An ImportError that leaves the file makes
Seahub ignore all of it (8 to 14), any other exception keeps Seahub and the daemon from starting (up to 12): so nothing
leaves the block. What it appends to ``sys.path`` comes last, because Seahub takes the first entry away again. Words
that the host's upgrade scripts look for (names of Seahub's settings) are not in it.
"""

from __future__ import annotations

import ast
import warnings
from pathlib import Path

from . import marks
from .refusal import NotChanged

_LINES = """\
try:
{append}\
    from seahub_patch import settings as _offline_settings
    _offline_settings.extend(globals())
    from seafevents_offline.hosts.seafevents import hook as _offline_hook
    _offline_hook.install()
except Exception as _offline_error:
    import logging as _offline_logging
    _offline_logging.getLogger("seafevents_offline").error(
        "offline download is off (%s); what to do says: seafevents-offline doctor --seafile %s",
        _offline_error, {top},
    )
"""

_APPEND = """\
    import sys as _offline_sys
    _offline_sys.path.append({folder})
"""


def lines(top: Path, appended: Path | None) -> str:
    """What is between the marks; ASCII. ``appended``: a folder in which Python finds the package."""
    append = _APPEND.format(folder=ascii(str(appended))) if appended else ""
    return _LINES.format(append=append, top=ascii(str(top)))


def put(file: Path, data: bytes, body: str) -> bytes:
    """The settings with the block at their end; as they are when it is there and nothing but remarks follows.

    ``file`` is for sentences. Raises NotChanged when they are not valid Python.
    """
    before = _parsed(file, data)
    found = _found(file, data)
    if found and found.is_intact and found.body.replace(b"\r\n", b"\n") == body.encode() and _is_empty(found.after):
        return data
    new = marks.append(found.without if found else data, body)
    _prove(file, found.without if found else data, before, new)
    return new


def take(file: Path, data: bytes) -> bytes:
    """The settings without the block. Raises NotChanged when they are not valid Python."""
    _parsed(file, data)
    found = _found(file, data)
    if not found:
        return data
    _parsed(file, found.without)
    return found.without


def _found(file: Path, data: bytes) -> marks.Part | None:
    if marks.has_half(data):
        raise NotChanged(f"The block in {file} has lost its first or its last line; please take it out by hand.")
    return marks.find(data)


def _prove(file: Path, old: bytes, _before: ast.Module, new: bytes) -> None:
    """One statement more than before, and all others what they were."""
    had, has = _parsed(file, old).body, _parsed(file, new).body
    same = [ast.dump(node) for node in had] == [ast.dump(node) for node in has[:-1]]
    if not same or not isinstance(has[-1], ast.Try):
        raise NotChanged(f"Nothing can be put behind the last line of {file}.")


def _is_empty(data: bytes) -> bool:
    return all(not line.strip() or line.lstrip().startswith(b"#") for line in data.splitlines())


def _parsed(file: Path, data: bytes) -> ast.Module:
    with warnings.catch_warnings():
        # What the administrator's own lines deserve to be warned of is for Seahub to say.
        warnings.simplefilter("ignore")
        try:
            # Some errors come only with the code.
            compile(data, str(file), "exec", dont_inherit=True)
            return ast.parse(data, str(file))
        except SyntaxError as error:
            # Without the text of the line, which may hold a password.
            raise NotChanged(f"{file} is not valid Python: line {error.lineno or 1}: {error.msg}.") from None
        except (ValueError, RecursionError, MemoryError) as error:
            raise NotChanged(f"{file} is not valid Python: {error}.") from None
