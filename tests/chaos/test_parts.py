"""A run must be repeatable, and must see what it looks for."""

from __future__ import annotations

import itertools

import pytest

from .links import Links
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
