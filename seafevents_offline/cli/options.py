"""What may be typed: the common options, and types for argparse whose errors are sentences."""

from __future__ import annotations

import re
from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError
from pathlib import Path

from ..checksum import Checksum
from ..endpoint import parse_opened
from ..errors import ChecksumInvalid
from ..status import OfflineDownloadStatus
from ..task import PRIORITIES
from ..units import parse_time

_ADDRESS = "an address is host:port, IP:port, [IPv6]:port or a private network like 10.0.0.0/8"


def add_common(parser: ArgumentParser, *, json: bool, again: bool) -> None:
    """The options that may stand before and after the verb; ``again``: after it, where silence changes nothing."""

    def default(value: object) -> object:
        return SUPPRESS if again else value

    group = parser.add_argument_group("common options")
    group.add_argument(
        "--config", metavar="FILE", type=Path, default=default(None), help="settings, a file like seafevents.conf"
    )
    group.add_argument(
        "--data",
        metavar="DIR",
        type=Path,
        default=default(Path("data")),
        help="where the records and unfinished downloads are (default: ./data)",
    )
    group.add_argument(
        "--library",
        metavar="DIR",
        type=Path,
        default=default(None),
        help="where the files go (default: the setting library, else ./library)",
    )
    group.add_argument(
        "--seafile", metavar="DIR", type=Path, default=default(None), help="work on the Seafile server in this folder"
    )
    if json:
        group.add_argument("--json", action="store_true", default=default(False), help="print JSON instead of words")


def add_allow(parser: ArgumentParser) -> None:
    """For the verbs that download in their own process."""
    parser.add_argument(
        "--allow",
        metavar="ADDRESS",
        type=address,
        action="append",
        default=[],
        help=f"an address in a private network that may be reached; may be repeated ({_ADDRESS})",
    )


def add_timeout(parser: ArgumentParser) -> None:
    """For the verbs that wait."""
    parser.add_argument(
        "--timeout", metavar="TIME", type=seconds, help="stop waiting after this long, e.g. 90s, 10m, 2h"
    )


def add_ids(parser: ArgumentParser, *, nargs: str = "+") -> None:
    parser.add_argument("ids", metavar="ID", type=task_id, nargs=nargs, help="the number of a task, as `list` shows it")


def add_owner(parser: ArgumentParser) -> None:
    """For the verbs that look at many tasks."""
    parser.add_argument(
        "--owner",
        metavar="NAME",
        type=person,
        help="only this person's, by the name that the administrators' page shows (default on a Seafile server: all)",
    )


def seconds(text: str) -> float:
    try:
        return parse_time(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a time; it is a number with s, m, h or d, e.g. 90s") from None


def task_id(text: str) -> int:
    return _whole(text, range(1, 2**63), "is not the number of a task")


def person(text: str) -> str:
    if not text or not text.isprintable():
        raise ArgumentTypeError(f"{text!r} is not the name of a person")
    return text


def port_or_any(text: str) -> int:
    return _whole(text, range(65536), "is not a port; it is a number from 1 to 65535, or 0 for any that is free")


def priority(text: str) -> int:
    return _whole(text, PRIORITIES, "is not a priority; it is a number from 0 to 100, higher goes first")


def count(text: str) -> int:
    return _whole(text, range(1, 1001), "is not a number from 1 to 1000")


def state(text: str) -> OfflineDownloadStatus:
    found = next((status for status in OfflineDownloadStatus if status.state == text.lower()), None)
    if found is None:
        states = ", ".join(status.state for status in OfflineDownloadStatus)
        raise ArgumentTypeError(f"{text!r} is not a state; there are {states}")
    return found


def address(text: str) -> str:
    """As it was typed, when the setting ``allow-addresses`` takes it."""
    try:
        parse_opened(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not an address; {_ADDRESS}") from None
    return text


def checksum(text: str) -> str:
    """In the form in which it is kept."""
    try:
        return str(Checksum.parse(text))
    except ChecksumInvalid as error:
        raise ArgumentTypeError(str(error)) from None


def _whole(text: str, allowed: range, complaint: str) -> int:
    # int() alone takes "1_0", " 1" and digits of every script.
    if not re.fullmatch(r"[0-9]{1,19}", text) or int(text) not in allowed:
        raise ArgumentTypeError(f"{text!r} {complaint}")
    return int(text)
