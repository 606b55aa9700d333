"""What pages load: kept for ever under an address that changes with the content; translations of our texts alone."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from tests.support.web import Web, config_of

if TYPE_CHECKING:
    from django.test import Client

FOR_EVER = "public, max-age=31536000, immutable"


@pytest.fixture
def client(web: Web) -> Client:
    return web.browser()


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, web: Web) -> Iterator[Path]:
    """Stand in for what the frontend's build gives."""
    from seahub_patch.views import assets

    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "offline-download.js").write_text("script();" * 100)
    (folder / "offline-download.css").write_text("p{}")
    (folder / "notes.txt").write_text("not to be served")
    monkeypatch.setattr(assets, "FILES", folder)
    return folder


@pytest.fixture
def locales(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, web: Web) -> Iterator[Path]:
    """Translations into Russian and Chinese."""
    from seahub_patch.views import catalog

    folder = tmp_path / "locale"
    for language, forms in {"ru": ("{n} файл", "{n} файла", "{n} файлов"), "zh_CN": ("{n} 个文件",)}.items():
        made = Catalog(language)
        made.add("Downloads", f"Downloads in {language}")
        made.add(("{n} file", "{n} files"), forms)
        path = folder / language / "LC_MESSAGES" / "django.mo"
        path.parent.mkdir(parents=True)
        with open(path, "wb") as file:
            write_mo(file, made)
    monkeypatch.setattr(catalog, "LOCALES", folder)
    return folder


def address_of_the_script() -> str:
    from seahub_patch import page

    return page.asset_address("offline-download.js")


# --- script and style sheet


def test_a_file_is_kept_for_ever_under_its_present_address(files: Path, client: Client) -> None:
    answer = client.get(address_of_the_script())
    assert answer.content == (files / "offline-download.js").read_bytes()
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Cache-Control"] == FOR_EVER
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_another_content_is_another_address(files: Path, client: Client) -> None:
    from seahub_patch.views.assets import version_of

    before = address_of_the_script()
    (files / "offline-download.css").write_text("p{color:red}")
    version_of.cache_clear()
    assert address_of_the_script() != before


def test_an_old_address_still_works_but_is_not_kept(files: Path, client: Client) -> None:
    answer = client.get("/offline-download/assets/0123456789abcdef/offline-download.css")
    assert (answer.status_code, answer.content) == (200, b"p{}")
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-cache"


def test_a_browser_that_can_gets_it_compressed(files: Path, client: Client) -> None:
    answer = client.get(address_of_the_script(), HTTP_ACCEPT_ENCODING="gzip")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.content) == (files / "offline-download.js").read_bytes()
    assert "Accept-Encoding" in answer.headers["Vary"]


@pytest.mark.parametrize("name", ["missing.js", "notes.txt", "..%2Fnotes.txt", "..", ".", "%00", "catalog/de.js"])
def test_only_what_is_there_to_be_loaded_is_served(files: Path, client: Client, name: str) -> None:
    assert client.get(f"/offline-download/assets/x/{name}").status_code == 404


def test_nothing_can_be_sent_there(files: Path, client: Client) -> None:
    token = config_of(client.get("/offline-download/"))["csrfToken"]
    assert client.post(address_of_the_script(), HTTP_X_CSRFTOKEN=token).status_code == 405


def test_the_committed_build_is_served(web: Web, client: Client) -> None:
    answer = client.get(address_of_the_script())
    assert answer.status_code == 200
    assert len(answer.content) > 0


def test_the_hosts_own_files_are_for_everybody(web: Web) -> None:
    from seafevents_offline.hosts.web.static import FILES
    from seahub_patch.views.assets import version_of

    for path in FILES.iterdir():
        answer = web.stranger().get(f"/static/{version_of(FILES)}/{path.name}")
        assert answer.status_code == 200, path
        assert answer.headers["Cache-Control"] == FOR_EVER
    assert web.stranger().get("/static/x/nothing.js").status_code == 404


def test_the_style_sheet_of_bootstrap_has_its_licence(web: Web) -> None:
    from seafevents_offline.hosts.web.static import FILES

    assert "Licensed under MIT" in (FILES / "bootstrap.min.css").read_text(encoding="utf-8")[:400]


# --- translations


def catalog_address(language: str) -> str | None:
    from seahub_patch.views import catalog

    return catalog.address(language)


def test_a_catalogue_has_our_texts_and_their_plural_forms(locales: Path, client: Client) -> None:
    address = catalog_address("ru")
    assert address is not None
    answer = client.get(address)
    assert answer.headers["Cache-Control"] == FOR_EVER
    assert answer.headers["Content-Type"] == "application/json"
    read: Any = json.loads(answer.content)
    assert read["catalog"] == {
        "Downloads": "Downloads in ru",
        "{n} file": ["{n} файл", "{n} файла", "{n} файлов"],
    }
    assert "n%10==1" in read["plural"].replace(" ", "")


def test_the_page_says_where_the_catalogue_of_its_language_is(locales: Path, client: Client) -> None:
    for asked, found in {"zh-CN": "zh-cn", "ru": "ru", "en": None, "fr": None}.items():
        address = config_of(client.get("/offline-download/", HTTP_ACCEPT_LANGUAGE=asked))["catalogUrl"]
        assert address == catalog_address(asked.lower())
        assert (address is None) == (found is None)
        if address is not None:
            assert address.endswith(f"/catalog/{found}.json")
            assert client.get(address).json()["catalog"]["Downloads"].startswith("Downloads in")


def test_a_dialect_without_a_catalogue_gets_its_language(locales: Path) -> None:
    assert catalog_address("ru-ua") == catalog_address("ru")
    # Another script is no dialect.
    assert catalog_address("zh-tw") is None


@pytest.mark.parametrize("language", ["xx", "en", "..", "ru%2F..", "x" * 300])
def test_a_language_that_is_not_there_is_not_found(locales: Path, client: Client, language: str) -> None:
    assert client.get(f"/offline-download/assets/x/catalog/{language}.json").status_code == 404
