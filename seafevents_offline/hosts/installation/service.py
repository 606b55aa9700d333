"""How the download service is, by what its nodes wrote of themselves: in the words of the pages' health report
(``seahub_patch/health.py``), and with what to do on this server."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from ...errors import from_reason
from ...repository import Node, Presence
from ...tasks.checks import NotWell
from ...units import format_time
from .daemon import Daemon
from .place import Installation

_RUNNING = "The download service is running."
_NOT_RUNNING = "The download service is not running."
_NEVER = "The download service has never been running."
_PRESENCE = {
    Presence.AWAKE: "{node} (version {version}) was last heard of {time} ago.",
    Presence.DID_NOT_START: "{node} (version {version}) did not start {time} ago: {why}",
    Presence.SILENT: "{node} (version {version}) has been silent for {time}.",
    Presence.AHEAD: "{node} (version {version}) has a clock that is {time} ahead; please set it.",
}


def running(place: Installation, daemon: Daemon, nodes: Collection[Node], node_id: str, now: datetime) -> str:
    """``node_id``: this server's own, where it downloads itself; empty when it never did. Raises NotWell."""
    if not daemon.downloads:
        return _elsewhere(nodes, now)
    own = [node for node in nodes if node.node_id == node_id]
    if any(node.is_awake(now) for node in own):
        return _RUNNING
    raise NotWell(detail=f"{_NOT_RUNNING if own else _NEVER} {_what_to_do(place, daemon)}")


def presence(nodes: Collection[Node], now: datetime) -> str:
    """Raises NotWell when one is missed."""
    sentences = " ".join(_sentence(node, now) for node in nodes)
    if any(node.is_missed(now) for node in nodes):
        raise NotWell(detail=sentences)
    return sentences


def _elsewhere(nodes: Collection[Node], now: datetime) -> str:
    where = "This node of the cluster serves pages only; downloads happen on the background node."
    if any(node.is_awake(now) for node in nodes):
        return f"{_RUNNING} {where}"
    missing = f"{_NOT_RUNNING if nodes else _NEVER} {where}"
    raise NotWell(detail=f"{missing} Please run doctor there.")


def _what_to_do(place: Installation, daemon: Daemon) -> str:
    if not daemon.pid:
        return "The daemon seafevents is not running: please start the server."
    changed = max(file.stat().st_mtime for file in (place.seahub_settings, place.seafevents_conf))
    if daemon.started < changed:
        return "The daemon seafevents was started before the settings were changed: please restart the server."
    return f"The daemon seafevents is running: please look into its log in {place.logs}, and restart the server."


def _sentence(node: Node, now: datetime) -> str:
    found = node.presence(now)
    return _PRESENCE[found].format(
        node=node.label,
        version=node.version,
        time=format_time(abs(node.silence(now).total_seconds())),
        why=_reason(node) if found is Presence.DID_NOT_START else "",
    )


def _reason(node: Node) -> str:
    off = node.off if isinstance(node.off, dict) else {}
    args = off.get("args")
    return str(from_reason(str(off.get("reason")), args if isinstance(args, dict) else {}))
