"""The lines for nftables in docs/security.md, in a network namespace of the test's own: what the account reaches."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.rights import only_root

PAGE = (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8")
RULES = re.findall(r"^    (table inet .*?^    \}$)", PAGE, re.MULTILINE | re.DOTALL)

#: Everything listens on this very machine; the rules look at addresses, not at interfaces.
_PROGRAM = """
import encodings.idna, json, os, socket, subprocess, sys
rules, addresses, targets = json.loads(sys.argv[1])
for words in (["link", "set", "lo", "up"], *(["addr", "add", address, "dev", "lo"] for address in addresses)):
    subprocess.run(["ip", *words], check=True)
subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
kept = [socket.create_server(tuple(target), family=socket.AF_INET6 if ":" in target[0] else socket.AF_INET)
        for target in targets]
os.setresuid(65534, 65534, 65534)
def opens(target):
    try:
        socket.create_connection(tuple(target), 20).close()
    except ConnectionRefusedError:
        return False
    return True
print(json.dumps([opens(target) for target in targets]))
"""

TARGETS = {
    ("127.0.0.1", 40000): True,  # the guard
    ("127.0.0.53", 53): True,  # the name server
    ("8.8.4.4", 443): True,
    ("2001:4860::1", 443): True,
    ("127.0.0.1", 3306): False,
    ("127.0.0.2", 40000): False,
    ("10.1.2.3", 443): False,
    ("169.254.169.254", 80): False,
    ("::1", 40000): False,
    ("fd00:ec2::254", 80): False,
    ("2002:7f00:1::1", 80): False,
}


@only_root
@pytest.mark.parametrize("rules", RULES)
def test_the_account_reaches_the_guard_the_name_server_and_what_is_public(rules: str) -> None:
    path = "/usr/sbin:/sbin:/usr/bin:/bin"
    assert shutil.which("nft", path=path), "this test needs the program nft: apt install nftables"
    # The whole of 127.0.0.0/8 and ::1 are there already.
    addresses = [f"{host}/{128 if ':' in host else 32}" for host, _ in TARGETS if not host.startswith(("127.", "::1"))]
    order = json.dumps([rules.replace('"offline-download"', '"nobody"'), addresses, list(TARGETS)])
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-c", _PROGRAM, order],
        env={"PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert dict(zip(TARGETS, json.loads(done.stdout), strict=True)) == TARGETS


def test_there_are_rules() -> None:
    assert len(RULES) == 1
