"""Offline download for Seafile: paste a link, find the file in your library.

The package is a plugin of Seafile's event daemon; docs/architecture.md draws its layers.
"""

__version__ = "0.1.0"
