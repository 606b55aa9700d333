"""Making the tables, on SQLite and MariaDB."""

from __future__ import annotations

import logging
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from seafevents_offline import migrations, repository
from seafevents_offline.errors import DatabaseUnavailable, SchemaOutdated
from seafevents_offline.models import Base
from seafevents_offline.repository import NodeBeat, Repository, TaskQuery, database, schema
from seafevents_offline.settings import Settings
from seafevents_offline.task import Done, Progress
from tests.support.claimer import run, run_together
from tests.support.databases import TABLES, database_of, run_sql
from tests.support.mariadb import MariaDb
from tests.support.records import NODE, ROOMY, new, stored


@pytest.fixture
def fresh(empty_database_url: str) -> Iterator[Repository]:
    """A repository on a database without tables."""
    repo = repository.open(Settings(database=empty_database_url))
    yield repo
    repo.close()


def schema_of(url: str) -> list[tuple[object, ...]]:
    """Everything that the database knows of our tables."""
    if url.startswith("sqlite"):
        found = run_sql(url, "SELECT name, sql FROM sqlite_master WHERE name LIKE ? ORDER BY name", "Offline%")
        # A column that was added stands on the line of the last one.
        return [(name, re.sub(r"\s+(?=[,)])|(?<=,)\s+", "", str(sql))) for name, sql in found]
    statements = [str(row[1]) for table in TABLES for row in run_sql(url, f"SHOW CREATE TABLE {table}")]
    # The order of indexes is the order in which they were made, and means nothing.
    return [tuple(sorted(line.strip(" ,") for line in statement.splitlines())) for statement in statements]


def test_the_migrations_make_what_the_models_say(fresh: Repository, empty_database_url: str) -> None:
    fresh.upgrade()
    made_by_steps = schema_of(empty_database_url)
    for table in Base.metadata.tables:
        run_sql(empty_database_url, f"DROP TABLE {table}")
    Base.metadata.create_all(fresh._database.engine)
    assert schema_of(empty_database_url) == made_by_steps


def test_the_newest_step_is_the_one_that_is_asked_for() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_heads() == [migrations.HEAD]


def test_upgrade_can_be_repeated(fresh: Repository, empty_database_url: str) -> None:
    fresh.upgrade()
    task = fresh.add(new())
    before = schema_of(empty_database_url)
    fresh.upgrade()
    assert schema_of(empty_database_url) == before
    assert fresh.get(task.odr_id) == task


@pytest.mark.parametrize("lost", sorted(Base.metadata.tables))
def test_a_table_that_was_dropped_is_made_again(repo: Repository, database_url: str, lost: str) -> None:
    """By hand, or not brought along when the database moved."""
    before = schema_of(database_url)
    run_sql(database_url, f"DROP TABLE {lost}")
    repo.upgrade()
    assert schema_of(database_url) == before
    repo.check_schema()


def test_upgrade_leaves_other_tables_alone(fresh: Repository, empty_database_url: str) -> None:
    run_sql(empty_database_url, "CREATE TABLE Activity (id INTEGER PRIMARY KEY)")
    run_sql(empty_database_url, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    run_sql(empty_database_url, "INSERT INTO alembic_version VALUES ('theirs')")
    fresh.upgrade()
    assert run_sql(empty_database_url, "SELECT version_num FROM alembic_version") == [("theirs",)]
    assert run_sql(empty_database_url, "SELECT * FROM Activity") == []


def test_upgrade_leaves_logging_alone(fresh: Repository) -> None:
    bystander = logging.getLogger("bystander")
    root = logging.getLogger()
    before = (root.level, list(root.handlers), bystander.disabled, logging.getLogger("alembic").level)
    fresh.upgrade()
    assert (root.level, list(root.handlers), bystander.disabled, logging.getLogger("alembic").level) == before


def test_processes_may_upgrade_at_the_same_time(empty_database_url: str) -> None:
    run_together(*(("upgrade", empty_database_url) for _ in range(4)))
    assert run_sql(empty_database_url, "SELECT version_num FROM OfflineDownloadVersion") == [(migrations.HEAD,)]


def test_an_upgrade_may_be_killed_at_any_moment(database_url: str) -> None:
    whole = schema_of(database_url)
    is_sqlite = database_url.startswith("sqlite")
    for table in TABLES:
        run_sql(database_url, f"DROP TABLE {table}")
    # MySQL keeps what was done, so each run makes one change more and is killed before its second one;
    # SQLite keeps nothing, so each run gets one change further.
    killed = 0
    while (code := run("die", database_url, killed + 1 if is_sqlite else 2)) != 0:
        assert code == -signal.SIGKILL
        killed += 1
    assert killed >= 7
    assert schema_of(database_url) == whole


# --- is it up to date? ----------------------------------------------------------------------------------

CALLS: list[Callable[[Repository], object]] = [
    lambda repo: repo.add(new()),
    lambda repo: repo.get(1),
    lambda repo: repo.find(TaskQuery()),
    lambda repo: repo.stats(),
    lambda repo: repo.usage("x"),
    lambda repo: repo.state("x"),
    lambda repo: repo.remove(1),
    lambda repo: repo.beat(NodeBeat(NODE, "x", "1", {})),
    lambda repo: repo.survey(NODE),
    lambda repo: repo.nodes(),
    lambda repo: repo.restore(NODE),
    lambda repo: repo.claim(NODE, 1, **ROOMY),
    lambda repo: repo.statuses([1]),
    lambda repo: repo.report([Progress(1, 1, 1, 1, 1)]),
    lambda repo: repo.kept_folders(NODE, [1]),
    lambda repo: repo.forget_finished(1),
    lambda repo: repo.collect(),
    lambda repo: repo.take([1.0]),
    lambda repo: repo.missing(),
    lambda repo: repo.check_schema(),
]


def test_without_tables_every_call_says_so(fresh: Repository) -> None:
    for call in CALLS:
        with pytest.raises(SchemaOutdated) as error:
            call(fresh)
        assert "upgrade-db" in str(error.value)


def test_with_a_missing_column_the_schema_is_outdated(repo: Repository, database_url: str) -> None:
    task = stored(repo)
    run_sql(database_url, "ALTER TABLE OfflineDownloadRecord DROP COLUMN speed")
    with pytest.raises(SchemaOutdated):
        repo.find(TaskQuery())
    with pytest.raises(SchemaOutdated):
        repo.finish(task, Done(1))


def test_with_a_missing_index_the_schema_is_outdated(mariadb_repo: Repository, mariadb_url: str) -> None:
    run_sql(mariadb_url, "DROP INDEX OfflineDownloadRecord_state ON OfflineDownloadRecord")
    with pytest.raises(SchemaOutdated):
        mariadb_repo.state("x")


def test_an_older_schema_is_outdated(repo: Repository, database_url: str) -> None:
    repo.check_schema()
    run_sql(database_url, "UPDATE OfflineDownloadVersion SET version_num = '0000'")
    with pytest.raises(SchemaOutdated):
        repo.check_schema()
    run_sql(database_url, "DELETE FROM OfflineDownloadVersion")
    with pytest.raises(SchemaOutdated):
        repo.check_schema()


def test_a_newer_schema_is_fine(repo: Repository, database_url: str) -> None:
    run_sql(database_url, "UPDATE OfflineDownloadVersion SET version_num = '9999'")
    run_sql(database_url, "ALTER TABLE OfflineDownloadRecord ADD COLUMN novelty INTEGER")
    repo.check_schema()
    repo.upgrade()
    assert run_sql(database_url, "SELECT version_num FROM OfflineDownloadVersion") == [("9999",)]
    assert repo.get(repo.add(new()).odr_id).odr_id == 1


# --- MySQL ----------------------------------------------------------------------------------------------


def test_text_is_compared_exactly_whatever_the_servers_default_is(mariadb_repo: Repository, mariadb_url: str) -> None:
    assert run_sql(mariadb_url, "SELECT @@character_set_database") == [("latin1",)]
    rows = run_sql(
        mariadb_url,
        "SELECT column_name, collation_name FROM information_schema.columns"
        " WHERE table_schema = DATABASE() AND table_name IN ('OfflineDownloadRecord', 'OfflineDownloadNode')"
        " AND collation_name IS NOT NULL",
    )
    collations = {str(name): collation for name, collation in rows}
    assert collations.pop("active_key") == "ascii_bin"
    assert set(collations.values()) == {"utf8mb4_bin"}
    assert {"url", "owner", "comment", "health"} <= set(collations)


def test_a_long_upgrade_elsewhere_is_waited_for(
    mariadb: MariaDb, mariadb_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = database.lock_name(database_of(mariadb_url))
    monkeypatch.setattr(schema, "_LOCK_TIMEOUT", 1)
    repo = repository.open(Settings(database=mariadb_url))
    with mariadb.connect() as elsewhere:
        elsewhere.cursor().execute("SELECT GET_LOCK(%s, 0)", (name,))
        with pytest.raises(DatabaseUnavailable, match="another program has been changing its tables"):
            repo.upgrade()
        elsewhere.cursor().execute("SELECT RELEASE_LOCK(%s)", (name,))
        repo.upgrade()
    repo.close()


def test_tables_with_room_for_all_letters_are_known(repo: Repository) -> None:
    repo.check_letters()


def test_tables_that_were_converted_are_told_with_what_to_do(mariadb_repo: Repository, mariadb_url: str) -> None:
    mariadb_repo.check_letters()
    run_sql(mariadb_url, "ALTER TABLE OfflineDownloadNode CONVERT TO CHARACTER SET latin1")
    with pytest.raises(DatabaseUnavailable, match="OfflineDownloadNode has no room for all letters") as found:
        mariadb_repo.check_letters()
    run_sql(mariadb_url, str(found.value).split("`")[1])
    mariadb_repo.check_letters()
