"""As much of Seahub's own web API as the pages use."""

from __future__ import annotations

import errno
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from seahub_patch import host

from ...errors import InputError
from ...filename import check_name, check_path
from ..standalone import REPO_ID
from .addresses import join
from .host import WebHost
from .library import Entry, Folder


@require_GET
def repositories(request: HttpRequest) -> HttpResponse:
    """``?type=``, which may be repeated: ``mine`` has the one library; without it, all."""
    wanted = request.GET.getlist("type")
    mine = {"repo_id": REPO_ID, "repo_name": _folder().name, "permission": "rw", "encrypted": False, "type": "mine"}
    return JsonResponse({"repos": [mine] if not wanted or "mine" in wanted else []})


def folder(request: HttpRequest, repo_id: str) -> HttpResponse:
    """``GET ?p=/path&t=d`` lists; ``POST ?p=/path/new`` with ``operation=mkdir`` makes a folder."""
    if repo_id != REPO_ID:
        return _error(404, _("Library not found."))
    answer: HttpResponse = (_make if request.method == "POST" else _list)(request, request.GET.get("p", "/"))
    return answer


@require_GET
def _list(request: HttpRequest, path: str) -> HttpResponse:
    wanted = request.GET.get("t", "")
    try:
        path = check_path(path)
    except InputError:
        return _error(400, "path invalid.")
    if wanted not in ("", "d", "f"):
        return _error(400, "type invalid.")
    try:
        entries = _folder().entries(path)
        identity = _folder().identity(path)
    except OSError:
        return _error(404, _("Folder not found."))
    listed = [_shape(path, entry) for entry in entries if wanted in ("", "d" if entry.is_folder else "f")]
    may_upload = host.current().may_upload(request, REPO_ID, path)
    return JsonResponse({"user_perm": "rw" if may_upload else "r", "dir_id": identity, "dirent_list": listed})


@require_POST
def _make(request: HttpRequest, path: str) -> HttpResponse:
    if request.POST.get("operation") != "mkdir":
        return _error(400, "operation invalid.")
    parent, slash, name = path.rpartition("/")
    try:
        parent = check_path(parent + slash)
    except InputError:
        return _error(400, "path invalid.")
    try:
        name = check_name(name)
    except InputError:
        return _error(400, _("A folder cannot have this name."))
    try:
        _folder().make_folder(join(parent, name))
    except OSError as error:
        return _refused(error)
    return JsonResponse({"success": True}, status=201)


def _refused(error: OSError) -> HttpResponse:
    if isinstance(error, FileExistsError):
        return _error(409, _("There is something of this name already."))
    if isinstance(error, (FileNotFoundError, NotADirectoryError)) or error.errno == errno.ELOOP:
        return _error(404, _("Folder not found."))
    return _error(403, _("The folder cannot be made: there is no right to write here, or no room."))


def _shape(parent: str, entry: Entry) -> dict[str, Any]:
    return {
        "type": "dir" if entry.is_folder else "file",
        "name": entry.name,
        "size": entry.size,
        "mtime": int(entry.mtime),
        "permission": "rw",
        "parent_dir": parent,
    }


def _error(status: int, text: str) -> HttpResponse:
    return JsonResponse({"error_msg": text}, status=status)


def _folder() -> Folder:
    here = host.current()
    assert isinstance(here, WebHost)
    return here.folder
