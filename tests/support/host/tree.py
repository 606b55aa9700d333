"""The folders and files of an installation, as the programs that set up Seafile leave them.

conf/{seafevents.conf,seahub_settings.py,seafile.conf,ccnet.conf,gunicorn.conf.py,.env}   .env since 13
logs/  pids/  seafile-data/  seahub-data/
seafile-server-13.0.12/{seafile/lib/python3/site-packages,seahub,pro/python,runtime}
seafile-server-latest -> seafile-server-13.0.12
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

#: What an installation of the family calls itself.
RELEASES = {11: "11.0.13", 12: "12.0.14", 13: "13.0.12", 14: "14.0.1"}

_PROGRAMS = Path(__file__).parent / "programs"


@dataclass(frozen=True)
class Database:
    """How a server reaches its database."""

    host: str
    port: int
    user: str
    password: str
    name: str

    @classmethod
    def from_url(cls, url: str, port: int | None = None) -> Database:
        """``port``: another one by which it is reached as well."""
        parts = make_url(url)
        return cls(
            host=parts.host or "",
            port=port or parts.port or 3306,
            user=parts.username or "",
            password=parts.password or "",
            name=parts.database or "",
        )


@dataclass(frozen=True)
class Tree:
    """One installation. ``sources`` are checkouts in the place of stand-ins, by the name of the Python package:
    ``seafevents`` is the package's own folder, ``seahub``, ``seaserv``, ``seafile`` and ``pysearpc`` the one above."""

    version: int
    top: Path
    database: Database

    @property
    def conf(self) -> Path:
        return self.top / "conf"

    @property
    def logs(self) -> Path:
        return self.top / "logs"

    @property
    def latest(self) -> Path:
        return self.top / "seafile-server-latest"

    @property
    def libraries(self) -> Path:
        return self.latest / "seafile" / "lib" / "python3" / "site-packages"

    def plant(self, sources: Mapping[str, Path]) -> None:
        for name in ("conf", "logs", "pids", "seafile-data", "seahub-data"):
            (self.top / name).mkdir(parents=True)
        release = self.top / f"seafile-server-{RELEASES[self.version]}"
        for path in ("seafile/lib/python3/site-packages", "pro/python", "runtime"):
            (release / path).mkdir(parents=True)
        self.latest.symlink_to(release.name)
        self._place("seafevents", self.latest / "pro/python/seafevents", sources, _PROGRAMS / "python/seafevents")
        self._place("seahub", self.latest / "seahub", sources, _PROGRAMS / "seahub")
        for name in ("seaserv", "pysearpc"):
            self._place(name, self.libraries / name, sources, _PROGRAMS / "libraries" / name)
        (self.latest / "seahub" / "thirdpart").mkdir(exist_ok=True)
        self._configure()

    def _place(self, name: str, place: Path, sources: Mapping[str, Path], stand_in: Path) -> None:
        if name in sources:
            place.symlink_to(sources[name])
            return
        shutil.copytree(stand_in, place, ignore=shutil.ignore_patterns("__pycache__"))
        package = place / name if name == "seahub" else place
        (package / "version.py").write_text(f"VERSION = {self.version}\n", encoding="ascii")

    def _configure(self) -> None:
        found = self.database
        files = {
            "seafile.conf": "[fileserver]\nport = 8082\n",
            "ccnet.conf": "",
            "gunicorn.conf.py": "workers = 5\n",
            "seafevents.conf": "[SEAHUB EMAIL]\nenabled = true\ninterval = 30m\n\n[STATISTICS]\nenabled=true\n",
            "seahub_settings.py": '# -*- coding: utf-8 -*-\nSECRET_KEY = "a key"\n'
            'SERVICE_URL = "https://cloud.example.com"\nFILE_SERVER_ROOT = "https://cloud.example.com/seafhttp"\n',
        }
        if self.version >= 13:
            files[".env"] = (
                f"SEAFILE_MYSQL_DB_HOST={found.host}\nSEAFILE_MYSQL_DB_PORT={found.port}\n"
                f"SEAFILE_MYSQL_DB_USER={found.user}\nSEAFILE_MYSQL_DB_PASSWORD={found.password}\n"
                f"SEAFILE_MYSQL_DB_SEAHUB_DB_NAME={found.name}\nJWT_PRIVATE_KEY={'k' * 40}\n"
            )
        else:
            files["seafevents.conf"] = (
                f"[DATABASE]\ntype = mysql\nhost = {found.host}\nport = {found.port}\nusername = {found.user}\n"
                f"password = {found.password.replace('%', '%%')}\nname = {found.name}\n\n{files['seafevents.conf']}"
            )
        for name, text in files.items():
            (self.conf / name).write_text(text, encoding="utf-8")
