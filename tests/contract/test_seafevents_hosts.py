"""The plugin inside the daemons of Seafile 11 to 14: stand-ins, and a real checkout where SEAFEVENTS_SRC names one.

docs/hosts.md says against which checkouts this was held, and what came of it.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import sys
import threading
from collections.abc import Callable, Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

import pytest

from seafevents_offline.errors import EngineUnavailable
from seafevents_offline.hosts.seafevents import hook, logs, plugin
from seafevents_offline.hosts.seafevents import service as service_module
from seafevents_offline.settings import Settings
from tests.support import seafevents, seafevents_checkout
from tests.support.seafevents import VERSIONS, Daemon
from tests.support.seafevents_checkout import SEAFEVENTS_SRC

checkout = pytest.mark.skipif(not SEAFEVENTS_SRC, reason="SEAFEVENTS_SRC names no checkout")

KEY = "seahub.stats:offline-file-upload"
ON = "[OFFLINE DOWNLOAD]\nenabled = true\n"


class Service:
    """Where the plugin would make the real one; ``made`` are all of a test, ``fault`` is what a start raises."""

    made: list[Service]
    fault: BaseException | None

    def __init__(self, settings: Settings, own_names: frozenset[str], **_: Any) -> None:
        self.settings = settings
        self.own_names = own_names
        self.made.append(self)

    def start(self) -> None:
        sys.modules["seafevents"].done.append("downloads")
        if self.fault:
            raise self.fault

    def wake(self) -> None:
        pass


@pytest.fixture(autouse=True)
def service(monkeypatch: pytest.MonkeyPatch) -> type[Service]:
    """A process in which nothing has been started yet."""
    Service.made, Service.fault = [], None
    monkeypatch.setattr(service_module, "OfflineDownloader", Service)
    monkeypatch.setattr(plugin, "_taken", set())
    monkeypatch.setattr(hook, "_said", set())
    monkeypatch.setattr(logs, "install", lambda: None)
    plugin._service.cache_clear()
    return Service


@pytest.fixture(params=["checkout"] if SEAFEVENTS_SRC else VERSIONS)
def make(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Daemon]]:
    """``make(block)``: a daemon whose settings file ends with ``block``."""
    folder = tmp_path / "packages"
    with seafevents.importable(folder, monkeypatch):
        if SEAFEVENTS_SRC:
            with seafevents_checkout.stubs(monkeypatch):
                version, texts = seafevents_checkout.version(), seafevents_checkout.texts()
                yield lambda block=seafevents.BLOCK: Daemon(version, folder, texts, block)
        else:
            yield lambda block=seafevents.BLOCK: Daemon(request.param, folder, seafevents.sources(request.param), block)
    plugin._service.cache_clear()


@pytest.fixture
def daemon(make: Callable[..., Daemon]) -> Daemon:
    found = make()
    found.write_conf(ON)
    return found


def ended(name: str = "offline-start") -> None:
    """What a thread of ours does has been done (11 is started by one)."""
    for thread in threading.enumerate():
        if thread.name == name:
            thread.join(60)
            assert not thread.is_alive()


def done() -> list[str]:
    ended()
    return list(sys.modules["seafevents"].done)


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name.startswith("seafevents_offline")]


# --- it starts with the daemon ------------------------------------------------------------------------


def test_the_settings_file_alone_brings_it_in(daemon: Daemon) -> None:
    daemon.main()
    assert done().count("downloads") == 1
    (handler,) = daemon.handlers[KEY]
    assert handler.__name__ == "OfflineDownloadEventHandler"
    assert handler._service is Service.made[0]
    assert len(Service.made) == 1


def test_it_comes_when_the_daemon_has_started_everything(daemon: Daemon) -> None:
    daemon.main()
    started = done()
    # 11 is told of in the midst of it, and does not wait.
    assert daemon.version == 11 or started[-1] == "downloads"
    assert len(started) > 2


def test_the_tasks_that_11_starts_after_its_first_do_not_wait_for_ours(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    going = threading.Event()
    monkeypatch.setattr(Service, "start", lambda self: going.wait(60))
    if daemon.version > 11 or sys.version_info >= (3, 12):
        # These have started everything; and there all threads must be started before main() ends.
        going.set()
    daemon.main()
    before = len(sys.modules["seafevents"].done)
    going.set()
    assert len(done()) == before


def test_a_front_node_of_a_cluster_listens_and_does_nothing_else(daemon: Daemon) -> None:
    daemon.be_a_front_node()
    daemon.main()
    assert "downloads" not in done()
    assert len(daemon.handlers[KEY]) == 1


def test_a_background_node_downloads_and_does_not_listen(daemon: Daemon) -> None:
    daemon.main(background_tasks_only=True)
    assert "downloads" in done()
    assert KEY not in daemon.handlers


def test_it_listens_before_the_daemon_fetches_what_has_waited(daemon: Daemon) -> None:
    if SEAFEVENTS_SRC:
        app = daemon.module("app.app")
        app.EventsHandler.start = lambda self: vars(daemon).update(known=list(daemon.handlers))
        daemon.main()
        known = vars(daemon)["known"]
    else:
        daemon.main()
        known = done()
    # The first one is of the same channel, so that this one is fetched in any case.
    assert {"seahub.stats:user-login", KEY} <= set(known)


@pytest.mark.parametrize("first", ["before anything", "before its App", "after its App"])
def test_installed_before_and_in_the_settings_it_comes_once(make: Callable[..., Daemon], first: str) -> None:
    daemon = make()
    daemon.write_conf(ON)
    if first == "before anything":
        hook.install()
    if first == "after its App":
        daemon.module("app.app")
        hook.install()
    daemon.module("main")
    hook.install()
    daemon.main()
    assert done().count("downloads") == 1
    assert len(daemon.handlers[KEY]) == 1
    assert len([finder for finder in sys.meta_path if hasattr(finder, "_seafevents_offline")]) == 1


def test_a_daemon_that_is_imported_already_is_waited_for_too(make: Callable[..., Daemon]) -> None:
    daemon = make(block="")
    daemon.write_conf(ON)
    daemon.module("main")
    hook.install()
    daemon.main()
    assert done()[-1] == "downloads"
    assert len(daemon.handlers[KEY]) == 1


def test_a_second_app_in_one_process_starts_nothing_more(daemon: Daemon) -> None:
    daemon.main()
    ended()
    daemon.main()
    assert done().count("downloads") == 1
    assert len(daemon.handlers[KEY]) == 1


def test_a_module_that_is_imported_anew_is_wrapped_anew(make: Callable[..., Daemon]) -> None:
    daemon = make(block="")
    daemon.write_conf(ON)
    hook.install()
    app = daemon.module("app.app")
    importlib.reload(app)
    assert hasattr(app.App.serve_forever, "_seafevents_offline")
    assert not hasattr(inspect.unwrap(app.App.serve_forever), "_seafevents_offline")
    del sys.modules["seafevents.app.app"]
    daemon.main()
    assert done().count("downloads") == 1


def test_threads_that_import_it_at_the_same_time_find_one_that_is_wrapped(make: Callable[..., Daemon]) -> None:
    daemon = make(block="")
    hook.install()
    barrier, found = threading.Barrier(8), []

    def find() -> None:
        barrier.wait(60)
        found.append(daemon.module("app.app").App.serve_forever)

    threads = [threading.Thread(target=find) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 8
    assert len(set(found)) == 1
    assert hasattr(found[0], "_seafevents_offline")


def test_packages_in_an_archive_are_waited_for_too(daemon: Daemon) -> None:
    daemon.pack()
    daemon.main()
    assert ".zip/" in daemon.module("app.app").__file__
    assert done().count("downloads") == 1


# --- and changes nothing else -------------------------------------------------------------------------


def test_the_module_is_as_it_would_be_without(make: Callable[..., Daemon]) -> None:
    daemon = make(block="")
    hook.install()
    app = daemon.module("app.app")
    assert type(app.__loader__) is type(app.__spec__.loader) is SourceFileLoader
    assert app.__loader__ is app.__spec__.loader
    assert app.__loader__.get_data(app.__file__).decode() == (daemon.folder / "seafevents/app/app.py").read_text()
    assert "serve_forever" in inspect.getsource(app.App)
    assert app.App.serve_forever.__qualname__ == "App.serve_forever"
    assert app.App.serve_forever.__module__ == "seafevents.app.app"
    assert list(inspect.signature(app.App.serve_forever).parameters) == ["self"]


def test_who_only_looks_for_the_module_finds_what_there_is(make: Callable[..., Daemon]) -> None:
    daemon = make(block="")
    daemon.module("app")
    plain = importlib.util.find_spec("seafevents.app.app")
    hook.install()
    found = importlib.util.find_spec("seafevents.app.app")
    assert plain is not None
    assert found is not None
    assert (found.origin, found.cached, found.has_location) == (plain.origin, plain.cached, plain.has_location)
    assert isinstance(plain.loader, SourceFileLoader)
    assert found.loader.get_source("seafevents.app.app") == plain.loader.get_source("seafevents.app.app")  # type: ignore
    assert found.loader.is_package("seafevents.app.app") is False  # type: ignore
    assert "seafevents.app.app" not in sys.modules


def test_a_module_that_is_not_there_is_not_there(make: Callable[..., Daemon]) -> None:
    daemon = make(block="")
    (daemon.folder / "seafevents/app/app.py").unlink()
    hook.install()
    if not SEAFEVENTS_SRC:
        with pytest.raises(ModuleNotFoundError, match=r"seafevents\.app\.app"):
            daemon.module("app.app")


def test_a_module_that_fails_fails_as_it_would_and_may_be_tried_again(make: Callable[..., Daemon]) -> None:
    daemon = make(block="")
    file = daemon.folder / "seafevents/app/app.py"
    whole = file.read_text()
    file.write_text("raise OSError('a disk')\n# longer than before, so that nobody takes it for what was compiled")
    hook.install()
    with pytest.raises(OSError, match="a disk"):
        daemon.module("app.app")
    file.write_text(whole)
    importlib.invalidate_caches()
    assert hasattr(daemon.module("app.app").App.serve_forever, "_seafevents_offline")


def test_finders_of_others_are_asked_as_ever(make: Callable[..., Daemon], monkeypatch: pytest.MonkeyPatch) -> None:
    daemon = make(block="")
    asked: list[str] = []

    class Recursive:
        """As other hooks of this kind do it: by asking everybody once more."""

        def find_spec(self, name: str, path: object, target: object = None) -> object:
            if name in asked or not name.startswith("seafevents"):
                return None
            asked.append(name)
            return importlib.util.find_spec(name)

    monkeypatch.setattr(sys, "meta_path", [Recursive(), *sys.meta_path])
    hook.install()
    app = daemon.module("app.app")
    assert "seafevents.app.app" in asked
    assert type(app.__spec__.loader) is SourceFileLoader
    assert not hasattr(inspect.unwrap(app.App.serve_forever), "_seafevents_offline")
    assert app.App.serve_forever.__wrapped__ is inspect.unwrap(app.App.serve_forever)


def test_what_the_host_raises_itself_is_raised_and_nothing_of_ours_follows(
    make: Callable[..., Daemon], caplog: pytest.LogCaptureFixture
) -> None:
    daemon = make(block="")
    daemon.write_conf(ON)
    app = daemon.module("app.app")

    def broken(self: object) -> None:
        raise RuntimeError("port 8889 is taken")

    app.App.serve_forever = broken
    hook.install()
    with pytest.raises(RuntimeError, match="8889"):
        daemon.main()
    assert "downloads" not in done()
    assert said(caplog) == []


# --- a fault of ours is one message -------------------------------------------------------------------


def test_a_fault_is_one_message_and_the_host_goes_on(
    daemon: Daemon, service: type[Service], caplog: pytest.LogCaptureFixture
) -> None:
    service.fault = RuntimeError("no\nluck")
    daemon.main()
    assert len(done()) > 2
    (message,) = said(caplog)
    assert message.startswith("offline download: is off until the next start\n    Traceback")
    assert all(line.startswith("    ") for line in message.splitlines()[1:])


def test_what_is_lacking_is_one_message_and_is_waited_for(
    daemon: Daemon, service: type[Service], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(service_module, "_PAUSE", 0.001)
    service.fault = EngineUnavailable(detail="there is no aria2c.")
    daemon.main()
    assert len(done()) > 2
    assert said(caplog) == [f"offline download: is off, and tries to start every minute: {service.fault}"]
    service.fault = None
    ended("offline-wait")


def test_a_package_that_cannot_be_imported_is_one_message(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # As when a requirement is missing.
    monkeypatch.delattr(sys.modules["seafevents_offline.hosts.seafevents"], "plugin")
    monkeypatch.setitem(sys.modules, "seafevents_offline.hosts.seafevents.plugin", None)
    daemon.be_a_front_node()
    daemon.main()
    (message,) = said(caplog)
    assert message.startswith("offline download is off (ModuleNotFoundError: ")
    assert KEY not in daemon.handlers


def test_an_app_of_another_kind_is_one_message(make: Callable[..., Daemon], caplog: pytest.LogCaptureFixture) -> None:
    daemon = make(block="")
    with (daemon.folder / "seafevents/app/app.py").open("a") as file:
        file.write("\n\ndel App.serve_forever\n")
    hook.install()
    daemon.module("app.app")
    (message,) = said(caplog)
    assert message.startswith("offline download is off (AttributeError: ")


@pytest.mark.parametrize("end", [SystemExit(3), KeyboardInterrupt()])
def test_an_exit_is_kept_and_an_interrupt_is_the_hosts(
    make: Callable[..., Daemon],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    end: BaseException,
) -> None:
    daemon = make(block="")
    hook.install()

    def start(app: object) -> None:
        raise end

    monkeypatch.setattr(plugin, "start", start)
    if isinstance(end, KeyboardInterrupt):
        with pytest.raises(KeyboardInterrupt):
            daemon.main()
    else:
        daemon.main()
        assert len(said(caplog)) == 1


# --- what it knows of the host ------------------------------------------------------------------------


def test_nothing_is_downloaded_from_the_server_itself(daemon: Daemon) -> None:
    daemon.main()
    ended()
    assert Service.made[0].own_names == {"cloud.example", "files.example"}


def test_the_database_is_the_hosts(daemon: Daemon) -> None:
    daemon.main()
    ended()
    url = Service.made[0].settings.database
    assert url.startswith("mysql+pymysql://")
    assert ":hunter2@db" in url
    assert "/seahub_db" in url


def test_another_database_may_be_named(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    daemon.write_conf(f"{ON}database = sqlite:////srv/offline.db\n")
    monkeypatch.setattr(plugin.database, "by_factory", lambda path: pytest.fail("it was asked for"))
    daemon.main()
    ended()
    assert Service.made[0].settings.database == "sqlite:////srv/offline.db"


def test_a_database_that_the_host_does_not_know_is_one_sentence_without_its_password(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(config: object) -> None:
        raise ValueError("mysql+pymysql://seafile:hunter2@db/")

    monkeypatch.setattr(daemon.module("db"), "init_db_session_class", broken)
    monkeypatch.setenv("EVENTS_CONFIG_FILE", str(daemon.conf))
    plugin.listen()
    plugin.listen()
    assert said(caplog) == [
        "offline download: is off until the next start: The database of the Seafile server is not known"
        " (ValueError in seafevents.db); database = mysql+pymysql://… in [OFFLINE DOWNLOAD] would name one."
    ]


# --- the stand-ins are as the sources -----------------------------------------------------------------


def signatures(module: ast.Module) -> dict[str, str]:
    """Of functions and methods, and the parents of classes, by their names."""
    found = {}
    for node in module.body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = ast.unparse(node.args)
        if isinstance(node, ast.ClassDef):
            found[node.name] = ", ".join(map(ast.unparse, node.bases))
            methods = [part for part in node.body if isinstance(part, ast.FunctionDef)]
            found.update({f"{node.name}.{part.name}": ast.unparse(part.args) for part in methods})
    return found


@checkout
def test_the_stand_ins_have_the_names_and_signatures_of_the_sources() -> None:
    for name, text in seafevents.sources(seafevents_checkout.version()).items():
        ours = signatures(ast.parse(text))
        there = signatures(seafevents_checkout.tree(name))
        assert {key: there.get(key) for key in ours} == ours, name


def imported(module: ast.Module) -> list[str]:
    """What of seafevents a module imports when it is executed, in this order."""
    found = []
    for node in module.body:
        if isinstance(node, ast.ImportFrom) and not node.level:
            found.append(str(node.module))
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
    return [name for name in found if name.startswith("seafevents.")]


@checkout
def test_the_daemon_imports_in_the_order_of_the_stand_ins() -> None:
    ours = imported(ast.parse(seafevents.sources(seafevents_checkout.version())["seafevents/main.py"]))
    there = imported(seafevents_checkout.tree("seafevents/main.py"))
    assert [name for name in there if name in ours] == ours


def started(module: ast.Module) -> list[str]:
    """What ``serve_forever`` starts, in this order."""
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call)]
    names = [ast.unparse(call.func) for call in sorted(calls, key=lambda call: call.lineno)]
    return [name for name in names if name.endswith(".start")]


@checkout
def test_the_daemon_starts_in_the_order_of_the_stand_ins() -> None:
    ours = started(ast.parse(seafevents.sources(seafevents_checkout.version())["seafevents/app/app.py"]))
    there = started(seafevents_checkout.tree("seafevents/app/app.py"))
    assert [name for name in there if name in ours] == ours
    assert there[0] == "self._events_handler.start"


def reached(start: str) -> set[str]:
    """The modules of seafevents that are executed when ``start`` is imported."""
    found, waiting = set(), [start]
    while waiting:
        name = waiting.pop()
        path = Path(SEAFEVENTS_SRC, *name.split(".")[1:])
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if name not in found and file.exists():
            found.add(name)
            waiting += imported(ast.parse(file.read_text(encoding="utf-8")))
    return found


@checkout
def test_the_settings_are_executed_before_or_while_the_app_is_imported() -> None:
    main = imported(seafevents_checkout.tree("seafevents/main.py"))
    before = set().union(*map(reached, main[: main.index("seafevents.app.app")]))
    is_before = "seafevents.app.config" in before
    assert is_before is (seafevents_checkout.version() > 11)
    assert "seafevents.app.app" not in before
    if not is_before:
        reading = reached("seafevents.app.mq_handler")
        assert "seafevents.app.config" in reading
        assert not {name for name in reading if name.startswith("seafevents.tasks")}
        (first, *_, second) = (
            name for name in imported(seafevents_checkout.tree("seafevents/app/mq_handler.py")) if "s.handlers" in name
        )
        assert "seafevents.app.config" in reached(first)
        assert second == "seafevents.statistics.handlers"


@checkout
def test_the_host_says_where_its_configuration_and_its_logs_are() -> None:
    main = (Path(SEAFEVENTS_SRC) / "main.py").read_text(encoding="utf-8")
    for name in ("EVENTS_CONFIG_FILE", "SEAFEVENTS_LOG_DIR"):
        assert f"os.environ['{name}'] = " in main
