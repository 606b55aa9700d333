"""What was downloaded, and may not be stored as it is."""

from __future__ import annotations

from .base import InfrastructureError, LinkError, Stage


class PayloadUnusable(LinkError):
    stage = Stage.VERIFY
    reason = "payload_unusable"
    sentence = "What was downloaded is not a complete, ordinary file and cannot be stored."


class ChecksumWrong(LinkError):
    """Not tried again: the server would give the same file."""

    stage = Stage.VERIFY
    reason = "checksum"
    sentence = "The file does not match its checksum, so nothing was stored. Please check the link and the checksum."


class KindRefused(LinkError):
    """By ``mime-allow`` or ``mime-deny``, for what the file holds."""

    stage = Stage.VERIFY
    reason = "kind_refused"
    sentence = "The file is of the type {kind}, which your administrator does not allow. Nothing was stored."


class KindUnknown(LinkError):
    """What tells it dies of this file, and of no other."""

    stage = Stage.VERIFY
    reason = "kind_unknown"
    sentence = "It cannot be found out of what type the file is, so it was not stored."
    retryable = True


class PayloadLost(InfrastructureError):
    stage = Stage.STORE
    reason = "payload_lost"
    sentence = "The downloaded file was lost before it was stored; it is downloaded again."
