"""``doctor`` and ``upgrade-db`` on a Seafile server: as people run them, beside its daemon, by root and by others."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seafevents_offline.hosts.installation import daemon
from seafevents_offline.hosts.installation.daemon import NotReadable
from seafevents_offline.hosts.installation.place import Installation
from tests.support.cli import Cli, Result
from tests.support.forked import Forked
from tests.support.host.fixtures import MakeServer
from tests.support.host.server import Server
from tests.support.host.tree import Database, Tree

#: A user who owns nothing here, as in containers whose server is not root's.
SOMEBODY = 8000

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")


@pytest.fixture(autouse=True)
def _python(monkeypatch: pytest.MonkeyPatch) -> None:
    """What runs the server when it starts is what runs the tests."""
    monkeypatch.setenv("PYTHON", sys.executable)


def doctor(cli: Cli, server: Server, *args: str) -> dict[str, dict[str, object]]:
    found = cli("doctor", "--seafile", str(server.tree.top), "--json", *args)
    assert found.err == ""
    answer = json.loads(found.out)
    assert found.code == (0 if answer["healthy"] else 1)
    return {check["name"]: check for check in answer["checks"]}


def wrong(found: dict[str, dict[str, object]]) -> list[str]:
    return [name for name, check in found.items() if not check["ok"]]


@pytest.mark.parametrize("version", [11, 13])
def test_a_server_that_runs_is_well_from_top_to_bottom(make_server: MakeServer, cli: Cli, version: int) -> None:
    server = make_server(version)
    server.set_up()
    server.start()
    server.wait_for_beat()
    by_settings = cli("doctor", "--config", str(server.events_conf))
    assert (by_settings.code, by_settings.err) == (0, ""), by_settings.out
    assert "✓ download service: The download service is running." in by_settings.out
    server.kill()


def test_a_server_that_was_not_started_yet(make_server: MakeServer, cli: Cli) -> None:
    server = make_server(13)
    server.set_up()
    found = doctor(cli, server)
    assert set(wrong(found)) <= {"library", "download service"}, "seaf-server is away as well"
    assert "is not running: please start the server" in str(found["download service"]["detail"])


def test_a_daemon_that_was_started_before_is_to_be_restarted(make_server: MakeServer, cli: Cli) -> None:
    server = make_server(13)
    server.start()
    server.wait_for_log("Start file updates sender")
    server.set_up()
    for file in (server.settings_file, server.events_conf):
        os.utime(file, (4e9, 4e9))
    found = doctor(cli, server)
    assert wrong(found) == ["download service"]
    assert "was started before the settings were changed" in str(found["download service"]["detail"])
    server.kill()


def test_a_node_that_only_serves_pages(make_server: MakeServer, cli: Cli) -> None:
    server = make_server(13, environment={"CLUSTER_SERVER": "true"})
    server.set_up()
    server.start()
    server.wait_for_log("Start CountTrafficInfo")
    found = doctor(cli, server)
    assert not {"temporary folder", "download program", "guard", "library"} & set(found), "none of it is needed here"
    assert wrong(found) == ["download service"]
    assert "downloads happen on the background node" in str(found["download service"]["detail"])
    server.kill()


def test_tables_are_made_in_the_servers_own_database(make_server: MakeServer, cli: Cli) -> None:
    server = make_server(12)
    for _ in range(2):
        done = cli("upgrade-db", "--seafile", str(server.tree.top))
        assert done == Result(0, "The tables are up to date.\n", "")
    assert server.sql("SELECT count(*) FROM OfflineDownloadRecord") == [(0,)]
    assert not (cli.place / "data").exists()


def test_a_folder_without_a_server_and_verbs_without_one(cli: Cli, tmp_path: Path) -> None:
    for verb in ("doctor", "upgrade-db", "list"):
        done = cli(verb, "--seafile", str(tmp_path))
        assert (done.code, done.out) == (2, "")
        assert "There is no Seafile server" in done.err
    done = cli("get", "https://example.com/", "--seafile", str(tmp_path))
    assert (done.code, done.out) == (2, "")
    assert "--seafile means nothing here" in done.err


# --- as whom ------------------------------------------------------------------------------------------


def give(top: Path) -> None:
    for path in [top, *top.rglob("*")]:
        os.lchown(path, SOMEBODY, SOMEBODY)


def owners(top: Path) -> dict[Path, int]:
    return {path: path.lstat().st_uid for path in top.rglob("*")}


@pytest.fixture
def tree() -> Iterator[Tree]:
    """Where others can get: pytest closes its own folder whenever somebody starts it."""
    with tempfile.TemporaryDirectory(prefix="offline-doctor-") as folder:
        os.chmod(folder, 0o755)
        tree = Tree(13, Path(folder, "seafile"), Database("127.0.0.1", 1, "seafile", "pa55-word", "seahub_db"))
        tree.plant({})
        yield tree


def as_its_user(top: str) -> int:
    """In a process of its own, which can never be root again."""
    place = Installation.find(Path(top))
    one = daemon.find(place, {"PYTHON": sys.executable, "PATH": os.defpath, "SEAFILE_TEST": "1"})
    with contextlib.suppress(NotReadable):
        one.become()
        assert os.environ["SEAFILE_TEST"] == "1"
        assert str(place.server and place.server / "seahub") in sys.path
    assert os.getresuid() == (SOMEBODY,) * 3
    assert os.getresgid() == (SOMEBODY,) * 3
    assert os.getgroups() == [SOMEBODY]
    return 0


def run(function: Callable[[str], int], argument: str) -> int:
    with open(os.devnull, "rb") as nothing:
        return Forked(function, argument, files=(nothing.fileno(), 2, 2)).wait(60)


@AS_ROOT
def test_root_becomes_the_user_of_the_server_for_good(tree: Tree) -> None:
    give(tree.top)
    assert run(as_its_user, str(tree.top)) == 0


@AS_ROOT
def test_what_root_asks_leaves_nothing_of_roots(tree: Tree, cli: Cli) -> None:
    """Where the tests' own Python is for root alone, that is what is said."""
    give(tree.top)
    before = owners(tree.top)
    done = cli("doctor", "--seafile", str(tree.top))
    assert done.code == 1
    assert f"run by user {SOMEBODY}" in done.out + done.err
    assert owners(tree.top) == before


def as_somebody_else(top: str) -> int:
    os.setgroups([])
    os.setresgid(SOMEBODY, SOMEBODY, SOMEBODY)
    os.setresuid(SOMEBODY, SOMEBODY, SOMEBODY)
    place = Installation.find(Path(top))
    try:
        daemon.find(place, {}).become()
    except daemon.NotItsUser as error:
        return 0 if "is run by root; please run this as that user, or as root" in str(error) else 1
    return 2


@AS_ROOT
def test_somebody_else_is_told_whom_to_ask(tree: Tree) -> None:
    assert run(as_somebody_else, str(tree.top)) == 0
