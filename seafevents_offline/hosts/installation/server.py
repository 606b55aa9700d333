"""A Seafile server as the command line works on it, as the server's own user."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from configparser import RawConfigParser
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from ... import repository
from ...repository import Repository
from ...settings import Settings, read_config
from ...tasks.checks import Check
from ..seafevents import database
from . import bundle, checks
from .daemon import Daemon, find
from .place import Installation


class SeafileServer:
    """Opens nothing before it is asked for. ``settings`` and ``repository`` raise SettingsError."""

    def __init__(self, place: Installation, daemon: Daemon) -> None:
        self.place = place
        self.daemon = daemon

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

    def wake(self) -> None:
        """Nothing: no other process wakes the daemon, which looks by itself soon enough."""

    def checks(self) -> list[Check]:
        """Every part, really tried."""
        return checks.checks(self)

    def close(self) -> None:
        if "repository" in self.__dict__:
            self.repository.close()
