"""What the block in conf/seahub_settings.py does to the names of that file.

It runs before Django is set up, in Seahub, in the daemon (10 and newer) and in every ``manage.py`` command; so nothing
but the standard library is imported, and nothing is changed unless all that our addresses need is there: a Seahub whose
urls cannot be imported is down as a whole.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Any

APP = "seahub_patch"
URLCONF = "seahub_patch.urls"

#: The oldest Python that all of it runs on; a test holds this against setup.cfg.
OLDEST_PYTHON = (3, 10)

#: Seahub's own.
_BASE = "seahub.urls"

#: What must be importable, by the names under which it is imported; a test holds this against setup.cfg.
NEEDED = (
    "seafevents_offline",
    "sqlalchemy",
    "alembic",
    "pymysql",
    "aria2p",
    "requests",
    "websocket",
    "certifi",
    "ifaddr",
)


def extend(names: dict[str, Any]) -> None:
    """Add the app and put our addresses in front; may be called again.

    ``names`` are those of seahub_settings.py. Raises ImportError, with everything as it was, when something is missing,
    or Python is too old: pip would not have installed it there, but a bundle may come from another Python.
    """
    if sys.version_info < OLDEST_PYTHON:
        raise ImportError(
            "Python {}.{} is too old for it, {}.{} is needed".format(*sys.version_info[:2], *OLDEST_PYTHON)
        )
    if lacking := missing():
        raise ImportError(f"Python does not find {', '.join(lacking)}")
    changes = {**_apps(names), **_addresses(names)}
    names.update(changes)


def missing() -> list[str]:
    """The names of ``NEEDED`` that Python does not find. Nothing is imported for that."""
    return [name for name in NEEDED if not _is_there(name)]


def _is_there(name: str) -> bool:
    try:
        spec = find_spec(name)
        # A folder without a file of its own is what Python sees in a package that this user may not read.
        return spec is not None and spec.origin is not None
    except ValueError:
        # It is loaded, and says nothing of where it came from.
        return True


def _apps(names: dict[str, Any]) -> dict[str, Any]:
    """Seahub adds EXTRA_INSTALLED_APPS to its list; a list of the administrator's own then takes that one's place."""
    found = {name: names[name] for name in ("INSTALLED_APPS",) if name in names}
    found["EXTRA_INSTALLED_APPS"] = names.get("EXTRA_INSTALLED_APPS", [])
    return {name: _with_app(apps) for name, apps in found.items()}


def _with_app(apps: Any) -> Any:
    """A list or a tuple, as it was. Raises TypeError for what Seahub could not add either."""
    if isinstance(apps, str):
        raise TypeError("EXTRA_INSTALLED_APPS is no list")
    return apps if APP in apps else type(apps)([*apps, APP])


def _addresses(names: dict[str, Any]) -> dict[str, Any]:
    # Seahub's own module is half loaded at this moment and knows what local_settings.py said.
    seahub = sys.modules.get("seahub.settings")
    before = names.get("SITE_ROOT_URLCONF") or getattr(seahub, "SITE_ROOT_URLCONF", None) or _BASE
    if before == URLCONF:
        return {}
    return {"SITE_ROOT_URLCONF": URLCONF, "OFFLINE_DOWNLOAD_BASE_URLCONF": before}
