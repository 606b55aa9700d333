"""What a link may look like: one function from what people paste to what is stored and downloaded.

This is syntax only. Whether the address behind it may be reached is the egress policy's to say.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

from .errors import InputError, LinkEmpty, LinkInvalid, LinkScheme, LinkTooLong, PasswordInvalid, UserNameInvalid

#: Longer links are not refused by servers only but are nearly always a mistake (characters, after encoding).
MAX_LINK_LENGTH = 4096

_DEFAULT_PORTS = {"http": 80, "https": 443, "ftp": 21}
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,29}(?=:)")
_FORBIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\\\\]"
)
_LOGIN = re.compile(r"(\s*[A-Za-z][A-Za-z0-9+.-]*://)([^/?#\\]*)@")
#: For what urlsplit cannot take apart.
_USER_INFO = re.compile(r"(?<=//)[^/?#]*@")
_HOST_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?")
# urlsplit() overlooks what stands around the brackets; a zone ("%eth0") means nothing to another machine.
_IPV6_NETLOC = re.compile(r"\[[0-9a-f:.]+\](:\d*)?", re.IGNORECASE | re.ASCII)
# Everything that RFC 3986 allows in a path or query, plus "%": what is encoded already stays as it is.
_SAFE = "%/:=&?~+!$,;'@()*[]"


def normalise(text: str, schemes: Collection[str]) -> str:
    """The link in the one form that is stored: scheme and host in lower case and ASCII, the rest encoded.

    User names and passwords are taken out before (``split_login``). Raises LinkEmpty, LinkTooLong, LinkInvalid or
    LinkScheme.
    """
    text = text.strip(" \t\r\n")
    if not text:
        raise LinkEmpty()
    if len(text) > MAX_LINK_LENGTH:
        raise LinkTooLong(length=len(text), limit=MAX_LINK_LENGTH)
    scheme = _SCHEME.match(text)
    if _FORBIDDEN.search(text) or scheme is None:
        raise LinkInvalid()
    if scheme.group().lower() not in schemes:
        raise LinkScheme(scheme=scheme.group().lower(), schemes=", ".join(schemes))
    link = _rebuild(text)
    if len(link) > MAX_LINK_LENGTH:
        raise LinkTooLong(length=len(link), limit=MAX_LINK_LENGTH)
    return link


def split_login(text: str) -> tuple[str, str, str]:
    """The link as people paste it without the user name and the password before its host, and these two, decoded;
    empty where there are none. Raises UserNameInvalid or PasswordInvalid for what is no text."""
    login = _LOGIN.match(text)
    if login is None:
        return text, "", ""
    user, _, password = login[2].partition(":")
    link = login[1] + text[login.end() :]
    return link, _decoded(user, UserNameInvalid), _decoded(password, PasswordInvalid)


def host_of(url: str) -> str:
    """The host of a stored link, for counting and for sentences; empty when there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def host_and_port(url: str) -> tuple[str, int]:
    """Where a link that ``normalise`` made leads: a name, or an address without brackets."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or _DEFAULT_PORTS[parts.scheme]


def without_query(url: str) -> str:
    """The link as logs and administrators may see it: no user info, no query, no fragment.

    Empty for what is no link with a host: nobody knows what in it is secret.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if not parts.netloc:
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def without_user_info(url: str) -> str:
    """The link without a user name and password, which rows that other programs write may have in it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return _USER_INFO.sub("", url)
    if "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _decoded(text: str, error: type[InputError]) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise error() from None


def _rebuild(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise LinkInvalid() from None
    if "@" in parts.netloc or not text.lower().startswith(f"{parts.scheme}://") or port == 0:
        raise LinkInvalid()
    return urlunsplit(
        (
            parts.scheme,
            _host(parts) + (f":{port}" if port not in (None, _DEFAULT_PORTS.get(parts.scheme)) else ""),
            quote(parts.path, safe=_SAFE) or "/",
            quote(parts.query, safe=_SAFE),
            "",
        )
    )


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    try:
        if _IPV6_NETLOC.fullmatch(parts.netloc):
            return f"[{ipaddress.IPv6Address(host).compressed}]"
        ascii_host = host.encode("idna").decode("ascii") if not host.isascii() else host
    except ValueError:
        raise LinkInvalid() from None
    if "[" in parts.netloc or len(ascii_host) > 253 or not _HOST_NAME.fullmatch(ascii_host):
        raise LinkInvalid()
    return ascii_host
