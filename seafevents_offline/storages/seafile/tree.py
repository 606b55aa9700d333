"""The folder of a payload of several files: made first, then filled file by file.

What an interrupted call has put there is known by its names, sizes and modifier. One that was only made and is still
empty cannot be told from anybody else's: it stays, and another name is chosen.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...errors import NameTaken
from ...task import Payload, PayloadFile, Task
from ..layout import layout_of
from ..sources import open_source
from .names import final_name, join, split
from .server import Entry, SeafServer


class Tree:
    """What is at ``task.stored_path``, and what shall be."""

    def __init__(self, server: SeafServer, task: Task) -> None:
        self._server = server
        self._task = task

    def missing(self, payload: Payload) -> list[tuple[str, PayloadFile]]:
        """The path of each file that is not there yet. Raises NameTaken when there is anything else; and PayloadLost or
        PayloadUnusable before anything is done."""
        wanted = self._wanted(payload)
        root = self._server.entry(self._task.repo_id, self._task.stored_path)
        found = self._found()
        if root is not None and not (root.is_folder and found and self._are_ours(found, wanted)):
            raise NameTaken(stored_path=self._task.stored_path)
        return [(path, file) for path, file in wanted.items() if path not in found]

    def is_whole(self, payload: Payload) -> bool:
        """Whether all files are there, and nothing else."""
        wanted, found = self._wanted(payload), self._found()
        return wanted.keys() == found.keys() and self._are_ours(found, wanted)

    def size(self) -> int | None:
        """The bytes of a file or of all files in a folder; None unless everything there is of the task's owner."""
        found = self._found()
        if not found or any(entry.modifier != self._task.owner for entry in found.values()):
            return None
        return sum(entry.size for entry in found.values())

    def make_folder(self, folder: str) -> None:
        parent, name = split(self._task.stored_path)
        inner = folder.removeprefix(self._task.stored_path)
        self._server.make_folders(self._task.repo_id, parent, name + inner, self._task.owner)

    def _wanted(self, payload: Payload) -> dict[str, PayloadFile]:
        for file in payload.files:
            with open_source(file):
                """It is what it should be."""
        layout = layout_of(payload.files, final_name)
        return {join(self._task.stored_path, "/".join(parts)): file for parts, file in layout}

    def _found(self) -> dict[str, Entry]:
        return dict(self._files_at(self._task.stored_path))

    def _files_at(self, path: str) -> Iterator[tuple[str, Entry]]:
        entry = self._server.entry(self._task.repo_id, path)
        if entry is None:
            return
        if not entry.is_folder:
            yield path, entry
            return
        for inner in self._server.entries(self._task.repo_id, path):
            yield from self._files_at(join(path, inner.name))

    def _are_ours(self, found: dict[str, Entry], wanted: dict[str, PayloadFile]) -> bool:
        return all(
            path in wanted and (entry.size, entry.modifier) == (wanted[path].size, self._task.owner)
            for path, entry in found.items()
        )
