"""What the server's own Python makes of conf/seahub_settings.py: it is run there, as Seahub and the daemon do.

Nothing else tells for certain: the file is a program. It runs in a process of its own, which writes no compiled files
and starts nothing; whatever it prints is not looked at.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import OfflineDownloadError

#: Seconds that the settings may take.
_TIME_LIMIT = 60.0

# Understood by every Python since 3.8. The first argument is conf/.
_PROGRAM = """
import json, logging, os, sys
from importlib.util import find_spec
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
words = []
class Listener(logging.Handler):
    def emit(self, record):
        words.append(record.getMessage())
logging.getLogger("seafevents_offline").addHandler(Listener())
sys.path.insert(0, sys.argv[1])
fault, line = "", 0
try:
    import seahub_settings as settings
except BaseException as error:
    settings, fault = None, type(error).__name__
    if isinstance(error, SyntaxError):
        line = error.lineno or 0
    step = error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename.endswith("seahub_settings.py"):
            line = step.tb_lineno
        step = step.tb_next
sys.path.pop(0)
try:
    import seafevents_offline as package
except Exception:
    package = None
# A list of the administrator's own takes the place of all that was added to Seahub's.
apps = getattr(settings, "INSTALLED_APPS", None) or getattr(settings, "EXTRA_INSTALLED_APPS", ())
answer = {
    "python": ".".join(map(str, sys.version_info[:3])),
    "fault": fault,
    "line": line,
    "words": words,
    "version": str(getattr(package, "__version__", "")),
    "folder": os.path.dirname(getattr(package, "__file__", None) or ""),
    "has_app": "seahub_patch" in apps if isinstance(apps, (list, tuple)) else False,
    "urlconf": str(getattr(settings, "SITE_ROOT_URLCONF", "")),
    "has_crypto": find_spec("Crypto") is not None,
    "has_hook": any(hasattr(finder, "_seafevents_offline") for finder in sys.meta_path),
}
answers.write(json.dumps(answer))
answers.flush()
os._exit(0)
"""


class PythonUnusable(OfflineDownloadError):
    """The server's Python gave no answer."""

    sentence = "{python} gives no answer: {detail}."


@dataclass(frozen=True)
class Answer:
    """``fault``: the kind of exception that left the file, in ``line`` of it (0: not known). ``words``: what our block
    said. ``version`` and ``folder`` of the package are empty where that Python does not find it. ``has_app``,
    ``urlconf`` and ``has_hook`` are what the file leaves for Seahub and the daemon; ``has_crypto``: that Python finds
    what passwords of links are encrypted with."""

    python: str
    fault: str
    line: int
    words: tuple[str, ...]
    version: str
    folder: str
    has_app: bool
    urlconf: str
    has_crypto: bool
    has_hook: bool

    @property
    def is_on(self) -> bool:
        """Whether Seahub and the daemon get what they need of us."""
        return self.has_app and self.has_hook and self.urlconf == "seahub_patch.urls"


def ask(python: str, conf: str, environ: Mapping[str, str]) -> Answer:
    """Raises PythonUnusable."""
    try:
        done = subprocess.run(
            [python, "-B", "-c", _PROGRAM, conf],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIME_LIMIT,
            check=False,
            env=dict(environ),
            cwd="/",
        )
        return _read(json.loads(done.stdout))
    except subprocess.TimeoutExpired:
        detail = f"the settings take longer than {_TIME_LIMIT:.0f} s"
    except OSError as error:
        detail = error.strerror or str(error)
    except (ValueError, TypeError, KeyError):
        detail = f"it ends with {done.returncode}"
    raise PythonUnusable(python=python, detail=detail)


def _read(found: dict[str, Any]) -> Answer:
    return Answer(**{**found, "words": tuple(found["words"])})
