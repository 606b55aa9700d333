"""What is published: an archive of the sources, the wheel that is made of it, and the image that takes the wheel."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from seafevents_offline.engines.aria2 import binary
from seafevents_offline.hosts.installation import distributions
from tests.support.pythons import make_environment

ROOT = Path(__file__).parents[2]

_PACKAGES = ("seafevents_offline", "seahub_patch")
_BESIDE = ("setup.cfg", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md")


def run(*command: object, cwd: Path) -> str:
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of the sources."""
    copy = tmp_path_factory.mktemp("copy")
    for name in _BESIDE:
        shutil.copy(ROOT / name, copy)
    for name in (*_PACKAGES, "conf", "docs"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    run(sys.executable, "-W", "ignore", "-c", "import setuptools; setuptools.setup()", "-q", "sdist", cwd=copy)
    (archive,) = (copy / "dist").iterdir()
    return archive


@pytest.fixture(scope="module")
def wheel(sources: Path) -> Path:
    """Made of that archive alone."""
    folder = sources.parent
    run("tar", "-xzf", sources, cwd=folder)
    unpacked = folder / sources.name.removesuffix(".tar.gz")
    run(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        folder,
        unpacked,
        cwd=folder,
    )
    (wheel,) = folder.glob("*.whl")
    return wheel


def test_all_that_works_is_in_the_wheel(wheel: Path) -> None:
    """What a working copy has, but for sources of what is built."""
    made = re.compile(r"/(__pycache__|frontend|node_modules)/|\.po$|/base\.pot$")
    wanted = {
        path.relative_to(ROOT).as_posix()
        for package in _PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and not made.search(path.as_posix())
    }
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
    assert {name for name in names if name.split("/")[0] in _PACKAGES} == wanted
    assert any(name.endswith("/share/seafevents-offline/seafevents.conf.sample") for name in names)
    assert any(name.endswith("/LICENSE") for name in names)


def test_what_people_read_is_in_the_archive(sources: Path) -> None:
    with tarfile.open(sources) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"CHANGELOG.md", "conf/seafevents.conf.sample", "docs/installing.md", "docs/pictures/dialog.png"} <= names
    assert not [name for name in names if name.startswith(("tests/", "seahub_patch/frontend/"))]


def test_the_four_lines_of_the_image_make_one(wheel: Path, tmp_path: Path) -> None:
    """Without Docker: what pip does in the image, it does in an environment that has the host's packages and others."""
    page = (ROOT / "docs" / "installing.md").read_text(encoding="utf-8")
    (lines,) = re.findall(r"^    (FROM seafileltd/.*\n(?:    .*\n)+)", page, re.MULTILINE)
    first, programs, package, trial = (line.strip() for line in lines.splitlines())
    assert re.fullmatch(r"FROM seafileltd/seafile-mc:\d\d\.\d-latest", first)
    # The package of the sentence that is said where aria2c is missing.
    (wanted,) = re.findall(r"`apt install (\S+)`", binary._MISSING)
    assert wanted in shlex.split(programs)

    others = (*distributions.HOSTS - {"greenlet"}, *distributions.needed(distributions.OWN))
    python = make_environment(
        sys.executable, tmp_path / "image", [name for name in others if name != distributions.OWN]
    )
    run_, pip, *words = shlex.split(package)
    assert (run_, pip) == ("RUN", "pip3")
    words[words.index(distributions.OWN)] = str(wheel)
    run(sys.executable, "-m", "pip", "--python", python, *words, "--no-index", "-q", cwd=tmp_path)

    commands = [shlex.split(command) for command in trial.removeprefix("RUN ").split(" && ")]
    assert [command[0] for command in commands] == ["aria2c", "seafevents-offline"]
    assert run(Path(python).parent / commands[1][0], *commands[1][1:], cwd=tmp_path).startswith("seafevents-offline ")
