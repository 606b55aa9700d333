"""What docs/operating.md and docs/installing.md show is what the programs say, read and take."""

from __future__ import annotations

import re
import subprocess
import sys
from configparser import RawConfigParser
from dataclasses import fields
from datetime import datetime
from pathlib import Path

import pytest

from seafevents_offline.egress.claims import in_words
from seafevents_offline.egress.messages import Ended
from seafevents_offline.errors import FileNotFoundAtServer, ServerBusy, reasons
from seafevents_offline.hosts.installation import section
from seafevents_offline.hosts.seafevents import logs
from seafevents_offline.settings import SECTION, Settings, unknown_options
from seafevents_offline.status import OfflineDownloadStatus
from seafevents_offline.task import Done, Failed, Retry, Task
from seafevents_offline.tasks.observers import Observers

DOCS = Path(__file__).parents[2] / "docs"
INSTALLING = (DOCS / "installing.md").read_text(encoding="utf-8")
OPERATING = (DOCS / "operating.md").read_text(encoding="utf-8")


def code(page: str) -> list[str]:
    """The pieces of indented lines."""
    found = re.findall(r"(?:^ {4}.*\n)+", page, re.MULTILINE)
    return ["".join(line[4:] for line in piece.splitlines(keepends=True)) for piece in found]


SECTIONS = [piece for page in (INSTALLING, OPERATING) for piece in code(page) if piece.startswith(f"[{SECTION}]")]
LOG = [line for piece in code(OPERATING) for line in piece.splitlines() if line.startswith("[2026-")]


@pytest.mark.parametrize("text", SECTIONS)
def test_settings_are_settings(text: str) -> None:
    config = RawConfigParser()
    config.read_string(text)
    assert Settings.from_config(config).enabled
    assert unknown_options(config) == []


def test_the_section_is_the_one_that_is_written() -> None:
    assert section.lines(Path("/opt/seafile/offline-download/tmp")) in SECTIONS
    assert len(SECTIONS) == 2


def test_the_lines_of_the_log_are_lines_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    task = Task(
        odr_id=12,
        repo_id="r",
        path="/",
        url="https://files.example.com/a.zip?key=secret",
        owner="ada@example.com",
        timestamp=datetime(2026, 1, 2),
        status=OfflineDownloadStatus.DOWNLOADING,
        claim=1,
        stored_path="/reports/a.zip",
    )
    ends = Done(1048576), Retry(30, ServerBusy(status=503)), Failed(FileNotFoundAtServer(status=404))
    with caplog.at_level("INFO", "seafevents_offline.transitions"):
        for outcome in (None, *ends):
            Observers().tell(task, outcome)
    said = [record.getMessage() for record in caplog.records]
    ended = Ended(12, 1, "ada@example.com", "files.example.com", 443, "93.184.216.34", 1048576, 742, 1.9, "closed")
    said.insert(1, in_words(ended))
    assert [line.partition("[INFO] ")[2] for line in LOG] == said


def test_the_lines_begin_as_the_file_does() -> None:
    begin = logs._IN_FILE % {"asctime": datetime.now().strftime(logs._TIME), "levelname": "INFO", "message": ""}
    pattern = re.sub(r"\d", r"\\d", re.escape(begin))
    assert all(re.match(pattern, line) for line in LOG)


def test_the_sentences_of_the_table_are_sentences() -> None:
    quoted = re.findall(r"^\| `([A-Z][^`]*)`", OPERATING.partition("## What to do when")[2], re.MULTILINE)
    known = [re.sub(r"\{\w+\}", "…", sentence) for sentence in reasons().values()]
    missing = [text for text in quoted if not any(are_alike(text, sentence) for sentence in known)]
    # Of this one the pages are the authors.
    assert missing == ["Offline download not supported."]
    assert len(quoted) > 8


def are_alike(one: str, other: str) -> bool:
    """``…`` stands for anything."""
    patterns = {text: ".*".join(re.escape(part.strip()) for part in text.split("…")) for text in (one, other)}
    return bool(re.fullmatch(patterns[one], other) or re.fullmatch(patterns[other], one))


def test_every_option_that_is_named_is_one() -> None:
    options = {entry.name.replace("_", "-") for entry in fields(Settings)}
    named = set(re.findall(r"`((?:workers|max|tasks|adds|speed|min|time|allow|deny)-[a-z-]+)`", OPERATING + INSTALLING))
    assert named - options == set()
    assert len(named) >= 8


def test_the_parts_of_doctor_are_its_parts() -> None:
    rows = re.findall(r"^\| `([\w. ]+)` \|", OPERATING.partition("## Doctor")[2].partition("\n## ")[0], re.MULTILINE)
    sources = [
        DOCS.parent / "seafevents_offline" / path for path in ("hosts/installation/checks.py", "tasks/checks.py")
    ]
    checked = set(re.findall(r'check\(\s*"([\w. ]+)"', "".join(path.read_text(encoding="utf-8") for path in sources)))
    assert set(rows) == checked


def test_the_lines_of_doctor_are_lines_of_doctor() -> None:
    package = DOCS.parent / "seafevents_offline"
    said = [package / path for path in ("hosts/installation/service.py", "tasks/checks.py")]
    sentences = re.findall(r'"([A-Z][^"{]{30,}\.)"', "".join(path.read_text(encoding="utf-8") for path in said))
    shown = [line.partition(": ")[2] for piece in code(OPERATING) for line in piece.splitlines() if line[0] in "✓✗"]
    assert len(shown) == 2
    for line in shown:
        left = line
        for sentence in sentences:
            left = left.replace(sentence, "")
        assert not left.strip(), left


def test_the_line_for_site_packages_brings_the_hook(tmp_path: Path) -> None:
    (line,) = [piece.strip() for piece in code(INSTALLING) if piece.startswith("import ")]
    (tmp_path / "seafevents_offline.pth").write_text(line, encoding="ascii")
    program = (
        f"import site, sys; site.addsitedir({str(tmp_path)!r})\n"
        "assert any(hasattr(finder, '_seafevents_offline') for finder in sys.meta_path)\n"
        "assert 'sqlalchemy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60, cwd=DOCS.parent)


def test_a_package_of_the_name_is_installed() -> None:
    setup = (DOCS.parent / "setup.cfg").read_text(encoding="utf-8")
    named = set(re.findall(r"pip (?:un)?install (?:--upgrade )?'?([\w-]+)", INSTALLING))
    assert named == set(re.findall(r"^\[metadata\]\nname = (.*)$", setup, re.MULTILINE))
