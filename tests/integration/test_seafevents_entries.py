"""The other ways into the daemon than the settings file, as processes: a ``.pth`` file and ``seafevents_offline.run``;
and what it costs every process that is no daemon."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.support import seafevents
from tests.support.seafevents import Daemon

ROOT = Path(__file__).parents[2]

#: The least that only the plugin in a daemon says.
WRONG = "[OFFLINE DOWNLOAD]\nenabled = true\nworkers = 0\n"
SAID = (
    "offline download: is off until the next start:"
    " [OFFLINE DOWNLOAD] workers = 0: a whole number from 1 to 512 is allowed.\n"
)


@pytest.fixture
def daemon(tmp_path: Path) -> Daemon:
    found = Daemon(14, tmp_path / "packages", seafevents.sources(14), block="")
    found.write_conf(WRONG)
    return found


def run(
    daemon: Daemon, *args: str, program: str = sys.executable, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Python in the environment of a daemon, with this project and what it needs."""
    paths = (daemon.folder, ROOT, sysconfig.get_path("purelib"))
    variables = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "SEAFILE_CENTRAL_CONF_DIR": str(daemon.folder),
        "SEAFILE_MYSQL_DB_PASSWORD": "",
        **environment,
    }
    return subprocess.run(
        [program, *args], env=variables, capture_output=True, text=True, timeout=60, check=False, cwd=daemon.folder
    )


def test_run_starts_the_daemon_with_the_plugin(daemon: Daemon) -> None:
    done = run(daemon, "-m", "seafevents_offline.run", "seafevents.main", "--config-file", str(daemon.conf))
    assert (done.returncode, done.stderr, done.stdout) == (0, SAID, "")


def test_run_says_what_it_needs_and_passes_on_what_comes_back(daemon: Daemon) -> None:
    done = run(daemon, "-m", "seafevents_offline.run")
    assert (done.returncode, done.stderr) == (1, "usage: python -m seafevents_offline.run MODULE [ARGUMENT...]\n")
    (daemon.folder / "ends.py").write_text("import sys\nsys.exit(len(sys.argv))")
    assert run(daemon, "-m", "seafevents_offline.run", "ends", "--help", "-P").returncode == 3


def test_a_pth_file_is_enough(daemon: Daemon, tmp_path: Path) -> None:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    # Outside of a virtual environment each start of Python looks here.
    site = tmp_path / "user" / "lib" / version / "site-packages"
    site.mkdir(parents=True)
    (site / "seafevents_offline.pth").write_text(
        "import seafevents_offline.hosts.seafevents.hook as hook; hook.install()\n"
    )
    done = run(
        daemon,
        *("-m", "seafevents.main", "--config-file", str(daemon.conf)),
        program=sys._base_executable,  # type: ignore[attr-defined]
        PYTHONUSERBASE=str(tmp_path / "user"),
    )
    assert (done.returncode, done.stderr) == (0, SAID)


def test_a_process_that_is_no_daemon_loads_nothing_for_it() -> None:
    program = (
        "import sys; sys.path.append(sys.argv[1]); before = set(sys.modules);"
        "from seafevents_offline.hosts.seafevents import hook; hook.install();"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, str(ROOT)], capture_output=True, text=True, timeout=60, check=True
    )
    package = "seafevents_offline"
    ours = [package, f"{package}.hosts", f"{package}.hosts.seafevents", f"{package}.hosts.seafevents.hook"]
    assert done.stdout.split() == ours
