from __future__ import annotations

import json
import pickle

import pytest

from seafevents_offline.status import ACTIVE, FINAL, RUNNING, TRANSITIONS, Action, OfflineDownloadStatus

UNKNOWN, WAITING, DOWNLOADING, OK, ERROR, STORING, PAUSED, CANCELLED = OfflineDownloadStatus


@pytest.mark.parametrize(
    ("number", "name"),
    list(enumerate(["UNKNOWN", "WAITING", "DOWNLOADING", "OK", "ERROR", "STORING", "PAUSED", "CANCELLED"])),
)
def test_the_numbers_are_public_and_never_change(number, name):
    assert OfflineDownloadStatus[name] == number
    assert OfflineDownloadStatus(number).name == name
    assert OfflineDownloadStatus(number).state == name.lower()


def test_there_are_no_other_states():
    assert len(OfflineDownloadStatus) == 8


@pytest.mark.parametrize("status", OfflineDownloadStatus)
def test_every_state_has_a_sentence_of_its_own(status):
    assert status.sentence[0].isupper()
    assert status.sentence.endswith(".")
    assert [other for other in OfflineDownloadStatus if other.sentence == status.sentence] == [status]


@pytest.mark.parametrize("status", OfflineDownloadStatus)
def test_a_state_is_a_number_to_databases_and_pages(status):
    assert isinstance(status, int)
    assert json.loads(json.dumps(status)) == status.value
    assert pickle.loads(pickle.dumps(status)) is status
    assert OfflineDownloadStatus.of(int(status)) is status


@pytest.mark.parametrize("number", [-1, 8, 99, 10**9])
def test_a_number_from_a_newer_version_is_unknown(number):
    assert OfflineDownloadStatus.of(number) is UNKNOWN


def test_the_legal_moves_are_exactly_these():
    assert {status: set(targets) for status, targets in TRANSITIONS.items()} == {
        UNKNOWN: set(),
        WAITING: {DOWNLOADING, ERROR, PAUSED, CANCELLED},
        DOWNLOADING: {STORING, WAITING, ERROR, PAUSED, CANCELLED},
        OK: set(),
        ERROR: {WAITING},
        STORING: {OK, WAITING, ERROR},
        PAUSED: {WAITING, CANCELLED},
        CANCELLED: {WAITING},
    }


def test_no_move_leads_nowhere_or_to_the_unknown():
    for status, targets in TRANSITIONS.items():
        assert status not in targets
        assert UNKNOWN not in targets


def test_every_state_but_the_unknown_can_be_reached_from_waiting():
    reached, new = set(), {WAITING}
    while new:
        reached |= new
        new = {target for status in reached for target in TRANSITIONS[status]} - reached
    assert reached == set(OfflineDownloadStatus) - {UNKNOWN}


def test_each_state_is_either_active_or_final_or_unknown():
    assert ACTIVE | FINAL | {UNKNOWN} == set(OfflineDownloadStatus)
    assert not ACTIVE & FINAL
    assert {DOWNLOADING, STORING} == RUNNING
    assert RUNNING <= ACTIVE
    assert {OK, ERROR, CANCELLED} == FINAL


@pytest.mark.parametrize("status", sorted(FINAL))
def test_what_is_final_only_its_owner_wakes_up(status):
    assert TRANSITIONS[status] == {action.target for action in Action if status in action.sources}


def test_only_a_worker_ends_storing():
    assert not [action for action in Action if STORING in action.sources]


@pytest.mark.parametrize(
    ("verb", "sources", "target"),
    [
        ("pause", {WAITING, DOWNLOADING}, PAUSED),
        ("resume", {PAUSED}, WAITING),
        ("cancel", {WAITING, DOWNLOADING, PAUSED}, CANCELLED),
        ("retry", {ERROR, CANCELLED}, WAITING),
    ],
)
def test_the_actions_are_exactly_these(verb, sources, target):
    assert (Action(verb).sources, Action(verb).target) == (sources, target)
    assert len(Action) == 4


@pytest.mark.parametrize("action", Action)
def test_every_action_makes_a_legal_move_from_every_source(action):
    assert action.sources
    for source in action.sources:
        assert action.target in TRANSITIONS[source]


def test_a_pair_of_states_belongs_to_one_action_only():
    moves = [(source, action.target) for action in Action for source in action.sources]
    assert len(moves) == len(set(moves))
