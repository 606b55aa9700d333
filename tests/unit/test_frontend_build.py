"""The script and the style sheet that are committed are what a fresh build gives, and small enough."""

from __future__ import annotations

import gzip
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FRONTEND = ROOT / "seahub_patch/frontend"
COMMITTED = ROOT / "seahub_patch/static/offline_download"

#: What a reader of the page has to load, compressed.
SCRIPT_BUDGET = 90 * 1024


@pytest.fixture(scope="module")
def fresh_build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("build")
    command = ["npm", "run", "build", "--silent", "--", "--outDir", str(folder), "--logLevel", "error"]
    subprocess.run(command, cwd=FRONTEND, check=True, timeout=300)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_fresh_build_gives_exactly_the_committed_files(fresh_build: Path) -> None:
    fresh, committed = contents(fresh_build), contents(COMMITTED)
    assert sorted(fresh) == sorted(committed) == ["offline-download.css", "offline-download.js"]
    different = [name for name, content in fresh.items() if content != committed[name]]
    assert not different, f"run `make frontend` and commit {different}"


def test_the_script_is_small_enough() -> None:
    script = (COMMITTED / "offline-download.js").read_bytes()
    assert len(gzip.compress(script, 9)) <= SCRIPT_BUDGET


def test_the_script_leaves_nothing_behind_in_the_page_it_is_loaded_into() -> None:
    script = (COMMITTED / "offline-download.js").read_text(encoding="utf-8").strip()
    assert script.startswith("(function(){")
    assert script.endswith("})();")


def test_the_script_never_makes_elements_out_of_text() -> None:
    sources = [file for file in (FRONTEND / "src").rglob("*.ts*") if ".test." not in file.name]
    written = "\n".join(file.read_text(encoding="utf-8") for file in sources)
    for danger in (
        "dangerouslySetInnerHTML",
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
    ):
        assert danger not in written


def test_the_lock_file_names_versions_and_contents_but_no_place_to_load_them_from() -> None:
    lock: dict[str, Any] = json.loads((FRONTEND / "package-lock.json").read_text(encoding="utf-8"))
    packages = [package for path, package in lock["packages"].items() if path]
    assert packages
    assert all(package["version"] and package["integrity"] for package in packages)
    assert not any("resolved" in package for package in packages)
