"""Whether there is room for a file in a real library: whose quota counts, and what the server's no is worth."""

from __future__ import annotations

import pytest

from seafevents_offline.errors import LibraryGone, QuotaExceeded, QuotaReserved, StorageUnavailable, TooLarge
from tests.support import seaserv
from tests.support.libraries import REPO_ID, SeafileLibrary, make_task
from tests.support.seafile import OWNER, SOMEBODY, UNLIMITED, Seafile, SearpcError

ORIGIN = "22222222-2222-2222-2222-222222222222"


@pytest.fixture(params=[11, 14])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> SeafileLibrary:
    """An owner with a quota of 100 bytes, of which 40 are used."""
    seafile = Seafile(request.param)
    seafile.quotas[OWNER] = 100
    seaserv.install(monkeypatch, seafile)
    found = SeafileLibrary(seafile)
    found.write("/used", b"x" * 40)
    return found


def check(library: SeafileLibrary, size: int) -> None:
    library.storage.check(make_task(), size)


def company(library: SeafileLibrary, monkeypatch: pytest.MonkeyPatch, quota: int) -> None:
    """The library belongs to an organisation, which the professional edition knows."""
    library.seafile.org_quota = quota
    library.repo.owner, library.repo.company = None, SOMEBODY
    library.repo.shares[OWNER] = "rw"
    seaserv.install(monkeypatch, library.seafile)


def test_a_file_fits_or_does_not(library: SeafileLibrary) -> None:
    check(library, 0)
    check(library, 59)
    # The server lets nobody use the last byte.
    for size in (60, 10**15):
        with pytest.raises(QuotaExceeded):
            check(library, size)


def test_without_a_quota_everything_fits(library: SeafileLibrary) -> None:
    library.seafile.quotas[OWNER] = UNLIMITED
    check(library, 10**15)


def test_a_full_quota_takes_no_file_of_unknown_size(library: SeafileLibrary) -> None:
    library.write("/more", b"x" * 60)
    with pytest.raises(QuotaExceeded):
        check(library, 0)


def test_the_quota_is_the_owners_not_that_of_whoever_downloads(library: SeafileLibrary) -> None:
    library.repo.owner, library.repo.shares[OWNER] = SOMEBODY, "rw"
    check(library, 10**6)
    library.seafile.quotas[SOMEBODY] = 100
    with pytest.raises(QuotaExceeded):
        check(library, 60)
    assert {subject for _, subject in library.noted} == {SOMEBODY}


def test_a_shared_folder_uses_the_quota_of_where_it_comes_from(library: SeafileLibrary) -> None:
    library.repo.origin = library.seafile.make(ORIGIN, owner=SOMEBODY)
    check(library, 10**6)
    library.seafile.quotas[SOMEBODY] = 100
    check(library, 99)
    with pytest.raises(QuotaExceeded):
        check(library, 100)


# --- running downloads ----------------------------------------------------------------------------------


def test_what_running_downloads_need_counts_and_makes_others_wait(library: SeafileLibrary) -> None:
    library.reserved[OWNER] = 30
    check(library, 29)
    with pytest.raises(QuotaReserved) as caught:
        check(library, 30)
    assert (caught.value.retryable, caught.value.costs_attempt) == (True, False)
    with pytest.raises(QuotaExceeded):
        check(library, 60)


def test_reservations_are_those_of_the_librarys_owner(library: SeafileLibrary) -> None:
    library.reserved[SOMEBODY] = 10**9
    check(library, 59)
    assert library.noted[-1][1] == OWNER


# --- a no that is none ----------------------------------------------------------------------------------


def test_a_usage_that_cannot_be_read_is_no_answer(library: SeafileLibrary) -> None:
    library.seafile.usage_is_down = True
    with pytest.raises(StorageUnavailable):
        check(library, 1)


def test_a_no_where_there_is_no_quota_is_no_answer(library: SeafileLibrary) -> None:
    library.seafile.script("get_user_quota", library.seafile.quotas.clear)
    with pytest.raises(StorageUnavailable, match="how much room"):
        check(library, 60)


def test_a_no_for_a_library_that_is_nobodys_is_no_answer(library: SeafileLibrary) -> None:
    library.repo.owner, library.repo.shares[OWNER] = None, "rw"
    with pytest.raises(StorageUnavailable, match="how much room"):
        check(library, 1)
    assert library.noted[-1][1] == ""
    assert "get_user_quota" not in library.seafile.calls


def test_a_no_that_the_numbers_do_not_bear_out_is_no_answer(library: SeafileLibrary) -> None:
    def come_back() -> None:
        library.seafile.usage_is_down = False

    library.seafile.usage_is_down = True
    library.seafile.script("get_user_quota", come_back)
    with pytest.raises(StorageUnavailable, match="how much room"):
        check(library, 1)


def test_a_quota_that_cannot_be_read_is_no_answer(library: SeafileLibrary) -> None:
    library.seafile.script("get_user_quota", SearpcError("Database error"))
    with pytest.raises(StorageUnavailable, match="Database error"):
        check(library, 60)


def test_a_library_that_goes_in_the_moment_is_gone(library: SeafileLibrary) -> None:
    library.seafile.script("check_quota", lambda: library.seafile.repos.pop(REPO_ID))
    with pytest.raises(LibraryGone):
        check(library, 1)


# --- organisations --------------------------------------------------------------------------------------


def test_an_organisation_has_a_quota_of_its_own(library: SeafileLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    company(library, monkeypatch, quota=1000)
    check(library, 959)
    with pytest.raises(QuotaExceeded):
        check(library, 960)
    assert library.noted[-1][1] == SOMEBODY


def test_an_organisation_without_a_quota(library: SeafileLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    company(library, monkeypatch, quota=UNLIMITED)
    check(library, 10**15)


# --- the largest file -----------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [11, 12, 13, 14])
def test_what_people_may_not_upload_is_not_downloaded(monkeypatch: pytest.MonkeyPatch, version: int) -> None:
    limit = 2 * seaserv.megabyte(version)
    seafile = Seafile(version)
    seafile.max_upload_size_mb = 2
    seaserv.install(monkeypatch, seafile)
    library = SeafileLibrary(seafile)
    check(library, limit)
    with pytest.raises(TooLarge, match=r"larger than the (2\.0|1\.9) MB"):
        check(library, limit + 1)


def test_without_a_limit_any_size_is_right(library: SeafileLibrary) -> None:
    library.seafile.quotas.clear()
    check(library, 10**15)
