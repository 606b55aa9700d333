"""The daemon with the plugin, where no file of the host's may be touched:

    python -m seafevents_offline.run seafevents.main --config-file …/seafevents.conf --logfile …/seafevents.log

The hook is installed, then the module runs as if it had been named to Python itself.
"""

from __future__ import annotations

import runpy
import sys

from .hosts.seafevents import hook


def main(arguments: list[str]) -> None:
    """``arguments``: a module's name and what it is given. Raises SystemExit, and whatever the module raises."""
    if not arguments or arguments[0].startswith("-"):
        sys.exit("usage: python -m seafevents_offline.run MODULE [ARGUMENT...]")
    hook.install()
    # The module's own path takes the first place when it is found.
    sys.argv = arguments
    runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
