"""A claim against the plain rules, worked out in Python, on tables made by chance: SQLite and MariaDB."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from seafevents_offline.link import host_of
from seafevents_offline.models import RECORDS
from seafevents_offline.repository import Repository, TaskQuery, candidates
from seafevents_offline.status import OfflineDownloadStatus
from seafevents_offline.task import Task
from tests.support.databases import Clock
from tests.support.records import NODE, OTHER_NODE, REPO_ID

S = OfflineDownloadStatus
SEEDS = range(int(os.environ.get("OFFLINE_DOWNLOAD_SEEDS", "12")))
DEAD_NODE = "44444444-4444-4444-8444-444444444444"


@dataclass
class Rules:
    """The design's words as loops over everything."""

    tasks: list[Task]
    now: datetime
    per_user: int
    per_host: int
    exclude: set[int]
    served: str | None = None

    def choose(self, slots: int) -> list[int]:
        running = [task for task in self.tasks if task.status in (S.DOWNLOADING, S.STORING)]
        self._owners = Counter(task.owner for task in running)
        self._hosts = Counter(host_of(task.url) for task in running)
        chosen: list[Task] = []
        for task in self._queue(self._interrupted):
            if len(chosen) < slots and self._fits(task):
                chosen.append(task)
        return [task.odr_id for task in chosen + self._turns(slots - len(chosen))]

    def _turns(self, slots: int) -> list[Task]:
        names = sorted({task.owner for task in self.tasks})
        behind = [name for name in names if self.served is not None and name > self.served]
        queues = {owner: self._queue(self._is_turn_of(owner)) for owner in [*behind, *names]}
        chosen: list[Task] = []
        while len(chosen) < slots:
            before = len(chosen)
            for owner, queue in queues.items():
                while queue and len(chosen) < slots:
                    task = queue.pop(0)
                    if self._fits(task):
                        chosen.append(task)
                        self.served = owner
                        break
            if len(chosen) == before:
                break
        return chosen

    def _queue(self, wanted: Callable[[Task], bool]) -> list[Task]:
        found = [task for task in self.tasks if task.status is S.WAITING and task.odr_id not in self.exclude]
        order = lambda task: (-task.priority, task.not_before or datetime.min, task.odr_id)  # noqa: E731
        return sorted(filter(wanted, found), key=order)

    def _interrupted(self, task: Task) -> bool:
        return task.claimed_by == NODE and task.not_before is None

    def _is_turn_of(self, owner: str) -> Callable[[Task], bool]:
        def wanted(task: Task) -> bool:
            due = (
                task.not_before is None
                or task.not_before <= self.now
                or task.not_before > self.now + timedelta(minutes=10)
            )
            return task.owner == owner and due and task.claimed_by != OTHER_NODE and not self._interrupted(task)

        return wanted

    def _fits(self, task: Task) -> bool:
        host = host_of(task.url)
        if self._owners[task.owner] >= self.per_user or self._hosts[host] >= self.per_host:
            return False
        self._owners[task.owner] += 1
        self._hosts[host] += 1
        return True


def fill(repo: Repository, chance: random.Random, now: datetime) -> None:
    """Few owners and hosts, so that everything gets in everything else's way."""
    times = [None, None, None, timedelta(minutes=-5), timedelta(), timedelta(minutes=5), timedelta(hours=5)]

    def row() -> dict[str, object]:
        away = chance.choice(times)
        return {
            "repo_id": REPO_ID,
            "path": "/",
            "url": f"{chance.choice(['https', 'http'])}://h{chance.randrange(5)}.example.com/{chance.random()}",
            "owner": chance.choice(["", "a", "A", "b", "ß", "日", "😀", "b b", "a@example.com"]),
            "status": chance.choices([S.WAITING, *S, 42], weights=[40, *[1] * len(S), 1])[0],
            "priority": chance.choice([0, 50, 50, 50, 100]),
            "not_before": None if away is None else now + away,
            "claimed_by": chance.choice([None, None, None, NODE, OTHER_NODE, DEAD_NODE]),
        }

    rows = [row() for _ in range(chance.randrange(120))]
    if rows:
        repo._database.run(lambda connection: connection.execute(RECORDS.insert(), rows))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_claim_chooses_what_the_rules_say(
    repo: Repository, clock: Clock, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    # What is read at once may end in the middle of an owner's tasks.
    monkeypatch.setattr(candidates, "_ENTRIES", chance.choice([1, 2, 100]))
    fill(repo, chance, clock.now)
    served: str | None = None
    for _ in range(6):
        caps = {"per_user": chance.choice([1, 2, 5, 50]), "per_host": chance.choice([1, 3, 10, 50])}
        slots = chance.choice([1, 2, 5, 20])
        tasks = everything(repo)
        exclude = set(chance.sample([task.odr_id for task in tasks], min(len(tasks), chance.choice([0, 0, 3]))))
        rules = Rules(tasks, clock.now, exclude=exclude, served=served, **caps)
        expected = rules.choose(slots)
        served = rules.served
        claimed = repo.claim(NODE, slots, live_nodes={NODE, OTHER_NODE}, exclude=exclude, **caps)
        assert [task.odr_id for task in claimed] == expected
        clock.advance(seconds=chance.choice([0, 1, 400]))


def everything(repo: Repository) -> list[Task]:
    return list(repo.find(TaskQuery(per_page=1000, hidden=True)).tasks)
