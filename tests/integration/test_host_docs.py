"""The commands and statements of docs/installing.md and docs/operating.md, in the order of the pages, on a Seafile
server in the place of /opt/seafile. What a bundle is has tests of its own."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

from seafevents_offline.cli.main import build_parser
from tests.support.cli import Cli
from tests.support.databases import TABLES
from tests.support.host.fixtures import MakeServer
from tests.support.host.server import Server

DOCS = Path(__file__).parents[2] / "docs"
USUAL = "/opt/seafile"

#: What a command may end with while the server is not running; 0 where nothing else is said.
_CODES = {"doctor": {1}}

#: In a container, or not.
_PREFIX = re.compile(r"^(docker exec \S+ )?seafevents-offline ")


def lines(page: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines() if line.startswith("    ")]


def commands(page: str) -> list[list[str]]:
    return [shlex.split(_PREFIX.sub("", line)) for line in lines(page) if _PREFIX.match(line)]


def statements(page: str) -> list[str]:
    return [line.rstrip(";") for line in lines(page) if line.startswith("DROP ")]


@pytest.fixture
def server(make_server: MakeServer, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setenv("PYTHON", sys.executable)
    return make_server(13)


@pytest.mark.parametrize("page", ["installing.md", "operating.md"])
def test_each_command_of_the_page_does_what_it_is_for(server: Server, cli: Cli, page: str) -> None:
    before = {file.name: file.read_bytes() for file in server.tree.conf.iterdir()}
    if page == "operating.md":
        server.enable()
        # The page cancels numbers 17 and 18.
        for owner in (*["ada@example.com"] * 17, "bob@example.com"):
            server.insert("https://example.com/", owner=owner)
    found = commands(page)
    assert len(found) >= 3
    for verb, *words in found:
        if "--bundle" in words:
            build_parser().parse_args([verb, *words])
            continue
        done = cli(verb, *(word.replace(USUAL, str(server.tree.top)) for word in words))
        assert done.code in _CODES.get(verb, {0}), (verb, words, done)
        assert "Traceback" not in done.err
    if page == "installing.md":
        assert {name: (server.tree.conf / name).read_bytes() for name in before} == before, "disable comes last"
    else:
        left = server.sql("SELECT owner FROM OfflineDownloadRecord")
        assert left == [("bob@example.com",)], "all of one person was purged"


def test_the_statements_leave_nothing_of_ours(server: Server) -> None:
    server.enable()
    dropped = statements("installing.md")
    for statement in dropped:
        server.sql(statement)
    assert sorted(statement.split()[-1] for statement in dropped) == sorted(TABLES)
    assert server.sql("SHOW TABLES LIKE ?", "Offline%") == []
