"""Checksums as people write them."""

from __future__ import annotations

import hashlib

import pytest

from seafevents_offline.checksum import Checksum
from seafevents_offline.errors import ChecksumInvalid

KINDS = {"md5": "md5", "sha-1": "sha1", "sha-256": "sha256", "sha-512": "sha512"}


@pytest.mark.parametrize(("kind", "name"), KINDS.items())
def test_a_checksum_is_known_by_its_name_in_any_spelling_or_by_its_length(kind: str, name: str) -> None:
    digest = hashlib.new(name, b"hello").hexdigest()
    expected = Checksum(kind, digest)
    for text in (
        f"{kind}={digest}",
        f"{name}:{digest}",
        f"{kind.upper()} = {digest.upper()}",
        f"  {name.title()}: {digest}\n",
        digest,
        digest.upper(),
    ):
        assert Checksum.parse(text) == expected
    assert str(expected) == f"{kind}={digest}"
    assert Checksum.parse(str(expected)) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_it_makes_the_hash_of_its_kind(kind: str) -> None:
    hasher = Checksum(kind, "").hasher()
    hasher.update(b"hello")
    assert hasher.hexdigest() == hashlib.new(KINDS[kind], b"hello").hexdigest()


A = "a" * 200


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "sha-256=",
        f"sha-256={A[:63]}",
        f"sha-256={A[:65]}",
        f"sha-256={A[:40]}",
        f"sha-1={A[:64]}",
        f"sha-384={A[:96]}",
        f"crc32={A[:8]}",
        A[:63],
        A[:96],
        A,
        A[:63] + "g",
        A[:63] + "٣",
        f"sha-256=sha-256={A[:64]}",
        f"{A[:64]}  file.zip",
        f"{A[:64]}\nheader=x",
        f"=${A[:64]}",
        f"sha--256={A[:64]}",
    ],
)
def test_anything_else_is_one_sentence(text: str) -> None:
    with pytest.raises(ChecksumInvalid, match="This is not a checksum"):
        Checksum.parse(text)
