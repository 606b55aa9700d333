"""A stand-in for libsearpc's Python client: calls as JSON over a Unix socket, each with its length before it."""

import functools
import json
import socket
import struct
from collections import deque

from .common import SearpcError
from .errors import NetworkError

_POOL_SIZE = 5


class SearpcObj:
    """An object of the server: whatever it does not know is None."""

    def __init__(self, known):
        self._dict = known

    def __getattr__(self, name):
        return self._dict.get(name)


class NamedPipeClient:
    """Connections are kept, the oldest is taken first, a broken one is dropped."""

    def __init__(self, socket_path, service):
        self._path = socket_path
        self._service = service
        self._pool = deque()

    def call_remote_func_sync(self, fcall_str):
        connection = self._taken()
        try:
            _send(connection, {"service": self._service, "request": fcall_str})
            answer = _received(connection)
        except OSError as error:
            connection.close()
            raise NetworkError(str(error)) from None
        if len(self._pool) < _POOL_SIZE:
            self._pool.append(connection)
        else:
            connection.close()
        return answer

    def _taken(self):
        try:
            return self._pool.popleft()
        except IndexError:
            connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(self._path)
        except BaseException:
            connection.close()
            raise
        return connection


def searpc_func(ret_type, param_types):
    def decorate(function):
        @functools.wraps(function)
        def call(self, *args):
            assert len(args) == len(param_types)
            answer = self.call_remote_func_sync(json.dumps([function.__name__, *args]))
            if "err_code" in answer:
                raise SearpcError(answer["err_msg"])
            return _made(ret_type, answer["ret"])

        return call

    return decorate


def _made(ret_type, answer):
    if ret_type == "object":
        return SearpcObj(answer) if answer else None
    if ret_type == "objlist":
        return [SearpcObj(one) for one in answer or ()]
    return answer


def _send(connection, call):
    data = json.dumps(call).encode()
    try:
        connection.sendall(struct.pack("=I", len(data)) + data)
    except OSError as error:
        raise OSError(f"Failed to write to socket: {error}") from None


def _received(connection):
    (length,) = struct.unpack("=I", _exactly(connection, 4))
    return json.loads(_exactly(connection, length))


def _exactly(connection, length):
    data = b""
    while len(data) < length:
        more = connection.recv(length - len(data))
        if not more:
            raise OSError("Failed to read from socket")
        data += more
    return data
