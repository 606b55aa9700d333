"""The block in Seahub's settings: what it does to them, in Seahub as it loads them, and what it never does."""

from __future__ import annotations

import configparser
import importlib
import importlib.util
import logging
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from seafevents_offline.hosts.installation import block
from seafevents_offline.hosts.installation.place import Installation
from seafevents_offline.hosts.seafevents import hook
from seahub_patch import settings

ROOT = Path(__file__).parents[2]

#: What Seahub itself says, as far as it matters here.
SEAHUB = {
    "INSTALLED_APPS": ["seahub.base"],
    "MIDDLEWARE": ["django.middleware.locale.LocaleMiddleware"],
    "SITE_ROOT_URLCONF": "seahub.urls",
    "AUTHENTICATION_BACKENDS": ("seahub.base.accounts.AuthBackend",),
    "SECRET_KEY": "",
}


# --- extend -------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def no_seahub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "seahub.settings", raising=False)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"EXTRA_INSTALLED_APPS": ["seahub_patch"]}),
        ({"EXTRA_INSTALLED_APPS": ["x"]}, {"EXTRA_INSTALLED_APPS": ["x", "seahub_patch"]}),
        ({"EXTRA_INSTALLED_APPS": ("x",)}, {"EXTRA_INSTALLED_APPS": ("x", "seahub_patch")}),
        ({"EXTRA_INSTALLED_APPS": ()}, {"EXTRA_INSTALLED_APPS": ("seahub_patch",)}),
        ({"EXTRA_INSTALLED_APPS": ["seahub_patch"]}, {}),
        (
            {"INSTALLED_APPS": ("a",)},
            {"INSTALLED_APPS": ("a", "seahub_patch"), "EXTRA_INSTALLED_APPS": ["seahub_patch"]},
        ),
        ({"EXTRA_MIDDLEWARE": ("x",)}, {"EXTRA_INSTALLED_APPS": ["seahub_patch"]}),
    ],
)
def test_the_app_is_added_to_what_is_there(before, after):
    names = dict(before)
    settings.extend(names)
    addresses = {"SITE_ROOT_URLCONF": "seahub_patch.urls", "OFFLINE_DOWNLOAD_BASE_URLCONF": "seahub.urls"}
    assert names == {**before, **after, **addresses}


@pytest.mark.parametrize(
    ("before", "base"),
    [
        ({"SITE_ROOT_URLCONF": "mine.urls"}, "mine.urls"),
        ({"SITE_ROOT_URLCONF": "seahub.urls"}, "seahub.urls"),
        ({"SITE_ROOT_URLCONF": "seahub_patch.urls", "OFFLINE_DOWNLOAD_BASE_URLCONF": "mine.urls"}, "mine.urls"),
        ({"SITE_ROOT_URLCONF": "mine.urls", "OFFLINE_DOWNLOAD_BASE_URLCONF": "other.urls"}, "mine.urls"),
        ({}, "seahub.urls"),
    ],
)
def test_addresses_that_somebody_put_in_front_stay_behind_ours(before, base):
    names = dict(before)
    settings.extend(names)
    assert (names["SITE_ROOT_URLCONF"], names["OFFLINE_DOWNLOAD_BASE_URLCONF"]) == ("seahub_patch.urls", base)


def test_so_do_those_of_local_settings_which_seahub_has_read_before(monkeypatch):
    half = ModuleType("seahub.settings")
    half.SITE_ROOT_URLCONF = "local.urls"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "seahub.settings", half)
    names: dict[str, Any] = {}
    settings.extend(names)
    assert names["OFFLINE_DOWNLOAD_BASE_URLCONF"] == "local.urls"


@pytest.mark.parametrize("before", [{}, {"EXTRA_INSTALLED_APPS": ("x",), "SITE_ROOT_URLCONF": "mine.urls"}])
def test_a_second_time_changes_nothing(before):
    names = dict(before)
    settings.extend(names)
    once = dict(names)
    settings.extend(names)
    assert names == once


def test_what_others_still_hold_is_not_changed_under_them():
    theirs = ["x"]
    names: dict[str, Any] = {"EXTRA_INSTALLED_APPS": theirs}
    settings.extend(names)
    assert theirs == ["x"]


@pytest.mark.parametrize("lacking", settings.NEEDED)
def test_when_something_is_missing_nothing_is_changed_and_it_is_named(lacking, monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(settings, "find_spec", lambda name: None if name == lacking else real(name))
    names = {"EXTRA_INSTALLED_APPS": ["x"]}
    with pytest.raises(ImportError, match=f"Python does not find {lacking}$"):
        settings.extend(names)
    assert names == {"EXTRA_INSTALLED_APPS": ["x"]}


def test_a_python_that_is_too_old_changes_nothing_either(monkeypatch):
    """A bundle made by another Python, say: an address of ours that cannot be imported would be the end of Seahub."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    assert config["options"]["python_requires"] == ">=" + ".".join(map(str, settings.OLDEST_PYTHON))
    monkeypatch.setattr(sys, "version_info", (3, 9, 18, "final", 0))
    names: dict[str, Any] = {}
    with pytest.raises(ImportError, match=r"Python 3\.9 is too old for it, 3\.10 is needed"):
        settings.extend(names)
    assert names == {}


def test_what_seahub_could_not_add_is_refused_before_anything_is_changed():
    names: dict[str, Any] = {"EXTRA_INSTALLED_APPS": "x"}
    with pytest.raises(TypeError):
        settings.extend(names)
    assert names == {"EXTRA_INSTALLED_APPS": "x"}


def test_what_is_looked_for_is_what_the_package_requires():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    required = re.findall(r"^([\w-]+)", config["options"]["install_requires"], re.MULTILINE)
    modules = {"PyMySQL": "pymysql", "SQLAlchemy": "sqlalchemy", "websocket-client": "websocket"}
    assert {modules.get(name, name) for name in required} == set(settings.NEEDED) - {"seafevents_offline"}
    assert settings.missing() == []


def test_a_package_that_this_user_may_not_read_is_not_there(tmp_path, monkeypatch):
    """Installed by root, whose files nobody else may open: of such a one Python sees the folder."""
    (tmp_path / "closed_package").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert importlib.util.find_spec("closed_package") is not None
    monkeypatch.setattr(settings, "NEEDED", ("closed_package",))
    assert settings.missing() == ["closed_package"]


def test_a_module_that_says_nothing_of_its_origin_is_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "aria2p", ModuleType("aria2p"))
    sys.modules["aria2p"].__spec__ = None
    assert settings.missing() == []


def test_it_imports_nothing_but_the_standard_library():
    """The process that loads the settings is not ready for anything else (host 12: before gevent's patches)."""
    program = (
        "import sys; before = set(sys.modules)\n"
        "from seahub_patch import settings; settings.extend({})\n"
        "from seafevents_offline.hosts.seafevents import hook; hook.install()\n"
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, encoding="utf-8", timeout=60, check=True, cwd=ROOT
    )
    assert done.stdout.split() == ["seafevents_offline", "seahub_patch"]


# --- Seahub and the block -----------------------------------------------------------------------------


def load(module: Any, into: dict[str, Any]) -> None:
    """``load_local_settings`` of Seahub 11 to 14 in our words: names in the order of dir(), EXTRA_ adds, capitals
    replace."""
    for name in dir(module):
        if extra := re.match(r"EXTRA_(\w+)", name):
            if extra[1] in into:
                into[extra[1]] += getattr(module, name)
            else:
                into[extra[1]] = getattr(module, name)
        elif re.match("[A-Z]", name):
            into[name] = getattr(module, name)


def seahub(conf: Path, version: int, log: list[str]) -> dict[str, Any]:
    """What Seahub's settings are after it has read those in ``conf``."""
    known: dict[str, Any] = {name: type(value)(value) for name, value in SEAHUB.items()}
    sys.path.insert(0, str(conf))
    importlib.invalidate_caches()
    try:
        import seahub_settings
    except ImportError:
        pass
    except Exception as error:
        if version < 13:
            raise
        log.append(str(error))
    else:
        known["INSTALLED_APPS"].append("gunicorn")
        load(seahub_settings, known)
    finally:
        sys.modules.pop("seahub_settings", None)
        sys.path.pop(0)
    return known


@pytest.fixture
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "conf"
    folder.mkdir()
    (tmp_path / "logs").mkdir()
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(hook, "install", lambda: None)
    return folder


def write(conf: Path, text: str, appended: Path | None = None) -> None:
    file = conf / "seahub_settings.py"
    body = block.lines(Installation(conf.parent), appended)
    file.write_bytes(block.put(file, text.encode(), body))


@pytest.mark.parametrize("version", [11, 12, 13, 14])
@pytest.mark.parametrize(
    ("text", "apps", "base"),
    [
        ("", ["seahub.base", "gunicorn", "seahub_patch"], "seahub.urls"),
        ("EXTRA_INSTALLED_APPS = ('x',)", ["seahub.base", "gunicorn", "x", "seahub_patch"], "seahub.urls"),
        ("EXTRA_INSTALLED_APPS = ['x']", ["seahub.base", "gunicorn", "x", "seahub_patch"], "seahub.urls"),
        ("INSTALLED_APPS = ['only']", ["only", "seahub_patch"], "seahub.urls"),
        ("SITE_ROOT_URLCONF = 'mine.urls'", ["seahub.base", "gunicorn", "seahub_patch"], "mine.urls"),
    ],
)
def test_seahub_gets_the_app_and_the_addresses(version, text, apps, base, conf):
    write(conf, f"SECRET_KEY = 'mine'\n{text}\n")
    known = seahub(conf, version, [])
    assert known["INSTALLED_APPS"] == apps
    assert known["SITE_ROOT_URLCONF"] == "seahub_patch.urls"
    assert known["OFFLINE_DOWNLOAD_BASE_URLCONF"] == base
    assert known["SECRET_KEY"] == "mine"
    assert set(known) == {*SEAHUB, "OFFLINE_DOWNLOAD_BASE_URLCONF"}


class Broken:
    """A finder: our modules are there and cannot be run."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def find_spec(self, name: str, *_more: Any) -> None:
        if name.startswith("seahub_patch"):
            raise self._error


def gone(name: str) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda patch: patch.setitem(sys.modules, name, None)


def broken(error: Exception) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda patch: patch.setattr(sys, "meta_path", [Broken(error), *sys.meta_path])


FAULTS = {
    "the package": gone("seahub_patch"),
    "a part of it": gone("seahub_patch.settings"),
    "the daemon's part": gone("seafevents_offline.hosts.seafevents"),
    "it is one for another Python": broken(SyntaxError("match")),
    "something in it": broken(ValueError("100% broken")),
}


@pytest.mark.parametrize("version", [11, 12, 13, 14])
@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_is_wrong_with_us_the_administrators_settings_count(version, fault, conf, monkeypatch, caplog, capfd):
    for name in ("seahub_patch", "seahub_patch.settings", "seafevents_offline.hosts.seafevents"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    (conf.parent / "logs" / "seahub.log").write_text("as it was\n")
    write(conf, "SECRET_KEY = 'mine'\nEXTRA_INSTALLED_APPS = ['x']\n")
    FAULTS[fault](monkeypatch)
    log: list[str] = []
    with caplog.at_level(logging.ERROR):
        known = seahub(conf, version, log)
    assert (known["SECRET_KEY"], known["INSTALLED_APPS"][:3]) == ("mine", ["seahub.base", "gunicorn", "x"])
    assert log == []
    (record,) = caplog.records
    assert record.name == "seafevents_offline"
    assert re.match(
        r"offline download is off \(.*\); what to do says: seafevents-offline doctor --seafile /", record.message
    )
    # Scripts of the host's take what is printed for an answer (parse_jwt_pk.py of 12 to 14).
    assert capfd.readouterr().out == ""
    lines = (conf.parent / "logs" / "seahub.log").read_text().splitlines()
    assert lines[0] == "as it was"
    assert re.fullmatch(rf"\[\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d\] \[ERROR\] {re.escape(record.message)}", lines[1])


def test_without_a_log_none_is_made(conf, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "seahub_patch", None)
    write(conf, "SECRET_KEY = 'mine'\n")
    assert seahub(conf, 12, [])["SECRET_KEY"] == "mine"
    assert len(caplog.records) == 1
    assert list((conf.parent / "logs").iterdir()) == []


def test_the_folder_that_is_appended_outlives_what_seahub_takes_away(conf, tmp_path):
    """Seahub ends with sys.path.pop(0), which is meant for conf/."""
    write(conf, "", appended=tmp_path / "python")
    before = list(sys.path)
    seahub(conf, 12, [])
    assert sys.path == [*before, str(tmp_path / "python")]


def test_the_hook_is_installed(conf, monkeypatch):
    installed: list[bool] = []
    monkeypatch.setattr(hook, "install", lambda: installed.append(True))
    write(conf, "")
    seahub(conf, 12, [])
    assert installed == [True]
