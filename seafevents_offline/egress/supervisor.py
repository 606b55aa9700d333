"""The daemon's side of the guard: it holds the socket that the guard listens on, keeps a guard alive behind it, and
knows why connections were refused.

The socket outlives every guard: while a dead one is replaced, connections wait in the kernel's queue, and none of them
goes another way.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time

from ..confine import Confinement, account
from ..due import WARNING_PERIOD, Due
from ..errors import GuardUnavailable, OfflineDownloadError
from ..pin import Pin
from ..settings import Settings
from ..threads import survive
from .child import Child, launch
from .claims import CANARY, Claims
from .grant import KEY_BYTES, Grant, credentials
from .messages import (
    FILES_PER_TUNNEL,
    OTHER_FILES,
    Close,
    Configuration,
    Ended,
    Event,
    Failed,
    Limits,
    Ping,
    Ready,
    Received,
    Refused,
    Warned,
)
from .policy import Policy

logger = logging.getLogger(__name__)

_NAME = "offline-guard"

#: Seconds that a new guard may take until it takes connections: its first look around asks a name server.
_START_LIMIT = 20.0

#: What passes through a guard beside a file: heads, redirects, parts that were fetched twice.
_MORE = 1.1
_MORE_BYTES = 16 * 1024**2

#: Connections that wait while there is no guard.
_BACKLOG = 4096

#: Seconds of one turn, and how many silent ones there are before the guard is asked whether it lives, and before it
#: counts as hanging. Turns and not seconds, for a daemon that was frozen itself has not listened meanwhile.
_TURN = 1.0
_ASKED_AFTER = 5
_GIVEN_UP_AFTER = 10

#: Seconds before each new start, as long as guards do not live longer than a while.
_BACK_OFF = (0.0, 0.1, 0.5, 1.0, 2.0, 5.0)
_A_WHILE = 30.0


class Guard:
    """Fulfils the port Egress of the engines. Starts nothing when constructed."""

    def __init__(self, settings: Settings, policy: Policy, limits: Limits | None = None) -> None:
        self.policy = policy
        #: A port of this machine that the canary alone may reach, 0 for none.
        self.door = 0
        self._settings = settings
        self._confinement = Confinement(None)
        self._upstream = ""
        self._limits = limits or Limits()
        self._key = secrets.token_bytes(KEY_BYTES)
        self._listener: socket.socket | None = None
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._is_up = False
        self._deaths = 0
        self._claims = Claims()
        self._stopping = threading.Event()
        self._silence = self._failures = 0
        self._born = 0.0
        self._warning = Due(WARNING_PERIOD)
        self._thread = threading.Thread(target=self._run, name=_NAME, daemon=True)

    # --- what hosts do --------------------------------------------------------------------------------

    def start(self) -> None:
        """Raises GuardUnavailable, SettingsError for a proxy or an account that cannot be used, or EngineUnavailable
        for an account that this root may not use; and then nothing was started."""
        self._confinement = Confinement(account(self._settings.run_as), files=files(self._settings))
        self._upstream = self._settings.proxy_url(os.environ)
        try:
            self._listener = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
            self._begin()
        except (OSError, GuardUnavailable) as error:
            self._give_up()
            if isinstance(error, GuardUnavailable):
                raise
            raise GuardUnavailable(detail=f"{error.strerror}.") from error
        self._thread.start()

    def stop(self, deadline: float) -> None:
        """End it by ``deadline`` (``time.monotonic()``); idempotent."""
        self._stopping.set()
        child = self._child
        if child is not None:
            child.kill()
        if self._thread.ident is not None:
            self._thread.join(max(0.0, deadline - time.monotonic()))
        self._give_up()

    @property
    def pid(self) -> int | None:
        """Of the process that runs now."""
        child = self._child
        return child.pid if child is not None else None

    def condition(self) -> dict[str, object]:
        """What a node says of it: whether there is one, and how many have ended since the start."""
        return {"up": self._is_up, "deaths": self._deaths}

    # --- what engines do ------------------------------------------------------------------------------

    @property
    def proxy(self) -> str:
        assert self._listener is not None, "it was not started"
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def is_up(self) -> bool:
        return self._is_up

    def admit(self, odr_id: int, claim: int, owner: str, only: Pin | None = None) -> tuple[str, str]:
        with self._lock:
            serial = self._claims.begin(odr_id, claim)
        size, connections = self._settings.max_size, self._settings.connections
        grant = Grant(
            odr_id=odr_id,
            claim=claim,
            owner=owner,
            bytes=int(size * _MORE) + _MORE_BYTES if size else 0,
            tunnels=tunnels(connections),
            door=self.door if odr_id == CANARY else 0,
            serial=serial,
            only=only,
        )
        return credentials(self._key, grant)

    def refusal(self, odr_id: int, claim: int) -> OfflineDownloadError | None:
        with self._lock:
            self._listen()
            return self._claims.refusal(odr_id, claim)

    def received(self, odr_id: int, claim: int) -> int:
        with self._lock:
            return self._claims.received(odr_id, claim)

    def deaths(self) -> int:
        with self._lock:
            self._listen()
            if self._child is not None and self._child.is_ending():
                self._lost()
            return self._deaths

    def close(self, odr_id: int, claim: int) -> None:
        with self._lock:
            serial = self._claims.end(odr_id, claim)
            if serial and self._child is not None:
                self._child.send(Close(odr_id, claim, serial))

    # --- what guards say (under the lock) -------------------------------------------------------------

    def _listen(self) -> None:
        if self._child is None:
            return
        for event in self._child.receive():
            self._hear(event)
        if self._child.has_ended:
            self._lost()

    def _lost(self) -> None:
        """All tunnels are cut. One that was no guard yet had none."""
        self._deaths += self._is_up
        self._is_up = False

    def _hear(self, event: Event) -> None:
        if isinstance(event, (Refused, Failed, Received, Ended)):
            self._claims.hear(event)
        elif isinstance(event, Warned):
            logger.warning("the guard: %s", event.text)
        elif isinstance(event, Ready):
            self._is_up = True

    # --- the loop -------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping.is_set():
            if not survive("watching the guard", self._turn):
                self._stopping.wait(_TURN)

    def _turn(self) -> None:
        child = self._child
        if child is None:
            self._begin_again()
            return
        heard = child.wait(_TURN)
        with self._lock:
            self._listen()
            self._silence = 0 if heard else self._silence + 1
            if self._silence == _ASKED_AFTER:
                child.send(Ping(self._silence))
            child.trim()
        if self._silence >= _GIVEN_UP_AFTER:
            logger.warning("the guard does not answer; ending it")
            child.kill()
        if (child.has_ended or self._silence >= _GIVEN_UP_AFTER) and not self._stopping.is_set():
            logger.warning("the guard has ended (%s); starting a new one", self._bury())

    def _bury(self) -> str:
        """Take its last words and see it gone. Says how it ended."""
        with self._lock:
            self._listen()
            self._lost()
            child, self._child = self._child, None
        return child.end(time.monotonic() + _TURN) if child is not None else ""

    def _begin_again(self) -> None:
        if time.monotonic() - self._born > _A_WHILE:
            self._failures = 0
        self._stopping.wait(_BACK_OFF[min(self._failures, len(_BACK_OFF) - 1)])
        self._failures += 1
        if self._stopping.is_set():
            return
        try:
            self._begin()
        except GuardUnavailable as error:
            if self._warning.now(time.monotonic()):
                logger.warning("%s No download goes on without it; trying again.", error)

    def _begin(self) -> None:
        """Returns when it takes connections, or when this ends. Raises GuardUnavailable."""
        assert self._listener is not None
        self._born = time.monotonic()
        try:
            child = launch(self._configuration(self._listener.fileno()))
        except OSError as error:
            raise GuardUnavailable(detail=f"it cannot be started: {error.strerror}.") from error
        with self._lock:
            self._child, self._silence = child, 0
        deadline = self._born + _START_LIMIT
        while not (self._is_up or child.has_ended or self._stopping.is_set()) and time.monotonic() < deadline:
            child.wait(_TURN)
            with self._lock:
                self._listen()
        if not self._is_up and not self._stopping.is_set():
            raise GuardUnavailable(detail=f"it does not start: {self._bury()}")

    def _configuration(self, fd: int) -> Configuration:
        return Configuration(
            policy=self.policy.to_json(),
            key=self._key.hex(),
            fd=fd,
            upstream=self._upstream,
            limits=self._limits,
            confinement=self._confinement,
        )

    def _give_up(self) -> None:
        self._bury()
        if self._listener is not None:
            self._listener.close()


def tunnels(connections: int) -> int:
    """How many one claim may have at once: those that end are a moment in the way of those that begin."""
    return 2 * connections + 4


def files(settings: Settings) -> int:
    """How many a guard may have open."""
    return OTHER_FILES + FILES_PER_TUNNEL * settings.workers * tunnels(settings.connections)
