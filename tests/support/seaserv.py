"""The client's side of the stand-in of seafile.py: what ``seaserv`` and ``pysearpc`` are to the adapter.

Signatures are those of python/seaserv/api.py and python/seafile/rpcclient.py, the same in 11.0, 12.0, 13.0 and 14-dev,
and of pysearpc; tests/contract/test_seafile_hosts.py holds them against real checkouts.
"""

from __future__ import annotations

import json
import sys
import threading
from collections import deque
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from . import seaserv_checkout as checkout
from .seafile import Died, Seafile, SearpcError

POOL_SIZE = 5


class NetworkError(Exception):
    """``pysearpc.errors.NetworkError``: neither a SearpcError nor an OSError, and without ``args``."""

    def __init__(self, msg: str) -> None:
        super().__init__()
        self.msg = msg

    def __str__(self) -> str:
        return self.msg


class SearpcObj:
    """An object of the server: whatever it does not know is None."""

    def __init__(self, known: dict[str, Any]) -> None:
        self._dict = known

    def __getattr__(self, name: str) -> Any:
        return self._dict.get(name)


class Client:
    """``seaserv.seafserv_threaded_rpc``: connections are kept, the oldest is taken first, a broken one is dropped."""

    def __init__(self, seafile: Seafile) -> None:
        self._seafile = seafile
        self._pool: deque[int] = deque()
        self._lock = threading.Lock()

    def fill_pool(self) -> None:
        """As after so many calls at once."""
        self._pool.extend([self._seafile.generation] * (POOL_SIZE - len(self._pool)))

    def call(self, function: str, *args: Any) -> Any:
        with self._lock:
            connection = self._pool.popleft() if self._pool else self._connect()
        if self._seafile.is_down or connection != self._seafile.generation:
            raise NetworkError("Failed to write to socket: [Errno 32] Broken pipe")
        try:
            # An error comes over the same line, which is as good as before.
            answer = self._seafile.call(function, *args)
        except Died:
            self._seafile.restart()
            raise NetworkError("Failed to read from socket") from None
        finally:
            with self._lock:
                if connection == self._seafile.generation and len(self._pool) < POOL_SIZE:
                    self._pool.append(connection)
        # Everything has been JSON on its way.
        return json.loads(json.dumps(answer))

    def get_org_repo_owner(self, repo_id: str) -> Any:
        return self.call("get_org_repo_owner", repo_id)

    def _connect(self) -> int:
        if self._seafile.is_down:
            raise ConnectionRefusedError(111, "Connection refused")
        return self._seafile.generation


def searpc_func(ret_type: str, param_types: list[str]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: Client, *args: Any) -> Any:
            kinds = ["int" if isinstance(arg, int) else "string" for arg in args]
            assert kinds == [kind.replace("int64", "int") for kind in param_types]
            answer = self.call(function.__name__, *args)
            return SearpcObj(answer) if ret_type == "object" and answer else answer

        return call

    return decorate


class SeafileAPI:
    """``seaserv.seafile_api``."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def get_repo(self, repo_id: str) -> Any:
        return _object(self._client.call("seafile_get_repo", repo_id))

    def count_repos(self) -> Any:
        return self._client.call("seafile_count_repos")

    def get_repo_owner(self, repo_id: str) -> Any:
        return self._client.call("seafile_get_repo_owner", repo_id)

    def get_org_id_by_repo_id(self, repo_id: str) -> Any:
        return self._client.call("seafile_get_org_id_by_repo_id", repo_id)

    def is_valid_filename(self, repo_id: str, filename: str) -> Any:
        return self._client.call("seafile_is_valid_filename", repo_id, filename)

    def get_dir_id_by_path(self, repo_id: str, path: str) -> Any:
        return self._client.call("seafile_get_dir_id_by_path", repo_id, path)

    def get_dirent_by_path(self, repo_id: str, path: str) -> Any:
        return _object(self._client.call("seafile_get_dirent_by_path", repo_id, path))

    def list_dir_by_path(self, repo_id: str, path: str, offset: int = -1, limit: int = -1) -> Any:
        dir_id = self.get_dir_id_by_path(repo_id, path)
        if dir_id is None:
            return None
        return [SearpcObj(one) for one in self._client.call("seafile_list_dir", repo_id, dir_id, offset, limit)]

    def mkdir_with_parents(self, repo_id: str, parent_dir: str, relative_path: str, username: str) -> Any:
        return self._client.call("seafile_mkdir_with_parents", repo_id, parent_dir, relative_path, username)

    def post_file(self, repo_id: str, tmp_file_path: str, parent_dir: str, filename: str, username: str) -> Any:
        return self._client.call("seafile_post_file", repo_id, tmp_file_path, parent_dir, filename, username)

    def check_permission_by_path(self, repo_id: str, path: str, user: str) -> Any:
        return self._client.call("check_permission_by_path", repo_id, path, user)

    def get_user_self_usage(self, username: str) -> Any:
        return self._client.call("seafile_get_user_quota_usage", username)

    def get_user_quota(self, username: str) -> Any:
        return self._client.call("get_user_quota", username)

    def check_quota(self, repo_id: str, delta: int = 0) -> Any:
        return self._client.call("check_quota", repo_id, delta)


class CcnetAPI:
    """``seaserv.ccnet_api``."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def get_emailuser(self, email: str) -> Any:
        return _object(self._client.call("get_emailuser", email))

    def count_emailusers(self, source: str) -> Any:
        return self._client.call("count_emailusers", source)


def megabyte(version: int) -> int:
    """What ``[fileserver] max_upload_size`` counts in."""
    if checkout.SEAFILE_SRC:
        return checkout.megabyte()
    return 1_000_000 if version >= 13 else 1 << 20


def fill_pool() -> None:
    """As many connections as are kept, as after so many calls at once."""
    client = sys.modules["seaserv"].seafserv_threaded_rpc
    if isinstance(client, Client):
        client.fill_pool()
        return
    for transport in [client._get_transport() for _ in range(POOL_SIZE)]:
        client._return_transport(transport)


def install(monkeypatch: pytest.MonkeyPatch, seafile: Seafile) -> None:
    """Let ``import seaserv`` and ``import pysearpc`` find the stand-ins; the real ones where checkouts are named."""
    modules = checkout.modules(seafile) if checkout.SEAFILE_SRC else _stand_ins(seafile)
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    limit = seafile.max_upload_size_mb * megabyte(seafile.version) or None
    monkeypatch.setattr(modules["seaserv"], "MAX_UPLOAD_FILE_SIZE", limit, raising=False)
    if seafile.org_quota is not None:
        # The professional edition's, which Seahub calls where there are organisations.
        monkeypatch.setattr(modules["seaserv"].seafile_api, "get_org_quota", _org_quota(modules), raising=False)


def _stand_ins(seafile: Seafile) -> dict[str, ModuleType]:
    client = Client(seafile)
    content: dict[str, dict[str, Any]] = {
        "pysearpc": {"SearpcError": SearpcError, "searpc_func": searpc_func},
        "pysearpc.errors": {"NetworkError": NetworkError},
        "seaserv": {
            "seafile_api": SeafileAPI(client),
            "ccnet_api": CcnetAPI(client),
            "seafserv_threaded_rpc": client,
        },
    }
    modules = {name: ModuleType(name) for name in content}
    for name, module in modules.items():
        vars(module).update(content[name])
    return modules


def _org_quota(modules: dict[str, ModuleType]) -> Callable[[int], Any]:
    def get_org_quota(org_id: int) -> None:
        """Called by its name."""

    ask = modules["pysearpc"].searpc_func("int64", ["int"])(get_org_quota)
    return lambda org_id: ask(modules["seaserv"].seafserv_threaded_rpc, org_id)


def _object(answer: Any) -> SearpcObj | None:
    return SearpcObj(answer) if answer else None
