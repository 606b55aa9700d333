"""The API on a host that a test scripts: people, libraries, rights and quota are as it says; the tables are real."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from seafevents_offline import repository
from seafevents_offline.repository import NodeBeat, Repository
from seafevents_offline.settings import Settings

from .databases import run_sql
from .ports import ALLOWED
from .records import ADA, NODE, REPO_ID, new, put_into
from .statements import Counter
from .web import configure_django

if TYPE_CHECKING:
    from seahub_patch.host import Host

USER = "/api/v2.2/offline-download"
TASKS, ADD, CONFIG, STATS = f"{USER}/tasks", f"{USER}/add", f"{USER}/config", f"{USER}/stats"
CLEAN_UP = f"{USER}/cleanup"

#: A library that nobody makes.
NO_REPO = "00000000-0000-4000-8000-000000000000"
LINK = "https://files.example.com/a.zip"

_CSRF = "c" * 32


@dataclass
class User:
    """What Seahub knows of somebody who is signed in."""

    username: str
    is_authenticated: bool = True
    is_active: bool = True


class People:
    """Middleware: the cookie ``user`` says who has signed in."""

    def __init__(self, get_response: Any) -> None:
        self._get_response = get_response

    def __call__(self, request: Any) -> Any:
        name = request.COOKIES.get("user")
        request.user = User(name) if name else None
        return self._get_response(request)


@dataclass
class Script:
    """Everything that the host answers; ``fails`` names the methods that raise what an RPC raises."""

    settings: Settings
    folders: set[tuple[str, str]] = field(default_factory=lambda: {(REPO_ID, "/"), (REPO_ID, "/docs")})
    writable: set[tuple[str, str]] = field(default_factory=lambda: {(REPO_ID, "/"), (REPO_ID, "/docs")})
    permission: str = "rw"
    may_use: bool = True
    has_room: bool = True
    encrypted: bool = False
    is_wiki: bool = False
    throttled: bool = False
    fails: set[str] = field(default_factory=set)
    woken: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


class Site:
    """A browser for one user, and all that the host behind it is made of."""

    def __init__(self, script: Script, repo: Repository) -> None:
        from django.test import Client

        self.script = script
        self.repository = repo
        self.statements = Counter(repo)
        self.client = Client(enforce_csrf_checks=True)
        self.sign_in(ADA)

    def sign_in(self, user: str) -> None:
        self.client.cookies["user"] = user
        self.client.cookies["csrftoken"] = _CSRF

    def sign_out(self) -> None:
        self.client.cookies.clear()

    def ask(self, method: str, route: str, body: Any = None, *, form: Any = None, **headers: str) -> Any:
        """A body is sent as JSON, a form as a form; both with the CSRF token unless a header says otherwise."""
        from django.utils.http import urlencode

        more = {"HTTP_X_CSRFTOKEN": _CSRF, **headers}
        if form is not None:
            kind, data = "application/x-www-form-urlencoded", urlencode(form, doseq=True)
        else:
            kind, data = "application/json", body
        if body is None and form is None:
            return self.client.generic(method, route, **more)
        if isinstance(data, (dict, list)):
            from json import dumps

            data = dumps(data)
        return self.client.generic(method, route, data, more.pop("CONTENT_TYPE", kind), **more)

    def get(self, route: str, **headers: str) -> Any:
        return self.client.get(route, **headers)

    def add(self, url: str = LINK, **more: Any) -> Any:
        return self.ask("PUT", ADD, {"repo_id": REPO_ID, "path": "/", "url": url, **more})

    def rows(self) -> int:
        ((count,),) = self.run_sql("SELECT COUNT(*) FROM OfflineDownloadRecord")
        return int(str(count))

    def row(self, odr_id: int) -> tuple[object, ...]:
        ((row),) = self.run_sql("SELECT * FROM OfflineDownloadRecord WHERE odr_id = ?", odr_id)
        return row

    def task(self, **more: Any) -> int:
        """A task by another way than the API; columns that only the database knows are put in afterwards."""
        columns = {name: more.pop(name) for name in ("status", "size", "completed", "speed") if name in more}
        odr_id = self.repository.add(new(**more)).odr_id
        if columns:
            put_into(self.script.settings.database, odr_id, **columns)
        return odr_id

    def beat(self) -> None:
        self.repository.beat(NodeBeat(NODE, "node", "1", {}))

    def change(self, **settings: Any) -> None:
        self.script.settings = replace(self.script.settings, **settings)

    def run_sql(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        return run_sql(self.script.settings.database, statement, *values)


def make_host(script: Script, repo: Repository) -> Host:
    from rest_framework.authentication import BaseAuthentication, SessionAuthentication
    from rest_framework.exceptions import APIException, AuthenticationFailed
    from rest_framework.throttling import BaseThrottle

    from seahub_patch.host import Host, Library, Person

    class TokenAuthentication(BaseAuthentication):
        def authenticate(self, request: Any) -> Any:
            kind, _, name = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
            if kind != "Token":
                return None
            if name == "wrong":
                raise AuthenticationFailed("Invalid token")
            if name == "wiped":
                # Seahub has an error of its own for it.
                raise type("Failed", (APIException,), {"status_code": 401})
            return User(name), name

    class Throttle(BaseThrottle):
        def allow_request(self, request: Any, view: Any) -> bool:
            return not script.throttled

        def wait(self) -> float:
            return 12.0

    class ScriptedHost(Host):
        def settings(self) -> Settings:
            _answer("settings")
            return script.settings

        def repository(self) -> Repository:
            return repo

        def authenticators(self) -> Sequence[Any]:
            return TokenAuthentication(), SessionAuthentication()

        def throttles(self) -> Sequence[Any]:
            return (Throttle(),)

        def username(self, request: Any) -> str:
            return str(request.user.username)

        def may_use(self, request: Any) -> bool:
            _answer("may_use")
            return script.may_use

        def may_view_logs(self, request: Any) -> bool:
            return False

        def may_view_system(self, request: Any) -> bool:
            return False

        def own_names(self) -> frozenset[str]:
            return frozenset({"cloud.example.com"})

        def library(self, repo_id: str) -> Library | None:
            script.asked.append(repo_id)
            _answer("library")
            if repo_id not in {repo_id for repo_id, _ in script.folders}:
                return None
            return Library(repo_id, "My <b>library</b> 📚", script.encrypted, script.is_wiki, "owner@example.com")

        def has_folder(self, repo_id: str, path: str) -> bool:
            _answer("has_folder")
            return (repo_id, path) in script.folders

        def upload_permission(self, request: Any, repo_id: str, path: str) -> str:
            _answer("upload_permission")
            return script.permission if (repo_id, path) in script.writable else ""

        def has_room(self, repo_id: str, size: int = 0) -> bool:
            _answer("has_room")
            return script.has_room

        def person(self, username: str) -> Person:
            return Person(username, username, username)

        def wake(self, odr_id: int) -> None:
            script.woken.append(odr_id)
            _answer("wake")

    def _answer(method: str) -> None:
        if method in script.fails:
            raise OSError("Failed to read from socket; url=https://secret.example.com/?token=s3cret")

    return ScriptedHost()


@pytest.fixture
def site(tmp_path: Path, sqlite_template: Path) -> Iterator[Site]:
    configure_django()
    from django.test import override_settings

    from seafevents_offline.hosts.web.configuration import LANGUAGES

    shutil.copyfile(sqlite_template, tmp_path / "tasks.db")
    settings = Settings(enabled=True, database=f"sqlite:///{tmp_path / 'tasks.db'}", allow_addresses=ALLOWED)
    repo = repository.open(settings)
    script = Script(settings)
    with override_settings(
        ALLOWED_HOSTS=["testserver"],
        LANGUAGES=LANGUAGES,
        MIDDLEWARE=["django.middleware.locale.LocaleMiddleware", "tests.support.site.People"],
        OFFLINE_DOWNLOAD_HOST=make_host(script, repo),
        REST_FRAMEWORK={"UNAUTHENTICATED_USER": None},
        ROOT_URLCONF="seahub_patch.routes",
    ):
        repo.check_schema()
        yield Site(script, repo)
    repo.close()
