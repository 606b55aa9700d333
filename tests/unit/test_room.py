"""Caps and turns, without a database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seafevents_offline.link import host_of
from seafevents_offline.repository.room import Room, in_turns

LINKS = st.builds(
    "{}://{}{}/{}".format,
    st.sampled_from(["http", "https", "ftp", "HTTPS"]),
    st.sampled_from(["a.example", "b.example", "u:p@a.example", "A.example", ""]),
    st.sampled_from(["", ":8080", "?x=/", "#"]),
    st.sampled_from(["", "x", "x/y"]),
)
TASKS = st.lists(st.tuples(st.sampled_from("xyz"), LINKS), max_size=30)


@given(running=TASKS, wished=TASKS, per_user=st.integers(1, 4), per_host=st.integers(1, 4))
def test_no_cap_is_exceeded_and_none_is_left_unfilled(
    running: list[tuple[str, str]], wished: list[tuple[str, str]], per_user: int, per_host: int
) -> None:
    room = Room(per_user, per_host, running)
    owners = Counter(owner for owner, _ in running)
    hosts = Counter(host_of(url) for _, url in running)
    for owner, url in wished:
        host = host_of(url)
        fits = owners[owner] < per_user and (not host or hosts[host] < per_host)
        assert room.take(owner, url) == fits
        if fits:
            owners[owner] += 1
            hosts[host] += 1
    assert room.full_owners() == sorted(owner for owner, count in owners.items() if count >= per_user)


@given(running=TASKS, link=LINKS, per_host=st.integers(1, 4))
def test_a_link_that_begins_like_a_full_one_has_no_room(
    running: list[tuple[str, str]], link: str, per_host: int
) -> None:
    room = Room(1000, per_host, running)
    if any(link.startswith(beginning) for beginning in room.full_beginnings()):
        assert not room.take("somebody", link)


@pytest.mark.parametrize(
    ("url", "beginnings"),
    [
        ("https://a.example/x/y", ["https://a.example/"]),
        ("http://a.example:8080/", ["http://a.example:8080/"]),
        ("ftp://a/x/y", ["ftp://a/x/"]),
        ("https://a.example", []),
        ("gopher://a.example/x", []),
        ("nothing", []),
    ],
)
def test_the_beginning_ends_behind_the_host(url: str, beginnings: list[str]) -> None:
    assert Room(1, 1, [("x", url)]).full_beginnings() == beginnings


def test_turns_go_round_until_all_are_empty() -> None:
    queues = [iter("ad"), iter("b"), iter(""), iter("cef")]
    assert "".join(in_turns(queues)) == "abcdef"
    assert list(in_turns([])) == []


def test_a_queue_is_not_touched_before_its_turn() -> None:
    touched = []

    def queue(name: str) -> Iterator[str]:
        touched.append(name)
        yield name

    turns = in_turns(queue(name) for name in "abc")
    assert next(turns) == "a"
    assert touched == ["a"]
    assert next(turns) == "b"
    assert touched == ["a", "b"]
