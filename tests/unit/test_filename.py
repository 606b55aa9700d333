from __future__ import annotations

import os
import unicodedata

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from seafevents_offline.errors import NameInvalid, PathInvalid
from seafevents_offline.filename import MAX_NAME_BYTES, check_name, check_path, numbered, safe_name

FALLBACK = "download"

#: What a server may say, and what the file is called then.
NAMES = [
    # ordinary names stay as they are
    ("a", "a"),
    ("a.txt", "a.txt"),
    ("archive.tar.gz", "archive.tar.gz"),
    ("Report (final) [2].pdf", "Report (final) [2].pdf"),
    (".bashrc", ".bashrc"),
    ("..hidden", "..hidden"),
    ("a..b", "a..b"),
    ("a b.txt", "a b.txt"),
    ("größe.txt", "größe.txt"),
    ("文件.txt", "文件.txt"),
    ("файл.txt", "файл.txt"),
    ("ملف.txt", "ملف.txt"),
    ("🎉.txt", "🎉.txt"),
    ("100%.txt", "100%.txt"),
    ("a%2Fb", "a%2Fb"),
    ("it's; rm -rf ~ & $(x) `y`", "it's; rm -rf ~ & $(x) `y`"),
    ("-rf", "-rf"),
    ("--version", "--version"),
    ("~", "~"),
    ("#a", "#a"),
    ("=1+1", "=1+1"),
    ("@a", "@a"),
    ("{a}", "{a}"),
    ("a,b", "a,b"),
    ("_a_", "_a_"),
    # empty and nothing but dots, blanks and lines
    ("", FALLBACK),
    (" ", FALLBACK),
    (".", FALLBACK),
    ("..", FALLBACK),
    ("...", FALLBACK),
    (". .", FALLBACK),
    ("_", FALLBACK),
    ("__", FALLBACK),
    ("._.", FALLBACK),
    ("\t\n", FALLBACK),
    ("\u3000", FALLBACK),
    ("\u00a0.", FALLBACK),
    ("/", FALLBACK),
    ("//", FALLBACK),
    ("\\", FALLBACK),
    ("/.", FALLBACK),
    ("\x00", FALLBACK),
    ("\ud800", FALLBACK),
    ("\u202e", FALLBACK),
    ("\ufeff", FALLBACK),
    ("?", FALLBACK),
    ("***", FALLBACK),
    # ways out
    ("../x", ".._x"),
    ("../../etc/passwd", ".._.._etc_passwd"),
    ("..\\x", ".._x"),
    ("/etc/passwd", "_etc_passwd"),
    ("a/b", "a_b"),
    ("a\\b", "a_b"),
    ("a/../b", "a_.._b"),
    ("./a", "._a"),
    ("a/", "a_"),
    ("C:\\x", "C__x"),
    ("C:x", "C_x"),
    ("\\\\server\\share", "__server_share"),
    ("a:stream", "a_stream"),
    ("file:///etc/passwd", "file____etc_passwd"),
    ("a/\x00/b", "a__b"),
    # what Windows does not take
    ('a"b', "a_b"),
    ("a<b>c", "a_b_c"),
    ("a|b", "a_b"),
    ("a?b", "a_b"),
    ("a*b", "a_b"),
    # control characters
    ("a\x00b", "ab"),
    ("a.txt\x00.exe", "a.txt.exe"),
    ("a\nb", "ab"),
    ("a\r\nX: y", "aX_ y"),
    ("a\tb", "ab"),
    ("a\x1b[31mb", "a[31mb"),
    ("a\x7fb", "ab"),
    ("a\x85b", "ab"),
    ("a\x9fb", "ab"),
    ("\x01\x02a", "a"),
    # what shows another name than it has
    ("\u202egpj.exe", "gpj.exe"),
    ("photo\u202egpj.exe", "photogpj.exe"),
    ("a\u202a\u202b\u202c\u202db", "ab"),
    ("a\u2066b\u2069c", "abc"),
    ("a\u200eb\u200fc", "abc"),
    ("a\u061cb", "ab"),
    ("a\u200bb", "ab"),
    ("a\u200db", "ab"),
    ("a\u2060b", "ab"),
    ("a\u2028b\u2029c", "abc"),
    ("\ufeffa", "a"),
    ("a\ufffab", "ab"),
    ("a.\u200btxt", "a.txt"),
    (".\u200b.", FALLBACK),
    ("\u200b..\u200b/x", ".._x"),
    # broken text
    ("a\ud800b", "ab"),
    ("a\udcffb", "ab"),
    ("\ud83d\ude00", FALLBACK),
    # one form only
    ("e\u0301.txt", "é.txt"),
    ("A\u030a", "Å"),
    ("\u212b", "Å"),
    ("\u1112\u1161\u11ab", "한"),
    ("\u0301a", "\u0301a"),
    ("e\u200b\u0301", "é"),
    ("a\u0301\u0301\u0301\u0301", "á\u0301\u0301\u0301"),
    # ends
    (" a", "a"),
    ("a ", "a"),
    ("a.", "a"),
    ("a...", "a"),
    ("a . . ", "a"),
    ("a.txt ", "a.txt"),
    ("a.txt.", "a.txt"),
    ("\u3000a\u3000", "a"),
    ("a\u00a0.", "a"),
    ("a.\u2003.", "a"),
    ("a?.", "a_"),
    ("\x00 a", "a"),
    # what is not complete yet is called so
    (".offline-download-7-abc", "_.offline-download-7-abc"),
    (".Offline-Download-saved", "_.Offline-Download-saved"),
    (".offline-download", ".offline-download"),
    # names of devices
    ("CON", "_CON"),
    ("con", "_con"),
    ("Prn", "_Prn"),
    ("aux.txt", "_aux.txt"),
    ("nul.tar.gz", "_nul.tar.gz"),
    ("COM1", "_COM1"),
    ("com0.x", "_com0.x"),
    ("lpt9.log", "_lpt9.log"),
    ("COM¹", "_COM¹"),
    ("LPT³.txt", "_LPT³.txt"),
    ("CONIN$", "_CONIN$"),
    ("conout$.txt", "_conout$.txt"),
    ("con .txt", "_con .txt"),
    ("nul.", "_nul"),
    (" nul ", "_nul"),
    ("c\u200bon", "_con"),
    ("con.", "_con"),
    ("com10", "com10"),
    ("console", "console"),
    ("_con", "_con"),
    ("xcon", "xcon"),
    ("con-1", "con-1"),
    # long ones
    ("a" * 255, "a" * 255),
    ("a" * 256, "a" * 255),
    ("a" * 300 + ".txt", "a" * 251 + ".txt"),
    ("a" * 300 + ".tar.gz", "a" * 252 + ".gz"),
    ("a." + "b" * 300, "a." + "b" * 253),
    ("ä" * 127 + "b", "ä" * 127 + "b"),
    ("ä" * 128, "ä" * 127),
    ("ä" * 300 + ".txt", "ä" * 125 + ".txt"),
    ("文" * 100, "文" * 85),
    ("文" * 100 + ".txt", "文" * 83 + ".txt"),
    ("🎉" * 100, "🎉" * 63),
    ("🎉" * 100 + ".mp4", "🎉" * 62 + ".mp4"),
    ("a" * 250 + "." * 50 + "b", "a" * 250 + ".b"),
    ("a" * 250 + " " * 50 + ".b", "a" * 250 + ".b"),
    ("a" * 254 + " b" * 30, "a" * 254),
    ("a" * 254 + ".b" + "c" * 60, "a" * 254),
    ("con" + " " * 300 + "x.txt", "_con.txt"),
    ("con." + "a" * 40 + "b" * 300, "_con." + "a" * 40 + "b" * 210),
    ("." * 300, FALLBACK),
    (" " * 300 + "a", "a"),
    ("." * 300 + "a", ".a"),
    ("/" * 300 + "a", FALLBACK),
    ("/" * 200 + "a", "_" * 200 + "a"),
]


def is_safe(name: str) -> bool:
    """Written differently from the code, from the rules in its docstring."""
    stem = name.partition(".")[0].rstrip().lower()
    devices = {"con", "prn", "aux", "nul", "conin$", "conout$"} | {
        f"{d}{n}" for d in ("com", "lpt") for n in "0123456789¹²³"
    }
    return (
        0 < len(name.encode()) <= MAX_NAME_BYTES
        and not set(name) & set('/\\:*?"<>|')
        and all(unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp") for c in name)
        and not any(unicodedata.bidirectional(c) in {"LRE", "RLE", "LRO", "RLO", "PDF"} for c in name)
        and not set(name) & set("\u200b\u200c\u200d\u200e\u200f\u061c\u2066\u2067\u2068\u2069\ufeff")
        and name == name.strip()
        and not name.endswith(".")
        and stem not in devices
        and unicodedata.is_normalized("NFC", name)
    )


def test_the_table_is_long():
    assert len(NAMES) >= 120


@pytest.mark.parametrize(("said", "name"), NAMES)
def test_what_a_server_says_becomes_safe(said, name):
    assert safe_name(said) == name
    assert is_safe(name)


@pytest.mark.parametrize(("said", "name"), NAMES)
def test_a_safe_name_stays_and_may_be_wished(said, name):
    assert safe_name(safe_name(said)) == safe_name(said)
    assert check_name(safe_name(said)) == safe_name(said)


@pytest.mark.parametrize("said", [said for said, _ in NAMES])
def test_a_safe_name_can_be_written(tmp_path, said):
    (tmp_path / safe_name(said)).write_bytes(b"")
    assert os.listdir(tmp_path) == [safe_name(said)]


HOSTILE = st.text(
    st.one_of(
        st.characters(),
        st.characters(categories=["Cs", "Cc", "Cf", "Zs"]),
        st.sampled_from('abcON.. \u00a0\u3000/\\:*?"<>|_äé文🎉\u0301\u200b\u202e\u1112\u1161\u11ab'),
    )
)
LONG = st.builds(lambda text, times, end: text * times + end, HOSTILE, st.integers(1, 300), HOSTILE)


@given(st.one_of(HOSTILE, LONG))
@example("con" + " " * 300 + "x.txt")
@example("a\u00a0.")
@example("a" * 254 + "\u00a0b.")
@example("." * 300 + "a")
@example(" ." * 200 + "nul")
def test_any_text_becomes_a_safe_name_that_stays(said):
    name = safe_name(said)
    assert is_safe(name)
    assert safe_name(name) == name
    assert check_name(name) == name


# --- wished names -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wished", "name"), [("a.txt", "a.txt"), ("  a.txt ", "a.txt"), ("e\u0301", "é"), ("\u3000文\n", "文")]
)
def test_a_wished_name_gets_its_one_form(wished, name):
    assert check_name(wished) == name


@pytest.mark.parametrize(
    "wished",
    [
        *["", " ", ".", "..", "...", "a/b", "/a", "../a", "a\\b", "a:b", "a*", "a?", '"a"', "<a>", "a|b", "a.", "a ."],
        *[
            "a\x00b",
            "a\nb",
            "a\x7f",
            "\u202ea",
            "a\u200b",
            "\ud800",
            "con",
            "NUL.txt",
            "com1",
            "_",
            "a" * 256,
            "ä" * 128,
        ],
    ],
)
def test_a_wished_name_that_is_not_safe_is_refused(wished):
    with pytest.raises(NameInvalid) as caught:
        check_name(wished)
    str(caught.value).encode()


@given(HOSTILE)
def test_a_wished_name_is_safe_or_refused(wished):
    try:
        name = check_name(wished)
    except NameInvalid:
        return
    assert is_safe(name)
    assert name == unicodedata.normalize("NFC", wished.strip())


# --- second files of one name -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "number", "result"),
    [
        ("a.txt", 0, "a.txt"),
        ("a.txt", 1, "a (1).txt"),
        ("a.txt", 12, "a (12).txt"),
        ("a", 1, "a (1)"),
        (".bashrc", 1, ".bashrc (1)"),
        ("a.tar.gz", 1, "a.tar (1).gz"),
        ("a (1).txt", 1, "a (1) (1).txt"),
        ("a" * 255, 1, "a" * 251 + " (1)"),
        ("a" * 251 + ".txt", 1, "a" * 247 + " (1).txt"),
        ("a" * 251 + ".txt", 1000, "a" * 244 + " (1000).txt"),
        ("文" * 83 + ".txt", 1, "文" * 82 + " (1).txt"),
        ("a." + "b" * 50, 1, "a." + "b" * 50 + " (1)"),
        ("a" * 247 + " b.txt", 1, "a" * 247 + " (1).txt"),
        ("😀" * 62 + ".txt", 1, "😀" * 61 + " (1).txt"),
        ("a" * 245 + "q\u0307.txt", 1, "a" * 245 + " (1).txt"),
        ("a" * 243 + "👍🏽.txt", 1, "a" * 243 + " (1).txt"),
        ("a" * 200 + "q" + "\u0307" * 40, 1, "a" * 200 + "q" + "\u0307" * 25 + " (1)"),
    ],
)
def test_a_second_file_of_one_name_gets_a_number(name, number, result):
    assert numbered(name, number) == result


@given(st.one_of(HOSTILE, LONG), st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_numbered_name_is_safe_keeps_its_ending_and_is_another(said, number, other):
    name = safe_name(said)
    result = numbered(name, number)
    assert result not in (name, numbered(name, other)) or number == other
    assert f" ({number})" in result
    assert len(result.encode()) <= MAX_NAME_BYTES
    stem, _, extension = name.rpartition(".")
    if stem and len(extension.encode()) <= 40:
        assert result.endswith(f" ({number}).{extension}")
    else:
        assert result.endswith(f" ({number})")
    assume(not result.startswith(" "))
    assert is_safe(result)


# --- folders ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ("/", "/"),
        ("//", "/"),
        ("/a", "/a"),
        ("/a/", "/a"),
        ("/a//b///", "/a/b"),
        ("/a b/c.d", "/a b/c.d"),
        ("/ a / b ", "/ a / b "),
        ("/e\u0301", "/é"),
        ("/文件/🎉", "/文件/🎉"),
        ("/...", "/..."),
        ("/..a/.b", "/..a/.b"),
        ("/con/a:b*?", "/con/a:b*?"),
        ("/می\u200cخواهم", "/می\u200cخواهم"),
        ("/👨\u200d👩\u200d👧", "/👨\u200d👩\u200d👧"),
        ("/" + "a" * 255, "/" + "a" * 255),
        ("/" + "e\u0301" * 127, "/" + "é" * 127),
    ],
)
def test_a_folder_has_one_form(said, path):
    assert check_path(said) == path
    assert check_path(path) == path


@pytest.mark.parametrize(
    "said",
    [
        *["", " ", "a", "a/b", "./a", "../a", " /a", "\\a", "/a\\b", "/\\"],
        *["/.", "/..", "/a/..", "/a/../b", "/../a", "/./a", "/a/.", "//../"],
        *["/\x00", "/a\nb", "/a\tb", "/\x1b", "/\x7f", "/\x85", "/\ud800", "/a/\udcff"],
        *["/" + "a" * 256, "/x/" + "ä" * 128, "/" + "\u0958" * 43],
    ],
)
def test_what_is_no_folder_is_refused(said):
    with pytest.raises(PathInvalid) as caught:
        check_path(said)
    str(caught.value).encode()


@given(st.builds("/{}".format, st.text(st.one_of(st.characters(), st.sampled_from("/.. \\é\u0301")))))
def test_any_folder_has_one_form_or_is_refused(said):
    try:
        path = check_path(said)
    except PathInvalid:
        return
    assert check_path(path) == path
    assert path.startswith("/")
    assert path == "/" or not path.endswith("/")
    assert not {"", ".", ".."} & set(path.split("/")[1:]) or path == "/"
    assert all(len(part.encode()) <= MAX_NAME_BYTES for part in path.split("/"))
