"""The section ``[OFFLINE DOWNLOAD]`` of conf/seafevents.conf."""

from __future__ import annotations

from configparser import Error, RawConfigParser
from pathlib import Path

from ...settings import SECTION
from . import marks
from .refusal import NotChanged


def lines(tempdir: Path) -> str:
    """What is between the marks."""
    return f"[{SECTION}]\nenabled = true\ntempdir = {tempdir}\n"


def put(file: Path, data: bytes | None, body: str) -> bytes:
    """The settings with the section; as they are when there is one. ``data`` is None when there is no file."""
    if data is not None and _parsed(file, data).has_section(SECTION):
        return data
    return marks.append(data, body)


def take(file: Path, data: bytes) -> bytes | None:
    """The settings without the section that ``put`` wrote; None when nothing but that was ever in them.

    A section that somebody has edited stays.
    """
    found = marks.find(data)
    if not found or not found.is_intact:
        return data
    return None if found.made_file and not found.without else found.without


def _parsed(file: Path, data: bytes) -> RawConfigParser:
    config = RawConfigParser(strict=False)
    try:
        config.read_string(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise NotChanged(f"{file} is not UTF-8 text.") from None
    except Error as error:
        line = getattr(error, "lineno", None) or next(iter(getattr(error, "errors", [])), (1,))[0]
        raise NotChanged(f"{file} is not what settings look like: line {line}.") from None
    return config
