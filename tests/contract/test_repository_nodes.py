"""What daemons tell each other, on SQLite and MariaDB."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from seafevents_offline.repository import Node, NodeBeat, Repository, Survey
from seafevents_offline.status import Action, OfflineDownloadStatus
from seafevents_offline.task import Task
from tests.support.databases import Clock, run_sql
from tests.support.records import NODE, OTHER_NODE, ROOMY, claimed, new, put_into, stored

S = OfflineDownloadStatus


def test_a_node_is_known_from_its_first_beat(repo: Repository, clock: Clock) -> None:
    assert repo.nodes() == []
    repo.beat(NodeBeat(NODE, "knöd 😀", "1.0", {"engine": "fine", "free": 2**40}))
    assert repo.nodes() == [Node(NODE, "knöd 😀", "1.0", clock.now, {"engine": "fine", "free": 2**40})]


def test_a_beat_renews_everything(repo: Repository, clock: Clock) -> None:
    repo.beat(NodeBeat(NODE, "a", "1.0", {"engine": "fine"}))
    clock.advance(seconds=5)
    repo.beat(NodeBeat(NODE, "b", "1.1", {}))
    assert repo.nodes() == [Node(NODE, "b", "1.1", clock.now, {})]


def test_a_label_that_is_too_long_is_cut(repo: Repository) -> None:
    repo.beat(NodeBeat(NODE, "😀" * 300, "1" * 300, {}))
    (node,) = repo.nodes()
    assert (node.name, node.version) == ("😀" * 255, "1" * 40)


def test_a_survey_tells_of_all_nodes_but_the_own(repo: Repository, clock: Clock) -> None:
    assert repo.survey(NODE) == Survey({}, False)
    repo.beat(NodeBeat(NODE, "a", "1", {}))
    assert repo.survey(NODE) == Survey({}, False)
    repo.beat(NodeBeat(OTHER_NODE, "b", "1", {}))
    assert repo.survey(NODE) == Survey({OTHER_NODE: clock.now}, False)
    assert repo.survey("third") == Survey({NODE: clock.now, OTHER_NODE: clock.now}, False)


def test_a_survey_tells_what_the_node_has_in_hand(repo: Repository) -> None:
    running, storing = claimed(repo).odr_id, stored(repo).odr_id
    repo.act(claimed(repo).odr_id, Action.PAUSE)
    others = repo.add(new()).odr_id
    repo.claim(OTHER_NODE, 1, **ROOMY)
    assert repo.survey(NODE).held == {running, storing}
    assert repo.survey(OTHER_NODE).held == {others}
    assert repo.survey("third").held == set()


@pytest.mark.parametrize("with_nodes", [False, True])
@pytest.mark.parametrize("status", list(S))
def test_a_survey_tells_whether_anything_waits(
    repo: Repository, database_url: str, status: OfflineDownloadStatus, with_nodes: bool
) -> None:
    if with_nodes:
        repo.beat(NodeBeat(OTHER_NODE, "b", "1", {}))
    put_into(database_url, repo.add(new()).odr_id, status=status)
    assert repo.survey(NODE).waiting == (status is S.WAITING)


@pytest.mark.parametrize(
    ("away", "due"),
    [(-3600, True), (-1, True), (0, True), (1, False), (599, False), (600, False), (601, True), (3600, True)],
)
def test_only_what_is_due_waits(repo: Repository, database_url: str, clock: Clock, away: int, due: bool) -> None:
    odr_id = repo.add(new()).odr_id
    not_before = (clock.now + timedelta(seconds=away)).isoformat(" ", "microseconds")
    put_into(database_url, odr_id, not_before=not_before)
    assert repo.survey(NODE).waiting == due
    assert bool(repo.claim(NODE, 1, **ROOMY)) == due


def test_a_clock_that_jumps_back_strands_nothing(repo: Repository, database_url: str, clock: Clock) -> None:
    odr_id = repo.add(new()).odr_id
    put_into(database_url, odr_id, not_before=clock.now.isoformat(" ", "microseconds"))
    clock.advance(hours=-1)
    assert repo.survey(NODE).waiting
    assert [task.odr_id for task in repo.claim(NODE, 1, **ROOMY)] == [odr_id]


def test_odd_values_of_other_programs_hide_nothing(repo: Repository, database_url: str) -> None:
    repo.beat(NodeBeat(NODE, "a", "1", {}))
    run_sql(database_url, "INSERT INTO OfflineDownloadNode (node_id) VALUES (?)", OTHER_NODE)
    assert [node.health for node in repo.nodes()] == [{}, {}]
    assert set(repo.survey("third").beats) == {NODE, OTHER_NODE}


MONTH = 30 * 86400


def test_a_node_that_has_long_been_silent_is_forgotten(repo: Repository, clock: Clock) -> None:
    for node in (NODE, OTHER_NODE):
        repo.beat(NodeBeat(node, "a", "1", {}))
    clock.advance(days=30)
    assert repo.forget_nodes("third", MONTH) == 0
    clock.advance(seconds=1)
    assert repo.forget_nodes(NODE, MONTH) == 1
    assert [node.node_id for node in repo.nodes()] == [NODE], "who asks lives"
    repo.beat(NodeBeat(OTHER_NODE, "b", "1", {}))
    assert repo.forget_nodes("third", MONTH) == 1
    assert repo.nodes() == [Node(OTHER_NODE, "b", "1", clock.now, {})]


@pytest.mark.parametrize("make", [claimed, stored])
def test_a_dead_node_is_remembered_until_its_tasks_are_taken_over(
    repo: Repository, clock: Clock, make: Callable[[Repository], Task]
) -> None:
    repo.beat(NodeBeat(NODE, "a", "1", {}))
    make(repo)
    repo.add(new())
    clock.advance(days=365)
    assert repo.forget_nodes(OTHER_NODE, MONTH) == 0
    assert set(repo.survey(OTHER_NODE).beats) == {NODE}
    repo.take_over(OTHER_NODE, NODE)
    assert repo.forget_nodes(OTHER_NODE, MONTH) == 1
    assert repo.nodes() == []
