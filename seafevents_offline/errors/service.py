"""Faults of ours and of what is around us: the task waits, and no attempt is lost."""

from __future__ import annotations

from .base import InfrastructureError, Stage


class DatabaseUnavailable(InfrastructureError):
    stage = Stage.DATABASE
    reason = "database_unavailable"
    sentence = "The database cannot be used at the moment: {detail}"


class SchemaOutdated(InfrastructureError):
    stage = Stage.DATABASE
    reason = "schema_outdated"
    sentence = "The tables of the offline download are missing or too old; run `seafevents-offline upgrade-db`."


class EngineUnavailable(InfrastructureError):
    reason = "engine_unavailable"
    sentence = "The download program cannot be used: {detail}"


class SnifferUnavailable(InfrastructureError):
    """Nothing is stored while a rule about types cannot be kept."""

    reason = "sniffer_unavailable"
    sentence = "The program that tells the types of files cannot be used: {detail}"


class GuardUnavailable(InfrastructureError):
    """Nothing is connected to without the guard, so downloads wait for it."""

    reason = "guard_unavailable"
    sentence = "The guard of the downloads' connections cannot be used: {detail}"


class GuardBypassed(InfrastructureError):
    """The test at the start failed: what must not be reached was."""

    reason = "guard_bypassed"
    sentence = (
        "The download service stays off: its test could reach {address} of this server, which must never happen. "
        "Please report this."
    )


class ProxyUnavailable(InfrastructureError):
    """The administrator's own proxy, behind ours."""

    reason = "proxy_unavailable"
    sentence = "The proxy that downloads go through cannot be used: {detail}"


class NetworkUnavailable(InfrastructureError):
    """Nobody outside can be reached, also not who answered before."""

    reason = "network_unavailable"
    sentence = "The network of this server cannot be reached at the moment; it goes on by itself."


class TempDirUnusable(InfrastructureError):
    reason = "tempdir_unusable"
    sentence = "The temporary folder {path} cannot be used: {detail}"


class AlreadyRunning(InfrastructureError):
    reason = "already_running"
    sentence = "Another download service is running on {path}; this one does not start."


class PortUnavailable(InfrastructureError):
    reason = "port_unavailable"
    sentence = "The page cannot have port {port}: {detail}. Choose another one with --port."


class DiskFull(InfrastructureError):
    reason = "disk_full"
    sentence = "The server's disk is full; the task goes on when there is space again."


class TempDiskFull(DiskFull):
    """The temporary folder's: what waits on it for room would keep it full."""

    reason = "temp_disk_full"
    sentence = "The server's disk is full. What had come of the file was deleted; it begins again when there is room."
    makes_room = True


class DiskReserved(InfrastructureError):
    """Running downloads count as if they were complete."""

    reason = "disk_reserved"
    sentence = "The server's disk has no room for the file beside other downloads; it begins when there is room."
    makes_room = True
