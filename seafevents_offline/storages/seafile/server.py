"""What is asked of seaf-server, one method a question; what its answers mean for a task is decided elsewhere.

An RPC that fails is no answer: StorageUnavailable. A None is none either where the server also gives it when its own
database does not answer: it counts only when the database does answer, and the same question gives it again.

Names, signatures and texts are those of seafile-server 11.0 to 14-dev and of pysearpc.
"""

from __future__ import annotations

import json
import logging
import stat
import threading
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...due import WARNING_PERIOD, Due
from ...errors import StorageUnavailable

logger = logging.getLogger(__name__)

#: Connections that pysearpc keeps open: after a restart of seaf-server each of them fails once.
POOLED = 5


#: What a quota is that is none.
NO_QUOTA = -2


class ConnectionLost(StorageUnavailable):
    """The connection broke during the call: what was asked for may have been done."""


@dataclass(frozen=True)
class Entry:
    """A file or a folder as it is in a library. ``id`` stands for its content; only ``entry`` knows the ``modifier``,
    and folders have none. ``mtime`` is seconds since 1970."""

    name: str
    id: str
    size: int
    mtime: int
    is_folder: bool
    modifier: str


class SeafServer:
    """Connects to nothing when constructed; any thread may ask."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._warning = Due(WARNING_PERIOD, clock())
        self._lock = threading.Lock()

    def prove(self) -> None:
        """Raise when the server, or its database, does not answer."""
        if self._ask(lambda seaserv: seaserv.seafile_api.count_repos()) < 0:
            raise self._fault("the Seafile server cannot read its database")

    # --- libraries and people -------------------------------------------------------------------------

    def repo(self, repo_id: str) -> Any:
        """The library's record, in which everything unknown is None; None where there is no such library."""
        return self._certain(
            lambda: self._ask(lambda seaserv: seaserv.seafile_api.get_repo(repo_id), none="Invalid repo id")
        )

    def name(self, repo_id: str) -> str:
        """What the library is called; empty where there is none."""
        found = self.repo(repo_id)
        return str(found.name or "") if found else ""

    def owner(self, repo_id: str) -> str:
        """Whose the library is; empty when nobody's."""

        def ask() -> str | None:
            owner: str | None = self._ask(lambda seaserv: seaserv.seafile_api.get_repo_owner(repo_id))
            return owner or self._ask(
                # An organisation's; the community edition has none.
                lambda seaserv: seaserv.seafserv_threaded_rpc.get_org_repo_owner(repo_id),
                none="cannot find function",
            )

        return self._certain(ask) or ""

    def permission(self, repo_id: str, folder: str, user: str) -> str:
        """What the user may do in the folder: ``r``, ``rw`` or what else there is; empty for nothing."""
        return (
            self._certain(
                lambda: self._ask(lambda seaserv: seaserv.seafile_api.check_permission_by_path(repo_id, folder, user))
            )
            or ""
        )

    def is_active(self, user: str) -> bool:
        """Whether there is such a user who may sign in."""
        found = self._user(user)
        return bool(found and found.is_active)

    def has_user(self, user: str) -> bool:
        """Whether there is such a user, who may sign in or not."""
        return self._user(user) is not None

    # --- folders and files ----------------------------------------------------------------------------

    def has_folder(self, repo_id: str, folder: str) -> bool:
        # An empty folder has an id as well.
        return bool(self._ask(lambda seaserv: seaserv.seafile_api.get_dir_id_by_path(repo_id, folder)))

    def entry(self, repo_id: str, path: str) -> Entry | None:
        """What is there; ``path`` is not the root."""
        found = self._ask(lambda seaserv: seaserv.seafile_api.get_dirent_by_path(repo_id, path))
        return None if found is None else _entry(found)

    def entries(self, repo_id: str, folder: str) -> list[Entry]:
        """What is in a folder, without the modifiers; nothing where there is none."""
        found = self._ask(lambda seaserv: seaserv.seafile_api.list_dir_by_path(repo_id, folder))
        return [_entry(one) for one in found or ()]

    def takes_name(self, repo_id: str, name: str) -> bool:
        return bool(self._ask(lambda seaserv: seaserv.seafile_api.is_valid_filename(repo_id, name)))

    # --- room -----------------------------------------------------------------------------------------

    def max_file_size(self) -> int:
        """The largest file that people may upload, in bytes; 0 is no limit. Read when the daemon started."""
        return self._ask(lambda seaserv: seaserv.MAX_UPLOAD_FILE_SIZE) or 0

    def has_room(self, repo_id: str, size: int) -> bool:
        """False is also the answer of a server that could not find out."""
        return bool(self._ask(lambda seaserv: seaserv.seafile_api.check_quota(repo_id, size)) >= 0)

    def quota(self, user: str) -> int:
        """Bytes, or NO_QUOTA."""
        return int(self._ask(lambda seaserv: seaserv.seafile_api.get_user_quota(user)))

    def usage(self, user: str) -> int:
        """The bytes in all libraries of the user."""
        return int(self._ask(lambda seaserv: seaserv.seafile_api.get_user_self_usage(user)))

    def organisation_quota(self, repo_id: str) -> int:
        """Bytes, or NO_QUOTA also for a library that is no organisation's."""
        org_id = self._ask(
            lambda seaserv: seaserv.seafile_api.get_org_id_by_repo_id(repo_id), none="cannot find function"
        )
        if not org_id or org_id < 0:
            return NO_QUOTA
        return int(self._ask(lambda seaserv: seaserv.seafile_api.get_org_quota(org_id)))

    # --- changes --------------------------------------------------------------------------------------

    def post(self, repo_id: str, folder: str, name: str, source: str, user: str) -> tuple[str, str]:
        """Put a file of this machine into a folder, under a free name that the server makes of ``name``.

        Gives name and id, as far as they are known: the name is stale when somebody else changed the library in the
        same moment, the id may be empty. Not repeated: raises ConnectionLost. The server checks neither rights nor
        room, takes names that it should not, and reads the whole file before it looks for the folder.
        """
        # The one that answers with an id brings paths into composed form, and so would not find some files.
        if unicodedata.is_normalized("NFC", source):
            files = json.dumps([name]), json.dumps([source])
            answer = self._ask(
                lambda seaserv: _post_multi_files(seaserv, repo_id, folder, *files, user, 0),
                none="cannot find function",
                repeat=0,
            )
            if answer is not None:
                (posted,) = json.loads(answer)
                return posted["name"], posted["id"]
        self._ask(lambda seaserv: seaserv.seafile_api.post_file(repo_id, source, folder, name, user), repeat=0)
        return name, ""

    def make_folders(self, repo_id: str, folder: str, relative: str, user: str) -> None:
        """Make ``relative`` in ``folder``, with all that is missing on the way; what is there stays."""
        self._ask(lambda seaserv: seaserv.seafile_api.mkdir_with_parents(repo_id, folder, relative, user))

    # --- how it is asked ------------------------------------------------------------------------------

    def _certain(self, ask: Callable[[], Any], prove: Callable[[], None] | None = None) -> Any:
        """The answer; nothing for an answer only when it is certain that the server did look."""
        answer = ask()
        if not answer:
            (prove or self.prove)()
            answer = ask()
        return answer

    def _user(self, user: str) -> Any:
        """None where there is none."""
        return self._certain(
            lambda: self._ask(lambda seaserv: seaserv.ccnet_api.get_emailuser(user)), self._prove_users
        )

    def _prove_users(self) -> None:
        if self._ask(lambda seaserv: seaserv.ccnet_api.count_emailusers("DB")) < 0:
            raise self._fault("the Seafile server cannot read its users")

    def _ask(self, question: Callable[[Any], Any], *, none: str = "", repeat: int = POOLED) -> Any:
        """``none`` is the one error that is an answer as well: None. An error's text is all that one gets of it."""
        try:
            import seaserv
            from pysearpc import SearpcError
            from pysearpc.errors import NetworkError
        except ImportError as error:
            raise self._fault(f"the modules of the Seafile server are not here ({error})") from error
        while True:
            try:
                return question(seaserv)
            except SearpcError as error:
                if none and none in str(error):
                    return None
                raise self._fault(f"the Seafile server says: {error}") from error
            except NetworkError as error:
                # Not a SearpcError, and not an OSError either.
                if repeat <= 0:
                    raise self._fault(f"the Seafile server does not answer ({error})", ConnectionLost) from error
                repeat -= 1
            except OSError as error:
                raise self._fault(f"the Seafile server does not answer ({error.strerror or error})") from error

    def _fault(self, detail: str, kind: type[StorageUnavailable] = StorageUnavailable) -> StorageUnavailable:
        with self._lock:
            level = logging.WARNING if self._warning.now(self._clock()) else logging.DEBUG
        logger.log(level, "%s; what needs it waits", detail)
        return kind(detail=detail)


def _entry(found: Any) -> Entry:
    return Entry(
        name=found.obj_name,
        id=found.obj_id,
        size=found.size or 0,
        mtime=found.mtime or 0,
        is_folder=stat.S_ISDIR(found.mode or 0),
        modifier=found.modifier or "",
    )


def _post_multi_files(seaserv: Any, *arguments: str | int) -> Any:
    """A function of the server for which no version has a binding; ``[{"name", "id", "size"}]`` as JSON."""
    from pysearpc import searpc_func

    def seafile_post_multi_files(*_: str | int) -> None:
        """Called by its name."""

    call = searpc_func("string", ["string"] * 5 + ["int"])(seafile_post_multi_files)
    return call(seaserv.seafserv_threaded_rpc, *arguments)
