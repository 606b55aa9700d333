from .file_updates_sender import FileUpdatesSender
from .statistics import CountTrafficInfo, CountUserActivity

__all__ = ["CountTrafficInfo", "CountUserActivity", "FileUpdatesSender"]
