"""What messages and notifications rest on, held against real checkouts where these are named:

SEAFEVENTS_SRC (haiwen/seafevents), SEAHUB_SRC (haiwen/seahub)
"""

from __future__ import annotations

import ast
import json
import logging
import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from seafevents_offline import message, repository
from seafevents_offline.handlers import register_handlers
from seafevents_offline.repository import TaskQuery
from seafevents_offline.settings import Settings
from seafevents_offline.vault import Vault
from tests.support.databases import run_sql
from tests.support.mariadb import MariaDb
from tests.support.notices import notices
from tests.support.records import REPO_ID

SEAFEVENTS_SRC = os.environ.get("SEAFEVENTS_SRC", "")
SEAHUB_SRC = os.environ.get("SEAHUB_SRC", "")

seafevents = pytest.mark.skipif(not SEAFEVENTS_SRC, reason="SEAFEVENTS_SRC names no checkout")
seahub = pytest.mark.skipif(not SEAHUB_SRC, reason="SEAHUB_SRC names no checkout")


class Service:
    """Counts how often it is woken."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.vault = Vault(b"a server's own secret")
        self.wakes = 0

    def wake(self) -> None:
        self.wakes += 1


def text_of(root: str, *path: str) -> str:
    return Path(root, *path).read_text(encoding="utf-8")


def taken_from(source: str, *names: str) -> dict[str, Any]:
    """These functions, classes and constants of a module, executed without the rest of it."""
    found: list[ast.stmt] = []
    for node in ast.parse(source).body:
        named = [node.name] if isinstance(node, (ast.FunctionDef, ast.ClassDef)) else []
        named += [ast.unparse(target) for target in node.targets] if isinstance(node, ast.Assign) else []
        if set(named) & set(names):
            found.append(node)
    space: dict[str, Any] = {"json": json, "logger": logging.getLogger("host")}
    exec(compile(ast.Module(found, []), "host", "exec"), space)
    return space


@seafevents
def test_the_hosts_own_registry_brings_messages_to_us(
    service_database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    source = text_of(SEAFEVENTS_SRC, "app", "mq_handler.py")
    host = taken_from(source, "MessageHandler")["MessageHandler"]()
    is_json = "json.loads" in source
    service = Service(Settings(enabled=True, database=service_database_url))
    register_handlers(host, service)
    fields = {"repo_id": REPO_ID, "path": "/", "user": "ada", "url": "https://example.com/a"}

    def say(*values: Any, **named: Any) -> None:
        content = json.dumps({"msg_type": message.TYPE, **named}) if is_json else "\t".join((message.TYPE, *values))
        host.handle_message({}, None, None, message.CHANNEL, {"content": content, "ctime": 1})

    host.handle_message({}, None, None, message.CHANNEL, {"content": message.wake(7, in_json=is_json), "ctime": 1})
    say("x", "y", repo_id="x")
    say(*fields.values(), **fields)
    assert service.wakes == 2
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["got bad message"]
    table = repository.open(service.settings)
    assert [task.url for task in table.find(TaskQuery()).tasks] == ["https://example.com/a"]
    table.close()
    for handler in host._handlers[f"{message.CHANNEL}:{message.TYPE}"]:
        handler._repository.close()


@seafevents
def test_the_daemons_write_notifications_in_the_same_way() -> None:
    source = text_of(SEAFEVENTS_SRC, "events", "handlers.py")
    assert "notifications_usernotification (to_user, msg_type, detail, timestamp, seen)" in source
    assert "pytz.timezone(TIME_ZONE)" in source


@seahub
def test_seahub_makes_a_table_that_takes_our_rows(mariadb: MariaDb, mariadb_url: str) -> None:
    found = re.search(
        r"CREATE TABLE `notifications_usernotification` \(.*?;", text_of(SEAHUB_SRC, "sql", "mysql.sql"), re.S
    )
    assert found is not None
    run_sql(mariadb_url, found[0])
    repo = repository.open(Settings(database=mariadb_url))
    repo.notify_uploaded("ada", repo_id=REPO_ID, folder="/😀", name="𝒳.bin", at=datetime(2026, 1, 2, 3, 4, 5))
    repo.close()
    (row,) = notices(mariadb_url)
    names = "MSG_TYPE_FILE_UPLOADED", "file_uploaded_msg_to_json"
    there = taken_from(text_of(SEAHUB_SRC, "seahub", "notifications", "models.py"), *names)
    assert (row.msg_type, row.seen) == (there[names[0]], 0)
    assert row.detail == there[names[1]]("𝒳.bin", REPO_ID, "/😀")


@seahub
def test_times_of_seahub_have_no_zone() -> None:
    assert re.search(r"^USE_TZ = False$", text_of(SEAHUB_SRC, "seahub", "settings.py"), re.M)
    assert re.search(r"^TIME_ZONE = ", text_of(SEAHUB_SRC, "seahub", "settings.py"), re.M)
