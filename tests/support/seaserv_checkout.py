"""The real seaserv and pysearpc, from checkouts, on a socket behind which the stand-in for seaf-server answers.

``SEAFILE_SRC`` is a checkout of seafile-server, ``SEARPC_SRC`` one of libsearpc. Both are imported once a process.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import re
import socket
import struct
import sys
import tempfile
import threading
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from .seafile import Died, Seafile, SearpcError

SEAFILE_SRC = os.environ.get("SEAFILE_SRC", "")
SEARPC_SRC = os.environ.get("SEARPC_SRC", "")
MODULES = ("pysearpc", "pysearpc.errors", "seaserv")


class SocketServer:
    """``seafile`` answers; a connection lives as long as it does not restart."""

    def __init__(self, path: Path) -> None:
        self.seafile = Seafile()
        self._path = path
        self._listening: socket.socket | None = None

    def serve(self, seafile: Seafile) -> None:
        self.seafile = seafile
        seafile.on_change = self._follow
        self._follow()

    def _follow(self) -> None:
        """Listen unless the server is down: then connections are refused."""
        if self.seafile.is_down and self._listening:
            self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
            self._listening = None
        elif not self.seafile.is_down and not self._listening:
            self._path.unlink(missing_ok=True)
            self._listening = socket.socket(socket.AF_UNIX)
            self._listening.bind(str(self._path))
            self._listening.listen(50)
            threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def _accept(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=self._answer_all, args=(connection,), daemon=True).start()

    def _answer_all(self, connection: socket.socket) -> None:
        seafile, generation = self.seafile, self.seafile.generation
        with connection, contextlib.suppress(OSError, Died, struct.error):
            while True:
                (length,) = struct.unpack("=I", connection.recv(4, socket.MSG_WAITALL))
                call = json.loads(connection.recv(length, socket.MSG_WAITALL))
                if (self.seafile, seafile.generation, seafile.is_down) != (seafile, generation, False):
                    return
                answer = json.dumps(self._answer(seafile, call)).encode()
                connection.sendall(struct.pack("=I", len(answer)) + answer)

    def _answer(self, seafile: Seafile, call: dict[str, str]) -> dict[str, Any]:
        assert call["service"] == "seafserv-threaded-rpcserver"
        function, *args = json.loads(call["request"])
        try:
            return {"ret": seafile.call(function, *args)}
        except SearpcError as error:
            return {"err_code": 500, "err_msg": str(error)}
        except Died:
            seafile.restart()
            raise


@cache
def _imported() -> tuple[dict[str, ModuleType], SocketServer]:
    # Short: the path of a socket may have 107 bytes.
    home = tempfile.mkdtemp(prefix="seafile-")
    for name in ("CCNET_CONF_DIR", "SEAFILE_CONF_DIR", "SEAFILE_DATA_DIR", "SEAFILE_CENTRAL_CONF_DIR"):
        os.environ[name] = home
    os.environ["SEAFILE_RPC_PIPE_PATH"] = home
    before = list(sys.path)
    sys.path[:0] = [SEARPC_SRC, str(Path(SEAFILE_SRC) / "python")]
    try:
        modules = {name: importlib.import_module(name) for name in MODULES}
    finally:
        sys.path[:] = before
    return modules, SocketServer(Path(home) / "seafile.sock")


def modules(seafile: Seafile) -> dict[str, ModuleType]:
    """The real packages, connected to ``seafile`` and to nothing else."""
    found, server = _imported()
    server.serve(seafile)
    pool = found["seaserv"].seafserv_threaded_rpc._pool
    while not pool.empty():
        pool.get().stop()
    return found


def megabyte() -> int:
    """What this checkout takes for one in ``max_upload_size``."""
    source = (Path(SEAFILE_SRC) / "python" / "seaserv" / "service.py").read_text(encoding="utf-8")
    (factor,) = re.findall(r"MAX_UPLOAD_FILE_SIZE = max_upload_size_mb \* (.*)", source)
    return {"(2 ** 20)": 1 << 20, "1000000": 1_000_000}[factor]
