"""``make run``: every character is safe, and a fresh checkout needs nothing else."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.http_server import File, HttpServer
from tests.support.tree import ROOT, copy_tree, environment, make
from tests.support.waiting import eventually

#: If anything expanded one of these, a file called ``touched`` would appear, or the text would not arrive as it is.
NASTY = [
    "http://example.com/a?b=1&c=2;d|e<f>g(h)i",
    'http://example.com/it\'s "quoted"',
    "http://example.com/$HOME/$x/${PATH}/$$/$$$",
    "http://example.com/$(shell touch touched)",
    "http://example.com/`touch touched`$(touch touched)",
    "http://example.com/';touch touched;'",
    'http://example.com/" ; touch touched ; "',
    "http://example.com/$(error boom)$(eval x:=y)$(URL)$(MAKE)$@$<",
    "http://example.com/#fragment#",
    "http://example.com/%41%zz%",
    "http://example.com/back\\slash\\",
    "http://example.com/*?[a-z]~!{a,b}",
    "http://example.com/two\nlines\\\n\ttouch touched",
    "http://example.com/文件/é/😀",
    "--version",
    "-",
    "@touch touched",
    "a=b:=c",
    "$(shell touch touched)",
]


#: Stands in for the command line: says what it was given.
ECHO = "import json, os, sys\nprint(json.dumps([sys.argv[1:], dict(os.environ)]))\n"


@pytest.fixture
def dry(tmp_path: Path) -> Path:
    """A tree with the real Makefile and run.py, where nothing is set up and nothing is downloaded."""
    tree = tmp_path / "tree"
    for name in ("Makefile", "scripts/run.py"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tree / name)
    (tree / ".venv" / "bin").mkdir(parents=True)
    (tree / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (tree / "scripts" / "setup").write_text("#!/bin/sh\n", encoding="utf-8")
    (tree / "scripts" / "setup").chmod(0o755)
    replace_program(tree, ECHO)
    return tree


def replace_program(tree: Path, code: str) -> None:
    package = tree / "seafevents_offline" / "cli"
    package.mkdir(parents=True, exist_ok=True)
    for name, text in (("../__init__.py", ""), ("__init__.py", ""), ("__main__.py", code)):
        (package / name).write_text(text, encoding="utf-8")


def what_arrived(tree: Path, result: subprocess.CompletedProcess[str]) -> list[str]:
    """The program's arguments; fails when anything was expanded on the way."""
    assert (result.returncode, result.stderr) == (0, ""), result
    arguments, variables = json.loads(result.stdout)
    assert variables.keys().isdisjoint({"URL", "ARGS", "SEAFEVENTS_OFFLINE_URL", "SEAFEVENTS_OFFLINE_ARGS"})
    assert "=" not in variables["MAKEFLAGS"], "make hands the texts on by itself"
    assert not list(tree.rglob("touched"))
    return list(arguments)


@pytest.mark.parametrize("url", NASTY)
def test_any_link_arrives_as_it_was_typed(dry: Path, url: str) -> None:
    assert what_arrived(dry, make(dry, "run", f"URL={url}")) == ["get", "--", url]


@pytest.mark.parametrize("options", [[], ["-e"]])
def test_a_link_of_the_environment_arrives_as_it_is(dry: Path, options: list[str]) -> None:
    url = "".join(NASTY)
    assert what_arrived(dry, make(dry, *options, "run", env={"URL": url})) == ["get", "--", url]


def test_any_argument_arrives_as_it_was_quoted(dry: Path) -> None:
    quoted = ["'{}'".format(word.replace("'", "'\"'\"'")) for word in NASTY]
    args = "\n".join(f"--name={word}" for word in quoted)
    expected = ["get", *(f"--name={word}" for word in NASTY), "--", "u"]
    assert what_arrived(dry, make(dry, "run", "URL=u", f"ARGS={args}")) == expected
    assert what_arrived(dry, make(dry, "run", env={"URL": "u", "ARGS": args})) == expected


def test_without_a_link_it_serves(dry: Path) -> None:
    assert what_arrived(dry, make(dry, "run")) == ["serve"]
    assert what_arrived(dry, make(dry, "run", "URL=", "ARGS=--port 9000")) == ["serve", "--port", "9000"]


def test_an_open_quote_is_one_sentence(dry: Path) -> None:
    result = make(dry, "run", "URL=u", "ARGS=--name 'x")
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith("ARGS cannot be read: No closing quotation.\n")


def test_the_link_is_not_shown_by_make_itself(dry: Path) -> None:
    replace_program(dry, "raise SystemExit(1)")
    result = make(dry, "run", "URL=http://example.com/?token=secret")
    assert result.returncode != 0
    assert "secret" not in result.stdout + result.stderr


def test_help_names_every_goal() -> None:
    text = make(ROOT, "help").stdout
    assert make(ROOT).stdout == text
    for goal in ("run", "test", "check", "bench", "clean"):
        assert f"make {goal} " in text


# --- a fresh checkout, really set up


@dataclass(frozen=True)
class FirstRun:
    tree: Path
    file: File
    result: subprocess.CompletedProcess[str]


DATA = "--data 'd a t a' --library 'lib $HOME'"


@pytest.fixture
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirstRun]:
    """A fresh checkout in a folder whose name is no help either, and what its first download came to."""
    tree = copy_tree(tmp_path_factory.mktemp("fresh") / "it's a $HOME")
    file = File(size=300_000, seed="fresh")
    with HttpServer() as server:
        url = server.serve("/first.bin", file)
        yield FirstRun(tree, file, make(tree, "run", f"URL={url}", f"ARGS=--allow {server.address}", timeout=900))
    # A virtual environment is too large to be kept with the other leftovers of the last runs.
    shutil.rmtree(tree)


def test_a_fresh_checkout_downloads_with_one_command_and_serves(first_run: FirstRun, http_server: HttpServer) -> None:
    """In one test: several may be given to several processes, each of which would set up a checkout of its own."""
    assert_it_has_downloaded(first_run)
    assert_the_second_time_nothing_is_installed_and_no_network_is_needed(first_run.tree, http_server)
    assert_a_download_that_fails_fails_the_command(first_run.tree, http_server)
    assert_without_a_link_it_serves_until_ctrl_c(first_run.tree, http_server)


def assert_it_has_downloaded(first_run: FirstRun) -> None:
    assert first_run.result.returncode == 0, first_run.result.stderr
    stored = first_run.tree / "library" / "first.bin"
    assert first_run.result.stdout.splitlines()[-1] == str(stored)
    assert stored.read_bytes() == first_run.file.read(0, 300_000)


def assert_the_second_time_nothing_is_installed_and_no_network_is_needed(fresh: Path, http_server: HttpServer) -> None:
    url = http_server.serve("/a&b'c\"d$HOME$$e`touch touched`$(shell touch touched);f g|h", File(size=1000, seed=2))
    nowhere = dict.fromkeys(("https_proxy", "http_proxy", "HTTPS_PROXY", "HTTP_PROXY"), "http://127.0.0.1:9")
    result = make(
        fresh, "run", f"URL={url}?q=$(touch touched)#x", f"ARGS={DATA} --allow {http_server.address}", env=nowhere
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    stored = Path(result.stdout.splitlines()[-1])
    assert stored.parent == fresh / "lib $HOME"
    assert stored.read_bytes() == File(seed=2).read(0, 1000)
    assert not list(fresh.rglob("touched"))


def assert_a_download_that_fails_fails_the_command(fresh: Path, http_server: HttpServer) -> None:
    result = make(fresh, "run", f"URL={http_server.url('/nothing')}", f"ARGS={DATA} --allow {http_server.address}")
    assert result.returncode != 0
    assert "404" in result.stderr.splitlines()[0]


def assert_without_a_link_it_serves_until_ctrl_c(fresh: Path, http_server: HttpServer) -> None:
    program = [fresh / ".venv" / "bin" / "python", "-m", "seafevents_offline.cli"]
    with subprocess.Popen(
        ["make", "run", f"ARGS=--port 0 --allow {http_server.address}"],
        cwd=fresh,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline().startswith(f"Serving {fresh / 'data'}")
            add = [*program, "add", http_server.serve("/served.bin", File(size=10))]
            subprocess.run(add, cwd=fresh, env=environment(), check=True, capture_output=True, timeout=60)
            eventually((fresh / "library" / "served.bin").exists)
        finally:
            # As a terminal does: to make and to what it runs.
            os.killpg(process.pid, signal.SIGINT)
        try:
            assert process.communicate(timeout=120)[0].splitlines()[-1] == "Stopping."
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
