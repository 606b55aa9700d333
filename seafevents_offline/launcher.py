"""What a child gives up for good, and the small program that gives it up before it becomes another one.

``confine.command`` runs it with ``-I -S`` at every start of a child: so it imports little and nothing of ours.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys

# <linux/prctl.h>
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4

#: <linux/capability.h>: _LINUX_CAPABILITY_VERSION_3, whose sets are two words of 32 bits each.
_CAPABILITY_VERSION = 0x20080522

# <linux/landlock.h>; the numbers of the calls are the same on all processors.
_LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446
_LANDLOCK_CREATE_RULESET_VERSION = 1
_LANDLOCK_RULE_NET_PORT = 2
_LANDLOCK_ACCESS_NET_CONNECT_TCP = 2

_LANDLOCK_SCOPE_SIGNAL = 2

#: The first versions that know ports (Linux 6.7) and signals (6.12).
_LANDLOCK_PORTS, _LANDLOCK_SIGNALS = 4, 6

#: More than there are in any kernel; the first that a kernel does not know ends the list.
_CAPABILITIES = 64

_SAME = -1

#: A port for a child that connects to none.
NO_PORT = -1

#: The exit code when the program cannot be run, as shells have it.
CANNOT_RUN = 126


def drop(uid: int, gid: int, limits: dict[int, int], alone: bool, port: int) -> None:
    """Confine this process. To be called before it has a second thread: capabilities belong to a thread.

    ``uid``, ``gid``: whose process it shall be; -1 leaves it whose it is. ``limits``: by number, see getrlimit(2).
    A larger file than RLIMIT_FSIZE is EFBIG, because Python lets its children ignore SIGXFSZ. ``alone``: it may start
    neither a process nor a thread. ``port``: the only TCP port that it may connect to, where the kernel has Landlock,
    and then it signals no other process either; 0 for any, NO_PORT for none.

    Raises OSError when it could not become what it shall be.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
    os.umask(0o077)
    _limit(limits)
    _empty_bounding_set(libc)
    if uid != _SAME:
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    _empty_capabilities(libc)
    _check(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    if port:
        _connect_only_to(port, libc)
    if alone:
        # Not before it is whose it shall be: exec() fails in a process that came to its user beyond this limit.
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def main() -> None:
    """``uid gid alone port number=limit,… program argument…``: become that program, confined."""
    uid, gid, alone, port = map(int, sys.argv[1:5])
    pairs = (pair.split("=") for pair in sys.argv[5].split(","))
    limits = {int(number): int(limit) for number, limit in pairs}
    arguments = sys.argv[6:]
    program = arguments[0]
    try:
        # While it may still go there: other users often may not.
        fd = os.open(program, os.O_PATH)
        drop(uid, gid, limits, bool(alone), port)
        _become(arguments, fd)
    except OSError as error:
        sys.stderr.write(f"{program}: {error.strerror}\n")
        sys.exit(CANNOT_RUN)


def _become(arguments: list[str], fd: int) -> None:
    try:
        os.execv(arguments[0], arguments)  # noqa: S606
    except PermissionError:
        # A script's interpreter opens it as /dev/fd/<fd>.
        os.set_inheritable(fd, True)
        os.execve(fd, arguments, os.environ)  # noqa: S606


def _limit(limits: dict[int, int]) -> None:
    """For good; or to our own limit, where that is less and we may not raise it."""
    for kind, value in {resource.RLIMIT_CORE: 0, **limits}.items():
        try:
            resource.setrlimit(kind, (value, value))
        except (ValueError, OSError):
            _, hard = resource.getrlimit(kind)
            resource.setrlimit(kind, (hard, hard))


def _empty_bounding_set(libc: ctypes.CDLL) -> None:
    """Root alone may do that. Others, and a root without CAP_SETPCAP, gain nothing by it either: no_new_privs."""
    for capability in range(_CAPABILITIES):
        if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            return


def _empty_capabilities(libc: ctypes.CDLL) -> None:
    libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    effective_permitted_inheritable = (ctypes.c_uint32 * 6)()
    _check(libc.capset(header, effective_permitted_inheritable))


def can_restrict_ports() -> bool:
    """Whether the kernel can keep a process from all TCP ports but one."""
    return _landlock() >= _LANDLOCK_PORTS


def _landlock() -> int:
    """The version that the kernel has; -1 for none."""
    call = ctypes.CDLL(None).syscall
    call.argtypes, call.restype = [ctypes.c_long] * 4, ctypes.c_long
    return int(call(_LANDLOCK_CREATE_RULESET, 0, 0, _LANDLOCK_CREATE_RULESET_VERSION))


def _connect_only_to(port: int, libc: ctypes.CDLL) -> None:
    """And signal nobody else. An older kernel leaves it as it is: that a child connects elsewhere is prevented
    otherwise, and this is for one that obeys somebody else by now."""
    version = _landlock()
    if version < _LANDLOCK_PORTS:
        return
    call, connect = libc.syscall, _LANDLOCK_ACCESS_NET_CONNECT_TCP
    # No files; connections; signals.
    rules = (ctypes.c_uint64 * 3)(0, connect, _LANDLOCK_SCOPE_SIGNAL if version >= _LANDLOCK_SIGNALS else 0)
    fd = call(_LANDLOCK_CREATE_RULESET, rules, ctypes.c_size_t(ctypes.sizeof(rules)), 0)
    _check(min(fd, 0))
    if port != NO_PORT:
        rule = (ctypes.c_uint64 * 2)(connect, port)
        _check(call(_LANDLOCK_ADD_RULE, fd, _LANDLOCK_RULE_NET_PORT, rule, 0))
    _check(call(_LANDLOCK_RESTRICT_SELF, fd, 0))
    os.close(fd)


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


if __name__ == "__main__":
    main()
