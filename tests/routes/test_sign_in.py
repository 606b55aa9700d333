"""Who may come in, from where, and what every answer forbids."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from seafevents_offline.hosts.standalone import REPO_ID
from tests.support.web import Web, config_of, text_of

PAGES = [
    "/",
    f"/library/{REPO_ID}/library/",
    f"/lib/{REPO_ID}/file/secret.txt",
    "/offline-download/",
    "/sys/offline-download/",
    "/i18n/",
    "/nowhere",
]
ROUTES = [
    "/api/v2.2/offline-download/tasks",
    "/api/v2.2/offline-download/config",
    "/api/v2.1/repos/",
    f"/api/v2.1/repos/{REPO_ID}/dir/",
    f"/api2/repos/{REPO_ID}/dir/",
    "/api/v2.1/nowhere",
]


def test_the_link_signs_in_and_leaves_no_token_in_the_address(web: Web) -> None:
    client = web.stranger()
    answer = client.get("/", {"token": web.token})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert "no-store" in answer.headers["Cache-Control"]
    assert client.get("/").headers["Location"] == web.folder()
    assert client.get(web.folder()).status_code == 200


def test_the_session_is_out_of_reach_of_scripts_and_of_other_sites(web: Web) -> None:
    cookie = web.browser().cookies[f"offline_download_{8470}"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert web.token not in cookie.value


@pytest.mark.parametrize("page", PAGES)
def test_without_signing_in_a_page_says_how_to(web: Web, page: str) -> None:
    (web.library / "secret.txt").write_text("secret")
    answer = web.stranger().get(page)
    assert answer.status_code == 403
    assert "open the link that “make run” prints" in text_of(answer)
    assert web.token not in text_of(answer)


@pytest.mark.parametrize("route", ROUTES)
def test_without_signing_in_a_route_says_how_to(web: Web, route: str) -> None:
    answer = web.stranger().get(route)
    assert answer.status_code == 403
    assert "open the link" in answer.json()["error_msg"]


@pytest.mark.parametrize("token", ["", "wrong", "é", "\0", "x" * 10000])
def test_a_wrong_token_opens_nothing(web: Web, token: str) -> None:
    client = web.stranger()
    assert client.get("/", {"token": token}).status_code == 403
    assert client.get(web.folder()).status_code == 403


def test_a_token_that_is_nearly_right_opens_nothing(web: Web) -> None:
    assert web.stranger().get("/", {"token": web.token[:-1]}).status_code == 403
    assert web.stranger().get("/", {"token": web.token + "a"}).status_code == 403


def test_a_token_elsewhere_than_in_the_link_opens_nothing(web: Web) -> None:
    client = web.stranger()
    assert client.get(web.folder(), {"token": web.token}).status_code == 403
    assert client.post("/", {"token": web.token}).status_code == 403


def test_who_is_signed_in_stays_so_whatever_the_token(web: Web) -> None:
    client = web.browser()
    assert client.get("/", {"token": "old"}).status_code == 302
    assert client.get(web.folder()).status_code == 200


def test_a_session_that_somebody_else_signed_is_none(web: Web) -> None:
    client = web.browser()
    name, cookie = next(iter(client.cookies.items()))
    head, _colon, seal = cookie.value.rpartition(":")
    client.cookies[name] = f"{head}:{'A' * len(seal)}"
    assert client.get(web.folder()).status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8470", "localhost:8470", "[::1]:8470"])
def test_this_machine_is_answered(web: Web, host: str) -> None:
    assert web.browser(HTTP_HOST=host).get(web.folder()).status_code == 200


@pytest.mark.parametrize("host", ["example.com", "127.0.0.1.example.com:8470", "10.0.0.1", "", "a b", "["])
def test_another_name_for_this_machine_is_refused(web: Web, host: str) -> None:
    """A page whose name was made to lead here would be read by its author."""
    client = web.browser()
    answer = client.get(web.folder(), HTTP_HOST=host)
    assert answer.status_code == 400
    assert text_of(answer) == "This page is only there as 127.0.0.1 or localhost.\n"
    assert web.stranger().get("/", {"token": web.token}, HTTP_HOST="example.com").status_code == 400


def test_who_sends_no_csrf_token_changes_nothing(web: Web) -> None:
    client = web.browser()
    answer = client.post(f"{web.api('api2')}?p=/new", {"operation": "mkdir"})
    assert answer.status_code == 403
    assert answer.json()["error_msg"] == "The page was too old to do this. Please load it again."
    assert list(web.library.iterdir()) == []
    answer = client.put("/api/v2.2/offline-download/add", {"url": "http://example.com/"}, "application/json")
    assert answer.status_code == 403
    assert "error_msg" in answer.json()


def test_the_token_of_the_page_is_the_one_that_is_wanted(web: Web) -> None:
    client = web.browser()
    token = config_of(client.get(web.folder()))["csrfToken"]
    assert client.cookies["sfcsrftoken"].value
    answer = client.post(f"{web.api('api2')}?p=/new", {"operation": "mkdir"}, HTTP_X_CSRFTOKEN=token)
    assert answer.status_code == 201
    assert (web.library / "new").is_dir()


def test_another_origin_changes_nothing_even_with_a_token(web: Web) -> None:
    client = web.browser()
    token = config_of(client.get(web.folder()))["csrfToken"]
    headers: dict[str, Any] = {"HTTP_X_CSRFTOKEN": token, "HTTP_ORIGIN": "http://127.0.0.1:9999"}
    assert client.post(f"{web.api('api2')}?p=/new", {"operation": "mkdir"}, **headers).status_code == 403
    assert list(web.library.iterdir()) == []


@pytest.mark.parametrize("page", [*PAGES, *ROUTES])
@pytest.mark.parametrize("signed_in", [True, False])
def test_every_answer_forbids_frames_sniffing_and_scripts_of_others(web: Web, page: str, signed_in: bool) -> None:
    (web.library / "secret.txt").write_text("secret")
    answer = (web.browser() if signed_in else web.stranger()).get(page)
    headers = answer.headers
    assert text_of(answer) or answer.status_code == 302
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("signed_in", [True, False])
def test_a_request_that_is_none_is_told(web: Web, signed_in: bool) -> None:
    client = web.browser() if signed_in else web.stranger()
    query = "&".join(f"a{number}=1" for number in range(5000))
    answer = client.get(f"/?{query}")
    assert answer.status_code == 400
    assert "This request cannot be understood." in text_of(answer)


def test_what_fails_is_a_sentence_and_tells_nothing_of_the_inside(
    web: Web, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_args: Any) -> None:
        raise RuntimeError("inside")

    client = web.browser()
    client.raise_request_exception = False
    monkeypatch.setattr("seafevents_offline.hosts.web.library.Folder.entries", fail)
    page = client.get(web.folder())
    assert (page.status_code, "inside" in text_of(page)) == (500, False)
    assert "Something went wrong." in text_of(page)
    route = client.get(web.api())
    assert (route.status_code, route.json()["error_msg"].startswith("Something went wrong.")) == (500, True)
