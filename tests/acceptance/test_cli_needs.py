"""What a link may need, from the command line to the server that asks for it; and that it is nowhere else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seafevents_offline.extras import Extras
from seafevents_offline.vault import Vault
from tests.support.cli import Cli
from tests.support.databases import run_sql
from tests.support.http_server import File, HttpServer
from tests.support.traces import files_with

LOGIN = Extras("ada", "correct horse")
LINK = "https://files.example.com/a.zip"


@pytest.fixture
def secret(tmp_path: Path) -> str:
    """A file with the password, away from everything that the program writes."""
    return written(tmp_path / "secret.txt", "correct horse\nwhatever follows\n")


def written(file: Path, text: str) -> str:
    file.write_text(text, encoding="utf-8")
    return str(file)


def kept(cli: Cli, odr_id: int) -> Extras:
    """What the data folder has for the task, opened with its own key."""
    task = cli("show", str(odr_id), "--json").json
    database = f"sqlite:///{cli.place / 'data' / 'offline-download.db'}"
    ((options,),) = run_sql(database, "SELECT options FROM OfflineDownloadRecord WHERE odr_id = ?", odr_id)
    vault = Vault((cli.place / "data" / "vault-secret").read_bytes())
    return vault.open(json.loads(str(options))["secret"], task["owner"], task["url"])


def assert_nowhere(cli: Cli, text: str) -> None:
    """Not in the database, its log, the engine's files or ours."""
    assert (cli.place / "data" / "offline-download.db").exists()
    assert files_with(text, cli.place / "data") == []


def test_a_download_with_a_password(cli: Cli, http_server: HttpServer, secret: str) -> None:
    url = http_server.serve("/a.bin", File(size=1000, login="ada:correct horse"))
    result = cli("get", url, "--user", "ada", "--password-file", secret, "--allow", http_server.address)
    assert (result.code, result.err) == (0, "")
    assert (cli.library / "a.bin").stat().st_size == 1000
    assert "password (not kept any more" in cli("show", "1").out
    assert_nowhere(cli, "horse")


def test_the_wrong_password_is_a_sentence_and_a_retry_takes_the_right_one(
    cli: Cli, http_server: HttpServer, secret: str, tmp_path: Path
) -> None:
    url = http_server.serve("/a.bin", File(size=1000, login="ada:correct horse"))
    allow = ("--allow", http_server.address)
    wrong = written(tmp_path / "wrong.txt", "battery staple")
    result = cli("get", url, "--user", "ada", "--password-file", wrong, *allow)
    assert result.code == 1
    assert "user name and password" in result.err

    refused = cli("retry", "1")
    assert (refused.code, refused.err.strip()) == (
        1,
        "The password and the like of this link were not kept. Please enter them again.",
    )
    assert cli("retry", "1", "--user", "ada", "--password-file", secret).code == 0
    assert cli("get", url, *allow).code == 0
    assert_nowhere(cli, "horse")
    assert_nowhere(cli, "staple")


def test_a_link_that_is_under_way_without_a_password_is_not_joined_with_one(
    cli: Cli, http_server: HttpServer, secret: str
) -> None:
    url = http_server.serve("/a.bin", File(size=1000, login="ada:correct horse"))
    login = ("--user", "ada", "--password-file", secret)
    assert cli("add", url).code == 0
    refused = cli("get", url, *login)
    assert (refused.code, refused.err) == (1, "This link is already in the list (task 1).\n")
    assert cli("remove", "1").code == 0
    # With the same it is: that is how an interrupted command goes on.
    assert cli("add", url, *login).code == 0
    assert cli("get", url, *login, "--allow", http_server.address).code == 0


def test_the_terminal_asks_for_the_password_and_does_not_show_it(cli: Cli) -> None:
    running = cli.start_on_terminal("add", LINK, "--user", "ada")
    running.says("Password of ada: ")
    running.types("correct horse\n")
    result = running.result()
    assert (result.code, "horse" in result.out) == (0, False)
    assert kept(cli, 1) == LOGIN


def test_who_ends_the_input_instead_gets_a_sentence(cli: Cli) -> None:
    running = cli.start_on_terminal("add", LINK, "--user", "ada")
    running.says("Password of ada: ")
    running.types("\x04")
    result = running.result()
    assert (result.code, "No password was given." in result.out, "Traceback" in result.out) == (2, True, False)


def test_where_there_is_no_terminal_a_file_is_asked_for(cli: Cli) -> None:
    result = cli("add", LINK, "--user", "ada")
    assert (result.code, result.out) == (2, "")
    assert result.err == "There is no terminal to ask for the password; give --password-file.\n"


def test_headers_come_from_a_file(cli: Cli, tmp_path: Path) -> None:
    headers = written(tmp_path / "headers.txt", "# a token\n\nprivate-token: correct horse\r\nAccept-Language: de\n")
    more = ("--referer", "https://example.com/page", "--user-agent", "agent")
    assert cli("add", LINK, "--header-file", headers, *more).code == 0
    names = (("Accept-Language", "de"), ("Private-Token", "correct horse"))
    assert kept(cli, 1) == Extras(headers=names, referer="https://example.com/page", user_agent="agent")
    assert "headers, referer, user agent" in cli("show", "1").out
    assert_nowhere(cli, "horse")


def test_a_login_in_the_link_is_taken_out_of_it(cli: Cli) -> None:
    assert cli("add", "https://ada:correct%20horse@files.example.com/a.zip").code == 0
    assert kept(cli, 1) == LOGIN
    assert cli("show", "1", "--json").json["url"] == LINK
    assert_nowhere(cli, "horse")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Host: horse", "Only these headers can be sent: "),
        ("Cookie: horse", "Only these headers can be sent: "),
        ("horse", "Only these headers can be sent: "),
        ("X-Api-Key:", "The header X-Api-Key cannot be sent"),
    ],
)
def test_headers_that_cannot_be_sent_are_refused_and_not_quoted(
    cli: Cli, tmp_path: Path, text: str, sentence: str
) -> None:
    result = cli("add", LINK, "--header-file", written(tmp_path / "headers.txt", text))
    assert (result.code, result.err[: len(sentence)]) == (2, sentence)
    assert "horse" not in result.err


def test_a_file_that_is_not_there_is_named(cli: Cli) -> None:
    result = cli("add", LINK, "--user", "ada", "--password-file", "nowhere.txt")
    assert (result.code, result.err) == (2, "nowhere.txt cannot be read: No such file or directory.\n")


def test_when_the_key_has_changed_the_password_is_asked_for_again(
    cli: Cli, http_server: HttpServer, secret: str
) -> None:
    url = http_server.serve("/a.bin", File(size=1000, login="ada:correct horse"))
    allow = ("--allow", http_server.address)
    assert cli("add", url, "--user", "ada", "--password-file", secret).code == 0
    (cli.place / "data" / "vault-secret").unlink()
    result = cli("get", url, *allow)
    assert (result.code, result.err.strip()) == (
        1,
        "The password and the like of this link cannot be read any more. Please retry and enter them again.",
    )
    assert http_server.requests == []
    assert cli("retry", "1", "--user", "ada", "--password-file", secret).code == 0
    assert cli("get", url, *allow).code == 0
