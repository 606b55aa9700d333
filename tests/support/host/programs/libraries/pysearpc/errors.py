class NetworkError(Exception):
    """Neither a SearpcError nor an OSError, and without ``args``."""

    def __init__(self, msg):
        Exception.__init__(self)
        self.msg = msg

    def __str__(self):
        return self.msg
