"""What is worth knowing about a task that did not fail."""

from __future__ import annotations

from .base import Explanation, in_line

#: What a finished file may carry: it is stored, and this is worth knowing.
GOT_WEB_PAGE = Explanation(
    "got_web_page", "This is a web page: the site may want a login or has its own download button."
)

#: What a task carries that its owner paused and did not come back to.
PAUSED_TOO_LONG = Explanation(
    "paused_too_long", "It was paused for a long time and was given up. Retry it to download it after all."
)

#: What a finished file carries whose folder has gone: see ``stored_above``.
STORED_ABOVE = Explanation(
    "stored_above", "The folder {path} does not exist any more. The file is in the folder {folder}."
)


def stored_above(path: str, folder: str) -> Explanation:
    """The file is in ``folder``, the nearest one above ``path`` that there is."""
    values = {"path": in_line(path), "folder": in_line(folder)}
    return Explanation(STORED_ABOVE.reason, STORED_ABOVE.comment.format(**values), values)
