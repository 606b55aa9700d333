from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seafevents_offline.units import format_size, format_time, parse_size, parse_time

KB, MB, GB, TB = 1024, 1024**2, 1024**3, 1024**4


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("1", 1),
        ("1048576", MB),
        ("7b", 7),
        ("1kb", KB),
        ("1KB", KB),
        ("1Kb", KB),
        ("800mb", 800 * MB),
        ("800MB", 800 * MB),
        ("800 mb", 800 * MB),
        (" 800mb ", 800 * MB),
        ("800\tmb", 800 * MB),
        ("1gb", GB),
        ("1.5gb", GB + GB // 2),
        ("0.5kb", 512),
        ("0.0001kb", 0),
        ("2tb", 2 * TB),
        ("999999999999999", 999_999_999_999_999),
    ],
)
def test_sizes(text, size):
    assert parse_size(text) == size
    assert type(parse_size(text)) is int


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("5", 5),
        ("5s", 5),
        ("5S", 5),
        ("0.1s", 0.1),
        ("2m", 120),
        ("24h", 86400),
        ("30d", 2_592_000),
        ("1.5 h", 5400),
    ],
)
def test_times(text, seconds):
    assert parse_time(text) == seconds


BAD = [
    "",
    " ",
    "x",
    "mb",
    "-1",
    "+1",
    "-1mb",
    "1,5mb",
    "1..5",
    ".5",
    "5.",
    "1e3",
    "0x10",
    "1_000",
    "nan",
    "inf",
    "infinity",
    "1 2",
    "1mb 2kb",
    "1mbx",
    "1 m b",
    "800mb # comment",
    "1\x00",
    "٣",
    "１",
    "²",
    "9999999999999999",
    "1.0000001",
    "9" * 5000,
]


@pytest.mark.parametrize("text", [*BAD, "1s", "1m", "1g", "1k", "1pb", "1kib", "100%"])
def test_what_is_no_size(text):
    with pytest.raises(ValueError, match=r"(?s).*"):
        parse_size(text)


@pytest.mark.parametrize("text", [*BAD, "1mb", "1ms", "1min", "1w", "1y", "1:30"])
def test_what_is_no_time(text):
    with pytest.raises(ValueError, match=r"(?s).*"):
        parse_time(text)


@given(st.text(max_size=20))
def test_any_text_is_a_number_or_an_error(text):
    for parse in (parse_size, parse_time):
        with suppress(ValueError):
            assert parse(text) >= 0


@given(st.integers(0, 10**12), st.sampled_from([("", 1), ("b", 1), ("kb", KB), ("mb", MB), ("gb", GB)]))
def test_whole_sizes_are_exact(number, unit):
    assert parse_size(f"{number}{unit[0]}") == number * unit[1]
    assert parse_size(f"{number} {unit[0].upper()}") == number * unit[1]


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (2, "2 bytes"),
        (1023, "1023 bytes"),
        (1024, "1.0 KB"),
        (1536, "1.5 KB"),
        (1023.96 * KB, "1.0 MB"),
        (MB - 1, "1.0 MB"),
        (MB, "1.0 MB"),
        (800 * MB, "800.0 MB"),
        (GB - 1, "1.0 GB"),
        (5.25 * GB, "5.2 GB"),
        (TB, "1.0 TB"),
        (5000 * TB, "5000.0 TB"),
    ],
)
def test_sizes_for_people(size, text):
    assert format_size(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (1, "1 s"),
        (59, "59 s"),
        (59.7, "1 min"),
        (60, "1 min"),
        (125, "2 min 5 s"),
        (3600, "1 h"),
        (12_000, "3 h 20 min"),
        (3601, "1 h 1 s"),
        (86400, "1 d"),
        (86400 * 4 + 7200 + 61, "4 d 2 h"),
    ],
)
def test_times_for_people(seconds, text):
    assert format_time(seconds) == text


@given(st.integers(0, 10**16))
def test_a_size_for_people_is_near_the_truth(size):
    number, unit = format_size(size).split(" ")
    factor = {"byte": 1, "bytes": 1, "KB": KB, "MB": MB, "GB": GB, "TB": TB}[unit]
    assert abs(float(number) * factor - size) <= 0.05 * factor + size * 1e-4
    assert float(number) < 1024 or unit == "TB"
