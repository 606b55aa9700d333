"""One contract for everything that the pages can live in: Seahub 11 to 14 and the embedded host."""

from __future__ import annotations

import json
import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from seafevents_offline.errors import SettingsError
from seafevents_offline.extras import Extras
from seafevents_offline.hosts.standalone import OWNER
from seafevents_offline.hosts.standalone import REPO_ID as EMBEDDED_REPO_ID
from seafevents_offline.settings import Settings
from seafevents_offline.vault import Vault
from tests.support.records import ADA, REPO_ID, new
from tests.support.seahub import COMPANY, ENCRYPTED, SHARED, WIKI, SearpcError, StandIn, write_events_conf
from tests.support.site import NO_REPO
from tests.support.web import Web, configure_django

if TYPE_CHECKING:
    from seahub_patch.host import Host

LOGIN = Extras("ada", "correct horse")

CONF = "[DATABASE]\ntype = mysql\n\n[OFFLINE DOWNLOAD]\nenabled = true\nworkers = 7\ndisk-high = 95%\nnode = Büro\n"


@dataclass
class Subject:
    """A host with a library that has the folders ``/`` and ``/docs``, and a request of somebody who has signed in."""

    host: Host
    request: Any
    username: str
    repo_id: str
    library_name: str


def seahub(version: int, folder: Path, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> tuple[Any, StandIn]:
    """The host inside Seahub of this version, and Seahub."""
    configure_django()
    from django.conf import settings as django_settings

    from seahub_patch.host import SeahubHost

    stand_in = StandIn(version, f"sqlite:///{folder / 'seahub.db'}")
    stand_in.install(monkeypatch)
    path = write_events_conf(folder / "seafevents.conf", CONF)
    monkeypatch.setattr(django_settings, "EVENTS_CONFIG_FILE", path, raising=False)
    return SeahubHost(), stand_in


@pytest.fixture(params=["embedded", 11, 12, 13, 14])
def subject(
    request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Subject]:
    if request.param == "embedded":
        yield embedded(request.getfixturevalue("web"))
        return
    shutil.copyfile(sqlite_template, tmp_path / "seahub.db")
    host, stand_in = seahub(request.param, tmp_path, monkeypatch)
    yield Subject(host, SimpleNamespace(user=stand_in.user()), ADA, REPO_ID, "Letters")
    host.repository().close()
    stand_in.engine.dispose()


def embedded(web: Web) -> Subject:
    from seahub_patch import host

    (web.library / "docs").mkdir()
    request = SimpleNamespace(session={"signed_in": True})
    return Subject(host.current(), request, OWNER, EMBEDDED_REPO_ID, web.library.name)


# --- all of them ----------------------------------------------------------------------------------------


def test_settings_and_tables_are_the_same_all_the_time(subject: Subject) -> None:
    assert subject.host.settings().enabled
    assert subject.host.settings() is subject.host.settings()
    assert subject.host.repository() is subject.host.repository()
    task = subject.host.repository().add(new(owner=subject.username, name="😀"))
    assert subject.host.repository().get(task.odr_id).name == "😀"


def test_what_a_page_seals_opens_with_what_the_service_knows(subject: Subject, request: pytest.FixtureRequest) -> None:
    sealed = subject.host.vault().seal(LOGIN, subject.username, "https://example.com/")
    assert sealed is not None
    if subject.repo_id == EMBEDDED_REPO_ID:
        file = request.getfixturevalue("web").host.data / "vault-secret"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        secret = file.read_bytes()
    else:
        # Django's, which the daemon reads where Seahub does.
        secret = b"tests"
    assert Vault(secret).open(sealed.text, subject.username, "https://example.com/") == LOGIN


def test_each_request_has_authenticators_and_throttles_of_its_own(subject: Subject) -> None:
    assert list(subject.host.authenticators())
    for ask in (subject.host.authenticators, subject.host.throttles):
        first, second = list(ask()), list(ask())
        assert not any(one is other for one in first for other in second)


def test_who_has_signed_in_may_use_it(subject: Subject) -> None:
    assert subject.host.username(subject.request) == subject.username
    assert subject.host.may_use(subject.request)


def test_a_library_has_a_name_and_somebody_whose_quota_it_uses(subject: Subject) -> None:
    library = subject.host.library(subject.repo_id)
    assert library is not None
    assert (library.repo_id, library.name) == (subject.repo_id, subject.library_name)
    assert (library.encrypted, library.is_wiki, library.quota_subject) == (False, False, subject.username)


def test_a_librarys_name_can_be_had_by_itself(subject: Subject) -> None:
    assert subject.host.library_name(subject.repo_id) == subject.library_name
    assert subject.host.library_name(NO_REPO) == subject.host.library_name("x") == ""


@pytest.mark.parametrize("repo_id", [NO_REPO, "", "x", "../..", "é"])
def test_an_unknown_library_is_none_and_has_nothing(subject: Subject, repo_id: str) -> None:
    assert subject.host.library(repo_id) is None
    assert not subject.host.has_folder(repo_id, "/")
    assert not subject.host.upload_permission(subject.request, repo_id, "/")


@pytest.mark.parametrize(("path", "there"), [("/", True), ("/docs", True), ("/gone", False), ("/docs/gone", False)])
def test_folders_are_there_or_not(subject: Subject, path: str, there: bool) -> None:
    assert subject.host.has_folder(subject.repo_id, path) is there


def test_files_may_be_put_into_ones_own_folder(subject: Subject) -> None:
    assert subject.host.upload_permission(subject.request, subject.repo_id, "/docs") == "rw"


def test_room_is_a_matter_of_size(subject: Subject) -> None:
    assert subject.host.has_room(subject.repo_id) is True
    assert subject.host.has_room(subject.repo_id, 1000) is True
    assert subject.host.has_room(subject.repo_id, 10**18) is False


def test_people_always_have_a_name_and_an_address(subject: Subject) -> None:
    for username in (subject.username, "stranger@example.com", ""):
        person = subject.host.person(username)
        assert person.username == username
        assert all(isinstance(text, str) for text in (person.name, person.contact_email))
    assert subject.host.person("stranger@example.com").name


def test_the_service_can_be_woken(subject: Subject) -> None:
    subject.host.wake(12)


def test_links_are_judged_by_the_settings(subject: Subject) -> None:
    policy = subject.host.policy()
    assert policy.schemes == subject.host.settings().schemes
    assert policy.ports == (80, 443, 8080, 8443)
    assert policy.own_names == subject.host.own_names()


# --- Seahub ---------------------------------------------------------------------------------------------


@pytest.fixture(params=[11, 12, 13, 14])
def inside(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Any, StandIn]]:
    host, stand_in = seahub(request.param, tmp_path, monkeypatch)
    yield host, stand_in
    stand_in.engine.dispose()


def asks(stand_in: StandIn, **user: Any) -> Any:
    return SimpleNamespace(user=stand_in.user(**user))


def test_the_section_of_seafevents_conf_is_read(inside: tuple[Any, StandIn], tmp_path: Path) -> None:
    host, _ = inside
    settings = host.settings()
    assert (settings.enabled, settings.workers, settings.disk_high, settings.node) == (True, 7, 95, "Büro")
    (tmp_path / "seafevents.conf").write_text(CONF.replace("7", "8"), encoding="utf-8")
    assert host.settings().workers == 7


def test_a_wrong_setting_is_said_each_time_until_it_is_mended(inside: tuple[Any, StandIn], tmp_path: Path) -> None:
    host, _ = inside
    write_events_conf(tmp_path / "seafevents.conf", CONF.replace("7", "many"))
    for _ in range(2):
        with pytest.raises(SettingsError, match="workers = many"):
            host.settings()
    write_events_conf(tmp_path / "seafevents.conf", CONF)
    assert host.settings().workers == 7


def test_without_seafevents_conf_the_feature_is_off(
    inside: tuple[Any, StandIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings as django_settings

    monkeypatch.delattr(django_settings, "EVENTS_CONFIG_FILE")
    assert inside[0].settings() == Settings()


def test_the_tables_are_in_the_hosts_database_unless_the_settings_name_another(
    inside: tuple[Any, StandIn], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, stand_in = inside
    assert host.repository()._database.url.database == str(tmp_path / "seahub.db")
    assert [session.get_transaction() for session in stand_in.sessions] == [None]
    other, _ = seahub(stand_in.version, tmp_path, monkeypatch)
    write_events_conf(tmp_path / "seafevents.conf", f"{CONF}database = sqlite:///{tmp_path / 'other.db'}\n")
    assert other.repository()._database.url.database == str(tmp_path / "other.db")


def test_the_password_comes_along_and_the_charset_is_ours(inside: tuple[Any, StandIn]) -> None:
    from sqlalchemy import create_engine

    host, stand_in = inside
    stand_in.engine.dispose()
    stand_in.engine = create_engine("mysql+pymysql://seafile:p%40ss%2Fword@db:3307/seahub_db?charset=utf8")
    url = host.repository()._database.url
    assert (url.username, url.password, url.host, url.port) == ("seafile", "p@ss/word", "db", 3307)
    assert (url.database, dict(url.query)) == ("seahub_db", {"charset": "utf8mb4"})


def test_where_seahub_knows_no_seafevents_there_are_no_tables(
    inside: tuple[Any, StandIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.delattr(sys.modules["seahub.utils"], "SeafEventsSession")
    with pytest.raises(SettingsError, match="Seahub knows no seafevents"):
        inside[0].repository()


@pytest.mark.parametrize(
    ("service_url", "fileserver_root", "names"),
    [
        ("https://cloud.example.com:8443/seafile", "https://Files.example.com/seafhttp", {"cloud", "files"}),
        ("https://cloud.example.com", "https://cloud.example.com/seafhttp/", {"cloud"}),
        ("https://cloud.example.com", "", {"cloud"}),
        (None, "not a link", set()),
    ],
)
def test_nothing_is_downloaded_from_seahub_itself(
    inside: tuple[Any, StandIn], service_url: str | None, fileserver_root: str, names: set[str]
) -> None:
    host, stand_in = inside
    stand_in.service_url, stand_in.fileserver_root = service_url, fileserver_root
    assert host.own_names() == {f"{name}.example.com" for name in names}
    assert host.policy().own_names == host.own_names()


@pytest.mark.parametrize(
    ("role", "permissions", "allowed"),
    [
        ("default", {}, True),
        ("", {}, True),
        ("guest", {}, False),
        ("default", {"can_use_offline_download": False}, False),
        ("guest", {"can_use_offline_download": True}, True),
        ("staff", {}, True),
        ("staff", {"can_use_offline_download": False}, False),
    ],
)
def test_the_role_decides_and_guests_must_be_named(
    inside: tuple[Any, StandIn], role: str, permissions: dict[str, Any], allowed: bool
) -> None:
    host, stand_in = inside
    stand_in.roles[role or "default"] = permissions
    assert host.may_use(asks(stand_in, role=role)) is allowed


@pytest.mark.parametrize("is_staff", [True, False])
@pytest.mark.parametrize("allowed", [True, False])
def test_administrators_see_what_their_role_shows(inside: tuple[Any, StandIn], is_staff: bool, allowed: bool) -> None:
    host, stand_in = inside
    logs = asks(stand_in, is_staff=is_staff, can_view_user_log=allowed, can_view_system_info=not allowed)
    assert host.may_view_logs(logs) is (is_staff and allowed)
    assert host.may_view_system(logs) is (is_staff and not allowed)


@pytest.mark.parametrize(("asks_again", "until", "address"), [(True, 0, "/x/sys/sudo/"), (True, 9, ""), (False, 0, "")])
def test_administrators_give_the_password_again_where_seahubs_own_pages_ask_for_it(
    inside: tuple[Any, StandIn], monkeypatch: pytest.MonkeyPatch, asks_again: bool, until: int, address: str
) -> None:
    from django.test import override_settings
    from django.urls import path

    host, _ = inside
    urls = ModuleType("urls_of_seahub")
    vars(urls)["urlpatterns"] = [path("x/sys/sudo/", lambda request: None, name="sys_sudo_mode")]
    monkeypatch.setitem(sys.modules, urls.__name__, urls)
    request = SimpleNamespace(session={"sudo_expire_ts": until})
    with override_settings(ENABLE_SUDO_MODE=asks_again, ROOT_URLCONF=urls.__name__):
        assert host.confirmation(request) == address


def test_libraries_of_other_kinds_are_known(inside: tuple[Any, StandIn]) -> None:
    host, _ = inside
    assert host.library(WIKI).is_wiki
    assert not host.library(WIKI).encrypted
    assert host.library(ENCRYPTED).encrypted
    assert not host.library(ENCRYPTED).is_wiki


def test_a_name_costs_one_call(inside: tuple[Any, StandIn], monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of a list may show a hundred libraries."""
    host, stand_in = inside
    calls: list[None] = []
    monkeypatch.setattr(stand_in.api, "_answer", lambda: calls.append(None))
    assert host.library_name(SHARED) == "A folder"
    assert len(calls) == 1


def test_a_shared_folder_uses_the_quota_of_where_it_comes_from(inside: tuple[Any, StandIn]) -> None:
    assert inside[0].library(SHARED).quota_subject == "origin@example.com"


@pytest.mark.parametrize(("has_organisations", "subject_of_quota"), [(True, "boss@company.example"), (False, "")])
def test_a_companys_library_has_an_owner_of_another_kind(
    inside: tuple[Any, StandIn], has_organisations: bool, subject_of_quota: str
) -> None:
    host, stand_in = inside
    stand_in.api.has_organisations = has_organisations
    assert host.library(COMPANY).quota_subject == subject_of_quota


@pytest.mark.parametrize(("path", "permission"), [("/read-only", ""), ("/custom", "custom-7"), ("/", "rw")])
def test_the_right_is_that_of_the_folder(inside: tuple[Any, StandIn], path: str, permission: str) -> None:
    host, stand_in = inside
    assert host.upload_permission(asks(stand_in), REPO_ID, path) == permission
    assert host.upload_permission(asks(stand_in, username=""), REPO_ID, path) == ""


def test_an_rpc_that_fails_is_no_answer(inside: tuple[Any, StandIn]) -> None:
    host, stand_in = inside
    stand_in.api.is_down = True
    for call in (
        lambda: host.library(REPO_ID),
        lambda: host.has_folder(REPO_ID, "/"),
        lambda: host.has_room(REPO_ID),
        lambda: host.wake(1),
    ):
        with pytest.raises(SearpcError, match="Failed to read"):
            call()


def test_a_library_that_vanishes_meanwhile_has_no_folder(inside: tuple[Any, StandIn]) -> None:
    host, stand_in = inside
    del stand_in.api.repos[REPO_ID]
    assert host.has_folder(REPO_ID, "/") is False


def test_people_are_shown_by_nickname_and_contact_address(inside: tuple[Any, StandIn]) -> None:
    host, stand_in = inside
    stand_in.names[ADA] = "Ada Lovelace"
    person = host.person(ADA)
    assert (person.name, person.contact_email) == ("Ada Lovelace", f"contact-{ADA}")


def test_the_message_has_the_form_that_the_daemon_beside_it_reads(inside: tuple[Any, StandIn]) -> None:
    host, stand_in = inside
    host.wake(12)
    ((channel, content),) = stand_in.api.published
    assert channel == "seahub.stats"
    if stand_in.version == 11:
        assert content == "offline-file-upload\t12"
    else:
        assert json.loads(content) == {"msg_type": "offline-file-upload", "odr_id": 12}


def test_the_authenticators_are_those_of_seahubs_own_routes(inside: tuple[Any, StandIn]) -> None:
    assert [type(one).__name__ for one in inside[0].authenticators()] == [
        "TokenAuthentication",
        "SessionAuthentication",
    ]
    assert [type(one).__name__ for one in inside[0].throttles()] == ["UserRateThrottle"]


# --- which one it is ------------------------------------------------------------------------------------


def test_the_setting_says_which_host_it_is(inside: tuple[Any, StandIn]) -> None:
    from django.core.exceptions import ImproperlyConfigured
    from django.test import override_settings

    from seahub_patch import host

    assert isinstance(host.current(), host.SeahubHost)
    assert host.current() is host.current()
    with override_settings(OFFLINE_DOWNLOAD_HOST=inside[0]):
        assert host.current() is inside[0]
    for wrong in ("nowhere.Host", "seahub_patch.host.Nothing", "json.JSONDecoder", 5, None):
        with (
            override_settings(OFFLINE_DOWNLOAD_HOST=wrong),
            pytest.raises(ImproperlyConfigured, match="OFFLINE_DOWNLO"),
        ):
            host.current()
    assert isinstance(host.current(), host.SeahubHost)
