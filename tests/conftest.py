"""The plugins with the project's fixtures, one a theme."""

from __future__ import annotations

pytest_plugins = ["tests.support.servers"]
