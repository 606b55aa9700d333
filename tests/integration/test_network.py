"""The tests' own network: what it shows is what there was."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.dns_server import Name
from tests.support.http_files import File, Gate
from tests.support.network import DNS, HAIRPIN, OWN_PUBLIC, PUBLIC, PUBLIC6, UNREACHABLE, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World.made(tmp_path) as made:
        yield made


def _inside(world: World, code: str) -> Any:
    """What the code has put into ``found``, inside."""
    code = f"import json, socket, urllib.request\n{code}\nprint(json.dumps(found))"
    command = world.command(sys.executable, "-I", "-c", code)
    # Not asked again because it was slow: that would be one more question.
    environment = {**os.environ, "RES_OPTIONS": "timeout:30 attempts:1"}
    return json.loads(subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, timeout=60).stdout)


def _names(world: World, *names: str) -> list[set[str]]:
    code = """
def addresses(name):
    try:
        return [found[4][0] for found in socket.getaddrinfo(name, 80, type=socket.SOCK_STREAM)]
    except socket.gaierror as error:
        return [error.strerror]
"""
    return [set(found) for found in _inside(world, f"{code}\nfound = [addresses(name) for name in {names}]")]


def test_a_name_leads_where_the_test_says(world: World) -> None:
    many = [f"93.184.1.{number}" for number in range(1, 200)]
    gate = Gate()
    world.dns.names = {
        "files.example": Name(PUBLIC, PUBLIC6),
        "alias.example": Name(alias="files.example"),
        "rebinds.example": Name(turns=[[PUBLIC], ["127.0.0.1"]]),
        "many.example": Name(*many),
        "slow.example": Name(PUBLIC, held=gate),
    }
    gate.set()
    asked = ("files.example", "alias.example", "rebinds.example", "rebinds.example", "many.example", "slow.example")
    both = {PUBLIC, PUBLIC6}
    assert _names(world, *asked) == [both, both, {PUBLIC}, {"127.0.0.1"}, set(many), {PUBLIC}]
    assert _names(world, "no.example") == [{"Name or service not known"}]
    assert world.dns.asked("rebinds.example") == 2


def test_whatever_is_connected_to_answers_and_every_attempt_is_seen(world: World) -> None:
    outside, inside = world.serve("::"), world.serve("::", inside=True)
    outside.serve("/", File(data=b"outside"))
    inside.serve("/", File(data=b"inside"))
    elsewhere = [PUBLIC, PUBLIC6, "10.0.0.5", "169.254.169.254", "fd00:ec2::254", "64:ff9b::a00:5", DNS]
    own = ["127.0.0.1", "::1", *OWN_PUBLIC, HAIRPIN]
    code = """
def get(host):
    return urllib.request.urlopen(f"http://{f'[{host}]' if ':' in host else host}/", timeout=20).read().decode()
"""
    found = _inside(world, f"{code}\nfound = [get(host) for host in {elsewhere + own}]")
    assert found == ["outside"] * len(elsewhere) + ["inside"] * len(own)
    assert world.tap.attempts() == [(host, 80) for host in elsewhere + own]
    assert (outside.connections, inside.connections) == (len(elsewhere), len(own))


def test_an_attempt_that_fails_is_seen_as_well(world: World) -> None:
    code = f"""
def attempt(host, port):
    with socket.socket() as tried:
        return tried.connect_ex((host, port))
found = [attempt({PUBLIC!r}, 81), attempt({UNREACHABLE!r}, 80), attempt("127.0.0.1", 82)]
"""
    assert _inside(world, code) == [111, 113, 111]
    assert world.tap.attempts() == [(PUBLIC, 81), ("127.0.0.1", 82)]


def test_nothing_is_left_of_it(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with World.made(tmp_path / "other") as world:
        holders = [psutil.Process(space.pid) for space in (world.outside, world.inside)]
        sleeper = subprocess.Popen(world.command("sleep", "60"))
        assert all(holder.is_running() for holder in holders)
        sleeper.terminate()
        sleeper.wait(30)
    psutil.wait_procs(holders, 30)
    assert not any(holder.is_running() for holder in holders)
