"""What the settings open and deny, in which order, and in which words."""

from __future__ import annotations

import json
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seafevents_offline.egress.policy import Policy, check_host, judge
from seafevents_offline.egress.surroundings import NOWHERE, Surroundings
from seafevents_offline.endpoint import Endpoint
from seafevents_offline.errors import EgressRefused, from_reason
from seafevents_offline.settings import Settings

PUBLIC = "93.184.216.34"
HERE = Surroundings(
    addresses=frozenset(map(ip_address, ("93.184.216.1", "192.168.7.1", "2a02:ec80::1"))),
    own=frozenset({(ip_address("93.184.216.40"), 8443), (ip_address("192.168.7.40"), 8080)}),
)


def policy(own: tuple[Endpoint, ...] = (), own_names: tuple[str, ...] = (), **settings: object) -> Policy:
    return Policy.from_settings(Settings(**settings), own, own_names)  # type: ignore[arg-type]


def answer(
    policy: Policy, host: str, address: str, port: int = 443, around: Surroundings = HERE, *, data: bool = False
) -> str:
    """The reason of the refusal, empty where it is open."""
    try:
        judge(policy, around, host, ip_address(address), port, data=data)
    except EgressRefused as error:
        return error.reason
    return ""


def test_the_webhook_opens_nothing_to_downloads() -> None:
    inside = policy(webhook_url="http://192.168.9.5:9000/hook")
    assert inside == policy()
    assert answer(inside, "192.168.9.5", "192.168.9.5", 9000) == "port_refused"
    assert answer(policy(webhook_url="http://192.168.9.5/hook"), "192.168.9.5", "192.168.9.5", 80) != ""


# --- ports --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("port", [80, 443, 8080, 8443])
def test_the_usual_ports_are_open(port: int) -> None:
    assert answer(policy(), "files.example", PUBLIC, port) == ""


@pytest.mark.parametrize("port", [1, 21, 22, 25, 81, 3306, 6379, 8000, 8082, 65535])
def test_others_are_not(port: int) -> None:
    assert answer(policy(), "files.example", PUBLIC, port) == "port_refused"
    with pytest.raises(EgressRefused) as caught:
        check_host(policy(), "files.example", port)
    assert str(caught.value) == (
        f"Nothing can be downloaded from port {port} of files.example; allowed are the ports 80, 443, 8080, 8443."
    )


def test_port_21_counts_with_ftp_and_only_then() -> None:
    assert answer(policy(ports=(21, 80)), "files.example", PUBLIC, 21) == "port_refused"
    assert answer(policy(ports=(80,), schemes=("http", "ftp")), "files.example", PUBLIC, 21) == ""
    assert policy(ports=(21, 80), schemes=("ftp",)).ports == (80, 21)


def test_a_data_channel_may_have_any_high_port_and_no_other_freedom() -> None:
    ftp = policy(schemes=("ftp",), deny_hosts=("bad.example", "8.8.8.8"), own_names=("cloud.example",))
    assert answer(ftp, "files.example", PUBLIC, 1024, data=True) == ""
    assert answer(ftp, "files.example", PUBLIC, 65535, data=True) == ""
    assert answer(ftp, "files.example", PUBLIC, 1023, data=True) == "port_refused"
    assert answer(ftp, "files.example", PUBLIC, 1024) == "port_refused"
    assert answer(ftp, "files.example", "10.0.0.5", 1024, data=True) == "address_private"
    assert answer(ftp, "files.example", "127.0.0.1", 1024, data=True) == "address_own"
    assert answer(ftp, "bad.example", PUBLIC, 1024, data=True) == "host_denied"
    assert answer(ftp, "files.example", "8.8.8.8", 1024, data=True) == "host_denied"
    assert answer(ftp, "cloud.example", PUBLIC, 1024, data=True) == "own_service"


# --- what is ours -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["93.184.216.1", "192.168.7.1", "2a02:ec80::1", "64:ff9b::93.184.216.1"])
def test_the_addresses_of_this_machine_are_refused(address: str) -> None:
    assert answer(policy(allow_addresses=("192.168.0.0/16",)), "files.example", address) == "address_own"


NEAR = Surroundings(
    networks=frozenset(map(ip_network, ("93.184.216.0/24", "2a02:ec80::/64", "10.0.0.0/8", "fe80::/64")))
)


@pytest.mark.parametrize("address", ["93.184.216.77", "2a02:ec80::77", "64:ff9b::93.184.216.77"])
def test_what_is_in_a_network_of_this_machine_is_refused_unless_the_network_is_open(address: str) -> None:
    assert answer(policy(), "files.example", address, around=NEAR) == "address_nearby"
    assert answer(policy(), address, address, around=NEAR) == "literal_nearby"
    opening = policy(allow_addresses=("93.184.216.0/24", "2a02:ec80::/64"))
    assert answer(opening, "files.example", address, around=NEAR) == ""
    assert answer(opening, "files.example", address, 22, around=NEAR) == "port_refused"
    assert answer(policy(allow_addresses=("files.example:443",)), "files.example", address, around=NEAR) == ""


def test_a_network_of_this_machine_changes_nothing_else() -> None:
    assert answer(policy(), "files.example", "93.184.217.1", around=NEAR) == ""
    assert answer(policy(), "files.example", "2a02:ec80:0:1::1", around=NEAR) == ""
    assert answer(policy(), "files.example", "10.0.0.5", around=NEAR) == "address_private"
    assert answer(policy(), "files.example", "fe80::5", around=NEAR) == "address_not_public"


def test_where_what_is_ours_listens_is_refused_and_no_other_port_of_it() -> None:
    opening = policy(allow_addresses=("192.168.0.0/16",))
    assert answer(opening, "files.example", "93.184.216.40", 8443) == "own_service"
    assert answer(opening, "files.example", "93.184.216.40", 443) == ""
    assert answer(opening, "files.example", "192.168.7.40", 8080) == "own_service"
    assert answer(opening, "files.example", "192.168.7.40", 80) == ""


@pytest.mark.parametrize("host", ["cloud.example", "CLOUD.example.", "bücher.example", "xn--bcher-kva.example"])
def test_the_names_of_this_service_are_refused(host: str) -> None:
    ours = policy(own_names=("Cloud.Example", "bücher.example"))
    assert answer(ours, host, PUBLIC) == "own_service"
    with pytest.raises(EgressRefused) as caught:
        check_host(ours, host, 443)
    assert str(caught.value) == f"Nothing can be downloaded from {host}: it belongs to this Seafile service."
    assert answer(ours, "www.cloud.example", PUBLIC) == ""


def test_only_its_name_and_port_opens_a_name_of_this_service() -> None:
    names = {"own_names": ("cloud.example",)}
    assert answer(policy(**names, allow_addresses=(f"{PUBLIC}:443",)), "cloud.example", PUBLIC) == "own_service"
    assert answer(policy(**names, allow_addresses=("cloud.example:444",)), "cloud.example", PUBLIC) == "own_service"
    assert answer(policy(**names, allow_addresses=("cloud.example:443",)), "cloud.example", PUBLIC) == ""


def test_a_service_that_is_named_by_its_address_has_that_address() -> None:
    ours = policy(own_names=("93.184.216.50", "2a02:ec80::50"))
    assert answer(ours, "files.example", "93.184.216.50") == "own_service"
    assert answer(ours, "files.example", "64:ff9b::93.184.216.50") == "own_service"
    assert answer(ours, "files.example", "2a02:ec80:0::50") == "own_service"


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("mysql+pymysql://user:p%40ss@db.example/seahub?charset=utf8mb4", "db.example:3306"),
        ("mysql+pymysql://user:p/a?s#s@db.example:3307/seahub", "db.example:3307"),
        ("mariadb+pymysql://user@[fd00::5]:3308/seahub", "[fd00::5]:3308"),
        ("mysql://10.0.0.5", "10.0.0.5:3306"),
        ("postgresql+psycopg://user:x@db/seahub", "db:5432"),
        ("sqlite:////srv/seafile/tasks.db", None),
        ("sqlite://", None),
        ("mysql+pymysql://user:pass@/seahub?unix_socket=/run/mysqld.sock", None),
        ("oracle://db/x", None),
        ("", None),
    ],
)
def test_the_database_is_ours(url: str, endpoint: str | None) -> None:
    assert [str(it) for it in policy(database=url).own] == ([endpoint] if endpoint else [])


def test_the_proxy_behind_the_guard_is_ours() -> None:
    behind = policy(upstream_proxy="http://user:secret@Proxy.example:8080/")
    assert behind.own == {Endpoint("proxy.example", 8080)}
    assert "secret" not in repr(behind)
    assert policy(upstream_proxy="env").own == frozenset()


# --- allow-addresses ----------------------------------------------------------------------------------------

EVERYTHING = (
    *(("files.example", address) for address in ("10.0.0.5", "127.0.0.1", "::1", "169.254.169.254", "fd00:ec2::254")),
    *(("files.example", address) for address in ("93.184.216.1", "224.0.0.1", "fe80::1", "2001:db8::1", PUBLIC)),
)


@pytest.mark.parametrize(("host", "address"), EVERYTHING)
def test_a_host_and_port_opens_exactly_that_whatever_it_is(host: str, address: str) -> None:
    opening = policy(allow_addresses=("files.example:9000",), own_names=("files.example",))
    assert answer(opening, host, address, 9000) == ""
    assert answer(opening, "FILES.example.", address, 9000) == ""
    assert answer(opening, host, address, 443) != ""
    assert answer(opening, "other.example", address, 9000) != ""
    assert answer(opening, "www.files.example", address, 9000) != ""


@pytest.mark.parametrize("address", [address for _, address in EVERYTHING])
def test_an_address_and_port_opens_exactly_that_by_every_name(address: str) -> None:
    opening = policy(allow_addresses=(str(Endpoint(address, 9000)),))
    assert answer(opening, "files.example", address, 9000) == ""
    assert answer(opening, "other.example", address, 9000) == ""
    assert answer(opening, "other.example", address, 9001) == "port_refused"
    assert answer(opening, "other.example", "10.9.9.9", 9000) == "port_refused"
    check_host(opening, "other.example", 9000)


def test_an_allowed_ipv4_address_is_the_mapped_one_and_no_other_wrapper_of_it() -> None:
    opening = policy(allow_addresses=("127.0.0.1:8080",))
    assert answer(opening, "files.example", "::ffff:127.0.0.1", 8080) == ""
    assert answer(opening, "files.example", "::127.0.0.1", 8080) == "address_not_public"
    assert answer(opening, "files.example", "64:ff9b::127.0.0.1", 8080) == "address_own"


def test_a_network_opens_what_is_private_in_it_on_the_usual_ports() -> None:
    opening = policy(allow_addresses=("10.0.0.0/8", "fd00::/8", "100.64.0.0/10"))
    assert answer(opening, "files.example", "10.255.0.1") == ""
    assert answer(opening, "files.example", "fd12::1") == ""
    assert answer(opening, "files.example", "100.64.0.1") == ""
    assert answer(opening, "files.example", "64:ff9b::10.0.0.5") == ""
    assert answer(opening, "files.example", "10.0.0.5", 22) == "port_refused"
    assert answer(opening, "files.example", "192.168.1.1") == "address_private"
    assert answer(opening, "files.example", "fec0::1") == "address_private"


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        *[(address, "address_own") for address in ("0.0.0.0", "127.0.0.1", "::", "::1", "192.168.7.1", "2a02:ec80::1")],
        *[(address, "address_not_public") for address in ("169.254.169.254", "100.100.100.200", "168.63.129.16")],
        *[(address, "address_not_public") for address in ("fd00:ec2::254", "fd20:ce::254", "fe80::1", "ff02::1")],
        *[(address, "address_not_public") for address in ("224.0.0.1", "255.255.255.255", "192.0.2.1", "2001:db8::1")],
        ("64:ff9b::169.254.169.254", "address_not_public"),
        ("64:ff9b::127.0.0.1", "address_own"),
        ("::ffff:127.0.0.1", "address_own"),
    ],
)
def test_a_network_never_opens_this_machine_nor_what_is_special(address: str, reason: str) -> None:
    assert answer(policy(allow_addresses=("0.0.0.0/0", "::/0")), "files.example", address) == reason


# --- deny-hosts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["bad.example", "BAD.Example.", "www.bad.example", "a.b.bad.example", "xn--bcher-kva.de"]
)
def test_a_denied_name_is_refused_with_all_below_it(host: str) -> None:
    denying = policy(deny_hosts=("bad.example", "bücher.de"))
    with pytest.raises(EgressRefused) as caught:
        check_host(denying, host, 443)
    assert str(caught.value) == f"The administrator does not allow downloads from {host}."
    assert answer(denying, host, PUBLIC) == "host_denied"


@pytest.mark.parametrize("host", ["notbad.example", "example", "bad.example.org", "bad-example"])
def test_other_names_are_not(host: str) -> None:
    assert answer(policy(deny_hosts=("bad.example",)), host, PUBLIC) == ""


def test_denied_addresses_are_refused_by_every_name() -> None:
    denying = policy(deny_hosts=("93.184.216.34", "1.1.1.0/24", "2606:4700::/32"))
    assert answer(denying, "files.example", "93.184.216.34") == "host_denied"
    assert answer(denying, "93.184.216.34", "93.184.216.34") == "host_denied"
    assert answer(denying, "files.example", "93.184.216.35") == ""
    assert answer(denying, "files.example", "1.1.1.1") == "host_denied"
    assert answer(denying, "files.example", "2606:4700:4700::1111") == "host_denied"
    assert answer(denying, "files.example", "64:ff9b::1.1.1.1") == "host_denied"
    assert answer(denying, "files.example", "2002:101:101::1") == "host_denied"


@pytest.mark.parametrize("allowed", ["bad.example:443", "10.0.0.5:443", "10.0.0.0/8"])
@pytest.mark.parametrize("denied", ["bad.example", "10.0.0.5", "10.0.0.0/24"])
def test_what_is_denied_is_refused_whatever_is_allowed(allowed: str, denied: str) -> None:
    both = policy(allow_addresses=(allowed,), deny_hosts=(denied,))
    assert answer(both, "bad.example", "10.0.0.5") == "host_denied"


def test_everything_can_be_denied() -> None:
    denying = policy(deny_hosts=("0.0.0.0/0", "::/0"), allow_addresses=("10.0.0.5:80",))
    assert {answer(denying, "files.example", address, 80) for address in (PUBLIC, "10.0.0.5", "2606:4700::1")} == {
        "host_denied"
    }


# --- words --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "address", "sentence"),
    [
        ("files.example", "10.0.0.5", "The address 10.0.0.5 of files.example is in a private network."),
        ("files.example", "::ffff:10.0.0.5", "The address 10.0.0.5 of files.example is in a private network."),
        ("10.0.0.5", "10.0.0.5", "The address 10.0.0.5 is in a private network."),
        ("167772165", "10.0.0.5", "The address 10.0.0.5 is in a private network."),
        ("files.example", "127.0.0.1", "The address 127.0.0.1 of files.example is this server itself."),
        ("::1", "::1", "The address ::1 is this server itself."),
        ("files.example", "fe80::1%1", "The address fe80::1 of files.example is not a public one."),
        ("169.254.169.254", "169.254.169.254", "The address 169.254.169.254 is not a public one."),
        ("1.2.3.4.5", "10.0.0.5", "The address 10.0.0.5 of 1.2.3.4.5 is in a private network."),
    ],
)
def test_a_refusal_says_why_and_survives_the_way_through_a_pipe(host: str, address: str, sentence: str) -> None:
    with pytest.raises(EgressRefused) as caught:
        judge(policy(), NOWHERE, host, ip_address(address), 443)
    error = caught.value
    assert str(error) == sentence
    again = from_reason(error.reason, json.loads(json.dumps(error.reason_args)))
    assert (type(again), str(again)) == (type(error), sentence)
    assert not error.retryable


# --- as a value ---------------------------------------------------------------------------------------------

HOSTS = st.sampled_from(
    ["files.example", "bad.example", "xn--bcher-kva.example", "10.0.0.5", "fd00::5", "2a02:ec80::9"]
)
PORTS = st.sampled_from([21, 80, 443, 1024, 9000])
ENDPOINTS = st.frozensets(st.builds(Endpoint, HOSTS, PORTS), max_size=4)
NETWORKS = st.lists(
    st.sampled_from(["10.0.0.0/8", "fd00::/8", "8.8.8.8/32", "::/0", "2a02:ec80::9/128"]).map(ip_network), max_size=3
).map(tuple)
POLICIES = st.builds(
    Policy,
    schemes=st.sampled_from([("http", "https"), ("ftp",)]),
    ports=st.lists(PORTS, max_size=4).map(tuple),
    allowed=ENDPOINTS,
    networks=NETWORKS,
    denied_names=st.frozensets(HOSTS),
    denied_networks=NETWORKS,
    own=ENDPOINTS,
    own_names=st.frozensets(HOSTS),
)


@given(POLICIES)
def test_a_policy_goes_through_a_pipe(policy: Policy) -> None:
    assert Policy.from_json(json.loads(json.dumps(policy.to_json()))) == policy


ADDRESSES = st.sampled_from(
    [address for _, address in EVERYTHING] + ["fd00::5", "2a02:ec80::9"]
) | st.ip_addresses().map(str)


@given(POLICIES, HOSTS, ADDRESSES, PORTS)
def test_what_is_known_before_the_lookup_is_what_is_known_after_it(
    policy: Policy, host: str, address: str, port: int
) -> None:
    early = ""
    try:
        check_host(policy, host, port)
    except EgressRefused as error:
        early = error.reason
    assert not early or answer(policy, host, address, port) in (early, "host_denied")


@given(POLICIES, HOSTS, ADDRESSES, PORTS)
def test_denying_more_never_opens_anything(policy: Policy, host: str, address: str, port: int) -> None:
    freed = Policy(**{**vars(policy), "denied_names": frozenset(), "denied_networks": ()})
    if answer(policy, host, address, port) == "":
        assert answer(freed, host, address, port) == ""
