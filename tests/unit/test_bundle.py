"""What is brought along onto the data volume, and how it gets there and goes again."""

from __future__ import annotations

import importlib.metadata
import itertools
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from seafevents_offline.errors import EngineUnavailable
from seafevents_offline.hosts.installation import bundle, contents, distributions
from seafevents_offline.hosts.installation.contents import Contents
from seafevents_offline.hosts.installation.place import Installation
from seafevents_offline.hosts.installation.refusal import NotChanged
from tests.support.killing import run_and_die

#: What an account in the container has that is not root's.
_SOMEBODY = 8000


@pytest.fixture
def place(tmp_path: Path) -> Installation:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "seahub_settings.py").touch()
    (tmp_path / "seafile-data").mkdir()
    if os.geteuid() == 0:
        os.chown(tmp_path / "conf", _SOMEBODY, _SOMEBODY)
    return Installation.find(tmp_path)


def _contents(text: str = "") -> Contents:
    """A package that is small enough to be put there again and again."""
    files = {"small_package/__init__.py": text.encode(), "small_package/data/a.txt": b"a", "aria2c/bin/aria2c": b"#!"}
    return Contents(files, ("small_package",))


@pytest.fixture(scope="module")
def everything() -> Contents:
    return contents.collect()


def _tree(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


# What is in it


def test_all_that_is_needed_goes_but_what_the_host_has_itself(everything: Contents) -> None:
    tops = {name.split("/")[0] for name in everything.files}
    assert {"seafevents_offline", "seahub_patch", "alembic", "mako", "aria2p", "requests", "aria2c"} <= tops
    assert not tops & {"sqlalchemy", "pymysql", "greenlet", "typing_extensions.py", "django", "pytest"}


def test_what_writes_the_metrics_goes_along_where_it_is(everything: Contents, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "prometheus_client" in everything.modules
    monkeypatch.setattr(contents, "METRICS", "prometheus-that-nobody-has")
    assert not [name for name in contents.collect().files if name.startswith("prometheus")]


def test_nothing_is_bound_to_one_version_of_python_or_acts_when_python_starts(everything: Contents) -> None:
    assert not [name for name in everything.files if name.endswith((".so", ".pyc", ".pth")) or "__pycache__" in name]


def test_of_our_own_packages_the_same_goes_as_into_a_wheel(everything: Contents) -> None:
    """setup.cfg has the list; docs/installing.md relies on each of these."""
    for name in (
        "seafevents_offline/py.typed",
        "seafevents_offline/hosts/web/templates/host/base.html",
        "seafevents_offline/hosts/web/static/host.css",
        "seahub_patch/templates/over_seahub/react_app.html",
        "seahub_patch/static/offline_download/offline-download.js",
        "seahub_patch/locale/zh_CN/LC_MESSAGES/django.mo",
    ):
        assert name in everything.files
    assert not [name for name in everything.files if name.startswith(("seahub_patch/frontend/", "tests/"))]


def test_the_manifest_says_which_versions(everything: Contents) -> None:
    manifest = json.loads(everything.files["bundle.json"])
    packages = manifest["packages"]
    assert packages["requests"] == importlib.metadata.version("requests")
    assert packages["seafevents-offline"] == importlib.metadata.version("seafevents-offline")
    assert set(manifest["host"]) == {"sqlalchemy", "pymysql"}


def test_the_same_is_the_same_bundle(everything: Contents) -> None:
    assert contents.collect().digest == everything.digest


def test_it_can_be_taken_from_a_bundle_again(everything: Contents, tmp_path: Path) -> None:
    """Where the package is installed nowhere else, as in a container that was made anew."""
    for name, data in everything.files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    for one in importlib.metadata.distributions(path=[str(tmp_path)]):
        again = {name: found.read_bytes() for name, found in distributions.files(one)}
        # Ours are looked for where they are imported from.
        assert again.items() <= everything.files.items() or one.metadata["Name"] == distributions.OWN


def test_what_a_linux_distribution_installed_is_found_without_a_list_of_files(tmp_path: Path) -> None:
    (tmp_path / "Their_Package-1.0.egg-info").mkdir()
    (tmp_path / "Their_Package-1.0.egg-info" / "PKG-INFO").write_text("Name: Their-Package\nVersion: 1.0\n")
    (tmp_path / "Their_Package-1.0.egg-info" / "top_level.txt").write_text("their_module\ntheir_package\n")
    (tmp_path / "their_module.py").touch()
    (tmp_path / "their_package").mkdir()
    (tmp_path / "their_package" / "__init__.py").touch()
    (tmp_path / "their_package" / "fast.cpython-312-x86_64-linux-gnu.so").touch()
    (one,) = importlib.metadata.distributions(path=[str(tmp_path)])
    assert sorted(name for name, _ in distributions.files(one)) == ["their_module.py", "their_package/__init__.py"]
    assert distributions.modules(name for name, _ in distributions.files(one)) == {"their_module", "their_package"}


@pytest.mark.parametrize(
    ("machine", "sentence"),
    [
        ("x86_64", "aria2c is brought along, too; run `pip install 'seafevents-offline[aria2c]'` first."),
        ("aarch64", "There is no aria2c for aarch64 that could be brought along; take an image of your own"),
    ],
)
def test_without_a_static_aria2c_it_is_said_what_to_do(
    machine: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("platform.machine", lambda: machine)
    monkeypatch.setattr(contents, "ENGINE", "aria2-that-nobody-has")
    with pytest.raises(NotChanged) as caught:
        contents.collect()
    assert str(caught.value).startswith(sentence)


def test_an_aria2c_of_ones_own_needs_no_static_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> Path:
        raise EngineUnavailable(detail="")

    monkeypatch.setattr("seafevents_offline.engines.aria2.binary.static", away)
    assert not [name for name in contents.collect(own_engine=False).files if name.startswith("aria2c/")]


@pytest.mark.parametrize(
    ("text", "name", "versions", "is_extra"),
    [
        ("alembic<2,>=1.13.3", "alembic", "<2,>=1.13.3", False),
        ("typing_extensions (>=4)", "typing-extensions", ">=4", False),
        ("Mako", "mako", "", False),
        ('tomli>=2; python_version < "3.11"', "tomli", ">=2", False),
        ('zope.interface [test] ~=5.0 ; extra == "all"', "zope-interface", "~=5.0", True),
    ],
)
def test_requirements_are_read(text: str, name: str, versions: str, is_extra: bool) -> None:
    found = distributions.Requirement.parse(text)
    assert (found.name, found.versions, found.is_extra) == (name, versions, is_extra)


# How it gets there


def test_it_is_put_there_whole_and_belongs_to_whom_conf_belongs(place: Installation) -> None:
    target = bundle.put(place, _contents())
    assert target == bundle.folder(place, _contents()) == bundle.appended(place)
    assert _tree(target) == _contents().files
    for file in place.volume.rglob("*"):
        found = file.lstat()
        assert (found.st_uid, found.st_gid) == place.owner
        mode = 0o755 if file.is_dir() or file.name in ("aria2c", "seafevents-offline") else 0o644
        assert file.is_symlink() or stat.S_IMODE(found.st_mode) == mode


def test_what_others_may_not_read_by_default_they_may_here(place: Installation) -> None:
    """The service runs as nobody what it starts, and in a container as somebody who is not root."""
    before = os.umask(0o077)
    try:
        target = bundle.put(place, _contents())
    finally:
        os.umask(before)
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (place.volume, target.parent, target)} == {0o755}


def test_a_second_time_changes_nothing(place: Installation) -> None:
    target = bundle.put(place, _contents())
    before = target.stat().st_ino, target.stat().st_mtime_ns
    assert bundle.put(place, _contents()) == target
    assert (target.stat().st_ino, target.stat().st_mtime_ns) == before


def test_a_new_version_leaves_the_one_that_runs_and_no_older_one(place: Installation) -> None:
    first, second, third = (bundle.put(place, _contents(f"n = {number}")) for number in range(3))
    assert (first.exists(), second.exists(), third.exists()) == (False, True, True)
    assert bundle.appended(place) == third


def test_the_same_version_once_more_leaves_the_one_that_runs_as_well(place: Installation) -> None:
    """Nobody has restarted the server yet."""
    first, second = (bundle.put(place, _contents(f"n = {number}")) for number in range(2))
    assert bundle.put(place, _contents("n = 1")) == second
    assert first.exists()


def test_what_a_kill_left_is_no_bundle_and_goes(place: Installation) -> None:
    root = place.volume / "python"
    (root / ".new" / "small_package").mkdir(parents=True)
    (root / ".old").mkdir()
    assert bundle.appended(place) is None
    target = bundle.put(place, _contents())
    assert sorted(root.iterdir()) == sorted([target, root / "current", root / "seafevents-offline"])


def _put(top: Path) -> None:
    bundle.put(Installation.find(top), _contents("n = 2"))


def test_killed_at_any_moment_a_whole_one_is_in_use(place: Installation) -> None:
    old, new = bundle.put(place, _contents("n = 1")), bundle.folder(place, _contents("n = 2"))
    for moment in itertools.count(2, step=3):
        was_killed = run_and_die(moment, _put, place.top)
        used = bundle.appended(place)
        assert used in (old, new)
        assert bundle.is_intact(used)
        if not was_killed:
            break
        shutil.rmtree(new, ignore_errors=True)
        bundle.put(place, _contents("n = 1"))
    assert used == new
    assert moment > 8


def test_one_that_is_damaged_is_put_there_again(place: Installation) -> None:
    target = bundle.put(place, _contents())
    (target / "small_package" / "data" / "a.txt").unlink()
    assert not bundle.is_intact(target)
    bundle.put(place, _contents())
    assert bundle.is_intact(target)


def test_what_cannot_be_imported_is_not_put_there(place: Installation) -> None:
    bundle.put(place, _contents())
    with pytest.raises(NotChanged, match=r"does not work by itself: ModuleNotFoundError: .*no_such_module"):
        bundle.put(place, _contents("import no_such_module"))
    assert bundle.appended(place) == bundle.folder(place, _contents())


def test_a_volume_that_cannot_be_written_is_one_sentence(place: Installation) -> None:
    place.volume.touch()
    with pytest.raises(NotChanged, match=r"offline-download.* cannot be changed: .*\. Nothing was changed\.$"):
        bundle.put(place, _contents())


def test_the_command_runs_what_is_in_use(place: Installation, tmp_path: Path) -> None:
    main = b"import sys\ndef main():\n    print(sys.path[-1], *sys.argv[1:])\n    return 3\n"
    target = bundle.put(place, _with_main(main))
    result = _run_by_a_bare_python(bundle.command(place), tmp_path)
    assert (result.stdout, result.returncode) == (f"{target} list a b\n", 3), result.stderr


def test_a_python_that_is_not_the_servers_is_told_so(place: Installation, tmp_path: Path) -> None:
    """What every server has is not in the bundle."""
    bundle.put(place, _with_main(b"import what_servers_have\n"))
    result = _run_by_a_bare_python(bundle.command(place), tmp_path)
    assert result.returncode == 1
    assert "No module named 'what_servers_have'. Is it the Python of the Seafile server?" in result.stderr
    assert result.stderr.count("\n") == 1


def _with_main(main: bytes) -> Contents:
    package = {"seafevents_offline/__init__.py": b"", "seafevents_offline/cli/__init__.py": b""}
    return Contents({**package, "seafevents_offline/cli/main.py": main}, ())


def _run_by_a_bare_python(command: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Without the packages that are installed here: ours would come first."""
    bare = folder / "bare"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    bare.chmod(0o755)
    environment = {"PATH": os.environ["PATH"], "PYTHON": str(bare)}
    return subprocess.run(
        [command, "list", "a b"], env=environment, capture_output=True, text=True, check=False, cwd="/"
    )


# How it goes


def test_all_of_it_goes(place: Installation) -> None:
    target = bundle.put(place, _contents())
    bundle.put(place, _contents("n = 1"))
    (target / "small_package" / "__pycache__").mkdir()
    (target / "small_package" / "__pycache__" / "__init__.cpython-312.pyc").touch()
    assert bundle.remove(place) == []
    assert not place.volume.exists()


def test_what_is_there_beside_it_stays(place: Installation) -> None:
    bundle.put(place, _contents())
    (place.volume / "tmp").mkdir()
    bundle.remove(place)
    assert [file.name for file in place.volume.iterdir()] == ["tmp"]


def test_what_was_changed_stays_and_is_named(place: Installation) -> None:
    target = bundle.put(place, _contents())
    (target / "small_package" / "__init__.py").write_text("print('mine')")
    assert bundle.remove(place) == [target]
    assert target.is_dir()


def test_nothing_to_take_away_is_nothing(place: Installation) -> None:
    assert bundle.remove(place) == []
