"""Whether an owner's list has changed, answered by an index."""

from __future__ import annotations

from seafevents_offline.migrations import steps

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    steps.create_index(
        "OfflineDownloadRecord_state", "OfflineDownloadRecord", ["owner", "hidden_at", "updated_at", "status"]
    )
