"""What servers pin stays as it is when this package is installed beside them; read from requirements alone.

docs/hosts.md, "Installed beside", has what pip itself makes of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from seafevents_offline.hosts.installation import distributions
from seahub_patch.settings import NEEDED

SETUP = Path(__file__).parents[2] / "setup.cfg"


@dataclass(frozen=True)
class Host:
    """``pins``: of its requirements those that we share, or that something that we require does."""

    seafevents: str
    seahub: str
    images: str
    python: str
    pins: dict[str, str]


#: requirements.txt of haiwen/seafevents and of Seahub, and what the images of haiwen/seafile-docker install beside, at
#: these commits.
HOSTS = {
    "11": Host(
        seafevents="bdc4056",
        seahub="ef60661f5",
        images="0ac0620",
        python="3.10",
        pins={
            "sqlalchemy": "==2.0.18",
            "pymysql": "",
            "requests": "==2.28.*",
            "markupsafe": "==2.0.1",
            "pycryptodome": "==3.16.*",
        },
    ),
    "12": Host(
        seafevents="5d5b760",
        seahub="f942992b8",
        images="03a5672",
        python="3.12",
        pins={
            "sqlalchemy": "==2.0.*",
            "pymysql": "==1.1.*",
            "requests": "==2.32.*",
            "markupsafe": "==2.0.1",
            "pycryptodome": "==3.20.*",
        },
    ),
    "13": Host(
        seafevents="944c737",
        seahub="f0222471b",
        images="0d0f15d",
        python="3.12",
        pins={
            "sqlalchemy": "==2.0.*",
            "pymysql": "==1.1.*",
            "requests": "==2.32.*",
            "markupsafe": "==2.0.1",
            "pycryptodome": "==3.23.*",
        },
    ),
    "14-dev": Host(
        seafevents="23e5459",
        seahub="1e2421a6f",
        images="768861c",
        python="3.12",
        pins={"sqlalchemy": "==2.0.*", "pymysql": "==1.1.*", "requests": "==2.34.*", "pycryptodome": "==3.23.*"},
    ),
}

#: For the web page of the embedded host, which is not part of a server; waitress is seafevents' own since 13.
WEB = {"11": ("4.2", "3.14"), "12": ("4.2", "3.15"), "13": ("5.2", "3.16"), "14-dev": ("5.2", "3.16")}

#: The oldest that a server may have where its pin leaves that open.
OLDEST = {("sqlalchemy", "==2.0.*"): "2.0.18", ("pymysql", ""): "1.1.0"}


def _ours(option: str) -> dict[str, SpecifierSet]:
    config = ConfigParser()
    config.read(SETUP)
    section = "options" if option == "install_requires" else "options.extras_require"
    found = (Requirement(line) for line in config[section][option].split("\n") if line)
    return {canonicalize_name(one.name): one.specifier for one in found}


def _all() -> Iterator[tuple[str, str, SpecifierSet]]:
    """Who requires what, in which versions: we, and all that we require."""
    for name, versions in _ours("install_requires").items():
        yield "setup.cfg", name, versions
    for who, one in distributions.needed(distributions.OWN).items():
        for wanted in map(Requirement, one.requires or ()):
            if who != distributions.OWN and "extra" not in str(wanted.marker):
                yield who, canonicalize_name(wanted.name), wanted.specifier


def _pinned(name: str, pin: str) -> tuple[str, ...]:
    """The oldest and the newest that this may be."""
    series = pin.removeprefix("==").removesuffix(".*")
    if pin and not pin.endswith(".*"):
        return (series,)
    return OLDEST.get((name, pin), f"{series}.0"), f"{series or 1}.9999"


@pytest.mark.parametrize("version", HOSTS)
def test_whatever_a_server_pins_will_do(version: str) -> None:
    pins = HOSTS[version].pins
    refused = [
        f"{who} wants {name}{versions}, {version} has {pinned}"
        for who, name, versions in _all()
        if name in pins
        for pinned in _pinned(name, pins[name])
        if pinned not in versions
    ]
    assert not refused


@pytest.mark.parametrize("version", WEB)
def test_whatever_seahub_pins_will_do_for_the_pages(version: str) -> None:
    django, framework = WEB[version]
    web = _ours("web")
    assert f"{django}.0" in web["django"]
    assert f"{framework}.0" in web["djangorestframework"]


@pytest.mark.parametrize("version", HOSTS)
def test_every_server_has_what_passwords_of_links_are_encrypted_with(version: str) -> None:
    """So it is no requirement: it has parts for one machine, which no bundle can carry."""
    pin = HOSTS[version].pins["pycryptodome"]
    wanted = _ours("secrets")["pycryptodome"]
    assert all(one in wanted for one in _pinned("pycryptodome", pin))
    assert "pycryptodome" not in _ours("install_requires")
    assert "pycryptodome" not in NEEDED
    assert _ours("web")["pycryptodome"] == wanted


def test_what_a_bundle_leaves_to_the_server_every_server_has() -> None:
    direct = {name for name in _ours("install_requires") if name in distributions.HOSTS}
    assert direct == {"sqlalchemy", "pymysql"}
    assert all(direct <= host.pins.keys() for host in HOSTS.values())
    # Both come with SQLAlchemy, up to 2.0 by default.
    assert distributions.HOSTS - direct == {"greenlet", "typing-extensions"}


def test_the_first_page_names_these_servers() -> None:
    page = (SETUP.parent / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+)[^|]* \| (3\.\d+) \| supported", page, re.MULTILINE)
    assert rows == [(version.removesuffix("-dev"), host.python) for version, host in HOSTS.items()]


def test_the_pythons_of_all_servers_will_do() -> None:
    config = ConfigParser()
    config.read(SETUP)
    versions = SpecifierSet(config["options"]["python_requires"])
    assert all(f"{host.python}.0" in versions for host in HOSTS.values())
    for host in HOSTS.values():
        assert f"Programming Language :: Python :: {host.python}" in config["metadata"]["classifiers"]
