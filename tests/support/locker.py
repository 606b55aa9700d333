"""A client of the database that is in everybody's way: it locks rows in any order, keeps them a while, and gives up."""

from __future__ import annotations

import contextlib
import random
import threading

import pymysql

from .mariadb import MariaDb

#: Seconds that it keeps a row.
_KEEPS = 0.1

#: Two of it meet each other, too.
_THREADS = 2


class Locker:
    """``start`` and ``stop`` alternate."""

    def __init__(self, server: MariaDb, database: str) -> None:
        self._server = server
        self._database = database
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        self._stopping.clear()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(_THREADS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(60)

    def _run(self) -> None:
        while not self._stopping.is_set():
            # The server may be away, and who loses a deadlock is told so.
            with contextlib.suppress(pymysql.Error):
                self._turn()
            self._stopping.wait(_KEEPS)

    def _turn(self) -> None:
        with self._server.connect(self._database) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT odr_id FROM OfflineDownloadRecord WHERE status IN (1, 2, 5)")
            rows = [odr_id for (odr_id,) in cursor.fetchall()]
            cursor.execute("START TRANSACTION")
            for odr_id in random.sample(rows, min(4, len(rows))):
                cursor.execute("SELECT url FROM OfflineDownloadRecord WHERE odr_id = %s FOR UPDATE", (odr_id,))
                self._stopping.wait(_KEEPS)
            cursor.execute("ROLLBACK")
