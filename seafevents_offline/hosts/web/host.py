"""What the pages ask of the application that they live in, answered by the embedded host: one user, one library."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from typing import Any

from rest_framework.authentication import SessionAuthentication

from seahub_patch.host import Host, Library, Person

from ...egress.policy import Policy
from ...repository import Repository
from ...settings import Settings
from ...vault import Vault
from ..standalone import OWNER, REPO_ID, EmbeddedHost
from .library import Folder
from .sign_in import is_signed_in


class WebHost(Host):
    """The one user is everything that users can be, administrator included."""

    def __init__(self, host: EmbeddedHost) -> None:
        self._host = host
        self.folder = Folder(host.library)

    def settings(self) -> Settings:
        return self._host.settings

    def policy(self) -> Policy:
        return self._host.policy

    def repository(self) -> Repository:
        return self._host.repository

    def vault(self) -> Vault:
        return self._host.vault

    def authenticators(self) -> Sequence[Any]:
        return (SessionAuthentication(),)

    def throttles(self) -> Sequence[Any]:
        return ()

    def username(self, request: Any) -> str:
        return OWNER if is_signed_in(request) else ""

    def may_use(self, request: Any) -> bool:
        return is_signed_in(request)

    def may_view_logs(self, request: Any) -> bool:
        return is_signed_in(request)

    def may_view_system(self, request: Any) -> bool:
        return is_signed_in(request)

    def library(self, repo_id: str) -> Library | None:
        return Library(REPO_ID, self.folder.name, quota_subject=OWNER) if repo_id == REPO_ID else None

    def has_folder(self, repo_id: str, path: str) -> bool:
        return repo_id == REPO_ID and self.folder.has_folder(path)

    def upload_permission(self, request: Any, repo_id: str, path: str) -> str:
        return "rw" if is_signed_in(request) and repo_id == REPO_ID and self.folder.is_writable(path) else ""

    def has_room(self, repo_id: str, size: int = 0) -> bool:
        return size <= self.folder.room()

    def person(self, username: str) -> Person:
        # Whoever wrote another name into the table is shown by it.
        return Person(username, _login_name() if username == OWNER else username, username)

    def wake(self, odr_id: int) -> None:
        self._host.wake()


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container's user may have no name.
        return OWNER
