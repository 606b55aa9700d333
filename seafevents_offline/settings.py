"""The section ``[OFFLINE DOWNLOAD]`` of seafevents.conf: parsed once, frozen, every bad value one sentence.

Sizes are bytes, times seconds. conf/seafevents.conf.sample describes every option; a test parses it.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Mapping
from configparser import (
    DuplicateOptionError,
    DuplicateSectionError,
    MissingSectionHeaderError,
    ParsingError,
    RawConfigParser,
)
from configparser import Error as ConfigError
from dataclasses import dataclass, field, fields
from typing import Any, cast

from .endpoint import parse_denied, parse_opened, parse_proxy, parse_webhook
from .errors import SettingsError
from .mime import parse_pattern
from .units import parse_size, parse_time

SECTION = "OFFLINE DOWNLOAD"

#: Schemes that the engine and the guard understand at all.
KNOWN_SCHEMES = ("http", "https", "ftp")

#: What ``upstream-proxy`` is called in the environment, in the order in which it is looked for.
PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy")

_PERCENTAGE = re.compile(r"\d{1,3}(\.\d{1,6})?\s*%?", re.ASCII)
_REMARK = re.compile(r"(^|[ \t])[#;].*", re.MULTILINE)
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{16,200}", re.ASCII)
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}\$?|[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True)
class _Kind:
    """How one sort of value is read, and the words for what is allowed."""

    parse: Callable[[str], Any]
    allowed: str


def _boolean(text: str) -> bool:
    return RawConfigParser.BOOLEAN_STATES[text.lower()]


def _whole(low: int, high: int) -> _Kind:
    return _Kind(lambda text: _number(text, low, high), f"a whole number from {low} to {high} is allowed")


def _number(text: str, low: int, high: int) -> int:
    # int() alone also takes 1_000, +4 and the digits of every script.
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return int(_within(int(text), low, high))


def _time(low: float, high: float, words: str) -> _Kind:
    return _Kind(
        lambda text: _within(parse_time(text), low, high),
        f"a time from {words} is allowed, as a number with s, m, h or d",
    )


def _within(value: Any, low: float, high: float) -> Any:
    if not low <= value <= high:
        raise ValueError(value)
    return value


def _percent(text: str) -> float:
    if not _PERCENTAGE.fullmatch(text):
        raise ValueError(text)
    return float(_within(float(text.removesuffix("%")), 1, 100))


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.replace(",", " ").split())


def _schemes(text: str) -> tuple[str, ...]:
    schemes = _words(text.lower())
    if not schemes or not set(schemes) <= set(KNOWN_SCHEMES):
        raise ValueError(text)
    return schemes


def _ports(text: str) -> tuple[int, ...]:
    ports = tuple(_number(port, 1, 65535) for port in _words(text))
    if not ports:
        raise ValueError(text)
    return ports


def _each(parse: Callable[[str], object]) -> Callable[[str], tuple[str, ...]]:
    return lambda text: tuple(str(parse(word)) for word in _words(text))


def _proxy(text: str) -> str:
    if text != "env":
        parse_proxy(text)
    return text


def _webhook(text: str) -> str:
    parse_webhook(text)
    return text


def _user(text: str) -> str:
    # Root is what must not be had any more.
    if not _USER.fullmatch(text) or text == "root" or not text.strip("0"):
        raise ValueError(text)
    return text


def _storage(text: str) -> str:
    if text not in ("seafile", "folder"):
        raise ValueError(text)
    return text


def _token(text: str) -> str:
    # What a header can carry, and long enough that nobody guesses it.
    if not _TOKEN.fullmatch(text):
        raise ValueError(text)
    return text


#: Stands in sentences for a value that nobody but the administrator may see.
HIDDEN = "***"

_BOOLEAN = _Kind(_boolean, "true or false is allowed")
_SIZE = _Kind(parse_size, "a size is allowed, as a number with b, kb, mb, gb or tb")
_TEXT = _Kind(str, "a text is allowed")
_OPENED = _Kind(
    _each(parse_opened), "a list of host:port, address:port and private networks like 192.168.7.0/24 is allowed"
)
_DENIED = _Kind(_each(parse_denied), "a list of host names, IP addresses and networks like 192.168.7.0/24 is allowed")
_PROXY = _Kind(_proxy, "http://host:port or http://user:password@host:port or env is allowed")
_WEBHOOK = _Kind(_webhook, "http://host/path or https://host:port/path is allowed")
_MIME = _Kind(
    _each(parse_pattern), "a list of types like application/pdf, image/* or *, with exceptions in mime-deny, is allowed"
)
_PERCENT = _Kind(_percent, "a percentage from 1% to 100% is allowed")


def _option(default: Any, kind: _Kind, secret: bool = False) -> Any:
    return field(default=default, repr=not secret, metadata={"kind": kind})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One field an option; the option's name is the field's with ``-`` for ``_``."""

    enabled: bool = _option(False, _BOOLEAN)
    tempdir: str = _option("/tmp/offline-download", _TEXT)  # noqa: S108 (checked before use: ours, mode 0700)
    workers: int = _option(4, _whole(1, 512))
    interval: float = _option(5.0, _time(0.1, 3600, "0.1s to 1h"))
    max_size: int = _option(800 * 1024**2, _SIZE)
    time_limit: float = _option(86400.0, _time(1, 365 * 86400, "1s to 365d"))
    min_speed: int = _option(1024, _SIZE)
    max_attempts: int = _option(3, _whole(1, 100))
    retry_delay: float = _option(30.0, _time(0, 600, "0s to 10m"))
    tasks_per_user: int = _option(100, _whole(1, 1_000_000))
    adds_per_hour: int = _option(300, _whole(1, 1_000_000))
    workers_per_user: int = _option(2, _whole(1, 512))
    workers_per_host: int = _option(2, _whole(1, 512))
    connections: int = _option(8, _whole(1, 16))
    speed_limit: int = _option(0, _SIZE)
    schemes: tuple[str, ...] = _option(
        ("http", "https"), _Kind(_schemes, f"a list of {', '.join(KNOWN_SCHEMES)} is allowed")
    )
    ports: tuple[int, ...] = _option(
        (80, 443, 8080, 8443), _Kind(_ports, "a list of port numbers from 1 to 65535 is allowed")
    )
    allow_addresses: tuple[str, ...] = _option((), _OPENED)
    deny_hosts: tuple[str, ...] = _option((), _DENIED)
    upstream_proxy: str = _option("", _PROXY, secret=True)
    ca_certificate: str = _option("", _TEXT)
    cookies: bool = _option(False, _BOOLEAN)
    mime_allow: tuple[str, ...] = _option((), _MIME)
    mime_deny: tuple[str, ...] = _option((), _MIME)
    disk_high: float = _option(95.0, _PERCENT)
    disk_low: float = _option(90.0, _PERCENT)
    retention: float = _option(30 * 86400.0, _time(3600, 3650 * 86400, "1h to 3650d"))
    aria2c: str = _option("", _TEXT)
    run_as: str = _option("nobody", _Kind(_user, "the name or number of a user, not root, is allowed"))
    database: str = _option("", _TEXT, secret=True)
    storage: str = _option("seafile", _Kind(_storage, "seafile or folder is allowed"))
    library: str = _option("./library", _TEXT)
    node: str = _option("", _TEXT)
    notify: bool = _option(True, _BOOLEAN)
    webhook_url: str = _option("", _WEBHOOK, secret=True)
    webhook_secret: str = _option("", _TEXT, secret=True)
    metrics_token: str = _option(
        "", _Kind(_token, "a word of 16 to 200 letters, digits and - . _ ~ + / = is allowed"), secret=True
    )

    @classmethod
    def from_config(cls, config: RawConfigParser, **defaults: Any) -> Settings:
        """From any configparser object, read raw (``95%`` is no interpolation).

        ``defaults`` stand where the section says nothing. Raises SettingsError for the first bad value.
        """
        values = dict(defaults)
        for entry in fields(cls):
            option = entry.name.replace("_", "-")
            # Host 12 and older keep trailing blanks and inline comments; only the blanks mean nothing.
            text = cast(str, config.get(SECTION, option, raw=True, fallback="") or "").strip()
            if text:
                values[entry.name] = _read(option, text, entry.metadata["kind"], is_secret=not entry.repr)
        settings = cls(**values)
        settings._check_together()
        return settings

    def proxy_url(self, environment: Mapping[str, str]) -> str:
        """The proxy that everything goes through, password included; empty when there is none.

        Raises SettingsError when it is that of the environment, which has none or one that cannot be used.
        """
        if self.upstream_proxy != "env":
            return self.upstream_proxy
        url = next(filter(None, map(environment.get, PROXY_VARIABLES)), "")
        try:
            parse_proxy(url)
        except ValueError:
            raise _refusal("upstream-proxy", "env", f"{PROXY_VARIABLES[0]} = http://host:port must be set") from None
        return url

    def _check_together(self) -> None:
        if self.disk_low > self.disk_high:
            raise _refusal("disk-low", f"{self.disk_low:g}%", f"at most disk-high ({self.disk_high:g}%) is allowed")


class SettingsUnreadable(SettingsError):
    """The whole file; said to administrators, in English."""

    reason = "settings_unreadable"
    sentence = "The settings in {path} cannot be read: {problem}."


def read_config(path: str | os.PathLike[str]) -> RawConfigParser:
    """seafevents.conf, or another file with our section: read alike by the daemon, Seahub and the command line.

    Values are raw. Those of our section have lost remarks behind them, which a host takes away since 13; the others
    are as a host up to 12 reads them: a password may hold `` #``. What the hosts' own parsers refuse is refused here,
    too. Raises SettingsUnreadable, also for a file that is not there.
    """
    config = RawConfigParser()
    try:
        with open(path, encoding="utf-8") as file:
            config.read_file(file)
    except (OSError, UnicodeDecodeError, ConfigError) as error:
        # Without its cause: a parser's error quotes lines, and passwords stand in the file.
        raise SettingsUnreadable(path=os.fspath(path), problem=_problem(error)) from None
    if config.has_section(SECTION):
        for option, text in config.items(SECTION):
            config.set(SECTION, option, _REMARK.sub("", text).strip())
    return config


def _problem(error: Exception) -> str:
    if isinstance(error, OSError):
        return str(error.strerror)
    if isinstance(error, UnicodeDecodeError):
        return "it is not written in UTF-8"
    if isinstance(error, (DuplicateSectionError, DuplicateOptionError)):
        return f"line {error.lineno} repeats what stands above it"
    if isinstance(error, MissingSectionHeaderError):
        return f"line {error.lineno} stands before the first [section]"
    if isinstance(error, ParsingError) and error.errors:
        return f"line {error.errors[0][0]} is neither a [section] nor name = value"
    return "it is not of the form [section], name = value"


def unknown_options(config: RawConfigParser) -> list[str]:
    """One sentence for each option of the section that nobody reads, most often a misspelt one."""
    if not config.has_section(SECTION):
        return []
    known = [entry.name.replace("_", "-") for entry in fields(Settings)]
    inherited = set(config.defaults())
    sentences = []
    for option in config.options(SECTION):
        if option not in known and option not in inherited:
            close = difflib.get_close_matches(option.replace("_", "-"), known, n=1)
            hint = f"; did you mean {close[0]}?" if close else "."
            sentences.append(f"[{SECTION}] {option} is not an option of ours and is ignored{hint}")
    return sentences


def _read(option: str, text: str, kind: _Kind, *, is_secret: bool) -> Any:
    try:
        return kind.parse(text)
    except (ValueError, KeyError):
        raise _refusal(option, HIDDEN if is_secret else text, kind.allowed) from None


def _refusal(option: str, value: str, allowed: str) -> SettingsError:
    return SettingsError(section=SECTION, option=option, value=value, allowed=allowed)
