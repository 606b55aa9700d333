"""Whatever Seahub does, no answer of ours is shown inside another page or taken for something else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.admins import EXPORT, HEALTH, LOG, Admin
from tests.support.site import ADD, CLEAN_UP, CONFIG, NO_REPO, STATS, TASKS, Site
from tests.support.web import Web, config_of

if TYPE_CHECKING:
    from django.test import Client


def is_guarded(answer: Any) -> bool:
    wanted = {"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff"}
    return wanted == {name: answer.headers.get(name) for name in wanted}


@pytest.mark.parametrize(
    "route", [TASKS, f"{TASKS}/1", f"{TASKS}/2", ADD, CONFIG, STATS, CLEAN_UP, LOG, HEALTH, EXPORT]
)
@pytest.mark.parametrize("signed_in", [True, False])
def test_every_answer_of_the_api_is_guarded(admin: Admin, route: str, signed_in: bool) -> None:
    admin.site.task()
    if not signed_in:
        admin.site.sign_out()
    for method in ("GET", "HEAD", "OPTIONS", "PATCH"):
        answer = admin.site.ask(method, route)
        assert is_guarded(answer), (method, answer.status_code)


def test_refusals_and_unchanged_lists_are_guarded(site: Site) -> None:
    tag = site.get(TASKS).headers["ETag"]
    unchanged = site.get(TASKS, HTTP_IF_NONE_MATCH=tag)
    answers = [unchanged, site.add(), site.add(), site.add(repo_id=NO_REPO), site.add(url="x")]
    answers.append(site.ask("PUT", ADD, {}, HTTP_X_CSRFTOKEN=""))
    site.script.fails.add("library")
    answers.append(site.add())
    assert [answer.status_code for answer in answers] == [304, 200, 409, 404, 400, 403, 500]
    assert all(map(is_guarded, answers))


def test_an_unchanged_list_says_nothing_of_a_content(site: Site) -> None:
    """A browser would take it for the kept answer's: HTML, where there is JSON."""
    answer = site.get(TASKS, HTTP_IF_NONE_MATCH=site.get(TASKS).headers["ETag"])
    assert answer.status_code == 304
    assert "Content-Type" not in answer.headers


@pytest.fixture
def bare(web: Web) -> Iterator[Client]:
    """A browser on an application that guards nothing itself and lets everybody come as far as our pages."""
    from django.conf import settings
    from django.test import Client, override_settings

    own = [name for name in settings.MIDDLEWARE if not name.endswith((".Headers", ".SignIn"))]
    with override_settings(MIDDLEWARE=own):
        yield Client(HTTP_HOST="127.0.0.1")


@pytest.mark.parametrize("method", ["get", "head", "put"])
@pytest.mark.parametrize(
    "address",
    [
        "/offline-download/",
        "/sys/offline-download",
        "/offline-download/assets/x/offline-download.js",
        "/offline-download/assets/x/offline-download.css",
        "/offline-download/assets/x/nothing.js",
        "/offline-download/assets/x/catalog/de.json",
        "/offline-download/assets/x/catalog/xx.json",
    ],
)
def test_pages_and_what_they_load_are_guarded(bare: Client, address: str, method: str) -> None:
    assert is_guarded(getattr(bare, method)(address))


def test_pages_are_guarded_for_who_is_signed_in(web: Web) -> None:
    from django.conf import settings
    from django.test import override_settings

    client = web.browser()
    own = [name for name in settings.MIDDLEWARE if not name.endswith(".Headers")]
    with override_settings(MIDDLEWARE=own):
        for address in ("/offline-download/", "/sys/offline-download/"):
            answer = client.get(address)
            assert config_of(answer)
            assert is_guarded(answer)
