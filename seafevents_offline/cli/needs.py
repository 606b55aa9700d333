"""What a link needs beside itself, as it is given on the command line: what is secret comes from a terminal or a file,
never as an argument, which everybody on the machine can read."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from getpass import getpass
from pathlib import Path

from ..errors import InputError
from ..extras import Extras, header_names

#: Characters that a file with secrets may have.
_LONGEST = 65536

_STDIN = "-"


class NeedsUnreadable(InputError):
    """Said on the command line alone."""

    sentence = "{detail}"


def add_needs(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("what the link needs")
    group.add_argument("--user", metavar="NAME", default="", help="a user name; the password is asked for")
    group.add_argument(
        "--password-file", metavar="FILE", type=Path, help="the password is the first line of this file (-: of stdin)"
    )
    group.add_argument(
        "--header-file",
        metavar="FILE",
        type=Path,
        help=f"lines like `Name: value` (-: from stdin); there are {', '.join(header_names(cookies=False))}, "
        "and Cookie where the setting cookies is true",
    )
    group.add_argument("--referer", metavar="URL", default="", help="the page that the link is on")
    group.add_argument("--user-agent", metavar="TEXT", default="", help="what to say instead of the program's own name")


def of(args: Namespace, cookies: bool) -> Extras:
    """``cookies``: what the setting says. Raises NeedsUnreadable, and what ``Extras.checked`` raises."""
    lines = _lines(args.header_file) if args.header_file else []
    return Extras.checked(
        user=args.user,
        password=_password(args),
        headers=[_header(line) for line in lines if line.strip() and not line.startswith("#")],
        referer=args.referer,
        user_agent=args.user_agent,
        cookies=cookies,
    )


def _password(args: Namespace) -> str:
    if args.password_file:
        return next(iter(_lines(args.password_file)), "")
    return _asked(args.user) if args.user else ""


def _asked(user: str) -> str:
    """From the terminal, also when stdin is something else."""
    try:
        with open("/dev/tty", "rb"):
            pass
    except OSError:
        raise NeedsUnreadable(detail="There is no terminal to ask for the password; give --password-file.") from None
    try:
        return getpass(f"Password of {user}: ")
    except EOFError:
        raise NeedsUnreadable(detail="No password was given.") from None


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.strip()


def _lines(path: Path) -> list[str]:
    try:
        if str(path) == _STDIN:
            text = sys.stdin.read(_LONGEST)
        else:
            with open(path, encoding="utf-8") as file:
                text = file.read(_LONGEST)
    except OSError as error:
        raise NeedsUnreadable(detail=f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise NeedsUnreadable(detail=f"{path} is not written in UTF-8.") from None
    # Not splitlines(): it also splits where nobody sees a line end.
    return [line.removesuffix("\r") for line in text.split("\n")]
