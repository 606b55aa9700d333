"""The addresses of the library's folders and files, the same as Seahub's."""

from __future__ import annotations

from urllib.parse import quote

from seahub_patch import host

from ..standalone import REPO_ID


def library_address(path: str) -> str:
    """Where a folder is shown."""
    library = host.current().library(REPO_ID)
    assert library is not None
    return f"/library/{REPO_ID}/{quote(library.name, safe='')}{quote(path)}"


def file_address(path: str) -> str:
    """Where a file is fetched from."""
    return f"/lib/{REPO_ID}/file{quote(path)}"


def join(path: str, name: str) -> str:
    return f"{path.rstrip('/')}/{name}"
