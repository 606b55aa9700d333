"""A small FTP server: logs anybody in unless told whom, has files, and may name any place for the data.

A thread accepts, one more serves each client. ``commands`` has everything that was said to it.
"""

from __future__ import annotations

import contextlib
import posixpath
import socket
import threading
from collections.abc import Callable, Iterator

#: Makes a socket that listens on an address of its own choice, for the data.
Listen = Callable[[], socket.socket]

_TIMEOUT = 30


class FtpServer:
    """Serves ``files`` (paths beginning with ``/``) on ``listening``, its own from now on, from ``with`` on.

    ``passive`` and ``extended`` are answers to give to PASV and EPSV instead of the truth. ``login``: user name and
    password of the only one who is let in.
    """

    def __init__(self, listening: socket.socket, listen: Listen) -> None:
        self.files: dict[str, bytes] = {}
        self.passive: str | None = None
        self.extended: str | None = None
        self.login: tuple[str, str] | None = None
        self.commands: list[str] = []
        self.port: int = listening.getsockname()[1]
        self._listening, self._listen = listening, listen
        self._thread = threading.Thread(target=self._accept, name="ftp-server", daemon=True)

    def __enter__(self) -> FtpServer:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)  # wakes the thread, unlike close()
        self._thread.join(_TIMEOUT)
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                client.settimeout(_TIMEOUT)
                threading.Thread(target=self._serve, args=(client,), name="ftp-client", daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            _Client(self, client, self._listen).converse()


class _Client:
    def __init__(self, server: FtpServer, control: socket.socket, listen: Listen) -> None:
        self._server, self._control, self._listen = server, control, listen
        self._data: socket.socket | None = None
        self._folder, self._name = "/", ""
        self._offset = 0

    def converse(self) -> None:
        self._say("220 Welcome.")
        try:
            for line in self._lines():
                self._server.commands.append(line)
                verb, _, argument = line.partition(" ")
                getattr(self, f"_{verb.lower()}", self._unknown)(argument)
        finally:
            if self._data is not None:
                self._data.close()

    def _lines(self) -> Iterator[str]:
        with self._control.makefile("r", encoding="utf-8", newline="\r\n") as lines:
            for line in lines:
                yield line.rstrip("\r\n")

    def _say(self, line: str) -> None:
        self._control.sendall(f"{line}\r\n".encode())

    def _unknown(self, _: str) -> None:
        self._say("502 Unknown.")

    def _user(self, name: str) -> None:
        self._name = name
        self._say("331 Password?")

    def _pass(self, password: str) -> None:
        is_let_in = self._server.login in (None, (self._name, password))
        self._say("230 Logged in." if is_let_in else "530 Login incorrect.")

    def _type(self, _: str) -> None:
        self._say("200 Binary.")

    def _pwd(self, _: str) -> None:
        self._say('257 "/"')

    def _cwd(self, path: str) -> None:
        self._folder = posixpath.join(self._folder, path)
        self._say("250 There.")

    def _size(self, path: str) -> None:
        data = self._file(path)
        self._say("550 No such file." if data is None else f"213 {len(data)}")

    def _rest(self, offset: str) -> None:
        self._offset = int(offset)
        self._say("350 From there.")

    def _epsv(self, _: str) -> None:
        port = self._open()
        self._say(self._server.extended or f"229 Extended (|||{port}|)")

    def _pasv(self, _: str) -> None:
        port = self._open()
        address = self._control.getsockname()[0].removeprefix("::ffff:")
        # In IPv6 this command means nothing, but some clients use it; then servers say this.
        numbers = "0,0,0,0" if ":" in address else address.replace(".", ",")
        self._say(self._server.passive or f"227 Passive ({numbers},{port >> 8},{port & 255})")

    def _retr(self, path: str) -> None:
        data = self._file(path)
        if data is None or self._data is None:
            self._say("550 No such file.")
            return
        self._say("150 It comes.")
        connection, _ = self._data.accept()
        with connection:
            connection.sendall(data[self._offset :])
        self._say("226 It came.")

    def _open(self) -> int:
        if self._data is not None:
            self._data.close()
        self._data = self._listen()
        self._data.settimeout(_TIMEOUT)
        return int(self._data.getsockname()[1])

    def _file(self, path: str) -> bytes | None:
        return self._server.files.get(posixpath.join(self._folder, path))
