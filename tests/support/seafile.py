"""A stand-in for seaf-server: libraries, rights and quota in memory, behind the functions that the adapter calls.

Names, arguments, answers and texts are those of the sources of seafile-server 11.0 (aee8be7), 12.0 (dfe8367), 13.0
(7d42eca) and 14-dev (746546a), which agree but for what ``version`` says, and of running servers. Which functions there
are beside these is not known here: "cannot find function". seaserv.py has the client's side.
"""

from __future__ import annotations

import hashlib
import json
import stat
import threading
import time
import unicodedata
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Union

EMPTY = "0" * 40
UNLIMITED = -2
READ_ONLY = 1

OWNER = "me"
SOMEBODY = "somebody@example.com"


class SearpcError(Exception):
    """``pysearpc.SearpcError``: the server's text and nothing else."""

    def __init__(self, msg: str) -> None:
        self.msg = msg

    def __str__(self) -> str:
        return self.msg


class Died(Exception):
    """The server ends: whoever waits for an answer finds the connection broken."""


@dataclass
class Node:
    """A file, or a folder, which has no data."""

    data: bytes | None
    modifier: str
    mtime: int

    def as_dirent(self, path: str) -> dict[str, Any]:
        is_folder = self.data is None
        return {
            "obj_id": _id(path.encode() if self.data is None else self.data),
            "obj_name": path.rpartition("/")[2],
            "mode": stat.S_IFDIR if is_folder else stat.S_IFREG | 0o644,
            "mtime": self.mtime,
            "size": -1 if self.data is None else len(self.data),
        }


@dataclass
class Repo:
    """``shares``: what a user may do; ``folders``: what in one folder, as the professional edition knows it.
    ``company``: the owner where it is an organisation's. A virtual one shows a folder of its ``origin``."""

    id: str
    owner: str | None = OWNER
    status: int = 0
    encrypted: bool = False
    repo_type: str | None = None
    name: str = "files"
    company: str | None = None
    origin: Repo | None = None
    origin_path: str = "/"
    shares: dict[str, str] = field(default_factory=dict)
    folders: dict[tuple[str, str], str | None] = field(default_factory=dict)
    own_nodes: dict[str, Node] = field(default_factory=lambda: {"/": Node(None, "", 0)})

    @property
    def nodes(self) -> dict[str, Node]:
        return self.origin.nodes if self.origin else self.own_nodes

    def at(self, path: str) -> str:
        """The key of ``path`` in ``nodes``."""
        path = f"/{path.strip('/')}"
        return f"{self.origin.at(self.origin_path).rstrip('/')}{path}".rstrip("/") or "/" if self.origin else path

    def inside(self, folder: str) -> dict[str, Node]:
        """What lies directly in a folder, by name."""
        start = f"{self.at(folder).rstrip('/')}/"
        found = {path.removeprefix(start): node for path, node in self.nodes.items() if path.startswith(start)}
        return {name: node for name, node in found.items() if name and "/" not in name}

    def usage(self) -> int:
        return sum(len(node.data or b"") for node in self.own_nodes.values())


Step = Union[Exception, Callable[[], None], None]


class Seafile:
    """``calls`` has every function that was called; ``script`` says what happens at the next calls of one."""

    def __init__(self, version: int = 14) -> None:
        self.version = version
        self.repos: dict[str, Repo] = {}
        self.users: dict[str, bool] = {OWNER: True, SOMEBODY: True}
        self.quotas: dict[str, int] = {}
        #: None: the community edition.
        self.org_quota: int | None = None
        self.max_upload_size_mb = 0
        self.on_change: Callable[[], None] = lambda: None
        self._is_down = False
        self.generation = 0
        self.libraries_are_down = self.users_are_down = self.usage_is_down = False
        self.knows_post_multi_files = True
        self.calls: list[str] = []
        self._events: dict[str, deque[dict[str, Any]]] = {}
        self._steps: dict[str, deque[Step]] = {}
        self._lock = threading.RLock()

    def make(self, repo_id: str, **more: Any) -> Repo:
        self.repos[repo_id] = Repo(repo_id, **more)
        return self.repos[repo_id]

    @property
    def is_down(self) -> bool:
        return self._is_down

    @is_down.setter
    def is_down(self, is_down: bool) -> None:
        self._is_down = is_down
        self.on_change()

    def script(self, function: str, *steps: Step) -> None:
        """For each of the next calls of ``function`` what happens instead of it (an exception) or before it (a call;
        None: nothing). ``commit`` is the moment in which a file gets its place, ``answered`` the one after it."""
        self._steps.setdefault(function, deque()).extend(steps)

    def restart(self) -> None:
        """No connection survives it; nothing that was being done is, and no event that nobody has taken."""
        self.generation += 1
        self._events.clear()

    def call(self, function: str, *args: Any) -> Any:
        """As seaf-server is called: raises SearpcError, or Died."""
        name = function.removeprefix("seafile_")
        rpc = getattr(self, f"rpc_{name}", None)
        if rpc is None or (name == "post_multi_files" and not self.knows_post_multi_files):
            raise SearpcError(f"cannot find function {function}.")
        if any("\\ud" in json.dumps(arg).lower() for arg in args if _has_surrogates(arg)):
            raise SearpcError("failed to load RPC call: unable to decode byte near the end")
        self.calls.append(name)
        # On its way to the server: others are answered meanwhile.
        self._step(name)
        with self._lock:
            return rpc(*args)

    def _step(self, name: str) -> None:
        steps = self._steps.get(name)
        step = steps.popleft() if steps else None
        if isinstance(step, Exception):
            raise step
        if step is not None:
            step()

    def _repo(self, repo_id: str, missing: str) -> Repo:
        if len(repo_id) != 36:
            raise SearpcError("Invalid repo id")
        repo = None if self.libraries_are_down else self.repos.get(repo_id)
        if repo is None:
            raise SearpcError(missing)
        return repo

    # --- libraries and people -------------------------------------------------------------------------

    def rpc_count_repos(self) -> int:
        if self.libraries_are_down:
            raise SearpcError("Failed to count repos from db")
        return len(self.repos)

    def rpc_get_repo(self, repo_id: str) -> dict[str, Any] | None:
        if len(repo_id) != 36:
            raise SearpcError("Invalid repo id")
        repo = None if self.libraries_are_down else self.repos.get(repo_id)
        if repo is None or (repo.origin and repo.origin.id not in self.repos):
            return None
        known: dict[str, Any] = {"id": repo.id, "name": repo.name, "encrypted": repo.encrypted, "status": repo.status}
        if self.version >= 12:
            known["repo_type"] = repo.repo_type
        if repo.origin:
            known |= {"is_virtual": True, "origin_repo_id": repo.origin.id, "origin_path": repo.origin_path}
        return known

    def rpc_get_repo_owner(self, repo_id: str) -> str | None:
        repo = None if self.libraries_are_down else self.repos.get(repo_id)
        return repo.owner if repo else None

    def rpc_get_repo_status(self, repo_id: str) -> int:
        repo = None if self.libraries_are_down else self.repos.get(repo_id)
        return repo.status if repo else -1

    def rpc_get_org_repo_owner(self, repo_id: str) -> str | None:
        if self.org_quota is None:
            raise SearpcError("cannot find function get_org_repo_owner.")
        return self.repos[repo_id].company

    def rpc_get_org_id_by_repo_id(self, repo_id: str) -> int:
        if self.org_quota is None:
            raise SearpcError("cannot find function seafile_get_org_id_by_repo_id.")
        return 7 if self.repos[repo_id].company else -1

    def rpc_get_org_quota(self, org_id: int) -> int:
        assert (org_id, self.org_quota is None) == (7, False)
        return self.org_quota or 0

    def rpc_check_permission_by_path(self, repo_id: str, path: str, user: str) -> str | None:
        repo = None if self.libraries_are_down else self.repos.get(repo_id)
        if repo is None:
            return None
        if (path, user) in repo.folders:
            return repo.folders[path, user]
        return "rw" if user in (repo.owner, repo.company) else repo.shares.get(user)

    def rpc_get_emailuser(self, email: str) -> dict[str, Any] | None:
        if self.users_are_down and self.version >= 12:
            raise SearpcError("Database error")
        if self.users_are_down or email not in self.users:
            return None
        return {"email": email, "is_active": self.users[email]}

    def rpc_count_emailusers(self, source: str) -> int:
        assert source == "DB"
        return -1 if self.users_are_down else sum(self.users.values())

    # --- events ---------------------------------------------------------------------------------------

    def rpc_publish_event(self, channel: str, content: str) -> int:
        self._events.setdefault(channel, deque()).append({"content": content, "ctime": int(time.time())})
        return 0

    def rpc_pop_event(self, channel: str) -> dict[str, Any] | None:
        events = self._events.get(channel)
        return events.popleft() if events else None

    # --- room -----------------------------------------------------------------------------------------

    def rpc_check_quota(self, repo_id: str, delta: int) -> int:
        repo = None if self.libraries_are_down else self.repos.get(repo_id)
        repo = repo.origin if repo and repo.origin else repo
        owner = (repo.owner or repo.company) if repo else None
        if repo is None or owner is None:
            return -1
        quota = self.rpc_get_user_quota(owner) if repo.company is None else (self.org_quota or 0)
        if quota == UNLIMITED:
            return 0
        return -1 if self.usage_is_down or self._usage(owner) + delta >= quota else 0

    def rpc_get_user_quota(self, user: str) -> int:
        return self.quotas.get(user, UNLIMITED)

    def rpc_get_user_quota_usage(self, user: str) -> int:
        if self.usage_is_down:
            raise SearpcError("Internal server error")
        return self._usage(user)

    def _usage(self, user: str) -> int:
        return sum(repo.usage() for repo in self.repos.values() if user in (repo.owner, repo.company))

    # --- folders and files ----------------------------------------------------------------------------

    def rpc_get_dir_id_by_path(self, repo_id: str, path: str) -> str | None:
        repo = self._repo(repo_id, "Get repo error")
        node = repo.nodes.get(repo.at(path))
        if node is None or node.data is not None:
            return None
        return _id(repo.at(path).encode()) if repo.inside(path) else EMPTY

    def rpc_list_dir(self, repo_id: str, dir_id: str, offset: int, limit: int) -> list[dict[str, Any]]:
        assert (offset, limit) == (-1, -1)
        repo = self._repo(repo_id, "Bad repo id")
        folders = [path for path, node in repo.nodes.items() if node.data is None and _id(path.encode()) == dir_id]
        if not folders and dir_id != EMPTY:
            raise SearpcError("Bad dir id")
        start = repo.at("/").rstrip("/")
        found = repo.inside(folders[0].removeprefix(start)) if folders else {}
        return [{**node.as_dirent(name), "permission": ""} for name, node in sorted(found.items())]

    def rpc_get_dirent_by_path(self, repo_id: str, path: str) -> dict[str, Any] | None:
        if path.strip("/") == "":
            raise SearpcError("invalid path")
        repo = self._repo(repo_id, "Get repo error")
        node = repo.nodes.get(repo.at(path))
        return None if node is None else {**node.as_dirent(repo.at(path)), "modifier": node.modifier}

    def rpc_is_valid_filename(self, repo_id: str, filename: str) -> int:
        return int(not _is_ignored(filename))

    # --- changes --------------------------------------------------------------------------------------

    def rpc_post_file(self, repo_id: str, tmp_file_path: str, parent_dir: str, filename: str, user: str) -> int:
        if not Path(tmp_file_path).exists():
            raise SearpcError("Invalid input file")
        if _is_ignored(filename):
            raise SearpcError("Invalid filename")
        self._add(repo_id, parent_dir, filename, tmp_file_path, user, "Failed to post file")
        return 0

    def rpc_post_multi_files(
        self, repo_id: str, parent_dir: str, filenames_json: str, paths_json: str, user: str, replace_existed: int
    ) -> str:
        assert replace_existed == 0
        (name,), (path,) = json.loads(filenames_json), json.loads(paths_json)
        if _is_ignored(name):
            raise SearpcError(name)
        posted = self._add(repo_id, parent_dir, name, unicodedata.normalize("NFC", path), user, "Failed to put file")
        return json.dumps([posted])

    def rpc_mkdir_with_parents(self, repo_id: str, parent_dir: str, new_dir_path: str, user: str) -> int:
        if new_dir_path.startswith("/"):
            raise SearpcError("Invalid relative path")
        repo = self._repo(repo_id, "Invalid repo")
        path = repo.at(parent_dir).rstrip("/")
        if repo.nodes.get(path or "/") is None:
            raise SearpcError("Failed to put dir")
        for name in new_dir_path.split("/"):
            path = f"{path}/{name}"
            repo.nodes.setdefault(path, Node(None, "", int(time.time())))
        return 0

    def _add(self, repo_id: str, folder: str, name: str, source: str, user: str, failure: str) -> dict[str, Any]:
        """The whole file is read first. The name is chosen, and chosen again when the library has changed meanwhile;
        the answer has the first one all the same (``name_list`` is not emptied before the second try)."""
        repo = self._repo(repo_id, "Invalid repo")
        if repo.encrypted:
            raise SearpcError("Passwd is not set")
        try:
            data = Path(source).read_bytes()
        except OSError:
            raise SearpcError("Failed to index blocks") from None
        chosen = _unique(unicodedata.normalize("NFC", name), repo.inside(folder))
        self._step("commit")
        if self.rpc_get_dir_id_by_path(repo_id, folder) is None:
            raise SearpcError(failure)
        final = _unique(unicodedata.normalize("NFC", name), repo.inside(folder))
        path = f"{repo.at(folder).rstrip('/')}/{final}"
        repo.nodes[path] = Node(data, user, int(time.time()))
        self._step("answered")
        return {"name": chosen, "id": _id(data), "size": len(data)}


def _id(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest() if content else EMPTY


def _is_ignored(name: str) -> bool:
    return name == ".." or "/" in name or len(name.encode()) > 255


def _has_surrogates(value: Any) -> bool:
    return isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value)


def _unique(name: str, taken: dict[str, Node]) -> str:
    stem, dot, ending = name.rpartition(".") if "." in name else (name, "", "")
    names = (f"{stem} ({number}){dot}{ending}" if number else name for number in range(1001))
    found = next((one for one in names if one not in taken), None)
    if found is None:
        raise SearpcError("Too many files with same name")
    return found
