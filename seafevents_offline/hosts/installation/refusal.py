"""Why an installation was not changed. The sentences are for the administrator at the command line, in English."""

from __future__ import annotations

from ...errors import InputError, OfflineDownloadError


class NoInstallation(InputError):
    """The folder that was named holds no Seafile server."""

    sentence = "{detail}"

    def __init__(self, detail: str) -> None:
        super().__init__(detail=detail)


class NotChanged(OfflineDownloadError):
    """Nothing was changed. ``paste`` is what the administrator may put there by hand; empty when that cannot help."""

    sentence = "{detail}"

    def __init__(self, detail: str, paste: str = "") -> None:
        super().__init__(detail=f"{detail} Nothing was changed.")
        self.paste = paste
