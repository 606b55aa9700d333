"""What downloads may reach, from the link to the wire: the real service, guard and aria2c in a world of their own.

Each test puts many links at once into the list of one service. Whatever a link asks for, the tap shows every
connection that was tried; a place that is refused is not even knocked at. Cases A18 to A20.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from seafevents_offline.status import OfflineDownloadStatus
from tests.support.dns_server import Name
from tests.support.engines import ONE_ARIA2C
from tests.support.guarded import (
    FAILED,
    LEADS_NOWHERE,
    NO_LINK,
    NOT_FOUND,
    OWN,
    OWN_NAMED,
    PORT,
    PRIVATE,
    PRIVATE_NAMED,
    SPECIAL,
    SPECIAL_NAMED,
    Guarded,
    Outcome,
    Start,
    assert_all,
    assert_done,
    assert_refused,
    redirected,
)
from tests.support.http_files import Answer, File, Gate, redirect
from tests.support.http_server import HttpServer
from tests.support.network import (
    HAIRPIN,
    HAIRPIN6,
    INSIDE,
    NAT64_PREFIX,
    OWN_PUBLIC,
    PUBLIC,
    PUBLIC6,
    SILENT,
    SILENT6,
    UNREACHABLE,
    UNREACHABLE6,
    World,
)
from tests.support.waiting import eventually

S = OfflineDownloadStatus

#: Where a link or a redirect may want to go, and what people read then.
REFUSED = {
    # literal addresses, in every notation that aria2 or the C library takes for one
    "http://127.0.0.1/a": OWN.format("127.0.0.1"),
    "http://127.8.9.10/a": OWN.format("127.8.9.10"),
    "http://[::1]/a": OWN.format("::1"),
    "http://0.0.0.0/a": OWN.format("0.0.0.0"),
    "http://[::]/a": OWN.format("::"),
    "http://2130706433/a": OWN.format("127.0.0.1"),
    "http://0x7f000001/a": OWN.format("127.0.0.1"),
    "http://0177.0.0.1/a": OWN.format("127.0.0.1"),
    "http://127.1/a": OWN.format("127.0.0.1"),
    "http://0/a": OWN.format("0.0.0.0"),
    "http://10.0.0.5/a": PRIVATE.format("10.0.0.5"),
    "http://10.5/a": PRIVATE.format("10.0.0.5"),
    "http://0xa000005/a": PRIVATE.format("10.0.0.5"),
    "http://192.168.7.9/a": PRIVATE.format("192.168.7.9"),
    "http://172.31.255.254:8080/a": PRIVATE.format("172.31.255.254"),
    "http://100.64.0.1/a": PRIVATE.format("100.64.0.1"),
    "https://10.0.0.5/a": PRIVATE.format("10.0.0.5"),
    "ftp://10.0.0.5/a": PRIVATE.format("10.0.0.5"),
    "http://169.254.169.254/latest/meta-data": SPECIAL.format("169.254.169.254"),
    "http://2852039166/latest/meta-data": SPECIAL.format("169.254.169.254"),
    "http://[fd00:ec2::254]/latest/meta-data": SPECIAL.format("fd00:ec2::254"),
    "http://[fd00::5]/a": PRIVATE.format("fd00::5"),
    "http://[fec0::1]/a": PRIVATE.format("fec0::1"),
    "http://[fe80::1]/a": SPECIAL.format("fe80::1"),
    # an IPv4 address inside
    "http://[::ffff:127.0.0.1]/a": OWN.format("127.0.0.1"),
    "http://[::ffff:a00:5]/a": PRIVATE.format("10.0.0.5"),
    "http://[2002:a00:5::1]/a": PRIVATE.format("2002:a00:5::1"),
    "http://[64:ff9b::a00:5]/a": PRIVATE.format("64:ff9b::a00:5"),
    # this machine's own addresses although they are public, and what is routed to it without being its address
    f"http://{OWN_PUBLIC[0]}/a": OWN.format(OWN_PUBLIC[0]),
    f"http://[{OWN_PUBLIC[1]}]/a": OWN.format(OWN_PUBLIC[1]),
    f"http://{HAIRPIN}/a": OWN.format(HAIRPIN),
    f"http://[{HAIRPIN6}]/a": OWN.format(HAIRPIN6),
    # names
    "http://private.example/a": PRIVATE_NAMED.format("10.0.0.5", "private.example"),
    "http://PRIVATE.example./a": PRIVATE_NAMED.format("10.0.0.5", "private.example."),
    "https://private.example/a": PRIVATE_NAMED.format("10.0.0.5", "private.example"),
    "http://metadata.example/a": SPECIAL_NAMED.format("169.254.169.254", "metadata.example"),
    "http://own.example/a": OWN_NAMED.format(OWN_PUBLIC[0], "own.example"),
    "http://alias.example/a": PRIVATE_NAMED.format("10.0.0.5", "alias.example"),
    "http://localhost/a": OWN_NAMED.format("127.0.0.1", "localhost"),
    # both kinds: one is enough
    "http://mixed.example/a": PRIVATE_NAMED.format("10.0.0.5", "mixed.example"),
    "http://mixed6.example/a": PRIVATE_NAMED.format("fd00::5", "mixed6.example"),
    "http://many.example/a": PRIVATE_NAMED.format("10.0.0.5", "many.example"),
    # what a network translates to IPv4, by the prefix that all have and by that of this network
    "http://nat64.example/a": PRIVATE_NAMED.format("64:ff9b::a00:5", "nat64.example"),
    "http://local-nat64.example/a": PRIVATE_NAMED.format("2606:2800:64::a00:5", "local-nat64.example"),
    # ports
    "http://files.example:6379/a": PORT.format(6379, "files.example"),
    "http://files.example:25/a": PORT.format(25, "files.example"),
}

#: Those that only a redirect can ask for, or of which something else is said when a link names them itself.
REFUSED_REDIRECTS = {
    **REFUSED,
    "http://localhost/a": OWN_NAMED.format("::1", "localhost"),
    f"http://{INSIDE[0]}/a": OWN.format(INSIDE[0]),
    f"http://[{INSIDE[1]}]/a": OWN.format(INSIDE[1]),
    "//private.example/a": PRIVATE_NAMED.format("10.0.0.5", "private.example"),
    "http://private.example:080/a": PRIVATE_NAMED.format("10.0.0.5", "private.example"),
    "http://files.example@private.example/a": PRIVATE_NAMED.format("10.0.0.5", "private.example"),
    "http://files.example\\@private.example/a": PRIVATE_NAMED.format("10.0.0.5", "private.example"),
    "http://private.example:80#@files.example/a": PRIVATE_NAMED.format("10.0.0.5", "private.example"),
    "ftp://private.example/a": PRIVATE_NAMED.format("10.0.0.5", "private.example"),
    "sftp://private.example/a": PORT.format(22, "private.example"),
    "sftp://files.example/a": PORT.format(22, "files.example"),
    "file:///etc/passwd": LEADS_NOWHERE,
    "gopher://files.example/1": LEADS_NOWHERE,
    "http://%31%30.0.0.5/a": LEADS_NOWHERE,
    "http://１0.0.0.5/a": LEADS_NOWHERE,
    "http://[fe80::1%25eth0]/a": LEADS_NOWHERE,
    "http://files.example:99999/a": LEADS_NOWHERE,
}

NAMES = {
    "metadata.example": ["169.254.169.254"],
    "own.example": [OWN_PUBLIC[0]],
    "mixed.example": [PUBLIC, "10.0.0.5", PUBLIC6],
    "mixed6.example": [PUBLIC, PUBLIC6, "fd00::5"],
    "many.example": [*(f"93.184.1.{number}" for number in range(1, 100)), "10.0.0.5"],
    "nat64.example": ["64:ff9b::a00:5"],
    "local-nat64.example": [NAT64_PREFIX.replace("/96", "a00:5")],
    "nat64-public.example": ["64:ff9b::5db8:d70e"],
    "local-nat64-public.example": [NAT64_PREFIX.replace("/96", "5db8:d70e")],
    "ipv4only.arpa": ["192.0.0.170", "192.0.0.171", NAT64_PREFIX.replace("/96", "c000:aa")],
}

MIRRORS = {
    "Link": "<http://10.0.0.5/abc>; rel=duplicate; pri=1, <http://127.0.0.1/abc.meta4>; rel=describedby",
    "Digest": "SHA-256=ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
}

METALINK = b"""<?xml version="1.0"?>
<metalink xmlns="urn:ietf:params:xml:ns:metalink"><file name="a"><url>http://10.0.0.5/a</url></file></metalink>"""

TORRENT = (
    b"d8:announce24:http://10.0.0.5/announce"
    b"4:infod6:lengthi1e4:name1:a12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee"
)


@pytest.fixture(autouse=True)
def names(world: World) -> None:
    world.dns.names.update({name: Name(*addresses) for name, addresses in NAMES.items()})
    world.dns.names["alias.example"] = Name(alias="private.example")


def test_a20_no_link_and_no_redirect_reaches_what_is_refused(
    outside_web: HttpServer, inside_web: HttpServer, guarded: Guarded
) -> None:
    expected = {**REFUSED, **{redirected(to): sentence for to, sentence in REFUSED_REDIRECTS.items()}}
    private = "http://private.example/a"
    expected |= {redirected(private, status): REFUSED[private] for status in (301, 303, 307, 308)}
    far = redirected(redirected(redirected(private, 307), 303), 301)
    expected[far] = REFUSED[private]
    assert_refused(expected, guarded.outcomes(expected))
    assert inside_web.connections == 0
    # On a busy machine IPv4 is tried, too, when IPv6 does not answer at once.
    assert guarded.reached() | {(PUBLIC, 80)} == {(PUBLIC6, 80), (PUBLIC, 80)}
    eventually(lambda: guarded.audited().keys() | {(PUBLIC, 80)} == guarded.reached() | {(PUBLIC, 80)})
    assert {request.headers["host"] for request in outside_web.requests} == {"files.example"}


@ONE_ARIA2C
def test_a18_a19_what_is_no_link_is_refused_and_nothing_of_it_obeyed(outside_web: HttpServer, guarded: Guarded) -> None:
    others = "Links that begin with {}: are not supported; supported are http, https, ftp."
    expected = {
        "--version": NO_LINK,
        "--input-file=/etc/passwd": NO_LINK,
        "-i /etc/passwd": NO_LINK,
        " --dir=/": NO_LINK,
        "notaurl": NO_LINK,
        "": "Please give a link.",
        "file:///etc/passwd": others.format("file"),
        "gopher://files.example/1": others.format("gopher"),
        "magnet:?xt=urn:btih:0000000000000000000000000000000000000001": others.format("magnet"),
        "http://files.example/a\n dir=/": NO_LINK,
        f"http://files.example/{'a' * 5000}": "The link is too long: 5021 characters, at most 4096 are allowed.",
    }
    assert_refused(expected, guarded.outcomes(expected))
    assert guarded.reached() == set()
    assert list(guarded.library.iterdir()) == []


def test_what_may_be_reached_is_reached_by_every_way(
    world: World, outside_web: HttpServer, guarded: Guarded, outside_certificate: tuple[Path, Path]
) -> None:
    tls, ftp = world.serve("::", 443, certificate=outside_certificate), world.serve_ftp("::")
    ftp.files["/pub/file"] = b"by ftp"
    tls.serve("/to-ftp", redirect("ftp://ftp.example/pub/file"))
    # A page that leads on by itself, a server that names other places, and one that lists mirrors.
    page = b"<meta http-equiv=refresh content='0;url=http://10.0.0.5/'>"
    outside_web.serve("/meta.txt", File(data=page, content_type="text/plain"))
    outside_web.serve(
        "/refresh", Answer(200, {"Refresh": "0; url=http://10.0.0.5/", "Alt-Svc": 'h2="10.0.0.5:443"'}, b"abc")
    )
    outside_web.serve("/mirrors", Answer(200, MIRRORS, b"abc"))
    # What aria2 would open and follow.
    outside_web.serve("/a.meta4", File(data=METALINK, content_type="application/metalink4+xml"))
    outside_web.serve("/a.torrent", File(data=TORRENT, content_type="application/x-bittorrent"))
    done = [
        "http://files.example/meta.txt",
        "http://files.example/refresh",
        "http://files.example/mirrors",
        "http://files.example/a.meta4",
        "http://files.example/a.torrent",
        "http://files.example/bytes/3mb/1/large",
        "https://files.example/bytes/9/1/tls",
        "ftp://ftp.example/pub/file",
        "ftp://files.example/pub/file",
        "http://nat64-public.example/bytes/9/1/nat64",
        "http://local-nat64-public.example/bytes/9/1/local-nat64",
        *(redirected("http://files.example/bytes/9/1/redirected", status) for status in (301, 302, 303, 307, 308)),
        redirected("https://files.example/to-ftp"),
        redirected(
            redirected(redirected("http://files.example/bytes/9/1/far", 307), 303, "https://files.example"), 301
        ),
    ]
    assert_done(done, guarded.outcomes(done))
    nat64 = {host for name in ("nat64-public", "local-nat64-public") for host in NAMES[f"{name}.example"]}
    assert {host for host, _ in guarded.reached()} == {PUBLIC, PUBLIC6} | nat64
    assert {port for _, port in guarded.reached() if port < 1024} == {21, 80, 443}
    # What is tried beside IPv6, if that takes its time, and not used then.
    spare = {(PUBLIC, 80), (PUBLIC, 443)}
    eventually(lambda: guarded.audited().keys() | spare == guarded.reached() | spare)
    received = guarded.audited()
    assert 3 * 1024**2 < received.get((PUBLIC6, 80), 0) + received.get((PUBLIC, 80), 0) < 3.1 * 1024**2


@ONE_ARIA2C
def test_a_family_that_does_not_work_is_no_reason(world: World, outside_web: HttpServer, guarded: Guarded) -> None:
    world.dns.names.update(
        {
            "only6.example": Name(PUBLIC6),
            "only4.example": Name(PUBLIC),
            "silent6.example": Name(PUBLIC, SILENT6),
            "silent4.example": Name(SILENT, PUBLIC6),
            "noroute6.example": Name(PUBLIC, UNREACHABLE6),
            "noroute4.example": Name(UNREACHABLE, PUBLIC6),
        }
    )
    done = [f"http://{name}/bytes/9/1/{name}" for name in world.dns.names if re.match("only|silent|noroute", name)]
    gone = "http://files.example:8443/nobody-listens"
    found = guarded.outcomes([*done, gone])
    assert_done(done, found)
    assert_all({gone: Outcome(S.ERROR, FAILED.format("files.example"), 3)}, found)
    # IPv6 goes first and is given up for IPv4 while it still waits.
    attempts = [host for host, port in world.tap.attempts() if port == 80]
    assert attempts.index(SILENT6) < len(attempts) - 1 - attempts[::-1].index(PUBLIC)
    assert guarded.reached() - {(SILENT, 80)} == {
        *((host, 80) for host in (PUBLIC, PUBLIC6, SILENT6)),
        *((host, 8443) for host in (PUBLIC, PUBLIC6)),
    }


@ONE_ARIA2C
def test_a_name_that_comes_to_mean_another_place_is_refused_there(
    world: World, outside_web: HttpServer, inside_web: HttpServer, make_guarded: Start
) -> None:
    guarded = make_guarded(connections=4)
    for number, later in enumerate(("10.0.0.5", "127.0.0.1", "169.254.169.254", "::1")):
        world.dns.names[f"rebinds{number}.example"] = Name(turns=[[PUBLIC], [later]])
    names = [name for name in world.dns.names if name.startswith("rebinds")]
    # What is connected to is what was looked up: there is no second look in between.
    first = [f"http://{name}/bytes/9/1/first" for name in names]
    assert_done(first, guarded.outcomes(first))
    assert [world.dns.asked(name) for name in names] == [1, 1, 1, 1]
    second = guarded.outcomes([f"http://{name}/bytes/9/1/second" for name in names])
    assert {outcome.comment.partition(" of ")[0] for outcome in second.values()} == {
        f"The address {address}" for address in ("10.0.0.5", "127.0.0.1", "169.254.169.254", "::1")
    }
    # A redirect to itself, and the many connections of one file, ask anew and get another answer.
    for name in ("circle.example", "many-times.example"):
        world.dns.names[name] = Name(turns=[[PUBLIC], ["10.0.0.5"]])
    outside_web.serve("/circle", Answer(302, {"Location": "http://circle.example/again", "Connection": "close"}))
    refused = {"http://circle.example/circle": PRIVATE_NAMED.format("10.0.0.5", "circle.example")}
    assert_refused(refused, guarded.outcomes(refused))
    split = guarded.outcomes(["http://many-times.example/bytes/8mb/1/split"])
    assert {outcome.status for outcome in split.values()} <= {S.OK, S.ERROR}
    assert guarded.reached() == {(PUBLIC, 80)}
    assert inside_web.connections == 0


@ONE_ARIA2C
def test_a_slow_name_server_keeps_its_own_links_waiting_alone(
    world: World, outside_web: HttpServer, guarded: Guarded
) -> None:
    slow, never = Gate(), Gate()
    world.dns.names["slow.example"] = Name(PUBLIC, held=slow)
    world.dns.names["never.example"] = Name(PUBLIC, held=never)
    waiting = ["http://slow.example/bytes/9/1/slow", *(f"http://never.example/{number}" for number in range(8))]
    guarded.add(*waiting)
    eventually(lambda: all(guarded.now()[link].status is S.DOWNLOADING for link in waiting))
    quick = [f"http://files.example/bytes/9/{number}/quick" for number in range(20)]
    assert_done(quick, guarded.outcomes(quick))
    assert {guarded.now()[link] for link in waiting} == {Outcome(S.DOWNLOADING, "", 1)}
    slow.set()
    assert_done(waiting[:1], guarded.ended(waiting[:1]))
    eventually(lambda: all(guarded.now()[link].comment == NOT_FOUND.format("never.example") for link in waiting[1:]))
    unknown = {"http://no.example/": Outcome(S.ERROR, NOT_FOUND.format("no.example"), 3)}
    assert_all(unknown, guarded.outcomes(unknown))
    assert guarded.reached() == {(PUBLIC, 80), (PUBLIC6, 80)}
