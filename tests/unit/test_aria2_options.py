"""What aria2c is told."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from seafevents_offline.checksum import Checksum
from seafevents_offline.engines.aria2 import Aria2Engine, options
from seafevents_offline.engines.base import Job
from seafevents_offline.extras import Extras
from seafevents_offline.settings import Settings
from tests.support.egress import Open


def job(odr_id: int = 1, claim: int = 1, out: str = "") -> Job:
    return Job(odr_id, claim, "http://example.com/", Path("/place/7"), out)


@pytest.mark.parametrize(
    ("odr_id", "claim", "gid"),
    [
        (1, 1, "0000000001000001"),
        (255, 16, "00000000ff000010"),
        (2**40 - 1, 2**24 - 1, "ffffffffffffffff"),
        (2**40 + 5, 2**24 + 7, "0000000005000007"),
    ],
)
def test_each_claim_of_a_task_has_its_own_name(odr_id: int, claim: int, gid: str) -> None:
    assert options.gid(job(odr_id, claim)) == gid


def test_a_download_is_told_its_name_its_place_and_its_login() -> None:
    login = {
        f"{scheme}-proxy-{what}": value
        for scheme in ("http", "https", "ftp", "all")
        for what, value in (("user", "claim"), ("passwd", "secret"))
    }
    assert options.download(job(), "", False, ("claim", "secret")) == {
        "gid": "0000000001000001",
        "dir": "7",
        "continue": "false",
        "header": ["Cookie: "],
        **login,
    }
    assert options.download(job(), "name", True, ("claim", "secret")) == {
        "gid": "0000000001000001",
        "dir": "7",
        "continue": "true",
        "out": "name",
        "header": ["Cookie: "],
        **login,
    }


def test_a_download_is_told_its_checksum() -> None:
    checksum = Checksum.parse("A" * 64)
    found = options.download(replace(job(), checksum=checksum), "", True, ("", ""))
    assert found["checksum"] == f"sha-256={'a' * 64}"


SAID = Extras(
    user="ädä",
    password='p:"\\@/,',
    headers=(("Accept-Language", "de"), ("Cookie", "a=b; c=d"), ("Private-Token", 'x "y"')),
    referer="https://example.com/x?y",
    user_agent="Browser/1 (X; Y)",
)


def test_what_a_link_needs_becomes_lines_of_a_request() -> None:
    assert options.said(replace(job(), extras=SAID))["header"] == [
        "Cookie: a=b; c=d",
        "Accept-Language: de",
        'Private-Token: x "y"',
        "Authorization: Basic w6Rkw6Q6cDoiXEAvLA==",
        "Referer: https://example.com/x?y",
        "User-Agent: Browser/1 (X; Y)",
    ]


def test_a_login_of_ftp_is_no_line_of_http() -> None:
    ftp = replace(job(), url="ftp://example.com/a", extras=Extras(user="ädä", password="p:@"))
    assert options.said(ftp) == {"ftp-user": "ädä", "ftp-passwd": "p:@"}
    assert options.said(replace(ftp, extras=replace(SAID, user="", password=""))) == {}


@pytest.mark.parametrize(
    ("scheme", "extras"),
    [
        ("ftp", Extras(user="ada\r\nDELE x")),
        ("ftp", Extras(user="ada", password="x\nDELE x")),
        ("http", Extras(headers=(("X-Api-Key", "x\r\nHost: other"),))),
        ("http", Extras(referer="https://example.com/\nX: y")),
        ("http", Extras(user_agent="x\rX: y")),
    ],
)
def test_a_line_break_that_nobody_has_checked_is_not_said(scheme: str, extras: Extras, tmp_path: Path) -> None:
    ours = replace(job(), url=f"{scheme}://example.com/a", folder=tmp_path / "7", extras=extras)
    with pytest.raises(ValueError, match="a line break"):
        Aria2Engine(Settings(), tmp_path, Open()).add(ours, lambda: None)


def test_the_way_out_is_named_for_every_scheme_and_has_no_exceptions() -> None:
    assert options.way_out("http://127.0.0.1:9") == [
        "--http-proxy=http://127.0.0.1:9",
        "--https-proxy=http://127.0.0.1:9",
        "--ftp-proxy=http://127.0.0.1:9",
        "--all-proxy=http://127.0.0.1:9",
        "--no-proxy=",
        "--proxy-method=tunnel",
    ]


@pytest.mark.parametrize("out", ["../evil", "/etc/passwd", "a/b", ".", ".."])
def test_a_path_is_no_name(out: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a base name"):
        Aria2Engine(Settings(), tmp_path, Open()).add(job(out=out), lambda: None)


def test_settings_become_options() -> None:
    found = options.configuration(Settings(workers=7, connections=3, speed_limit=1000), Path("/ca.pem"), 42)
    assert found["max-concurrent-downloads"] == "7"
    assert (found["split"], found["max-connection-per-server"]) == ("3", "3")
    assert found["max-overall-download-limit"] == "1000"
    assert found["ca-certificate"] == "/ca.pem"
    assert found["stop-with-process"] == "42"


def test_aria2c_knows_every_option(aria2c: Path, tmp_path: Path) -> None:
    """A misspelt one would be ignored in a configuration file."""
    found: options.Options = {**options.configuration(Settings(), Path("/etc/hostname"), 1)}
    found |= options.rpc(1, "secret")
    everything = replace(job(), url="ftp://example.com/a", checksum=Checksum.parse("a" * 32), extras=SAID)
    found |= options.download(everything, "name", True, ("", "")) | options.said(replace(job(), extras=SAID))
    found |= dict.fromkeys(word[2:].partition("=")[0] for word in options.way_out("http://127.0.0.1:9"))
    known = subprocess.run([aria2c, "--help=#all"], capture_output=True, text=True, check=True, timeout=60).stdout
    assert [name for name in found if f"--{name}" not in known] == []
