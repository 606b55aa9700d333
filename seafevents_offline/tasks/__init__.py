"""What runs: one timer, N workers, and the facade that puts everything together and that the host starts."""

from .offline_downloader import OfflineDownloader
from .timer import OfflineDownloadTimer

__all__ = ["OfflineDownloadTimer", "OfflineDownloader"]
