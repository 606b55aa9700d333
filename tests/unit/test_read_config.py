"""seafevents.conf: read in one way, and what cannot be read is one sentence without a line of the file in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from seafevents_offline.settings import SECTION, Settings, SettingsUnreadable, read_config, unknown_options

HEAD = "[OFFLINE DOWNLOAD]\n"


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    return tmp_path / "seafevents.conf"


def test_remarks_behind_values_of_our_section_are_none_of_the_value(conf: Path) -> None:
    conf.write_text(
        f"[DATABASE]\npassword = a #b ;c\n{HEAD}workers = 7 # seven\nnode = a;b#c\t; a label\nports =\n  80, # plain\n"
        "  443 ; with TLS\nmax-size = # as it is\n",
        encoding="utf-8",
    )
    config = read_config(conf)
    settings = Settings.from_config(config)
    assert (settings.workers, settings.node, settings.ports) == (7, "a;b#c", (80, 443))
    assert settings.max_size == Settings().max_size
    # Of the others' a host up to 12 knows no remarks, and passwords are what they are.
    assert config.get("DATABASE", "password") == "a #b ;c"


def test_percent_signs_are_nothing_special(conf: Path) -> None:
    conf.write_text(f"[DATABASE]\npassword = 100%&%(x)s\n{HEAD}disk-high = 97%\n", encoding="utf-8")
    config = read_config(conf)
    assert Settings.from_config(config).disk_high == 97
    assert config.get("DATABASE", "password") == "100%&%(x)s"


def test_other_letters_are_read_whatever_the_locale_is(conf: Path) -> None:
    conf.write_text(f"{HEAD}node = Büro 🙂\n", encoding="utf-8")
    assert Settings.from_config(read_config(conf)).node == "Büro 🙂"


def test_without_the_section_there_are_the_defaults(conf: Path) -> None:
    conf.write_text("[Audit]\nenabled = true\n")
    assert Settings.from_config(read_config(conf)) == Settings()


def test_a_misspelt_switch_is_told_with_a_hint(conf: Path) -> None:
    conf.write_text(f"{HEAD}enable = true # really\n")
    config = read_config(conf)
    assert not Settings.from_config(config).enabled
    assert unknown_options(config) == [
        f"[{SECTION}] enable is not an option of ours and is ignored; did you mean enabled?"
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "No such file or directory"),
        (b"[A]\npassword = hunter2\nhunter2\n", "line 3 is neither a [section] nor name = value"),
        (b"password = hunter2\n", "line 1 stands before the first [section]"),
        (b"[A]\npassword = hunter2\n[B]\n[A]\n", "line 4 repeats what stands above it"),
        (b"[A]\npassword = hunter2\npassword = hunter2\n", "line 3 repeats what stands above it"),
        ("[A]\npassword = hünter2\n".encode("latin-1"), "it is not written in UTF-8"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(conf: Path, content: bytes | None, problem: str) -> None:
    if content is not None:
        conf.write_bytes(content)
    with pytest.raises(SettingsUnreadable) as caught:
        read_config(conf)
    assert str(caught.value) == f"The settings in {conf} cannot be read: {problem}."
    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsUnreadable, match="Is a directory"):
        read_config(tmp_path)
