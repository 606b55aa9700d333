"""``python -m seafevents_offline.cli``: the same as the installed program."""

from __future__ import annotations

import sys

from .main import main

if __name__ == "__main__":
    sys.exit(main())
