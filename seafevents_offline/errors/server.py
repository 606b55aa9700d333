"""The link's fault, or that of the server behind it: costs an attempt when another try can help."""

from __future__ import annotations

from .base import LinkError


class FileNotFoundAtServer(LinkError):
    reason = "not_found"
    sentence = "The server says that there is no such file ({status} not found). Please check the link."


class AccessDenied(LinkError):
    reason = "access_denied"
    sentence = "The server refuses access ({status}). The link may need a login or may have expired."


class LoginWanted(LinkError):
    """The server lets nobody in without; and nothing of the kind was given with the link."""

    reason = "login_wanted"
    sentence = "The server wants a user name and password. Please give them, then try again."


class LoginRefused(LinkError):
    """Not tried again: who goes on with a wrong password is locked out."""

    reason = "login_refused"
    sentence = (
        "The server wants a user name and password and refuses what was given ({status}). "
        "Please check it, then try again."
    )


class LinkRefused(LinkError):
    reason = "link_refused"
    sentence = "The server refuses the request (HTTP {status})."


class ServerBusy(LinkError):
    reason = "server_busy"
    sentence = "The server cannot deliver the file at the moment (HTTP {status})."
    retryable = True


class HostNotFound(LinkError):
    reason = "host_not_found"
    sentence = "The server {host} cannot be found. Please check the link."
    retryable = True


class ConnectionFailed(LinkError):
    reason = "connection_failed"
    sentence = "The connection to {host} failed or was interrupted."
    retryable = True


class BodyIncomplete(LinkError):
    reason = "body_incomplete"
    sentence = "The server ended the transfer before the file was complete."
    retryable = True


class TlsFailed(LinkError):
    reason = "tls_failed"
    sentence = "The connection to {host} is not secure: its certificate cannot be verified."


class TooManyRedirects(LinkError):
    reason = "too_many_redirects"
    sentence = "The link is redirected too often."


class RedirectInvalid(LinkError):
    reason = "redirect_invalid"
    sentence = "The link leads to an address that cannot be downloaded."


class EngineFault(LinkError):
    """A failure that the engine reports and that has no better name here: worth another try."""

    reason = "download_failed"
    sentence = "The download failed (code {code})."
    retryable = True


class AnswerUnreadable(LinkError):
    """No HTTP, or none that makes sense."""

    reason = "answer_unreadable"
    sentence = "The server's answer cannot be understood."
    retryable = True


class AnswerEndless(LinkError):
    """Headers, or whatever else is no content, without an end: the engine would read and keep it for ever."""

    reason = "answer_endless"
    sentence = "The server keeps sending something else than the file."


class TooSlow(LinkError):
    reason = "too_slow"
    sentence = "The server sends less than {limit} a second on average."
    retryable = True


class TimeLimitExceeded(LinkError):
    reason = "time_limit"
    sentence = "The download took longer than the {limit} that are allowed."


class TooLarge(LinkError):
    reason = "too_large"
    sentence = "The file is larger than the {limit} that are allowed."


class NameRefused(LinkError):
    """The engine cannot write under the name that the server wants; another name helps."""

    reason = "name_refused"
    sentence = "The file's name cannot be used; please give another name."


class InterruptedTooOften(LinkError):
    reason = "interrupted_too_often"
    sentence = "It interrupted the service too often."
