"""The block at the end of conf/seahub_settings.py.

It runs in Seahub, in the daemon and in ``manage.py`` commands. An ImportError that leaves the file makes Seahub ignore
all of it; any other exception does so since 13, and up to 12 keeps Seahub and the daemon from starting. So nothing
leaves the block. What it appends to ``sys.path`` comes last, because Seahub takes the first entry away again. Words
that the host's upgrade scripts look for (names of Seahub's settings) are not in it.
"""

from __future__ import annotations

import ast
import shlex
import warnings
from pathlib import Path

from . import marks
from .place import Installation
from .refusal import NotChanged

# Logging is not set up at this moment, so what it is told goes to a standard error that a daemon has not got; Seahub 13
# writes into its log by hand then, too. A log that is not there is not made: it might get another owner than Seahub.
_LINES = """\
try:
{append}\
    from seahub_patch import settings as _offline_settings
    _offline_settings.extend(globals())
    from seafevents_offline.hosts.seafevents import hook as _offline_hook
    _offline_hook.install()
except Exception as _offline_error:
    import logging as _offline_logging, time as _offline_time
    _offline_text = "offline download is off (%s); what to do says: %s doctor --seafile %s"
    _offline_text %= _offline_error, {command}, {top}
    _offline_logging.getLogger("seafevents_offline").error("%s", _offline_text)
    try:
        with open({log}, "r+", encoding="utf-8", errors="backslashreplace") as _offline_log:
            _offline_log.seek(0, 2)
            _offline_log.write(_offline_time.strftime("[%Y-%m-%d %H:%M:%S] [ERROR] ") + _offline_text + "\\n")
    except Exception:
        pass
"""

_APPEND = """\
    import sys as _offline_sys
    _offline_sys.path.append({folder})
"""


def lines(place: Installation, appended: Path | None, command: Path | None = None) -> str:
    """What is between the marks; ASCII. ``appended``: a folder in which Python finds the package; ``command``: our
    program, where it is not on PATH."""
    return _LINES.format(
        append=_APPEND.format(folder=ascii(str(appended))) if appended else "",
        command=_word(command or "seafevents-offline"),
        top=_word(place.top),
        log=ascii(str(place.logs / "seahub.log")),
    )


def _word(path: str | Path) -> str:
    """To be copied into a shell."""
    return ascii(shlex.quote(str(path)))


def put(file: Path, data: bytes, body: str) -> bytes:
    """The settings with the block at their end; as they are when it is there and nothing but remarks follows.

    ``data``: the content of ``file``. Raises NotChanged when it is not valid Python.
    """
    _check(file, data)
    found = marks.find(data)
    if found and marks.text_of(found.body) == body and _is_empty(found.after):
        return data
    old = _without(data)
    new = marks.append(old, body)
    _prove(file, old, new)
    return new


def take(file: Path, data: bytes) -> bytes:
    """The settings without the block. Raises NotChanged when they are not valid Python, before or then."""
    _check(file, data)
    rest = _without(data)
    _parsed(file, rest)
    return rest


def _without(data: bytes) -> bytes:
    """Also where somebody has pasted it once more."""
    while found := marks.find(data):
        data = found.without
    return data


def _is_empty(data: bytes) -> bool:
    """Whether nothing is in it that Python would do."""
    return all(not line.strip() or line.lstrip().startswith(b"#") for line in data.splitlines())


def _check(file: Path, data: bytes) -> None:
    if marks.has_half(data):
        raise NotChanged(f"The block in {file} has lost its first or last line; please take out what is left of it.")
    _parsed(file, data)


def _prove(file: Path, old: bytes, new: bytes) -> None:
    """One statement more than before, and all others what they were."""
    had = [ast.dump(node) for node in _parsed(file, old).body]
    try:
        *has, ours = _parsed(file, new).body
    except (NotChanged, ValueError):
        # Some encodings read our letters otherwise.
        has, ours = [], None
    if [ast.dump(node) for node in has] != had or not isinstance(ours, ast.Try):
        raise NotChanged(f"Nothing can be put behind the last line of {file}.")


def _parsed(file: Path, data: bytes) -> ast.Module:
    with warnings.catch_warnings():
        # Of what the administrator's own lines deserve to be warned is for Seahub to say.
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
