"""Whose certificates aria2c is given."""

from __future__ import annotations

from pathlib import Path

import certifi
import pytest

from seafevents_offline.engines.aria2 import trust
from seafevents_offline.errors import EngineUnavailable

PEM = "-----BEGIN CERTIFICATE-----\n"


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, ...]:
    """Two places of distributions, both empty so far."""
    found = (tmp_path / "debian.crt", tmp_path / "redhat.crt")
    monkeypatch.setattr(trust, "SYSTEM_BUNDLES", found)
    return found


def test_the_setting_is_first(places: tuple[Path, ...], tmp_path: Path) -> None:
    for path in (*places, tmp_path / "mine.pem"):
        path.write_text(PEM)
    assert trust.find_bundle(str(tmp_path / "mine.pem")) == tmp_path / "mine.pem"


def test_the_systems_bundles_in_their_order(places: tuple[Path, ...]) -> None:
    places[1].write_text(PEM)
    assert trust.find_bundle("") == places[1]
    places[0].write_text("")
    assert trust.find_bundle("") == places[1]
    places[0].write_text(PEM)
    assert trust.find_bundle("") == places[0]


def test_certifis_bundle_is_last(places: tuple[Path, ...]) -> None:
    assert trust.find_bundle("") == Path(certifi.where())


@pytest.mark.parametrize("content", [None, "", "hello"])
def test_a_wrong_setting_is_a_sentence_and_nothing_else_is_trusted(
    places: tuple[Path, ...], tmp_path: Path, content: str | None
) -> None:
    places[0].write_text(PEM)
    path = tmp_path / "mine.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(EngineUnavailable) as caught:
        trust.find_bundle(str(path))
    assert str(path) in str(caught.value)
    assert "ca-certificate" in str(caught.value)


def test_another_user_gets_a_copy_that_he_can_read(tmp_path: Path) -> None:
    bundle, victim = tmp_path / "bundle.pem", tmp_path / "victim"
    home = tmp_path / "home"
    home.mkdir()
    bundle.write_text(PEM)
    bundle.chmod(0o600)
    victim.write_text("precious")
    (home / "ca-certificates.pem").symlink_to(victim)
    for _ in range(2):
        copy = home / trust.lend(bundle, home)
        assert copy.parent == home
        assert copy.read_text() == PEM
        assert copy.lstat().st_mode & 0o777 == 0o644
    assert victim.read_text() == "precious"
