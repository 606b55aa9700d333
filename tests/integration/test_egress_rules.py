"""What administrators may open, close and put in between, and what happens when the guard itself goes away.

On the wire, as in test_egress.py.
"""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path

import psutil

from seafevents_offline.status import OfflineDownloadStatus
from tests.support.dns_server import Name
from tests.support.engines import ONE_ARIA2C, static_aria2c
from tests.support.guarded import (
    DENIED,
    ELSEWHERE,
    LOGIN,
    OWN,
    PORT,
    PRIVATE,
    PRIVATE_NAMED,
    Guarded,
    Start,
    assert_done,
    assert_refused,
    redirected,
)
from tests.support.http_files import File, redirect
from tests.support.http_server import HttpServer
from tests.support.network import PUBLIC, PUBLIC6, World
from tests.support.sockets import remote_hosts
from tests.support.waiting import eventually

S = OfflineDownloadStatus


@ONE_ARIA2C
def test_what_is_opened_is_open_and_nothing_else(
    world: World, outside_web: HttpServer, inside_web: HttpServer, make_guarded: Start
) -> None:
    for port in (8000, 8001):
        world.serve("::", port)
    own = world.serve("127.0.0.1", 8002, inside=True)
    for name, address in {
        "intern.example": "10.8.0.1",
        "other.example": "10.8.0.1",
        "by-address.example": "10.9.0.5",
        "by-network.example": "192.168.9.77",
        "denied.example": PUBLIC,
        "sub.denied.example": PUBLIC,
        "by-number.example": "93.184.221.7",
    }.items():
        world.dns.names[name] = Name(address)
    guarded = make_guarded(
        allow_addresses=(
            *("intern.example:8000", "10.9.0.5:8001", "[fd00:9::5]:8001", "192.168.9.0/24", "127.0.0.1:8002"),
            "10.9.0.6:80",
        ),
        deny_hosts=("denied.example", "93.184.221.0/24", "10.9.0.6"),
    )
    open_ = {
        "http://intern.example:8000/bytes/9/1/a": ("10.8.0.1", 8000),
        "http://10.9.0.5:8001/bytes/9/1/b": ("10.9.0.5", 8001),
        "http://by-address.example:8001/bytes/9/1/c": ("10.9.0.5", 8001),
        "http://[fd00:9::5]:8001/bytes/9/1/d": ("fd00:9::5", 8001),
        "http://192.168.9.77/bytes/9/1/e": ("192.168.9.77", 80),
        "http://by-network.example/bytes/9/1/f": ("192.168.9.77", 80),
        "http://127.0.0.1:8002/bytes/9/1/g": ("127.0.0.1", 8002),
    }
    closed = {
        "http://intern.example/a": PRIVATE_NAMED.format("10.8.0.1", "intern.example"),
        "http://other.example:8000/a": PORT.format(8000, "other.example"),
        "http://10.8.0.1:8000/a": PORT.format(8000, "10.8.0.1"),
        "http://10.9.0.5/a": PRIVATE.format("10.9.0.5"),
        "http://10.9.0.5:8000/a": PORT.format(8000, "10.9.0.5"),
        "http://[fd00:9::6]:8080/a": PRIVATE.format("fd00:9::6"),
        "http://192.168.9.77:8001/a": PORT.format(8001, "192.168.9.77"),
        "http://192.168.10.77/a": PRIVATE.format("192.168.10.77"),
        "http://127.0.0.1/a": OWN.format("127.0.0.1"),
        "http://127.0.0.2:8002/a": PORT.format(8002, "127.0.0.2"),
        "http://denied.example/a": DENIED.format("denied.example"),
        "http://SUB.denied.example/a": DENIED.format("sub.denied.example"),
        "http://by-number.example/a": DENIED.format("by-number.example"),
        "http://93.184.221.7/a": DENIED.format("93.184.221.7"),
        "http://10.9.0.6/a": DENIED.format("10.9.0.6"),
        "http://[64:ff9b::5db8:dd07]/a": DENIED.format("64:ff9b::5db8:dd07"),
    }
    done = [*open_, *map(redirected, open_)]
    refused = {**closed, **{redirected(to.lower()): sentence for to, sentence in closed.items()}}
    found = guarded.outcomes([*done, *refused])
    assert_done(done, found)
    assert_refused(refused, found)
    # IPv4 is tried, too, when IPv6 does not answer at once.
    assert guarded.reached() | {("127.0.0.1", 8002), (PUBLIC, 80)} == {*open_.values(), (PUBLIC6, 80), (PUBLIC, 80)}
    assert (own.connections > 0, inside_web.connections) == (True, 0)


def test_ftp_gets_its_data_from_where_it_speaks(world: World, make_guarded: Start) -> None:
    """Wherever the server, or the next answer of the name server, says that the data is."""
    ftp, private = world.serve_ftp(PUBLIC), world.serve("10.0.0.5", 8080)
    ftp.files["/file"] = b"by ftp"
    world.dns.names["rebinds.example"] = Name(turns=[[PUBLIC], ["10.0.0.5"]])
    guarded = make_guarded(max_attempts=1)
    done = ["ftp://rebinds.example/file"]
    assert_done(done, guarded.outcomes(done))
    # 10.0.0.5:8080, which is a port of the server itself then, where nobody listens; and one that is none for data.
    ends = {}
    for passive in ("10,0,0,5,31,144", "10,0,0,5,0,25"):
        ftp.passive, ftp.files[f"/{passive}"] = f"227 Passive ({passive})", b"elsewhere"
        ends.update(guarded.outcomes([f"ftp://ftp.example/{passive}"]))
    assert [outcome.status for outcome in ends.values()] == [S.ERROR, S.ERROR]
    assert_refused({"ftp://ftp.example/10,0,0,5,0,25": PORT.format(25, "ftp.example")}, ends)
    assert private.connections == 0
    assert {host for host, _ in guarded.reached()} == {PUBLIC}
    assert {(PUBLIC, 25), (PUBLIC, 8080)} & guarded.reached() == {(PUBLIC, 8080)}


def test_a_login_reaches_the_links_own_server_and_no_other(
    world: World, outside_web: HttpServer, make_guarded: Start, outside_certificate: tuple[Path, Path]
) -> None:
    """It came with the link. From http to https of the same name is no other server, all else is, and nobody there, not
    even a name server, hears of it."""
    tls, ftp = world.serve("::", 443, certificate=outside_certificate), world.serve_ftp(PUBLIC)
    world.dns.names["other.example"] = Name(PUBLIC)
    ftp.files["/file"], ftp.login = b"by ftp", ("ada", "s3cret")
    for server in (outside_web, tls):
        server.serve("/private", File(data=b"private", login="ada:s3cret"))
    outside_web.serve("/up", redirect("https://files.example/private"))
    tls.serve("/down", redirect("http://files.example/private"))
    tls.serve("/in-the-clear", redirect("http://files.example:443/private"))
    for number, to in enumerate(("https://other.example/x", "ftp://files.example/file", "http://[::1]/x")):
        outside_web.serve(f"/away-{number}", redirect(to))
    guarded = make_guarded()
    done = [
        "http://ada:s3cret@files.example/private",
        "https://ada:s3cret@files.example/private?x",
        "http://ada:s3cret@files.example/up",
        "ftp://ada:s3cret@ftp.example/file",
    ]
    elsewhere = {
        "https://ada:s3cret@files.example/down": "files.example:80",
        "https://ada:s3cret@files.example/in-the-clear": "files.example:443",
        "http://ada:s3cret@files.example/away-0": "other.example:443",
        "http://ada:s3cret@files.example/away-1": "files.example:21",
        "http://ada:s3cret@files.example/away-2": "[::1]:80",
    }
    refused = {link: ELSEWHERE.format(place) for link, place in elsewhere.items()}
    refused["ftp://ada:wr0ng@ftp.example/file"] = LOGIN.format(530)
    refused["http://ada:wr0ng@files.example/private"] = LOGIN.format(401)
    found = guarded.outcomes([*done, *refused])
    assert_done(done, found)
    assert_refused(refused, found)
    reached = {place for place in guarded.reached() if place[1] < 1024}
    # IPv4 is tried, too, when IPv6 does not answer at once.
    assert reached - {(PUBLIC, 80), (PUBLIC, 443)} == {(PUBLIC, 21), (PUBLIC6, 80), (PUBLIC6, 443)}
    assert world.dns.asked("other.example") == 0
    for secret in ("s3cret", "wr0ng", b64encode(b"ada:s3cret").decode()):
        assert secret not in guarded.log
        assert guarded.processes(secret) == []


def test_everything_goes_through_the_proxy_of_the_company(
    world: World, outside_web: HttpServer, make_guarded: Start, aria2c: Path, outside_certificate: tuple[Path, Path]
) -> None:
    where = ("10.5.0.1", 3128)
    proxy = world.serve_proxy(*where, user="ada", password="l@ve:lace")
    world.dns.names["proxy.example"] = Name(where[0])
    proxy.names = dict.fromkeys(("files.example", "only-the-proxy-knows.example", "no.example"), PUBLIC)
    world.serve("::", 443, certificate=outside_certificate)
    url = "http://ada:l%40ve%3Alace@proxy.example:3128"
    if aria2c == static_aria2c():
        guarded = make_guarded(upstream_proxy=url)
    else:
        guarded = make_guarded({"HTTPS_PROXY": url}, upstream_proxy="env")

    done = [
        "http://files.example/bytes/9/1/a",
        "https://files.example/bytes/9/1/b",
        "http://only-the-proxy-knows.example/bytes/9/1/c",
        redirected("https://files.example/bytes/9/1/d"),
    ]
    refused = {
        "http://private.example/a": PRIVATE_NAMED.format("10.0.0.5", "private.example"),
        redirected("http://10.0.0.5/a"): PRIVATE.format("10.0.0.5"),
        redirected("http://127.1/a"): OWN.format("127.0.0.1"),
        redirected("http://files.example:25/a"): PORT.format(25, "files.example"),
    }
    found = guarded.outcomes([*done, *refused])
    assert_done(done, found)
    assert_refused(refused, found)
    assert set(proxy.targets) == {"files.example:80", "files.example:443", "only-the-proxy-knows.example:80"}

    proxy.refuses = 403
    no = "The proxy that downloads go through does not allow no.example (403)."
    assert_refused({"http://no.example/a": no}, guarded.outcomes(["http://no.example/a"]))

    proxy.stop()
    guarded.add(waiting := "http://files.example/bytes/9/1/later")
    away = "The proxy that downloads go through cannot be used: it cannot be reached."
    eventually(lambda: guarded.now()[waiting].comment == away, describe=lambda: f"{guarded.now()[waiting]}")
    back = world.serve_proxy(*where, user="ada", password="l@ve:lace")
    back.names = proxy.names
    assert guarded.ended([waiting])[waiting].status is S.OK
    assert guarded.reached() == {where}


def _guard(guarded: Guarded) -> psutil.Process | None:
    return next(iter(guarded.processes("egress[.]guard[.]main")), None)


def _busy_guard(guarded: Guarded) -> psutil.Process | None:
    """If it has a connection to outside."""
    guard = _guard(guarded)
    return guard if guard is not None and remote_hosts(guard.pid) & {PUBLIC, PUBLIC6} else None


@ONE_ARIA2C
def test_nothing_goes_direct_while_guards_come_and_go(
    world: World, outside_web: HttpServer, make_guarded: Start
) -> None:
    guarded = make_guarded(connections=2)
    file = File(size=6_000_000, seed=1, rate=40_000)
    links = [outside_web.serve(f"/{number}.bin", file).replace("[::]:80", "files.example") for number in range(8)]
    guarded.add(*links)
    for _ in range(3):
        guard = eventually(lambda: _busy_guard(guarded))
        others = [one for one in guarded.processes("") if one != guard]
        assert len(others) > 0
        assert {host for one in others for host in remote_hosts(one.pid)} == {"127.0.0.1"}
        guard.kill()
        guard.wait(30)

    # One that hangs: what is asked for waits before it, and goes no other way.
    guard = eventually(lambda: _busy_guard(guarded))
    guard.suspend()
    world.tap.forget()
    guarded.add(later := "http://files.example/bytes/9/1/later")
    (aria2c,) = guarded.processes("^[^ ]*aria2c ")
    port = int(re.search(r"--all-proxy=http://127.0.0.1:(\d+)", " ".join(aria2c.cmdline()))[1])
    eventually(lambda: ("127.0.0.1", port) in world.tap.attempts())
    assert guarded.reached() == set()
    guard.kill()
    file.rate = None
    assert_done([*links, later], guarded.ended([*links, later]))
    assert {path.stat().st_size for path in guarded.library.glob("*.bin")} == {6_000_000}
    assert {path.read_bytes() for path in guarded.library.glob("*.bin")} == {file.read(0, 6_000_000)}
