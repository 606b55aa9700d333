"""One task: looking, acting, removing; other people's do not exist."""

from __future__ import annotations

from typing import Any

import pytest

from seafevents_offline.status import OfflineDownloadStatus
from tests.support.records import BOB, REPO_ID
from tests.support.site import TASKS, Site

S = OfflineDownloadStatus

POSSIBLE = {
    ("pause", S.WAITING): S.PAUSED,
    ("pause", S.DOWNLOADING): S.PAUSED,
    ("resume", S.PAUSED): S.WAITING,
    ("cancel", S.WAITING): S.CANCELLED,
    ("cancel", S.DOWNLOADING): S.CANCELLED,
    ("cancel", S.PAUSED): S.CANCELLED,
    ("retry", S.ERROR): S.WAITING,
    ("retry", S.CANCELLED): S.WAITING,
}
VERBS = ("pause", "resume", "cancel", "retry")


def error(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error_msg"]


@pytest.mark.parametrize("slash", ["", "/"])
def test_one_task_is_told_as_in_the_list(site: Site, slash: str) -> None:
    odr_id = site.task()
    answer = site.get(f"{TASKS}/{odr_id}{slash}")
    assert answer.json() == {"data": site.get(TASKS).json()["data"][0]}


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("status", S)
def test_an_action_does_what_the_state_allows(site: Site, verb: str, status: S, slash: str) -> None:
    odr_id = site.task(status=status)
    before = site.row(odr_id)
    answer = site.ask("POST", f"{TASKS}/{odr_id}/{verb}{slash}")
    target = POSSIBLE.get((verb, status))
    if target is None:
        assert answer.status_code == 409
        assert answer.json()["error_msg"].startswith("This is not possible")
        assert (site.row(odr_id), site.script.woken) == (before, [])
    else:
        assert (answer.status_code, answer.json()["success"]) == (200, True)
        assert answer.json()["data"]["state"] == target.state
        assert site.repository.get(odr_id).status is target
        assert site.script.woken == [odr_id]


@pytest.mark.parametrize(
    ("method", "route", "body"),
    [
        ("GET", "", None),
        ("DELETE", "", None),
        ("PUT", "", {"priority": 1}),
        *[("POST", f"/{verb}", None) for verb in VERBS],
    ],
)
@pytest.mark.parametrize("whose", ["other", "removed", "none", "99999999999999999999999", "0", "-1", "x", "1.0", "٣"])
def test_what_is_not_ones_own_does_not_exist(site: Site, method: str, route: str, body: Any, whose: str) -> None:
    other, removed = site.task(owner=BOB), site.task()
    site.repository.remove(removed)
    before = site.row(other), site.row(removed)
    odr_id = {"other": other, "removed": removed, "none": removed + 1}.get(whose, whose)
    assert error(site.ask(method, f"{TASKS}/{odr_id}{route}", body)) == (404, f"There is no task {odr_id}.")
    assert ((site.row(other), site.row(removed)), site.script.woken) == (before, [])


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_priority_changes(site: Site, slash: str) -> None:
    odr_id = site.task()
    answer = site.ask("PUT", f"{TASKS}/{odr_id}{slash}", {"priority": 80})
    assert (answer.json()["success"], answer.json()["data"]["priority"]) == (True, 80)
    assert site.ask("PUT", f"{TASKS}/{odr_id}", form={"priority": "0"}).json()["data"]["priority"] == 0
    assert site.script.woken == [odr_id, odr_id]


@pytest.mark.parametrize("body", [{}, {"priority": 101}, {"priority": "x"}, {"priority": [1]}, {"priority": False}])
def test_a_wrong_priority_is_refused(site: Site, body: Any) -> None:
    odr_id = site.task()
    before = site.row(odr_id)
    assert error(site.ask("PUT", f"{TASKS}/{odr_id}", body)) == (400, "priority invalid.")
    assert site.row(odr_id) == before


def test_what_is_finished_has_no_priority(site: Site) -> None:
    odr_id = site.task(status=S.OK)
    answer = site.ask("PUT", f"{TASKS}/{odr_id}", {"priority": 1})
    assert error(answer) == (409, "This is not possible: the file is in the library already.")


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize(
    ("status", "then"), [(S.DOWNLOADING, S.CANCELLED), (S.OK, S.OK), (S.STORING, S.STORING), (S.PAUSED, S.CANCELLED)]
)
def test_a_removed_one_is_cancelled_where_that_is_possible(site: Site, slash: str, status: S, then: S) -> None:
    odr_id = site.task(status=status)
    answer = site.ask("DELETE", f"{TASKS}/{odr_id}{slash}")
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert site.repository.get(odr_id).status is then
    assert site.get(TASKS).json()["data"] == []
    assert site.script.woken == [odr_id]
    assert site.ask("DELETE", f"{TASKS}/{odr_id}").status_code == 404


def test_no_field_is_expected_where_none_is_needed(site: Site) -> None:
    odr_id = site.task()
    for method, route in (("DELETE", ""), ("POST", "/pause")):
        answer = site.ask(method, f"{TASKS}/{odr_id}{route}", {"force": True})
        assert error(answer) == (400, "These fields are not known: force.")
        assert site.repository.get(odr_id).status is S.WAITING
    assert site.ask("POST", f"{TASKS}/{odr_id}/pause", {}).status_code == 200


# --- resume and retry are like adding -------------------------------------------------------------------


@pytest.mark.parametrize(("verb", "status"), [("resume", S.PAUSED), ("retry", S.ERROR), ("retry", S.CANCELLED)])
def test_the_right_that_there_is_now_is_recorded(site: Site, verb: str, status: S) -> None:
    odr_id = site.task(status=status, permission="custom-7")
    site.script.permission = "custom-8"
    assert site.ask("POST", f"{TASKS}/{odr_id}/{verb}").status_code == 200
    assert site.repository.get(odr_id).permission == "custom-8"
    assert site.ask("POST", f"{TASKS}/{odr_id}/cancel").status_code == 200
    assert site.repository.get(odr_id).permission == "custom-8"


WRONG: list[tuple[dict[str, Any], int]] = [
    ({"folders": set()}, 404),
    ({"folders": {(REPO_ID, "/docs")}}, 404),
    ({"may_use": False}, 403),
    ({"writable": set()}, 403),
    ({"encrypted": True}, 403),
    ({"is_wiki": True}, 403),
    ({"has_room": False}, 443),
    ({"fails": {"has_room"}}, 500),
]


@pytest.mark.parametrize(("verb", "status"), [("resume", S.PAUSED), ("retry", S.ERROR)])
@pytest.mark.parametrize(("wrong", "code"), WRONG)
def test_going_on_needs_what_adding_needs(site: Site, verb: str, status: S, wrong: dict[str, Any], code: int) -> None:
    odr_id = site.task(status=status)
    before = site.row(odr_id)
    vars(site.script).update(wrong)
    assert site.ask("POST", f"{TASKS}/{odr_id}/{verb}").status_code == code
    assert (site.row(odr_id), site.script.woken) == (before, [])


@pytest.mark.parametrize(("verb", "status"), [("pause", S.WAITING), ("cancel", S.PAUSED)])
def test_stopping_needs_no_right(site: Site, verb: str, status: S) -> None:
    odr_id = site.task(status=status)
    site.script.may_use = False
    site.script.folders.clear()
    assert site.ask("POST", f"{TASKS}/{odr_id}/{verb}").status_code == 200


def test_a_retry_needs_a_place_and_a_resume_has_one(site: Site) -> None:
    failed, paused = site.task(status=S.ERROR), site.task(status=S.PAUSED)
    site.change(tasks_per_user=1, adds_per_hour=1)
    answer = site.ask("POST", f"{TASKS}/{failed}/retry")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    assert site.ask("POST", f"{TASKS}/{paused}/resume").status_code == 200
    site.change(tasks_per_user=2)
    assert site.ask("POST", f"{TASKS}/{failed}/retry").status_code == 200


@pytest.mark.parametrize(("verb", "status"), [("retry", S.ERROR), ("resume", S.PAUSED)])
def test_what_may_not_be_reached_is_not_tried_again(site: Site, verb: str, status: S) -> None:
    odr_id = site.task(status=status, url="http://10.0.0.5/a")
    answer = site.ask("POST", f"{TASKS}/{odr_id}/{verb}")
    assert error(answer) == (400, "url invalid. The address 10.0.0.5 is in a private network.")
    assert site.repository.get(odr_id).status is status
    site.change(allow_addresses=("10.0.0.0/8",))
    assert site.ask("POST", f"{TASKS}/{odr_id}/{verb}").status_code == 200


def test_a_retry_of_what_was_added_again_names_the_other_task(site: Site) -> None:
    first = site.add().json()["data"][0]["odr_id"]
    site.ask("POST", f"{TASKS}/{first}/cancel")
    second = site.add().json()["data"][0]["odr_id"]
    answer = site.ask("POST", f"{TASKS}/{first}/retry")
    assert error(answer) == (409, f"This link is already in the list (task {second}).")
    assert answer.json()["odr_id"] == second
    assert site.repository.get(first).status is S.CANCELLED


def test_a_service_that_cannot_be_woken_does_not_undo_anything(site: Site) -> None:
    odr_id = site.task()
    site.script.fails.add("wake")
    assert site.ask("POST", f"{TASKS}/{odr_id}/pause").status_code == 200
    assert site.ask("DELETE", f"{TASKS}/{odr_id}").status_code == 200
