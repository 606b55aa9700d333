"""The stand-ins for Seafile held against real checkouts, where these are named:

SEAFILE_SRC (haiwen/seafile-server), SEARPC_SRC (haiwen/libsearpc), SEAHUB_SRC (haiwen/seahub)

With the first two all other tests of real libraries go through the checkouts' own seaserv and pysearpc; docs/hosts.md
says how, and what came of it.
"""

from __future__ import annotations

import ast
import inspect
import os
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.seafile import Seafile
from tests.support.seahub import is_valid_dirent_name
from tests.support.seaserv import POOL_SIZE, CcnetAPI, NetworkError, SeafileAPI, SearpcError
from tests.support.seaserv_checkout import SEAFILE_SRC, SEARPC_SRC

SEAHUB_SRC = os.environ.get("SEAHUB_SRC", "")

#: Both ends of what any version takes for emoji, and what else they might not agree about.
EDGES = (
    *(0x25FF, 0x2600, 0x27BF, 0x27C0, 0x1F1DF, 0x1F1E0, 0x1F1FF, 0x1F200, 0x1F2FF, 0x1F300, 0x1F5FF, 0x1F64F),
    *(0x1F650, 0x1F67F, 0x1F680, 0x1F6FF, 0x1F700, 0x1F8FF, 0x1F900, 0x1FA00, 0x1FAD6, 0x1FAD7, 0x1FAFF, 0x1FB00),
)
NAMES = (
    *(f"a{chr(edge)}.txt" for edge in EDGES),
    *("a.txt", "日本語", "𠮷", "a b", "a/b", "a\\b", "..", "a..b", ".", "", "x" * 255, "x" * 300, "é" * 127),
)

seafile = pytest.mark.skipif(not SEAFILE_SRC, reason="SEAFILE_SRC names no checkout")
searpc = pytest.mark.skipif(not SEARPC_SRC, reason="SEARPC_SRC names no checkout")
seahub = pytest.mark.skipif(not SEAHUB_SRC, reason="SEAHUB_SRC names no checkout")


def tree(*path: str) -> ast.Module:
    return ast.parse(Path(*path).read_text(encoding="utf-8"))


def functions(parent: ast.Module | ast.ClassDef) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in parent.body if isinstance(node, ast.FunctionDef)}


def classes(parent: ast.Module) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in parent.body if isinstance(node, ast.ClassDef)}


@seafile
@pytest.mark.parametrize("stand_in", [SeafileAPI, CcnetAPI], ids=lambda kind: kind.__name__)
def test_the_apis_have_these_functions_with_these_arguments(stand_in: type) -> None:
    there = functions(classes(tree(SEAFILE_SRC, "python", "seaserv", "api.py"))[stand_in.__name__])
    for name, function in inspect.getmembers(stand_in, inspect.isfunction):
        if not name.startswith("_"):
            found = there[name].args
            assert [arg.arg for arg in found.args] == list(inspect.signature(function).parameters)
            assert [ast.unparse(default) for default in found.defaults] == [
                str(parameter.default)
                for parameter in inspect.signature(function).parameters.values()
                if parameter.default is not parameter.empty
            ]


@seafile
def test_the_client_calls_these_functions_of_the_server() -> None:
    source = Path(SEAFILE_SRC, "python", "seafile", "rpcclient.py").read_text(encoding="utf-8")
    called = set(re.findall(r"\.call\(\s*\"(\w+)\"", inspect.getsource(inspect.getmodule(SeafileAPI) or SeafileAPI)))
    assert len(called) > 10
    assert called - set(re.findall(r"def (\w+) ?\(", source)) == set()


@seafile
def test_the_function_that_has_no_binding_is_registered_with_these_types() -> None:
    source = Path(SEAFILE_SRC, "server", "seaf-server.c").read_text(encoding="utf-8")
    (signature,) = re.findall(r'"seafile_post_multi_files",\s*searpc_signature_(\w+) ?\(\)', source)
    assert signature == "string__string_string_string_string_string_int"
    arguments = list(inspect.signature(Seafile.rpc_post_multi_files).parameters.values())[1:]
    assert [str(argument.annotation) for argument in arguments] == ["str"] * 5 + ["int"]


@seafile
def test_the_names_that_the_adapter_reads_are_there() -> None:
    source = Path(SEAFILE_SRC, "python", "seaserv", "__init__.py").read_text(encoding="utf-8")
    for name in ("seafile_api", "ccnet_api", "seafserv_threaded_rpc", "MAX_UPLOAD_FILE_SIZE"):
        assert re.search(rf"\b{name}\b", source), name


@searpc
def test_connections_and_their_errors_are_these() -> None:
    client = classes(tree(SEARPC_SRC, "pysearpc", "named_pipe.py"))["NamedPipeClient"]
    assert ast.unparse(functions(client)["__init__"].args).endswith(f"pool_size={POOL_SIZE}")
    for file, stand_in in (("errors.py", NetworkError), ("common.py", SearpcError)):
        found = classes(tree(SEARPC_SRC, "pysearpc", file))[stand_in.__name__]
        assert [ast.unparse(base) for base in found.bases] == ["Exception"]


@seahub
def test_seahub_takes_these_names_and_no_others() -> None:
    function = functions(tree(SEAHUB_SRC, "seahub", "utils", "__init__.py"))["is_valid_dirent_name"]
    scope: dict[str, Any] = {"seafile_api": SimpleNamespace(is_valid_filename=Seafile().rpc_is_valid_filename)}
    exec(ast.unparse(function), scope)  # the checkout's own
    source = ast.unparse(function)
    version = 14 if "EMOJI_UNICODE_RANGES" in source else 11
    for name in NAMES:
        assert bool(scope["is_valid_dirent_name"](name)) is is_valid_dirent_name(version, name), name
