"""What docs/security.md tells administrators to write is understood, and refuses what the guard refuses."""

from __future__ import annotations

import re
from configparser import RawConfigParser
from ipaddress import IPv4Address, IPv6Address, collapse_addresses, ip_address, ip_network
from pathlib import Path

import pytest

from seafevents_offline.egress import address
from seafevents_offline.egress.address import Kind, kind_of
from seafevents_offline.egress.claims import in_words
from seafevents_offline.egress.messages import Ended
from seafevents_offline.egress.policy import Policy
from seafevents_offline.settings import SECTION, Settings

PAGE = (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8")
LINES = [line.strip() for line in PAGE.splitlines() if line.startswith("    ")]
SETTINGS = [line for line in LINES if re.match(r"(allow-addresses|deny-hosts|upstream-proxy) = ", line)]

#: The networks in the sets of the firewall, as they stand there.
REFUSED = [
    ip_network(text)
    for block in re.findall(r"elements = \{([^}]*)\}", PAGE)
    for text in re.split(r",\s*", block.strip())
]


def is_refused(place: IPv4Address | IPv6Address) -> bool:
    return any(place in network for network in REFUSED)


@pytest.mark.parametrize("line", SETTINGS)
def test_settings_are_settings(line: str) -> None:
    config = RawConfigParser()
    config.read_string(f"[{SECTION}]\n{line}\n")
    Policy.from_settings(Settings.from_config(config))


def test_there_are_settings() -> None:
    assert len(SETTINGS) >= 8


def test_the_line_of_the_log_is_one() -> None:
    host, server = "files.example.com", "93.184.216.34"
    ended = Ended(12, 1, "ada@example.com", host, 443, server, 1048576, 742, 1.9, "closed")
    assert in_words(ended) in LINES


def test_the_firewall_refuses_what_the_guard_refuses_and_nothing_else() -> None:
    edges = [
        edge
        for network, _ in address._ROWS
        for edge in (int(network[0]) - 1, int(network[0]), int(network[-1]), int(network[-1]) + 1)
        if 0 <= edge < 2**network.max_prefixlen
        for edge in [(IPv4Address if network.version == 4 else IPv6Address)(edge)]
    ]
    assert len(edges) > 100
    for edge in edges:
        assert is_refused(edge) == (kind_of(edge) is not Kind.PUBLIC), edge


def test_no_network_of_the_firewall_stands_there_twice() -> None:
    for version in (4, 6):
        networks = [network for network in REFUSED if network.version == version]
        assert len(list(collapse_addresses(networks))) == len(networks)


def test_systemd_understands_its_lines() -> None:
    words = [word for line in LINES if line.startswith("IPAddress") for word in line.partition("=")[2].split()]
    assert len(words) > 10
    for word in words:
        assert word in ("localhost", "multicast") or ip_network(word)
    assert not is_refused(ip_address("93.184.216.34"))
