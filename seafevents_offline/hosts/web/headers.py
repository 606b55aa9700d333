"""What every answer tells the browser, and which hosts are answered at all."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": _POLICY,
    # Pages of other ports of this machine belong to the same "site" and would send our cookies along.
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Headers:
    """The outermost middleware; a view that sets one of the headers itself keeps it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            request.get_host()
        except DisallowedHost:
            # Somebody's page had its name resolved to this machine: it shall not even get a page with our look.
            answer = HttpResponse("This page is only there as 127.0.0.1 or localhost.\n", "text/plain", 400)
        else:
            answer = self._get_response(request)
        for name, value in _HEADERS.items():
            answer.headers.setdefault(name, value)
        return answer
