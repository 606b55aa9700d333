"""The web application that these pages live in, as far as they need it: Seahub, or the embedded host.

``Host`` is the contract. Which implementation answers is said by Django's setting ``OFFLINE_DOWNLOAD_HOST``, a Host or
the dotted path of its class; Seahub when there is none.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from configparser import RawConfigParser
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, TypeVar

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse
from django.utils.module_loading import import_string

from seafevents_offline import message, repository
from seafevents_offline.egress.policy import Policy
from seafevents_offline.errors import SettingsError
from seafevents_offline.link import host_of
from seafevents_offline.repository import Repository
from seafevents_offline.settings import SECTION, Settings, read_config
from seafevents_offline.vault import Vault

_T = TypeVar("_T")

_DEFAULT = "seahub_patch.host.SeahubHost"

_making = threading.Lock()


@dataclass(frozen=True)
class Library:
    """What a task must know of its library. ``quota_subject`` is the user whose quota its files use; ``permission`` is
    what the library calls the right by which somebody may upload, once somebody has been asked for."""

    repo_id: str
    name: str
    encrypted: bool = False
    is_wiki: bool = False
    quota_subject: str = ""
    permission: str = ""


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

    def own_names(self) -> frozenset[str]:
        """The hosts by which people reach this application and its files: nothing is downloaded from them."""
        return frozenset()

    def policy(self) -> Policy:
        """Where links may lead, for an answer at once. Raises SettingsError."""
        return Policy.from_settings(self.settings(), own_names=self.own_names())

    @abstractmethod
    def repository(self) -> Repository:
        """The tables, opened once a process. Raises SettingsError."""

    def vault(self) -> Vault:
        """For what links need; the daemon makes the same key of the same secret."""
        return Vault(str(django_settings.SECRET_KEY).encode())

    @abstractmethod
    def authenticators(self) -> Sequence[Any]:
        """New instances of Django REST framework's authentication classes that the routes ask, in this order."""

    @abstractmethod
    def throttles(self) -> Sequence[Any]:
        """New instances of its throttle classes: such a one belongs to one request."""

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

    def confirmation(self, request: Any) -> str:
        """Where an administrator must first give the password again to see pages for administrators; else empty."""
        return ""

    @abstractmethod
    def library(self, repo_id: str) -> Library | None:
        """The library; None when there is none."""

    def library_name(self, repo_id: str) -> str:
        """For lists, which ask for many and for nothing else of them; empty when there is none."""
        library = self.library(repo_id)
        return library.name if library else ""

    @abstractmethod
    def has_folder(self, repo_id: str, path: str) -> bool:
        """Whether the library has this folder."""

    @abstractmethod
    def upload_permission(self, request: Any, repo_id: str, path: str) -> str:
        """What the library calls the right by which the user may put files into this very folder; empty without one."""

    def may_upload(self, request: Any, repo_id: str, path: str) -> bool:
        """Whether the user may put files into this very folder."""
        return bool(self.upload_permission(request, repo_id, path))

    @abstractmethod
    def has_room(self, repo_id: str, size: int = 0) -> bool:
        """Whether the quota that the library's files use has room for so many bytes more."""

    @abstractmethod
    def person(self, username: str) -> Person:
        """Name and address to show to administrators; the internal name where there is no other."""

    @abstractmethod
    def wake(self, odr_id: int) -> None:
        """Tell the download service that something changed; whatever goes wrong is raised and costs nothing."""


class SeahubHost(Host):
    """Seahub 11 to 14. What differs between them is found out by looking, never by the version."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._settings: Settings | None = None
        self._repository: Repository | None = None

    def settings(self) -> Settings:
        with self._lock:
            if self._settings is None:
                self._settings = Settings.from_config(_events_config())
            return self._settings

    def own_names(self) -> frozenset[str]:
        from seahub import utils

        # Up to Seahub 11 administrators may have changed them since the start.
        urls = (utils.get_service_url(), utils.get_fileserver_root())
        return frozenset(filter(None, map(host_of, filter(None, urls))))

    def repository(self) -> Repository:
        settings = self.settings()
        with self._lock:
            if self._repository is None:
                self._repository = repository.open(replace(settings, database=settings.database or _events_database()))
            return self._repository

    def authenticators(self) -> Sequence[Any]:
        from rest_framework.authentication import SessionAuthentication
        from seahub.api2.authentication import TokenAuthentication

        return TokenAuthentication(), SessionAuthentication()

    def throttles(self) -> Sequence[Any]:
        from seahub.api2.throttling import UserRateThrottle

        return (UserRateThrottle(),)

    def username(self, request: Any) -> str:
        return str(request.user.username or "")

    def may_use(self, request: Any) -> bool:
        from seahub.role_permissions.utils import get_enabled_role_permissions_by_role

        role = getattr(request.user, "role", "")
        permissions = get_enabled_role_permissions_by_role(role)
        return bool(permissions.get("can_use_offline_download", role != "guest"))

    def may_view_logs(self, request: Any) -> bool:
        return bool(request.user.is_staff and request.user.admin_permissions.can_view_user_log())

    def may_view_system(self, request: Any) -> bool:
        return bool(request.user.is_staff and request.user.admin_permissions.can_view_system_info())

    def confirmation(self, request: Any) -> str:
        from seahub.base.sudo_mode import sudo_mode_check

        asks = django_settings.ENABLE_SUDO_MODE and not sudo_mode_check(request)
        return reverse("sys_sudo_mode") if asks else ""

    def library(self, repo_id: str) -> Library | None:
        found = _repo(repo_id)
        if found is None:
            return None
        # A shared folder is a library of its own to its reader; its files are the original one's.
        owner = _owner_of(found.origin_repo_id if found.is_virtual else repo_id)
        # Seahub 11 has no wiki libraries; an attribute that it does not know is None.
        return Library(repo_id, found.name or "", bool(found.encrypted), found.repo_type == "wiki", owner)

    def library_name(self, repo_id: str) -> str:
        found = _repo(repo_id)
        return str(found.name or "") if found else ""

    def has_folder(self, repo_id: str, path: str) -> bool:
        from seaserv import seafile_api

        # An empty folder has an id as well (zeros); the error means that the library is gone.
        return bool(_unless("Get repo error", lambda: seafile_api.get_dir_id_by_path(repo_id, path)))

    def upload_permission(self, request: Any, repo_id: str, path: str) -> str:
        from seahub.utils.repo import parse_repo_perm
        from seahub.views import check_folder_permission

        permission = check_folder_permission(request, repo_id, path)
        # Seahub takes no permission at all for the number of a custom one and warns.
        return str(permission) if permission and parse_repo_perm(permission).can_upload else ""

    def has_room(self, repo_id: str, size: int = 0) -> bool:
        from seaserv import seafile_api

        return bool(seafile_api.check_quota(repo_id, size) >= 0)

    def person(self, username: str) -> Person:
        from seahub.base.templatetags.seahub_tags import email2contact_email, email2nickname

        return Person(username, email2nickname(username) or username, email2contact_email(username) or username)

    def wake(self, odr_id: int) -> None:
        from seahub import utils
        from seaserv import seafile_api

        # With it, Seahub itself has begun to send JSON.
        content = message.wake(odr_id, in_json=hasattr(utils, "send_user_login_msg"))
        seafile_api.publish_event(message.CHANNEL, content)


def current() -> Host:
    """The host of this process. Raises ImproperlyConfigured when the setting names no Host."""
    host = getattr(django_settings, "OFFLINE_DOWNLOAD_HOST", _DEFAULT)
    if isinstance(host, str):
        with _making:
            host = _made(host)
    if not isinstance(host, Host):
        raise ImproperlyConfigured("OFFLINE_DOWNLOAD_HOST must be a Host of seahub_patch or the dotted path of one.")
    return host


@cache
def _made(path: str) -> Any:
    try:
        return import_string(path)()
    except ImportError as error:
        raise ImproperlyConfigured(f"OFFLINE_DOWNLOAD_HOST: {error}") from error


def _events_config() -> RawConfigParser:
    """seafevents.conf; empty where there is none, as Seahub removes the setting then. Raises SettingsError."""
    path = getattr(django_settings, "EVENTS_CONFIG_FILE", None)
    return read_config(path) if path else RawConfigParser()


def _events_database() -> str:
    """The URL, password included, of the database that Seahub and the daemon share."""
    from seahub import utils

    if not hasattr(utils, "SeafEventsSession"):
        raise SettingsError(section=SECTION, option="database", value="", allowed="Seahub knows no seafevents.conf")
    session = utils.SeafEventsSession()
    try:
        return str(session.get_bind().engine.url.render_as_string(hide_password=False))
    finally:
        session.close()


def _repo(repo_id: str) -> Any:
    from seaserv import seafile_api

    return _unless("Invalid repo id", lambda: seafile_api.get_repo(repo_id))


def _owner_of(repo_id: str) -> str:
    from seaserv import seafile_api, seafserv_threaded_rpc

    owner = seafile_api.get_repo_owner(repo_id)
    if not owner:
        # The library of an organisation; the community edition's API does not have it, and its server does not know it.
        owner = _unless("cannot find function", lambda: seafserv_threaded_rpc.get_org_repo_owner(repo_id))
    return str(owner or "")


def _unless(meaning_none: str, call: Callable[[], _T]) -> _T | None:
    """What the RPC answers; None for the one error that is an answer as well. Raises all the others."""
    from pysearpc import SearpcError

    try:
        return call()
    except SearpcError as error:
        # The text is all that a client gets of an error.
        if meaning_none not in str(error):
            raise
        return None
