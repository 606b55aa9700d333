from .file_updates_sender import FileUpdatesSender
from .statistics import CountUserActivity

__all__ = ["CountUserActivity", "FileUpdatesSender"]
