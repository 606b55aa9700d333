from __future__ import annotations

import re
import string
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seafevents_offline.errors import (
    InputError,
    LinkEmpty,
    LinkInvalid,
    LinkScheme,
    LinkTooLong,
    OfflineDownloadError,
    PasswordInvalid,
    UserNameInvalid,
)
from seafevents_offline.link import MAX_LINK_LENGTH, host_of, normalise, split_login, without_query, without_user_info

WEB = ("http", "https")
ALL = ("http", "https", "ftp")

GOOD = [
    # as it should be
    ("http://example.com/", "http://example.com/"),
    ("https://example.com/a/b.zip", "https://example.com/a/b.zip"),
    ("ftp://example.com/a", "ftp://example.com/a"),
    # scheme and host in lower case, the rest as it is
    ("HTTP://EXAMPLE.COM/A/B", "http://example.com/A/B"),
    ("hTTps://Example.Com/%aB?Q=X", "https://example.com/%aB?Q=X"),
    # a path is never empty
    ("http://example.com", "http://example.com/"),
    ("http://example.com?q", "http://example.com/?q"),
    # blanks and line ends around it
    ("  http://example.com/a  ", "http://example.com/a"),
    ("\thttp://example.com/a\r\n", "http://example.com/a"),
    # ports
    ("http://example.com:80/a", "http://example.com/a"),
    ("https://example.com:443/a", "https://example.com/a"),
    ("ftp://example.com:21/a", "ftp://example.com/a"),
    ("http://example.com:443/a", "http://example.com:443/a"),
    ("https://example.com:80/a", "https://example.com:80/a"),
    ("http://example.com:8080/a", "http://example.com:8080/a"),
    ("http://example.com:65535/a", "http://example.com:65535/a"),
    ("http://example.com:00080/a", "http://example.com/a"),
    ("http://example.com:/a", "http://example.com/a"),
    # the fragment is for browsers
    ("http://example.com/a#part", "http://example.com/a"),
    ("http://example.com/a?b=c#d?e", "http://example.com/a?b=c"),
    ("http://example.com#", "http://example.com/"),
    # encoding
    ("http://example.com/a b", "http://example.com/a%20b"),
    ("http://example.com/a%20b", "http://example.com/a%20b"),
    ("http://example.com/a%2Fb", "http://example.com/a%2Fb"),
    ("http://example.com/100%", "http://example.com/100%"),
    ("http://example.com/a+b", "http://example.com/a+b"),
    ("http://example.com/größe.txt", "http://example.com/gr%C3%B6%C3%9Fe.txt"),
    ("http://example.com/文件", "http://example.com/%E6%96%87%E4%BB%B6"),
    ("http://example.com/🎉", "http://example.com/%F0%9F%8E%89"),
    ("http://example.com/a\u00a0b", "http://example.com/a%C2%A0b"),
    ("http://example.com/e\u0301", "http://example.com/e%CC%81"),
    ("http://example.com/?q=ü&r=a b", "http://example.com/?q=%C3%BC&r=a%20b"),
    ("http://example.com/{1..9}", "http://example.com/%7B1..9%7D"),
    ("http://example.com/[1-9]", "http://example.com/[1-9]"),
    ('http://example.com/"<>^`|', "http://example.com/%22%3C%3E%5E%60%7C"),
    ("http://example.com/a;b=1,2?c=(d)*!'$", "http://example.com/a;b=1,2?c=(d)*!'$"),
    ("http://example.com/@user/~me", "http://example.com/@user/~me"),
    ("http://example.com/a:b", "http://example.com/a:b"),
    ("http://example.com/?u=http://other.example/x?y", "http://example.com/?u=http://other.example/x?y"),
    ("http://example.com/?a@b", "http://example.com/?a@b"),
    ("http://example.com//double", "http://example.com//double"),
    ("http://example.com/../up", "http://example.com/../up"),
    ("http://example.com/--version", "http://example.com/--version"),
    ("http://example.com/a%0d%0aX:y", "http://example.com/a%0d%0aX:y"),
    # names in every script
    ("http://bücher.example/", "http://xn--bcher-kva.example/"),
    ("http://BÜCHER.example/", "http://xn--bcher-kva.example/"),
    ("http://xn--bcher-kva.example/", "http://xn--bcher-kva.example/"),
    ("http://例え.jp/", "http://xn--r8jz45g.jp/"),
    ("http://пример.рф/", "http://xn--e1afmkfd.xn--p1ai/"),
    ("http://ｅｘａｍｐｌｅ．com/", "http://example.com/"),
    ("http://例え。jp/", "http://xn--r8jz45g.jp/"),
    # hosts of every sort
    ("http://localhost/", "http://localhost/"),
    ("http://a/", "http://a/"),
    ("http://under_score.example/", "http://under_score.example/"),
    ("http://a-b.example/", "http://a-b.example/"),
    ("http://example.com./", "http://example.com./"),
    ("http://" + "a" * 63 + ".example/", "http://" + "a" * 63 + ".example/"),
    # addresses; whether they may be reached is not decided here
    ("http://127.0.0.1/", "http://127.0.0.1/"),
    ("http://2130706433/", "http://2130706433/"),
    ("http://0x7f.1/", "http://0x7f.1/"),
    ("http://[::1]/", "http://[::1]/"),
    ("http://[::1]:8080/a", "http://[::1]:8080/a"),
    ("http://[2001:DB8:0:0::1]/", "http://[2001:db8::1]/"),
    ("https://[2001:db8::1]:443/", "https://[2001:db8::1]/"),
    # as long as allowed
    ("http://example.com/" + "a" * (MAX_LINK_LENGTH - 19), "http://example.com/" + "a" * (MAX_LINK_LENGTH - 19)),
]

BAD = [
    *[(text, LinkEmpty) for text in ("", " ", "\t\r\n", " " * 5000)],
    *[
        (text, LinkInvalid)
        for text in (
            # no links at all
            "notaurl",
            "example.com/file.zip",
            "www.example.com",
            "//example.com/a",
            "/etc/passwd",
            "://example.com",
            "1http://example.com/",
            "--version",
            " --version",
            "--input-file=/etc/passwd",
            "-i x",
            " --x",
            "-o/tmp/x http://example.com/",
            "http",
            "http:",
            "http:/",
            "http://",
            "http:///",
            "http:///path",
            "http:/example.com/",
            "http:example.com",
            "https:?x",
            "x" * 31 + "://example.com/",
            # ports
            "http://example.com:0/",
            "http://example.com:65536/",
            "http://example.com:-1/",
            "http://example.com:http/",
            "http://example.com:80:80/",
            "http://example.com:８０/",
            "http://:80/",
            # hosts
            "http://.example.com/",
            "http://example..com/",
            "http://-a.example/",
            "http://a-.example/",
            "http://.../",
            "http://exa mple.com/",
            "http://exa%20mple.com/",
            "http://exa%00mple.com/",
            "http://exam*ple.com/",
            "http://exam,ple.com/",
            "http://exam;ple.com/",
            "http://exam$ple.com/",
            'http://exam"ple.com/',
            "http://exam<ple>.com/",
            "http://exam{1,2}.com/",
            "http://example.com%2Fx/",
            "http://" + "a" * 64 + ".example/",
            "http://" + ".".join(["a" * 60] * 5) + "/",
            "http://" + "ü" * 64 + "/",
            "http://℀.example/",
            "http://[::1/",
            "http://::1/",
            "http://[]/",
            "http://[::1]x/",
            "http://x[::1]/",
            "http://[::1%25eth0]/",
            "http://[fe80::1%eth0]/",
            "http://[127.0.0.1]/",
            "http://[v1.x]/",
            "http://[::g]/",
            "http://[[::1]]/",
            # what hides something
            "http://example.com\\@evil.example/",
            "http://example.com/a\\b",
            "http://exam\nple.com/",
            "http://example.com/a\nb",
            "http://example.com/a\rb",
            "http://example.com/a\tb",
            "http://example.com/\x00",
            "http://example.com/\x1b[31m",
            "http://example.com/\x7f",
            "http://example.com/\x85",
            "http://example.com/\u200b",
            "http://example.com/\u202egpj.exe",
            "http://example.com/\u2028",
            "http://example.com/\u2066",
            "http://example.com/\u061cgpj.exe",
            "http://example.com/\u206a",
            "http://example.com/\ufff9",
            "http://example.com/\ufeff",
            "http://exa\u200dmple.com/",
            "\ufeffhttp://example.com/",
            "http://example.com/\ud800",
            "http://example.com/\udfff",
        )
    ],
    *[
        (text, LinkScheme)
        for text in (
            "file:///etc/passwd",
            "FILE:///etc/passwd",
            "file:/etc/passwd",
            "gopher://example.com/",
            "ftp://example.com/",
            "sftp://example.com/",
            "javascript:alert(1)",
            "data:text/html,x",
            "magnet:?xt=urn:btih:x",
            "mailto:me@example.com",
            "ws://example.com/",
            "htt://example.com/",
            "httpss://example.com/",
            "view-source:http://example.com/",
            "localhost:8080/a",
            "c:/windows/win.ini",
            "about:blank",
        )
    ],
    *[
        (text, LinkInvalid)
        for text in (
            "http://user@example.com/",
            "http://user:secret@example.com/",
            "http://:secret@example.com/",
            "http://@example.com/",
            "http://a@b@example.com/",
            "http://user%40x:y@example.com/",
            "http://example.com@evil.example/",
            "http://example.com:80@evil.example/",
            "http://user@[::1]/",
        )
    ],
    *[
        (text, LinkTooLong)
        for text in (
            "http://example.com/" + "a" * 5000,
            "http://example.com/" + "a" * (MAX_LINK_LENGTH - 18),
            "x" * (MAX_LINK_LENGTH + 1),
            "http://example.com/" + "ü" * 1000,
            "http://example.com/?" + " " * 1500 + "x",
        )
    ],
]


def test_the_tables_are_long():
    assert len(GOOD) >= 60
    assert len(BAD) >= 100


@pytest.mark.parametrize(("text", "link"), GOOD)
def test_a_link_gets_its_one_form(text, link):
    assert normalise(text, ALL) == link


@pytest.mark.parametrize(("text", "link"), GOOD)
def test_the_one_form_stays_as_it_is(text, link):
    assert normalise(link, ALL) == link


@pytest.mark.parametrize(("text", "error"), BAD)
def test_what_is_no_link_is_refused_with_its_reason(text, error):
    with pytest.raises(OfflineDownloadError) as caught:
        normalise(text, WEB)
    assert type(caught.value) is error
    str(caught.value).encode()


def test_a_refusal_says_what_is_supported_and_what_came():
    with pytest.raises(LinkScheme) as caught:
        normalise("GOPHER://x/", WEB)
    assert str(caught.value) == "Links that begin with gopher: are not supported; supported are http, https."
    with pytest.raises(LinkTooLong) as too_long:
        normalise("http://example.com/" + "a" * 5000, WEB)
    assert str(too_long.value) == "The link is too long: 5019 characters, at most 4096 are allowed."


def test_a_refusal_never_repeats_a_password():
    for text in ("http://user:hunter2@example.com/", "http://x:hunter2/", "http:/user:hunter2@x/"):
        with pytest.raises(InputError) as caught:
            normalise(text, WEB)
        assert "hunter2" not in str(caught.value)


URLISH = st.one_of(
    st.text(max_size=60),
    st.builds(
        "{}://{}{}{}".format,
        st.sampled_from(["http", "HTTPS", "ftp"]),
        st.one_of(st.sampled_from(["example.com", "BÜCHER.de", "[::1]", "[::ffff:1.2.3.4]"]), st.text(max_size=12)),
        st.sampled_from(["", ":80", ":8080", ":443", ":"]),
        st.one_of(st.just(""), st.builds("{}{}".format, st.sampled_from("/?#"), st.text(max_size=40))),
    ),
    st.builds(
        "http://example.com/{}".format, st.text(st.sampled_from(string.printable + "%äß\u0301/?#[]@"), max_size=30)
    ),
)


@given(URLISH)
@example("http://example.com/%%%2")
@example("http://İ.example/")
@example("http://ẞ.example/")
def test_any_text_has_one_harmless_form_or_is_refused(text):
    try:
        link = normalise(text, ALL)
    except InputError:
        return
    assert normalise(link, ALL) == link
    assert re.fullmatch(r"(https?|ftp)://[a-z0-9._\-\[\]:]+/[!-~]*", link)
    assert len(link) <= MAX_LINK_LENGTH
    assert not set(link) & set('\\"<>^`{|}# ')
    assert host_of(link)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://example.com/a", "example.com"),
        ("http://example.com:8080/a", "example.com"),
        ("http://[::1]:8080/", "::1"),
        ("http://user:pass@example.com/", "example.com"),
        ("", ""),
        ("nonsense", ""),
        ("http://[::1/", ""),
        ("file:///etc/passwd", ""),
    ],
)
def test_the_host_of_a_link(url, host):
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://example.com/a", "http://example.com/a"),
        ("http://example.com/a?token=secret", "http://example.com/a"),
        ("http://example.com?secret", "http://example.com"),
        ("http://example.com/a#secret", "http://example.com/a"),
        ("http://user:secret@example.com:8080/a?b", "http://example.com:8080/a"),
        ("http://secret@example.com/", "http://example.com/"),
        ("http://a:secret@b:secret@example.com/", "http://example.com/"),
        ("ftp://me:secret@[::1]/a;type=i", "ftp://[::1]/a;type=i"),
        ("http:/me:secret@example.com/", ""),
        ("http:me:secret@example.com/", ""),
        ("me:secret@example.com/", ""),
        ("secret", ""),
        ("", ""),
        ("http://[secret/", ""),
    ],
)
def test_secrets_of_a_link_are_not_shown(url, shown):
    assert without_query(url) == shown
    assert "secret" not in without_query(url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://example.com/a@b?c@d", "http://example.com/a@b?c@d"),
        ("http://ada:secret@example.com/a?b", "http://example.com/a?b"),
        ("http://ada:p@secret@example.com", "http://example.com"),
        ("http://ada:secret@[broken/@x", "http://[broken/@x"),
        ("http://[secret]@[broken/", "http://[broken/"),
        ("//ada:secret@example.com/a", "//example.com/a"),
    ],
)
def test_a_password_is_shown_to_nobody(url, shown):
    assert without_user_info(url) == shown


@given(URLISH)
def test_what_is_shown_of_any_link_has_no_query_and_no_user(text):
    shown = without_query(text)
    assert "?" not in shown
    assert "#" not in shown
    with suppress(InputError):
        link = normalise(text, ALL)
        assert link.startswith(without_query(link))
        assert without_query(link) == link.partition("?")[0]


@pytest.mark.parametrize(
    ("text", "link", "user", "password"),
    [
        ("https://example.com/a@b?c@d#e@f", "https://example.com/a@b?c@d#e@f", "", ""),
        ("https://ada:secret@example.com/a", "https://example.com/a", "ada", "secret"),
        (" HTTPS://Ada@Example.com/", " HTTPS://Example.com/", "Ada", ""),
        ("https://@example.com/", "https://example.com/", "", ""),
        ("https://:secret@example.com/", "https://example.com/", "", "secret"),
        ("https://ada:a:b@example.com:8443/", "https://example.com:8443/", "ada", "a:b"),
        ("https://me%40example.com:p%C3%A4ss%2F%3A@example.com/", "https://example.com/", "me@example.com", "päss/:"),
        ("https://ada:p@ss@example.com/", "https://example.com/", "ada", "p@ss"),
        ("https://example.com@evil.example/", "https://evil.example/", "example.com", ""),
        ("ftp://anonymous:me@[::1]/a", "ftp://[::1]/a", "anonymous", "me"),
        # A slash ends the host, whatever was meant by it.
        ("https://ada:a/b@example.com/", "https://ada:a/b@example.com/", "", ""),
        ("https://example.com\\ada:b@evil.example/", "https://example.com\\ada:b@evil.example/", "", ""),
        ("//ada:secret@example.com/", "//ada:secret@example.com/", "", ""),
        ("mailto:ada@example.com", "mailto:ada@example.com", "", ""),
        ("", "", "", ""),
    ],
)
def test_a_login_is_taken_out_of_a_link_as_people_paste_it(text, link, user, password):
    assert split_login(text) == (link, user, password)


@pytest.mark.parametrize(
    ("text", "error"), [("https://%ff@example.com/", UserNameInvalid), ("https://a:%ff@example.com/", PasswordInvalid)]
)
def test_what_is_no_text_is_no_login(text, error):
    with pytest.raises(error):
        split_login(text)


@given(URLISH)
def test_no_link_that_is_taken_has_a_login_any_more(text):
    with suppress(InputError):
        link, user, password = split_login(text)
        taken = normalise(link, ALL)
        assert without_user_info(taken) == taken
        assert bool(user or password) <= ("@" in text)
