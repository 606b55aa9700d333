"""The section ``[OFFLINE DOWNLOAD]`` of conf/seafevents.conf."""

from __future__ import annotations

import re
from configparser import RawConfigParser
from pathlib import Path

from ...settings import SECTION, Settings, read_config, unknown_options
from . import marks
from .refusal import NotChanged

_HEADER = re.compile(rb"^\[" + SECTION.encode() + rb"\]", re.MULTILINE)

#: What ends a value, begins a remark behind it, or is no text.
_NO_VALUE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]|\s[#;]|\s$")


def lines(tempdir: Path) -> str:
    """What is between the marks. ASCII where the path is: hosts read the file as their locale says.

    Raises NotChanged for a path that settings cannot hold.
    """
    if _NO_VALUE.search(str(tempdir)):
        raise NotChanged(f"The folder {tempdir} has a name that cannot stand in settings.")
    return f"[{SECTION}]\nenabled = true\ntempdir = {tempdir}\n"


def put(file: Path, data: bytes | None, body: str) -> bytes:
    """The settings with the section; as they are when there is one. ``data``: the content of ``file``, None when there
    is no file.

    Raises SettingsUnreadable, NotChanged: a host that cannot read its settings does not start.
    """
    if data is not None and read_config(file).has_section(SECTION):
        return data
    new = marks.append(data, body)
    if _section_of(new) != _section_of(body.encode()):
        raise NotChanged(f"The section [{SECTION}] cannot be put behind the last line of {file}.")
    return new


def remarks(file: Path) -> list[str]:
    """What an administrator should know of the section in ``file``. Raises SettingsError when a value is bad."""
    config = read_config(file)
    enabled = Settings.from_config(config).enabled
    hints = unknown_options(config)
    if not enabled:
        hints.append(
            f"The section [{SECTION}] in {file} stays as it is; the feature is off until it says enabled = true."
        )
    return hints


def take(data: bytes) -> bytes | None:
    """The settings without the section that ``put`` wrote; None when there was no file before.

    A section that somebody has edited stays.
    """
    found = marks.find(data)
    if not found or not found.is_intact:
        return data
    return None if found.made_file and not found.without else found.without


def is_in(data: bytes) -> bool:
    """Whether the settings have the section, whoever wrote it and whatever else is in them."""
    return bool(_HEADER.search(data))


def _section_of(data: bytes) -> dict[str, str]:
    config = RawConfigParser()
    config.read_string(data.decode("utf-8"))
    return dict(config.items(SECTION))
