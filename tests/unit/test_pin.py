"""Where a download that carries a secret may go."""

from __future__ import annotations

import pytest

from seafevents_offline.errors import LinkLeadsElsewhere
from seafevents_offline.pin import Pin


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://files.example/a?b", "files.example", 443),
        ("https://files.example./a", "files.example", 443),
        ("https://files.example/a", "files.example.", 443),
        ("https://files.example:8443/a", "files.example", 8443),
        ("http://files.example/a", "files.example", 80),
        ("http://files.example/a", "files.example", 443),
        ("http://files.example:8080/a", "files.example", 8080),
        ("http://[fd12::1]:8080/a", "fd12::1", 8080),
        ("ftp://files.example/a", "files.example", 21),
    ],
)
def test_it_leads_to_the_links_own_server(url: str, host: str, port: int) -> None:
    Pin.of(url).check(host, port)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://files.example/a", "other.example", 443),
        ("https://files.example/a", "www.files.example", 443),
        ("https://www.files.example/a", "files.example", 443),
        ("https://files.example/a", "files.example", 80),
        ("https://files.example/a", "files.example", 8443),
        ("http://files.example/a", "files.example", 8080),
        ("http://files.example:8080/a", "files.example", 443),
        ("http://files.example/a", "files.example", 21),
        ("ftp://files.example/a", "files.example", 443),
        ("http://93.184.216.34/a", "93.184.216.35", 80),
    ],
)
def test_it_leads_nowhere_else(url: str, host: str, port: int) -> None:
    with pytest.raises(LinkLeadsElsewhere) as found:
        Pin.of(url).check(host, port)
    assert found.value.reason_args == {"place": f"{host}:{port}"}
    assert not found.value.retryable


@pytest.mark.parametrize(
    ("url", "is_same"),
    [
        ("http://files.example/b", True),
        ("https://files.example.:443/", True),
        ("http://files.example:80/", True),
        ("https://files.example:8443/", False),
        ("http://files.example:8080/", False),
        ("ftp://files.example/a", False),
        ("http://www.files.example/a", False),
    ],
)
def test_http_and_https_of_a_name_are_one_server(url: str, is_same: bool) -> None:
    assert (Pin.of(url).server == Pin.of("https://files.example/a").server) is is_same


def test_what_is_encrypted_stays_so() -> None:
    assert Pin.of("https://files.example/").is_encrypted
    assert not Pin.of("http://files.example/").is_encrypted
