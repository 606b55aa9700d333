"""What a link needs is in the record, sealed, as long as the task may need it, and not a moment longer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from seafevents_offline.errors import (
    AlreadyActive,
    FileNotFoundAtServer,
    InterruptedTooOften,
    QuotaExceeded,
    SecretsWanted,
    ServerBusy,
)
from seafevents_offline.extras import Sealed
from seafevents_offline.repository import Repository
from seafevents_offline.repository.workers import MAX_RESTORES
from seafevents_offline.status import ACTIVE, FINAL, TRANSITIONS, Action, OfflineDownloadStatus
from seafevents_offline.task import Done, Failed, Retry, Task
from tests.support.databases import run_sql
from tests.support.records import ADA, NODE, OTHER_NODE, ROOMY, active_key_of, new, put_into

S = OfflineDownloadStatus

TEXT = "1.what-the-vault-made"
SEALED = Sealed(TEXT, ("password", "headers"))
AGAIN = Sealed("1.what-the-vault-made-then", ("referer",))
MISSING = FileNotFoundAtServer(status=404)


#: Something that ends a task of the repository in the database with this address.
End = Callable[[Repository, str, Task], object]


def options_of(url: str, odr_id: int) -> str:
    ((options,),) = run_sql(url, "SELECT options FROM OfflineDownloadRecord WHERE odr_id = ?", odr_id)
    return str(options)


def in_state(repo: Repository, url: str, status: OfflineDownloadStatus, sealed: Sealed | None = SEALED) -> Task:
    """A task with a secret that came into this state in a way that is allowed."""
    task = repo.add(new(sealed=sealed, permission="rw"))
    if status is S.WAITING:
        return task
    if status is S.PAUSED:
        return repo.act(task.odr_id, Action.PAUSE, ADA)
    (claimed,) = [one for one in repo.claim(NODE, 1000, **ROOMY) if one.odr_id == task.odr_id]
    if status is S.DOWNLOADING:
        return claimed
    stored = repo.storing(claimed, name="a", size=1, stored_path="/a")
    assert stored is not None
    return stored


def finish(outcome: Done | Failed) -> End:
    return lambda repo, url, task: repo.finish(task, outcome)


def found_dead_too_often(repo: Repository, url: str, task: Task) -> None:
    put_into(url, task.odr_id, restores=MAX_RESTORES)
    repo.restore(NODE)


def node_lost_too_often(repo: Repository, url: str, task: Task) -> None:
    put_into(url, task.odr_id, restores=MAX_RESTORES)
    repo.take_over(OTHER_NODE, NODE)


def cancel(repo: Repository, url: str, task: Task) -> None:
    repo.act(task.odr_id, Action.CANCEL, ADA)


def remove(repo: Repository, url: str, task: Task) -> None:
    repo.remove(task.odr_id, ADA)


def cancel_all(repo: Repository, url: str, task: Task) -> None:
    repo.cancel_all(ADA)


def expire(repo: Repository, url: str, task: Task) -> None:
    put_into(url, task.odr_id, updated_at="2001-01-01 00:00:00.000000")
    repo.expire(3600)


BY_DOORS = (cancel, remove, cancel_all)

#: Every way in which a task becomes final. A new one in ``status.TRANSITIONS`` wants its line here.
ENDS: dict[
    tuple[OfflineDownloadStatus, OfflineDownloadStatus], tuple[Callable[[Repository, str, Task], object], ...]
] = {
    (S.WAITING, S.ERROR): (finish(Failed(MISSING)),),
    (S.WAITING, S.CANCELLED): BY_DOORS,
    (S.DOWNLOADING, S.ERROR): (finish(Failed(MISSING)), found_dead_too_often, node_lost_too_often),
    (S.DOWNLOADING, S.CANCELLED): BY_DOORS,
    (S.STORING, S.OK): (finish(Done(1)),),
    (S.STORING, S.ERROR): (finish(Failed(QuotaExceeded())), found_dead_too_often, node_lost_too_often),
    (S.PAUSED, S.CANCELLED): (*BY_DOORS, expire),
}


def test_the_table_knows_every_way_in_which_a_task_becomes_final() -> None:
    assert set(ENDS) == {(before, after) for before, targets in TRANSITIONS.items() for after in targets & FINAL}


@pytest.mark.parametrize(("before", "after"), ENDS, ids=lambda status: status.state)
def test_a_secret_is_wiped_with_the_end_and_its_kinds_stay(
    repo: Repository, database_url: str, before: OfflineDownloadStatus, after: OfflineDownloadStatus
) -> None:
    for end in ENDS[before, after]:
        task = in_state(repo, database_url, before)
        assert TEXT in options_of(database_url, task.odr_id)
        end(repo, database_url, task)
        ended = repo.get(task.odr_id)
        assert (ended.status, ended.secret, ended.asked, ended.is_wiped) == (after, "", SEALED.kinds, True)
        assert ended.permission == "rw"
        assert TEXT not in options_of(database_url, task.odr_id)


@pytest.mark.parametrize("before", sorted(ACTIVE), ids=lambda status: status.state)
def test_a_secret_stays_as_long_as_the_task_goes_on(
    repo: Repository, database_url: str, before: OfflineDownloadStatus
) -> None:
    task = in_state(repo, database_url, before)
    if before in (S.DOWNLOADING, S.STORING):
        assert repo.finish(task, Retry(0, ServerBusy(status=503)))
    elif before is S.PAUSED:
        repo.act(task.odr_id, Action.RESUME, ADA, permission="r")
    (again,) = repo.claim(NODE, 10, **ROOMY)
    assert (again.secret, again.asked, again.is_wiped) == (TEXT, SEALED.kinds, False)
    repo.act(task.odr_id, Action.PAUSE, ADA)
    assert repo.get(task.odr_id).secret == TEXT


def test_what_has_no_secret_and_what_is_no_json_stays_as_it_is(repo: Repository, database_url: str) -> None:
    plain = in_state(repo, database_url, S.WAITING, sealed=None)
    before = options_of(database_url, plain.odr_id)
    repo.act(plain.odr_id, Action.CANCEL, ADA)
    assert options_of(database_url, plain.odr_id).replace(" ", "") == before.replace(" ", "")
    # SQLite takes anything; a program wrote it.
    for text in (None, "[1]", '{"a": {"secret": 1}}', *(["no json", '{"a": NaN}'] if repo._database.is_sqlite else [])):
        odr_id = repo.add(new()).odr_id
        put_into(database_url, odr_id, options=text)
        repo.act(odr_id, Action.CANCEL, ADA)
        assert repo.get(odr_id).status is S.CANCELLED
        assert options_of(database_url, odr_id).replace(" ", "") == str(text).replace(" ", "")


def test_a_retry_needs_what_was_wiped_again(repo: Repository, database_url: str) -> None:
    task = in_state(repo, database_url, S.DOWNLOADING)
    repo.finish(task, Failed(MISSING))
    before = repo.get(task.odr_id)
    with pytest.raises(SecretsWanted):
        repo.act(task.odr_id, Action.RETRY, ADA)
    assert repo.get(task.odr_id) == before

    again = repo.act(task.odr_id, Action.RETRY, ADA, permission="cloud", sealed=AGAIN)
    assert (again.status, again.secret, again.asked) == (S.WAITING, AGAIN.text, AGAIN.kinds)
    assert again.permission == "cloud"
    assert not again.is_wiped


def test_a_retry_may_bring_what_was_not_there_before(repo: Repository) -> None:
    odr_id = repo.add(new()).odr_id
    repo.act(odr_id, Action.CANCEL, ADA)
    assert repo.act(odr_id, Action.RETRY, ADA, sealed=SEALED).secret == TEXT


def test_what_a_retry_brings_counts_and_not_what_was_in_the_link(repo: Repository, database_url: str) -> None:
    odr_id = repo.add(new(LINK)).odr_id
    repo.act(odr_id, Action.CANCEL, ADA)
    run_sql(database_url, "UPDATE OfflineDownloadRecord SET url = ? WHERE odr_id = ?", SECRET_LINK, odr_id)
    again = repo.act(odr_id, Action.RETRY, ADA, sealed=AGAIN)
    assert (again.url, again.secret) == (LINK, AGAIN.text)
    with pytest.raises(AlreadyActive):
        repo.add(new(LINK))


# --- links that another program wrote with a password in them ------------------------------------------

LINK, SECRET_LINK = "https://example.com/a", "https://ada:pass%40word@example.com/a"


def test_a_link_is_written_anew_without_its_password(repo: Repository, database_url: str) -> None:
    odr_id = repo.add(new(SECRET_LINK)).odr_id
    put_into(database_url, odr_id, active_key=None)
    (task,) = repo.claim(NODE, 1, **ROOMY)
    secured = repo.secure(task, url=LINK, sealed=SEALED)
    assert secured is not None
    found = repo.get(odr_id)
    assert (found.url, found.secret, found.asked) == (secured.url, secured.secret, secured.asked)
    assert (found.url, found.secret, found.status) == (LINK, TEXT, S.DOWNLOADING)
    with pytest.raises(AlreadyActive):
        repo.add(new(LINK))


def test_the_same_link_twice_is_two_tasks_of_which_one_has_no_key(repo: Repository, database_url: str) -> None:
    repo.add(new(LINK))
    odr_id = repo.add(new(SECRET_LINK)).odr_id
    task = next(one for one in repo.claim(NODE, 9, **ROOMY) if one.odr_id == odr_id)
    assert repo.secure(task, url=LINK, sealed=SEALED) is not None
    assert active_key_of(database_url, odr_id) is None
    assert repo.get(odr_id).url == LINK


def test_who_lost_the_task_writes_no_link(repo: Repository) -> None:
    odr_id = repo.add(new(SECRET_LINK)).odr_id
    (task,) = repo.claim(NODE, 1, **ROOMY)
    repo.act(odr_id, Action.PAUSE, ADA)
    assert repo.secure(task, url=LINK, sealed=SEALED) is None
    assert repo.secure(replace(task, claim=task.claim + 1), url=LINK, sealed=SEALED) is None
    assert repo.get(odr_id).secret == ""


@pytest.mark.parametrize("end", [finish(Failed(InterruptedTooOften())), cancel, remove])
def test_a_password_that_was_never_sealed_does_not_outlive_the_task(
    repo: Repository, database_url: str, end: End
) -> None:
    odr_id = repo.add(new(SECRET_LINK)).odr_id
    (task,) = repo.claim(NODE, 1, **ROOMY)
    end(repo, database_url, task)
    assert repo.get(odr_id).url == LINK


def test_nor_one_that_is_paused_before_its_turn_and_never_goes_on(repo: Repository, database_url: str) -> None:
    written, other = repo.add(new(SECRET_LINK)).odr_id, repo.add(new("https://example.com/b@c")).odr_id
    for odr_id in (written, other):
        repo.act(odr_id, Action.PAUSE, ADA)
        put_into(database_url, odr_id, updated_at="2001-01-01 00:00:00.000000")
    assert repo.expire(3600) == 2
    assert [(repo.get(odr_id).url, repo.get(odr_id).status) for odr_id in (written, other)] == [
        (LINK, S.CANCELLED),
        ("https://example.com/b@c", S.CANCELLED),
    ]
