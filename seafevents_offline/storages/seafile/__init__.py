"""Real libraries: files are put into them by seaf-server, which runs beside the daemon."""

from .storage import SeafileStorage

__all__ = ["SeafileStorage"]
