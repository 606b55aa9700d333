"""A folder as the library: what the embedded host uses."""

from .storage import FolderStorage

__all__ = ["FolderStorage"]
