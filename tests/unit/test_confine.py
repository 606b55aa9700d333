"""What a child is confined to, as the kernel tells it."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from seafevents_offline import confine, launcher
from seafevents_offline.confine import CANNOT_RUN, Account, Confinement, account, command
from seafevents_offline.errors import EngineUnavailable, SettingsError
from tests.support.rights import DOCKER, NOBODY, PREAMBLE, PYTHON, assert_powerless, limits, only_root, status


@contextmanager
def running(confinement: Confinement, *program: str) -> Iterator[subprocess.Popen[bytes]]:
    """The program, which has begun: ``cat`` unless told otherwise."""
    with subprocess.Popen(
        command(program or ("/bin/cat",), confinement), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(b"x")
        child.stdin.flush()
        assert os.read(child.stdout.fileno(), 1) == b"x"
        yield child
        child.stdin.close()


def answer_of(script: str, *arguments: str) -> str:
    """What a script in a process of its own prints."""
    result = subprocess.run(
        [sys.executable, "-c", PREAMBLE + script, *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


# --- whose it is --------------------------------------------------------------------------------------


@only_root
def test_roots_child_is_nobodys_for_good() -> None:
    with running(Confinement(NOBODY)) as child:
        assert_powerless(child.pid)
        assert status(child.pid)["Umask"] == "0077"


def test_everybodys_child_gains_nothing() -> None:
    with running(Confinement(None)) as child:
        found = status(child.pid)
        assert set(found["Uid"].split()) == {str(os.getuid())}
        assert found["NoNewPrivs"] == "1"
        assert {found[f"Cap{kind}"] for kind in ("Inh", "Amb")} == {"0" * 16}


@only_root
def test_an_ordinary_users_child_is_confined_as_well() -> None:
    script = """
from seafevents_offline.confine import Confinement, account, command
import subprocess
become(65534)
assert account("no such user") is None
sys.stdout.flush()
subprocess.run(command(["/bin/cat", "/proc/self/status"], Confinement(None)))
"""
    found = dict(line.split(":", 1) for line in answer_of(script).splitlines() if ":" in line)
    assert found["NoNewPrivs"].strip() == "1"
    assert {found[f"Cap{kind}"].strip() for kind in ("Inh", "Prm", "Eff", "Amb")} == {"0" * 16}
    assert set(found["Uid"].split()) == {"65534"}


@only_root
def test_a_process_can_confine_itself() -> None:
    script = """
from seafevents_offline.confine import Account, Confinement, drop
drop(Confinement(Account("nobody", 65534, 65534), largest_file=5000, files=100))
for attempt in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.setgroups([0])):
    try:
        attempt()
    except PermissionError:
        continue
    raise SystemExit("it came back")
sys.stdin.close()
print(open("/proc/self/status").read(), open("/proc/self/limits").read())
"""
    found = answer_of(script)
    assert "NoNewPrivs:\t1" in found
    assert "CapBnd:\t0000000000000000" in found
    assert "Uid:\t65534\t65534\t65534\t65534" in found


@only_root
def test_the_account_reaches_the_program_where_it_may_not_go(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    program, beside = tmp_path / "program", tmp_path / "beside"
    program.write_text('#!/bin/sh\nid -u; cat "$1" 2>&1')
    program.chmod(0o755)
    beside.write_text("secret")
    beside.chmod(0o644)
    result = subprocess.run(
        command([str(program), str(beside)], Confinement(NOBODY)), capture_output=True, text=True, check=False
    )
    assert result.stdout == f"65534\ncat: {beside}: Permission denied\n"


def test_a_program_that_cannot_be_run_is_told_by_its_exit_code(tmp_path: Path) -> None:
    for program, reason in (
        (tmp_path / "nothing", "No such file or directory"),
        (tmp_path, "Permission denied"),
    ):
        result = subprocess.run(command([str(program)], Confinement(None)), capture_output=True, text=True, check=False)
        assert result.returncode == CANNOT_RUN
        assert result.stderr == f"{program}: {reason}\n"


def test_arguments_are_handed_on_as_they_are() -> None:
    words = [b"", b"a b", b"--x=1", "ü".encode(), b"\xff"]
    arguments = command(["/usr/bin/printf", "%s|", *map(os.fsdecode, words)], Confinement(None))
    for environment in ({"LC_ALL": "C"}, {"LC_ALL": "C.UTF-8"}, {}):
        result = subprocess.run(arguments, capture_output=True, check=True, env=environment)
        assert result.stdout == b"|".join(words) + b"|"


# --- what it may use ----------------------------------------------------------------------------------


def test_limits() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with running(Confinement(None, largest_file=12345, files=100, memory=2**29, alone=True)) as child:
        found = limits(child.pid)
    assert found["Max file size"] == ("12345", "12345")
    assert found["Max open files"] == ("100", "100")
    assert found["Max core file size"] == ("0", "0")
    assert found["Max data size"] == ("536870912", "536870912")
    assert found["Max processes"] == ("0", "0")
    with running(Confinement(None)) as child:
        found = limits(child.pid)
    assert found["Max file size"] == ("unlimited", "unlimited")
    assert found["Max data size"] == ("unlimited", "unlimited")
    assert found["Max open files"] == ("1024", "1024") or hard < 1024


@only_root
def test_more_than_the_service_itself_may_use_is_as_much_as_it_may() -> None:
    script = """
import resource, subprocess
from seafevents_offline.confine import Confinement, account, command
keep(*{docker})
resource.setrlimit(resource.RLIMIT_NOFILE, (200, 300))
resource.setrlimit(resource.RLIMIT_FSIZE, (50000, 50000))
resource.setrlimit(resource.RLIMIT_DATA, (10**9, 10**9))
confinement = Confinement(account("nobody"), largest_file=10**10, files=16384, memory=10**10)
subprocess.run(command(["/bin/cat", "/proc/self/limits"], confinement))
"""
    found = [line.split() for line in answer_of(script.format(docker=DOCKER)).splitlines()]
    limited = {" ".join(words[1:3]): words[3:5] for words in found if words[1:3]}
    assert limited["open files"] == ["300", "300"]
    assert limited["file size"] == ["50000", "50000"]
    assert limited["data size"] == ["1000000000", "1000000000"]


@pytest.mark.parametrize("whose", [None, pytest.param(NOBODY, marks=only_root)])
def test_a_file_that_grows_too_large_is_an_error_and_not_the_end(tmp_path: Path, whose: Account | None) -> None:
    # Ignored, the signal is an error; else it would end dd.
    program = ["/bin/dd", "if=/dev/zero", "bs=6000", "count=1", "status=none"]
    with open(tmp_path / "file", "wb") as output:
        child = subprocess.run(
            command(program, Confinement(whose, largest_file=5000)),
            stdout=output,
            stderr=subprocess.PIPE,
            check=False,
            env={"LC_ALL": "C"},
        )
    assert child.returncode == 1
    assert b"File too large" in child.stderr
    assert (tmp_path / "file").stat().st_size == 5000


@only_root
def test_alone_it_starts_no_other_process() -> None:
    script = "import os, sys\ntry:\n  os.fork()\nexcept OSError as error:\n  print(error.strerror)"
    for whose in (NOBODY, Account("daemon", 1, 1)):
        result = subprocess.run(
            command([PYTHON, "-c", script], Confinement(whose, alone=True)), capture_output=True, check=True
        )
        assert result.stdout == b"Resource temporarily unavailable\n"


@pytest.mark.skipif(not launcher.can_restrict_ports(), reason="this kernel is older than Linux 6.7, or has no Landlock")
def test_it_connects_to_one_port_alone() -> None:
    script = """
import socket, sys
for host, port in (("127.0.0.1", sys.argv[1]), ("127.0.0.1", sys.argv[2]), ("::1", sys.argv[2])):
    try:
        socket.create_connection((host, int(port))).close()
        print("connected")
    except OSError as error:
        print(error.strerror)
socket.create_server(("127.0.0.1", 0)).close()
"""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        ports = one.getsockname()[1], other.getsockname()[1]
        arguments = [PYTHON, "-c", script, *map(str, ports)]
        for confinement, words in (
            (Confinement(None, port=ports[0]), ["connected", "Permission denied", "Permission denied"]),
            (Confinement(None), ["connected", "connected", "Connection refused"]),
        ):
            found = subprocess.run(command(arguments, confinement), capture_output=True, text=True, check=True)
            assert found.stdout.split("\n")[:-1] == words


@only_root
@pytest.mark.skipif(launcher._landlock() < 6, reason="this kernel is older than Linux 6.12, or has no Landlock")
def test_it_signals_no_fellow_of_the_same_account() -> None:
    script = "import os, sys\ntry:\n  os.kill(int(sys.argv[1]), 0)\nexcept OSError as error:\n  print(error.strerror)"
    with running(Confinement(NOBODY)) as other:
        arguments = [PYTHON, "-c", script, str(other.pid)]
        for port, words in ((1, "Operation not permitted\n"), (0, "")):
            child = command(arguments, Confinement(NOBODY, port=port))
            assert subprocess.run(child, capture_output=True, text=True, check=True).stdout == words


# --- the setting run-as -------------------------------------------------------------------------------


@only_root
def test_an_account_is_a_name_or_a_number() -> None:
    assert account("nobody") == NOBODY
    assert account("65534") == Account("65534", 65534, NOBODY.gid)
    assert account("54321") == Account("54321", 54321, 54321)


@only_root
@pytest.mark.parametrize("name", ["root", "0", "00", "no such user", ""])
def test_a_wrong_account_is_a_sentence(name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        account(name)
    assert "run-as" in str(caught.value)
    assert "for example nobody" in str(caught.value)


def test_who_is_not_root_has_no_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert account("root") is None


@only_root
def test_a_root_without_the_rights_says_what_it_lacks() -> None:
    """As in a container that was started with --cap-drop ALL."""
    script = """
from seafevents_offline.confine import account
keep(*{kept})
try:
    print(account("nobody"))
except Exception as error:
    print(type(error).__name__, error)
"""
    docker = answer_of(script.format(kept=DOCKER))
    assert docker == f"{NOBODY}\n"
    none = answer_of(script.format(kept=()))
    assert none.startswith(f"{EngineUnavailable.__name__} ")
    assert "CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_KILL, CAP_SETGID, CAP_SETUID" in none
    assert "as an ordinary user" in none


# --- looking into it ----------------------------------------------------------------------------------


@only_root
def test_dockers_root_can_look_into_a_child_of_somebody_else() -> None:
    script = """
import subprocess
from seafevents_offline.confine import Confinement, account, command, looking_into
keep(*{docker})
child = subprocess.Popen(command(["/bin/cat"], Confinement(account("nobody"))), stdin=-1, stdout=-1, cwd="/tmp")
child.stdin.write(b"x"); child.stdin.flush(); child.stdout.read1(1)
try:
    os.readlink(f"/proc/{{child.pid}}/cwd")
except PermissionError:
    print("as root it may not")
with looking_into(child.pid):
    print(os.readlink(f"/proc/{{child.pid}}/cwd"))
print(open("/proc/thread-self/status").read())
child.kill()
child.communicate()
"""
    found = answer_of(script.format(docker=DOCKER))
    assert found.startswith("as root it may not\n/tmp\n")
    assert "Uid:\t0\t0\t0\t0\n" in found
    assert "Gid:\t0\t0\t0\t0\n" in found


def test_looking_into_a_process_that_is_gone_is_an_error() -> None:
    with subprocess.Popen(["/bin/true"]) as child:
        child.wait()
    with pytest.raises(OSError), confine.looking_into(child.pid):  # noqa: PT011
        pass
