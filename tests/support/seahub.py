"""Stand-ins for the few functions of Seahub and of its RPC that the feature calls.

Names and signatures are those of the sources of Seahub 11 (2024-02), 12 (2025-03), 13 (2025-12) and 14 (2026-08), which
agree but for what ``StandIn`` says; the answers of the RPC are those that running servers gave.
"""

from __future__ import annotations

import sys
from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

from .records import ADA, REPO_ID

ORIGIN, SHARED, WIKI, ENCRYPTED, COMPANY = (f"{number}0000000-0000-4000-8000-000000000000" for number in range(1, 6))
EMPTY_FOLDER = "0" * 40


class SearpcError(Exception):
    """``pysearpc.SearpcError``: the server's text and nothing else."""


class Repo:
    """What ``get_repo`` answers: whatever it does not know is None, in every version."""

    def __init__(self, repo_id: str, name: str, **known: Any) -> None:
        vars(self).update({"id": repo_id, "name": name, "encrypted": False, "is_virtual": False, **known})

    def __getattr__(self, name: str) -> None:
        return None


@dataclass
class SeafileApi:
    """``seaserv.seafile_api``."""

    has_organisations: bool = False
    is_down: bool = False
    quota: int = 1000
    read_only: set[str] = field(default_factory=set)
    published: list[tuple[str, str]] = field(default_factory=list)
    repos: dict[str, Repo] = field(
        default_factory=lambda: {
            REPO_ID: Repo(REPO_ID, "Letters"),
            SHARED: Repo(SHARED, "A folder", is_virtual=True, origin_repo_id=ORIGIN),
            WIKI: Repo(WIKI, "Handbook", repo_type="wiki"),
            ENCRYPTED: Repo(ENCRYPTED, "Secrets", encrypted=True),
            COMPANY: Repo(COMPANY, "Plans"),
        }
    )

    def get_repo(self, repo_id: str) -> Repo | None:
        self._answer()
        if len(repo_id) != 36:
            raise SearpcError("Invalid repo id")
        return self.repos.get(repo_id)

    def get_repo_owner(self, repo_id: str) -> str | None:
        self._answer()
        return {REPO_ID: ADA, ORIGIN: "origin@example.com"}.get(repo_id)

    def get_dir_id_by_path(self, repo_id: str, path: str) -> str | None:
        self._answer()
        if repo_id not in self.repos:
            raise SearpcError("Get repo error")
        return {"/": "a" * 40, "/docs": EMPTY_FOLDER, "/read-only": "b" * 40}.get(path)

    def check_quota(self, repo_id: str, delta: int = 0) -> int:
        self._answer()
        return 0 if delta <= self.quota else -1

    def publish_event(self, channel: str, content: str) -> int:
        self._answer()
        self.published.append((channel, content))
        return 0

    def _answer(self) -> None:
        if self.is_down:
            raise SearpcError("Failed to read from socket")


@dataclass
class Rpc:
    """``seaserv.seafserv_threaded_rpc``: what ``seafile_api`` of the community edition does not have."""

    api: SeafileApi

    def get_org_repo_owner(self, repo_id: str) -> str | None:
        self.api._answer()
        if not self.api.has_organisations:
            raise SearpcError("cannot find function seafile_get_org_repo_owner.")
        return "boss@company.example" if repo_id == COMPANY else None


class StandIn:
    """Seahub of one version. 12 and later publish messages as JSON and have a function for it; from 12 on libraries
    can be wikis; before 12 ``get_enabled_role_permissions_by_role`` has no default."""

    def __init__(self, version: int, database_url: str) -> None:
        self.version = version
        self.api = SeafileApi()
        self.roles: dict[str, dict[str, Any]] = {"default": {}, "guest": {}}
        self.names: dict[str, str] = {}
        self.service_url: str | None = "https://cloud.example.com:8443/seafile"
        self.fileserver_root = "https://files.example.com/seafhttp"
        self.engine = create_engine(database_url)
        self.sessions: list[Any] = []

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, content in self._modules().items():
            module = ModuleType(name)
            vars(module).update(content)
            monkeypatch.setitem(sys.modules, name, module)

    def user(self, username: str = ADA, role: str = "default", *, is_staff: bool = False, **permissions: bool) -> Any:
        allowed = {"can_view_user_log": True, "can_view_system_info": True, **permissions}
        admin = SimpleNamespace(**{name: (lambda value=value: value) for name, value in allowed.items()})
        return SimpleNamespace(username=username, role=role, is_staff=is_staff, admin_permissions=admin)

    def _modules(self) -> dict[str, dict[str, Any]]:
        utils: dict[str, Any] = {
            "SeafEventsSession": self._session,
            "get_service_url": lambda: self.service_url,
            "get_fileserver_root": lambda: self.fileserver_root,
        }
        if self.version >= 12:
            utils["send_user_login_msg"] = lambda username, timestamp, org_id: None
        return {
            "pysearpc": {"SearpcError": SearpcError},
            "seaserv": {"seafile_api": self.api, "seafserv_threaded_rpc": Rpc(self.api)},
            "seahub": {},
            "seahub.utils": utils,
            "seahub.utils.repo": {"parse_repo_perm": _parse_repo_perm},
            "seahub.views": {"check_folder_permission": self._check_folder_permission},
            "seahub.role_permissions": {},
            "seahub.role_permissions.utils": {"get_enabled_role_permissions_by_role": self._permissions_of()},
            "seahub.base": {},
            "seahub.base.sudo_mode": {"sudo_mode_check": lambda request: request.session.get("sudo_expire_ts", 0) > 0},
            "seahub.base.templatetags": {},
            "seahub.base.templatetags.seahub_tags": {
                "email2nickname": lambda value: self.names.get(value, value.split("@")[0]),
                "email2contact_email": lambda value: f"contact-{value}" if value in self.names else value,
            },
            "seahub.api2": {},
            "seahub.api2.authentication": {"TokenAuthentication": type("TokenAuthentication", (), {})},
            "seahub.api2.throttling": {"UserRateThrottle": type("UserRateThrottle", (), {})},
        }

    def _session(self) -> Any:
        self.sessions.append(sessionmaker(bind=self.engine)())
        return self.sessions[-1]

    def _permissions_of(self) -> Callable[..., dict[str, Any]]:
        def before_12(role: str) -> dict[str, Any]:
            return self.roles.get(role or "default", self.roles["default"])

        def since_12(role: str = "default") -> dict[str, Any]:
            return before_12(role)

        return since_12 if self.version >= 12 else before_12

    def _check_folder_permission(self, request: Any, repo_id: str, path: str) -> str | None:
        if not request.user.username or repo_id not in self.api.repos:
            return None
        return {"/read-only": "r", "/custom": "custom-7"}.get(path, "rw")


def _parse_repo_perm(perm: str) -> Any:
    """Seahub answers with the class of a named tuple, and takes ``custom-7`` apart; ``None`` makes it fail and warn."""
    rights = namedtuple("RepoPerm", ["can_download", "can_upload"])  # type: ignore[misc]
    rights.can_upload = perm in ("rw", "admin") or "custom-" in perm  # type: ignore[assignment]
    return rights


def write_events_conf(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def is_valid_dirent_name(version: int, name: str) -> bool:
    """Seahub's rule for names that people give; the older ones also ask seaf-server."""
    if version >= 14:
        ranges = [(0x1F600, 0x1F64F), (0x1F300, 0x1F5FF), (0x1F680, 0x1F6FF), (0x1F1E0, 0x1F1FF), (0x2600, 0x26FF)]
        ranges += [(0x2700, 0x27BF), (0x1F900, 0x1F9FF), (0x1FA00, 0x1FAFF)]
        is_odd = not name or ".." in name or "\\" in name
    else:
        ranges, is_odd = [(0x1F300, 0x1FAD6)], name == ".."
    has_emoji = any(start <= ord(character) <= end for character in name for start, end in ranges)
    return not (is_odd or has_emoji or "/" in name or len(name.encode()) > 255)
