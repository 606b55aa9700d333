"""Credentials of a claim: what they carry, and that nobody else can make them."""

from __future__ import annotations

import string
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seafevents_offline.egress.grant import KEY_BYTES, Grant, credentials, verify
from seafevents_offline.pin import Pin

KEY = bytes(range(KEY_BYTES))
GRANT = Grant(odr_id=12, claim=3, owner="ada@example.com", bytes=10**12, tunnels=20, door=0)

_NUMBERS = st.integers(0, 2**63 - 1)
_PORTS = st.integers(0, 65535)
_PINS = st.none() | st.builds(Pin, st.text(max_size=253), _PORTS, st.booleans())
_GRANTS = st.builds(Grant, _NUMBERS, _NUMBERS, st.text(max_size=255), _NUMBERS, _NUMBERS, _PORTS, _NUMBERS, _PINS)


@settings(max_examples=40)
@given(_GRANTS, st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES))
def test_what_was_granted_comes_out_again(grant, key):
    user, password = credentials(key, grant)
    assert verify(key, user, password) == grant


@given(_GRANTS)
def test_credentials_need_no_encoding_in_an_option_or_a_header(grant):
    for part in credentials(KEY, grant):
        assert part
        assert set(part) <= set(string.ascii_letters + string.digits + "-_=")


def test_the_longest_owner_fits_into_a_head():
    user, password = credentials(KEY, replace(GRANT, owner="\U0001f600" * 255))
    assert len(user) + len(password) < 2000


@given(st.integers(0), st.integers(1, 255))
def test_a_changed_character_of_either_part_is_noticed(place, change):
    user, password = credentials(KEY, GRANT)
    whole = f"{user}:{password}"
    place %= len(whole)
    changed = whole[:place] + chr((ord(whole[place]) + change) % 256) + whole[place + 1 :]
    assert verify(KEY, *changed.split(":", 1) if ":" in changed else (changed, "")) is None


@given(st.text(), st.text())
def test_inventions_are_nobodys(user, password):
    assert verify(KEY, user, password) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("odr_id", 13),
        ("claim", 4),
        ("owner", "bob@example.com"),
        ("bytes", 0),
        ("tunnels", 10**6),
        ("door", 6800),
        ("serial", 2),
    ],
)
def test_another_grant_has_another_password(field, value):
    _, password = credentials(KEY, GRANT)
    user, _ = credentials(KEY, replace(GRANT, **{field: value}))
    assert verify(KEY, user, password) is None


def test_the_key_of_another_daemon_opens_nothing():
    assert verify(KEY[::-1], *credentials(KEY, GRANT)) is None
