"""The web side of the embedded host: its pages, the subset of Seahub's API that they need, and the server.

Nothing here is imported by the rest of the host, so that everything else works without the extra ``[web]``.
"""
