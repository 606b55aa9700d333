"""What doctor says of a Seafile server, part by part, on an installation's files; the processes are in
tests/integration/test_host_doctor.py."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from seafevents_offline.disk import used
from seafevents_offline.errors import EngineUnavailable, OfflineDownloadError
from seafevents_offline.hosts.installation import checks, daemon, disk, edit, probe, service, switch, wiring
from seafevents_offline.hosts.installation.daemon import Daemon
from seafevents_offline.hosts.installation.place import Installation
from seafevents_offline.hosts.installation.server import SeafileServer
from seafevents_offline.repository import Node
from seafevents_offline.tasks.health import off
from tests.support.host.tree import Database, Tree

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _own_python_is_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it is: what is wrong with some has a test of its own."""
    own = ".".join(map(str, sys.version_info[:3]))
    monkeypatch.setattr(wiring, "_HALTING", tuple(version for version in wiring._HALTING if version != own))


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A server of 13 whose database is not there."""
    tree = Tree(13, tmp_path / "seafile", Database("127.0.0.1", 1, "seafile", "pa55-word", "seahub_db"))
    tree.plant({})
    return tree


@pytest.fixture
def place(tree: Tree) -> Installation:
    return Installation.find(tree.top)


@pytest.fixture
def enabled(place: Installation) -> Installation:
    edit.apply(switch.on(place).changes)
    return place


def environment(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHON": sys.executable, **more}


def server(place: Installation, **more: str) -> SeafileServer:
    return SeafileServer(place, daemon.find(place, environment(**more)))


def append(file: Path, text: str) -> None:
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")


def refusal(part: Callable[[], str]) -> str:
    with pytest.raises(OfflineDownloadError) as found:
        part()
    return str(found.value)


# --- seafevents.conf ----------------------------------------------------------------------------------


def test_a_server_that_is_not_enabled_is_told_how(place: Installation) -> None:
    found = refusal(lambda: checks._section(server(place)))
    assert "has no section [OFFLINE DOWNLOAD]" in found
    assert f"`seafevents-offline enable --seafile {place.top}`" in found


def test_a_section_that_is_well(enabled: Installation) -> None:
    assert "all values are valid" in checks._section(server(enabled))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("enabled = false\n", "does not say enabled = true"),
        ("enable = true\n", "did you mean enabled?"),
        ("enabled = true\nworkers = 100000\n", "workers"),
        ("enabled = true\nworker = 3\n", "did you mean workers?"),
        ("enabled = true\ntempdir\n", "line 9 is neither"),
    ],
)
def test_a_section_that_is_not_well(place: Installation, text: str, says: str) -> None:
    append(place.seafevents_conf, f"[OFFLINE DOWNLOAD]\n{text}")
    assert says in refusal(lambda: checks._section(server(place)))


def test_seahub_that_reads_another_file_is_told(enabled: Installation, tmp_path: Path) -> None:
    other = tmp_path / "other.conf"
    found = refusal(lambda: checks._section(server(enabled, EVENTS_CONFIG_FILE=str(other))))
    assert str(other) in found
    checks._section(server(enabled, EVENTS_CONFIG_FILE=str(enabled.seafevents_conf)))


def test_without_settings_the_other_parts_are_not_looked_at(enabled: Installation) -> None:
    append(enabled.seafevents_conf, "workers = many\n")
    found = {check.name: check for check in server(enabled).checks()}
    assert not found["seafevents.conf"].ok
    assert found["seahub_settings.py"].ok, found["seahub_settings.py"].detail
    assert found["guard"].detail == "It was not looked at: seafevents.conf comes first."


# --- seahub_settings.py and the package ---------------------------------------------------------------


def block(place: Installation, **more: str) -> str:
    one = server(place, **more).daemon
    return wiring.block(place, lambda: probe.ask(one.python, str(place.conf), one.environ))


def package(place: Installation, **more: str) -> str:
    one = server(place, **more).daemon
    return wiring.package(place, one.python, lambda: probe.ask(one.python, str(place.conf), one.environ))


def test_a_block_that_is_well(enabled: Installation) -> None:
    assert "get what it brings" in block(enabled)
    assert sys.executable in package(enabled)
    assert str(ROOT) in package(enabled)


def test_settings_without_a_block(place: Installation) -> None:
    assert "has no block of ours; run `seafevents-offline enable" in refusal(lambda: block(place))


def test_a_block_that_was_edited_or_halved(enabled: Installation) -> None:
    text = enabled.seahub_settings.read_text(encoding="utf-8")
    enabled.seahub_settings.write_text(text.replace("_offline_hook.install()", "pass"), encoding="utf-8")
    assert "was changed" in refusal(lambda: block(enabled))
    enabled.seahub_settings.write_text(text.replace("# <<< seafevents-offline", "# ---"), encoding="utf-8")
    assert "has lost its first or its last line" in refusal(lambda: block(enabled))


@pytest.mark.parametrize(
    "line",
    [
        "EXTRA_INSTALLED_APPS = ['theirs']",
        "SITE_ROOT_URLCONF = 'theirs.urls'",
        "INSTALLED_APPS = ['django.contrib.sessions']",
        "if True:\n    SITE_ROOT_URLCONF = 'theirs.urls'",
    ],
)
def test_what_a_line_below_the_block_undoes_is_told_with_the_line(enabled: Installation, line: str) -> None:
    append(enabled.seahub_settings, f"OTHER = 1\n{line}\n")
    number = enabled.seahub_settings.read_text(encoding="utf-8").rstrip().count("\n") + 1
    assert f"Line {number} of " in refusal(lambda: block(enabled))


def test_what_stands_below_the_block_and_undoes_nothing_is_well(enabled: Installation) -> None:
    append(enabled.seahub_settings, "EXTRA_INSTALLED_APPS += ['theirs']\nOTHER = 1\n")
    assert "get what it brings" in block(enabled)


@pytest.mark.parametrize(
    ("line", "fault"), [("1 / 0", "ZeroDivisionError"), ("def f(:", "SyntaxError"), ("exit()", "SystemExit")]
)
def test_settings_that_cannot_be_run_are_told_with_the_line(enabled: Installation, line: str, fault: str) -> None:
    text = enabled.seahub_settings.read_text(encoding="utf-8")
    enabled.seahub_settings.write_text(f"import os\n{line}\n{text}", encoding="utf-8")
    found = refusal(lambda: block(enabled))
    assert f"line 2 of it ends with {fault}" in found
    assert "Seahub ignores the whole file" in found


def test_running_the_settings_leaves_no_trace(enabled: Installation) -> None:
    append(enabled.seahub_settings, "print('noise')\n")
    before = sorted(enabled.top.rglob("*"))
    block(enabled)
    assert sorted(enabled.top.rglob("*")) == before


def test_a_python_without_the_package_is_told_what_to_install(place: Installation, tmp_path: Path) -> None:
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n', encoding="utf-8")
    bare.chmod(0o755)
    assert f"run `{bare} -m pip install seafevents-offline`" in refusal(lambda: package(place, PYTHON=str(bare)))


def test_a_python_that_can_encrypt_no_passwords_is_well_and_told(enabled: Installation) -> None:
    one = server(enabled).daemon
    found = probe.ask(one.python, str(enabled.conf), one.environ)
    assert found.has_crypto
    assert "pycryptodome" not in wiring.package(enabled, one.python, lambda: found)
    said = wiring.package(enabled, one.python, lambda: replace(found, has_crypto=False))
    assert said.endswith(f"so links can be given no passwords; run `{one.python} -m pip install pycryptodome`.")


def test_a_bundle_in_which_something_was_changed_is_told(place: Installation) -> None:
    folder = place.volume / "python" / ("0" * 16)
    folder.mkdir(parents=True)
    (folder.parent / "current").symlink_to(folder.name)
    found = refusal(lambda: package(place))
    assert f"What is in {folder} was changed; run `seafevents-offline enable" in found
    assert found.endswith("--bundle`.")


def test_the_command_of_the_bundle_is_named_where_there_is_no_other(
    place: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert wiring.command("enable", place).startswith("`seafevents-offline enable")
    program = place.volume / "python" / "seafevents-offline"
    program.parent.mkdir(parents=True)
    program.touch()
    assert wiring.command("enable", place) == f"`{program} enable --seafile {place.top}`"


def test_a_python_that_lacks_what_is_needed_is_told_what(enabled: Installation, tmp_path: Path) -> None:
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -S "$@"\n', encoding="utf-8")
    bare.chmod(0o755)
    found = refusal(lambda: block(enabled, PYTHON=str(bare)))
    assert "Python does not find sqlalchemy, alembic" in found


def test_a_python_with_a_fault_that_the_daemon_meets_is_told(enabled: Installation) -> None:
    one = server(enabled).daemon
    found = replace(probe.ask(one.python, str(enabled.conf), one.environ), python=wiring._HALTING[0])
    assert "need 3.12.2 or newer" in refusal(lambda: wiring.package(enabled, one.python, lambda: found))


def test_a_python_that_gives_no_answer(enabled: Installation) -> None:
    assert refusal(lambda: block(enabled, PYTHON="/bin/false")) == "/bin/false gives no answer: it ends with 1."
    assert "no python3 on its PATH" in refusal(lambda: package(enabled, PYTHON="", PATH="/nowhere"))


# --- the folder for what is unfinished ----------------------------------------------------------------


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    file = tmp_path / "mountinfo"
    file.write_text(
        "1 0 0:30 / / rw,relatime - overlay overlay rw\n"
        f"2 1 8:1 / {tmp_path}/volume\\040one rw shared:1 - ext4 /dev/sda1 rw\n"
        f"3 2 0:40 / {tmp_path}/volume\\040one/tmp rw - tmpfs tmpfs rw\n",
        encoding="utf-8",
    )
    return file


def test_on_what_a_folder_is(mounts: Path, tmp_path: Path) -> None:
    volume = tmp_path / "volume one"
    assert disk.is_in_layer(tmp_path / "volume", mounts)
    assert not disk.is_in_layer(volume, mounts)
    assert not disk.is_in_memory(volume / "tmpx", mounts)
    assert disk.is_in_memory(volume / "tmp" / "deep", mounts)


def test_a_folder_in_memory_or_in_a_layer_is_told(
    enabled: Installation, mounts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = server(enabled).settings
    monkeypatch.setattr(disk, "is_same", lambda one, other: False)
    monkeypatch.setattr(disk, "is_in_layer", lambda folder: True)
    found = refusal(lambda: checks._temporary_folder(enabled, settings))
    assert "goes with its container" in found
    assert str(enabled.tempdir) in found
    monkeypatch.setattr(disk, "is_in_memory", lambda folder: True)
    assert "is in memory" in refusal(lambda: checks._temporary_folder(enabled, settings))


def test_looking_at_the_folder_makes_nothing(enabled: Installation) -> None:
    said = checks._temporary_folder(enabled, server(enabled).settings)
    assert f"{enabled.tempdir} will be made at the start" in said
    assert not enabled.tempdir.exists()


def test_too_little_room_is_told_with_how_much_is_needed(enabled: Installation) -> None:
    settings = replace(server(enabled).settings, max_size=2**50)
    found = refusal(lambda: checks._temporary_folder(enabled, settings))
    assert "one file may have 1024.0 TB: please make room, or lower max-size" in found
    many = replace(settings, max_size=2**20, workers=2**31)
    assert "each would need 2048.0 TB, so some may wait for room" in checks._temporary_folder(enabled, many)
    unlimited = replace(settings, max_size=0)
    assert "wait for room" not in checks._temporary_folder(enabled, unlimited)


def test_what_is_there_already_counts_as_room(tmp_path: Path) -> None:
    (tmp_path / "12").mkdir()
    (tmp_path / "12" / "part").write_bytes(b"x" * 100_000)
    assert used(tmp_path) >= 100_000


# --- the daemon ---------------------------------------------------------------------------------------


def test_the_environment_that_the_next_start_would_have(tree: Tree, place: Installation) -> None:
    found = daemon.find(place, environment(SEAFILE_MYSQL_DB_HOST="elsewhere", PYTHONPATH="/more"))
    assert (found.pid, found.uid, found.downloads) == (0, os.geteuid(), True)
    assert found.python == sys.executable
    assert found.environ["SEAFILE_MYSQL_DB_HOST"] == "127.0.0.1", "conf/.env wins, as in seafile.sh"
    assert found.environ["SEAFILE_CENTRAL_CONF_DIR"] == str(place.conf)
    assert str(tree.latest.resolve() / "seahub") in found.module_path
    assert found.module_path[-1] == "/more"
    assert "pa55-word" not in repr(found)


def test_the_file_of_variables_is_not_read_where_the_environment_is_set(place: Installation) -> None:
    found = daemon.find(place, environment(SEAFILE_MYSQL_DB_HOST="db", JWT_PRIVATE_KEY="set"))
    assert found.environ["SEAFILE_MYSQL_DB_HOST"] == "db"


def test_variables_are_read_as_a_shell_does(place: Installation) -> None:
    place.env_file.write_text(
        '# remark\nexport A=1\nB=\'two words\' # remark\nC="say \\"x\\""\nD=\n=5\nE F=6\nG=\'open\n', encoding="utf-8"
    )
    assert daemon._variables_in(place.env_file) == {"A": "1", "B": "two words", "C": 'say "x"', "D": "", "G": "'open"}


@pytest.mark.parametrize(
    ("variables", "cluster", "downloads"),
    [
        ({}, "", True),
        ({}, "[cluster]\nenabled = true\n", False),
        ({}, "[cluster]\nenabled = false\n", True),
        ({}, "[cluster]\nenabled = perhaps\n", True),
        ({"CLUSTER_SERVER": "true"}, "", False),
        ({"CLUSTER_SERVER": "true", "CLUSTER_MODE": "backend"}, "", True),
        ({"CLUSTER_SERVER": "true", "CLUSTER_MODE": "frontend"}, "", False),
    ],
)
def test_which_nodes_download(place: Installation, variables: dict[str, str], cluster: str, downloads: bool) -> None:
    append(place.conf / "seafile.conf", cluster)
    assert daemon.find(place, environment(**variables)).downloads is downloads


def process(proc: Path, pid: int, *arguments: str, environ: str = "") -> None:
    folder = proc / str(pid)
    folder.mkdir(parents=True)
    (folder / "cmdline").write_bytes(b"".join(word.encode() + b"\0" for word in arguments))
    (folder / "environ").write_bytes(environ.encode())
    fields = ["S", *["0"] * 18, str(250 * os.sysconf("SC_CLK_TCK")), "0"]
    (folder / "stat").write_text(f"{pid} (py (x) thon) {' '.join(fields)}\n", encoding="ascii")


def test_the_daemon_that_runs_is_found_and_no_other(place: Installation, tmp_path: Path) -> None:
    proc = tmp_path / "proc"
    link = tmp_path / "seafevents.conf"
    link.symlink_to(place.seafevents_conf)
    process(proc, 10, "python3", "-m", "seafevents.main", "--config-file", "/other/conf/seafevents.conf")
    process(proc, 11, "less", str(place.seafevents_conf))
    process(proc, 12)
    process(
        proc, 13, sys.executable, "-m", "seafevents_offline.run", "seafevents.main", "--config-file", str(link),
        environ="CLUSTER_SERVER=true\0PYTHONPATH=/a:/b\0SECRET=x=y\0",
    )  # fmt: skip
    (proc / "14").mkdir()
    (proc / "stat").write_text("cpu 1 2\nbtime 1700000000\n", encoding="ascii")
    found = daemon.find(place, environment(), proc)
    assert (found.pid, found.python, found.downloads, found.started) == (13, sys.executable, False, 1700000250.0)
    assert (found.module_path, found.environ["SECRET"]) == (["/a", "/b"], "x=y")


def test_the_background_node_of_a_cluster_downloads(place: Installation, tmp_path: Path) -> None:
    proc = tmp_path / "proc"
    for pid, module in ((20, "seafevents.main"), (21, "seafevents.background_tasks")):
        process(
            proc,
            pid,
            "python3",
            "-m",
            module,
            "--config-file",
            str(place.seafevents_conf),
            environ="CLUSTER_SERVER=true",
        )
    found = daemon.find(place, environment(), proc)
    assert (found.pid, found.downloads) == (21, True)


# --- the service --------------------------------------------------------------------------------------

NOW = datetime(2026, 1, 2, 3, 4, 5)


def node(seconds: float, node_id: str = "own", **health: object) -> Node:
    return Node(node_id, f"name of {node_id}", "1.0", NOW - timedelta(seconds=seconds), health)


def daemon_of(pid: int = 7, started: float = 4e9, downloads: bool = True) -> Daemon:
    return Daemon(pid, started, os.geteuid(), os.getegid(), sys.executable, downloads, {})


def test_a_service_that_runs(place: Installation) -> None:
    said = service.running(place, daemon_of(), [node(3), node(1000, "other")], "own", NOW)
    assert said == "The download service is running."


@pytest.mark.parametrize(
    ("nodes", "node_id", "one", "says"),
    [
        ([], "", daemon_of(0), "has never been running. The daemon seafevents is not running: please start the server"),
        ([node(3, "other")], "own", daemon_of(), "has never been running"),
        ([node(900)], "own", daemon_of(), "is not running. The daemon seafevents is running: please look into its log"),
        ([node(900)], "own", daemon_of(started=1.0), "was started before the settings were changed: please restart"),
    ],
)
def test_a_service_that_does_not_run(
    place: Installation, nodes: list[Node], node_id: str, one: Daemon, says: str
) -> None:
    assert says in refusal(lambda: service.running(place, one, nodes, node_id, NOW))


def test_a_node_that_serves_pages_says_where_downloads_happen(place: Installation) -> None:
    front = daemon_of(downloads=False)
    said = service.running(place, front, [node(3, "background")], "", NOW)
    assert "downloads happen on the background node" in said
    assert "run doctor there" in refusal(lambda: service.running(place, front, [node(900, "background")], "", NOW))


def test_nodes_are_told_one_by_one() -> None:
    error = EngineUnavailable(detail="aria2c was not found")
    assert service.presence([node(3)], NOW) == "name of own (version 1.0) was last heard of 3 s ago."
    assert "has been silent for 5 min" in refusal(lambda: service.presence([node(300)], NOW))
    assert "2 min ahead; please set it" in refusal(lambda: service.presence([node(-120)], NOW))
    found = refusal(lambda: service.presence([node(30, **off(error))], NOW))
    assert f"did not start 30 s ago: {error}" in found
    assert "did not start" in refusal(lambda: service.presence([node(30, off="odd")], NOW))
    assert "silent" in service.presence([node(8 * 86400)], NOW), "a node that was given up is not missed"


def test_the_pages_say_it_in_the_same_words() -> None:
    page = (ROOT / "seahub_patch" / "health.py").read_text(encoding="utf-8")
    sentences = [service._RUNNING, service._NOT_RUNNING, service._NEVER, *service._PRESENCE.values()]
    assert [sentence for sentence in sentences if sentence not in page] == []


def test_a_part_that_cannot_be_looked_at_keeps_nobody_from_hearing_of_the_others(
    enabled: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(folder: Path) -> int:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(checks, "used", fail)
    enabled.tempdir.mkdir(mode=0o700, parents=True)
    found = {check.name: check for check in server(enabled, PYTHON="/bin/false").checks()}
    assert "Permission denied" in found["temporary folder"].detail
    assert (
        found["package"].detail == found["seahub_settings.py"].detail == "/bin/false gives no answer: it ends with 1."
    )
    assert not found["database"].ok
    assert "pa55-word" not in str(found)
    assert found["guard"].ok
