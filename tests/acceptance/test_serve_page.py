"""The page of ``serve`` from outside: a real process, real sockets, a browser's headers."""

from __future__ import annotations

import http.client
import re
import signal
import socket
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

from seafevents_offline.hosts.standalone import REPO_ID
from tests.support.cli import Cli, Running
from tests.support.http_server import Answer, File, HttpServer
from tests.support.ports import free_port
from tests.support.waiting import eventually

_LINK = r"http://127\.0\.0\.1:(\d+)/\?token=[\w-]{32}"
LIBRARY = f"/library/{REPO_ID}/library/"


class Browser:
    """A session with the page, as a script of it has one."""

    def __init__(self, link: str) -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        self.url = link.partition("/?")[0]
        self.first = self.session.get(link, timeout=60)

    def get(self, path: str) -> requests.Response:
        return self.session.get(self.url + path, timeout=60)

    def send(self, method: str, path: str, **more: Any) -> requests.Response:
        """With the token that the page has for it."""
        found = re.search(r'"csrfToken": "(\w+)"', self.get(LIBRARY).text)
        assert found is not None
        headers = {"X-CSRFToken": found.group(1)}
        return self.session.request(method, self.url + path, headers=headers, timeout=60, **more)


def link_of(running: Running) -> str:
    running.says(_LINK)
    found = re.search(_LINK, running.out)
    assert found is not None
    return found.group()


Serve = Callable[..., "tuple[Running, str]"]


@pytest.fixture
def serve(cli: Cli, http_server: HttpServer) -> Serve:
    """Starts ``serve``; gives the process and its link."""

    def start(*options: str) -> tuple[Running, str]:
        # Of an option that stands there twice the last one counts.
        running = cli.start("serve", "--port", "0", *options, "--allow", http_server.address)
        return running, link_of(running)

    return start


def port_of(link: str) -> int:
    found = re.fullmatch(_LINK, link)
    assert found is not None
    return int(found.group(1))


def test_the_printed_link_signs_in_to_the_library(serve: Serve) -> None:
    _running, link = serve()
    browser = Browser(link)
    assert browser.first.url == browser.url + LIBRARY
    assert browser.first.status_code == 200
    assert "dir-operation" in browser.first.text
    assert requests.get(browser.url + LIBRARY, timeout=60).status_code == 403
    for page in ("/offline-download/", "/sys/offline-download/"):
        assert browser.get(page).status_code == 200


def test_a_link_that_is_added_over_the_page_becomes_a_file_on_it(
    cli: Cli, serve: Serve, http_server: HttpServer
) -> None:
    _running, link = serve()
    browser = Browser(link)
    assert (
        browser.send("POST", f"/api2/repos/{REPO_ID}/dir/?p=/reports", data={"operation": "mkdir"}).status_code == 201
    )
    file = File(size=1_000_000, seed="page")
    task = {"repo_id": REPO_ID, "path": "/reports", "url": http_server.serve("/a/report.bin", file)}
    answer = browser.send("PUT", "/api/v2.2/offline-download/add", json=task)
    assert (answer.status_code, answer.json()["success"]) == (200, True)
    listed = "/api/v2.2/offline-download/tasks"
    eventually(lambda: browser.get(listed).json()["data"][0]["state"] == "ok")
    assert "report.bin" in browser.get(f"{LIBRARY}reports").text
    content = browser.get(f"/lib/{REPO_ID}/file/reports/report.bin").content
    assert content == file.read(0, 1_000_000) == (cli.library / "reports" / "report.bin").read_bytes()


def test_what_is_added_over_the_page_begins_at_once(cli: Cli, serve: Serve, http_server: HttpServer) -> None:
    """Not with the next scan, which is an hour away."""
    _running, link = serve("--config", cli.write_config(interval="1h"))
    task = {"repo_id": REPO_ID, "path": "/", "url": http_server.serve("/now.bin", File(size=10))}
    assert Browser(link).send("PUT", "/api/v2.2/offline-download/add", json=task).status_code == 200
    eventually((cli.library / "now.bin").exists)


def test_a37_a38_what_is_asked_over_the_routes_happens(serve: Serve, http_server: HttpServer) -> None:
    _running, link = serve()
    browser = Browser(link)
    tasks = "/api/v2.2/offline-download/tasks"

    def add(path: str, file: File | Answer) -> int:
        task = {"repo_id": REPO_ID, "path": "/", "url": http_server.serve(path, file)}
        return int(browser.send("PUT", "/api/v2.2/offline-download/add", json=task).json()["data"][0]["odr_id"])

    def becomes(odr_id: int, state: str) -> None:
        eventually(lambda: browser.get(f"{tasks}/{odr_id}").json()["data"]["state"] == state)

    slow = add("/slow.bin", File(size=8_000_000, seed=1, rate=20_000))
    for verb, state in [
        ("pause", "paused"),
        ("resume", "downloading"),
        ("cancel", "cancelled"),
        ("retry", "downloading"),
    ]:
        http_server.forget()
        answer = browser.send("POST", f"{tasks}/{slow}/{verb}")
        assert (answer.status_code, answer.json()["data"]["odr_id"]) == (200, slow)
        becomes(slow, state)
        if state == "downloading":
            http_server.wait_for(lambda requests: any(request.open and request.sent for request in requests))
        else:
            http_server.wait_for_active(0)
    assert browser.send("PUT", f"{tasks}/{slow}", json={"priority": 90}).json()["data"]["priority"] == 90
    assert browser.send("DELETE", f"{tasks}/{slow}").status_code == 200
    http_server.wait_for_active(0)

    failed = add("/file.bin", Answer(404))
    becomes(failed, "error")
    http_server.serve("/file.bin", File(size=1000))
    assert browser.send("POST", f"{tasks}/{failed}/retry").status_code == 200
    becomes(failed, "ok")
    codes = [browser.send("POST", f"{tasks}/{failed}/{verb}").status_code for verb in ("retry", "cancel", "pause")]
    assert codes == [409, 409, 409]
    assert [browser.send("POST", f"{tasks}/{number}/retry").status_code for number in (slow, 99)] == [404, 404]


def test_without_the_csrf_token_nothing_is_added(serve: Serve, http_server: HttpServer) -> None:
    _running, link = serve()
    browser = Browser(link)
    task = {"repo_id": REPO_ID, "path": "/", "url": http_server.url("/f")}
    answer = browser.session.put(f"{browser.url}/api/v2.2/offline-download/add", json=task, timeout=60)
    assert answer.status_code == 403
    assert browser.get("/api/v2.2/offline-download/tasks").json()["total_count"] == 0


def test_a_port_that_is_taken_is_one_sentence_and_nothing_is_left(cli: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = cli("serve", "--port", str(port))
    assert (result.code, result.out) == (1, "")
    assert result.err == f"The page cannot have port {port}: address already in use. Choose another one with --port.\n"
    assert not (cli.place / "data" / "temp" / "aria2.pid").exists()
    assert cli("list", "--json").code == 0


def test_the_link_stays_good_when_the_service_is_started_anew(cli: Cli, serve: Serve) -> None:
    # Not of the kernel's choice: it might give it to a connection of somebody else in between.
    running, link = serve("--port", str(free_port()))
    browser = Browser(link)
    assert (cli.place / "data" / "page-link").read_text() == f"{link}\n"
    running.signal(signal.SIGINT)
    assert running.result().code == 0
    _running, again = serve("--port", str(port_of(link)))
    assert again == link
    assert browser.get(LIBRARY).status_code == 200


def test_the_secret_is_nobody_elses(cli: Cli, serve: Serve) -> None:
    serve()
    for name in ("page-secret", "page-link"):
        assert stat.S_IMODE((cli.place / "data" / name).stat().st_mode) == 0o600


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=str)
def test_it_ends_in_time_while_somebody_keeps_connections_open(serve: Serve, how: signal.Signals) -> None:
    running, link = serve()
    browser = Browser(link)
    with (
        socket.create_connection(("127.0.0.1", port_of(link))) as idle,
        socket.create_connection(("127.0.0.1", port_of(link))) as half,
    ):
        half.sendall(b"GET / HTTP/1.1\r\nHost: 127")
        assert browser.get(LIBRARY).status_code == 200
        running.signal(how)
        result = running.result()
        assert idle.recv(1) == b""
    assert result.code == 0
    assert result.out.endswith("Stopping.\n")
    assert "Traceback" not in result.err


def test_only_this_machine_is_listened_to(serve: Serve) -> None:
    _running, link = serve()
    listening = [
        line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if line.split()[3] == "0A"
    ]
    port = f"{port_of(link):04X}"
    assert [address for address in listening if address.endswith(f":{port}")] == [f"0100007F:{port}"]


def test_another_host_name_is_refused(serve: Serve) -> None:
    _running, link = serve()
    answer = requests.get(link, headers={"Host": "rebound.example.com"}, timeout=60, allow_redirects=False)
    assert (answer.status_code, answer.text) == (400, "This page is only there as 127.0.0.1 or localhost.\n")


@pytest.mark.parametrize("path", ["/../secret.txt", "/%2e%2e/secret.txt", "//../../secret.txt", "/..%2fsecret.txt"])
def test_a_path_that_no_browser_would_send_leads_nowhere(cli: Cli, serve: Serve, path: str) -> None:
    (cli.place / "secret.txt").write_text("treasure")
    _running, link = serve()
    cookies = Browser(link).session.cookies
    cookie = "; ".join(f"{cookie.name}={cookie.value}" for cookie in cookies)
    with closing(http.client.HTTPConnection("127.0.0.1", port_of(link), timeout=60)) as connection:
        connection.request("GET", f"/lib/{REPO_ID}/file{path}", headers={"Cookie": cookie})
        answer = connection.getresponse()
        assert (answer.status, b"treasure" in answer.read()) == (404, False)


def test_no_token_gets_into_the_log(cli: Cli, serve: Serve) -> None:
    running, link = serve()
    browser = Browser(link)
    browser.get("/nowhere?token=" + quote(link))
    browser.get("/?token=wrong-one")
    running.signal(signal.SIGINT)
    result = running.result()
    log = "".join(path.read_text() for path in (cli.place / "data" / "logs").iterdir())
    token = link.partition("token=")[2]
    assert token not in log + result.err
    assert "wrong-one" not in log + result.err


def test_without_what_the_page_needs_it_serves_without_a_page(
    installed_cli: Cli, http_server: HttpServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    missing = tmp_path / "missing" / "waitress.py"
    missing.parent.mkdir()
    missing.write_text("raise ModuleNotFoundError(\"No module named 'waitress'\", name='waitress')\n")
    monkeypatch.setenv("PYTHONPATH", str(missing.parent))
    running = installed_cli.start("serve", "--allow", http_server.address)
    running.says("Serving")
    sentence = "There is no web page, because waitress is missing; `pip install 'seafevents-offline[web]'` brings it.\n"
    eventually(lambda: sentence in running.err)
    installed_cli("add", http_server.serve("/f.bin", File(size=10)))
    eventually((installed_cli.library / "f.bin").exists)
    running.signal(signal.SIGINT)
    assert running.result().code == 0


def test_get_needs_nothing_of_the_page(
    installed_cli: Cli, http_server: HttpServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("waitress", "django", "rest_framework"):
        (tmp_path / "missing" / name).mkdir(parents=True)
        (tmp_path / "missing" / name / "__init__.py").write_text("raise SystemExit('imported')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "missing"))
    result = installed_cli("get", http_server.serve("/f.bin", File(size=10)), "--allow", http_server.address)
    assert (result.code, result.err) == (0, "")
