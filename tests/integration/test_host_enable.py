"""`enable` and `disable` on servers of each family, with the database that they name."""

from __future__ import annotations

import pytest

from seafevents_offline.migrations import HEAD
from tests.support.host.fixtures import MakeServer
from tests.support.installation import snapshot


@pytest.mark.parametrize("version", [11, 12, 13, 14])
def test_the_tables_are_there_before_the_first_start_and_stay_when_it_is_disabled(
    version: int, make_server: MakeServer
) -> None:
    server = make_server(version)
    before = snapshot(server.tree.conf)
    done = server.enable()
    assert (done.code, done.err) == (0, "")
    assert server.sql("SELECT version_num FROM OfflineDownloadVersion") == [(HEAD,)]
    assert "nothing was changed" in server.enable().out
    assert server.disable().code == 0
    assert snapshot(server.tree.conf) == before
    assert server.sql("SELECT COUNT(*) FROM OfflineDownloadRecord") == [(0,)]
