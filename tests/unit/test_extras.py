"""What a link may need: what is taken, in which form, and that nothing of it is ever shown."""

from __future__ import annotations

import json
import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seafevents_offline import errors
from seafevents_offline.extras import HEADERS, KINDS, MAX_HEADERS_LENGTH, Extras, header_names

SECRET = "correct horse"

#: Each with a header that would let it frame a request, speak to a proxy or choose what comes back.
NEVER = (
    "Host",
    "Connection",
    "Proxy-Authorization",
    "Proxy-Connection",
    "Content-Length",
    "Content-Type",
    "Transfer-Encoding",
    "TE",
    "Trailer",
    "Upgrade",
    "Range",
    "If-Range",
    "Accept",
    "Accept-Encoding",
    "Want-Digest",
    "Referer",
    "User-Agent",
    "Expect",
    "Cookie2",
    "Forwarded",
    "X-Forwarded-For",
    "",
    "Authorization:",
    "Authorization\r\nHost",
    "Ａuthorization",
)


def test_all_of_it_in_the_form_in_which_it_is_sent():
    extras = Extras.checked(
        user="ada",
        password=" päss word ",
        headers=[("private-TOKEN", " abc "), ("accept-language", "de, en;q=0.5")],
        referer="https://Example.com/a page#part",
        user_agent=" Mozilla/5.0 (X11) ",
    )
    assert extras == Extras(
        "ada",
        " päss word ",
        (("Accept-Language", "de, en;q=0.5"), ("Private-Token", "abc")),
        "https://example.com/a%20page",
        "Mozilla/5.0 (X11)",
    )
    assert extras.kinds == ("password", "headers", "referer", "user_agent")
    assert Extras.from_json(extras.to_json()) == extras


def test_nothing_is_nothing():
    assert not Extras.checked()
    assert not Extras.checked(referer="  ", user_agent=" ")
    assert Extras.checked(user="ada").kinds == ("password",)


def test_cookies_only_where_the_administrator_says_so():
    with pytest.raises(errors.HeaderRefused):
        Extras.checked(headers=[("Cookie", "a=b")])
    extras = Extras.checked(headers=[("COOKIE", "a=b; c=d")], cookies=True)
    assert extras.headers == (("Cookie", "a=b; c=d"),)
    assert extras.kinds == ("cookies",)
    extras.check_allowed(cookies=True)
    with pytest.raises(errors.HeaderRefused):
        extras.check_allowed(cookies=False)
    assert set(Extras("a", "b", (("Accept-Language", "de"), ("Cookie", "a")), "https://a/", "u").kinds) == set(KINDS)


@pytest.mark.parametrize("name", NEVER)
def test_headers_that_are_never_sent(name):
    with pytest.raises(errors.HeaderRefused) as refused:
        Extras.checked(headers=[(name, SECRET)], cookies=True)
    assert SECRET not in str(refused.value)
    assert refused.value.reason_args == {"names": ", ".join(header_names(cookies=True))}


def test_the_names_of_headers_are_ours():
    # Nothing that belongs to a connection, a body or a proxy, nor what the engine sends by itself.
    starts = (
        "host",
        "proxy-",
        "connection",
        "content-",
        "range",
        "te",
        "transfer-",
        "accept-enc",
        "if-",
        "x-forwarded",
    )
    assert not [name for name in header_names(cookies=True) if name.lower().startswith(starts)]
    assert list(HEADERS) == sorted(HEADERS, key=str.lower)
    assert all(name.isascii() and name.replace("-", "").isalnum() for name in header_names(cookies=True))


@pytest.mark.parametrize("value", ["", " ", "a\r\nHost: b", "a\nb", "a\0b", "a\x7fb", "ä", "\ud800", "a" * 8193])
def test_values_that_no_header_can_have(value):
    with pytest.raises(errors.HeaderInvalid) as refused:
        Extras.checked(headers=[("Authorization", value)])
    assert refused.value.reason_args == {"name": "Authorization"}


def test_headers_that_are_too_much_together_or_there_twice():
    long = "a" * (MAX_HEADERS_LENGTH // 2)
    Extras.checked(headers=[("X-Api-Key", long), ("X-Auth-Token", long)])
    with pytest.raises(errors.HeaderInvalid):
        Extras.checked(headers=[("X-Api-Key", long), ("X-Auth-Token", f"{long}a")])
    with pytest.raises(errors.HeaderInvalid):
        Extras.checked(headers=[("X-Api-Key", "a"), ("x-api-key", "a")])


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"user": "a:b"}, errors.UserNameInvalid),
        ({"user": "a\nb"}, errors.UserNameInvalid),
        ({"user": "a" * 256}, errors.UserNameInvalid),
        ({"user": "a", "password": "b\r\n"}, errors.PasswordInvalid),
        ({"user": "a", "password": "\ud800"}, errors.PasswordInvalid),
        ({"user": "a", "password": "b" * 1025}, errors.PasswordInvalid),
        ({"password": SECRET}, errors.PasswordAlone),
        ({"user": "a", "headers": [("authorization", SECRET)]}, errors.TwoLogins),
        ({"referer": "ftp://example.com/"}, errors.RefererInvalid),
        ({"referer": "example.com"}, errors.RefererInvalid),
        ({"referer": f"https://a:{SECRET}@example.com/"}, errors.RefererInvalid),
        ({"referer": "https://example.com/\r\nHost: b"}, errors.RefererInvalid),
        ({"user_agent": "a\nb"}, errors.UserAgentInvalid),
        ({"user_agent": "a" * 513}, errors.UserAgentInvalid),
    ],
)
def test_what_is_refused_and_that_the_sentence_does_not_quote_it(given, error):
    with pytest.raises(error) as refused:
        Extras.checked(**given)
    assert isinstance(refused.value, errors.InputError)
    assert SECRET not in str(refused.value)


ODD = st.text(st.sampled_from("a:@/ é\t\r\n\0\x85\x7f\u2028\ud800"), max_size=6)


@given(ODD, ODD, st.sampled_from([*HEADERS, *NEVER]), ODD, ODD, ODD)
def test_nothing_that_is_taken_begins_another_line(user, password, name, value, referer, agent):
    with suppress(errors.InputError):
        extras = Extras.checked(
            user=user, password=password, headers=[(name, value)], referer=f"https://a/{referer}", user_agent=agent
        )
        lines = [extras.user, extras.password, extras.referer, extras.user_agent, *sum(extras.headers, ())]
        assert not [line for line in lines if re.search("[\x00-\x08\x0a-\x1f\x7f-\x9f]", line)]
        assert extras.referer.isascii()
        assert extras.user_agent.isascii()
        assert Extras.from_json(json.loads(json.dumps(extras.to_json()))) == extras


def test_nothing_of_it_is_shown():
    extras = Extras("ada", SECRET, (("Authorization", SECRET), ("Cookie", SECRET)), f"https://a/{SECRET}", SECRET)
    for text in (repr(extras), str(extras), f"{extras!r:}", repr([extras])):
        assert SECRET not in text
        assert "ada" not in text
    assert repr(extras) == "Extras(password, headers, cookies, referer, user_agent)"


@pytest.mark.parametrize(
    "values",
    [{}, {"user": "a"}, Extras("a").to_json() | {"headers": [["Host", "b"]]}, Extras().to_json() | {"user": 1}],
)
def test_what_is_no_extras_is_not_taken_for_one(values):
    with pytest.raises((KeyError, TypeError, ValueError)):
        Extras.from_json(values)


LINK, PASTED = "https://example.com/a", "https://ada:b%3Ac@example.com/a"


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        (LINK, Extras(), Extras()),
        (LINK, Extras("ada", "b"), Extras("ada", "b")),
        (PASTED, Extras(), Extras("ada", "b:c")),
        (PASTED, Extras(referer="https://a/"), Extras("ada", "b:c", referer="https://a/")),
        (PASTED, Extras("ada", "b:c"), Extras("ada", "b:c")),
        ("https://token@example.com/a", Extras(), Extras("token")),
        ("https://@example.com/a", Extras("ada", "b"), Extras("ada", "b")),
    ],
)
def test_a_login_in_the_link_is_as_good_as_one_beside_it(text, given, expected):
    assert Extras.of_link(text, given) == (LINK, expected)


@pytest.mark.parametrize(
    ("text", "given", "error"),
    [
        (PASTED, Extras("ada", "another"), errors.TwoLogins),
        (PASTED, Extras("bob", "b:c"), errors.TwoLogins),
        (PASTED, Extras(headers=(("Authorization", "Bearer x"),)), errors.TwoLogins),
        ("https://:b@example.com/a", Extras(), errors.PasswordAlone),
        ("https://a%3Ab:c@example.com/a", Extras(), errors.UserNameInvalid),
        ("https://a:%0d%0aHost:b@example.com/a", Extras(), errors.PasswordInvalid),
    ],
)
def test_what_contradicts_itself_or_cannot_be_sent_is_refused(text, given, error):
    with pytest.raises(error):
        Extras.of_link(text, given)
