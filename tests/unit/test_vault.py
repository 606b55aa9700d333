"""What is sealed opens for its owner, its link and its key, and for nothing else."""

from __future__ import annotations

import base64
import hmac

import pytest

from seafevents_offline import vault as module
from seafevents_offline.errors import SecretsUnreadable, VaultUnavailable
from seafevents_offline.extras import Extras
from seafevents_offline.vault import LABEL, Vault

VAULT = Vault(b"a server's own secret key of fifty random letters!")
OWNER, URL = "ada@example.com", "https://files.example.com/a.zip?b=c"
EXTRAS = Extras("ada", "correct horse", (("Private-Token", "Bearer abc"),), "https://example.com/", "agent")


def hkdf(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869, written once more."""
    key = hmac.digest(salt or bytes(32), secret, "sha256")
    found = block = b""
    for number in range(1, -(-length // 32) + 1):
        block = hmac.digest(key, block + info + bytes([number]), "sha256")
        found += block
    return found[:length]


def sealed(extras: Extras = EXTRAS) -> str:
    found = VAULT.seal(extras, OWNER, URL)
    assert found is not None
    assert found.kinds == extras.kinds
    return found.text


def numbers(first: int, last: int) -> bytes:
    return bytes(range(first, last + 1))


#: RFC 5869, appendix A.1 to A.3: secret, salt, info, what comes out.
VECTORS = [
    (
        b"\x0b" * 22,
        numbers(0, 12),
        numbers(0xF0, 0xF9),
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    ),
    (
        numbers(0, 0x4F),
        numbers(0x60, 0xAF),
        numbers(0xB0, 0xFF),
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
        "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
    ),
    (
        b"\x0b" * 22,
        b"",
        b"",
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    ),
]


@pytest.mark.parametrize(("secret", "salt", "info", "expected"), VECTORS)
def test_keys_are_made_as_the_rfc_says(secret, salt, info, expected):
    from Crypto.Hash import SHA256
    from Crypto.Protocol.KDF import HKDF

    length = len(expected) // 2
    assert hkdf(secret, salt, info, length).hex() == expected
    assert HKDF(secret, length, salt, SHA256, context=info).hex() == expected


def test_the_key_is_made_of_the_secret_and_our_label_alone():
    assert VAULT._key == hkdf(VAULT.secret, b"", LABEL, 32)
    assert VAULT._key != hkdf(VAULT.secret, b"", b"another label", 32)


def test_what_was_sealed_opens():
    text = sealed()
    assert text.isascii()
    assert Vault(VAULT.secret).open(text, OWNER, URL) == EXTRAS
    for secret in ("correct", "horse", "Bearer", "abc", "ada"):
        assert secret not in text
        assert secret.encode() not in base64.urlsafe_b64decode(text[2:])


def test_no_two_texts_are_the_same_and_none_tells_how_long_a_password_is():
    texts = [sealed(Extras("a", "b" * length)) for length in (0, 1, 1, 50, 100)]
    assert len(set(texts)) == len(texts)
    assert len({len(text) for text in texts}) == 1


@pytest.mark.parametrize(
    ("secret", "owner", "url"),
    [
        (b"another key", OWNER, URL),
        (VAULT.secret, "bob@example.com", URL),
        (VAULT.secret, OWNER, URL.replace("files", "evil")),
        (VAULT.secret, OWNER, URL + "&d"),
        (VAULT.secret, f"{OWNER}\0", URL),
        (VAULT.secret, OWNER[:-1], OWNER[-1] + URL),
    ],
)
def test_under_another_key_owner_or_link_nothing_opens(secret, owner, url):
    text = sealed()
    with pytest.raises(SecretsUnreadable) as refused:
        Vault(secret).open(text, owner, url)
    assert "enter them again" in str(refused.value)
    assert refused.value.__cause__ is None


def test_one_changed_bit_anywhere_and_nothing_opens():
    text = sealed()
    data = base64.urlsafe_b64decode(text[2:])
    for place in range(0, len(data), 7):
        changed = bytearray(data)
        changed[place] ^= 1
        with pytest.raises(SecretsUnreadable):
            VAULT.open("1." + base64.urlsafe_b64encode(changed).decode(), OWNER, URL)


@pytest.mark.parametrize("text", ["", "1.", "2.", "1.AAAA", "1.ä", "1.=", "1.!!!!", "password", "1." + "A" * 36])
def test_what_was_never_sealed_opens_nothing(text):
    with pytest.raises(SecretsUnreadable):
        VAULT.open(text, OWNER, URL)


@pytest.mark.parametrize("cut", [3, 30, 40, -1, -4])
def test_half_a_text_opens_nothing(cut):
    with pytest.raises(SecretsUnreadable):
        VAULT.open(sealed()[:cut], OWNER, URL)


def test_another_form_than_ours_is_not_taken_for_ours():
    text = sealed()
    with pytest.raises(SecretsUnreadable):
        VAULT.open("2." + text[2:], OWNER, URL)


def test_without_a_secret_nothing_is_sealed_or_opened():
    text = sealed()
    for call in (
        lambda: Vault(b"").seal(EXTRAS, OWNER, URL),
        lambda: Vault(b"").open(text, OWNER, URL),
        Vault(b"").check,
    ):
        with pytest.raises(VaultUnavailable, match="SECRET_KEY"):
            call()


def test_nothing_needs_no_vault():
    assert Vault(b"").seal(Extras(), OWNER, URL) is None


def test_without_the_package_there_is_a_sentence(monkeypatch):
    monkeypatch.setattr(module, "find_spec", _missing)
    assert not module.is_possible()
    with pytest.raises(VaultUnavailable, match="pycryptodome is not installed") as refused:
        VAULT.seal(EXTRAS, OWNER, URL)
    # It waits: nobody's link is to blame.
    assert refused.value.retryable
    assert not refused.value.costs_attempt


def _missing(name: str) -> None:
    raise ModuleNotFoundError(name)


def test_nothing_of_it_is_shown():
    assert repr(VAULT) == str(VAULT) == "Vault()"


def test_texts_of_before_still_open():
    """Rows outlive versions: whoever changes the form gives it another beginning and goes on reading this one."""
    nonce, plain = bytes(12), b'{"user":"a","password":"b","headers":[],"referer":"","user_agent":""}'.ljust(256)
    from Crypto.Cipher import AES

    cipher = AES.new(hkdf(VAULT.secret, b"", b"seafevents-offline 1: what links need", 32), AES.MODE_GCM, nonce=nonce)
    cipher.update(b"seafevents-offline 1: what links need\0" + OWNER.encode() + b"\0" + URL.encode())
    sealed, tag = cipher.encrypt_and_digest(plain)
    text = "1." + base64.urlsafe_b64encode(nonce + tag + sealed).decode()
    assert VAULT.open(text, OWNER, URL) == Extras("a", "b")
