"""Why an installation was not changed. The sentences are for the administrator at the command line, in English."""

from __future__ import annotations

from ...errors import InputError, OfflineDownloadError


class NoInstallation(InputError):
    """The folder that was named holds no Seafile server."""

    sentence = "{detail}"

    def __init__(self, detail: str) -> None:
        super().__init__(detail=detail)


class NotChanged(OfflineDownloadError):
    """Nothing was changed. ``by_hand``: the administrator can do it elsewhere, with the text that would be there."""

    sentence = "{detail} Nothing was changed."

    def __init__(self, detail: str, *, by_hand: bool = False) -> None:
        super().__init__(detail=detail)
        self.by_hand = by_hand


class HalfChanged(OfflineDownloadError):
    """A disk that failed in the middle, most likely."""

    sentence = "{file} was changed and cannot be changed back: {detail}. The file as it was: {kept}"
