"""Collects every text that people read and keeps the catalogues of translations up to date.

    .venv/bin/python scripts/messages.py            write locale/*/LC_MESSAGES/django.{po,mo}; name what is missing
    .venv/bin/python scripts/messages.py --check    only say whether that would change anything

A new text comes without a translation, one that nobody says any more goes, everything else stays. Nothing is ever
marked fuzzy: a translation is right or is not there.
"""

from __future__ import annotations

import argparse
import ast
import re
import struct
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from babel.messages.extract import extract_from_file
from babel.messages.pofile import normalize, read_po

from seafevents_offline import errors

ROOT = Path(__file__).parents[1]

#: What a catalogue says of the forms that a number needs; the scripts of the pages take them in this order, too.
PLURALS = {
    "de": "nplurals=2; plural=(n != 1);",
    "es": "nplurals=2; plural=(n != 1);",
    "fr": "nplurals=2; plural=(n > 1);",
    "ru": "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);",
    "zh_CN": "nplurals=1; plural=0;",
}

_KEYWORDS = {"_": None, "gettext": None, "gettext_lazy": None, "ngettext": (1, 2)}
_TAG = re.compile(r"""\{%\s*translate\s+(?:"([^"]*)"|'([^']*)')[^%]*%\}""")
_OTHER_TAG = re.compile(r"\{%\s*(?:trans|blocktranslate|blocktrans)\b|\b_\(")

# Calls in the scripts. Their texts are literals, whole or in parts with "+" between; anything else is an error.
_CALL = re.compile(r"(?<!function )(?<![\w.$])(n?gettext)\(")
_LITERAL = r"""(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")"""
_TEXT = rf"{_LITERAL}(?:\s*\+\s*{_LITERAL})*"
_ARGUMENTS = {
    "gettext": re.compile(rf"\s*({_TEXT})\s*[,)]"),
    "ngettext": re.compile(rf"\s*({_TEXT})\s*,\s*({_TEXT})\s*,"),
}
_UNICODE = re.compile(r"\\u\{?([0-9a-fA-F]+)\}?")


class NotLiteral(Exception):
    """A text that no tool can find."""


@dataclass
class Message:
    """``plural`` is empty for most; ``sources`` are the files that say it."""

    text: str
    plural: str = ""
    sources: set[str] = field(default_factory=set)


Messages = dict[str, Message]
Translations = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Catalogue:
    """Where the translations of one part of the program are, and where its texts come from."""

    locale: Path
    sources: tuple[Path, ...]
    title: str
    with_reasons: bool = False

    def po(self, language: str) -> Path:
        return self.locale / language / "LC_MESSAGES" / "django.po"


CATALOGUES = (
    Catalogue(ROOT / "seahub_patch/locale", (ROOT / "seahub_patch",), "The texts of the offline download.", True),
    Catalogue(
        ROOT / "seafevents_offline/hosts/web/locale",
        (ROOT / "seafevents_offline/hosts/web",),
        "The texts of the embedded host's own pages.",
    ),
)


# --- what is said -------------------------------------------------------------------------------------------


def collect(catalogue: Catalogue) -> Messages:
    """Every text of the part, by itself. Raises NotLiteral."""
    found: Messages = {}
    if catalogue.with_reasons:
        for sentence in _reasons():
            _note(found, (sentence,), "seafevents_offline/errors")
    for source in catalogue.sources:
        for path in sorted(source.rglob("*")):
            for texts in _texts(path):
                _note(found, texts, str(path.relative_to(ROOT)))
    return found


def _reasons() -> Iterator[str]:
    """The sentences of errors/ itself; whoever imports this may have made other errors."""
    for value in vars(errors).values():
        if isinstance(value, errors.Explanation) and value.comment:
            yield value.comment
        elif isinstance(value, type) and issubclass(value, errors.OfflineDownloadError) and "sentence" in vars(value):
            yield value.sentence


def _note(found: Messages, texts: tuple[str, ...], source: str) -> None:
    message = found.setdefault(texts[0], Message(texts[0]))
    message.plural = message.plural or "".join(texts[1:])
    message.sources.add(source)


def _texts(path: Path) -> Iterable[tuple[str, ...]]:
    if "node_modules" in path.parts or "testing" in path.parts or ".test." in path.name:
        return ()
    if path.suffix == ".py":
        return _of_python(path)
    if path.suffix == ".html":
        return of_template(path.read_text(encoding="utf-8"))
    if path.suffix in (".ts", ".tsx") and "src" in path.parts:
        return of_script(path.read_text(encoding="utf-8"))
    return ()


def _of_python(path: Path) -> Iterator[tuple[str, ...]]:
    for _line, texts, _comments, _context in extract_from_file("python", path, keywords=_KEYWORDS):
        yield texts if isinstance(texts, tuple) else (texts,)


def of_template(text: str) -> Iterator[tuple[str, ...]]:
    """The one tag that we use; others are an error, so that no text is overlooked."""
    if _OTHER_TAG.search(text):
        raise NotLiteral("only {% translate %} is understood in templates")
    for match in _TAG.finditer(text):
        yield (match[1] or match[2],)


def of_script(text: str) -> Iterator[tuple[str, ...]]:
    """The texts of gettext('…') and ngettext('…', '…', …). Raises NotLiteral for other arguments."""
    for call in _CALL.finditer(text):
        arguments = _ARGUMENTS[call[1]].match(text, call.end())
        if arguments is None:
            raise NotLiteral(text[call.start() : call.end() + 60].partition("\n")[0])
        yield tuple(_value(argument) for argument in arguments.groups())


def _value(literals: str) -> str:
    """What a script means by one or more of its literals."""
    parts = re.findall(_LITERAL, literals)
    return "".join(ast.literal_eval(_UNICODE.sub(lambda it: f"\\U{int(it[1], 16):08x}", part)) for part in parts)


# --- the files ----------------------------------------------------------------------------------------------


def read(path: Path) -> Translations:
    """The translations in a file, all forms of each; nothing when there is no file."""
    if not path.exists():
        return {}
    with open(path, "rb") as file:
        messages = [message for message in read_po(file) if message.id]
    return {_first(message.id): _all(message.string) for message in messages if not message.fuzzy}


def po(messages: Messages, known: Translations, language: str, title: str) -> str:
    """The file that people edit, sorted by its texts."""
    entries = [f'# {title}\nmsgid ""\nmsgstr ""\n' + "\n".join(f'"{line}\\n"' for line in _header(language))]
    for text in sorted(messages):
        message = messages[text]
        lines = [f"#: {source}" for source in sorted(message.sources)] + [f"msgid {normalize(text, width=110)}"]
        forms = _forms(message, known, language)
        if message.plural:
            lines.append(f"msgid_plural {normalize(message.plural, width=110)}")
            lines += [f"msgstr[{number}] {normalize(form, width=110)}" for number, form in enumerate(forms)]
        else:
            lines.append(f"msgstr {normalize(forms[0], width=110)}")
        entries.append("\n".join(lines))
    return "\n\n".join(entries) + "\n"


def mo(messages: Messages, known: Translations, language: str) -> bytes:
    """The file that programs read: of what is translated in all its forms; the same bytes each time."""
    pairs = {b"": "".join(f"{line}\n" for line in _header(language)).encode()}
    for message in messages.values():
        forms = _forms(message, known, language)
        if all(forms):
            key = "\0".join(filter(None, (message.text, message.plural)))
            pairs[key.encode()] = "\0".join(forms).encode()
    ordered = sorted(pairs.items())
    keys, values = b"".join(key + b"\0" for key, _ in ordered), b"".join(value + b"\0" for _, value in ordered)
    head, count = 7 * 4, len(ordered)
    at = head + 2 * 8 * count
    tables = _offsets((key for key, _ in ordered), at) + _offsets((value for _, value in ordered), at + len(keys))
    start = struct.pack("<7I", 0x950412DE, 0, count, head, head + 8 * count, 0, at)
    return start + struct.pack(f"<{4 * count}I", *tables) + keys + values


def _offsets(texts: Iterable[bytes], at: int) -> list[int]:
    found = []
    for text in texts:
        found += [len(text), at]
        at += len(text) + 1
    return found


def _header(language: str) -> tuple[str, ...]:
    return (
        f"Language: {language}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=UTF-8",
        "Content-Transfer-Encoding: 8bit",
        f"Plural-Forms: {PLURALS[language]}",
    )


def _forms(message: Message, known: Translations, language: str) -> tuple[str, ...]:
    count = forms_of(language) if message.plural else 1
    forms = known.get(message.text, ())
    return tuple(forms) if len(forms) == count else (*forms, *[""] * count)[:count]


def forms_of(language: str) -> int:
    """How many forms a text with a number has."""
    return int(PLURALS[language].partition("=")[2].partition(";")[0])


def _first(text: str | tuple[str, ...]) -> str:
    return text if isinstance(text, str) else text[0]


def _all(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


# --- the command --------------------------------------------------------------------------------------------


def write(catalogue: Catalogue, language: str, *, check: bool) -> tuple[bool, list[str]]:
    """Whether anything changes, and the texts that have no translation."""
    messages, path = collect(catalogue), catalogue.po(language)
    known = read(path)
    wanted = {
        path: po(messages, known, language, catalogue.title).encode(),
        path.with_suffix(".mo"): mo(messages, known, language),
    }
    changed = [file for file, content in wanted.items() if not file.exists() or file.read_bytes() != content]
    if not check:
        path.parent.mkdir(parents=True, exist_ok=True)
        for file in changed:
            file.write_bytes(wanted[file])
    return bool(changed), [text for text, it in messages.items() if not all(_forms(it, known, language))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when something would change")
    check = parser.parse_args().check
    failed = False
    for catalogue in CATALOGUES:
        for language in PLURALS:
            changed, missing = write(catalogue, language, check=check)
            failed = failed or bool(missing) or (check and changed)
            for text in missing:
                sys.stderr.write(f"{catalogue.po(language).relative_to(ROOT)}: not translated: {text}\n")
            if check and changed:
                sys.stderr.write(f"{catalogue.po(language).relative_to(ROOT)}: run scripts/messages.py\n")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
