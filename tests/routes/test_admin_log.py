"""The log of everybody's downloads."""

from __future__ import annotations

import json

import pytest

from seafevents_offline.status import OfflineDownloadStatus
from tests.support.admins import EXPORT, HEALTH, LOG, Admin
from tests.support.records import ADA, BOB, REPO_ID, add_many, new

S = OfflineDownloadStatus


def ids(rows: list[dict[str, int]]) -> list[int]:
    return [row["odr_id"] for row in rows]


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_row_says_whose_task_it_is_and_what_became_of_it(admin: Admin, slash: str) -> None:
    admin.host.people[ADA] = ("Ada Lovelace", "ada@work.example")
    admin.host.libraries[REPO_ID] = "Letters"
    task = admin.repository.add(new("https://a.example/f.zip?token=s3cret", path="/from", name="f.zip"))
    admin.put_into(task.odr_id, status=S.ERROR, reason="not_found", comment="It is not there.", size=7)
    answer = admin.get(LOG + slash)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert (answer.json()["total_count"], answer.json()["has_next_page"]) == (1, False)
    (row,) = answer.json()["offline_download_log_list"]
    assert (row["odr_id"], row["owner"], row["owner_name"]) == (task.odr_id, ADA, "Ada Lovelace")
    assert (row["owner_contact_email"], row["removed"]) == ("ada@work.example", False)
    assert (row["repo_id"], row["repo_name"], row["path"], row["name"]) == (REPO_ID, "Letters", "/from", "f.zip")
    assert (row["url"], row["size"], row["state"]) == ("https://a.example/f.zip", 7, "error")
    assert (row["reason"], row["comment"]) == ("not_found", "It is not there.")
    assert row["timestamp"].endswith("+00:00")
    assert row["finished_at"] is None


@pytest.mark.parametrize("route", [LOG, EXPORT])
def test_others_than_administrators_of_logs_are_denied(admin: Admin, route: str) -> None:
    add_many(admin.repository, 1)
    admin.host.views_logs = False
    answer = admin.get(route)
    assert (answer.status_code, answer.json()) == (403, {"error_msg": "Permission denied."})


@pytest.mark.parametrize("route", [LOG, EXPORT, HEALTH])
def test_strangers_are_asked_to_sign_in(admin: Admin, route: str) -> None:
    admin.site.sign_out()
    answer = admin.get(route)
    assert (answer.status_code, answer.json()) == (401, {"error_msg": "Please sign in."})


@pytest.mark.parametrize("route", [LOG, EXPORT, HEALTH])
def test_what_is_off_is_not_supported(admin: Admin, route: str) -> None:
    admin.site.change(enabled=False)
    answer = admin.get(route)
    assert (answer.status_code, answer.json()) == (404, {"error_msg": "Offline download not supported."})


@pytest.mark.parametrize("route", [LOG, EXPORT, HEALTH])
@pytest.mark.parametrize("method", ["post", "put", "delete", "patch", "options"])
def test_it_can_only_be_read(admin: Admin, route: str, method: str) -> None:
    answer = admin.site.ask(method.upper(), route)
    assert answer.status_code == 405
    assert answer.json()["error_msg"]


def test_what_owners_removed_is_there_and_marked(admin: Admin) -> None:
    kept, removed = add_many(admin.repository, 2)
    admin.repository.remove(removed, ADA)
    assert [(row["odr_id"], row["removed"], row["state"]) for row in admin.rows()] == [
        (removed, True, "cancelled"),
        (kept, False, "waiting"),
    ]


def test_filters_by_owner_state_and_text(admin: Admin) -> None:
    adas = add_many(admin.repository, 2, owner=ADA)
    bobs = admin.repository.add(new("https://bob.example/Report.pdf", owner=BOB)).odr_id
    admin.put_into(adas[0], status=S.ERROR)
    admin.put_into(bobs, status=S.OK)
    assert ids(admin.rows(owner=ADA)) == adas[::-1]
    assert ids(admin.rows(owner="nobody@example.com")) == []
    assert ids(admin.rows(owner="")) == [bobs, *adas[::-1]]
    assert ids(admin.rows(status="error")) == [adas[0]]
    assert ids(admin.rows(status=["error", "3"])) == ids(admin.rows(status="ok,4")) == [bobs, adas[0]]
    assert ids(admin.rows(q="report")) == [bobs]
    assert ids(admin.rows(q=" report ", owner=ADA)) == []
    assert ids(admin.rows(q="%")) == []


def test_pages(admin: Admin) -> None:
    odr_ids = add_many(admin.repository, 30)[::-1]
    first = admin.log()
    assert ids(first["offline_download_log_list"]) == odr_ids[:25]
    assert (first["total_count"], first["has_next_page"]) == (30, True)
    assert ids(admin.rows(page=2)) == odr_ids[25:]
    assert not admin.log(page=2)["has_next_page"]
    assert not admin.log(page=3, per_page=10)["has_next_page"]
    assert ids(admin.rows(page=3, per_page=10)) == odr_ids[20:]
    assert ids(admin.rows(page=99)) == []


@pytest.mark.parametrize("parameter", ["page", "per_page"])
@pytest.mark.parametrize("value", ["0", "-1", "x", "1.5", "101000000", "٣", "1 "])
def test_a_page_that_cannot_be_is_refused(admin: Admin, parameter: str, value: str) -> None:
    answer = admin.get(LOG, **{parameter: value})
    assert (answer.status_code, answer.json()) == (400, {"error_msg": "page or per_page invalid."})


def test_other_values_that_cannot_be_are_refused(admin: Admin) -> None:
    assert admin.get(LOG, per_page=100).status_code == 200
    assert admin.get(LOG, per_page=101).json() == {"error_msg": "page or per_page invalid."}
    for route in (LOG, EXPORT):
        assert admin.get(route, status="done").json() == {"error_msg": "status invalid."}
        assert admin.get(route, q="x" * 5000).json() == {"error_msg": "q invalid."}


SECRET_LINKS = [
    "https://a.example/file?token=s3cret",
    "https://a.example/file#s3cret",
    "https://ada:s3cret@a.example/file",
    "s3cret is no link",
    "https://[s3cret/",
]


@pytest.mark.parametrize("link", SECRET_LINKS)
@pytest.mark.parametrize("owner", ["", ADA])
def test_secrets_of_links_are_neither_shown_nor_found(admin: Admin, link: str, owner: str) -> None:
    admin.add_link(link)
    answer = admin.get(LOG, owner=owner)
    assert b"s3cret" not in answer.content
    assert answer.json()["offline_download_log_list"][0]["url"] in ("https://a.example/file", "")
    if not link.startswith("https://["):
        assert admin.rows(q="s3cret", owner=owner) == []


def test_names_and_links_are_data_whatever_they_look_like(admin: Admin) -> None:
    hostile = "<script>alert(1)</script>\u202e😀"
    admin.host.people[ADA] = (hostile, hostile)
    admin.host.libraries[REPO_ID] = hostile
    odr_id = admin.repository.add(new(path="/")).odr_id
    admin.put_into(odr_id, path="/" + hostile, name=hostile, comment=hostile, reason_args=json.dumps({"x": hostile}))
    answer = admin.get(LOG)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    (row,) = answer.json()["offline_download_log_list"]
    assert {row["name"], row["comment"], row["owner_name"], row["repo_name"], row["path"][1:]} == {hostile}


def test_each_owner_and_each_library_is_asked_for_once(admin: Admin) -> None:
    for owner in (ADA, BOB):
        add_many(admin.repository, 10, owner=owner)
    assert len(admin.rows()) == 20
    assert sorted(admin.host.asked) == sorted([REPO_ID, ADA, BOB])


def test_deleted_libraries_have_no_name(admin: Admin) -> None:
    add_many(admin.repository, 1)
    assert [row["repo_name"] for row in admin.rows()] == [""]


def test_a_host_that_cannot_tell_names_costs_the_names_alone(admin: Admin) -> None:
    for owner in (ADA, BOB):
        add_many(admin.repository, 2, owner=owner)
    admin.host.fails = True
    assert [(row["owner_name"], row["repo_name"]) for row in admin.rows(per_page=2)] == [(BOB, "")] * 2
    assert len(admin.host.asked) == 2


@pytest.mark.parametrize("rows", [0, 1, 30])
def test_a_page_costs_two_statements_at_most(admin: Admin, rows: int) -> None:
    add_many(admin.repository, rows)
    assert admin.statements.of(lambda: admin.get(LOG, q="x", owner=ADA, status="waiting")) == (2 if rows > 25 else 1)


def test_tables_that_are_missing_are_a_sentence(admin: Admin) -> None:
    admin.run_sql("DROP TABLE OfflineDownloadRecord")
    for route in (LOG, EXPORT):
        answer = admin.get(route)
        assert answer.status_code == 503
        assert "upgrade-db" in answer.json()["error_msg"]
