"""How the download service is, judged by what its nodes last wrote of themselves.

What a node writes is read with doubt: another version of it, or somebody's hand, may have written something else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from seafevents_offline.errors import from_reason
from seafevents_offline.repository import SILENCE, Node, Presence
from seafevents_offline.status import OfflineDownloadStatus
from seafevents_offline.text import plain
from seafevents_offline.units import format_size

from .replies import translated

_S = OfflineDownloadStatus

#: Seconds since the last scan after which something is wrong, whatever the interval is.
_SCAN_PATIENCE = 60.0

#: What counts as a number: an exabyte.
_LARGEST = 2**60

#: Nodes that are described.
_MOST = 20


@dataclass(frozen=True)
class Check:
    """One part: how it is, what is wrong and what to do. ``name`` is a code, ``title`` its name for people."""

    name: str
    title: str
    ok: bool
    detail: str


@dataclass(frozen=True)
class Finding:
    """What is said of one node."""

    ok: bool
    sentence: str


@dataclass(frozen=True)
class Limits:
    """``interval``: seconds between two scans. ``disk_high``, ``disk_low``: percent of a disk in use from which on it
    is full, and until it is not any more."""

    interval: float
    disk_high: float
    disk_low: float


def is_running(nodes: Iterable[Node], now: datetime) -> bool:
    """Whether anybody downloads at all."""
    return any(node.is_awake(now) for node in nodes)


def database(answer_time: float) -> Check:
    """A database that has answered everything, in so many seconds altogether."""
    sentence = gettext("The tables are as they should be; the database has answered within {time} ms.")
    return _database(True, sentence.format(time=round(answer_time * 1000)))


def no_database(sentence: str) -> Check:
    return _database(False, sentence)


def service(nodes: Collection[Node], now: datetime) -> Check:
    ok = is_running(nodes, now)
    if ok:
        sentence = gettext("The download service is running.")
    elif nodes:
        sentence = gettext("The download service is not running. Please start it and look into its log.")
    else:
        sentence = gettext("The download service has never been running. Please start it and look into its log.")
    return Check("service", gettext("Download service"), ok, sentence)


def queue(counts: Mapping[OfflineDownloadStatus, int]) -> Check:
    sentence = gettext("Waiting: {waiting}, running: {running}, paused: {paused}, failed: {failed}.").format(
        waiting=counts[_S.WAITING],
        running=counts[_S.DOWNLOADING] + counts[_S.STORING],
        paused=counts[_S.PAUSED],
        failed=counts[_S.ERROR],
    )
    return Check("queue", gettext("Queue"), True, sentence)


def of_nodes(nodes: Iterable[Node], now: datetime, limits: Limits) -> list[Check]:
    """Everything that nodes say of themselves; nothing where there is none."""
    newest = sorted(nodes, key=lambda node: node.beat_at, reverse=True)[:_MOST]
    awake = [node for node in newest if node.is_awake(now)]
    parts: list[tuple[str, str, list[Node], Callable[[Node], Finding]]] = [
        ("nodes", gettext("Nodes"), newest, lambda node: _presence(node, now)),
        ("engine", gettext("Download program"), awake, _engine),
        ("guard", gettext("Guard of the connections"), awake, _guard),
        ("temporary_folder", gettext("Temporary folder"), awake, lambda node: _disk(node, limits)),
        ("last_scan", gettext("Last look for new links"), awake, lambda node: _scan(node, now, limits.interval)),
    ]
    return [_joined(name, title, map(judge, concerned)) for name, title, concerned, judge in parts if concerned]


def _joined(name: str, title: str, findings: Iterable[Finding]) -> Check:
    found = list(findings)
    return Check(name, title, all(one.ok for one in found), " ".join(one.sentence for one in found))


def _database(ok: bool, sentence: str) -> Check:
    return Check("database", gettext("Database"), ok, sentence)


def _presence(node: Node, now: datetime) -> Finding:
    presence = node.presence(now)
    sentence = {
        Presence.AWAKE: gettext("{node} (version {version}) was last heard of {time} ago."),
        Presence.DID_NOT_START: gettext("{node} (version {version}) did not start {time} ago: {why}"),
        Presence.SILENT: gettext("{node} (version {version}) has been silent for {time}."),
        Presence.AHEAD: gettext("{node} (version {version}) has a clock that is {time} ahead; please set it."),
    }[presence]
    time = _duration(abs(node.silence(now).total_seconds()))
    why = _reason(node.off) if presence is Presence.DID_NOT_START else ""
    return _finding(not node.is_missed(now), node, sentence, version=node.version, time=time, why=why)


def _engine(node: Node) -> Finding:
    about = node.health.get("engine")
    engine = about if isinstance(about, Mapping) else {}
    name, version, tls = (str(engine.get(key) or "") for key in ("name", "version", "tls"))
    if not name:
        return _finding(False, node, gettext("{node} does not say which program it downloads with."))
    is_away = bool(number(node.health, "suspended")) and _has_guard(node)
    if is_away:
        sentence = gettext("{node}: {program} does not answer at the moment; it is being started again.")
    elif not tls:
        sentence = gettext("{node}: {program} cannot open secure links (https); please install another one.")
    else:
        sentence = gettext("{node}: {program} with {tls}.")
    ok = bool(tls) and not is_away
    return _finding(ok, node, sentence, program=f"{name} {version}".strip(), tls=tls)


def _guard(node: Node) -> Finding:
    if not isinstance(node.health.get("guard"), Mapping):
        return _finding(False, node, gettext("{node} does not say whether its connections are guarded."))
    ok = _has_guard(node)
    if ok:
        sentence = gettext("{node}: every connection goes through the guard.")
    else:
        sentence = gettext("{node}: the guard is away at the moment, so downloads wait; it is being started again.")
    return _finding(ok, node, sentence)


def _has_guard(node: Node) -> bool:
    about = node.health.get("guard")
    return isinstance(about, Mapping) and about.get("up") is True


def _reason(off: Any) -> str:
    """Why a node did not start, in the reader's language."""
    reason, args = (off.get("reason"), off.get("args")) if isinstance(off, Mapping) else (None, None)
    return translated(from_reason(str(reason), args if isinstance(args, Mapping) else {}))


def _disk(node: Node, limits: Limits) -> Finding:
    free, total = number(node.health.get("disk"), "free"), number(node.health.get("disk"), "total")
    if not total:
        return _finding(False, node, gettext("{node} cannot look at its temporary folder."))
    # Whether it waits for the lower mark, only the node knows; an older one does not say.
    says = node.health["disk"].get("full")
    is_full = says if isinstance(says, bool) else 100 * (1 - free / total) >= limits.disk_high
    if is_full:
        sentence = gettext(
            "{node}: the disk is full, only {free} of {total} are free. "
            "Nothing is begun until no more than {low} % are in use. Please make room."
        )
    else:
        sentence = gettext("{node}: {free} of {total} are free.")
    low = f"{limits.disk_low:g}"
    return _finding(not is_full, node, sentence, free=format_size(free), total=format_size(total), low=low)


def _scan(node: Node, now: datetime, interval: float) -> Finding:
    # As old as it was at the beat, and what has passed since.
    age = number(node.health, "scan_age") + max(0.0, (now - node.beat_at).total_seconds())
    ok = age <= max(_SCAN_PATIENCE, 4 * interval) + SILENCE.total_seconds()
    if ok:
        sentence = gettext("{node} looked {time} ago.")
    else:
        sentence = gettext("{node} has not looked for {time}. Please look into its log.")
    return _finding(ok, node, sentence, time=_duration(age))


def _duration(seconds: float) -> str:
    """Two units at most, in the words that the pages have for it."""
    minutes, seconds_left = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    days, hours_left = divmod(hours, 24)
    if days:
        words = gettext("{days} d {hours} h")
    elif hours:
        words = gettext("{hours} h {minutes} min")
    elif minutes:
        words = gettext("{minutes} min {seconds} s")
    else:
        words = gettext("{seconds} s")
    return str(words.format(days=days, hours=hours_left, minutes=minutes_left, seconds=seconds_left))


def _finding(ok: bool, node: Node, sentence: str, **values: str) -> Finding:
    return Finding(ok, plain(sentence.format(node=node.label, **values)))


def number(values: Any, key: str) -> float:
    """0 for what is no number that anything is counted in."""
    found = values.get(key) if isinstance(values, Mapping) else None
    return float(found) if isinstance(found, (int, float)) and 0 <= found <= _LARGEST else 0.0
