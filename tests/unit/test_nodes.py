"""Whether another node lives is judged by what was seen, for how long, without a gap."""

from __future__ import annotations

from datetime import datetime, timedelta

from seafevents_offline.tasks.nodes import NodeWatch

BEAT = datetime(2026, 1, 1)


def test_a_node_is_alive_until_it_was_watched_long_enough() -> None:
    watch = NodeWatch(60, 90)
    watch.observe({"b": BEAT}, 1000)
    watch.observe({"b": BEAT}, 1059.9)
    assert watch.alive(1059.9) == {"b"}
    assert watch.dead(1059.9) == frozenset()
    watch.observe({"b": BEAT}, 1060)
    assert watch.dead(1060) == {"b"}
    assert watch.alive(1060) == frozenset()


def test_an_old_beat_alone_means_nothing() -> None:
    watch = NodeWatch(60, 90)
    watch.observe({"b": BEAT - timedelta(days=400)}, 1000)
    assert watch.alive(1000) == {"b"}


def test_any_other_beat_counts_even_an_earlier_one() -> None:
    watch = NodeWatch(60, 90)
    watch.observe({"b": BEAT}, 0)
    watch.observe({"b": BEAT - timedelta(hours=1)}, 59)
    assert watch.alive(118) == {"b"}
    assert watch.dead(119) == {"b"}


def test_a_node_that_wakes_up_is_alive_again() -> None:
    watch = NodeWatch(60, 90)
    watch.observe({"b": BEAT}, 0)
    watch.observe({"b": BEAT}, 80)
    assert watch.dead(80) == {"b"}
    watch.observe({"b": BEAT + timedelta(seconds=1)}, 81)
    assert watch.alive(81) == {"b"}


def test_without_the_database_nothing_was_watched() -> None:
    watch = NodeWatch(60, 90)
    watch.observe({"b": BEAT}, 0)
    watch.lost()
    watch.observe({"b": BEAT}, 100)
    assert watch.alive(100) == {"b"}
    assert watch.dead(160) == {"b"}


def test_what_happened_while_this_node_slept_was_not_watched() -> None:
    watch = NodeWatch(60, 90)
    watch.observe({"b": BEAT}, 0)
    watch.observe({"b": BEAT}, 500)
    assert watch.alive(500) == {"b"}
    watch.observe({"b": BEAT}, 560)
    assert watch.dead(560) == {"b"}


def test_a_node_whose_row_is_gone_is_neither() -> None:
    watch = NodeWatch(60, 90)
    watch.observe({"b": BEAT}, 0)
    watch.observe({}, 100)
    assert not watch.alive(100)
    assert not watch.dead(100)
