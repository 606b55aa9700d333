"""The service's figures as Prometheus reads them, made anew from the tables for each look.

So they are right however many processes answer. Records leave the tables (retention, purge): what is counted over them
can fall, and is a gauge. Nothing here names a user, a link or a machine; a node is the random id that it was given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from seafevents_offline import __version__
from seafevents_offline.repository import Figures, Node, Presence
from seafevents_offline.text import plain

from .health import number

if TYPE_CHECKING:
    from prometheus_client.core import Metric

#: Nodes that are shown one by one: each new temporary folder is a new one.
_MOST = 20


class LibraryMissing(Exception):
    """The package prometheus-client is not installed."""


@dataclass(frozen=True)
class Scrape:
    """All that was read for one answer. ``answer_time``: the seconds that the database needed; ``now``: naive UTC."""

    figures: Figures
    nodes: tuple[Node, ...]
    answer_time: float
    now: datetime


def text(scrape: Scrape) -> tuple[bytes, str]:
    """The text and its content type. Raises LibraryMissing."""
    try:
        from prometheus_client import (  # noqa: PLC0415 (it may not be installed)
            CONTENT_TYPE_LATEST,
            CollectorRegistry,
            generate_latest,
        )
    except ImportError as error:
        raise LibraryMissing() from error
    # Not the library's own, which belongs to the whole process and may be somebody else's.
    registry = CollectorRegistry()
    registry.register(_Collector(scrape))
    return generate_latest(registry), CONTENT_TYPE_LATEST


class _Collector:
    def __init__(self, scrape: Scrape) -> None:
        self._scrape = scrape

    def collect(self) -> Iterator[Metric]:
        scrape = self._scrape
        yield _gauge("info", "The version of the pages that answered.", {("version", __version__): 1})
        yield from _tasks(scrape.figures)
        yield from _queue(scrape.figures, scrape.now)
        yield _gauge(
            "database_answer_seconds",
            "How long the database took for all that is told here.",
            {None: scrape.answer_time},
        )
        yield from _service(scrape.nodes, scrape.now)
        yield from _nodes(scrape.nodes, scrape.now)


#: A label with its value, or none; and the number.
_Values = Mapping["tuple[str, str] | None", float]


def _gauge(name: str, help_: str, values: _Values) -> Metric:
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 (as above)

    labels = [label[0] for label in values if label]
    family = GaugeMetricFamily(f"offline_download_{name}", help_, labels=labels[:1])
    for label, value in values.items():
        family.add_metric([plain(label[1])] if label else [], value)
    return family


def _tasks(figures: Figures) -> Iterator[Metric]:
    yield _gauge(
        "tasks",
        "Tasks by state, as long as their records are kept (setting retention): those that are done with can fall.",
        {("state", status.state): count for status, count in figures.tasks.items()},
    )
    yield _gauge(
        "stored_bytes",
        "Bytes of all files put into libraries, as long as their records are kept (setting retention): can fall.",
        {None: figures.stored},
    )
    yield _gauge("received_bytes", "Bytes that came so far of tasks that are not done with.", {None: figures.received})
    yield _gauge("speed_bytes_per_second", "What all nodes together receive at the moment.", {None: figures.speed})


def _queue(figures: Figures, now: datetime) -> Iterator[Metric]:
    yield _gauge(
        "queue_age_seconds",
        "Since when the first of the waiting tasks that may begin is in the queue; 0 when there is none.",
        {None: _age(figures.ready_since, now)},
    )
    yield _gauge(
        "oldest_undone_seconds",
        "Since when the oldest task was added that is neither done with nor paused; 0 when there is none.",
        {None: _age(figures.added_at, now)},
    )


def _service(nodes: Iterable[Node], now: datetime) -> Iterator[Metric]:
    counts = dict.fromkeys(Presence, 0)
    for node in nodes:
        counts[node.presence(now)] += 1
    yield _gauge(
        "nodes",
        "Nodes that wrote within the last 30 days, by how they are; only those that are awake download.",
        {("presence", presence.name.lower()): count for presence, count in counts.items()},
    )
    awake = [node.health for node in nodes if node.is_awake(now)]
    places, taken = (sum(number(health, key) for health in awake) for key in ("workers", "running"))
    yield _gauge("workers", "Downloads that can run at once on all nodes that are awake.", {None: places})
    yield _gauge("free_workers", "How many of these places are free at the moment.", {None: max(0.0, places - taken)})


def _nodes(nodes: Iterable[Node], now: datetime) -> Iterator[Metric]:
    newest = sorted(nodes, key=lambda node: node.beat_at, reverse=True)[:_MOST]
    yield _of_each(
        "node_last_beat_timestamp_seconds",
        "When the node last wrote, by its own clock; the file node in its temporary folder has its id.",
        newest,
        lambda node: node.beat_at.replace(tzinfo=timezone.utc).timestamp(),
    )
    awake = [node for node in newest if node.is_awake(now)]
    for name, help_, value in _ABOUT_NODES:
        yield _of_each(f"node_{name}", help_, awake, value)


def _of_each(name: str, help_: str, nodes: Iterable[Node], value: Any) -> Metric:
    return _gauge(name, help_, {("node", node.node_id): value(node) for node in nodes})


def _is(values: Any, key: str) -> float:
    return float(isinstance(values, Mapping) and values.get(key) is True)


_ABOUT_NODES = (
    (
        "last_scan_age_seconds",
        "How long ago the node had last looked for new tasks when it last wrote.",
        lambda node: number(node.health, "scan_age"),
    ),
    (
        "suspended_tasks",
        "Downloads that stand still because the download program or its guard is away.",
        lambda node: number(node.health, "suspended"),
    ),
    ("guard_up", "1 when the guard of the node's connections works.", lambda node: _is(node.health.get("guard"), "up")),
    (
        "disk_free_bytes",
        "Free bytes on the disk of the node's temporary folder.",
        lambda node: number(node.health.get("disk"), "free"),
    ),
    (
        "disk_size_bytes",
        "The size of that disk; 0 when the folder cannot be looked at.",
        lambda node: number(node.health.get("disk"), "total"),
    ),
    (
        "disk_full",
        "1 when the node begins nothing, because its disk is full (settings disk-high, disk-low).",
        lambda node: _is(node.health.get("disk"), "full"),
    ),
)


def _age(since: datetime | None, now: datetime) -> float:
    """Seconds; 0 for what a clock that is wrong says of the future."""
    return max(0.0, (now - since).total_seconds()) if since else 0.0
