class SearpcError(Exception):
    """The server's text and nothing else."""

    def __init__(self, msg):
        Exception.__init__(self)
        self.msg = msg

    def __str__(self):
        return self.msg
