"""Whatever goes wrong with a request, the answer is JSON with one sentence, and nothing has changed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from seafevents_offline.errors import LinkScheme, NameInvalid
from tests.support.records import REPO_ID
from tests.support.site import ADD, CLEAN_UP, CONFIG, LINK, STATS, TASKS, Site

ONE = f"{TASKS}/1"
ROUTES: dict[str, set[str]] = {
    TASKS: {"GET"},
    ADD: {"PUT"},
    CLEAN_UP: {"POST"},
    CONFIG: {"GET"},
    STATS: {"GET"},
    ONE: {"GET", "PUT", "DELETE"},
    **{f"{ONE}/{verb}": {"POST"} for verb in ("pause", "resume", "cancel", "retry")},
}
WRITES = [(method, route) for route, methods in ROUTES.items() for method in sorted(methods - {"GET"})]
FORM = "application/x-www-form-urlencoded"
UNREADABLE = "The request cannot be read."


def error(answer: Any) -> tuple[int, str]:
    assert answer.headers["Content-Type"] == "application/json"
    return answer.status_code, answer.json()["error_msg"]


@pytest.fixture(autouse=True)
def a_task(site: Site) -> None:
    assert site.task() == 1


@pytest.fixture(autouse=True)
def unchanged(site: Site, a_task: None) -> Any:
    before = site.row(1)
    yield
    assert (site.row(1), site.rows(), site.script.woken) == (before, 1, [])


@pytest.mark.parametrize(
    ("method", "route"),
    [
        (method, route)
        for route, methods in ROUTES.items()
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")
        if method not in methods
    ],
)
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_method_that_a_route_does_not_have(site: Site, method: str, route: str, slash: str) -> None:
    answer = site.ask(method, route + slash)
    assert error(answer) == (405, "This is not possible here.")
    assert set(answer.headers["Allow"].replace(" ", "").split(",")) - {"HEAD", "OPTIONS"} == ROUTES[route]


@pytest.mark.parametrize(("method", "route"), WRITES)
@pytest.mark.parametrize("headers", [{"HTTP_X_CSRFTOKEN": ""}, {"HTTP_X_CSRFTOKEN": "d" * 32}])
def test_without_the_csrf_token_nothing_is_done(site: Site, method: str, route: str, headers: dict[str, str]) -> None:
    for sent in ({"body": {"priority": 1}}, {"form": {"priority": 1}}):
        answer = site.ask(method, route, **sent, **headers)
        assert error(answer) == (403, "This page has been open for too long. Please reload it and try again.")


@pytest.mark.parametrize(("method", "route"), [("GET", TASKS), ("GET", CONFIG), *WRITES])
def test_who_has_not_signed_in_is_asked_to(site: Site, method: str, route: str) -> None:
    site.sign_out()
    answer = site.ask(method, route)
    assert error(answer) == (401, "Please sign in.")
    assert answer.headers["WWW-Authenticate"] == "Token"


@pytest.mark.parametrize("token", ["wrong", "wiped"])
def test_a_wrong_token_is_no_sign_in(site: Site, token: str) -> None:
    answer = site.get(TASKS, HTTP_AUTHORIZATION=f"Token {token}")
    assert error(answer) == (401, "Please sign in.")
    assert answer.headers["WWW-Authenticate"] == "Token"


@pytest.mark.parametrize("route", [route for route in ROUTES if route != CONFIG])
def test_where_the_feature_is_off_there_is_nothing(site: Site, route: str) -> None:
    site.change(enabled=False)
    for method in ROUTES[route]:
        assert error(site.ask(method, route)) == (404, "Offline download not supported.")


def test_too_many_requests_are_told_to_wait(site: Site) -> None:
    site.script.throttled = True
    answer = site.get(TASKS)
    assert error(answer) == (429, "These are too many requests. Please wait a little.")
    assert answer.headers["Retry-After"] == "12"


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[1]",
        '"x"',
        "null",
        "5",
        "NaN",
        '{"priority": Infinity}',
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"priority": ' + "9" * 5000 + "}",
        b"\xff\xfe\x00",
        "\ufeff{}".encode("utf-16-le"),
    ],
)
def test_a_body_that_is_no_json_object(site: Site, body: Any) -> None:
    assert error(site.ask("PUT", ADD, body)) == (400, UNREADABLE)


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/octet-stream", "", "x", "text/json"])
def test_a_body_of_another_kind(site: Site, kind: str) -> None:
    answer = site.ask("PUT", ADD, json.dumps({"repo_id": REPO_ID}), CONTENT_TYPE=kind)
    assert error(answer) == (415, "The request is neither a form nor JSON.")


@pytest.mark.parametrize("charset", ["utf-8", "base64", "zlib", "hex", "rot13", "idna", "nonsense", "utf-16"])
def test_json_is_utf_8_whatever_its_charset_says(site: Site, charset: str) -> None:
    answer = site.ask("PUT", ONE, '{"priority": "ü"}', CONTENT_TYPE=f"application/json; charset={charset}")
    assert error(answer) == (400, "priority invalid.")


@pytest.mark.parametrize("charset", ["base64", "zlib", "hex", "rot13", "idna", "nonsense", "utf-16"])
@pytest.mark.parametrize(("method", "route", "field"), [("PUT", ONE, "priority"), ("POST", CLEAN_UP, "status")])
def test_a_form_is_utf_8_whatever_its_charset_says(
    site: Site, charset: str, method: str, route: str, field: str
) -> None:
    answer = site.ask(method, route, f"{field}=x", CONTENT_TYPE=f"{FORM}; charset={charset}")
    assert error(answer) == (400, f"{field} invalid.")


@pytest.mark.parametrize(
    "kind", ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
@pytest.mark.parametrize(
    ("method", "route"), [("PUT", ADD), ("POST", CLEAN_UP), ("POST", f"{ONE}/pause"), ("PUT", ONE)]
)
def test_a_huge_body_is_not_even_read(site: Site, kind: str, method: str, route: str) -> None:
    answer = site.ask(method, route, b"x" * 2_621_441, CONTENT_TYPE=kind)
    assert error(answer) == (413, "This is too much at once. Please add fewer links.")


def test_a_broken_multipart_form(site: Site) -> None:
    assert error(site.ask("PUT", ADD, "nothing", CONTENT_TYPE="multipart/form-data")) == (400, UNREADABLE)
    assert error(site.ask("PUT", ADD, b"--x\r\nbroken", CONTENT_TYPE="multipart/form-data; boundary=x"))[0] == 400


def test_a_file_is_no_text(site: Site) -> None:
    body = (
        f'--x\r\nContent-Disposition: form-data; name="repo_id"\r\n\r\n{REPO_ID}\r\n'
        '--x\r\nContent-Disposition: form-data; name="path"\r\n\r\n/\r\n'
        '--x\r\nContent-Disposition: form-data; name="url"; filename="f"\r\n\r\nhttps://x.example.com/\r\n--x--\r\n'
    )
    answer = site.ask("PUT", ADD, body.encode(), CONTENT_TYPE="multipart/form-data; boundary=x")
    assert error(answer) == (400, "url invalid.")


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_form_with_very_many_fields(site: Site, method: str) -> None:
    form = {f"field{number}": "x" for number in range(2000)}
    answer = site.ask(method, ADD if method == "PUT" else CLEAN_UP, form=form)
    assert error(answer) == (400, UNREADABLE)


def test_unknown_fields_are_named_but_not_without_end(site: Site) -> None:
    answer = site.ask("PUT", ADD, {f"{number}{'x' * 1000}": 1 for number in range(50)})
    assert error(answer)[1].startswith("These fields are not known: 0xxx")
    assert len(error(answer)[1]) < 400


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*", "nonsense", ""])
def test_the_answer_is_json_whatever_is_accepted(site: Site, accept: str) -> None:
    assert site.get(f"{TASKS}?format=api", HTTP_ACCEPT=accept).headers["Content-Type"] == "application/json"
    assert error(site.get(f"{TASKS}?page=0", HTTP_ACCEPT=accept)) == (400, "page or per_page invalid.")


@pytest.mark.parametrize("route", [TASKS, ONE, f"{TASKS}/2", CONFIG, STATS, ADD, f"{TASKS}?page=0"])
def test_every_answer_forbids_sniffing_and_keeping(site: Site, route: str) -> None:
    answer = site.get(route)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("route", [TASKS, ONE, CONFIG, STATS])
def test_a_database_that_is_away_is_a_matter_of_time(site: Site, route: str, caplog: pytest.LogCaptureFixture) -> None:
    from sqlalchemy import event, exc

    def away(*_: object) -> None:
        raise exc.OperationalError("SELECT", {}, Exception("disk I/O error at /secret/place"))

    engine = site.repository._database.engine
    event.listen(engine, "before_cursor_execute", away)
    answer = site.get(route)
    event.remove(engine, "before_cursor_execute", away)
    assert error(answer) == (503, "The list of downloads cannot be used at the moment. Please try again later.")
    assert "its file cannot be read or written" in caplog.text


def test_an_error_tells_strangers_nothing(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.script.fails.add("may_use")
    answer = site.get(CONFIG)
    assert error(answer) == (500, "Something went wrong on the server. Please try again later.")
    assert "OSError" in caplog.text


@pytest.mark.parametrize("language", ["de", "es", "fr", "ru", "zh-cn"])
def test_sentences_are_in_the_readers_language(site: Site, language: str) -> None:
    from django.utils.translation import gettext, override

    wrong: dict[str, Any] = {"repo_id": REPO_ID, "path": "/gone", "url": LINK}

    def said(**more: Any) -> str:
        return error(site.ask("PUT", ADD, {**wrong, **more}, HTTP_ACCEPT_LANGUAGE=language))[1]

    with override(language):
        missing, invalid, scheme = (
            gettext(text) for text in ("Folder not found.", "url invalid.", LinkScheme.sentence)
        )
    assert (missing, invalid) != ("Folder not found.", "url invalid.")
    assert said() == missing
    assert said(url="file:///x") == f"{invalid} {scheme.format(scheme='file', schemes='http, https')}"
    # What was asked in between in another language leaves nothing behind.
    assert error(site.ask("PUT", ADD, wrong))[1] == "Folder not found."


def test_a_translators_slip_gives_the_english_sentence(site: Site) -> None:
    from django.utils.translation import trans_real

    trans_real.translation("fr")._catalog._catalogs[0].update(
        {NameInvalid.sentence: "Nom {nom!r} refusé.", "name invalid.": "nom incorrect."}
    )
    try:
        wrong = {"repo_id": REPO_ID, "path": "/", "url": LINK, "name": "a/b"}
        answer = site.ask("PUT", ADD, wrong, HTTP_ACCEPT_LANGUAGE="fr")
        assert error(answer) == (400, "nom incorrect. The name 'a/b' cannot be used for a file.")
    finally:
        trans_real._translations.pop("fr")
