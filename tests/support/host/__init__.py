"""A Seafile server of one family (11, 12, 13, 14) as processes: its event daemon and its Seahub are stand-ins in
``programs/``, or the real ones out of checkouts; seaf-server is the tests' own (tests/support/seafile.py) on a socket.

    with Server(13, tmp_path / "seafile", database_url) as server:
        server.enable()
        server.configure(allow_addresses=", ".join(ALLOWED))
        server.start()
        server.wait_for_log("offline download: started")

Nothing in there knows of this project until ``enable``.
"""

from .server import Server

__all__ = ["Server"]
