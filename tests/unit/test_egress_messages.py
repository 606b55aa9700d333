"""The lines between daemon and guard."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seafevents_offline.confine import Account, Confinement
from seafevents_offline.egress import messages
from seafevents_offline.egress.messages import (
    Close,
    Configuration,
    Ended,
    Failed,
    Limits,
    Ping,
    Pong,
    Ready,
    Received,
    Refused,
    Warned,
    from_line,
    to_line,
)

MESSAGES = [
    Configuration({"ports": [80]}, "00ff", 5, "http://proxy:3128", Limits(idle=3.5)),
    Configuration({}, "00", 3, confinement=Confinement(Account("nobody", 65534, 65534), files=99)),
    Ping(1),
    Pong(1),
    Close(7, 2),
    Ready(),
    Refused(7, 2, "files.example", 80, "address_private", {"address": "10.0.0.5", "host": "files.example"}),
    Failed(7, 2, "files.example", 80, "host_not_found", {"host": "files.example"}),
    Received(7, 2, 3, 10**13),
    Ended(7, 2, "ada@example.com", "files.example", 443, "2606:2800::1", 10**13, 0, 1.25, "closed"),
    Warned("Something."),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_a_message_arrives_as_it_was_sent(message):
    assert from_line(to_line(message)) == message


@given(st.text(), st.text())
def test_no_text_makes_a_second_line(owner, host):
    message = Ended(7, 2, owner, host, 443, "::1", 1, 2, 3.0, "closed")
    line = to_line(message)
    assert line.isascii()
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert from_line(line) == message


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"{", b"null", b"[]", b"3", b'"ping"', b"\xff", b"{}", b'{"type":"boo"}', b'{"type":["ping"]}'),
        *(b'{"type":"ping"}', b'{"type":"ping","n":1,"m":2}', b'{"type":"configuration"}'),
        b'{"type":"configuration","policy":{},"key":"","fd":1,"limits":{"boo":1},"confinement":{"account":null}}',
        b'{"type":"configuration","policy":{},"key":"","fd":1,"limits":{},"confinement":{"account":[1,2]}}',
    ],
)
def test_what_is_no_message_is_a_value_error(line):
    with pytest.raises(ValueError):  # noqa: PT011 (that is all that is promised)
        from_line(line)


@given(st.binary())
def test_junk_is_never_anything_but_a_value_error(line):
    with pytest.raises(ValueError):  # noqa: PT011
        from_line(line)


def test_secrets_are_not_shown_by_what_is_logged_of_a_configuration():
    configuration = Configuration({"denied_names": ["secret.example"]}, "5ec4e7", 5, "http://ada:secret@proxy:3128")
    assert "sec" not in repr(configuration)
    assert "5ec4e7" not in repr(configuration)


def test_a_connection_is_given_up_by_the_guard_before_aria2_gives_up():
    """aria2's own limit is 30 s; after it nobody would read the guard's answer."""
    limits = Limits()
    assert limits.lookup + limits.connect + 2 * limits.witnesses < 30


def test_each_type_has_a_name_of_its_own():
    names = [json.loads(to_line(message))["type"] for message in MESSAGES]
    assert set(names) == set(messages._TYPES)
