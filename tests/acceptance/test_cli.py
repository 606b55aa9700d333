"""The command line from outside: real processes, a real aria2c, real signals."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from seafevents_offline.process import alive, identity
from tests.support.cli import PROGRAM, Cli, Result, Running
from tests.support.http_server import Answer, File, Gate, HttpServer
from tests.support.screen import Screen
from tests.support.waiting import eventually


def fast(file: File) -> None:
    file.rate = None


def crawling(file: File) -> None:
    """So slow from now on that it is not done however long a few commands take."""
    file.rate = 5_000


def content_of(file: File) -> bytes:
    return file.read(0, file.size or 0)


def engine_of(cli: Cli) -> str:
    """The identity of the aria2c that serves the data folder."""
    pid = (cli.place / "data" / "temp" / "aria2.pid").read_text(encoding="ascii").split(":")[0]
    return identity(int(pid))


def is_gone(process: str) -> bool:
    return not alive(process)


def assert_is_one_sentence(text: str) -> None:
    assert re.fullmatch(r"[A-Z][^\n]*\.\n", text), text


@pytest.fixture
def slow() -> File:
    return File(size=8_000_000, seed="slow", rate=50_000)


@pytest.fixture
def service(cli: Cli, http_server: HttpServer) -> Running:
    """A ``serve`` that is ready."""
    running = cli.start("serve", "--port", "0", "--allow", http_server.address)
    running.says("Serving")
    return running


def start_get(cli: Cli, url: str, *options: str) -> Running:
    """A ``get`` whose download has begun to show progress."""
    running = cli.start("get", url, *options)
    running.says(r"\d %, ")
    return running


# --- get


def test_get_downloads_into_the_library_and_says_where(installed_cli: Cli, http_server: HttpServer) -> None:
    file = File(size=1_000_000, seed=1)
    result = installed_cli("get", http_server.serve("/a/report.bin", file), "--allow", http_server.address)
    assert (result.code, result.err) == (0, "")
    path = Path(result.out.splitlines()[-1])
    assert path == installed_cli.library / "report.bin"
    assert path.read_bytes() == content_of(file)
    assert "task 1, report.bin: done, 976.6 KB." in result.out


def test_get_takes_a_name_and_a_folder(cli: Cli, http_server: HttpServer) -> None:
    (cli.library / "reports").mkdir(parents=True)
    url = http_server.serve("/x", File(size=10))
    result = cli("get", url, "--name", "März.pdf", "--to", "/reports")
    assert (result.code, Path(result.out.splitlines()[-1])) == (0, cli.library / "reports" / "März.pdf")


def test_get_as_json_prints_the_final_task_and_nothing_else(cli: Cli, http_server: HttpServer) -> None:
    good = cli("get", http_server.serve("/f.bin", File(size=10)), "--json")
    assert (good.code, good.err) == (0, "")
    assert (good.json["state"], good.json["size"], good.json["stored_path"]) == ("ok", 10, "/f.bin")
    bad = cli("--json", "get", http_server.url("/nothing"))
    assert (bad.code, bad.json["state"], bad.json["reason"]) == (1, "error", "not_found")
    assert bad.err == f"{bad.json['comment']}\n"


def test_a_download_that_fails_is_one_sentence_and_exit_code_1(cli: Cli, http_server: HttpServer) -> None:
    result = cli("get", http_server.url("/nothing"))
    assert result.code == 1
    assert_is_one_sentence(result.err)
    assert "404" in result.err
    assert not list(cli.library.iterdir())


@pytest.mark.parametrize(
    "words",
    [
        ["get", "notalink"],
        ["get", ""],
        ["get", "gopher://example.com/"],
        ["get", "gopher://user:secret@example.com/"],
        ["get", f"http://example.com/{'x' * 5000}"],
        ["get", "--", "--version"],
        ["get", "http://example.com/", "--name", "../x"],
        ["get", "http://example.com/", "--to", "relative"],
        ["add", "file:///etc/passwd"],
    ],
    ids=lambda words: words[-1][:30],
)
def test_what_was_typed_wrongly_is_one_sentence_and_exit_code_2(cli: Cli, words: list[str]) -> None:
    result = cli(*words)
    assert (result.code, result.out) == (2, "")
    assert_is_one_sentence(result.err)
    assert "secret" not in result.err
    assert cli("list", "--json").json["total_count"] == 0


@pytest.mark.parametrize(
    ("verb", "url", "sentence"),
    [
        ("add", "http://127.0.0.1:8080/f", "The address 127.0.0.1 is this server itself."),
        ("get", "http://0xa000005/f", "The address 10.0.0.5 is in a private network."),
        ("get", "http://[fd00:ec2::254]/f", "The address fd00:ec2::254 is not a public one."),
    ],
)
def test_a_link_that_may_not_be_reached_is_refused_at_once(cli: Cli, verb: str, url: str, sentence: str) -> None:
    result = cli(verb, url)
    assert (result.code, result.out, result.err) == (1, "", f"{sentence}\n")
    assert cli("list", "--json").json["total_count"] == 0


def test_a_setting_that_is_wrong_is_named(cli: Cli) -> None:
    result = cli("list", "--config", cli.write_config(max_attempts="many"))
    assert result.code == 2
    assert "[OFFLINE DOWNLOAD] max-attempts = many: a whole number" in result.err
    missing = cli("list", "--config", "nowhere.conf")
    assert missing.code == 2
    assert "nowhere.conf" in missing.err


def test_a_folder_that_is_not_there_is_refused_before_anything_happens(cli: Cli, http_server: HttpServer) -> None:
    result = cli("get", http_server.serve("/f", File(size=1)), "--to", "/nowhere")
    assert result.code == 1
    assert_is_one_sentence(result.err)
    assert http_server.requests == []


def test_why_it_waits_and_until_when_is_shown(cli: Cli, http_server: HttpServer) -> None:
    url = http_server.serve("/f.bin", File(size=10, answers=[Answer(503)]))
    running = cli.start("get", url, "--config", cli.write_config(retry_delay="10m"))
    running.says(r"f\.bin: waiting: .*503.* Next try in (10 min|9 min \d+ s)\.")
    running.signal(signal.SIGINT)
    assert running.result().code == 1


def test_a_page_instead_of_a_file_is_told(cli: Cli, http_server: HttpServer) -> None:
    page = File(data=b"<!doctype html><html><title>Log in</title></html>", content_type="text/html")
    result = cli("get", http_server.serve("/report.zip", page))
    assert result.code == 0
    assert "This is a web page" in result.out


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, None], ids=str)
def test_stopped_it_keeps_what_it_has_and_goes_on(
    cli: Cli, http_server: HttpServer, slow: File, how: signal.Signals | None
) -> None:
    url = http_server.serve("/slow.bin", slow)
    # By itself it stops half way.
    slow.rate, slow.stall_at = 200_000, 4_000_000
    if how is None:
        result = cli("get", url, "--timeout", "12s")
        engine = engine_of(cli)
    else:
        running = start_get(cli, url)
        engine = engine_of(cli)
        eventually(lambda: http_server.sent() > 2_000_000)
        running.signal(how)
        result = running.result()
    assert result.code == 1
    assert result.err.endswith("Task 1 keeps what it has; the same command goes on with it.\n")
    assert_is_one_sentence(result.err.replace(". Task", "; task"))
    eventually(lambda: is_gone(engine))
    http_server.wait_for_active(0)
    before = http_server.sent()
    assert before > 500_000
    http_server.forget()
    # Not unlimited: then far more is sent into buffers than aria2 takes.
    slow.rate = 500_000
    slow.stall.set()
    again = cli("get", url)
    assert again.code == 0
    assert "already in the list (task 1)" in again.out
    assert (cli.library / "slow.bin").read_bytes() == content_of(slow)
    assert http_server.sent() < 8_000_000 - before / 2, "it began anew"


def test_killed_the_next_run_goes_on(cli: Cli, http_server: HttpServer, slow: File) -> None:
    url = http_server.serve("/slow.bin", slow)
    running = start_get(cli, url)
    running.signal(signal.SIGKILL)
    assert running.result().code == -signal.SIGKILL
    fast(slow)
    assert cli("get", url).code == 0
    assert (cli.library / "slow.bin").read_bytes() == content_of(slow)


def test_a_second_ctrl_c_ends_it_at_once_without_a_traceback(
    installed_cli: Cli, http_server: HttpServer, slow: File
) -> None:
    running = start_get(installed_cli, http_server.serve("/slow.bin", slow))
    running.signal(signal.SIGINT)
    running.signal(signal.SIGINT)
    result = running.result()
    assert result.code == 1
    assert "Traceback" not in result.err


# --- get beside a service


def test_get_beside_a_service_adds_there_and_watches(cli: Cli, http_server: HttpServer, service: Running) -> None:
    result = cli("get", http_server.serve("/f.bin", File(size=100_000)))
    assert result.code == 0
    assert f"The service that runs on {cli.place / 'data'} does the download." in result.out
    assert (cli.library / "f.bin").stat().st_size == 100_000
    service.signal(signal.SIGTERM)
    assert service.result().code == 0
    assert "task 1: stored" in service.err


def test_two_gets_of_one_link_are_one_download(cli: Cli, http_server: HttpServer, slow: File) -> None:
    url = http_server.serve("/slow.bin", slow)
    first = start_get(cli, url)
    crawling(slow)
    second = cli.start("get", url)
    second.says("task 1")
    fast(slow)
    results = first.result(), second.result()
    assert [result.code for result in results] == [0, 0]
    assert os.listdir(cli.library) == ["slow.bin"]
    assert cli("list", "--json").json["total_count"] == 1


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=str)
def test_get_takes_over_when_the_service_ends(
    cli: Cli, http_server: HttpServer, service: Running, slow: File, how: signal.Signals
) -> None:
    running = start_get(cli, http_server.serve("/slow.bin", slow))
    service.signal(how)
    service.result()
    fast(slow)
    result = running.result()
    assert result.code == 0
    assert "That service has ended; this process goes on with the download." in result.out
    assert (cli.library / "slow.bin").read_bytes() == content_of(slow)


def test_get_wakes_a_paused_twin(cli: Cli, http_server: HttpServer) -> None:
    url = http_server.serve("/f.bin", File(size=10))
    assert cli("add", url).out == "1\n"
    assert cli("pause", "1").code == 0
    assert cli("get", url).code == 0


def test_get_waits_for_a_task_that_is_paused_meanwhile_and_ends_with_one_that_is_cancelled(
    cli: Cli, http_server: HttpServer, slow: File
) -> None:
    running = start_get(cli, http_server.serve("/slow.bin", slow))
    crawling(slow)
    assert cli("pause", "1").code == 0
    running.says("paused; `seafevents-offline resume 1` goes on")
    assert cli("resume", "1").code == 0
    running.says(r"(?s)paused.*downloading|paused.*\d %")
    assert cli("cancel", "1").code == 0
    result = running.result()
    assert (result.code, result.err) == (1, "It was cancelled.\n")


# --- serve


def test_a_second_service_on_the_same_folder_says_so(cli: Cli, service: Running) -> None:
    result = cli("serve", "--port", "0")
    assert result.code == 1
    assert "Another download service is running" in result.err


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=str)
def test_serve_ends_tidily(
    cli: Cli, http_server: HttpServer, service: Running, slow: File, how: signal.Signals
) -> None:
    cli("add", http_server.serve("/slow.bin", slow))
    http_server.wait_for(lambda requests: requests)
    engine = engine_of(cli)
    service.signal(how)
    assert service.result().code == 0
    eventually(lambda: is_gone(engine))
    assert "Traceback" not in service.err


def test_serve_takes_what_is_added_at_once_and_writes_a_log(
    cli: Cli, http_server: HttpServer, service: Running
) -> None:
    url = http_server.serve("/f.bin", File(size=10))
    assert cli("add", f"{url}?token=secret") == Result(0, "1\n", "")
    assert cli("watch", "1").code == 0
    log = (cli.place / "data" / "logs" / "offline-download.log").read_text(encoding="utf-8")
    assert "task 1: stored" in log
    assert "secret" not in log + service.err


# --- the list


def test_a_task_goes_through_the_verbs(cli: Cli, http_server: HttpServer, service: Running, slow: File) -> None:
    crawling(slow)
    url = http_server.serve("/slow.bin", slow)
    added = cli("add", url, "--priority", "90", "--json").json
    assert (added["odr_id"], added["state"], added["priority"]) == (1, "waiting", 90)
    for verb, state, words in [
        ("pause", "paused", "Task 1 is paused.\n"),
        ("resume", "downloading", "Task 1 goes on.\n"),
        ("cancel", "cancelled", "Task 1 is cancelled.\n"),
        ("retry", "downloading", "Task 1 starts again.\n"),
    ]:
        assert cli(verb, "1") == Result(0, words, "")
        eventually(lambda state=state: cli("show", "1", "--json").json["state"] == state)
    assert [task["odr_id"] for task in cli("list", "--status", "downloading", "--json").json["data"]] == [1]
    assert cli("stats", "--json").json["downloading"]["tasks"] == 1
    assert cli("stats", "--owner", "somebody", "--json").json["downloading"]["tasks"] == 0
    assert cli("priority", "1", "10") == Result(0, "Task 1 has priority 10 now.\n", "")
    assert cli("show", "1", "--json").json["priority"] == 10
    assert cli("remove", "1") == Result(0, "Task 1 is removed.\n", "")
    assert cli("list") == Result(0, "There are no tasks here.\n", "")
    assert cli("list", "--all").out.splitlines()[1].split()[:2] == ["1", "cancelled"]
    http_server.wait_for_active(0)


def test_what_is_not_possible_is_said_for_each_task(cli: Cli, http_server: HttpServer) -> None:
    assert cli("get", http_server.serve("/f.bin", File(size=10))).code == 0
    cli("add", http_server.url("/g.bin"))
    result = cli("cancel", "1", "2", "3")
    assert (result.code, result.out) == (1, "Task 2 is cancelled.\n")
    assert result.err == "Task 1 is ok; it is not possible to cancel it now.\nThere is no task 3.\n"
    assert cli("priority", "1", "10") == Result(1, "", "Task 1 is ok; it is not possible to prioritise it now.\n")
    for verb in (["show"], ["watch"]):
        assert cli(*verb, "3") == Result(1, "", "There is no task 3.\n")


def test_a38_what_has_failed_is_tried_again_and_nothing_else(
    cli: Cli, http_server: HttpServer, service: Running
) -> None:
    url = http_server.serve("/f.bin", Answer(404))
    cli("add", url)
    assert cli("watch", "1").code == 1
    http_server.serve("/f.bin", File(size=10))
    assert cli("retry", "1") == Result(0, "Task 1 starts again.\n", "")
    assert cli("watch", "1").code == 0
    again = cli("retry", "1", "2")
    assert again == Result(1, "", "Task 1 is ok; it is not possible to retry it now.\nThere is no task 2.\n")


def test_the_same_link_is_not_added_twice(cli: Cli, http_server: HttpServer) -> None:
    url = http_server.url("/f.bin")
    assert cli("add", url).code == 0
    again = cli("add", url)
    assert (again.code, again.out, again.err) == (1, "", "This link is already in the list (task 1).\n")


def test_a39_a_checksum_decides_whether_a_file_is_stored(cli: Cli, http_server: HttpServer) -> None:
    url = http_server.serve("/f.bin", File(data=b"hello"))
    wrong = cli("get", url, "--checksum", hashlib.sha1(b"x").hexdigest())
    assert wrong.code == 1
    assert "The file does not match its checksum, so nothing was stored." in wrong.err
    assert list(cli.library.iterdir()) == []
    right = f"SHA256:{hashlib.sha256(b'hello').hexdigest()}"
    assert cli("get", url, "--checksum", right).code == 0
    assert cli("show", "2", "--json").json["checksum"] == right.lower().replace("sha256:", "sha-256=")
    assert cli("get", url, "--checksum", "nonsense").code == 2


def test_a_link_that_is_under_way_is_not_joined_for_another_checksum(cli: Cli, http_server: HttpServer) -> None:
    url = http_server.url("/f.bin")
    assert cli("add", url, "--checksum", "a" * 32).code == 0
    again = cli("get", url, "--checksum", "b" * 32)
    assert (again.code, again.out, again.err) == (1, "", "This link is already in the list (task 1).\n")


def test_the_one_library_needs_no_name(cli: Cli, http_server: HttpServer) -> None:
    refused = cli("add", http_server.url("/f.bin"), "--owner", "ada@example.com")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == "There is one person and one library here; please leave --owner and --repo out.\n"


def test_who_adds_without_a_service_is_told(cli: Cli, http_server: HttpServer) -> None:
    result = cli("add", http_server.url("/f.bin"))
    assert (result.code, result.out) == (0, "1\n")
    assert "no service runs" in result.err
    assert "no service runs" in cli("list").err


def test_the_list_has_pages(cli: Cli, http_server: HttpServer) -> None:
    for number in range(1, 6):
        cli("add", http_server.url(f"/{number}.bin"))
    page = cli("list", "--page", "2", "--per-page", "2", "--json").json
    assert [task["odr_id"] for task in page["data"]] == [3, 2]
    assert (page["total_count"], page["page"], page["per_page"], page["has_next_page"]) == (5, 2, 2, True)
    assert not cli("list", "--page", "3", "--per-page", "2", "--json").json["has_next_page"]
    table = cli("list", "--page", "2", "--per-page", "2").out.splitlines()
    assert table[0].split() == ["ID", "STATE", "DONE", "SIZE", "NAME", "COMMENT"]
    assert table[1].split() == ["3", "waiting", "3.bin"]
    assert table[-1] == "Page 2 of 3, 5 tasks; --page shows the others."


def test_show_says_everything_in_words(cli: Cli, http_server: HttpServer) -> None:
    cli("get", http_server.serve("/f.bin", File(size=10)), "--name", "g.bin")
    words = cli("show", "1").out
    for line in (
        "task      1",
        "          The file is in the library.",
        f"link      {http_server.url('/f.bin')}",
        "name      g.bin",
        f"file      {cli.library / 'g.bin'}",
    ):
        assert line in words.splitlines()
    assert re.search(r"^finished  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$", words, re.MULTILINE)


# --- watch


def test_watch_follows_everything_to_its_end(cli: Cli, http_server: HttpServer, service: Running) -> None:
    gate = Gate()
    cli("add", http_server.serve("/a.bin", File(size=10, hold=gate)))
    cli("add", http_server.url("/nothing.bin"))
    running = cli.start("watch")
    running.says("task 1, ")
    cli("add", http_server.serve("/later.bin", File(size=10)))
    running.says("task 3, later.bin: done")
    gate.set()
    result = running.result()
    assert "task 1, a.bin: done, 10 bytes." in result.out
    assert result.code in (0, 1)  # whether task 2 had failed before watch came is not known
    failed = cli("watch", "1", "2", "3")
    assert (failed.code, failed.err) == (1, "These tasks did not end well: 2.\n")


def test_watch_as_json_gives_one_line_a_change(cli: Cli, http_server: HttpServer, service: Running) -> None:
    gate = Gate()
    cli("add", http_server.serve("/a.bin", File(size=10, hold=gate)))
    running = cli.start("watch", "1", "--json")
    running.says("downloading")
    gate.set()
    result = running.result()
    states = [json.loads(line)["state"] for line in result.out.splitlines()]
    assert result.code == 0
    assert states[-1] == "ok"
    assert "downloading" in states


def test_watch_ends_in_time_and_with_nothing_to_watch_at_once(cli: Cli, http_server: HttpServer) -> None:
    assert cli("watch").code == 0
    cli("add", http_server.url("/f.bin"))
    result = cli("watch", "--timeout", "0.5s")
    assert result.code == 1
    assert result.err.splitlines()[-1] == "The time is up."
    assert "no service runs" in result.err


# --- printing


def test_on_a_terminal_one_line_moves(cli: Cli, http_server: HttpServer) -> None:
    file = File(size=2_000_000, seed=1, rate=150_000)
    url = http_server.serve("/%1b%5b2J%e2%80%ae.bin", file)
    running = cli.start_on_terminal("get", url, columns=120)
    running.says("━")
    result = running.result()
    screen = Screen()
    screen.feed(result.out)
    assert result.code == 0
    assert len(screen.lines) == 2
    assert screen.lines[0].endswith("done, 1.9 MB.")
    assert screen.lines[1].startswith(str(cli.library))
    assert r"\x1b[2J\u202e.bin" in result.out


def test_names_and_links_never_steer_a_terminal(cli: Cli, http_server: HttpServer) -> None:
    cli("add", f"{http_server.url('/')}%1b%5b31m%c2%9b%0d%0a%e2%80%ae.bin")
    for words in (["list"], ["show", "1"], ["list", "--json"]):
        running = cli.start_on_terminal(*words)
        assert running.result().code == 0
        Screen().feed(running.out)
        assert "\u202e" not in running.out


def test_who_stops_reading_gets_no_complaints(installed_cli: Cli, http_server: HttpServer) -> None:
    installed_cli("add", http_server.url("/f.bin"))
    closed, theirs = os.pipe()
    os.close(closed)
    result = subprocess.run(
        [PROGRAM, "list", "--json"],
        cwd=installed_cli.place,
        stdout=theirs,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(theirs)
    assert (result.returncode, result.stderr) == (1, b"")


def test_a_terminal_that_knows_ascii_only_gets_ascii(
    installed_cli: Cli, http_server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    installed_cli("add", http_server.url("/%e6%96%87.bin"))
    result = installed_cli("list")
    assert result.code == 0
    assert r"\u6587.bin" in result.out


# --- the rest


def test_upgrade_db_may_be_repeated(cli: Cli) -> None:
    for _ in range(2):
        assert cli("upgrade-db") == Result(0, "The tables are up to date.\n", "")


def test_doctor_finds_everything_well(cli: Cli) -> None:
    result = cli("doctor")
    assert (result.code, result.err) == (0, "")
    assert all(line.startswith("✓ ") for line in result.out.splitlines())
    assert "aria2" in result.out
    as_json = cli("doctor", "--json").json
    assert as_json["healthy"]
    assert all(check.keys() == {"name", "ok", "detail"} for check in as_json["checks"])


def test_doctor_says_what_is_wrong(cli: Cli) -> None:
    result = cli("doctor", "--config", cli.write_config(aria2c="/bin/false"))
    assert result.code == 1
    assert re.search(r"^✗ .*/bin/false", result.out, re.MULTILINE)


def test_doctor_warns_of_an_option_that_nobody_reads(cli: Cli) -> None:
    result = cli("doctor", "--config", cli.write_config(worker="3"))
    assert result.code == 0
    assert "did you mean workers?" in result.err


def test_doctor_examines_the_other_parts_beside_a_damaged_database(cli: Cli) -> None:
    (cli.place / "data").mkdir()
    (cli.place / "data" / "offline-download.db").write_bytes(b"this is no database" * 100)
    result = cli("doctor", "--json")
    assert (result.code, result.err) == (1, "")
    checks = {check["name"]: check for check in result.json["checks"]}
    assert [name for name, check in checks.items() if not check["ok"]] == ["database"]
    assert "damaged" in checks["database"]["detail"]
    assert checks["download program"]["ok"]


def test_without_an_engine_get_says_what_to_do(cli: Cli, http_server: HttpServer) -> None:
    result = cli("get", http_server.url("/f.bin"), "--config", cli.write_config(aria2c="/bin/false"))
    assert result.code == 1
    assert_is_one_sentence(result.err)
    assert "/bin/false" in result.err
