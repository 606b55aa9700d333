"""The texts of the embedded host's pages: each is there in each language, and what is read is what is written."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from seafevents_offline.hosts import web

HERE = Path(web.__file__).parent
LANGUAGES = ["de", "es", "fr", "ru", "zh_CN"]

_LITERAL = r'"((?:[^"\\]|\\.)*)"'


def texts() -> set[str]:
    """Every text that the host's pages and answers ask for."""
    pages = "".join(path.read_text(encoding="utf-8") for path in HERE.rglob("*.html"))
    found = set(re.findall(rf"{{% translate {_LITERAL}", pages))
    for path in HERE.glob("*.py"):
        for call in re.findall(rf"\b_\(\s*((?:{_LITERAL}\s*)+)", path.read_text(encoding="utf-8")):
            found.add("".join(re.findall(_LITERAL, call[0])))
    return found


def written(language: str) -> Catalog:
    return read_po(io.BytesIO((HERE / "locale" / language / "LC_MESSAGES" / "django.po").read_bytes()))


def translations(catalog: Catalog) -> dict[str, str]:
    return {str(message.id): str(message.string) for message in catalog if message.id}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_text_is_there_and_no_other(language: str) -> None:
    found = translations(written(language))
    assert found.keys() == texts()
    assert all(found.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_read_is_what_is_written(language: str) -> None:
    with open(HERE / "locale" / language / "LC_MESSAGES" / "django.mo", "rb") as file:
        assert translations(read_mo(file)) == translations(written(language))


def test_the_languages_are_those_that_can_be_chosen() -> None:
    assert sorted(path.name for path in (HERE / "locale").iterdir()) == LANGUAGES
    assert len(texts()) > 30
