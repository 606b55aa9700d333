"""A Seafile server as the command line works on it, as the server's own user."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping
from configparser import RawConfigParser
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from ... import repository
from ...egress.admission import admitted
from ...egress.policy import Policy
from ...errors import InputError, StorageUnavailable
from ...extras import NO_EXTRAS, Extras
from ...link import without_query, without_user_info
from ...repository import Allowance, Repository, utc_now
from ...settings import Settings, read_config
from ...shape import shape
from ...status import Action, OfflineDownloadStatus
from ...storages.seafile.server import SeafServer
from ...task import Task, is_repo_id
from ...tasks.checks import Check
from ...tasks.offline_downloader import pick_storage
from ..seafevents import database
from ..wish import Wish
from . import bundle, checks
from .daemon import Daemon, find
from .place import Installation


class OwnersAlone(InputError):
    """Said on the command line alone: Seahub's SECRET_KEY is Seahub's and the daemon's."""

    sentence = "A password of a link is entered by the owner of the task, on the pages of Seafile."


class PlaceMissing(InputError):
    """Said on the command line alone."""

    sentence = "Please say whose it is and into which library it goes: --owner NAME --repo ID."


class SeafileServer:
    """Opens nothing before it is asked for. ``settings`` and ``repository`` raise SettingsError.

    Whoever may run this is an administrator, who acts for everybody and sees no more of a link than on the pages.
    """

    owner = None

    def __init__(self, place: Installation, daemon: Daemon) -> None:
        self.place = place
        self.daemon = daemon
        self._names: dict[str, str] = {}
        self._seafile = SeafServer()
        self._answers = True

    @classmethod
    def enter(cls, named: Path, environ: Mapping[str, str]) -> SeafileServer:
        """From now on this process is as the server's daemon, see Daemon.become. Raises NoInstallation, NotItsUser."""
        place = Installation.find(named)
        daemon = find(place, environ)
        daemon.become()
        if brought := bundle.appended(place):
            sys.path.append(str(brought))
        return cls(place, daemon)

    @cached_property
    def config(self) -> RawConfigParser:
        return read_config(self.place.seafevents_conf)

    @cached_property
    def settings(self) -> Settings:
        """With the host's database, where the section names none."""
        settings = Settings.from_config(self.config)
        url = settings.database or database.by_files(self.config, self.daemon.environ, self.place.major or None)
        return replace(settings, database=url)

    @cached_property
    def repository(self) -> Repository:
        return repository.open(self.settings)

    def add(self, wish: Wish) -> Task:
        """A new task. Like a row that came by SQL: what cannot be found out here is checked at its claim. Raises
        PlaceMissing and OwnersAlone, and what adding raises elsewhere."""
        if not wish.owner or not is_repo_id(wish.repo_id):
            raise PlaceMissing()
        if wish.extras:
            raise OwnersAlone()
        new = wish.task(wish.owner, wish.repo_id)
        new = replace(new, url=self._checked(new.provisional))
        return self.repository.add(new, Allowance.of(self.settings))

    def act(self, odr_id: int, action: Action, extras: Extras = NO_EXTRAS) -> Task:
        """For the task's owner, as far as the owner could. Raises TaskNotFound, also for what was removed, NotPossible,
        AlreadyActive, TooManyTasks, SecretsWanted, and for a task that would wait again whatever speaks against that
        now. Raises OwnersAlone for ``extras``."""
        if extras:
            raise OwnersAlone()
        task = self.repository.get(odr_id)
        if action.target is OfflineDownloadStatus.WAITING and task.status in action.sources:
            self._checked(task)
        return self.repository.act(odr_id, action, task.owner, allowance=Allowance.of(self.settings))

    def remove(self, odr_id: int) -> Task:
        """Take it off its owner's list. Raises TaskNotFound, also for what was removed."""
        return self.repository.remove(odr_id, self.repository.get(odr_id).owner)

    def prioritise(self, odr_id: int, priority: int) -> Task:
        """Among its owner's tasks. Raises TaskNotFound, NotPossible or PriorityInvalid."""
        return self.repository.prioritise(odr_id, priority, self.repository.get(odr_id).owner)

    def shape(self, task: Task) -> dict[str, Any]:
        """As the administrators' list has it: the owner alone sees the whole link."""
        told = shape(task, self._name_of(task.repo_id))
        return told | {"url": without_query(task.url), "removed": task.hidden_at is not None}

    def location(self, task: Task) -> str:
        return task.stored_path

    def idleness(self) -> str:
        """Why nothing is downloaded now; empty where some node has shown itself within a minute."""
        now = utc_now()
        if any(node.is_awake(now) for node in self.repository.nodes()):
            return ""
        return (
            "Nothing is downloaded now: the download service is not running; "
            f"`seafevents-offline doctor --seafile {self.place.top}` says why."
        )

    def _checked(self, task: Task) -> str:
        """Its link, after what a door would ask. Where seaf-server does not answer, the service asks at the claim."""
        link = admitted(without_user_info(task.url), Policy.from_settings(self.settings))
        with contextlib.suppress(StorageUnavailable):
            pick_storage(self.settings).check(task, 0)
        return link

    def _name_of(self, repo_id: str) -> str:
        """Empty where nobody knows; who does not answer once is not asked again."""
        if repo_id not in self._names and self._answers:
            try:
                self._names[repo_id] = self._seafile.name(repo_id)
            except StorageUnavailable:
                self._answers = False
        return self._names.get(repo_id, "")

    def wake(self) -> None:
        """Nothing: no other process wakes the daemon, which looks by itself soon enough."""

    def checks(self) -> list[Check]:
        """Every part, really tried."""
        return checks.checks(self)

    def close(self) -> None:
        if "repository" in self.__dict__:
            self.repository.close()
