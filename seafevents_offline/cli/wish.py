"""A link that is to be downloaded, as it is given on the command line."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from ..hosts.wish import Wish
from . import needs
from .options import checksum


def add_wish(parser: ArgumentParser) -> None:
    """For the verbs that add a link."""
    parser.add_argument("url", metavar="URL", help="the link to download")
    parser.add_argument("--name", default="", help="the file's name in the library (default: the server's)")
    parser.add_argument(
        "--to", metavar="FOLDER", default="/", help="a folder of the library, which must exist (default: /)"
    )
    parser.add_argument(
        "--checksum",
        metavar="SUM",
        type=checksum,
        help="what the file must come to: sha-256=…, sha-512=…, sha-1=…, md5=… or the digits alone",
    )
    needs.add_needs(parser)


def of(args: Namespace, cookies: bool) -> Wish:
    """``cookies``: what the setting says. Raises the children of InputError."""
    extras = needs.of(args, cookies)
    return Wish.of(args.url, path=args.to, name=args.name, checksum=args.checksum or "", extras=extras)
