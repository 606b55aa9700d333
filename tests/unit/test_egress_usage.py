"""What a claim may have open and use, over all its tunnels."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any, cast

import pytest

from seafevents_offline.egress.grant import Grant
from seafevents_offline.egress.guard.pipes import Pipes
from seafevents_offline.egress.guard.usage import STEP, Usage, Usages, Why
from seafevents_offline.egress.messages import Received
from seafevents_offline.errors import TooLarge, TooManyConnections

GRANT = Grant(7, 1, "ada@example.com", bytes=1000, tunnels=2)


def nobody(event: Received) -> None:
    """Nobody wants to know."""


class Tunnel:
    """As a claim sees it."""

    def __init__(self, abandoned: bool = False) -> None:
        self.abandoned = abandoned
        self.cuts: list[Why] = []

    def cut(self, why: Why) -> None:
        self.cuts.append(why)


def usage(*tunnels: Tunnel, grant: Grant = GRANT) -> Usage:
    made = Usage(grant, nobody)
    made.tunnels.update(cast(Any, tunnels))
    return made


def test_there_is_room_up_to_the_cap():
    usage(Tunnel()).make_room()
    with pytest.raises(TooManyConnections):
        usage(Tunnel(), Tunnel()).make_room()


def test_a_tunnel_that_the_engine_has_left_makes_room():
    left = Tunnel(abandoned=True)
    claim = usage(Tunnel(), left)
    claim.make_room()
    assert left.cuts == [Why.CLOSED]
    assert left not in claim.tunnels


def test_the_bytes_of_all_tunnels_count():
    claim = usage()
    claim.count(600)
    assert claim.left() == 400
    claim.count(500)
    assert claim.left() == 0
    with pytest.raises(TooLarge):
        claim.make_room()


def test_no_cap_is_no_cap():
    claim = usage(grant=replace(GRANT, bytes=0))
    claim.count(10**15)
    claim.make_room()
    assert claim.left() > 10**15


def test_what_came_is_told_now_and_then_and_not_of_a_small_file():
    told: list[Received] = []
    usages = Usages(told.append)
    big, small = usages.of(replace(GRANT, serial=3)), usages.of(replace(GRANT, odr_id=8))
    small.receive(STEP - 1)
    small.count(STEP)
    assert told == []
    for _ in range(5):
        big.receive(STEP // 2)
    assert told == [Received(7, 1, 3, STEP), Received(7, 1, 3, 2 * STEP)]
    assert big.bytes == 5 * (STEP // 2)


def test_a_closed_claim_is_cut_and_begins_anew():
    usages, tunnel, other = Usages(nobody), Tunnel(), Tunnel()
    claim = usages.of(GRANT)
    claim.tunnels.add(cast(Any, tunnel))
    claim.count(1000)
    usages.of(replace(GRANT, claim=2)).tunnels.add(cast(Any, other))
    usages.close(7, 1, 0)
    assert tunnel.cuts == [Why.CUT]
    assert other.cuts == []
    assert usages.of(GRANT).left() == 1000


def test_the_end_of_a_claim_does_not_concern_its_next_beginning():
    usages, tunnel = Usages(nobody), Tunnel()
    usages.of(replace(GRANT, serial=2)).tunnels.add(cast(Any, tunnel))
    usages.close(7, 1, 1)
    assert tunnel.cuts == []


def test_an_unknown_claim_can_be_closed():
    Usages(nobody).close(7, 1, 0)


def test_each_claim_is_counted_by_itself_and_under_its_newest_grant():
    usages = Usages(nobody)
    usages.of(GRANT).count(1000)
    assert usages.of(replace(GRANT, odr_id=8)).left() == 1000
    assert usages.of(replace(GRANT, bytes=1500)).left() == 500


def test_claims_that_nobody_closed_are_forgotten_one_day_but_not_their_open_tunnels():
    usages = Usages(nobody)
    usages.of(GRANT).tunnels.add(cast(Any, Tunnel()))
    usages.of(replace(GRANT, claim=2)).count(700)
    for claim in range(10, 10_010):
        usages.of(replace(GRANT, claim=claim))
    assert usages.of(replace(GRANT, claim=2)).left() == 1000
    assert len(usages.of(GRANT).tunnels) == 1


def test_a_pipe_that_comes_back_empty_is_lent_again_and_a_full_one_is_not():
    pipes = Pipes()
    first = pipes.take()
    pipes.give_back(first)
    assert pipes.take() is first
    os.write(first.target, b"secret of another task")
    first.filled = 22
    pipes.give_back(first)
    second = pipes.take()
    with pytest.raises(BlockingIOError):
        os.read(second.source, 100)
    pipes.give_back(second)


def test_only_a_few_pipes_are_kept():
    before = len(os.listdir("/proc/self/fd"))
    pipes = Pipes()
    lent = [pipes.take() for _ in range(50)]
    for pipe in lent:
        pipes.give_back(pipe)
    assert len(os.listdir("/proc/self/fd")) - before <= 16
    for pipe in [pipes.take() for _ in range(8)]:
        pipe.filled = 1
        pipes.give_back(pipe)
    assert len(os.listdir("/proc/self/fd")) == before
