"""The library page, its files, and as much of Seahub's web API as the pages use, over real folders."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest

from seafevents_offline.hosts.standalone import REPO_ID
from tests.support.web import Web, config_of, text_of

if TYPE_CHECKING:
    from django.test import Client

OTHER = "11111111-1111-4111-8111-111111111111"

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)<",
    "\"'><b>",
    "{{ 7|add:7 }}{% now %}",
    "&amp;&lt;",
    "javascript:alert(1)",
    "100% #1?a=b;c+d&e",
    "back\\slash",
    "line\nfeed\tand\rmore",
    "\x1b[31m\u202e\u200b",
    "Ünïcödé 文件 😀",
    "-rf",
    "%2e%2e%2f",
    "..%2f..",
    " blank ",
    "x" * 255,
]

#: What leads out of the library, or would.
ESCAPES = [
    "/..",
    "/../secret.txt",
    "/folder/../../secret.txt",
    "/./../secret.txt",
    "//../secret.txt",
    "/link",
    "/link/secret.txt",
    "/folder/link/secret.txt",
    "/file-link",
    "/missing",
    "/file.txt/more",
    "/nul\0byte",
    "/fifo",
    "/" + "x" * 300,
    "/" + "d/" * 3000,
]


@pytest.fixture
def client(web: Web) -> Client:
    return web.browser()


@pytest.fixture
def trap(web: Web) -> Web:
    """Beside the library there is a secret, and in it there are links to it."""
    outside = web.library.parent / "outside"
    outside.mkdir()
    for place in (outside, web.library.parent):
        (place / "secret.txt").write_text("secret")
    (web.library / "folder").mkdir()
    (web.library / "file.txt").write_text("text")
    (web.library / "link").symlink_to(outside)
    (web.library / "folder" / "link").symlink_to(outside)
    (web.library / "file-link").symlink_to(outside / "secret.txt")
    os.mkfifo(web.library / "fifo")
    return web


@pytest.fixture
def mkdir(web: Web, client: Client) -> Callable[..., Any]:
    """``mkdir("/new")``: the answer of the API."""
    token = config_of(client.get(web.folder()))["csrfToken"]

    def make(path: str, operation: str = "mkdir") -> Any:
        return client.post(
            f"/api2/repos/{REPO_ID}/dir/", {"operation": operation}, QUERY_STRING=_query(path), HTTP_X_CSRFTOKEN=token
        )

    return make


def _query(path: str) -> str:
    from urllib.parse import urlencode

    return urlencode({"p": path})


def names_in(answer: Any) -> list[str]:
    """The names that the page's list shows."""
    return [unescape(name) for name in re.findall(r'<a href="[^"]*"[^>]*title="([^"]*)">', _list_of(answer))]


def _list_of(answer: Any) -> str:
    return text_of(answer).partition("<tbody>")[2].partition("</tbody>")[0]


def addresses_in(answer: Any) -> list[str]:
    return [unescape(address) for address in re.findall(r'<a href="([^"]*)"', _list_of(answer))]


# --- the page


def test_the_root_leads_to_the_library(web: Web, client: Client) -> None:
    assert client.get("/").headers["Location"] == web.folder()


def test_folders_come_first_and_each_leads_to_its_own_page(web: Web, client: Client) -> None:
    for folder in ("b", "A"):
        (web.library / folder).mkdir()
    (web.library / "a file.txt").write_bytes(b"x" * 2048)
    answer = client.get(web.folder())
    assert names_in(answer) == ["A", "b", "a file.txt"]
    assert addresses_in(answer) == [web.folder("/A"), web.folder("/b"), web.file("/a file.txt")]
    assert "2.0\xa0KB" in text_of(answer)


def test_numbers_in_names_are_in_their_own_order(web: Web, client: Client) -> None:
    names = ["1", "2", "10", "a", "Part 2 x", "part 2 y", "part 10", "²"]
    for name in reversed(names):
        (web.library / name).mkdir()
    assert names_in(client.get(web.folder())) == names


def test_the_path_leads_back_step_by_step(web: Web, client: Client) -> None:
    (web.library / "a" / "b & c" / "d").mkdir(parents=True)
    text = text_of(client.get(web.folder("/a/b & c/d")))
    path = text.partition('<ol class="path-items">')[2].partition("</ol>")[0]
    assert re.findall(r'href="([^"]*)"', path) == [web.folder("/"), web.folder("/a"), web.folder("/a/b & c")]
    assert '<span class="last-path-item" title="d">d</span>' in text


def test_the_toolbar_is_built_as_the_script_expects_it_of_seahub(web: Web, client: Client) -> None:
    text = " ".join(text_of(client.get(web.folder())).split())
    order = [
        'class="cur-view-path lib-cur-view-path"',
        'class="path-container dir-view-path"',
        'class="dir-operation"',
        'class="last-path-item"',
        '<div class="dropdown"> <span class="more-dropdown-toggle path-dropdown-item" data-toggle="dropdown"',
    ]
    places = [text.find(part) for part in order]
    assert -1 not in places
    assert places == sorted(places)


def test_where_nothing_may_be_written_there_is_no_menu(
    web: Web, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seafevents_offline.hosts.web.library.Folder.is_writable", lambda *_args: False)
    text = text_of(client.get(web.folder()))
    assert "dir-operation-no-dropdown" in text
    assert "more-dropdown-toggle" not in text


def test_what_is_not_complete_yet_is_not_shown(web: Web, client: Client) -> None:
    (web.library / ".offline-download-7-abc").write_text("half")
    (web.library / ".hidden").write_text("whole")
    assert names_in(client.get(web.folder())) == [".hidden"]
    assert client.get(web.file("/.offline-download-7-abc")).status_code == 404
    assert text_of(client.get(web.file("/.hidden"))) == "whole"


def test_nothing_can_be_made_that_is_not_shown(web: Web, mkdir: Callable[..., Any]) -> None:
    assert mkdir("/.offline-download-7").status_code == 400
    assert list(web.library.iterdir()) == []


@pytest.mark.parametrize("mtime", [-1e12, 1e18])
def test_a_time_that_no_calendar_knows_costs_no_page(
    web: Web, client: Client, monkeypatch: pytest.MonkeyPatch, mtime: float
) -> None:
    from seafevents_offline.hosts.web.library import Entry, Folder

    monkeypatch.setattr(Folder, "entries", lambda *_: [Entry("old.txt", False, 1, mtime)])
    assert names_in(client.get(web.folder())) == ["old.txt"]


def test_links_devices_and_names_that_are_no_text_are_not_shown(trap: Web) -> None:
    (trap.library / os.fsdecode(b"\xff.txt")).write_text("x")
    client = trap.browser()
    assert names_in(client.get(trap.folder())) == ["folder", "file.txt"]
    assert [entry["name"] for entry in client.get(trap.api()).json()["dirent_list"]] == ["folder", "file.txt"]


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_hostile_name_is_text_and_leads_where_it_says(web: Web, client: Client, name: str) -> None:
    (web.library / name).mkdir()
    (web.library / name / name).write_text("found")
    page = client.get(web.folder())
    assert names_in(page) == [name]
    assert "<img" not in text_of(page)
    inner = client.get(addresses_in(page)[0])
    assert names_in(inner) == [name]
    assert text_of(client.get(addresses_in(inner)[0])) == "found"


def test_no_name_of_a_file_makes_a_script(web: Web, client: Client) -> None:
    plain = len(re.findall("<script", text_of(client.get(web.folder()))))
    for name in HOSTILE:
        (web.library / name.replace("/", "")).mkdir()
    text = text_of(client.get(web.folder()))
    assert len(re.findall("<script", text)) == plain
    assert not re.search(r"<[^>]*\son\w+=", re.sub(r'"[^"]*"', '""', text))


@pytest.mark.parametrize("path", ESCAPES, ids=lambda path: ascii(path[:30]))
def test_nothing_leads_out_of_the_library(trap: Web, path: str) -> None:
    client = trap.browser()
    for answer in (client.get(trap.folder(path)), client.get(trap.file(path))):
        assert answer.status_code == 404
        assert "There is nothing at this address." in text_of(answer)
    assert client.get(trap.api(), {"p": path}).status_code in (400, 404)


def test_another_library_is_not_found(web: Web, client: Client) -> None:
    (web.library / "f").write_text("x")
    for address in (f"/library/{OTHER}/library/", f"/lib/{OTHER}/file/f", f"/library/{REPO_ID}"):
        assert client.get(address).status_code == 404
    answer = client.get(f"/api/v2.1/repos/{OTHER}/dir/")
    assert (answer.status_code, answer.json()) == (404, {"error_msg": "Library not found."})


def test_a_library_that_went_away_is_not_found(web: Web, client: Client) -> None:
    web.library.rename(web.library.with_name("away"))
    assert client.get(web.folder()).status_code == 404
    assert client.get(web.api()).status_code == 404


def test_pages_are_only_read(web: Web, client: Client) -> None:
    token = config_of(client.get(web.folder()))["csrfToken"]
    for address in ("/", web.folder(), web.file("/f")):
        assert client.post(address, HTTP_X_CSRFTOKEN=token).status_code == 405


# --- files


def test_a_file_is_saved_and_never_shown(web: Web, client: Client) -> None:
    page = b"<script>alert(1)</script>"
    (web.library / "page.html").write_bytes(page)
    answer = client.get(web.file("/page.html"))
    assert b"".join(answer.streaming_content) == page  # type: ignore[arg-type]
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="page.html"'
    assert answer.headers["Content-Length"] == str(len(page))
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_a_folder_is_no_file_and_a_file_no_folder(trap: Web) -> None:
    client = trap.browser()
    assert client.get(trap.file("/folder")).status_code == 404
    assert client.get(trap.folder("/file.txt")).status_code == 404


# --- the API


def test_the_one_library_is_the_users_own(web: Web, client: Client) -> None:
    own = {"repo_id": REPO_ID, "repo_name": "library", "permission": "rw", "encrypted": False, "type": "mine"}
    for address in ("/api/v2.1/repos", "/api/v2.1/repos/", "/api/v2.1/repos/?type=mine&type=group"):
        assert client.get(address).json() == {"repos": [own]}
    for kind in ("shared", "group", "public"):
        assert client.get("/api/v2.1/repos/", {"type": kind}).json() == {"repos": []}


def test_a_folder_is_listed_with_what_seahub_tells(web: Web, client: Client) -> None:
    (web.library / "a" / "b").mkdir(parents=True)
    (web.library / "a" / "f.bin").write_bytes(b"x" * 10)
    os.utime(web.library / "a" / "f.bin", (1_700_000_000, 1_700_000_000))
    answer = client.get(web.api(), {"p": "/a/"}).json()
    assert (answer["user_perm"], bool(answer["dir_id"])) == ("rw", True)
    folder, file = answer["dirent_list"]
    assert (folder["type"], folder["name"], folder["parent_dir"]) == ("dir", "b", "/a")
    assert file == {
        "type": "file",
        "name": "f.bin",
        "size": 10,
        "mtime": 1_700_000_000,
        "permission": "rw",
        "parent_dir": "/a",
    }


@pytest.mark.parametrize(("kind", "names"), [("d", ["folder"]), ("f", ["file"]), ("", ["folder", "file"])])
def test_a_folder_is_listed_by_kind(web: Web, client: Client, kind: str, names: list[str]) -> None:
    (web.library / "folder").mkdir()
    (web.library / "file").write_text("")
    listed = client.get(web.api(), {"p": "/", "t": kind}).json()["dirent_list"]
    assert [entry["name"] for entry in listed] == names


@pytest.mark.parametrize(
    ("query", "status", "sentence"),
    [
        ({"p": "relative"}, 400, "path invalid."),
        ({"p": ""}, 400, "path invalid."),
        ({"p": "/a/../b"}, 400, "path invalid."),
        ({"p": "/a\nb"}, 400, "path invalid."),
        ({"p": "/\ud800"}, 400, "path invalid."),
        ({"t": "x"}, 400, "type invalid."),
        ({"p": "/missing"}, 404, "Folder not found."),
    ],
    ids=str,
)
def test_a_question_that_is_wrong_is_told(
    client: Client, web: Web, query: dict[str, str], status: int, sentence: str
) -> None:
    query = {name: value.encode("utf-8", "surrogatepass").decode("latin-1") for name, value in query.items()}
    answer = client.get(web.api(), query)
    assert (answer.status_code, answer.json()) == (status, {"error_msg": sentence})


def test_a_folder_is_made_in_a_folder(web: Web, mkdir: Callable[..., Any]) -> None:
    assert mkdir("/März 2026").status_code == 201
    assert mkdir("/März 2026/new").status_code == 201
    assert (web.library / "März 2026" / "new").is_dir()


def test_a_folders_name_is_composed(web: Web, mkdir: Callable[..., Any]) -> None:
    assert mkdir("/" + unicodedata.normalize("NFD", "März")).status_code == 201
    assert [path.name for path in web.library.iterdir()] == ["März"]


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a:b", "con", "ta\tb", "dot.", "\u202etxt", "a\\b", "*", "x" * 256, "\0", " / "], ids=ascii
)
def test_a_name_that_some_computer_cannot_have_makes_no_folder(web: Web, mkdir: Callable[..., Any], name: str) -> None:
    answer = mkdir(f"/{name}")
    assert (answer.status_code, answer.json()) == (400, {"error_msg": "A folder cannot have this name."})
    assert list(web.library.iterdir()) == []


@pytest.mark.parametrize("path", ["relative", "/../outside/x", "/a\nb/x"], ids=ascii)
def test_a_path_that_is_none_makes_no_folder(web: Web, mkdir: Callable[..., Any], path: str) -> None:
    answer = mkdir(path)
    assert (answer.status_code, answer.json()) == (400, {"error_msg": "path invalid."})
    assert list(web.library.iterdir()) == []


def test_a_folder_is_made_in_what_is_there_and_over_nothing(trap: Web) -> None:
    client = trap.browser()
    token = config_of(client.get(trap.folder()))["csrfToken"]

    def make(path: str) -> tuple[int, str]:
        answer = client.post(f"{trap.api('api2')}?{_query(path)}", {"operation": "mkdir"}, HTTP_X_CSRFTOKEN=token)
        return answer.status_code, answer.json()["error_msg"]

    for taken in ("/folder", "/file.txt", "/link"):
        assert make(taken) == (409, "There is something of this name already.")
    for nowhere in ("/missing/x", "/link/x", "/file.txt/x"):
        assert make(nowhere) == (404, "Folder not found.")
    assert sorted(path.name for path in (trap.library.parent / "outside").iterdir()) == ["secret.txt"]


def test_where_nothing_can_be_written_no_folder_is_made(
    mkdir: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: Any, **_more: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("seafevents_offline.hosts.web.library.os.mkdir", refuse)
    answer = mkdir("/new")
    assert (answer.status_code, answer.json()["error_msg"][:26]) == (403, "The folder cannot be made:")


def test_nothing_else_can_be_done_to_a_folder(web: Web, client: Client, mkdir: Callable[..., Any]) -> None:
    (web.library / "a").mkdir()
    for operation in ("rename", "delete", ""):
        answer = mkdir("/a", operation)
        assert (answer.status_code, answer.json()) == (400, {"error_msg": "operation invalid."})
    token = config_of(client.get(web.folder()))["csrfToken"]
    assert client.delete(f"{web.api('api2')}?p=/a", HTTP_X_CSRFTOKEN=token).status_code == 405
    assert (web.library / "a").is_dir()
