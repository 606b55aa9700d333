"""Seahub's own table of notifications, which is in the same database: the bell that people see on its pages.

The daemons of all hosts write into it so. Seahub's Django models make it (``seahub.notifications``, the same from 11 to
14): ``to_user`` in lower case, ``detail`` a JSON object, ``timestamp`` naive and in Seahub's own time zone.
"""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import Boolean, DateTime, String, column, insert, table

from ..models import printable
from .part import Part

_NOTICES = table(
    "notifications_usernotification",
    column("to_user", String),
    column("msg_type", String),
    column("detail", String),
    column("timestamp", DateTime),
    column("seen", Boolean),
)


class Notices(Part):
    """``notify_uploaded``."""

    def notify_uploaded(self, user: str, *, repo_id: str, folder: str, name: str, at: datetime) -> None:
        """ "A file named … is uploaded to …", in the reader's language, with links to both. ``at``: as ``timestamp``.

        Raises SchemaOutdated where the table is missing, and DatabaseUnavailable.
        """
        # Only ASCII: the table has no room for characters of four bytes.
        detail = json.dumps({"file_name": printable(name), "repo_id": repo_id, "uploaded_to": printable(folder)})
        statement = insert(_NOTICES).values(
            to_user=user.lower(),
            msg_type="file_uploaded",
            detail=detail,
            # A part of a second would be rounded up into the future.
            timestamp=at.replace(microsecond=0),
            seen=False,
        )
        self._database.run(lambda connection: connection.execute(statement))
