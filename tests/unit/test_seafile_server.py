"""How seaf-server is asked: what is repeated, what is no answer, and how often one hears of it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any

import pytest

from seafevents_offline.errors import StorageUnavailable
from seafevents_offline.storages.seafile.server import ConnectionLost, SeafServer
from tests.support import seaserv
from tests.support.libraries import REPO_ID, SeafileLibrary, make_task
from tests.support.seafile import OWNER, Died, Seafile, SearpcError


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> SeafileLibrary:
    seafile = Seafile()
    seaserv.install(monkeypatch, seafile)
    return SeafileLibrary(seafile)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


# --- connections that break -----------------------------------------------------------------------------


def test_all_connections_that_a_restart_broke_cost_one_question_nothing(library: SeafileLibrary) -> None:
    seaserv.fill_pool()
    library.seafile.restart()
    assert library.server.has_folder(REPO_ID, "/")
    assert library.seafile.calls == ["get_dir_id_by_path"]


def test_a_server_that_breaks_every_connection_is_given_up(library: SeafileLibrary) -> None:
    library.seafile.script("get_dir_id_by_path", *[Died()] * 100)
    with pytest.raises(ConnectionLost, match="Failed to read from socket"):
        library.server.has_folder(REPO_ID, "/")
    assert len(library.seafile.calls) == seaserv.POOL_SIZE + 1


def test_what_changes_something_is_not_repeated(library: SeafileLibrary) -> None:
    library.seafile.script("post_multi_files", Died())
    with pytest.raises(ConnectionLost):
        library.server.post(REPO_ID, "/", "a", "/x", OWNER)
    assert library.seafile.calls == ["post_multi_files"]


def test_a_server_that_is_down_is_told_at_once(library: SeafileLibrary) -> None:
    library.break_down()
    for _ in range(2):
        with pytest.raises(StorageUnavailable, match="Connection refused"):
            library.server.has_folder(REPO_ID, "/")
    library.mend()
    assert library.server.has_folder(REPO_ID, "/")


def test_without_the_modules_of_the_server(library: SeafileLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "seaserv", None)
    with pytest.raises(StorageUnavailable, match="modules of the Seafile server are not here"):
        library.storage.health()


# --- answers and none -----------------------------------------------------------------------------------

Ask = Callable[[SeafServer], Any]

MAYBE: list[tuple[str, Ask, Any]] = [
    ("get_repo", lambda server: server.repo(REPO_ID), None),
    ("get_repo_owner", lambda server: server.owner(REPO_ID), ""),
    ("check_permission_by_path", lambda server: server.permission(REPO_ID, "/", OWNER), ""),
]


@pytest.mark.parametrize(("function", "ask", "nothing"), MAYBE)
def test_a_none_counts_only_when_the_database_answers(
    library: SeafileLibrary, function: str, ask: Ask, nothing: Any
) -> None:
    library.seafile.libraries_are_down = True
    with pytest.raises(StorageUnavailable, match="Failed to count repos"):
        ask(library.server)
    library.seafile.libraries_are_down = False
    library.seafile.repos.clear()
    assert ask(library.server) == nothing


@pytest.mark.parametrize(("function", "ask", "nothing"), MAYBE)
def test_a_database_that_comes_back_meanwhile_is_asked_again(
    library: SeafileLibrary, function: str, ask: Ask, nothing: Any
) -> None:
    def come_back() -> None:
        library.seafile.libraries_are_down = False

    library.seafile.libraries_are_down = True
    library.seafile.script("count_repos", come_back)
    assert ask(library.server) != nothing


@pytest.mark.parametrize("version", [11, 14])
def test_a_user_who_is_not_found_counts_only_when_the_users_can_be_read(
    monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    seafile = Seafile(version)
    seaserv.install(monkeypatch, seafile)
    server = SeafServer()
    assert (server.is_active(OWNER), server.is_active("nobody")) == (True, False)
    seafile.users_are_down = True
    with pytest.raises(StorageUnavailable):
        server.is_active(OWNER)


@pytest.mark.parametrize("count", [-1, 0])
def test_the_health_is_that_of_the_servers_database(
    library: SeafileLibrary, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(library.seafile, "rpc_count_repos", lambda: count)
    if count < 0:
        with pytest.raises(StorageUnavailable, match="cannot read its database"):
            library.storage.health()
    else:
        assert library.storage.health() == "Files are put into the libraries of the Seafile server."


def test_an_error_is_no_answer_but_for_the_one_that_is(library: SeafileLibrary) -> None:
    assert library.server.repo("no id") is None
    library.seafile.script("get_repo", SearpcError("Something else"))
    with pytest.raises(StorageUnavailable, match="the Seafile server says: Something else"):
        library.server.repo(REPO_ID)


def test_a_text_that_the_server_cannot_read_is_no_answer(library: SeafileLibrary) -> None:
    with pytest.raises(StorageUnavailable, match="failed to load RPC call"):
        library.server.entry(REPO_ID, "/\ud800")


# --- what one hears of it -------------------------------------------------------------------------------


def test_a_server_that_stays_away_is_one_warning_a_minute(
    library: SeafileLibrary, caplog: pytest.LogCaptureFixture
) -> None:
    library.break_down()
    for _ in range(150):
        with pytest.raises(StorageUnavailable):
            library.storage.check(make_task(), 1)
        library.now += 1
    found = warnings(caplog)
    assert len(found) == 3
    assert "the Seafile server does not answer" in found[0]
    assert found[0].endswith("; what needs it waits")


def test_a_server_that_answers_is_no_news(library: SeafileLibrary, caplog: pytest.LogCaptureFixture) -> None:
    seaserv.fill_pool()
    library.seafile.restart()
    library.storage.check(make_task(), 1)
    library.storage.health()
    assert warnings(caplog) == []
