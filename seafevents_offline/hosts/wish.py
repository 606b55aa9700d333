"""What somebody wishes for who adds a link by a command."""

from __future__ import annotations

from dataclasses import dataclass

from ..checksum import Checksum
from ..extras import NO_EXTRAS, Extras
from ..filename import check_name, check_path
from ..task import NewTask


@dataclass(frozen=True)
class Wish:
    """A link without a login in it, where its file goes, and all that may be said beside. ``owner`` and ``repo_id``:
    whose it is and into which library it goes, empty where there is one of each."""

    url: str
    path: str = "/"
    name: str = ""
    priority: int = 50
    checksum: Checksum | None = None
    extras: Extras = NO_EXTRAS
    owner: str = ""
    repo_id: str = ""

    @classmethod
    def of(cls, url: str, *, path: str = "/", name: str = "", checksum: str = "", extras: Extras = NO_EXTRAS) -> Wish:
        """Of what was typed. Raises the children of InputError."""
        link, extras = Extras.of_link(url, extras)
        return cls(
            link,
            path=check_path(path),
            name=check_name(name) if name else "",
            checksum=Checksum.parse(checksum) if checksum else None,
            extras=extras,
        )

    def task(self, owner: str, repo_id: str) -> NewTask:
        """Still without what the link needs, which a door alone can seal."""
        return NewTask(
            repo_id=repo_id,
            path=self.path,
            url=self.url,
            owner=owner,
            name=self.name,
            priority=self.priority,
            checksum=self.checksum,
        )
