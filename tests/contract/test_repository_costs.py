"""How many statements each call sends, whatever the number of rows: BEGIN and COMMIT are counted as well."""

from __future__ import annotations

from functools import partial
from inspect import signature

import pytest
from sqlalchemy.engine.default import DefaultDialect

from seafevents_offline.errors import DiskFull, FileNotFoundAtServer
from seafevents_offline.repository import NodeBeat, Repository, TaskQuery
from seafevents_offline.status import Action
from seafevents_offline.task import Done, Failed, Progress, Retry, Task
from tests.support.databases import run_sql
from tests.support.records import ADA, NODE, OTHER_NODE, ROOMY, add_many, claimed, new, stored
from tests.support.statements import Counter

BEGIN_AND_COMMIT = 2


def test_an_idle_tick_is_two_statements(repo: Repository, statements: Counter) -> None:
    for node in (NODE, OTHER_NODE):
        repo.beat(NodeBeat(node, "x", "1", {}))
    assert statements.of(lambda: repo.beat(NodeBeat(NODE, "x", "1", {}))) == 1
    assert statements.of(lambda: repo.survey(NODE)) == 1
    add_many(repo, 5)
    assert statements.of(lambda: repo.survey(NODE)) == 1


def test_each_chore_is_one_statement_or_two(repo: Repository, statements: Counter) -> None:
    assert statements.of(lambda: repo.expire(1)) == 2
    assert statements.of(lambda: repo.forget_nodes(NODE, 1)) == 1
    assert statements.of(lambda: repo.forget_finished(1)) == 1
    assert statements.of(lambda: repo.forget_deliveries(1)) == 1


def test_the_server_sees_no_more_than_we_count(mariadb_url: str, mariadb_repo: Repository) -> None:
    """No COMMIT, ROLLBACK or SET around single statements: what counts is what the server counts."""
    mariadb_repo.beat(NodeBeat(NODE, "x", "1", {}))
    mariadb_repo.survey(NODE)

    watched = ("Com_commit", "Com_rollback", "Com_begin", "Com_set_option", "Com_update", "Com_select")

    def counts() -> dict[str, int]:
        rows = run_sql(mariadb_url, "SHOW GLOBAL STATUS WHERE Variable_name IN " + str(watched))
        return {str(name): int(str(value)) for name, value in rows}

    counts()
    before = counts()
    idle = counts()
    noise = {name: idle[name] - before[name] for name in idle}
    mariadb_repo.beat(NodeBeat(NODE, "x", "1", {}))
    mariadb_repo.survey(NODE)
    after = counts()
    sent = {name: after[name] - idle[name] - noise[name] for name in after}
    # SQLAlchemy before 2.0.43 cannot be told to leave out the ROLLBACK after each use.
    rollbacks = 0 if "skip_autocommit_rollback" in signature(DefaultDialect.__init__).parameters else 2
    assert sent == {**dict.fromkeys(watched, 0), "Com_update": 1, "Com_select": 1, "Com_rollback": rollbacks}


def test_doors(repo: Repository, statements: Counter) -> None:
    assert statements.of(lambda: repo.add(new())) == 1
    odr_id = repo.add(new()).odr_id
    assert statements.of(lambda: repo.get(odr_id, ADA)) == 1
    assert statements.of(lambda: repo.prioritise(odr_id, 3, ADA)) == BEGIN_AND_COMMIT + 3
    for action in (Action.PAUSE, Action.RESUME, Action.CANCEL, Action.RETRY):
        # A retry also looks whether somebody has still to be told of the end.
        looks = 1 if action is Action.RETRY else 0
        assert statements.of(partial(repo.act, odr_id, action, ADA)) == BEGIN_AND_COMMIT + 3 + looks
    assert statements.of(lambda: repo.remove(odr_id, ADA)) == BEGIN_AND_COMMIT + 3
    assert statements.of(lambda: repo.clean_up(ADA, frozenset(repo.stats().by_status))) <= 3


@pytest.mark.parametrize("rows", [0, 1, 30])
def test_lists(repo: Repository, statements: Counter, rows: int) -> None:
    add_many(repo, rows)
    # A page that is not full says by itself how many there are.
    assert statements.of(lambda: repo.find(TaskQuery(owner=ADA))) == (2 if rows > 10 else 1)
    assert statements.of(lambda: repo.find(TaskQuery(text="x", per_page=100, hidden=True))) == 1
    assert statements.of(lambda: repo.stats(ADA)) == 2
    assert statements.of(lambda: repo.usage(ADA)) == 3
    assert statements.of(lambda: repo.state(ADA)) == 1
    assert statements.of(repo.nodes) == 1


@pytest.mark.parametrize("tasks", [1, 10, 64])
def test_what_runs_costs_one_statement_however_much_it_is(repo: Repository, statements: Counter, tasks: int) -> None:
    add_many(repo, tasks)
    running = repo.claim(NODE, tasks, **ROOMY)
    progress = [Progress(task.odr_id, task.claim, 1, 2, 3) for task in running]
    odr_ids = [task.odr_id for task in running]
    assert len(running) == tasks
    assert statements.of(lambda: repo.report(progress)) == 1
    assert statements.of(lambda: repo.statuses(odr_ids)) == 1
    assert statements.of(lambda: repo.kept_folders(NODE, odr_ids)) == 1
    assert statements.of(lambda: repo.restore(NODE)) == BEGIN_AND_COMMIT + 3


def test_one_task(repo: Repository, statements: Counter) -> None:
    task = claimed(repo)
    assert statements.of(lambda: repo.storing(task, name="x", size=1, stored_path="/x")) == 1
    for outcome in (Done(1), Retry(1, DiskFull()), Failed(FileNotFoundAtServer(status=404))):
        ours = stored(repo)
        assert statements.of(partial(repo.finish, ours, outcome)) == 1
        assert statements.of(partial(repo.finish, ours, outcome)) == 2


def fixed_part_of_a_claim(statements: Counter) -> int:
    """The caps' count and the interrupted tasks; on MySQL the lock that lets one node choose at a time."""
    return BEGIN_AND_COMMIT + 2 + (0 if statements.is_sqlite else 1)


#: One takes the chosen, one reads them.
TAKEN = 2


def test_a_claim_asks_once_for_several_owners_and_not_per_task(repo: Repository, statements: Counter) -> None:
    fixed = fixed_part_of_a_claim(statements)
    assert statements.of(lambda: repo.claim(NODE, 4, **ROOMY)) == fixed + 1
    add_many(repo, 100, owner="a")
    assert statements.of(lambda: repo.claim(NODE, 4, **ROOMY)) == fixed + TAKEN + 2
    for owner in "bcdefghijkl":
        add_many(repo, 2, owner=owner)
    assert statements.of(lambda: repo.claim(NODE, 1, **ROOMY)) == fixed + TAKEN + 1
    assert statements.of(lambda: repo.claim(NODE, 10, **ROOMY)) == fixed + TAKEN + 1


def test_a_claim_where_all_have_enough_takes_no_lock_the_second_time(repo: Repository, statements: Counter) -> None:
    fixed = fixed_part_of_a_claim(statements)
    for owner in "abcdefghijk":
        add_many(repo, 3, owner=owner)
    assert len(repo.claim(NODE, 11, per_user=1, per_host=99)) == 11
    # One look behind the owner that was last, one from the beginning.
    assert statements.of(lambda: repo.claim(NODE, 10, per_user=1, per_host=99)) == fixed + 2
    # What runs, and whether anybody has room.
    assert statements.of(lambda: repo.claim(NODE, 10, per_user=1, per_host=99)) == 2
    # There is room again.
    assert statements.of(lambda: repo.claim(NODE, 10, per_user=2, per_host=99)) == 2 + fixed + TAKEN + 1


def test_a_full_host_is_passed_over_by_one_statement(repo: Repository, statements: Counter) -> None:
    """However many owners have nothing else, also where the host becomes full by what is being chosen."""
    fixed = fixed_part_of_a_claim(statements)
    for owner in "abcdefghijk":
        for number in range(9):
            repo.add(new(f"https://full.example.com/{owner}{number}", owner=owner))
    other = repo.add(new("https://free.example.com/", owner="z")).odr_id
    claimed_: list[Task] = []
    count = statements.of(lambda: claimed_.extend(repo.claim(NODE, 5, per_user=99, per_host=2)))
    assert [task.odr_id for task in claimed_][2:] == [other]
    # All owners; who has another host; who else; and each of the two once more, in their second turns.
    assert count == fixed + TAKEN + 1 + 2 + 2
    assert statements.of(lambda: repo.claim(NODE, 5, per_user=99, per_host=2)) == fixed + 2
    # What runs, and whether anything is of another host.
    assert statements.of(lambda: repo.claim(NODE, 5, per_user=99, per_host=2)) == 2
    # One of another host is there, but its owner has enough: also whether anybody has room.
    repo.add(new("https://free.example.com/2", owner="z"))
    assert statements.of(lambda: repo.claim(NODE, 5, per_user=1, per_host=2)) == 3


def test_rows_by_sql_cost_one_more(repo: Repository, statements: Counter, database_url: str) -> None:
    def count(keys: str) -> int:
        add_many(repo, 5, owner="a")
        run_sql(database_url, f"UPDATE OfflineDownloadRecord SET active_key = {keys} WHERE status = 1")
        return statements.of(lambda: repo.claim(NODE, 5, **ROOMY))

    count("active_key")
    assert count("NULL") == count("active_key") + 1
