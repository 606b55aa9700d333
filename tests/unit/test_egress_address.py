"""What kind of place an address is: a long table, and that no notation gets around it."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seafevents_offline.egress.address import carried, kind_of, learned, literal
from seafevents_offline.egress.admission import admitted
from seafevents_offline.egress.policy import Policy, judge
from seafevents_offline.egress.surroundings import NOWHERE, Surroundings
from seafevents_offline.endpoint import Address, plain
from seafevents_offline.errors import (
    AddressNotPublic,
    AddressOwn,
    AddressPrivate,
    EgressRefused,
    InputError,
)
from seafevents_offline.link import host_of, normalise

#: Everything that the default settings say.
POLICY = Policy()

#: A network that translates with prefixes of its own, besides the well-known one.
TRANSLATED = Surroundings(
    nat64=tuple(
        map(IPv6Network, ("2a00:64::/32", "2a00:6464:6464::/48", "2a01:64::/96", "fd64::/96", "64:ff9b:1::/96"))
    )
)

# An address, what it is (own: this machine) and why.
TABLE = """
# --- IPv4: open
1.1.1.1                         public   a name server
8.8.8.8                         public   a name server
9.255.255.255                   public   the last before 10.0.0.0/8
11.0.0.0                        public   the first after it
93.184.216.34                   public   a web server
100.63.255.255                  public   the last before the shared space
100.128.0.0                     public   the first after it
126.255.255.255                 public   the last before loopback
128.0.0.0                       public   the first after it
168.63.129.15                   public   beside Azure's own
168.63.129.17                   public   beside Azure's own
169.253.255.255                 public   the last before link-local
169.255.0.0                     public   the first after it
172.15.255.255                  public   the last before 172.16.0.0/12
172.32.0.0                      public   the first after it
191.255.255.255                 public   an ordinary one
192.0.1.0                       public   the first after protocol assignments
192.0.3.0                       public   the first after documentation
192.88.98.255                   public   the last before the relays
192.88.100.0                    public   the first after them
192.167.255.255                 public   the last before 192.168.0.0/16
192.169.0.0                     public   the first after it
198.17.255.255                  public   the last before benchmarks
198.20.0.0                      public   the first after them
198.51.99.255                   public   the last before documentation
198.51.101.0                    public   the first after it
203.0.112.255                   public   the last before documentation
203.0.114.0                     public   the first after it
223.255.255.255                 public   the last before multicast

# --- IPv4: this machine
0.0.0.0                         own      connects to loopback
0.0.0.1                         own      this network
0.255.255.255                   own      this network
127.0.0.0                       own      loopback
127.0.0.1                       own      loopback
127.1.2.3                       own      all of it is
127.255.255.255                 own      loopback

# --- IPv4: private
10.0.0.0                        private  RFC 1918
10.0.0.5                        private  RFC 1918
10.255.255.255                  private  RFC 1918
172.16.0.0                      private  RFC 1918
172.17.0.1                      private  where Docker's host is
172.31.255.255                  private  RFC 1918
192.168.0.0                     private  RFC 1918
192.168.255.255                 private  RFC 1918
100.64.0.0                      private  shared with the provider
100.100.100.100                 private  a private network's name server
100.127.255.255                 private  shared with the provider
198.18.0.0                      private  benchmarks
198.19.255.255                  private  benchmarks

# --- IPv4: neither
100.100.100.200                 special  Alibaba's metadata
168.63.129.16                   special  Azure's own services
169.254.0.0                     special  link-local
169.254.169.123                 special  Amazon's clock
169.254.169.253                 special  Amazon's name server
169.254.169.254                 special  metadata of most clouds
169.254.170.2                   special  credentials of containers
169.254.170.23                  special  credentials of pods
169.254.42.42                   special  Scaleway's metadata
169.254.255.255                 special  link-local
192.0.0.0                       special  protocol assignments
192.0.0.1                       special  DS-Lite
192.0.0.8                       special  dummy address
192.0.0.9                       special  port control, anycast
192.0.0.10                      special  TURN, anycast
192.0.0.170                     special  NAT64 discovery
192.0.0.171                     special  NAT64 discovery
192.0.0.192                     special  Oracle's metadata
192.0.0.255                     special  protocol assignments
192.0.2.0                       special  documentation
192.0.2.255                     special  documentation
192.31.196.1                    special  AS112
192.52.193.1                    special  AMT
192.88.99.0                     special  6to4 relays
192.88.99.1                     special  6to4 relays
192.88.99.255                   special  6to4 relays
192.175.48.1                    special  AS112
198.51.100.1                    special  documentation
203.0.113.1                     special  documentation
224.0.0.0                       special  multicast
224.0.0.1                       special  multicast
233.252.0.1                     special  multicast
239.255.255.250                 special  multicast
239.255.255.255                 special  multicast
240.0.0.0                       special  reserved
250.1.2.3                       special  reserved
255.255.255.254                 special  reserved
255.255.255.255                 special  broadcast

# --- IPv6: open
2000::                          public   the first
2001:200::1                     public   the first after protocol assignments
2001:4860:4860::8888            public   a name server
2001:db7:ffff::1                public   before documentation
2001:db9::1                     public   after documentation
2003::1                         public   after 6to4
2606:4700:4700::1111            public   a name server
2620:4f:7fff::1                 public   before AS112
2620:4f:8001::1                 public   after AS112
2a00:1450:4001::200e            public   a web server
2a02:ec80::1                    public   a web server
3ffe::1                         public   an experiment of old
3fff:1000::1                    public   after documentation
3fff:ffff::1                    public   the last

# --- IPv6: this machine
::                              own      connects to loopback
::1                             own      loopback

# --- IPv6: private
fc00::                          private  unique local
fd00::1                         private  unique local
fd12:3456:789a:1::1             private  unique local
fdff:ffff::1                    private  unique local
fec0::1                         private  site-local
feff::1                         private  site-local
64:ff9b:1::                     private  a network's own translation
64:ff9b:1::808:808              private  a network's own translation, which nobody told of
64:ff9b:1:ffff::7f00:1          private  a network's own translation

# --- IPv6: neither
::2                             special  after loopback
::1:0:0:0                       special  reserved
1::1                            special  reserved
64:ff9a::1                      special  before translation
64:ff9b:0:1::1                  special  beside translation
64:ff9b:2::1                    special  after translation
100::1                          special  discarded
100:0:0:1::1                    special  dummy prefix
200::1                          special  reserved
400::1                          special  reserved
1fff:ffff::1                    special  the last before 2000::/3
2001::1                         special  protocol assignments
2001:1::1                       special  port control, anycast
2001:1::2                       special  TURN, anycast
2001:1::3                       special  DNS-SD, anycast
2001:2::1                       special  benchmarks
2001:3::1                       special  AMT
2001:4:112::1                   special  AS112
2001:5::1                       special  protocol assignments
2001:10::1                      special  ORCHID
2001:20::1                      special  ORCHIDv2
2001:30::1                      special  drones
2001:1ff:ffff::1                special  protocol assignments
2001:db8::1                     special  documentation
2001:db8:ffff:ffff::1           special  documentation
2620:4f:8000::1                 special  AS112
3fff::1                         special  documentation
3fff:fff:ffff::1                special  documentation
4000::1                         special  the first after 2000::/3
5f00::1                         special  segment routing
6000::1                         special  reserved
8000::1                         special  reserved
c000::1                         special  reserved
e000::1                         special  reserved
f000::1                         special  reserved
fbff:ffff::1                    special  the last before unique local
fe00::1                         special  reserved
fe80::                          special  link-local
fe80::1                         special  link-local
fe80::a9fe:a9fe                 special  link-local, Google's and Oracle's metadata
febf:ffff::1                    special  link-local
ff00::                          special  multicast
ff02::1                         special  multicast
ff0e::1                         special  multicast, global
ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff  special  multicast
fd00:ec2::23                    special  credentials of pods
fd00:ec2::123                   special  Amazon's clock
fd00:ec2::253                   special  Amazon's name server
fd00:ec2::254                   special  Amazon's metadata
fd20:ce::254                    special  Google's metadata
fd00:42::42                     special  Scaleway's metadata

# --- IPv4 inside IPv6: mapped is IPv4
::ffff:8.8.8.8                  public   mapped
::ffff:10.0.0.5                 private  mapped
::ffff:127.0.0.1                own      mapped
::ffff:0.0.0.0                  own      mapped
::ffff:169.254.169.254          special  mapped
::ffff:224.0.0.1                special  mapped

# --- IPv4-compatible, IPv4-translated: nothing goes there
::8.8.8.8                       special  compatible
::10.0.0.5                      special  compatible
::127.0.0.1                     special  compatible
::ffff:0:8.8.8.8                special  translated
::ffff:0:127.0.0.1              special  translated

# --- NAT64
64:ff9b::8.8.8.8                public   well-known prefix
64:ff9b::10.0.0.5               private  well-known prefix
64:ff9b::127.0.0.1              own      well-known prefix
64:ff9b::0.0.0.0                own      well-known prefix
64:ff9b::169.254.169.254        special  well-known prefix
64:ff9b::100.100.100.200        special  well-known prefix
64:ff9b::192.168.1.1            private  well-known prefix
64:ff9b::255.255.255.255        special  well-known prefix

# --- 6to4
2002:808:808::1                 public   6to4
2002:a00:5::1                   private  6to4
2002:7f00:1::                   own      6to4
2002::1                         own      6to4 of 0.0.0.0
2002:a9fe:a9fe::1               special  6to4
2002:c0a8:101::1                private  6to4
2002:e000:1::1                  special  6to4

# --- Teredo: nothing goes there, whatever is inside
2001:0:808:808:0:0:f7f7:f7f7    special  public server, public client
2001:0:a00:5:0:0:f7f7:f7f7      special  private server
2001:0:808:808:0:0:80ff:fffe    special  client 127.0.0.1

# --- ISATAP
2a02:ec80::5efe:8.8.8.8         public   ISATAP
2a02:ec80::5efe:10.0.0.5        private  ISATAP
2a02:ec80::200:5efe:10.0.0.5    private  ISATAP, with the universal bit
2a02:ec80::5efe:127.0.0.1       own      ISATAP
2a02:ec80::5efe:169.254.169.254 special  ISATAP
fe80::5efe:8.8.8.8              special  ISATAP, link-local
2002:808:808::5efe:10.0.0.5     private  ISATAP in 6to4
"""

# The same in TRANSLATED, which learned some prefixes.
LEARNED_TABLE = """
2a00:64:808:808::               public   /32
2a00:64:a00:5::                 private  /32
2a00:64:7f00:1::                own      /32
2a00:6464:6464:808:8:800::      public   /48
2a00:6464:6464:a00:0:500::      private  /48
2a00:6464:6464:7f00:0:100::     own      /48
2a00:6464:6464:a9fe:a9:fe00::   special  /48
2a01:64::8.8.8.8                public   /96
2a01:64::169.254.169.254        special  /96
fd64::8.8.8.8                   public   /96 of unique local addresses
fd64::10.0.0.5                  private  /96 of unique local addresses
fd64::127.0.0.1                 own      /96 of unique local addresses
fd64::1:0:8.8.8.8               private  beside it
64:ff9b:1::8.8.8.8              public   /96 of the local prefix
64:ff9b:1::10.0.0.5             private  /96 of the local prefix
64:ff9b:1:0:1::8.8.8.8          private  beside it
64:ff9b::8.8.8.8                public   the well-known one
64:ff9b::10.0.0.5               private  the well-known one
2606:4700:4700::1111            public   another
::1                             own      another
10.0.0.5                        private  another
"""

REFUSALS = {"private": AddressPrivate, "own": AddressOwn, "special": AddressNotPublic, "public": None}


def rows(table: str) -> list[tuple[str, str]]:
    lines = [line for line in table.splitlines() if line and not line.startswith("#")]
    return [(line.split()[0], line.split()[1]) for line in lines]


def refusal(address: Address, surroundings: Surroundings = NOWHERE, policy: Policy = POLICY) -> type | None:
    try:
        judge(policy, surroundings, "files.example", address, 443)
    except EgressRefused as error:
        return type(error)
    return None


def test_the_table_is_long() -> None:
    addresses = [address for address, _ in rows(TABLE)]
    assert len(addresses) >= 150
    assert len({ip_address(address) for address in addresses}) == len(addresses)


@pytest.mark.parametrize(("text", "verdict"), rows(TABLE))
def test_an_address_is_what_the_table_says(text: str, verdict: str) -> None:
    assert refusal(ip_address(text)) is REFUSALS[verdict]


@pytest.mark.parametrize(("text", "verdict"), rows(LEARNED_TABLE))
def test_what_a_network_translates_is_judged_by_what_is_inside(text: str, verdict: str) -> None:
    assert refusal(ip_address(text), TRANSLATED) is REFUSALS[verdict]


def test_the_table_is_the_same_whatever_python_thinks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own answer may only refuse more. By itself it is wrong about 72 of these in 3.12, about 66 in 3.13."""
    for kind in (IPv4Address, IPv6Address):
        monkeypatch.setattr(kind, "is_global", True)
    assert [(text, refusal(ip_address(text))) for text, _ in rows(TABLE)] == [
        (text, REFUSALS[verdict]) for text, verdict in rows(TABLE)
    ]


def test_what_python_refuses_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (IPv4Address, IPv6Address):
        monkeypatch.setattr(kind, "is_global", False)
    assert all(refusal(ip_address(text)) is not None for text, _ in rows(TABLE))


# --- what is inside -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("10.0.0.5", []),
        ("2a02:ec80::1", []),
        ("::10.0.0.5", ["10.0.0.5"]),
        ("::ffff:0:10.0.0.5", ["10.0.0.5"]),
        ("64:ff9b::10.0.0.5", ["10.0.0.5"]),
        ("64:ff9b:1::10.0.0.5", ["10.0.0.5"]),
        ("2002:a00:5::1", ["10.0.0.5"]),
        ("2001:0:a00:5:0:0:3f57:fffe", ["10.0.0.5", "192.168.0.1"]),
        ("2a02:ec80::5efe:10.0.0.5", ["10.0.0.5"]),
        ("2002:808:808::5efe:10.0.0.5", ["8.8.8.8", "10.0.0.5"]),
        ("2a02:ec80::1:5efe:10.0.0.5", []),
    ],
)
def test_what_an_address_carries(text: str, inside: list[str]) -> None:
    assert list(map(str, carried(IPv6Address(text) if ":" in text else IPv4Address(text)))) == inside


@pytest.mark.parametrize(
    ("prefix", "answer", "inside"),
    [
        # The examples of RFC 6052, 2.4; the answers are for 192.0.0.170.
        ("2001:db8::/32", "2001:db8:c000:aa::", "2001:db8:c000:221::"),
        ("2001:db8:100::/40", "2001:db8:1c0:0:aa::", "2001:db8:1c0:2:21::"),
        ("2001:db8:122::/48", "2001:db8:122:c000:0:aa00::", "2001:db8:122:c000:2:2100::"),
        ("2001:db8:122:300::/56", "2001:db8:122:3c0:0:aa:0:0", "2001:db8:122:3c0:0:221::"),
        ("2001:db8:122:344::/64", "2001:db8:122:344:c0:0:aa00:0", "2001:db8:122:344:c0:2:2100::"),
        ("2001:db8:122:344::/96", "2001:db8:122:344::192.0.0.170", "2001:db8:122:344::192.0.2.33"),
        ("64:ff9b::/96", "64:ff9b::c000:ab", "64:ff9b::192.0.2.33"),
    ],
)
def test_a_prefix_is_learned_from_its_answer(prefix: str, answer: str, inside: str) -> None:
    found = learned([IPv6Address(answer)])
    assert found == (IPv6Network(prefix),)
    assert IPv4Address("192.0.2.33") in carried(IPv6Address(inside), found)


def test_a_networks_own_prefix_is_read_as_it_was_learned() -> None:
    learnt = Surroundings(nat64=(IPv6Network("64:ff9b:1::/48"),))
    assert refusal(ip_address("64:ff9b:1:808:8:800::"), learnt) is None
    assert refusal(ip_address("64:ff9b:1:a00:0:500::"), learnt) is AddressPrivate
    assert refusal(ip_address("64:ff9b:1:7f00:0:100::"), learnt) is AddressOwn


def test_nothing_is_learned_from_other_answers() -> None:
    assert learned([]) == ()
    assert learned([IPv6Address(text) for text in ("::1", "2a02:ec80::1", "::ffff:192.0.0.170", "fe80::c000:ac")]) == ()


@pytest.mark.parametrize("length", [32, 40, 48, 56, 64, 96])
def test_no_name_server_can_open_what_is_special(length: int) -> None:
    special = [ip_address(text) for text, verdict in rows(TABLE) if ":" in text and verdict in ("own", "special")]
    for address in special:
        claimed = IPv6Network((int(address) >> (128 - length) << (128 - length), length))
        assert refusal(address, Surroundings(nat64=(claimed,))) is not None, address


# --- any address --------------------------------------------------------------------------------------------

IPV4 = st.integers(0, 2**32 - 1).map(IPv4Address)
_IPV4_NETWORKS = [
    IPv4Network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32"),
    )
]
REFUSED_IPV4 = st.sampled_from(_IPV4_NETWORKS).flatmap(
    lambda network: st.integers(0, network.num_addresses - 1).map(lambda number: network[number])
)
_IPV6_PREFIXES = ["::", "::ffff:0:0", "64:ff9b::", "64:ff9b:1::", "2001::", "2002::", "2001:db8::", "fc00::", "fe80::"]
IPV6 = st.builds(
    lambda prefix, number, bits: IPv6Address(int(IPv6Address(prefix)) ^ number % 2**bits),
    st.sampled_from([*_IPV6_PREFIXES, "2a02:ec80::", "2a02:ec80::5efe:0:0", "ff00::", "8000::"]),
    st.integers(0, 2**128 - 1),
    st.sampled_from([16, 32, 64, 80, 96, 112, 125, 128]),
)


NOT_PUBLIC = ("private", "multicast", "reserved", "unspecified", "loopback", "link_local")


@given(IPV4)
def test_an_open_ipv4_address_is_what_everybody_calls_public(address: IPv4Address) -> None:
    if refusal(address) is None:
        assert address.is_global
        assert not any(getattr(address, f"is_{word}") for word in NOT_PUBLIC)


@given(IPV6)
def test_an_open_ipv6_address_is_public_and_so_is_what_it_carries(address: IPv6Address) -> None:
    if refusal(address) is None and address.ipv4_mapped is None:
        inside = carried(address)
        assert all(refusal(place) is None for place in inside)
        assert address in IPv6Network("2000::/3") or inside
        assert not any(getattr(address, f"is_{word}") for word in (*NOT_PUBLIC, "site_local") if not inside)


WRAPPERS = {
    "mapped": lambda it: IPv6Address(0xFFFF << 32 | int(it)),
    "compatible": lambda it: IPv6Address(int(it)),
    "translated": lambda it: IPv6Address(0xFFFF << 48 | int(it)),
    "NAT64": lambda it: IPv6Address(int(IPv6Address("64:ff9b::")) | int(it)),
    "local NAT64": lambda it: IPv6Address(int(IPv6Address("64:ff9b:1::")) | int(it)),
    "6to4": lambda it: IPv6Address(0x2002 << 112 | int(it) << 80 | 1),
    "Teredo server": lambda it: IPv6Address(0x20010000 << 96 | int(it) << 64),
    "Teredo client": lambda it: IPv6Address(0x2001000008080808 << 64 | int(it) ^ 0xFFFFFFFF),
    "ISATAP": lambda it: IPv6Address(int(IPv6Address("2a02:ec80::5efe:0:0")) | int(it)),
    "ISATAP, universal": lambda it: IPv6Address(int(IPv6Address("2a02:ec80::200:5efe:0:0")) | int(it)),
    "learned /96": lambda it: IPv6Address(int(IPv6Address("2a01:64::")) | int(it)),
    "learned /32": lambda it: IPv6Address(int(IPv6Address("2a00:64::")) | int(it) << 64),
}


@given(REFUSED_IPV4, st.sampled_from(sorted(WRAPPERS)))
def test_no_wrapper_opens_a_refused_address(address: IPv4Address, wrapper: str) -> None:
    assert refusal(WRAPPERS[wrapper](address), TRANSLATED) is not None


@given(IPV4, st.sampled_from(sorted(WRAPPERS)))
def test_a_denied_address_is_denied_in_every_wrapper(address: IPv4Address, wrapper: str) -> None:
    denying = Policy(denied_networks=(IPv4Network(address),))
    with pytest.raises(EgressRefused, match="administrator"):
        judge(denying, TRANSLATED, "files.example", WRAPPERS[wrapper](address), 443)


@given(IPV4, st.sampled_from(sorted(WRAPPERS)))
def test_an_own_address_is_own_in_every_wrapper(address: IPv4Address, wrapper: str) -> None:
    here = Surroundings(addresses=frozenset({address}), nat64=TRANSLATED.nat64)
    assert refusal(WRAPPERS[wrapper](address), here) is not None


# --- any notation -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("017700000001", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0X7F.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("0177.0x0.1", "127.0.0.1"),
        ("0", "0.0.0.0"),
        ("１２７.０.０.１", "127.0.0.1"),
        ("①②⑦.⓪.⓪.①", "127.0.0.1"),
        ("::1", "::1"),
        ("::ffff:127.0.0.1", "127.0.0.1"),
        ("0:0:0:0:0:FFFF:7F00:1", "127.0.0.1"),
        ("fe80::1%eth0", "fe80::1"),
        ("files.example", None),
        ("127.0.0.1.example", None),
        ("127.0.0.x1", None),
        ("1e1", None),
    ],
)
def test_an_address_is_known_in_any_notation(host: str, address: str | None) -> None:
    found = literal(host)
    assert (found and str(found)) == address


@pytest.mark.parametrize(
    "host", ["1.2.3.4.5", "256.1.1.1", "4294967296", "0x100000000", "08.1.1.1", "0x", "a.0x1", "x.1"]
)
def test_what_is_neither_an_address_nor_a_name_is_an_error(host: str) -> None:
    with pytest.raises(ValueError, match=host):
        literal(host)


def _number(value: int, base: str, zeros: int, upper: bool) -> str:
    text = {"decimal": str(value), "octal": "0" * zeros + f"0{value:o}", "hex": "0x" + "0" * zeros + f"{value:x}"}[base]
    return text.upper() if upper else text


@st.composite
def ipv4_notations(draw: st.DrawFn) -> str:
    """A refused address as one to four numbers, each in any base."""
    value = int(draw(REFUSED_IPV4))
    parts = draw(st.integers(1, 4))
    numbers = [value >> 8 * (3 - place) & 0xFF for place in range(parts - 1)]
    numbers.append(value & (1 << 8 * (5 - parts)) - 1)
    base = st.sampled_from(["decimal", "octal", "hex"])
    words = [_number(number, draw(base), draw(st.integers(0, 3)), draw(st.booleans())) for number in numbers]
    return ".".join(words) + draw(st.sampled_from(["", "."]))


@st.composite
def ipv6_notations(draw: st.DrawFn) -> str:
    """A refused address, or an IPv6 address around one, in one of its many spellings; sometimes with a zone."""
    inner = draw(REFUSED_IPV4)
    whole = WRAPPERS[draw(st.sampled_from([name for name in sorted(WRAPPERS) if "learned" not in name]))](inner)
    address = draw(st.sampled_from([whole, *(IPv6Address(text) for text in ("::1", "::", "fe80::1", "fd00:ec2::254"))]))
    mixed = IPv6Address(int(address) >> 32 << 32 | 0x10001).exploded[:-9]
    spelled = draw(
        st.sampled_from([str(address), address.exploded, f"{mixed}{IPv4Address(int(address) & 0xFFFFFFFF)}"])
    )
    zone = draw(st.sampled_from(["", "", "", "%eth0", "%25eth0", "%251", "%1"]))
    return f"[{(spelled.upper() if draw(st.booleans()) else spelled) + zone}]"


_WIDE = str.maketrans("0123456789.abcdefx", "０１２３４５６７８９。ａｂｃｄｅｆｘ")
_RINGED = str.maketrans("0123456789", "⓪①②③④⑤⑥⑦⑧⑨")


def _percent(text: str) -> str:
    return "".join(f"%{ord(char):02X}" for char in text)


DISGUISES = {
    "as it is": lambda text: text,
    "upper case": str.upper,
    "full width": lambda text: text.translate(_WIDE),
    "ringed": lambda text: text.translate(_RINGED),
    "percent": _percent,
    "one percent": lambda text: _percent(text[:1]) + text[1:],
    "soft hyphen": lambda text: f"{text[:1]}\xad{text[1:]}",
    "zero width": lambda text: f"{text[:1]}\u200b{text[1:]}",
    "user info": lambda text: f"files.example@{text}",
    "back slash": lambda text: f"files.example\\@{text}",
    "line break": lambda text: f"{text}\n",
}


@given(
    st.one_of(ipv4_notations(), ipv6_notations()),
    st.sampled_from(sorted(DISGUISES)),
    st.sampled_from(["", ":80", ":443"]),
)
def test_no_notation_of_a_refused_address_is_admitted(text: str, disguise: str, port: str) -> None:
    link = f"http://{DISGUISES[disguise](text)}{port}/a.bin"
    with pytest.raises((InputError, EgressRefused)):
        admitted(link, POLICY)


@given(st.one_of(ipv4_notations(), ipv6_notations()), st.sampled_from(sorted(DISGUISES)))
def test_no_notation_of_a_refused_address_is_connected_to(text: str, disguise: str) -> None:
    """What a redirect names is not admitted by anybody; the guard sees it as the system's resolver does."""
    link = f"http://{DISGUISES[disguise](text)}/a.bin"
    try:
        host = host_of(normalise(link, ("http",)))
    except InputError:
        # Not even a link: as a careless program would take it apart.
        host = link.removeprefix("http://").removesuffix("/a.bin").rpartition("@")[2].strip("[]\n")
    for address in _as_the_system_sees(host):
        with pytest.raises(EgressRefused):
            judge(POLICY, NOWHERE, host, address, 80)


def _as_the_system_sees(host: str) -> list[Address]:
    try:
        # As bytes, which is how an engine names it: for text Python would apply IDNA.
        found = socket.getaddrinfo(host.encode("ascii"), None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, ValueError):
        return []
    return [ip_address(entry[4][0]) for entry in found]


@given(ipv4_notations())
def test_a_literal_is_what_the_system_sees(text: str) -> None:
    assert literal(text) in (*map(plain, _as_the_system_sees(text.removesuffix("."))), None)
    assert literal(text) is not None


def test_kinds_need_a_plain_address() -> None:
    assert kind_of(plain(IPv6Address("::ffff:8.8.8.8"))) is kind_of(IPv4Address("8.8.8.8"))
