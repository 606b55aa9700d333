"""What aria2c is told: at its start, in its configuration file, and with each download. Built from typed values only.

Every line that is not obvious says which danger it wards off.
"""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Union

from ... import __version__
from ...extras import AUTHORIZATION, COOKIE, Extras
from ...settings import Settings
from ..base import Job

#: aria2's options by their names; some have several values.
Options = dict[str, Union[str, list[str]]]

#: Seconds for a connection to come about, and for the next byte to come through it.
CONNECT_TIMEOUT = 30
TIMEOUT = 60

#: What links, servers and the account's own files could otherwise switch on.
_CLOSED = {
    "no-netrc": "true",  # passwords of the account that runs the service
    "follow-torrent": "false",  # a link would become peers, trackers and files of its own choice
    "follow-metalink": "false",
    "enable-dht": "false",
    "enable-dht6": "false",
    "bt-enable-lpd": "false",
    "enable-peer-exchange": "false",
    "parameterized-uri": "false",  # one link could become thousands: [1-9999]
    "header": "Accept: */*",  # aria2 would ask for a metalink first, and some servers answer with one
    "user-agent": f"seafevents-offline/{__version__}",
    "check-certificate": "true",
    "http-accept-gzip": "false",  # a small body could unpack to any size
    "conditional-get": "false",
    "enable-http-pipelining": "false",
    # aria2 keeps connections by host and proxy, not by the proxy's user: five downloads from one host went through the
    # tunnel of the first, and would be cut and counted with it. Each file of its own needs one more tunnel that way;
    # one file that is fetched in parts does not (12 requests for 40 MB over 4 connections either way).
    "enable-http-keep-alive": "false",
    "ftp-reuse-connection": "false",
}

_PROXIED = ("http", "https", "ftp", "all")

#: Names and dates of files.
_FILES = {
    "content-disposition-default-utf8": "true",
    "auto-file-renaming": "false",
    # A server that names no length when aria2 continues: it begins again at 0 over the part. The folder is the
    # job's own, so nobody else's file is overwritten.
    "allow-overwrite": "true",
    "remote-time": "false",
}

#: Trying again is the pipeline's decision, beginning again at 0 the monitor's.
_CONTINUING = {
    "max-tries": "1",
    "retry-wait": "0",
    # With false, a server without ranges makes aria2 begin again at 0 by itself, but what the other connections
    # send then fails an assertion (1.36, 1.37): one server could end everybody's downloads again and again. So
    # aria2 gives up (code 8) and the monitor begins again at 0.
    "always-resume": "true",
    "auto-save-interval": "1",  # the default loses a minute; the control file is empty until the first save
    "file-allocation": "none",  # a lying Content-Length would take real disk space before anybody can look
    "disk-cache": "0",  # the system's cache is faster, keeps what a kill would lose, and fails no assertions
}

_ITSELF = {
    "quiet": "true",  # what it prints about errors holds whole links
    # More than anybody adds: a result that aria2 forgot would look like a download that it never had.
    "max-download-result": "100000",
    "rpc-max-request-size": "16M",
}


def configuration(settings: Settings, bundle: Path, parent: int) -> dict[str, str]:
    """Everything but the RPC address. ``bundle``: trusted certificates; ``parent``: it ends when this process does."""
    return {
        **_CLOSED,
        **_FILES,
        **_CONTINUING,
        **_ITSELF,
        "ca-certificate": str(bundle),
        "connect-timeout": str(CONNECT_TIMEOUT),
        "timeout": str(TIMEOUT),
        "max-concurrent-downloads": str(settings.workers),
        "max-connection-per-server": str(settings.connections),
        "split": str(settings.connections),
        "min-split-size": "1M",
        "max-overall-download-limit": str(settings.speed_limit),
        "stop-with-process": str(parent),
    }


def rpc(port: int, secret: str) -> dict[str, str]:
    """Where it listens and what it must be told to obey."""
    return {
        "enable-rpc": "true",
        "rpc-listen-all": "false",
        "rpc-allow-origin-all": "false",
        "rpc-listen-port": str(port),
        "rpc-secret": secret,
    }


def way_out(proxy: str) -> list[str]:
    """Arguments, because these beat the environment's proxies and whatever else may name one. All four, because a
    scheme's own beats the one for all; an empty no-proxy, because a host in it is connected to directly."""
    return [*(f"--{scheme}-proxy={proxy}" for scheme in _PROXIED), "--no-proxy=", "--proxy-method=tunnel"]


def gid(job: Job) -> str:
    """aria2's name for the job: 40 bits of the task's id and 24 of its claim, so that each claim has its own."""
    return f"{job.odr_id % 2**40:010x}{job.claim % 2**24:06x}"


def download(job: Job, out: str, resume: bool, login: tuple[str, str]) -> Options:
    """The options of one download, all there are; ``out`` is a base name of ours or of a file of the job's folder.

    ``login``: user name and password at the proxy.
    """
    options: Options = {"gid": gid(job), "dir": job.folder.name, "continue": "true" if resume else "false"}
    for scheme in _PROXIED:
        # Those for all do not count where a scheme has a proxy of its own.
        options[f"{scheme}-proxy-user"], options[f"{scheme}-proxy-passwd"] = login
    if job.checksum:
        options["checksum"] = str(job.checksum)
    options |= said(job)
    return {**options, "out": out} if out else options


def said(job: Job) -> Options:
    """What the server is told beside what the link says, by options whose values may have no line break: aria2 would
    say what follows as a line of its own."""
    extras = job.extras
    if job.url.startswith("ftp:"):
        # Without one aria2 is "anonymous".
        return {"ftp-user": extras.user, "ftp-passwd": extras.password} if extras.user else {}
    return {"header": [f"{name}: {value}" for name, value in _headers(extras).items()]}


def _headers(extras: Extras) -> dict[str, str]:
    """What each request says beside what all downloads say, which aria2 (1.36, 1.37; seen at a server) sends before it.
    A name that aria2 has a line for takes that line's place; one that the configuration has would be sent twice.

    aria2 keeps one jar of cookies for all downloads: a session that one user's link opened would be open to the next
    user's link to that host. It has no switch for it, so each download has a line of its own, empty or not.

    The login is a line, too. aria2's own options send the same, but where a redirect names a user they send that one;
    and with ``http-auth-challenge`` a login is kept for all downloads from its host. The user agent is a line so that
    the server alone hears it; as an option it is said to the proxy as well.

    Whatever stands here goes to wherever a server redirects: to each host, port and scheme.
    """
    headers = {COOKIE: "", **dict(extras.headers)}
    if extras.user:
        login = f"{extras.user}:{extras.password}".encode()
        headers[AUTHORIZATION] = f"Basic {b64encode(login).decode('ascii')}"
    others = {"Referer": extras.referer, "User-Agent": extras.user_agent}
    return headers | {name: value for name, value in others.items() if value}
