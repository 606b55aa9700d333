"""``PUT add``: what is taken, what is refused, in which order, and that a refusal changes nothing."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from typing import Any

import pytest

from seafevents_offline.errors import ChecksumInvalid, LinkScheme
from seafevents_offline.repository import Repository
from seafevents_offline.status import OfflineDownloadStatus
from tests.support.records import ADA, BOB, REPO_ID
from tests.support.site import ADD, LINK, NO_REPO, Site

S = OfflineDownloadStatus


def error(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error_msg"]


def body(**more: Any) -> dict[str, Any]:
    return {"repo_id": REPO_ID, "path": "/", "url": LINK, **more}


# --- taken ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_row_is_there_at_once_and_the_service_is_woken(site: Site, slash: str) -> None:
    answer = site.ask("PUT", ADD + slash, body(path="/docs", name="b.zip", priority=7))
    assert answer.status_code == 200
    assert answer.json()["success"] is True
    (task,) = answer.json()["data"]
    assert (task["status"], task["state"], task["owner"], task["url"]) == (1, "waiting", ADA, LINK)
    assert (task["path"], task["name"], task["priority"]) == ("/docs", "b.zip", 7)
    assert (task["repo_name"], task["progress"], task["comment"]) == ("My <b>library</b> 📚", None, "")
    assert site.repository.get(task["odr_id"]).quota_subject == "owner@example.com"
    assert site.script.woken == [task["odr_id"]]
    assert (site.rows(), site.get(f"{ADD[:-4]}/tasks").json()["total_count"]) == (1, 1)


@pytest.mark.parametrize("urls", [{"url": LINK}, {"urls": [LINK]}])
def test_the_right_by_which_it_came_is_recorded(site: Site, urls: dict[str, Any]) -> None:
    site.script.permission = "custom-7"
    answer = site.ask("PUT", ADD, {"repo_id": REPO_ID, "path": "/", **urls})
    assert "permission" not in answer.content.decode()
    assert site.repository.get(answer.json()["data"][0]["odr_id"]).permission == "custom-7"


def test_a_form_is_as_good_as_json(site: Site) -> None:
    answer = site.ask("PUT", ADD, form=body(priority="3", csrfmiddlewaretoken="x"))
    assert answer.json()["data"][0]["priority"] == 3
    answer = site.client.generic(
        "PUT",
        ADD,
        b"".join(
            f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in body(url="https://x.example.com/multi").items()
        )
        + b"--x--\r\n",
        "multipart/form-data; boundary=x",
        HTTP_X_CSRFTOKEN="c" * 32,
    )
    assert answer.json()["data"][0]["url"] == "https://x.example.com/multi"


def test_a_form_may_bring_many_links(site: Site) -> None:
    answer = site.ask("PUT", ADD, form={"repo_id": REPO_ID, "path": "/", "urls": [LINK, f"{LINK}2"]})
    assert [task["url"] for task in answer.json()["data"]] == [LINK, f"{LINK}2"]
    assert answer.json()["failed"] == []


def test_a_token_needs_no_session_and_no_csrf_token(site: Site) -> None:
    site.sign_out()
    answer = site.client.generic("PUT", ADD, json.dumps(body()), "application/json", HTTP_AUTHORIZATION=f"Token {BOB}")
    assert answer.json()["data"][0]["owner"] == BOB


def test_links_and_names_come_in_their_one_form(site: Site) -> None:
    answer = site.add("  HTTPS://Files.Example.COM:443/ä b?q=ü#part \n", name="  e\u0301.zip ", path="//docs/")
    task = answer.json()["data"][0]
    assert task["url"] == "https://files.example.com/%C3%A4%20b?q=%C3%BC"
    assert (task["name"], task["path"]) == ("é.zip", "/docs")


def test_emoji_come_through(site: Site) -> None:
    site.script.folders.add((REPO_ID, "/🚀"))
    site.script.writable.add((REPO_ID, "/🚀"))
    answer = site.add("https://x.example.com/😀?🎉", name="📦.zip", path="/🚀")
    task = answer.json()["data"][0]
    assert (task["name"], task["path"]) == ("📦.zip", "/🚀")
    assert site.get(f"{ADD[:-4]}/tasks?q=📦").json()["total_count"] == 1


def test_a_service_that_cannot_be_woken_finds_the_task_by_itself(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.script.fails.add("wake")
    answer = site.add()
    assert (answer.status_code, site.rows()) == (200, 1)
    assert f"task {answer.json()['data'][0]['odr_id']}: the download service could not be woken" in caplog.text


def test_the_same_link_may_be_added_again_when_it_is_done(site: Site) -> None:
    first = site.add().json()["data"][0]["odr_id"]
    answer = site.add()
    assert error(answer) == (409, f"This link is already in the list (task {first}).")
    assert answer.json()["odr_id"] == first
    assert error(site.add("https://FILES.example.com/a.zip"))[0] == 409
    assert site.add(path="/docs").status_code == 200
    site.sign_in(BOB)
    assert site.add().status_code == 200
    site.sign_in(ADA)
    site.ask("POST", f"{ADD[:-4]}/tasks/{first}/cancel")
    assert site.add().status_code == 200


# --- refused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"repo_id": None}, "repo_id invalid."),
        ({"repo_id": ""}, "repo_id invalid."),
        ({"repo_id": 5}, "repo_id invalid."),
        ({"repo_id": "../../etc"}, "repo_id invalid."),
        ({"repo_id": REPO_ID + "\n"}, "repo_id invalid."),
        ({"path": None}, "path invalid."),
        ({"path": ""}, "path invalid."),
        ({"path": "docs"}, "path invalid."),
        ({"path": "/a/../b"}, "path invalid."),
        ({"path": "/\ud800"}, "path invalid."),
        ({"path": ["/"]}, "path invalid."),
        ({"url": None}, "url invalid."),
        ({"url": ""}, "url invalid."),
        ({"url": "   "}, "url invalid."),
        ({"url": 7}, "url invalid."),
        ({"url": "notaurl"}, "url invalid."),
        ({"url": "--version"}, "url invalid."),
        ({"url": " --input-file=/etc/passwd"}, "url invalid."),
        ({"url": "https://"}, "url invalid."),
        ({"url": "https://x.example.com/\ud800"}, "url invalid."),
        (
            {"url": "file:///etc/passwd"},
            "url invalid. Links that begin with file: are not supported; supported are http, https.",
        ),
        (
            {"url": "https://x.example.com/" + "a" * 9_978},
            "url invalid. The link is too long: 10000 characters, at most 4096 are allowed.",
        ),
        *[
            ({"url": url}, f"url invalid. {sentence}")
            for url, sentence in {
                "http://127.0.0.1/": "The address 127.0.0.1 is this server itself.",
                "http://0x7f.1/": "The address 127.0.0.1 is this server itself.",
                "http://１２７.1/": "The address 127.0.0.1 is this server itself.",
                "http://localhost./": "The address 127.0.0.1 of localhost. is this server itself.",
                "http://a.localhost/": "The address 127.0.0.1 of a.localhost is this server itself.",
                "http://10.0.0.5/": "The address 10.0.0.5 is in a private network.",
                "http://[::ffff:a00:5]/": "The address 10.0.0.5 is in a private network.",
                "http://169.254.169.254/": "The address 169.254.169.254 is not a public one.",
                "http://files.example.com:25/": (
                    "Nothing can be downloaded from port 25 of files.example.com; "
                    "allowed are the ports 80, 443, 8080, 8443."
                ),
                "https://cloud.example.com/f/1/": (
                    "Nothing can be downloaded from cloud.example.com: it belongs to this Seafile service."
                ),
            }.items()
        ],
        *[({"url": url}, "url invalid.") for url in ("http://1.2.3.4.5/", "http://999.1.1.1/", "http://127%2e0.0.1/")],
        ({"name": 5}, "name invalid."),
        ({"name": False}, "name invalid."),
        ({"name": []}, "name invalid."),
        ({"name": "../evil"}, "name invalid. The name '../evil' cannot be used for a file."),
        ({"name": "a\ud800"}, "name invalid. The name 'a\\ud800' cannot be used for a file."),
        ({"name": "{0.__class__}{x}/"}, "name invalid. The name '{0.__class__}{x}/' cannot be used for a file."),
        ({"name": "x" * 256}, f"name invalid. The name '{'x' * 256}' cannot be used for a file."),
        ({"priority": -1}, "priority invalid."),
        ({"priority": 101}, "priority invalid."),
        ({"priority": True}, "priority invalid."),
        ({"priority": 5.0}, "priority invalid."),
        ({"priority": "high"}, "priority invalid."),
        ({"priority": "٣"}, "priority invalid."),
        ({"priority": None}, "priority invalid."),
        ({"urls": []}, "Please give either url or urls."),
        *[
            ({"checksum": checksum}, f"checksum invalid. {ChecksumInvalid.sentence}")
            for checksum in ("x", 5, True, [], {}, "a" * 63, f"sha-1={'a' * 64}", f"{'a' * 64}\nheader=x")
        ],
        ({"b": 1, "a\ud800": 1}, "These fields are not known: a?, b."),
    ],
)
def test_a_wrong_argument_is_named_and_changes_nothing(site: Site, wrong: dict[str, Any], sentence: str) -> None:
    given = body(**wrong)
    if None in wrong.values() and "priority" not in wrong:
        given = {name: value for name, value in given.items() if value is not None}
    assert error(site.ask("PUT", ADD, given)) == (400, sentence)
    assert (site.rows(), site.script.woken) == (0, [])


@pytest.mark.parametrize("urls", [[], [5], "x", None, {}, [LINK] * 101])
def test_a_wrong_list_of_links_is_refused(site: Site, urls: Any) -> None:
    answer = site.ask("PUT", ADD, {"repo_id": REPO_ID, "path": "/", "urls": urls})
    assert error(answer) == (400, "urls invalid. Please give 1 to 100 links at once.")
    assert site.rows() == 0


def test_what_the_administrator_opens_or_denies_counts_at_once(site: Site) -> None:
    site.change(allow_addresses=("10.0.0.5:9000", "192.168.0.0/16"), deny_hosts=("bad.example",))
    urls = {
        "http://10.0.0.5:9000/": None,
        "http://192.168.7.7/": None,
        "http://192.168.7.7:9000/": (
            "url invalid. Nothing can be downloaded from port 9000 of 192.168.7.7; "
            "allowed are the ports 80, 443, 8080, 8443."
        ),
        "http://10.0.0.5/": "url invalid. The address 10.0.0.5 is in a private network.",
        "http://x.bad.example/": "url invalid. The administrator does not allow downloads from x.bad.example.",
    }
    answer = site.ask("PUT", ADD, {"repo_id": REPO_ID, "path": "/", "urls": list(urls)}).json()
    assert [task["url"] for task in answer["data"]] == [url for url, sentence in urls.items() if sentence is None]
    assert {one["url"]: one["error_msg"] for one in answer["failed"]} == {u: s for u, s in urls.items() if s}


def test_a_refusal_is_in_the_readers_language(site: Site) -> None:
    answer = site.client.generic(
        "PUT",
        ADD,
        json.dumps(body(url="http://10.0.0.5/")),
        "application/json",
        HTTP_X_CSRFTOKEN="c" * 32,
        HTTP_ACCEPT_LANGUAGE="de",
    )
    assert error(answer) == (400, "url ungültig. Die Adresse 10.0.0.5 liegt in einem privaten Netz.")


def test_a_name_is_for_one_link(site: Site) -> None:
    two = {"repo_id": REPO_ID, "path": "/", "urls": [LINK, f"{LINK}2"], "name": "x"}
    assert error(site.ask("PUT", ADD, two)) == (400, "name invalid. A name can be given for one link only.")
    two["urls"] = [LINK]
    assert site.ask("PUT", ADD, two).json()["data"][0]["name"] == "x"


@pytest.mark.parametrize("urls", [{"url": LINK}, {"urls": [LINK]}])
def test_a_checksum_is_kept_in_its_one_form(site: Site, urls: dict[str, Any]) -> None:
    site.script.permission = "rw"
    answer = site.ask("PUT", ADD, {"repo_id": REPO_ID, "path": "/", **urls, "checksum": f" SHA256: {'A' * 64}\n"})
    (task,) = answer.json()["data"]
    assert task["checksum"] == f"sha-256={'a' * 64}"
    kept = site.repository.get(task["odr_id"])
    assert (kept.checksum, kept.permission) == (task["checksum"], "rw")
    # The same link is the same task, whatever it shall come to.
    again = site.ask("PUT", ADD, body(checksum="b" * 64))
    assert (again.status_code, again.json()["odr_id"]) == (409, task["odr_id"])


@pytest.mark.parametrize("checksum", [None, "", " "])
def test_no_checksum_is_none(site: Site, checksum: Any) -> None:
    (task,) = site.ask("PUT", ADD, body(checksum=checksum)).json()["data"]
    assert task["checksum"] == ""


def test_a_checksum_is_for_one_link(site: Site) -> None:
    two = {"repo_id": REPO_ID, "path": "/", "urls": [LINK, f"{LINK}2"], "checksum": "a" * 32}
    assert error(site.ask("PUT", ADD, two)) == (400, "checksum invalid. A checksum can be given for one link only.")
    assert site.rows() == 0


def test_a53_nothing_is_added_for_an_encrypted_library(site: Site) -> None:
    site.script.encrypted = True
    for given in (body(), {"repo_id": REPO_ID, "path": "/", "urls": [LINK]}):
        sentence = "Files cannot be downloaded into an encrypted library. Please choose another one."
        assert error(site.ask("PUT", ADD, given)) == (403, sentence)
    assert (site.rows(), site.script.woken) == (0, [])


def test_the_checks_come_in_their_order(site: Site) -> None:
    """Everything is wrong at once; each thing that is mended brings up the next."""
    site.script.may_use = site.script.has_room = False
    site.script.encrypted = site.script.is_wiki = True
    site.script.writable.clear()
    site.change(enabled=False, tasks_per_user=1)
    site.task()
    wrong: dict[str, Any] = {"repo_id": NO_REPO, "path": "/gone", "url": "x"}

    def refused() -> tuple[int, str]:
        return error(site.ask("PUT", ADD, wrong))

    assert refused() == (404, "Offline download not supported.")
    site.change(enabled=True)
    assert refused() == (400, "url invalid.")
    wrong["url"] = LINK
    assert refused() == (404, "Library not found.")
    wrong["repo_id"] = REPO_ID
    assert refused() == (404, "Folder not found.")
    wrong["path"] = "/docs"
    assert refused() == (403, "Permission denied.")
    site.script.writable.add((REPO_ID, "/docs"))
    assert refused() == (403, "Permission denied.")
    site.script.may_use = True
    assert refused() == (403, "Files cannot be downloaded into an encrypted library. Please choose another one.")
    site.script.encrypted = False
    assert refused() == (403, "Files cannot be downloaded into a wiki. Please choose a library.")
    site.script.is_wiki = False
    assert refused() == (443, "Out of quota.")
    site.script.has_room = True
    assert refused()[0] == 429
    site.change(tasks_per_user=2)
    assert site.rows() == 1
    assert site.ask("PUT", ADD, wrong).status_code == 200


def test_the_right_to_upload_is_that_of_the_very_folder(site: Site) -> None:
    site.script.writable.remove((REPO_ID, "/docs"))
    assert error(site.add(path="/docs")) == (403, "Permission denied.")
    assert site.add(path="/").status_code == 200


def test_too_many_unfinished_tasks_are_refused(site: Site) -> None:
    site.change(tasks_per_user=2)
    site.task(status=S.PAUSED), site.task(), site.task(status=S.OK), site.task(owner=BOB)
    answer = site.add()
    assert error(answer) == (
        429,
        "You have 2 unfinished tasks, which is the limit. Please wait until some are done, or cancel some.",
    )
    assert answer.headers["Retry-After"] == "60"
    assert site.rows() == 4


def test_too_many_adds_in_an_hour_are_refused(site: Site) -> None:
    site.change(adds_per_hour=1)
    site.task(status=S.OK)
    answer = site.add()
    assert error(answer) == (429, "You have added 1 link within an hour, which is the limit. Please try again later.")
    assert 3590 <= int(answer.headers["Retry-After"]) <= 3600


def test_the_database_has_the_last_word_when_another_request_was_faster(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.change(tasks_per_user=1)
    site.task()
    usage = Repository.usage
    # As it was a moment ago.
    monkeypatch.setattr(
        Repository, "usage", lambda self, owner: monkeypatch.undo() or replace(usage(self, owner), active=0)
    )
    answer = site.add()
    assert error(answer)[0] == 429
    assert "1 unfinished task," in error(answer)[1]
    assert (answer.headers["Retry-After"], site.rows()) == ("60", 1)


def test_a_failed_insert_is_never_a_success(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.run_sql("CREATE TRIGGER no BEFORE INSERT ON OfflineDownloadRecord BEGIN SELECT RAISE(ABORT, 'no'); END")
    for given in (body(), {"repo_id": REPO_ID, "path": "/", "urls": [LINK]}):
        answer = site.ask("PUT", ADD, given)
        assert error(answer) == (500, "The link could not be saved. Please try again later.")
        assert "success" not in answer.json()
    assert (site.rows(), site.script.woken) == (0, [])
    assert "task" in caplog.text


def test_without_its_tables_the_service_is_not_set_up(site: Site) -> None:
    site.run_sql("DROP TABLE OfflineDownloadRecord")
    status, sentence = error(site.add())
    assert status == 503
    assert "seafevents-offline upgrade-db" in sentence


@pytest.mark.parametrize("method", ["library", "has_folder", "may_use", "upload_permission", "has_room", "settings"])
def test_a_host_that_does_not_answer_is_no_permission(
    site: Site, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    site.script.fails.add(method)
    assert error(site.add()) == (500, "Something went wrong on the server. Please try again later.")
    assert site.rows() == 0
    assert "A request failed" in caplog.text


# --- many -----------------------------------------------------------------------------------------------


def test_each_of_many_links_is_judged_by_itself(site: Site) -> None:
    links = [LINK, "notaurl", "ftp://x.example.com/f", f"{LINK}2", LINK, "bad\ud800"]
    answer = site.ask("PUT", ADD, {"repo_id": REPO_ID, "path": "/", "urls": links, "priority": 9})
    assert answer.status_code == 200
    first, second = answer.json()["data"]
    assert (first["url"], second["url"], second["priority"]) == (LINK, f"{LINK}2", 9)
    assert [(one["url"], one["error_msg"]) for one in answer.json()["failed"]] == [
        ("notaurl", "url invalid."),
        ("ftp://x.example.com/f", f"url invalid. {LinkScheme(scheme='ftp', schemes='http, https')}"),
        (LINK, f"This link is already in the list (task {first['odr_id']})."),
        ("bad?", "url invalid."),
    ]
    assert site.rows() == 2
    assert site.script.woken == [first["odr_id"]]


def test_what_concerns_all_links_refuses_all(site: Site) -> None:
    many = {"repo_id": REPO_ID, "path": "/gone", "urls": [LINK, f"{LINK}2"]}
    assert error(site.ask("PUT", ADD, many)) == (404, "Folder not found.")
    assert site.rows() == 0


def test_as_many_links_are_taken_as_there_are_places(site: Site) -> None:
    site.change(tasks_per_user=3)
    site.task()
    links = [f"{LINK}{number}" for number in range(4)]
    answer = site.ask("PUT", ADD, {"repo_id": REPO_ID, "path": "/", "urls": ["x", *links]})
    assert [task["url"] for task in answer.json()["data"]] == links[:2]
    assert [one["url"] for one in answer.json()["failed"]] == ["x", *links[2:]]
    assert "3 unfinished tasks" in answer.json()["failed"][-1]["error_msg"]
    assert error(site.ask("PUT", ADD, {"repo_id": REPO_ID, "path": "/", "urls": links}))[0] == 429


def test_links_that_were_saved_are_not_denied_when_a_later_one_fails(site: Site) -> None:
    site.run_sql(
        "CREATE TRIGGER no BEFORE INSERT ON OfflineDownloadRecord WHEN NEW.url LIKE '%2'"
        " BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    answer = site.ask("PUT", ADD, {"repo_id": REPO_ID, "path": "/", "urls": [LINK, f"{LINK}2"]})
    assert answer.status_code == 200
    assert [task["url"] for task in answer.json()["data"]] == [LINK]
    assert answer.json()["failed"] == [
        {"url": f"{LINK}2", "error_msg": "The link could not be saved. Please try again later."}
    ]


def test_a_hundred_links_are_one_request(site: Site) -> None:
    links = [f"{LINK}{number}" for number in range(100)]
    answer = site.ask("PUT", ADD, {"repo_id": REPO_ID, "path": "/", "urls": links})
    assert (len(answer.json()["data"]), site.rows()) == (100, 100)
    assert len(site.script.asked) == 2


def test_a_read_only_database_says_so_in_the_log(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    path = site.script.settings.database.removeprefix("sqlite:///")
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA user_version")
    site.repository.close()
    site.run_sql("PRAGMA user_version")
    with site.repository._database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
    assert error(site.add()) == (500, "The link could not be saved. Please try again later.")
    holder.close()
    assert "read-only" in caplog.text
