"""Where a file is that was put into a library, when that is not certain.

seaf-server renames a file whose name is taken, and its answer may be stale or not come at all. Then a file is known by
its id where there is one, else by size and modifier; under another name than its own also by its time.
"""

from __future__ import annotations

from dataclasses import dataclass

from .names import is_variant, join
from .server import Entry, SeafServer


@dataclass(frozen=True)
class Wanted:
    """A file that ``owner`` put into ``folder`` as ``name``, not before ``since`` (seconds since 1970)."""

    repo_id: str
    folder: str
    name: str
    owner: str
    size: int
    since: int
    id: str = ""

    @property
    def path(self) -> str:
        return join(self.folder, self.name)

    def is_it(self, entry: Entry | None) -> bool:
        if entry is None or entry.is_folder or (entry.size, entry.modifier) != (self.size, self.owner):
            return False
        return not self.id or entry.id == self.id


def find(server: SeafServer, wanted: Wanted) -> str | None:
    """Its path; None when it is not there."""
    found = server.entry(wanted.repo_id, wanted.path)
    if wanted.is_it(found):
        return wanted.path
    if found is None:
        # Nobody has the name, so it was not given another one.
        return None
    for entry in _younger(server, wanted):
        path = join(wanted.folder, entry.name)
        if wanted.is_it(server.entry(wanted.repo_id, path)):
            return path
    return None


def _younger(server: SeafServer, wanted: Wanted) -> list[Entry]:
    """What the server may have made of the name, the latest first."""
    found = [
        entry
        for entry in server.entries(wanted.repo_id, wanted.folder)
        if entry.size == wanted.size and entry.mtime >= wanted.since and is_variant(entry.name, wanted.name)
    ]
    return sorted(found, key=lambda entry: entry.mtime, reverse=True)
