"""What all routes of the API have in common: who asks, what is ready for them, and how every failure looks."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, ClassVar

from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext
from rest_framework.exceptions import PermissionDenied
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.views import APIView

from seafevents_offline.repository import Repository
from seafevents_offline.settings import Settings
from seafevents_offline.text import traceback_of

from .. import host, replies
from ..body import MAX_BYTES, JsonParser
from ..headers import guard
from ..host import Host

logger = logging.getLogger(__name__)


class _JsonAlways(BaseContentNegotiation):
    """Whatever a client accepts, the answer is JSON: an error that cannot be shown helps nobody."""

    def select_parser(self, request: Any, parsers: Sequence[Any]) -> Any:
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == kind), None)

    def select_renderer(self, request: Any, renderers: Sequence[Any], format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class _Json(JSONRenderer):
    # Half a character, which other programs may have written into a row, can be escaped but not be sent as it is.
    ensure_ascii = True


class View(APIView):
    """A route. The methods find the ``host``, its ``settings``, the ``repository`` and the ``username`` in place."""

    renderer_classes = (_Json,)
    parser_classes = (JsonParser, FormParser, MultiPartParser)
    permission_classes = (IsAuthenticated,)
    content_negotiation_class = _JsonAlways
    metadata_class = None
    versioning_class = None

    #: Whether the route answers also where the feature is off.
    also_when_off: ClassVar[bool] = False

    host: Host
    username: str

    @property
    def service_settings(self) -> Settings:
        return self.host.settings()

    @property
    def repository(self) -> Repository:
        return self.host.repository()

    def wake(self, odr_id: int) -> None:
        """Tell the service that this task is new or has changed; it looks by itself every few seconds, too."""
        try:
            self.host.wake(odr_id)
        except Exception as error:  # noqa: BLE001 (it is logged)
            # Whatever the host's messages raise: what was asked for is done, and must not look as if it was not.
            logger.warning("task %d: the download service could not be woken%s", odr_id, traceback_of(error))

    def get_authenticators(self) -> list[Any]:
        return list(host.current().authenticators())

    def get_throttles(self) -> list[Any]:
        return list(self.host.throttles())

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        # A charset is whatever a client says, and there are odd ones that fail in odd places.
        if (request.encoding or "utf-8").lower() != "utf-8":
            request.encoding = "utf-8"
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        self.host = host.current()
        _check_length(request)
        super().initial(request, *args, **kwargs)
        self.username = self.host.username(request)
        if not self.also_when_off and not self.service_settings.enabled:
            raise replies.not_supported()

    def perform_authentication(self, request: Any) -> None:
        try:
            super().perform_authentication(request)
        except PermissionDenied:
            # Who signs in by a session must send its CSRF token; nothing else is denied so early.
            sentence = gettext("This page has been open for too long. Please reload it and try again.")
            raise replies.Refusal(403, sentence) from None

    def handle_exception(self, exc: Exception) -> Any:
        return replies.refused(replies.failure(exc))

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        guard(response)
        response.headers["Cache-Control"] = "private, no-cache"
        return response


def _check_length(request: Any) -> None:
    """Before anything reads the body: parsers of JSON know no limit."""
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if length > MAX_BYTES:
        raise RequestDataTooBig
