from __future__ import annotations

import os

import pytest

from seafevents_offline.errors import InputError
from seafevents_offline.hosts.installation.place import Installation
from seafevents_offline.hosts.installation.refusal import NoInstallation
from tests.support.installation import SEAFILE, binary, docker
from tests.support.rights import only_root


@pytest.mark.parametrize("make", [binary, docker])
@pytest.mark.parametrize("named", ["", "conf", "seafile-server-latest", "conf/", "conf/../conf", "."])
def test_it_is_found_by_its_folder_and_by_what_is_in_it(make, named, tmp_path, monkeypatch):
    fake = make(tmp_path)
    assert Installation.find(fake.top / named).top == fake.top
    monkeypatch.chdir(fake.top)
    assert Installation.find(fake.top.relative_to(fake.top) / named).top == fake.top


def test_it_is_found_by_a_server_of_a_certain_version(tmp_path):
    fake = binary(tmp_path, "11.0.13")
    assert Installation.find(fake.top / "seafile-server-11.0.13").top == fake.top


def test_the_volume_of_a_container_is_one_too_seen_from_outside(tmp_path):
    docker(tmp_path)
    place = Installation.find(tmp_path / "shared" / "seafile" / "conf")
    assert place.top == tmp_path / "shared" / "seafile"
    assert (place.server, place.version, place.major) == (None, "", 0)


@pytest.mark.parametrize("named", ["", "logs", "nothing", "file", "conf"])
def test_another_folder_is_one_sentence_that_says_what_was_looked_for(named, tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "conf").mkdir()
    with pytest.raises(NoInstallation) as caught:
        Installation.find(tmp_path / named)
    folder = str(tmp_path / named).rstrip("/")
    assert str(caught.value) == f"There is no Seafile server in {folder}: it has no conf/seahub_settings.py."
    assert isinstance(caught.value, InputError)


@pytest.mark.parametrize(
    ("name", "version", "major"),
    [
        ("seafile-server-11.0.13", "11.0.13", 11),
        ("seafile-pro-server-12.0.9", "12.0.9", 12),
        ("seafile-server-14.0.0-testing", "14.0.0-testing", 14),
        ("somewhere", "", 0),
    ],
)
def test_the_version_is_that_of_the_server_that_is_in_use(name, version, major, tmp_path):
    fake = binary(tmp_path, "9.0.1")
    (tmp_path / name / "seahub").mkdir(parents=True)
    (tmp_path / "seafile-server-latest").unlink()
    (tmp_path / "seafile-server-latest").symlink_to(name)
    place = Installation.find(fake.top)
    assert (place.version, place.major) == (version, major)
    assert place.server == tmp_path / name


def test_our_folder_is_where_the_data_is(tmp_path):
    plain, container = binary(tmp_path / "plain"), docker(tmp_path / "container")
    assert Installation.find(plain.top).volume == tmp_path / "plain/offline-download"
    assert Installation.find(container.top).volume == tmp_path / "container/shared/seafile/offline-download"
    assert Installation.find(plain.top).tempdir == tmp_path / "plain/offline-download/tmp"


def test_where_the_data_is_on_a_disk_of_its_own_our_folder_is_there_too(tmp_path, other_disk):
    fake = binary(tmp_path)
    (tmp_path / "seafile-data").rmdir()
    (other_disk / "seafile-data").mkdir()
    (tmp_path / "seafile-data").symlink_to(other_disk / "seafile-data")
    assert Installation.find(fake.top).volume == other_disk / "offline-download"


def test_where_nothing_can_be_made_beside_the_data_our_folder_is_in_it(tmp_path, small_disk):
    fake = binary(tmp_path / "seafile")
    data = tmp_path / "seafile" / "seafile-data"
    data.rmdir()
    data.symlink_to(small_disk)
    assert Installation.find(fake.top).volume == small_disk / "offline-download"


@only_root
def test_where_the_servers_user_may_make_nothing_beside_the_data_our_folder_is_in_it(tmp_path):
    fake = binary(tmp_path)
    os.chown(fake.top / "seafile-data", SEAFILE, SEAFILE)
    place = Installation.find(fake.top)
    assert place.volume == fake.top / "seafile-data" / "offline-download"
    place.volume.mkdir()
    # It stays where it is when rights change.
    os.chown(fake.top, SEAFILE, SEAFILE)
    assert place.volume == fake.top / "seafile-data" / "offline-download"


def test_without_data_our_folder_is_beside_conf(tmp_path):
    fake = docker(tmp_path)
    (fake.top / "seafile-data").unlink()
    assert Installation.find(fake.top).volume == tmp_path / "shared/seafile/offline-download"


@only_root
def test_what_is_made_shall_belong_to_whom_conf_belongs(tmp_path):
    fake = docker(tmp_path)
    os.chown(fake.conf.resolve(), SEAFILE, SEAFILE + 1)
    assert Installation.find(fake.top).owner == (SEAFILE, SEAFILE + 1)
