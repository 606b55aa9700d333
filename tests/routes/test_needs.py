"""What a link needs beside itself: taken by add and retry, kept sealed, never given back."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from seafevents_offline import vault
from seafevents_offline.errors import HeaderRefused, PasswordAlone, SecretsWanted, TwoLogins
from seafevents_offline.extras import HEADERS, Extras
from seafevents_offline.status import OfflineDownloadStatus
from seafevents_offline.task import Failed, Task
from seafevents_offline.vault import Vault
from tests.support.records import ADA, NODE, REPO_ID, ROOMY
from tests.support.site import ADD, LINK, TASKS, Site

S = OfflineDownloadStatus

#: Django's SECRET_KEY in these tests, as the daemon would know it.
VAULT = Vault(b"tests")

HORSE = "correct horse"
FIELDS: dict[str, Any] = {
    "username": "ada",
    "password": HORSE,
    "headers": {"x-api-key": HORSE},
    "referer": f"https://example.com/{HORSE}",
    "user_agent": f"agent {HORSE}",
}
EXTRAS = Extras("ada", HORSE, (("X-Api-Key", HORSE),), "https://example.com/correct%20horse", f"agent {HORSE}")


@pytest.fixture(autouse=True)
def all_that_is_logged(caplog: pytest.LogCaptureFixture) -> Any:
    """Nothing of a secret is, whatever happens in these tests."""
    caplog.set_level(logging.DEBUG)
    yield
    # Beside what SQLAlchemy itself would say of statements, if an administrator asked it to.
    assert "horse" not in caplog.text


def error(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error_msg"]


def opened(site: Site, odr_id: int) -> Extras:
    task = site.repository.get(odr_id)
    return VAULT.open(task.secret, ADA, task.url)


def failed(site: Site, **fields: Any) -> Task:
    """A task that has ended, and so has lost what its link needed."""
    odr_id = site.add(**fields).json()["data"][0]["odr_id"]
    (task,) = site.repository.claim(NODE, 1, **ROOMY)
    assert site.repository.finish(task, Failed(HeaderRefused(names="none")))
    site.script.woken.clear()
    return site.repository.get(odr_id)


# --- add ------------------------------------------------------------------------------------------------


def test_it_is_kept_sealed_and_only_its_kinds_are_told(site: Site) -> None:
    answer = site.add(**FIELDS)
    (task,) = answer.json()["data"]
    assert (task["extras"], task["extras_wiped"]) == (["password", "headers", "referer", "user_agent"], False)
    assert opened(site, task["odr_id"]) == EXTRAS
    shown = answer.content + site.get(TASKS).content + site.get(f"{TASKS}/{task['odr_id']}").content
    assert b"horse" not in shown
    assert VAULT.seal(EXTRAS, ADA, LINK) is not None
    assert site.repository.get(task["odr_id"]).secret.encode() not in shown
    assert "horse" not in str(site.row(task["odr_id"]))


def test_a_login_in_the_link_is_taken_out_of_it(site: Site) -> None:
    (task,) = site.add("HTTPS://ada:correct%20horse@files.example.com/a.zip").json()["data"]
    assert (task["url"], task["extras"]) == (LINK, ["password"])
    assert opened(site, task["odr_id"]) == Extras("ada", HORSE)
    # The same link is the same task, whoever says so.
    assert site.add(username="bob", password="b").status_code == 409


def test_a_form_brings_headers_line_by_line(site: Site) -> None:
    lines = [f"x-api-key: {HORSE}", "Accept-Language:de,en\r\nPrivate-Token: a:b"]
    form = {"repo_id": REPO_ID, "path": "/", "url": LINK, "username": "ada", "headers": lines}
    (task,) = site.ask("PUT", ADD, form=form).json()["data"]
    headers = (("Accept-Language", "de,en"), ("Private-Token", "a:b"), ("X-Api-Key", HORSE))
    assert opened(site, task["odr_id"]) == Extras("ada", "", headers)


def test_several_links_of_one_server_get_the_same(site: Site) -> None:
    links = [LINK, "https://FILES.example.com:443/b", "https://ada:correct%20horse@files.example.com/c", "nonsense"]
    answer = site.ask("PUT", ADD, {"repo_id": REPO_ID, "path": "/", "urls": links, **FIELDS}).json()
    assert [opened(site, task["odr_id"]) for task in answer["data"]] == [EXTRAS] * 3
    assert [one["url"] for one in answer["failed"]] == ["nonsense"]


def test_http_and_https_of_one_host_are_one_server(site: Site) -> None:
    links = ["https://files.example.com/a", "http://files.example.com/b"]
    answer = site.ask("PUT", ADD, {"repo_id": REPO_ID, "path": "/", "urls": links, **FIELDS}).json()
    assert [task["url"] for task in answer["data"]] == links


def test_several_links_of_several_servers_get_no_password(site: Site) -> None:
    many = {"repo_id": REPO_ID, "path": "/", "urls": [LINK, "https://evil.example.com/a"]}
    for fields in ({"username": "ada"}, {"headers": {"X-Api-Key": HORSE}}):
        assert error(site.ask("PUT", ADD, {**many, **fields})) == (
            400,
            "urls invalid. A user name, a password and headers can be given for links to one server only.",
        )
    assert site.rows() == 0
    # What browsers tell every server is no secret.
    more = {"referer": "https://example.com/", "user_agent": "agent", "headers": {"Accept-Language": "de"}}
    assert len(site.ask("PUT", ADD, {**many, **more}).json()["data"]) == 2


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"username": "a:b"}, "username invalid. The user name cannot be used"),
        ({"username": 7}, "username invalid."),
        ({"username": "a", "password": "b\n"}, "password invalid. The password cannot be used"),
        ({"password": HORSE}, f"password invalid. {PasswordAlone()}"),
        ({"headers": {"Host": HORSE}}, f"headers invalid. {HeaderRefused(names=', '.join(HEADERS))}"),
        ({"headers": {"Cookie": HORSE}}, f"headers invalid. {HeaderRefused(names=', '.join(HEADERS))}"),
        ({"headers": {"X-Api-Key": f"{HORSE}\r\n"}}, "headers invalid. The header X-Api-Key cannot be sent"),
        ({"headers": {"X-Api-Key": 1}}, "headers invalid."),
        ({"headers": [HORSE]}, "headers invalid."),
        ({"headers": HORSE}, "headers invalid."),
        ({"username": "a", "headers": {"Authorization": HORSE}}, f"headers invalid. {TwoLogins()}"),
        ({"referer": HORSE}, "referer invalid. The referer should be"),
        ({"user_agent": "a\nb"}, "user_agent invalid. The user agent cannot be sent"),
        ({"url": f"https://bob:{HORSE}@files.example.com/", "username": "ada"}, f"url invalid. {TwoLogins()}"),
        ({"url": f"https://:{HORSE}@files.example.com/"}, f"url invalid. {PasswordAlone()}"),
    ],
)
def test_what_cannot_be_sent_is_refused_by_the_name_of_its_field(
    site: Site, fields: dict[str, Any], sentence: str
) -> None:
    status, said = error(site.add(**{"url": LINK, **fields}))
    assert (status, said[: len(sentence)]) == (400, sentence)
    assert "horse" not in said
    assert site.rows() == 0


def test_cookies_where_the_administrator_says_so(site: Site) -> None:
    site.change(cookies=True)
    (task,) = site.add(headers={"cookie": f"a={HORSE}"}).json()["data"]
    assert task["extras"] == ["cookies"]


def test_where_nothing_can_be_encrypted_nothing_is_kept(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vault, "is_possible", lambda: False)
    assert error(site.add(**FIELDS))[0] == 503
    assert site.rows() == 0
    assert site.add(username="", headers={}).status_code == 200
    links = [f"{LINK}2", "https://ada:b@files.example.com/c"]
    answer = site.ask("PUT", ADD, {"repo_id": REPO_ID, "path": "/", "urls": links}).json()
    assert [one["url"] for one in answer["failed"]] == links[1:]


# --- retry ----------------------------------------------------------------------------------------------


def test_a_retry_needs_it_again(site: Site) -> None:
    task = failed(site, **FIELDS)
    shown = site.get(f"{TASKS}/{task.odr_id}").json()["data"]
    assert (shown["extras"], shown["extras_wiped"]) == (list(EXTRAS.kinds), True)
    before = site.row(task.odr_id)
    answer = site.ask("POST", f"{TASKS}/{task.odr_id}/retry")
    assert error(answer) == (409, str(SecretsWanted()))
    assert answer.json()["asked"] == list(EXTRAS.kinds)
    assert (site.row(task.odr_id), site.script.woken) == (before, [])

    answer = site.ask("POST", f"{TASKS}/{task.odr_id}/retry", FIELDS)
    assert answer.json()["data"]["state"] == "waiting"
    assert (answer.json()["data"]["extras_wiped"], b"horse" in answer.content) == (False, False)
    assert opened(site, task.odr_id) == EXTRAS
    assert site.repository.get(task.odr_id).permission == "rw"


def test_what_is_not_typed_again_is_given_up(site: Site) -> None:
    task = failed(site, **FIELDS)
    answer = site.ask("POST", f"{TASKS}/{task.odr_id}/retry", form={"username": "eve", "password": "b"})
    assert answer.json()["data"]["extras"] == ["password"]
    assert opened(site, task.odr_id) == Extras("eve", "b")


def test_a_retry_may_bring_what_was_missing(site: Site) -> None:
    task = failed(site)
    assert site.ask("POST", f"{TASKS}/{task.odr_id}/retry", {"username": "ada", "password": HORSE}).status_code == 200
    assert opened(site, task.odr_id) == Extras("ada", HORSE)


def test_a_retry_that_is_refused_changes_nothing(site: Site) -> None:
    task = failed(site, **FIELDS)
    before = site.row(task.odr_id)
    url = f"{TASKS}/{task.odr_id}/retry"
    assert error(site.ask("POST", url, {"username": "a:b"}))[0] == 400
    assert error(site.ask("POST", url, {"name": "b.zip"})) == (400, "These fields are not known: name.")
    assert site.row(task.odr_id) == before


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel"])
def test_nothing_but_a_retry_takes_a_password(site: Site, verb: str) -> None:
    odr_id = site.task(status=S.PAUSED if verb == "resume" else S.WAITING)
    answer = site.ask("POST", f"{TASKS}/{odr_id}/{verb}", {"password": HORSE})
    assert error(answer) == (400, "These fields are not known: password.")


def test_a_paused_task_goes_on_with_what_it_has(site: Site) -> None:
    odr_id = site.add(**FIELDS).json()["data"][0]["odr_id"]
    for verb in ("pause", "resume"):
        assert site.ask("POST", f"{TASKS}/{odr_id}/{verb}").status_code == 200
    assert opened(site, odr_id) == EXTRAS
