"""What Alembic runs: on the connection of the caller, who has the lock and ends the transaction."""

from __future__ import annotations

from alembic import context

from seafevents_offline.migrations import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
context.run_migrations()
