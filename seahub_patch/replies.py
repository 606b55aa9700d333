"""From what went wrong to an answer: a status and ``{"error_msg": one sentence in the reader's language}``."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import singledispatch
from types import MappingProxyType
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, UnreadablePostError
from django.utils.translation import gettext
from rest_framework.exceptions import APIException
from rest_framework.response import Response

from seafevents_offline.errors import (
    AlreadyActive,
    DatabaseUnavailable,
    InputError,
    NotPossible,
    OfflineDownloadError,
    SchemaOutdated,
    SecretsWanted,
    SettingsError,
    TaskNotFound,
    VaultUnavailable,
)
from seafevents_offline.text import traceback_of

logger = logging.getLogger(__name__)

_NONE: Mapping[str, Any] = MappingProxyType({})


class Refusal(Exception):
    """The request is not done, and nothing was changed. ``more`` stands beside ``error_msg``."""

    def __init__(
        self, status: int, sentence: str, *, headers: Mapping[str, str] = _NONE, more: Mapping[str, Any] = _NONE
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.headers = dict(headers)
        self.more = dict(more)


def not_supported() -> Refusal:
    return Refusal(404, gettext("Offline download not supported."))


def permission_denied() -> Refusal:
    return Refusal(403, gettext("Permission denied."))


def translated(error: OfflineDownloadError) -> str:
    """The error's sentence in the reader's language. Its values are put in last: they may be anything."""
    try:
        return str(gettext(error.sentence).format(**error.reason_args))
    except (LookupError, ValueError):
        # A translation with a wrong placeholder.
        return str(error)


@singledispatch
def failure(error: BaseException) -> Refusal:
    """What the reader is told of any error; what is nobody's input is logged here."""
    logger.error("A request failed%s", traceback_of(error))
    return Refusal(500, _sentence_of(500))


def refused(refusal: Refusal) -> Response:
    data = {**refusal.more, "error_msg": printable(refusal.sentence)}
    return Response(data, status=refusal.status, headers=refusal.headers)


def printable(text: str) -> str:
    """The text with ``?`` for lone surrogates, which JSON can bring in and UTF-8 cannot write."""
    return text.encode("utf-8", "replace").decode("utf-8")


@failure.register
def _of_refusal(error: Refusal) -> Refusal:
    return error


@failure.register
def _of_input(error: InputError) -> Refusal:
    return Refusal(404 if isinstance(error, TaskNotFound) else 400, translated(error))


@failure.register
def _of_same_link(error: AlreadyActive) -> Refusal:
    return Refusal(409, translated(error), more={"odr_id": error.odr_id})


@failure.register
def _of_state(error: NotPossible) -> Refusal:
    return Refusal(409, _not_possible(str(error.reason_args.get("state"))))


@failure.register
def _of_secrets(error: SecretsWanted) -> Refusal:
    return Refusal(409, translated(error), more={"asked": list(error.reason_args.get("asked", ()))})


@failure.register
def _of_vault(error: VaultUnavailable) -> Refusal:
    logger.error("A request failed: %s", error)
    return Refusal(503, gettext("Passwords and the like cannot be kept safely here. Please tell your administrator."))


@failure.register
def _of_settings(error: SettingsError) -> Refusal:
    logger.error("The offline download is off: %s", error)
    return not_supported()


@failure.register
def _of_schema(error: SchemaOutdated) -> Refusal:
    logger.error("A request failed: %s", error)
    return Refusal(503, translated(error))


@failure.register
def _of_database(error: DatabaseUnavailable) -> Refusal:
    # What exactly is wrong with the database is for the log.
    logger.error("A request failed: %s", error)
    return Refusal(503, gettext("The list of downloads cannot be used at the moment. Please try again later."))


@failure.register
def _of_framework(error: APIException) -> Refusal:
    status, wait = error.status_code, getattr(error, "wait", None)
    headers = {"Retry-After": str(int(wait))} if wait else {}
    if status == 401:
        # Not 403, which the framework makes of it for some hosts: pages tell by it that a login has expired.
        headers["WWW-Authenticate"] = "Token"
    return Refusal(status, _sentence_of(status), headers=headers)


@failure.register(SuspiciousOperation)
@failure.register(BadRequest)
@failure.register(UnreadablePostError)
def _of_bad_request(error: Exception) -> Refusal:
    status = 413 if isinstance(error, RequestDataTooBig) else 400
    return Refusal(status, _sentence_of(status))


@failure.register
def _of_right(error: PermissionDenied) -> Refusal:
    return permission_denied()


@failure.register
def _of_absence(error: Http404) -> Refusal:
    return Refusal(404, _sentence_of(404))


def _sentence_of(status: int) -> str:
    sentences = {
        400: gettext("The request cannot be read."),
        401: gettext("Please sign in."),
        403: gettext("Permission denied."),
        404: gettext("There is nothing here."),
        405: gettext("This is not possible here."),
        413: gettext("This is too much at once. Please add fewer links."),
        415: gettext("The request is neither a form nor JSON."),
        429: gettext("These are too many requests. Please wait a little."),
    }
    return str(sentences.get(status) or gettext("Something went wrong on the server. Please try again later."))


def _not_possible(state: str) -> str:
    sentences = {
        "waiting": gettext("This is not possible while the link waits for its turn."),
        "downloading": gettext("This is not possible while the file is being downloaded."),
        "ok": gettext("This is not possible: the file is in the library already."),
        "error": gettext("This is not possible: the download has failed."),
        "storing": gettext("This is not possible now: the file is complete and being put into the library."),
        "paused": gettext("This is not possible while the download is paused."),
        "cancelled": gettext("This is not possible: the download was cancelled."),
    }
    unknown = gettext("This is not possible: this version does not know the state of the task.")
    return str(sentences.get(state, unknown))
