"""What a link may need besides itself: a user name and a password, headers, a referer, a user agent.

All of it is secret until it is sent, so none of it is in any sentence, log or ``repr``. The names of headers are ours:
what people type chooses one of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .errors import (
    HeaderInvalid,
    HeaderRefused,
    InputError,
    PasswordAlone,
    PasswordInvalid,
    RefererInvalid,
    TwoLogins,
    UserAgentInvalid,
    UserNameInvalid,
)
from .link import normalise, split_login

LANGUAGES = "Accept-Language"
AUTHORIZATION = "Authorization"
COOKIE = "Cookie"

#: What people may send beside what the engine sends by itself: languages, and how sites are told who asks. Never what
#: frames a request or its answer (Host, Connection, Content-*, Range, Accept-Encoding) or speaks to proxies.
HEADERS = (
    LANGUAGES,
    AUTHORIZATION,
    "Deploy-Token",
    "Job-Token",
    "Private-Token",
    "X-Access-Token",
    "X-Api-Key",
    "X-Auth-Token",
    "X-Dataverse-Key",
    "X-JFrog-Art-Api",
    "X-Requested-With",
)

#: Everything that ``Extras.kinds`` may have.
KINDS = ("password", "headers", "cookies", "referer", "user_agent")

#: Characters.
MAX_USER_LENGTH = 255
MAX_PASSWORD_LENGTH = 1024
MAX_USER_AGENT_LENGTH = 512

#: All values of headers together: servers refuse more.
MAX_HEADERS_LENGTH = 8192

# Tabs and blanks inside are allowed by RFC 9110; other letters than ASCII have no meaning that servers agree about.
_VALUE = re.compile(r"[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def header_names(cookies: bool) -> tuple[str, ...]:
    """The headers that may be sent; ``cookies``: what the setting of that name says."""
    return (*HEADERS, COOKIE) if cookies else HEADERS


@dataclass(frozen=True, repr=False)
class Extras:
    """``headers``: name as in ``header_names``, value in printable ASCII; no name twice. ``referer``: a link as it is
    stored. False when there is nothing of it."""

    user: str = ""
    password: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    referer: str = ""
    user_agent: str = ""

    @classmethod
    def of_link(cls, text: str, given: Extras) -> tuple[str, Extras]:
        """A link as people paste it without the user name and password in it, and ``given`` with these. Raises
        UserNameInvalid, PasswordInvalid or PasswordAlone, and TwoLogins where ``given`` says something else."""
        url, user, password = split_login(text)
        if not user and not password:
            return url, given
        _check_login(user, password)
        if given.header(AUTHORIZATION) or (given.user and (given.user, given.password) != (user, password)):
            raise TwoLogins()
        return url, replace(given, user=user, password=password)

    @classmethod
    def checked(
        cls,
        *,
        user: str = "",
        password: str = "",
        headers: Iterable[tuple[str, str]] = (),
        referer: str = "",
        user_agent: str = "",
        cookies: bool = False,
    ) -> Extras:
        """From what people give. Raises UserNameInvalid, PasswordInvalid, PasswordAlone, HeaderRefused, HeaderInvalid,
        RefererInvalid, UserAgentInvalid or TwoLogins."""
        _check_login(user, password)
        found = cls(user, password, _headers(headers, cookies), _referer(referer), _user_agent(user_agent))
        if found.user and found.header(AUTHORIZATION):
            raise TwoLogins()
        return found

    def header(self, name: str) -> str:
        """Its value; empty when it is not sent."""
        return dict(self.headers).get(name, "")

    def check_allowed(self, cookies: bool) -> None:
        """Whether all headers may still be sent. Raises HeaderRefused."""
        allowed = header_names(cookies)
        if any(name not in allowed for name, _ in self.headers):
            raise HeaderRefused(names=", ".join(allowed))

    @property
    def is_confidential(self) -> bool:
        """Whether it is for the server of the link alone. Browsers tell the rest to whomever that one leads them to."""
        return bool(self.user or self.password or any(name != LANGUAGES for name, _ in self.headers))

    @property
    def kinds(self) -> tuple[str, ...]:
        """What there is, for pages: not secret."""
        there = (
            self.user or self.password,
            any(name != COOKIE for name, _ in self.headers),
            self.header(COOKIE),
            self.referer,
            self.user_agent,
        )
        return tuple(kind for kind, value in zip(KINDS, there, strict=True) if value)

    def __bool__(self) -> bool:
        return bool(self.kinds)

    def __repr__(self) -> str:
        return f"Extras({', '.join(self.kinds)})"

    def to_json(self) -> dict[str, Any]:
        """All of it, for the vault alone."""
        return {
            "user": self.user,
            "password": self.password,
            "headers": [list(header) for header in self.headers],
            "referer": self.referer,
            "user_agent": self.user_agent,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Extras:
        """What ``to_json`` made, checked once more. Raises KeyError, TypeError, ValueError."""
        try:
            return cls.checked(
                user=values["user"],
                password=values["password"],
                headers=[(name, value) for name, value in values["headers"]],
                referer=values["referer"],
                user_agent=values["user_agent"],
                cookies=True,
            )
        except InputError as error:
            raise ValueError(error.reason) from None


#: Nothing besides the link.
NO_EXTRAS = Extras()


@dataclass(frozen=True)
class Sealed:
    """What a link needs, as a record keeps it: ``text`` is the vault's, ``kinds`` as of Extras."""

    text: str
    kinds: tuple[str, ...]


def _check_login(user: str, password: str) -> None:
    # A colon would end the name where it is sent.
    if len(user) > MAX_USER_LENGTH or ":" in user or _CONTROL.search(user):
        raise UserNameInvalid()
    if len(password) > MAX_PASSWORD_LENGTH or _CONTROL.search(password):
        raise PasswordInvalid()
    if password and not user:
        raise PasswordAlone()


def _headers(given: Iterable[tuple[str, str]], cookies: bool) -> tuple[tuple[str, str], ...]:
    names = {name.lower(): name for name in header_names(cookies)}
    found: dict[str, str] = {}
    for typed, text in given:
        name, value = names.get(typed.strip().lower(), ""), text.strip(" \t")
        if not name:
            raise HeaderRefused(names=", ".join(names.values()))
        if name in found or not _VALUE.fullmatch(value):
            raise HeaderInvalid(name=name)
        found[name] = value
        if sum(map(len, found.values())) > MAX_HEADERS_LENGTH:
            raise HeaderInvalid(name=name)
    return tuple(sorted(found.items()))


def _referer(text: str) -> str:
    try:
        return normalise(text, ("http", "https")) if text.strip() else ""
    except InputError:
        raise RefererInvalid() from None


def _user_agent(text: str) -> str:
    value = text.strip(" \t")
    if value and (len(value) > MAX_USER_AGENT_LENGTH or not _VALUE.fullmatch(value)):
        raise UserAgentInvalid()
    return value
