"""What every answer of ours tells the browser: not to show it inside another page, and to take it for what it says."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any


def guard(answer: Any) -> None:
    """Seahub itself sets neither."""
    answer.headers["X-Frame-Options"] = "DENY"
    answer.headers["X-Content-Type-Options"] = "nosniff"


def guarded(view: Callable[..., Any]) -> Callable[..., Any]:
    """Outermost of a view's decorators, so that their refusals are guarded as well."""

    @wraps(view)
    def answered(*args: Any, **kwargs: Any) -> Any:
        answer = view(*args, **kwargs)
        guard(answer)
        return answer

    return answered
