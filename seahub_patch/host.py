"""The web application that these pages live in, as far as they need it: Seahub, or the embedded host.

``Host`` is the contract. Which implementation answers is said by Django's setting ``OFFLINE_DOWNLOAD_HOST``, a Host or
the dotted path of its class; Seahub when there is none.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seafevents_offline.repository import Repository
from seafevents_offline.settings import Settings


@dataclass(frozen=True)
class Library:
    """What a task must know of its library. ``quota_subject`` is the user whose quota its files use."""

    repo_id: str
    name: str
    encrypted: bool = False
    is_wiki: bool = False
    quota_subject: str = ""


@dataclass(frozen=True)
class Person:
    """A user as administrators know them."""

    username: str
    name: str
    contact_email: str


class Host(ABC):
    """Every method may be called by any thread of the web server. ``request`` is Django's.

    An answer that could not be had (an RPC failed) is raised, never guessed.
    """

    @abstractmethod
    def settings(self) -> Settings:
        """The section ``[OFFLINE DOWNLOAD]``; not enabled where there is none. Read once. Raises SettingsError."""

    @abstractmethod
    def repository(self) -> Repository:
        """The tables, opened once a process. Raises SettingsError."""

    @abstractmethod
    def authenticators(self) -> Sequence[Any]:
        """Instances of Django REST framework's authentication classes that the routes ask, in this order."""

    @abstractmethod
    def throttles(self) -> Sequence[Any]:
        """Instances of its throttle classes."""

    @abstractmethod
    def username(self, request: Any) -> str:
        """Who is signed in, by the internal name; empty for nobody."""

    @abstractmethod
    def may_use(self, request: Any) -> bool:
        """Whether the user's role may download links (``can_use_offline_download``; absent: yes, for guests no)."""

    @abstractmethod
    def may_view_logs(self, request: Any) -> bool:
        """Whether the user is an administrator who may see what users did."""

    @abstractmethod
    def may_view_system(self, request: Any) -> bool:
        """Whether the user is an administrator who may see how the server is."""

    @abstractmethod
    def library(self, repo_id: str) -> Library | None:
        """The library; None when there is none."""

    @abstractmethod
    def has_folder(self, repo_id: str, path: str) -> bool:
        """Whether the library has this folder."""

    @abstractmethod
    def may_upload(self, request: Any, repo_id: str, path: str) -> bool:
        """Whether the user may put files into this very folder."""

    @abstractmethod
    def has_room(self, repo_id: str, size: int = 0) -> bool:
        """Whether the quota that the library's files use has room for so many bytes more."""

    @abstractmethod
    def person(self, username: str) -> Person:
        """Name and address to show to administrators; the internal name where there is no other."""

    @abstractmethod
    def wake(self, odr_id: int) -> None:
        """Tell the download service that something changed; whatever goes wrong is raised and costs nothing."""


def current() -> Host:
    """The host of this process. Raises ImproperlyConfigured when the setting names no Host."""
    raise NotImplementedError
