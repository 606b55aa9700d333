"""A new environment beside an old volume: what `enable --bundle` brought works there, by any later Python.

The environments have a server's own packages and have never seen ours, as a container that is made anew from a newer
image.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from seafevents_offline.hosts.installation import bundle, contents
from seafevents_offline.hosts.installation.place import Installation
from seafevents_offline.status import OfflineDownloadStatus
from tests.support.host.fixtures import MakeServer
from tests.support.http_server import File, HttpServer
from tests.support.pythons import make_environment, pythons
from tests.support.service import REPO_ID

S = OfflineDownloadStatus


@pytest.fixture(scope="module")
def volume(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Where our own Python has left a bundle."""
    top = tmp_path_factory.mktemp("seafile")
    (top / "conf").mkdir()
    (top / "conf" / "seahub_settings.py").touch()
    (top / "seafile-data").mkdir()
    place = Installation.find(top)
    bundle.put(place, contents.collect())
    return place


def run(place: Installation, python: str, *args: object, cwd: Path) -> str:
    """What the bundle's command prints. PATH has what the shell needs and nothing else: there is no aria2c."""
    programs = cwd / "programs"
    programs.mkdir(exist_ok=True)
    for name in ("dirname", "readlink"):
        if not (programs / name).exists():
            (programs / name).symlink_to(shutil.which(name) or name)
    done = subprocess.run(
        [bundle.command(place), *map(str, args)],
        env={"PATH": str(programs), "PYTHON": python, "LC_ALL": "C.UTF-8"},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done
    return done.stdout


@pytest.mark.parametrize("version", list(pythons())[:-1] or list(pythons()))
def test_a_later_python_downloads_by_what_is_on_the_volume(
    volume: Installation, version: str, tmp_path: Path, http_server: HttpServer
) -> None:
    """The latest one has a whole server below."""
    python = make_environment(pythons()[version], tmp_path / "environment")
    file = File(size=300_000, seed=1)
    url = http_server.serve("/a.bin", file)

    run(volume, python, "get", url, "--allow", http_server.address, cwd=tmp_path)

    assert (tmp_path / "library" / "a.bin").read_bytes() == file.read(0, 300_000)


def test_a_server_of_a_new_image_goes_on_with_the_old_volume(
    make_server: MakeServer, tmp_path: Path, http_server: HttpServer
) -> None:
    server = make_server(13)
    repo = server.seafile.make(REPO_ID)
    done = server.enable("--bundle")
    assert done.code == 0, done
    server.set_up(interval="0.5s")
    place = Installation.find(server.tree.top)

    newest = list(pythons().values())[-1]
    server.python = make_environment(newest, tmp_path / "environment")
    server.start()
    server.wait_for_beat()
    odr_id = server.insert(http_server.serve("/a.bin", File(size=1000, seed=1)))
    assert server.wait(odr_id).status is S.OK
    assert [path for path, node in repo.nodes.items() if node.data] == ["/a.bin"]
    # By its own aria2c and its own package, with the server's Python and database.
    said = run(place, server.python, "doctor", "--seafile", place.top, cwd=tmp_path)
    assert f"{bundle.appended(place)}" in said
    server.kill()

    # All that has to do with it goes by the command that is there.
    run(place, server.python, "disable", "--seafile", place.top, cwd=tmp_path)
    assert not (place.volume / "python").exists()
