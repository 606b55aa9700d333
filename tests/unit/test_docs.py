"""The documentation says what is: commands that exist, files that exist, tests that exist, defaults that are true."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest

from seafevents_offline.cli.main import build_parser
from seafevents_offline.settings import Settings
from seafevents_offline.units import parse_size, parse_time

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")])
TEXTS = {document.relative_to(ROOT): document.read_text(encoding="utf-8") for document in DOCUMENTS}

#: Commands stand on indented lines of their own.
COMMANDS = sorted({line.strip() for text in TEXTS.values() for line in text.splitlines() if line.startswith("    ")})


def matching(prefix: str) -> list[str]:
    return [command for command in COMMANDS if command.startswith(prefix)]


@pytest.mark.parametrize("command", matching(".venv/bin/seafevents-offline ") + matching("seafevents-offline "))
def test_the_command_line_understands_what_the_documents_say(command: str) -> None:
    build_parser().parse_args(shlex.split(command)[1:])


@pytest.mark.parametrize("command", matching("make "))
def test_make_knows_the_goals(command: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    goals = [word for word in shlex.split(command)[1:] if "=" not in word]
    for goal in goals:
        assert re.search(rf"^{goal}:", makefile, re.MULTILINE), goal


@pytest.mark.parametrize("command", matching("make run URL="))
def test_options_after_args_are_options_of_get(command: str) -> None:
    words = dict(word.partition("=")[::2] for word in shlex.split(command)[2:])
    build_parser().parse_args(["get", *shlex.split(words.get("ARGS", "")), "--", words["URL"]])


def test_links_lead_to_files() -> None:
    for document, text in TEXTS.items():
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert (ROOT / document.parent / target).exists(), f"{document}: {target}"


def test_tests_that_are_named_exist() -> None:
    defined = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    named = {name for text in TEXTS.values() for name in re.findall(r"`(test_\w+)`", text)}
    assert named - defined == set()
    assert len(named) > 30


def test_every_guarantee_names_the_test_that_would_break_it() -> None:
    text = TEXTS[Path("docs/guarantees.md")]
    rows = [
        line for line in text.splitlines() if line.startswith("| ") and not re.fullmatch(r"\| \w+ \|.* test \|", line)
    ]
    promises = re.findall(r"^- \*\*.*(?:\n  .*)*", text, re.MULTILINE) + rows
    assert [promise for promise in promises if "`test_" not in promise] == []
    assert len(promises) > 40


def test_the_defaults_in_the_readme_are_the_defaults() -> None:
    defaults = {entry.name.replace("_", "-"): entry.default for entry in fields(Settings)}
    rows = re.findall(r"^\| (`[\w-]+`(?:, `[\w-]+`)*) \| (`[^`]+`(?:, `[^`]+`)*) \|", TEXTS[Path("README.md")], re.M)
    checked = 0
    for options, values in rows:
        for option, value in zip(re.findall(r"`([\w-]+)`", options), re.findall(r"`([^`]+)`", values), strict=True):
            assert _read(value, defaults[option]) == defaults[option], option
            checked += 1
    assert checked >= 12


def _read(text: str, like: object) -> object:
    if isinstance(like, bool):
        return text == "true"
    if isinstance(like, float):
        return float(text.removesuffix("%")) if text.endswith("%") else parse_time(text)
    if isinstance(like, int):
        return parse_size(text)
    return tuple(text.split(",")) if isinstance(like, tuple) else text
