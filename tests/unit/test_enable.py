"""The verbs ``enable`` and ``disable``, on installations that are folders and nothing more."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from seafevents_offline.cli import switching
from seafevents_offline.cli.main import main
from seafevents_offline.cli.verbs import enable
from seafevents_offline.errors import EngineUnavailable
from seafevents_offline.hosts.installation import block, bundle
from seafevents_offline.hosts.installation.place import Installation
from seafevents_offline.hosts.installation.refusal import NotChanged
from seafevents_offline.settings import Settings, read_config
from tests.support.disks import make_read_only
from tests.support.forked import Forked
from tests.support.installation import DAEMON, EVENTS, SEAFILE, SETTINGS, Fake, binary, docker, snapshot
from tests.support.logs import own_logging
from tests.support.rights import only_root

MARK = "seafevents-offline"
PREPARE = enable._prepare


@dataclass
class Said:
    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is looked for beside the files has tests of its own below."""
    monkeypatch.setattr("seafevents_offline.cli.verbs.enable._prepare", lambda place: None)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    def run(verb: str, fake: Fake | Path, *args: str) -> Said:
        code = main([verb, "--seafile", str(fake.top if isinstance(fake, Fake) else fake), *args])
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    with own_logging():
        yield run


@pytest.fixture(params=[binary, docker])
def fake(request: pytest.FixtureRequest, tmp_path: Path) -> Fake:
    return request.param(tmp_path / "a server")


# --- what it writes -----------------------------------------------------------------------------------


def test_it_writes_a_block_and_a_section_at_the_ends_and_nothing_else(run, fake):
    assert run("enable", fake).code == 0
    assert fake.settings.read_bytes().startswith(SETTINGS)
    assert fake.events.read_bytes().startswith(EVENTS)
    ours = ast.parse(fake.settings.read_bytes()).body[2:]
    assert [type(node) for node in ours] == [ast.Try]
    settings = Settings.from_config(read_config(fake.events))
    assert settings.enabled
    assert settings.tempdir == str(Installation.find(fake.top).tempdir)


def test_the_daemons_settings_name_a_folder_on_the_volume_of_a_container(run, tmp_path):
    fake = docker(tmp_path)
    run("enable", fake)
    assert f"\ntempdir = {tmp_path}/shared/seafile/offline-download/tmp\n" in fake.events.read_text()


@pytest.mark.parametrize("named", ["conf", "seafile-server-latest"])
def test_it_is_the_same_server_by_whatever_it_is_named(named, run, fake):
    run("enable", fake)
    assert "nothing was changed" in run("enable", fake.top / named).out
    assert str(fake.top / named) not in fake.settings.read_text()


def test_a_second_time_changes_nothing_and_says_so(run, fake):
    run("enable", fake)
    before = snapshot(fake.top.parent)
    said = run("enable", fake)
    assert (said.code, said.err) == (0, "")
    assert said.out == f"All that `enable` writes is in {fake.conf} already; nothing was changed.\n"
    assert snapshot(fake.top.parent) == before


def test_disabling_takes_out_exactly_what_enabling_wrote(run, fake, tmp_path):
    before = snapshot(tmp_path)
    run("enable", fake)
    said = run("disable", fake)
    assert (said.code, said.err) == (0, "")
    assert snapshot(tmp_path) == before
    said = run("disable", fake)
    assert (said.code, said.out) == (0, f"Nothing that `enable` wrote is in {fake.conf}; nothing was changed.\n")


@pytest.mark.parametrize(
    "settings",
    [
        b"",
        b"\n",
        b"A = 1",
        b"A = 1\n",
        b"A = 1\r\nB = 2\r\n",
        b"A = 1\r\nB = 2",
        b"A = 1\n\n\n",
        b"\xef\xbb\xbfA = 'naive'\n",
        b"\xef\xbb\xbfA = 1",
        b"# -*- coding: latin-1 -*-\nA = '\xe9'\n",
        b"# vim: set fileencoding=cp1252 :\nA = '\x80'",
        b"#!/usr/bin/env python\nif True:\n\tA = 1\n\tB = 2",
        b"A = [\n    1,\n]  # the end \\",
        b"A = '''\nopen\n'''",
        b"A = 1;",
        b"A = 1 \\\n  + 2",
        b"if A := 1:\n  pass\n  # indented remark",
        b"A = 1\n\x0c\n",
        "NAME = 'Füße 文件 🙂'\n".encode(),
        b"A = 1\n# a remark that ends with a backslash \\\n",
        b"'''only a docstring'''",
        b"A = '\\d'\n",
        b"for A in range(3):\n    pass\nelse:\n    B = 2",
        b"try:\n    A = 1\nexcept Exception:\n    pass\n",
        b"class X:\n    A = 1",
        b"@property\ndef f(): pass",
    ],
    ids=repr,
)
def test_any_file_of_settings_gets_one_statement_more_and_is_then_what_it_was(settings, run, tmp_path):
    fake = binary(tmp_path, settings=settings)
    assert run("enable", fake).code == 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        had, has = (ast.parse(data).body for data in (settings, fake.settings.read_bytes()))
    assert [*map(ast.dump, had)] == [*map(ast.dump, has[:-1])]
    assert "seahub_patch" in ast.dump(has[-1])
    run("disable", fake)
    assert fake.settings.read_bytes() == settings
    assert sorted(os.listdir(fake.conf)) == ["seafevents.conf", "seahub_settings.py"]


@pytest.mark.parametrize(
    "events",
    [
        b"",
        b"\n",
        b"[DATABASE]\npassword = 50%%off#1",
        b"[DATABASE]\npassword = 50%off ;)\n",
        b"[A]\r\nb = c\r\n\r\n",
        b"[A]\r\nb = c",
        b"[A]\nb = c\n  and on\n\n",
        b"[A]\nb = c\n   ",
        b"# only remarks",
        b"[DEFAULT]\nenabled = false\n[A]\n",
        "[A]\nb = Füße 文件\n".encode(),
        b"[STATISTICS]\nenabled=true\n#[OFFLINE DOWNLOAD]\n#enabled = false",
    ],
    ids=repr,
)
def test_any_file_of_the_daemons_settings_gets_one_section_more_and_is_then_what_it_was(events, run, tmp_path):
    fake = binary(tmp_path, events=events)
    assert run("enable", fake).code == 0
    config = read_config(fake.events)
    assert config.sections()[-1] == "OFFLINE DOWNLOAD"
    assert Settings.from_config(config).enabled
    run("disable", fake)
    assert fake.events.read_bytes() == events


STATEMENTS = st.sampled_from(
    ["A = 1", "if True:\n\tA = 2", "B = '''\n'''", "C = [1,\n 2]  # \\", "# é", "", "D = 1 \\\n + 2"]
)
ODD = st.text(st.sampled_from("aA1=#\"'\\\n\r\t ()[]:,+é🙂\x0c"), max_size=12)


@given(st.lists(STATEMENTS, max_size=4), st.sampled_from(["\n", "\r\n", "\r"]), ODD)
@example(["A = 1"], "\n", "")
@settings_of_hypothesis(max_examples=150)
def test_what_python_understands_comes_out_as_it_went_in_and_the_rest_is_refused(statements, end, odd):
    data = end.join([*statements, odd]).encode()
    file = Path("/conf/seahub_settings.py")
    body = block.lines(Installation(Path("/opt/seafile")), None)
    if not is_python(data):
        with pytest.raises(NotChanged, match="is not valid Python"):
            block.put(file, data, body)
        return
    enabled = block.put(file, data, body)
    assert enabled != data
    assert block.put(file, enabled, body) == enabled
    assert block.take(file, enabled) == data


def is_python(data: bytes) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(data, "settings", "exec")
        except (SyntaxError, ValueError):
            return False
    return True


# --- dry run ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["enable", "disable"])
def test_a_dry_run_shows_a_diff_and_changes_nothing(verb, run, fake, tmp_path):
    if verb == "disable":
        run("enable", fake)
    before = snapshot(tmp_path)
    said = run(verb, fake, "--dry-run")
    assert (said.code, said.err) == (0, "")
    assert snapshot(tmp_path) == before
    sign, other = ("+", "-") if verb == "enable" else ("-", "+")
    lines = said.out.splitlines()
    assert {f"--- {fake.settings}", f"+++ {fake.settings}", f"--- {fake.events}", f"+++ {fake.events}"} < set(lines)
    assert f"{sign}[OFFLINE DOWNLOAD]" in lines
    assert all(line.startswith((sign, "---", "+++", "@@")) for line in lines), other


@pytest.mark.parametrize("end", ["", "\n"])
def test_no_line_of_the_administrators_own_is_shown(end, run, tmp_path):
    fake = binary(
        tmp_path, settings=f'A = 1\nSECRET_KEY = "geheim"{end}'.encode(), events=f"[A]\npassword = geheim{end}".encode()
    )
    for verb in ("enable", "disable"):
        said = run(verb, fake, "--dry-run")
        assert "geheim" not in said.out + said.err
        said = run(verb, fake)
        assert "geheim" not in said.out + said.err


def test_the_diff_is_one_that_patch_understands(run, fake, tmp_path):
    diff = run("enable", fake, "--dry-run").out
    for file in (fake.settings, fake.events):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    done = subprocess.run(
        ["git", "apply", "--unidiff-zero", f"-p{len(fake.conf.parts)}"],
        cwd=tmp_path,
        input=diff,
        encoding="utf-8",
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    run("enable", fake)
    for file in (fake.settings, fake.events):
        assert (tmp_path / file.name).read_bytes() == file.read_bytes()


# --- sections and blocks that are there already -------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "remark"),
    [
        ("enabled = true\ntempdir = /mine", ""),
        (
            "enabled = false",
            "The section [OFFLINE DOWNLOAD] in {} stays as it is; the feature is off until it says enabled = true.",
        ),
        ("", "The section [OFFLINE DOWNLOAD] in {} stays as it is; the feature is off until it says enabled = true."),
        (
            "enabld = true",
            "[OFFLINE DOWNLOAD] enabld is not an option of ours and is ignored; did you mean enabled?\n"
            "The section [OFFLINE DOWNLOAD] in {} stays as it is; the feature is off until it says enabled = true.",
        ),
    ],
)
def test_a_section_that_is_there_stays_and_is_spoken_of(section, remark, run, tmp_path):
    events = EVENTS + f"[OFFLINE DOWNLOAD]\n{section}\n".encode()
    fake = binary(tmp_path, events=events)
    said = run("enable", fake)
    assert said.code == 0
    assert said.err == (remark.format(fake.events) + "\n" if remark else "")
    assert MARK in fake.settings.read_text()
    assert fake.events.read_bytes() == events
    said = run("disable", fake)
    assert said.err == f"The section [OFFLINE DOWNLOAD] in {fake.events} is not what `enable` wrote, so it stays.\n"
    assert fake.events.read_bytes() == events
    assert fake.settings.read_bytes() == SETTINGS


def test_a_section_that_was_edited_since_stays_with_a_sentence(run, fake):
    run("enable", fake)
    edited = fake.events.read_bytes().replace(b"enabled = true", b"enabled = true\nworkers = 8")
    fake.events.write_bytes(edited)
    assert "already" in run("enable", fake).out
    said = run("disable", fake)
    assert said.code == 0
    assert said.err == f"The section [OFFLINE DOWNLOAD] in {fake.events} is not what `enable` wrote, so it stays.\n"
    assert fake.events.read_bytes() == edited
    assert fake.settings.read_bytes() == SETTINGS


def test_a_block_that_was_edited_since_goes_and_the_file_as_it_was_is_kept(run, fake):
    run("enable", fake)
    edited = fake.settings.read_bytes().replace(b"try:\n", b"B = 2\ntry:\n", 1)
    fake.settings.write_bytes(edited)
    said = run("disable", fake)
    kept = f"{fake.settings}.before-offline-download"
    assert said.err == f"The block had been edited; the file as it was is {kept}.\n"
    assert fake.settings.read_bytes() == SETTINGS
    assert Path(kept).read_bytes() == edited


def test_an_edited_block_is_mended_by_enabling_again(run, fake):
    run("enable", fake)
    whole = fake.settings.read_bytes()
    fake.settings.write_bytes(whole.replace(b"hook.install()", b"hook"))
    assert run("enable", fake).code == 0
    assert fake.settings.read_bytes() == whole


def test_the_block_of_another_version_is_replaced(run, fake, monkeypatch):
    monkeypatch.setattr(block, "_LINES", "try:\n    pass\nexcept Exception:\n    pass\n")
    run("enable", fake)
    monkeypatch.undo()
    assert run("enable", fake, "--dry-run").code == 0
    monkeypatch.setattr(enable, "_prepare", lambda place: None)
    assert run("enable", fake).code == 0
    assert fake.settings.read_text().count(">>> seafevents-offline >>>") == 1
    assert "seahub_patch" in fake.settings.read_text()
    run("disable", fake)
    assert fake.settings.read_bytes() == SETTINGS


def test_a_block_that_is_there_twice_is_there_once_then_and_goes_as_a_whole(run, tmp_path):
    """Pasted by hand, and put there by us."""
    fake = binary(tmp_path)
    run("enable", fake)
    once = fake.settings.read_bytes()
    block = once.removeprefix(SETTINGS)
    fake.settings.write_bytes(once + block + block)
    run("enable", fake)
    assert fake.settings.read_bytes() == once
    fake.settings.write_bytes(once + block)
    run("disable", fake)
    assert fake.settings.read_bytes() == SETTINGS


def test_the_block_comes_to_the_end_again_when_lines_came_behind_it(run, fake):
    run("enable", fake)
    whole = fake.settings.read_bytes()
    fake.settings.write_bytes(whole + b"\n# a remark\n")
    assert "nothing was changed" in run("enable", fake).out
    fake.settings.write_bytes(whole + b"SITE_ROOT_URLCONF = 'mine'\n")
    assert run("enable", fake).code == 0
    text = fake.settings.read_text()
    assert text.startswith(SETTINGS.decode() + "SITE_ROOT_URLCONF = 'mine'\n")
    assert text.count(">>> seafevents-offline >>>") == 1
    run("disable", fake)
    assert fake.settings.read_bytes() == SETTINGS + b"SITE_ROOT_URLCONF = 'mine'\n"


@pytest.mark.parametrize("line", [">>> seafevents-offline >>>", "<<< seafevents-offline <<<"])
@pytest.mark.parametrize("verb", ["enable", "disable"])
def test_half_a_block_is_for_the_administrator(verb, line, run, fake):
    run("enable", fake)
    lines = fake.settings.read_text().splitlines(keepends=True)
    fake.settings.write_text("".join(each for each in lines if line not in each))
    before = snapshot(fake.top)
    said = run(verb, fake)
    assert said.code == 1
    assert "has lost its first or last line; please take out what is left of it. Nothing was changed." in said.err
    assert snapshot(fake.top) == before


# --- files that are not there, not right, or not ours -------------------------------------------------


@pytest.mark.parametrize("version", ["13.0.11", "14.0.1"])
def test_a_file_that_is_not_there_is_made_and_goes_again(version, run, tmp_path):
    fake = binary(tmp_path, version, events=None)
    os.chmod(fake.settings, 0o640)
    before = snapshot(tmp_path)
    said = run("enable", fake)
    assert f"Made {fake.events}.\n" in said.out
    assert (
        f"There was no {fake.events}; with it the server starts its event daemon, and Seahub asks that one." in said.err
    )
    assert fake.events.stat().st_mode & 0o777 == 0o640
    assert Settings.from_config(read_config(fake.events)).enabled
    said = run("disable", fake)
    assert f"Removed {fake.events}, which had nothing else in it.\n" in said.out
    assert snapshot(tmp_path) == before


def test_a_file_that_was_made_and_used_for_more_stays(run, tmp_path):
    fake = binary(tmp_path, "13.0.11", events=None)
    run("enable", fake)
    with open(fake.events, "a") as file:
        file.write("[STATISTICS]\nenabled = true\n")
    run("disable", fake)
    assert fake.events.read_text() == "[STATISTICS]\nenabled = true\n"


@pytest.mark.parametrize("version", ["11.0.13", "12.0.14"])
def test_where_the_database_stands_in_it_a_missing_file_is_not_made(version, run, tmp_path):
    fake = binary(tmp_path, version, events=None)
    before = snapshot(tmp_path)
    said = run("enable", fake)
    assert said.code == 1
    assert said.err == (
        f"There is no {fake.events}: this server runs without its event daemon, which downloads. Nothing was changed.\n"
    )
    assert snapshot(tmp_path) == before


def test_a_server_that_was_built_without_the_daemon_gets_no_file_that_makes_seahub_look_for_it(run, tmp_path):
    """It would not start any more."""
    fake = binary(tmp_path, "13.0.11", events=None)
    (tmp_path / "seafile-server-13.0.11" / DAEMON).rmdir()
    before = snapshot(tmp_path)
    said = run("enable", fake)
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "this server runs without its event daemon, which downloads. Nothing was changed." in said.err
    assert snapshot(tmp_path) == before


def test_another_folder_is_one_sentence(run, tmp_path):
    said = run("enable", tmp_path)
    assert (said.code, said.out) == (2, "")
    assert said.err == f"There is no Seafile server in {tmp_path}: it has no conf/seahub_settings.py.\n"


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (b'A = 1\nPASSWORD = "geheim\n', 2),
        (b"A = (1,\nB = 'geheim'\n", 1),
        (b"A = 1\n  B = 2\n", 2),
        (b"A = 1 + \\", 1),
        (b"A = '''geheim\n", 1),
        (b"A = 1\nB = '\xff'\n", 1),
        (b"# coding: nonsense\nA = 1\n", 1),
        (b"A = 1\nif True:\n", 2),
        (b"A = 1\n\nreturn\n", 3),
        (b"A = 1\nB = 1 if\n", 2),
    ],
    ids=repr,
)
@pytest.mark.parametrize("verb", ["enable", "disable"])
def test_settings_that_are_not_python_are_refused_with_the_line(verb, settings, line, run, tmp_path):
    fake = binary(tmp_path, settings=settings)
    before = snapshot(tmp_path)
    said = run(verb, fake)
    assert (said.code, said.out) == (1, "")
    assert re.fullmatch(rf"{fake.settings} is not valid Python: line \d+: .*\. Nothing was changed\.\n", said.err), (
        said.err
    )
    assert int(re.search(r"line (\d+)", said.err)[1]) in range(line, line + 2)
    assert "geheim" not in said.err
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("text", ["A = 1", ""])
def test_an_encoding_that_reads_our_letters_otherwise_is_refused(text, run, tmp_path):
    fake = binary(tmp_path, settings=f"# coding: utf-7\n{text}\n".encode())
    before = snapshot(tmp_path)
    said = run("enable", fake)
    assert (said.code, said.err) == (
        1,
        f"Nothing can be put behind the last line of {fake.settings}. Nothing was changed.\n",
    )
    assert snapshot(tmp_path) == before


def test_settings_with_a_nought_in_them_are_refused(run, tmp_path):
    fake = binary(tmp_path, settings=b"A = 1\x00\n")
    said = run("enable", fake)
    assert said.code == 1
    assert "is not valid Python: " in said.err
    assert "null bytes" in said.err


@pytest.mark.parametrize(
    "events",
    [
        b"password = geheim\n",
        b"[A]\ngeheim\n",
        b"[A]\nb = \xff\n",
        b"[A]\n[A]\n",
        b"[OFFLINE DOWNLOAD]\nenabled = maybe\n",
        b"[OFFLINE DOWNLOAD]\nenabled = true\nworkers = 0\n",
        b"[OFFLINE DOWNLOAD]\nworkers = 1\nworkers = 2\n",
    ],
    ids=repr,
)
def test_daemons_settings_that_are_none_are_refused(events, run, tmp_path):
    fake = binary(tmp_path, events=events)
    before = snapshot(tmp_path)
    said = run("enable", fake)
    assert said.code != 0
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert "geheim" not in said.err
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("name", ["the #1 server", "a ;", "two\nlines", os.fsdecode(b"caf\xe9"), "tab\tbed"])
def test_a_folder_whose_name_settings_cannot_hold_is_refused(name, run, tmp_path):
    fake = binary(tmp_path / name)
    before = snapshot(tmp_path)
    said = run("enable", fake)
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "cannot stand in settings" in said.err
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("name", ["with blanks", "50%", 'quote\'d "twice"', "back\\slash", "Füße", "{top}"])
def test_a_server_in_any_other_folder_can_be_enabled(name, run, tmp_path):
    fake = binary(tmp_path / name)
    assert run("enable", fake).code == 0
    assert Settings.from_config(read_config(fake.events)).tempdir == str(tmp_path / name / "offline-download/tmp")
    assert fake.settings.read_bytes().isascii()
    compile(fake.settings.read_bytes(), "settings", "exec")
    run("disable", fake)
    assert fake.settings.read_bytes() == SETTINGS


# --- whose it is, and who may -------------------------------------------------------------------------


@only_root
@pytest.mark.parametrize("make", [binary, docker])
def test_owners_modes_and_links_stay_and_what_is_made_belongs_to_the_servers_user(make, run, tmp_path):
    fake = make(tmp_path, "13.0.11", events=None)
    for folder in (tmp_path, fake.top):
        Fake(folder).owned_by(SEAFILE)
    os.chmod(fake.settings, 0o600)
    before = snapshot(tmp_path)
    assert run("enable", fake).code == 0
    seen = snapshot(tmp_path)
    assert {found[:2] for found in seen.values()} == {(SEAFILE, SEAFILE)}
    assert fake.settings.stat().st_mode & 0o777 == 0o600
    assert fake.events.stat().st_mode & 0o777 == 0o600
    run("disable", fake)
    assert snapshot(tmp_path) == before


def test_links_to_another_disk_stay(run, fake, other_disk):
    for file in (fake.settings, fake.events):
        (other_disk / file.name).write_bytes(file.read_bytes())
        file.unlink()
        file.symlink_to(other_disk / file.name)
    before = snapshot(fake.top.parent), snapshot(other_disk)
    assert run("enable", fake).code == 0
    assert MARK in (other_disk / "seahub_settings.py").read_text()
    assert all(file.is_symlink() for file in (fake.settings, fake.events))
    run("disable", fake)
    assert (snapshot(fake.top.parent), snapshot(other_disk)) == before


def as_user(uid: int, arguments: list[str]) -> int:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    return main(arguments)


def run_as(uid: int, *arguments: str) -> Said:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, open(os.devnull, "rb") as nothing:
        files = [file.fileno() for file in (nothing, out, err)]
        code = Forked(as_user, uid, list(arguments), files=files, cwd=Path("/")).wait(60)
        return Said(code, *(os.pread(file.fileno(), 1 << 20, 0).decode() for file in (out, err)))


@pytest.fixture
def open_folder(other_disk: Path) -> Path:
    """Everybody may go there."""
    other_disk.chmod(0o755)
    return other_disk


@only_root
@pytest.mark.parametrize("locked", ["seahub_settings.py", "seafevents.conf", ""])
def test_who_may_not_write_is_told_so_in_one_sentence(locked, open_folder):
    fake = binary(open_folder).owned_by(SEAFILE)
    if locked:
        os.chmod(fake.conf / locked, 0o444)
    else:
        os.chmod(fake.conf, 0o555)
    before = snapshot(open_folder)
    said = run_as(SEAFILE, "enable", "--seafile", str(open_folder))
    assert (said.code, said.out) == (1, "")
    assert said.err == (
        f"{fake.conf / locked} cannot be written; please run this as root or as the user of the Seafile server. "
        "Nothing was changed.\n"
    )
    assert snapshot(open_folder) == before


@only_root
def test_somebody_else_is_told_so_too(open_folder):
    fake = binary(open_folder).owned_by(SEAFILE)
    os.chmod(fake.settings, 0o600)
    said = run_as(SEAFILE + 1, "enable", "--seafile", str(open_folder))
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert f"{fake.settings} cannot be read: Permission denied." in said.err
    os.chmod(fake.conf, 0o700)
    said = run_as(SEAFILE + 1, "enable", "--seafile", str(open_folder))
    assert (said.code, said.err) == (2, f"{open_folder} cannot be looked into: Permission denied.\n")


@only_root
def test_a_folder_that_cannot_be_listed_is_one_sentence(open_folder):
    fake = binary(open_folder).owned_by(SEAFILE)
    os.chmod(fake.conf, 0o711)
    said = run_as(SEAFILE + 1, "enable", "--seafile", str(open_folder))
    assert (said.code, said.err) == (
        1,
        f"{fake.conf} cannot be looked into: Permission denied. Nothing was changed.\n",
    )


@only_root
def test_who_cannot_keep_the_owner_changes_nothing(open_folder):
    """The folder lets a group write; the file is somebody else's and would become ours."""
    fake = binary(open_folder).owned_by(SEAFILE)
    for path in (fake.conf, fake.settings, fake.events):
        os.chown(path, SEAFILE, SEAFILE + 1)
        path.chmod(0o775 if path.is_dir() else 0o664)
    before = snapshot(open_folder)
    said = run_as(SEAFILE + 1, "enable", "--seafile", str(open_folder))
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "cannot be changed: Operation not permitted" in said.err
    assert snapshot(open_folder) == before


# --- killed -------------------------------------------------------------------------------------------


def die_at(moment: int, arguments: list[str]) -> int:
    """As by SIGKILL, at the n-th time that a name of a file changes."""
    real, moments = Path.rename, iter(range(moment))

    def rename(self: Path, target: Path) -> None:
        if next(moments, None) is None:
            os._exit(9)
        real(self, target)

    Path.rename = rename  # type: ignore[assignment, method-assign]
    return main(arguments)


@pytest.mark.parametrize("moment", [0, 1, 2, 3])
def test_killed_at_any_moment_each_file_is_the_old_or_the_new_one_and_the_next_one_completes_it(moment, run, tmp_path):
    fake = binary(tmp_path)
    before = snapshot(fake.conf)
    with open(os.devnull, "r+b") as nothing:
        words = ["enable", "--seafile", str(fake.top)]
        assert Forked(die_at, moment, words, files=[nothing.fileno()] * 3, cwd=tmp_path).wait(60) == 9
    compile(fake.settings.read_bytes(), "settings", "exec")
    assert fake.settings.read_bytes() == SETTINGS or MARK in fake.settings.read_text()
    assert fake.events.read_bytes() == EVENTS or Settings.from_config(read_config(fake.events)).enabled
    assert run("enable", fake).code == 0
    assert MARK in fake.settings.read_text()
    assert Settings.from_config(read_config(fake.events)).enabled
    assert sorted(os.listdir(fake.conf))[1::2] == [
        f"{file.name}.before-offline-download" for file in (fake.events, fake.settings)
    ]
    run("disable", fake)
    assert snapshot(fake.conf) == before


# --- by hand ------------------------------------------------------------------------------------------


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Fake]:
    """The settings are a file of the host's, mounted by itself."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file")
    fake = docker(tmp_path)
    (tmp_path / "host").write_bytes(SETTINGS)
    subprocess.run(["mount", "--bind", tmp_path / "host", fake.settings], check=True, timeout=60)
    yield fake
    subprocess.run(["umount", fake.settings], check=True, timeout=60)


def pasted(said: Said, file: Path) -> str:
    """The lines that the sentences offer for ``file``."""
    return said.out.partition(f"of {file}:\n")[2].removeprefix("\n").partition("\n\n")[0] + "\n"


def test_a_mounted_file_is_refused_with_the_block_to_paste(run, mounted, tmp_path):
    before = snapshot(tmp_path)
    said = run("enable", mounted)
    assert said.code == 1
    assert said.err == (f"{mounted.settings} is mounted by itself, so it cannot be replaced. Nothing was changed.\n")
    assert snapshot(tmp_path) == before
    for file in (mounted.settings, mounted.events):
        with open(file, "a") as by_hand:
            by_hand.write(pasted(said, file))
    assert "nothing was changed" in run("enable", mounted).out
    assert Settings.from_config(read_config(mounted.events)).enabled
    said = run("disable", mounted)
    assert said.code == 1
    assert pasted(said, mounted.settings) in mounted.settings.read_text()


def test_a_read_only_conf_is_refused_with_the_block_to_paste(run, small_disk, tmp_path):
    fake = binary(tmp_path / "seafile")
    for file in (fake.settings, fake.events):
        (small_disk / file.name).write_bytes(file.read_bytes())
        file.unlink()
    fake.conf.rmdir()
    fake.conf.symlink_to(small_disk)
    make_read_only(small_disk)
    said = run("enable", fake)
    assert said.code == 1
    assert said.err.count("\n") == 1
    assert "read-only file system" in said.err
    compile(pasted(said, fake.settings), "pasted", "exec")
    assert "[OFFLINE DOWNLOAD]\nenabled = true\n" in pasted(said, fake.events)


# --- what else the next start needs -------------------------------------------------------------------


@pytest.fixture
def prepares(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """As without the fixture ``quick``; aria2c is there."""
    monkeypatch.setattr(enable, "_prepare", PREPARE)
    monkeypatch.setattr(enable.binary, "find", lambda setting: None)
    return monkeypatch


AWAY = (
    "The database cannot be used at the moment: the server cannot be reached. "
    "The tables will be made when the server starts.\n"
)


def test_a_database_that_cannot_be_reached_is_no_obstacle(prepares, run, fake):
    for said in (run("enable", fake), run("enable", fake)):
        assert (said.code, said.err) == (0, AWAY)
    assert MARK in fake.settings.read_text()
    assert run("enable", fake, "--dry-run").err == ""


def test_what_is_missing_is_said_with_what_to_do(prepares, run, fake, monkeypatch):
    prepares.setattr(enable, "_make_tables", lambda server: None)

    def lacking(setting: str) -> None:
        raise EngineUnavailable(detail=f"no {setting or 'aria2c'}; install it")

    prepares.setattr(enable.binary, "find", lacking)
    said = run("enable", fake)
    assert (said.code, said.err) == (0, "The download program cannot be used: no aria2c; install it\n")
    prepares.setattr(enable, "missing", lambda: ["aria2p", "ifaddr"])
    said = run("enable", fake)
    assert (said.code, said.err) == (
        0,
        "Python does not find aria2p, ifaddr; `pip install seafevents-offline` brings what it needs.\n",
    )


@pytest.mark.parametrize("section", ["enabled = false", "enabled = true\ndatabase = sqlite:///nowhere.db"])
def test_tables_are_made_neither_where_it_is_off_nor_in_a_file(section, prepares, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fake = binary(tmp_path, events=EVENTS + f"[OFFLINE DOWNLOAD]\n{section}\n".encode())
    said = run("enable", fake)
    assert said.code == 0
    assert "database" not in said.err
    assert not (tmp_path / "nowhere.db").exists()


@pytest.mark.parametrize("signs", [True, False])
def test_how_to_restart_is_said_as_it_is_done_there(signs, run, tmp_path, monkeypatch):
    fake = binary(tmp_path / "my seafile")
    (tmp_path / "sign").touch()
    monkeypatch.setattr(switching, "_CONTAINER", [str(tmp_path / "sign")] if signs else [])
    said = run("enable", fake).out.splitlines()[-1]
    latest = f"{fake.top}/seafile-server-latest"
    how = "docker restart" if signs else f"`{latest}/seafile.sh restart` and `{latest}/seahub.sh restart`"
    assert how in said
    assert f"`seafevents-offline doctor --seafile '{fake.top}'`" in said
    assert how in run("disable", fake).out.splitlines()[-1]


# --- what the block looks like ------------------------------------------------------------------------


def test_it_has_no_word_that_the_hosts_own_scripts_look_for(run, fake):
    run("enable", fake)
    ours = fake.settings.read_text().replace(SETTINGS.decode(), "") + fake.events.read_text().replace(
        EVENTS.decode(), ""
    )
    ours = ours.replace(str(fake.top), "").replace("[OFFLINE DOWNLOAD]", "").replace("[ERROR]", "")
    assert not re.findall(r"[A-Z_]{4,}", ours)
    assert not re.findall(r"is_pro|DATABASE|SERVICE_URL|FILE_SERVER_ROOT", ours)


def test_nothing_in_it_becomes_a_setting_of_seahubs(run, fake):
    run("enable", fake)
    ours = ast.parse(fake.settings.read_bytes()).body[-1]
    names = {node.id for node in ast.walk(ours) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    names |= {
        alias.asname for node in ast.walk(ours) if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names
    }
    assert all(name.startswith("_offline_") for name in names)


@pytest.mark.parametrize("place", [Path("/volume/python/abc"), None])
def test_the_folder_of_a_bundle_is_appended(place, run, fake, monkeypatch):
    monkeypatch.setattr(bundle, "appended", lambda _: place)
    monkeypatch.setattr("seafevents_offline.hosts.installation.switch._source", lambda: None)
    run("enable", fake)
    text = fake.settings.read_text()
    assert text.count("sys.path") == (1 if place else 0)
    if place:
        assert f"    _offline_sys.path.append({str(place)!r})\n" in text


def test_a_package_that_python_does_not_find_by_itself_is_appended(run, fake, monkeypatch):
    root = str(Path(__file__).parents[2])
    monkeypatch.setattr("site.getsitepackages", list)
    run("enable", fake)
    assert f"path.append({root!r})" in fake.settings.read_text()
    monkeypatch.setattr("site.getsitepackages", lambda: [root])
    run("enable", fake)
    assert "sys.path" not in fake.settings.read_text()
