"""User names, passwords, headers: what is given with a link, and what keeps it safe."""

from __future__ import annotations

from .base import InfrastructureError, InputError, LinkError


class UserNameInvalid(InputError):
    reason = "user_name_invalid"
    sentence = "The user name cannot be used: it is too long, or there is a colon or an invisible character in it."


class PasswordInvalid(InputError):
    reason = "password_invalid"
    sentence = "The password cannot be used: it is too long, or there is an invisible character in it."


class PasswordAlone(InputError):
    reason = "password_alone"
    sentence = "Please give the user name that belongs to the password."


class TwoLogins(InputError):
    """What was given contradicts itself: the link, what stands beside it, or a header."""

    reason = "two_logins"
    sentence = "Please say only once who you are: by user name and password, in the link or by a header."


class HeaderRefused(InputError):
    """Names nothing that was typed: people also put the secret where the name belongs."""

    reason = "header_refused"
    sentence = "Only these headers can be sent: {names}."


class HeaderInvalid(InputError):
    reason = "header_invalid"
    sentence = "The header {name} cannot be sent: it is there twice, empty, too long, or has unusual characters in it."


class RefererInvalid(InputError):
    reason = "referer_invalid"
    sentence = "The referer should be the address of a page, like https://example.com/page."


class UserAgentInvalid(InputError):
    reason = "user_agent_invalid"
    sentence = "The user agent cannot be sent: it is too long, or has unusual characters in it."


class SecretsWanted(InputError):
    """By a retry: they were wiped when the task ended. ``asked``: which kinds there were. Routes say it as of a
    state."""

    reason = "secrets_wanted"
    sentence = "The password and the like of this link were not kept. Please enter them again."


class SecretsUnreadable(LinkError):
    """What was sealed opens no more: the server's SECRET_KEY has changed, or somebody changed the record."""

    reason = "secrets_unreadable"
    sentence = "The password and the like of this link cannot be read any more. Please retry and enter them again."
    keeps_folder = True


class VaultUnavailable(InfrastructureError):
    """Secrets are kept encrypted or not at all."""

    reason = "vault_unavailable"
    sentence = "Passwords and the like cannot be kept safely here: {detail}"
