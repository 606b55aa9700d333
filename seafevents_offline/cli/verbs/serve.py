"""``serve``: the page, and downloading what is in the list, until stopped."""

from __future__ import annotations

import threading
from argparse import ArgumentParser, Namespace
from contextlib import ExitStack
from typing import TYPE_CHECKING

from ...errors import AlreadyRunning, PortUnavailable
from ...hosts.standalone import EmbeddedHost
from .. import log
from ..host import opened
from ..options import add_allow, port_or_any
from ..output import complain, say
from ..verb import ExitCode, Verb

if TYPE_CHECKING:
    from ...hosts.web.page import Page

_WITHOUT_PAGE = "There is no web page, because {missing} is missing; `pip install 'seafevents-offline[web]'` brings it."


def _options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--port",
        metavar="PORT",
        type=port_or_any,
        default=8470,
        help="where the page is: 1 to 65535, or 0 for any that is free (default: 8470)",
    )
    add_allow(parser)


def _run(args: Namespace) -> ExitCode:
    with opened(args) as host, ExitStack() as ends:
        log.service_to_file_and_stderr(host.data)
        page = _listening(host, args.port)
        if page is not None:
            ends.callback(page.stop)
        host.start()
        link = page.start() if page is not None else ""
        say(f"Serving {host.data}; files go to {host.library}. Ctrl-C ends it; what runs goes on next time.")
        if link:
            say(f"Open this link in your browser, it signs you in: {link}")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            say("Stopping.")
    return ExitCode.DONE


def _listening(host: EmbeddedHost, port: int) -> Page | None:
    """The page with its port taken, or None when the extra is not installed. Raises PortUnavailable."""
    try:
        from ...hosts.web.page import Page  # noqa: PLC0415 (what it needs may not be installed)
    except ModuleNotFoundError as error:
        complain(_WITHOUT_PAGE.format(missing=error.name))
        return None
    page = Page(host, port)
    try:
        page.listen()
    except PortUnavailable:
        if host.is_served():
            # By the one that has the port as well, most likely; this is what people can understand.
            raise AlreadyRunning(path=host.settings.tempdir) from None
        raise
    return page


VERB = Verb(
    _run,
    help="serve the web page and download what is in the list until stopped",
    examples="""\
seafevents-offline serve
seafevents-offline serve --port 9000
seafevents-offline serve --data /srv/offline --library /srv/files --allow 192.168.1.5:8080""",
    options=_options,
)
