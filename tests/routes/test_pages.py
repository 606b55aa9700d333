"""The pages of the feature, and how they get into an application that was there before them."""

from __future__ import annotations

import gettext
import json
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from seafevents_offline.errors import SettingsError
from seafevents_offline.hosts import web as web_host
from seafevents_offline.hosts.standalone import OWNER, EmbeddedHost
from seafevents_offline.hosts.wish import Wish
from seafevents_offline.settings import Settings
from tests.support.web import Web, config_of, configure_django, text_of

if TYPE_CHECKING:
    from django.test import Client

    from seahub_patch.host import Host

HOST_LOCALES = Path(web_host.__file__).parent / "locale"


@pytest.fixture
def client(web: Web) -> Client:
    return web.browser()


@pytest.fixture
def host(web: Web) -> Iterator[Any]:
    """The host that answers; a test may give it other answers."""
    from seahub_patch import host

    return host.current()


def with_answers(base: Host, **answers: Any) -> Host:
    """``base``, but with other answers."""

    def method(answer: Any) -> Any:
        def reply(*_args: Any) -> Any:
            if isinstance(answer, Exception):
                raise answer
            return answer

        return reply

    other: Host = object.__new__(type("Other", (type(base),), {name: method(it) for name, it in answers.items()}))
    other.__dict__.update(vars(base))
    return other


def use(host: Host) -> Any:
    from django.test import override_settings

    return override_settings(OFFLINE_DOWNLOAD_HOST=host)


# --- what the script is told


@pytest.mark.parametrize(
    ("page", "address"),
    [
        ("downloads", "/offline-download/"),
        ("downloads", "/offline-download"),
        ("admin", "/sys/offline-download/"),
        ("admin", "/sys/offline-download"),
    ],
)
def test_a_page_is_a_place_for_the_script_and_what_it_must_know(client: Client, page: str, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200
    config = config_of(answer)
    assert config.pop("csrfToken")
    assert config == {"page": page, "siteRoot": "/", "lang": "en", "username": OWNER, "catalogUrl": None}
    text = text_of(answer)
    assert '<div id="offline-download-root"></div>' in text
    assert re.search(r'<script src="/offline-download/assets/\w+/offline-download\.js" defer></script>', text)
    assert re.search(r'<link rel="stylesheet" href="/offline-download/assets/\w+/offline-download\.css">', text)
    assert "private" in answer.headers["Cache-Control"]


def test_the_library_page_has_the_script_too(web: Web, client: Client) -> None:
    answer = client.get(web.folder())
    assert config_of(answer)["page"] == "library"
    assert "offline-download.js" in text_of(answer)


def test_a_link_in_the_address_stays_in_the_address(client: Client) -> None:
    answer = client.get("/offline-download/", {"url": "javascript:alert(1)//</script><script>alert(2)</script>"})
    assert answer.status_code == 200
    assert "alert(2)</script>" not in text_of(answer)


def test_what_a_name_says_cannot_end_the_configuration(host: Host, client: Client) -> None:
    name = "</script><script>alert(1)</script>"
    with use(with_answers(host, username=name)):
        answer = client.get("/offline-download/")
    assert config_of(answer)["username"] == name
    assert "<script>alert" not in text_of(answer)


def test_the_pages_only_answer_questions(web: Web, client: Client) -> None:
    token = config_of(client.get("/offline-download/"))["csrfToken"]
    for address in ("/offline-download/", "/sys/offline-download/"):
        assert client.post(address, HTTP_X_CSRFTOKEN=token).status_code == 405


# --- languages


@pytest.mark.parametrize(
    ("asked", "lang"),
    [
        ("en-US,en;q=0.9", "en"),
        ("de-AT,de;q=0.9,en;q=0.5", "de"),
        ("fr", "fr"),
        ("es-MX", "es"),
        ("ru-RU", "ru"),
        ("zh-CN,zh;q=0.9", "zh-cn"),
        ("ja", "en"),
        ("x" * 600, "en"),
    ],
)
def test_the_browser_decides_the_language(web: Web, asked: str, lang: str) -> None:
    locale = "zh_CN" if lang == "zh-cn" else lang
    texts = gettext.translation("django", str(HOST_LOCALES), [locale], fallback=lang == "en")
    answer = web.browser().get(web.folder(), HTTP_ACCEPT_LANGUAGE=asked)
    assert f'<html lang="{lang}">' in text_of(answer)
    assert texts.gettext("This folder is empty.") in text_of(answer)
    assert config_of(answer)["lang"] == lang


def test_another_language_can_be_chosen(web: Web, client: Client) -> None:
    for asked in ("en", "de"):
        text = text_of(client.get(web.folder(), HTTP_ACCEPT_LANGUAGE=asked))
        assert all(f">{name}</a>" in text for name in ("English", "Deutsch", "Français", "简体中文"))
    answer = client.get("/i18n/", {"lang": "de", "next": web.folder("/a b")})
    assert (answer.status_code, answer.headers["Location"]) == (302, web.folder("/a b"))
    assert '<html lang="de">' in text_of(client.get(web.folder()))
    client.get("/i18n/", {"lang": "tlh"})
    client.get("/i18n/", {"lang": "../../de"})
    assert '<html lang="de">' in text_of(client.get(web.folder()))


@pytest.mark.parametrize(
    "target", ["http://example.com/", "//example.com/", "/\\example.com", "javascript:alert(1)", ""]
)
def test_choosing_a_language_leads_nowhere_else(client: Client, target: str) -> None:
    assert client.get("/i18n/", {"lang": "de", "next": target}).headers["Location"] == "/"


# --- who may see them


@pytest.mark.parametrize(
    "address", ["/offline-download/?url=https%3A%2F%2Fexample.com%2F%3Fa%3D1", "/sys/offline-download/"]
)
def test_who_is_not_signed_in_goes_to_the_hosts_login_and_comes_back(host: Host, client: Client, address: str) -> None:
    from urllib.parse import parse_qs, urlsplit

    from django.test import override_settings

    with use(with_answers(host, username="")), override_settings(LOGIN_URL="/accounts/login/"):
        answer = client.get(address)
    assert answer.status_code == 302
    target = urlsplit(answer.headers["Location"])
    assert (target.path, parse_qs(target.query)) == ("/accounts/login/", {"next": [address]})


def test_the_administrators_page_is_for_administrators(host: Host, client: Client) -> None:
    with use(with_answers(host, may_view_logs=False)):
        answer = client.get("/sys/offline-download/")
        assert client.get("/offline-download/").status_code == 200
    assert answer.status_code == 403
    assert "Only administrators may see this page." in text_of(answer)
    assert config_of(answer) is None
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_where_the_host_asks_for_the_password_again_the_administrators_page_does_too(
    host: Host, client: Client
) -> None:
    with use(with_answers(host, confirmation="/sys/sudo/")):
        answer = client.get("/sys/offline-download/")
        assert client.get("/offline-download/").status_code == 200
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sys/sudo/?next=%2Fsys%2Foffline-download%2F")
    with use(with_answers(host, confirmation="/sys/sudo/", may_view_logs=False)):
        assert client.get("/sys/offline-download/").status_code == 403


def test_where_the_feature_is_off_a_page_says_so(web: Web, host: Host, client: Client) -> None:
    with use(with_answers(host, settings=Settings(enabled=False))):
        for address in ("/offline-download/", "/sys/offline-download/"):
            answer = client.get(address)
            assert (answer.status_code, config_of(answer)) == (404, None)
            assert "Offline download not supported." in text_of(answer)
        assert config_of(client.get(web.folder())) is None


def test_a_setting_that_is_wrong_costs_no_page_of_the_application(
    web: Web, host: Host, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = SettingsError(section="S", option="workers", value="x", allowed="a number is allowed")
    with use(with_answers(host, settings=wrong)), caplog.at_level(logging.ERROR, "seahub_patch"):
        assert client.get("/offline-download/").status_code == 503
        library = client.get(web.folder())
    assert (library.status_code, config_of(library)) == (200, None)
    assert "This folder is empty." in text_of(library)
    assert [record.message for record in caplog.records if record.name.endswith("offline_download")] == [
        f"Offline download cannot be put into the page library: {wrong}"
    ]


# --- in an application that was there before: Seahub

#: What Seahub's own template of this name is like, as far as it matters.
_BASE = """{% block extra_style %}<style></style>{% endblock %}<div id="wrapper"></div>
{% block extra_script %}<script src="app.js"></script>{% endblock %}</body>"""


@pytest.fixture
def seahub(tmp_path: Path, web: Web) -> Iterator[Path]:
    """Template folders as Seahub has them, ours put before; the administrator's own folder."""
    from django.conf import settings
    from django.test import override_settings

    from seahub_patch.apps import put_overrides_first

    own, base = tmp_path / "custom", tmp_path / "seahub"
    for folder in (own, base):
        folder.mkdir()
    (base / "react_app.html").write_text(_BASE)
    engine = {**settings.TEMPLATES[0], "DIRS": [str(own), str(base)]}
    with override_settings(TEMPLATES=[engine]):
        put_overrides_first()
        yield own


def rendered(client: Client) -> str:
    """``react_app.html`` as the application renders it for somebody who has signed in."""
    from django.template import engines
    from django.test import RequestFactory

    request = RequestFactory().get("/")
    request.session = client.session
    return str(engines["django"].get_template("react_app.html").render({}, request))


def test_the_applications_own_template_gets_our_script_behind_its_own(seahub: Path, client: Client) -> None:
    text = rendered(client)
    assert text.index('<div id="wrapper">') < text.index("app.js") < text.index("offline-download.js")
    config = json.loads(text.partition('type="application/json">')[2].partition("</script>")[0])
    assert config["page"] == "library"
    assert text.count("offline-download.js") == 1


def test_the_administrators_own_template_is_kept(seahub: Path, client: Client) -> None:
    block = '{% block extra_script %}{{ block.super }}<script src="own.js"></script>{% endblock %}'
    (seahub / "react_app.html").write_text('{% extends "react_app.html" %}' + block)
    text = rendered(client)
    assert text.index("app.js") < text.index("own.js") < text.index("offline-download.js")


def test_a_template_without_the_block_is_left_as_it_is(seahub: Path, client: Client) -> None:
    (seahub / "react_app.html").write_text("<p>something new</p>")
    assert rendered(client) == "<p>something new</p>"


def test_our_folder_is_put_before_the_others_once(seahub: Path) -> None:
    from django.conf import settings

    from seahub_patch.apps import OVERRIDES, put_overrides_first

    put_overrides_first()
    assert [folder == OVERRIDES for folder in settings.TEMPLATES[0]["DIRS"]] == [True, False, False]


def foreign_templates() -> list[dict[str, Any]]:
    """Without those of the embedded host."""
    processors = [f"django.template.context_processors.{name}" for name in ("i18n", "media", "request")]
    backend = "django.template.backends.django.DjangoTemplates"
    return [{"BACKEND": backend, "APP_DIRS": True, "OPTIONS": {"context_processors": processors}}]


@pytest.fixture
def base_urls(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module with addresses as Seahub has them."""
    configure_django()
    from django.http import HttpResponse
    from django.urls import re_path

    def view(request: Any, **_parts: Any) -> HttpResponse:
        return HttpResponse(request.resolver_match.url_name)

    module = ModuleType("stand_in_urls")
    module.urlpatterns = [  # type: ignore[attr-defined]
        re_path(r"^library/(?P<repo_id>[-0-9a-f]{36})/", view, name="lib_view"),
        re_path(r"^offline-download/", view, name="not_ours"),
        re_path(r"^", view, name="libraries"),
    ]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.delitem(sys.modules, "seahub_patch.urls", raising=False)
    return module.__name__


def test_our_addresses_come_first_and_the_applications_names_stay(web: Web, client: Client, base_urls: str) -> None:
    from django.test import override_settings
    from django.urls import resolve, reverse

    urls = {"ROOT_URLCONF": "seahub_patch.urls", "OFFLINE_DOWNLOAD_BASE_URLCONF": base_urls}
    with override_settings(TEMPLATES=foreign_templates(), **urls):
        assert config_of(client.get("/offline-download/"))["page"] == "downloads"
        assert resolve(web.folder()).url_name == "lib_view"
        assert text_of(client.get("/anything/else")) == "libraries"
        assert reverse("libraries") == "/"
        assert reverse("offline-download") == "/offline-download"
        assert client.get("/api/v2.2/offline-download/config").json()["enabled"]


def test_the_page_leads_administrators_on_to_theirs(host: Host, client: Client) -> None:
    from django.test import override_settings

    link = 'href="/sys/offline-download/"'
    for is_one in (True, False):
        here = with_answers(host, may_view_logs=is_one)
        with override_settings(TEMPLATES=foreign_templates(), OFFLINE_DOWNLOAD_HOST=here):
            assert (link in text_of(client.get("/offline-download/"))) is is_one
            assert link not in text_of(client.get("/sys/offline-download/"))


@pytest.mark.parametrize("broken", ["routes", "page_routes", "views"])
def test_when_something_of_ours_cannot_be_imported_the_applications_own_addresses_stay(
    broken: str, client: Client, base_urls: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from django.test import override_settings

    for name in ("routes", "page_routes"):
        make_new(name, monkeypatch)
    make_unusable(broken, monkeypatch)
    with override_settings(ROOT_URLCONF="seahub_patch.urls", OFFLINE_DOWNLOAD_BASE_URLCONF=base_urls):
        assert text_of(client.get("/anything")) == "libraries"
        assert text_of(client.get("/offline-download/")) == "not_ours"
    assert [record.message.splitlines()[0] for record in caplog.records if record.name == "seahub_patch.urls"] == [
        "Offline download has no pages"
    ]


@pytest.mark.parametrize("broken", ["host", "page", "views"])
def test_when_something_of_ours_cannot_be_imported_templates_are_rendered_all_the_same(
    broken: str, seahub: Path, client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    make_new("templatetags.offline_download", monkeypatch)
    make_new("page", monkeypatch)
    make_unusable(broken, monkeypatch)
    assert "offline-download" not in rendered(client)
    assert [record.message.splitlines()[0] for record in caplog.records] == [
        "Offline download cannot be put into the page library"
    ]


def make_unusable(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Importing it fails."""
    make_new(module, monkeypatch)
    monkeypatch.setitem(sys.modules, f"seahub_patch.{module}", None)


def make_new(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is imported anew; afterwards it is the one that it was."""
    package, _, name = f"seahub_patch.{module}".rpartition(".")
    if package in sys.modules:
        monkeypatch.delattr(sys.modules[package], name, raising=False)
    monkeypatch.delitem(sys.modules, f"{package}.{name}", raising=False)


def test_in_seahub_a_page_has_its_style_sheets_and_leads_back(client: Client) -> None:
    from django.test import override_settings

    with override_settings(TEMPLATES=foreign_templates(), MEDIA_URL="/media/", SITE_ROOT="/seafile/"):
        answer = client.get("/offline-download/")
    text = text_of(answer)
    assert re.findall(r'href="/media/([^"?]*)"', text) == [
        "css/sf_font3/iconfont.css",
        "css/seafile-ui.css",
        "css/seahub_react.css",
    ]
    assert 'href="/seafile/"' in text
    assert config_of(answer)["siteRoot"] == "/seafile/"
    assert (answer.headers["X-Frame-Options"], answer.headers["X-Content-Type-Options"]) == ("DENY", "nosniff")


def test_the_hosts_repository_is_the_services(web: Web, host: Host) -> None:
    task = web.host.add(Wish.of("http://example.com/f"))
    assert isinstance(web.host, EmbeddedHost)
    assert host.repository().get(task.odr_id) == task
