"""A run must be repeatable, and must see what it looks for."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from seafevents_offline.status import OfflineDownloadStatus
from tests.support.mariadb import MariaDb

from .links import Links
from .monitor import Monitor, Row
from .script import Kind, Script, draw
from .traffic import Visit, crowds

KINDS = (Kind("kill", "node"), Kind("freeze", "node", 1, 6), Kind("cut", "wire", 1, 3), Kind("away", "library", 40, 60))


def test_the_same_seed_draws_the_same_faults_and_links() -> None:
    one, other = draw(6, KINDS, 12, 100), draw(6, KINDS, 12, 100)
    assert one == other != draw(7, KINDS, 12, 100)
    assert drawn(one) == drawn(other)


def drawn(script: Script) -> list[str]:
    links = Links(script.dice("ada"), ("127.0.0.1:1", "localhost:1"), "ada@example.com")
    return [links.draw().url for _ in range(50)]


def test_what_is_broken_is_not_broken_again_before_it_was_mended() -> None:
    script = draw(6, KINDS, 20, 100)
    assert {fault.kind for fault in script.faults} == set(KINDS[:3]), "one takes more than half of the time"
    for target in ("node", "wire"):
        faults = [fault for fault in script.faults if fault.kind.target == target]
        assert all(one.at + one.lasts < next_.at for one, next_ in itertools.pairwise(faults))


def test_too_many_faults_for_the_time_are_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        draw(6, KINDS, 60, 20)


ROW = Row(1, "ada", "http://a.example/1", OfflineDownloadStatus.DOWNLOADING, 1, "node", 0, 0, 0, 0, "", "")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([ROW], []),
        ([ROW, ROW._replace(odr_id=2, owner="bob", url="http://b.example/2", claimed_by="other")], []),
        ([ROW, ROW._replace(odr_id=2, url="http://b.example/2", claimed_by="other")], ["user ada"]),
        ([ROW, ROW._replace(odr_id=2, owner="bob", claimed_by="other")], ["host a.example"]),
        ([ROW, ROW._replace(odr_id=2, owner="bob", url="http://b.example/2")], ["node node"]),
        ([ROW, *(ROW._replace(odr_id=n, status=OfflineDownloadStatus.PAUSED) for n in (2, 3))], ["list ada"]),
    ],
    ids=["one", "as many as may be", "of one owner", "of one host", "of one node", "in one list"],
)
def test_the_table_shows_more_at_once_than_may_be(tmp_path: Path, rows: list[Row], words: list[str]) -> None:
    limits = {"user": 1, "host": 1, "node": 1, "list": 2}
    monitor = Monitor(MariaDb(tmp_path), "none", limits, {"node": "a"})
    monitor.look(0.0, rows)
    assert len(monitor.wrong) == len(words)
    assert all(word in wrong for word, wrong in zip(words, monitor.wrong, strict=True))
    assert "claim 1 of a" in monitor.story(1)[0][1]


def test_what_was_stored_stays_stored(tmp_path: Path) -> None:
    monitor = Monitor(MariaDb(tmp_path), "none", dict.fromkeys(("user", "host", "node", "list"), 9), {})
    for status in (OfflineDownloadStatus.OK, OfflineDownloadStatus.OK, OfflineDownloadStatus.WAITING):
        monitor.look(0.0, [ROW._replace(status=status)])
    assert monitor.wrong == ["task 1 was OK, and then waiting"]


def visit(odr_id: int, begun: float, ended: float | None) -> Visit:
    return Visit(odr_id, "ada", begun, ended)


@pytest.mark.parametrize(
    ("visits", "blind", "seen"),
    [
        ([visit(1, 0, 20), visit(2, 1, 20)], [], False),
        ([visit(1, 0, 20), visit(2, 1, 20), visit(3, 5, None)], [], True),
        ([visit(1, 0, 20), visit(2, 1, 20), visit(2, 5, None)], [], False),
        ([visit(1, 0, 6), visit(2, 1, 20), visit(3, 5, 30)], [], False),
        ([visit(1, 0, 20), visit(2, 1, 20), visit(3, 5, None)], [(6, 7)], False),
    ],
    ids=["as many as may be", "one more", "twice the same", "one that is just ending", "something was frozen"],
)
def test_the_server_sees_more_than_two_at_once(
    visits: list[Visit], blind: list[tuple[float, float]], seen: bool
) -> None:
    assert bool(list(crowds(visits, 2, blind))) is seen
