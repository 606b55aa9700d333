"""An administrator's browser, on a host that knows people, libraries and rights as a test wants them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from seafevents_offline.repository import Repository

from .records import new, put_into
from .site import Site
from .statements import Counter

if TYPE_CHECKING:
    from seahub_patch.host import Host

LOG = "/api/v2.1/admin/logs/offline-download-logs"
HEALTH = "/api/v2.2/admin/offline-download/health"
EXPORT = "/sys/offline-download/export.csv"


class Admin:
    """``host`` has the attributes that a test may change."""

    def __init__(self, site: Site, host: Any) -> None:
        self.site = site
        self.host = host

    @property
    def repository(self) -> Repository:
        return self.site.repository

    @property
    def statements(self) -> Counter:
        return self.site.statements

    def get(self, address: str, **parameters: Any) -> Any:
        return self.site.get(f"{address}?{urlencode(parameters, doseq=True)}")

    def log(self, **parameters: Any) -> Any:
        return self.get(LOG, **parameters).json()

    def rows(self, **parameters: Any) -> list[Any]:
        found: list[Any] = self.log(**parameters)["offline_download_log_list"]
        return found

    def put_into(self, odr_id: int, **columns: object) -> None:
        put_into(self.site.script.settings.database, odr_id, **columns)

    def add_link(self, link: str) -> int:
        """A task with a link that no door lets in."""
        odr_id = self.repository.add(new()).odr_id
        self.run_sql("UPDATE OfflineDownloadRecord SET url = ? WHERE odr_id = ?", link, odr_id)
        return odr_id

    def run_sql(self, statement: str, *values: object) -> None:
        self.site.run_sql(statement, *values)


def _make_host(base: type[Host]) -> Host:
    from seahub_patch.host import Library, Person

    class Company(base):  # type: ignore[valid-type,misc]
        def __init__(self) -> None:
            self.views_logs = self.views_system = True
            self.libraries: dict[str, str] = {}
            self.people: dict[str, tuple[str, str]] = {}
            self.asked: deque[str] = deque(maxlen=100)
            self.fails = False

        def may_view_logs(self, request: Any) -> bool:
            return self.views_logs

        def may_view_system(self, request: Any) -> bool:
            return self.views_system

        def library(self, repo_id: str) -> Library | None:
            self._ask(repo_id)
            return Library(repo_id, self.libraries[repo_id]) if repo_id in self.libraries else None

        def person(self, username: str) -> Person:
            self._ask(username)
            return Person(username, *self.people.get(username, (username, username)))

        def _ask(self, what: str) -> None:
            self.asked.append(what)
            if self.fails:
                raise OSError("the host is away")

    return Company()


@pytest.fixture
def admin(site: Site) -> Iterator[Admin]:
    from django.test import override_settings

    from seahub_patch import host

    company = _make_host(type(host.current()))
    with override_settings(OFFLINE_DOWNLOAD_HOST=company):
        yield Admin(site, company)
