"""What may be typed, and what is said about the rest."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable

import pytest

from seafevents_offline.cli import options
from seafevents_offline.cli.main import VERBS, build_parser, main
from seafevents_offline.status import OfflineDownloadStatus


@pytest.mark.parametrize(
    "text",
    [
        "example.com:80",
        "my-nas:8080",
        "a_b.example.com.:1",
        "10.0.0.1:65535",
        "[::1]:8443",
        "[2001:db8::5]:80",
        "10.0.0.0/8",
        "192.168.1.5/32",
        "fd00::/8",
    ],
)
def test_an_address_is_taken_as_it_was_typed(text: str) -> None:
    assert options.address(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        ":80",
        "example.com",
        "10.0.0.1",
        "example.com:",
        "example.com:0",
        "example.com:65536",
        "example.com:http",
        "example.com:+80",
        "example.com:８０",
        "10.0.0.300:80",
        "1.2.3:80",
        "[::1]",
        "[::1:80",
        "::1:80",
        "[nonsense]:80",
        "10.0.0.1/8",
        "10.0.0.0/33",
        "10.0.0.0/",
        "http://example.com:80",
        "user@example.com:80",
        "-example.com:80",
        "exa mple.com:80",
        "example..com:80",
        "example.com:80\n",
        f"{'a' * 254}:80",
    ],
)
def test_anything_else_is_no_address(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is not an address; an address is"):
        options.address(text)


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (options.seconds, "90s", 90.0),
        (options.seconds, "2h", 7200.0),
        (options.seconds, "1.5", 1.5),
        (options.task_id, "7", 7),
        (options.priority, "0", 0),
        (options.checksum, "A" * 40, f"sha-1={'a' * 40}"),
        (options.state, "Waiting", OfflineDownloadStatus.WAITING),
    ],
)
def test_values_are_read(read: Callable[[str], object], text: str, value: object) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (options.seconds, "soon"),
        (options.seconds, "-1"),
        (options.task_id, "0"),
        (options.task_id, "-1"),
        (options.task_id, "1_0"),
        (options.task_id, "9" * 5000),
        (options.priority, "101"),
        (options.count, "0"),
        (options.checksum, "sha-256=a"),
        (options.state, "busy"),
    ],
)
def test_a_bad_value_is_named(read: Callable[[str], object], text: str) -> None:
    with pytest.raises(ArgumentTypeError, match=r"is not|are not"):
        read(text)


TAKES_A_NUMBER = ("show", "pause", "resume", "cancel", "retry", "remove")


@pytest.mark.parametrize("verb", VERBS)
def test_common_options_stand_before_or_after_the_verb(verb: str) -> None:
    special = {"get": ["u"], "add": ["u"], "purge": ["--owner", "me"], "priority": ["1", "90"]}
    words = special.get(verb, ["1"] if verb in TAKES_A_NUMBER else [])
    common = ["--config", "c", "--data", "d", "--library", "l"]
    before, after = (build_parser().parse_args(args) for args in ([*common, verb, *words], [verb, *words, *common]))
    assert vars(before) == vars(after)
    assert (str(before.config), str(before.data), str(before.library)) == ("c", "d", "l")
    unset = build_parser().parse_args([verb, *words])
    assert (unset.config, str(unset.data), unset.library, unset.json) == (None, "data", None, False)


def test_after_two_dashes_nothing_is_an_option() -> None:
    args = build_parser().parse_args(["get", "--name", "x", "--", "--data"])
    assert (args.url, args.name, str(args.data)) == ("--data", "x", "data")


def test_allow_may_be_repeated() -> None:
    args = build_parser().parse_args(["get", "--allow", "a:1", "u", "--allow", "b:2"])
    assert args.allow == ["a:1", "b:2"]
    assert build_parser().parse_args(["get", "u"]).allow == []


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["frobnicate"],
        ["get"],
        ["get", "a", "b"],
        ["get", "a", "--timeout", "soon"],
        ["get", "a", "--allow", "10.0.0.1"],
        ["get", "a", "--time", "1s"],
        ["serve", "--port", "65536"],
        ["serve", "--port", "-1"],
        ["pause"],
        ["pause", "x"],
        ["--json", "pause", "1"],
        ["pause", "1", "--json"],
        ["list", "--status", "x\x1b[31m"],
        ["list", "--page", "0"],
        ["priority", "1"],
        ["priority", "1", "101"],
        ["list", "--owner", ""],
        ["purge"],
        ["purge", "--owner"],
        ["purge", "--owner", ""],
        ["purge", "--owner", "a\x1b[31m"],
        ["purge", "me@localhost"],
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_code_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(words)
    out, err = capsys.readouterr()
    assert (exit_.value.code, out) == (2, "")
    assert err.count("\n") == 1
    assert err.endswith("--help`)\n")
    assert "\x1b" not in err


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself_with_examples(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main([verb, "--help"])
    help_text = capsys.readouterr().out
    assert exit_.value.code == 0
    assert f"  seafevents-offline {verb}" in help_text
    assert ("--json" in help_text) == VERBS[verb].json
