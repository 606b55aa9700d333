"""The frontend's script and style sheet, under addresses that change with what is in them."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from ..headers import guarded

FILES = Path(__file__).parents[1] / "static" / "offline_download"

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_FOR_EVER = "public, max-age=31536000, immutable"


def asset(request: HttpRequest, version: str, name: str) -> HttpResponse:
    """Kept for a year when the version is the present one, else asked for again each time."""
    return serve(request, FILES, version, name)


@guarded
@require_safe
@gzip_page
def serve(request: HttpRequest, folder: Path, version: str, name: str) -> HttpResponse:
    """A file of a folder of ours; another one's name, or a path, is not found."""
    content = _contents(folder).get(name)
    if content is None:
        return nothing()
    answer = HttpResponse(content, _TYPES[Path(name).suffix])
    answer.headers["Cache-Control"] = cache_control(version == version_of(folder))
    return answer


def nothing() -> HttpResponse:
    """Not the application's own page, which is large and, in Seahub, not guarded."""
    return HttpResponse(status=404, content_type="text/plain")


def cache_control(is_present: bool) -> str:
    return _FOR_EVER if is_present else "no-cache"


@cache
def version_of(*folders: Path) -> str:
    """Changes with any file in the folders."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                digest.update(f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@cache
def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in _TYPES}
