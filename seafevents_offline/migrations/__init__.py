"""The schema's history, run by ``Repository.upgrade`` alone. Each step may find its work half done and only adds."""

from __future__ import annotations

#: The newest step. Numbers have four digits, so that their order as text is their order in time.
HEAD = "0005"

#: Where the database remembers its step; Seafile's own programs use other names.
VERSION_TABLE = "OfflineDownloadVersion"
