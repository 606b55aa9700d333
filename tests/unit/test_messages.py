"""Every text that people read is there in every language, and the tool that keeps it so finds every text."""

from __future__ import annotations

import functools
import gettext
import importlib.util
import io
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.pofile import read_po

from seafevents_offline import errors

ROOT = Path(__file__).parents[2]
LANGUAGES = ["de", "es", "fr", "ru", "zh_CN"]


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("messages_tool", ROOT / "scripts" / "messages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


tool = load()

#: Reading all sources takes longer than all else here; a test that changes one reads them itself.
collect = functools.cache(tool.collect)
PARTS = pytest.mark.parametrize(
    "catalogue", tool.CATALOGUES, ids=[str(it.locale.relative_to(ROOT)) for it in tool.CATALOGUES]
)


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"\{[^{}]*\}", text))


@PARTS
def test_every_text_is_in_every_catalogue_and_nothing_else_is(catalogue):
    texts = set(collect(catalogue))
    assert sorted(path.name for path in catalogue.locale.iterdir()) == LANGUAGES
    for language in LANGUAGES:
        assert set(tool.read(catalogue.po(language))) == texts, "run .venv/bin/python scripts/messages.py"


@PARTS
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated_in_all_its_forms_with_its_placeholders(catalogue, language):
    known = tool.read(catalogue.po(language))
    for text, message in collect(catalogue).items():
        forms = known[text]
        assert len(forms) == (tool.forms_of(language) if message.plural else 1), text
        for form in forms:
            assert form.strip(), f"not translated: {text}"
            assert placeholders(form) == placeholders(text), text
            assert form.endswith("\n") == text.endswith("\n"), text


@PARTS
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_programs_read_is_what_people_wrote(catalogue, language):
    known = tool.read(catalogue.po(language))
    with open(catalogue.po(language).with_suffix(".mo"), "rb") as file:
        compiled = gettext.GNUTranslations(file)
    for text, message in collect(catalogue).items():
        if message.plural:
            numbers = {compiled.ngettext(text, message.plural, number) for number in range(30)}
            assert numbers == set(known[text])
        else:
            assert compiled.gettext(text) == known[text][0]
    assert {key if isinstance(key, str) else key[0] for key in compiled._catalog} - {""} == set(known)
    assert catalogue.po(language).with_suffix(".mo").read_bytes() == tool.mo(collect(catalogue), known, language), (
        "run .venv/bin/python scripts/messages.py"
    )


@PARTS
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_fuzzy_or_obsolete(catalogue, language):
    found = read_po(io.BytesIO(catalogue.po(language).read_bytes()))
    assert not found.obsolete
    assert not [message.id for message in found if message.fuzzy and message.id]
    assert found.num_plurals == tool.forms_of(language)


def test_every_reason_has_its_sentence():
    texts = collect(tool.CATALOGUES[0])
    # A test of another module may have made an error of its own.
    ours = {name: sentence for name, sentence in errors.reasons().items() if _is_ours(name)}
    assert len(ours) > 40
    for sentence in ours.values():
        assert sentence in texts


def _is_ours(reason: str) -> bool:
    found = [value for value in vars(errors).values() if getattr(value, "reason", "") == reason]
    return bool(found)


@pytest.mark.parametrize(
    ("language", "numbers"),
    [
        ("de", {0: "1", 1: "0", 2: "1"}),
        ("es", {0: "1", 1: "0", 2: "1"}),
        ("fr", {0: "0", 1: "0", 2: "1"}),
        ("ru", {1: "0", 2: "1", 5: "2", 11: "2", 21: "0", 22: "1", 111: "2"}),
        ("zh_CN", {0: "0", 1: "0", 2: "0"}),
    ],
)
def test_the_forms_of_numbers_are_in_the_order_of_the_pages(language, numbers):
    forms = tuple(str(number) for number in range(tool.forms_of(language)))
    compiled = gettext.GNUTranslations(
        io.BytesIO(tool.mo({"one": tool.Message("one", "many")}, {"one": forms}, language))
    )
    assert {number: compiled.ngettext("one", "many", number) for number in numbers} == numbers


# --- the tool


@pytest.mark.parametrize(
    ("script", "texts"),
    [
        ("gettext('a')", [("a",)]),
        ('x = gettext("It\'s {name}", { name })', [("It's {name}",)]),
        (r"gettext('It\'s a \"\\\" \u00e9\u{1f600}')", [('It\'s a "\\" é😀',)]),
        ("gettext(\n  'a ' +\n    'b',\n)", [("a b",)]),
        ("ngettext('{count} file', '{count} files', n)", [("{count} file", "{count} files")]),
        ("ngettext(\n  'one',\n  'many',\n  n,\n  { x })", [("one", "many")]),
        ("<p title={gettext('a')}>{gettext('b')}</p>", [("a",), ("b",)]),
        ("/[\"']/.test(x) ? gettext('a') : gettext('b')", [("a",), ("b",)]),
        ("export function gettext(text: string) {}", []),
        ("mygettext('a'); x.gettext('b'); $gettext('c'); gettextual('d')", []),
    ],
)
def test_texts_of_scripts_are_found(script, texts):
    assert list(tool.of_script(script)) == texts


@pytest.mark.parametrize(
    "script", ["gettext(text)", "gettext(`a`)", "gettext('a' + b)", "ngettext('a', many, n)", "gettext()", "gettext('a"]
)
def test_a_text_that_no_tool_can_find_is_an_error(script):
    with pytest.raises(tool.NotLiteral, match="gettext"):
        list(tool.of_script(script))


def test_texts_of_templates_are_found():
    page = """{% load i18n %}<a title='{% translate "It's {x}" %}'>{%translate 'b' as title%}</a>"""
    assert list(tool.of_template(page)) == [("It's {x}",), ("b",)]
    for other in ('{% trans "a" %}', "{% blocktranslate %}a{% endblocktranslate %}", '{{ _("a") }}'):
        with pytest.raises(tool.NotLiteral):
            list(tool.of_template(other))


def make_part(tmp_path: Path, program: str) -> object:
    (tmp_path / "part").mkdir(exist_ok=True)
    (tmp_path / "part" / "views.py").write_text(program, encoding="utf-8")
    return tool.Catalogue(tmp_path / "locale", (tmp_path / "part",), "Texts.")


def test_new_texts_come_old_ones_go_and_translations_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    part = make_part(tmp_path, "gettext('a')\ngettext('old')\nngettext('one', 'many', 2)")
    assert tool.write(part, "ru", check=False) == (True, ["a", "old", "one"])
    path = part.po("ru")
    path.write_text(path.read_text().replace('msgid "a"\nmsgstr ""', 'msgid "a"\nmsgstr "а \\"1\\""'))
    part = make_part(tmp_path, "gettext('a')\ngettext('new')\nngettext('one', 'many', 2)")
    assert tool.write(part, "ru", check=True) == (True, ["new", "one"])
    assert "old" in path.read_text()
    assert tool.write(part, "ru", check=False) == (True, ["new", "one"])
    assert tool.read(path) == {"a": ('а "1"',), "new": ("",), "one": ("", "", "")}
    assert tool.write(part, "ru", check=True) == (False, ["new", "one"])
    with open(path.with_suffix(".mo"), "rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert (compiled.gettext("a"), compiled.gettext("new")) == ('а "1"', "new")


def test_a_text_that_gets_a_number_is_not_translated_before_all_its_forms_are(tmp_path, monkeypatch):
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    part = make_part(tmp_path, "gettext('file')")
    tool.write(part, "de", check=False)
    path = part.po("de")
    path.write_text(path.read_text().replace('msgid "file"\nmsgstr ""', 'msgid "file"\nmsgstr "Datei"'))
    part = make_part(tmp_path, "ngettext('file', 'files', n)")
    assert tool.write(part, "de", check=False) == (True, ["file"])
    assert tool.read(path) == {"file": ("Datei", "")}
