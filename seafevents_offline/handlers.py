"""The door for messages of the host: wake the timer, or put a link into the table first.

The host calls its handlers one after the other in the one thread of a channel; whoever signs in waits behind it. So
nothing here takes long: a database that does not answer is given up after ``PATIENCE``, with one warning, and the
message is forgotten. It was an optimisation. What counts is in the table, and the service looks there by itself.
"""

from __future__ import annotations

import logging
import time
from configparser import RawConfigParser
from dataclasses import replace
from typing import Any, Protocol

from . import repository
from .due import WARNING_PERIOD, Due
from .errors import (
    AlreadyActive,
    InfrastructureError,
    InputError,
    SettingsError,
    TooManyAdds,
    TooManyTasks,
    VaultUnavailable,
)
from .extras import NO_EXTRAS, Extras
from .message import CHANNEL, TYPE, BadMessage, Wake, parse
from .repository import Allowance, Repository
from .settings import Settings
from .task import NewTask
from .vault import Vault

logger = logging.getLogger(__name__)

#: Seconds that the database may take to put a link into the table.
PATIENCE = 2


class Service(Protocol):
    """The service of this process, as far as a message needs it: OfflineDownloader is one."""

    @property
    def settings(self) -> Settings:
        """With the database that the tables are in."""

    @property
    def vault(self) -> Vault:
        """For passwords in links."""

    def wake(self) -> None:
        """Look into the table now."""


class Handlers(Protocol):
    """The host's registry (``seafevents.app.mq_handler.message_handler``)."""

    def add_handler(self, msg_type: str, func: Any) -> Any:
        """``msg_type``: the channel and the type of a message, with a colon between them."""


def register_handlers(handlers: Handlers, service: Service | None = None) -> None:
    """At any time: the host listens to the channel in any case. Without a ``service`` in this process links are put
    into the table all the same, and the node that has one finds them."""
    handlers.add_handler(f"{CHANNEL}:{TYPE}", OfflineDownloadEventHandler(service))


class OfflineDownloadEventHandler:
    """Called by any host: ``(session, msg)`` up to 9, ``(config, session, msg)`` since 10."""

    #: The host looks at it, and gives handlers of some names other arguments.
    __name__ = "OfflineDownloadEventHandler"

    def __init__(self, service: Service | None = None) -> None:
        self._service = service
        self._repository: Repository | None = None
        self._allowance: Allowance | None = None
        self._warning = Due(WARNING_PERIOD)

    def __call__(self, *args: Any) -> None:
        """``msg``: ``{"content": str, "ctime": int}``. Raises nothing that a message or a database could cause."""
        try:
            message = parse(args[-1].get("content"))
        except BadMessage as bad:
            logger.warning("got bad message: %s", bad)
            return
        if isinstance(message, Wake) or self._add(message, args):
            self._wake()

    def _add(self, new: NewTask, args: tuple[Any, ...]) -> bool:
        """Whether it is in the table now."""
        try:
            table = self._open(args)
            if table is None:
                return False
            table.add(self._secured(new), self._allowance)
        except AlreadyActive:
            return True
        except (TooManyTasks, TooManyAdds, VaultUnavailable) as error:
            logger.warning("a link that came by message is not added: %s", error)
            return False
        except (InfrastructureError, SettingsError) as error:
            level = logging.WARNING if self._warning.now(time.monotonic()) else logging.DEBUG
            logger.log(level, "a link that came by message is lost: %s", error)
            return False
        return True

    def _secured(self, new: NewTask) -> NewTask:
        """With a password in its link sealed. Where nobody knows how, and where it is none, that is left to the claim.
        Raises VaultUnavailable."""
        if self._service is None:
            return new
        try:
            url, extras = Extras.of_link(new.url, NO_EXTRAS)
        except InputError:
            return new
        return replace(new, url=url, sealed=self._service.vault.seal(extras, new.owner, url))

    def _open(self, args: tuple[Any, ...]) -> Repository | None:
        """None when the feature is off. Raises SettingsError."""
        if self._repository is None:
            settings = self._service.settings if self._service else _settings(args)
            self._allowance = Allowance.of(settings)
            self._repository = repository.open(settings, patience=PATIENCE) if settings.enabled else None
        return self._repository

    def _wake(self) -> None:
        if self._service is not None:
            self._service.wake()


def _settings(args: tuple[Any, ...]) -> Settings:
    """From what the host hands over: where its own tables are, ours are. Raises SettingsError."""
    *before, session, _ = args
    config = before[-1] if before else RawConfigParser()
    settings = Settings.from_config(config)
    url = session.get_bind().engine.url.render_as_string(hide_password=False)
    return replace(settings, database=settings.database or url)
