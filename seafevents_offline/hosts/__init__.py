"""Where the service lives: the embedded host, and later the real daemon."""
