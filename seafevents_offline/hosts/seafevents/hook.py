"""How the plugin gets into the daemon: it is told when the daemon has started, by no change of any file of its.

``install`` is called by the block in conf/seahub_settings.py, by a ``.pth`` file or by ``seafevents_offline.run``, in
processes of every kind, most of which are no daemon. So this module imports nothing that a bare Python does not have
in memory already, and costs one look-up an import. The rest of the package is imported when the daemon has started
(host 12 lets gevent change the standard library just before that).

Two signs are waited for. ``register_handlers`` of the host's statistics is called where the daemon is going to listen
to messages, just before it does: what has waited in seaf-server is fetched at once, and dropped when nobody wants it.
``App.serve_forever`` has started everything when it returns.

Seafile 12 to 14 read seahub_settings.py before ``seafevents.app.app`` is imported, 11 in the middle of that. There the
first background task that App starts, of a module that is imported later, stands for App.
"""

import sys

# Not even __future__ is imported: annotations that would need it stand in quotes.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

_APP = "seafevents.app.app"

# By module: a class of it or nothing, the function that is the sign, and the step of the plugin that follows.
_Sign = tuple[str, str, str]

_SIGNS: dict[str, _Sign] = {
    "seafevents.statistics.handlers": ("", "register_handlers", "listen"),
    _APP: ("App", "serve_forever", "start"),
}

_SIGNS_OF_11: dict[str, _Sign] = {
    "seafevents.statistics.handlers": _SIGNS["seafevents.statistics.handlers"],
    "seafevents.tasks.file_updates_sender": ("FileUpdatesSender", "start", "start_background"),
}

_MARK = "_seafevents_offline"

#: What has been said already: what is wrong at the one sign is mostly wrong at the other.
_said: set[str] = set()


def install() -> None:
    """Have the plugin start with the daemon, if this process is or becomes one. Idempotent; raises nothing."""
    try:
        _install()
    except Exception as error:  # noqa: BLE001 (it is logged)
        _report(error)


def _install() -> None:
    if any(hasattr(finder, _MARK) for finder in sys.meta_path):
        return
    app = sys.modules.get(_APP)
    # There without its App: it is being imported at this very moment.
    signs = _SIGNS if app is None or hasattr(app, "App") else _SIGNS_OF_11
    sys.meta_path.insert(0, _Finder(signs))
    for name in signs:
        if name in sys.modules:
            _wrap(sys.modules[name], *signs[name])


class _Finder:
    """Finds nothing by itself; what the others find of the awaited modules is wrapped once it has been executed."""

    _seafevents_offline = True

    def __init__(self, signs: dict[str, _Sign]) -> None:
        self._signs = signs

    def find_spec(
        self, name: str, path: "Sequence[str] | None", target: "ModuleType | None" = None
    ) -> "ModuleSpec | None":
        if name not in self._signs:
            return None
        spec = self._found(name, path, target)
        if spec is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _Loader(spec.loader, self._signs[name])  # type: ignore[assignment]
        return spec

    def _found(self, name: str, path: "Sequence[str] | None", target: "ModuleType | None") -> "ModuleSpec | None":
        for finder in tuple(sys.meta_path):
            find = getattr(finder, "find_spec", None)
            if not hasattr(finder, _MARK) and find is not None:
                spec: ModuleSpec | None = find(name, path, target)
                if spec is not None:
                    return spec
        return None


class _Loader:
    """Stands before a module's loader until the module is executed; the module itself never sees it."""

    def __init__(self, loader: "Any", sign: _Sign) -> None:
        self._loader = loader
        self._sign = sign

    def __getattr__(self, name: str) -> "Any":
        return getattr(self._loader, name)

    def exec_module(self, module: "ModuleType") -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        try:
            _wrap(module, *self._sign)
        except Exception as error:  # noqa: BLE001 (it is logged)
            _report(error)


def _wrap(module: "ModuleType", owner: str, name: str, step: str) -> None:
    place = getattr(module, owner) if owner else module
    original = getattr(place, name)
    if not hasattr(original, _MARK):
        setattr(place, name, _followed(original, step))


def _followed(original: "Callable[..., Any]", step: str) -> "Callable[..., Any]":
    """The host's function, and then ours. What the host's one raises is raised, and nothing of ours follows."""

    def function(*args: "Any", **kwargs: "Any") -> "Any":
        result = original(*args, **kwargs)
        _take(step, *args[:1])
        return result

    for name in ("__module__", "__name__", "__qualname__", "__doc__"):
        setattr(function, name, getattr(original, name, None))
    function.__wrapped__ = original  # type: ignore[attr-defined]
    setattr(function, _MARK, True)
    return function


def _take(step: str, *host: object) -> None:
    # Not what is meant for the host: KeyboardInterrupt, or the end of a greenlet.
    try:
        from . import plugin

        getattr(plugin, step)(*host)
    except (Exception, SystemExit) as error:  # noqa: BLE001 (it is logged)
        _report(error)


def _report(error: BaseException) -> None:
    try:
        if str(error) in _said:
            return
        _said.add(str(error))
        import logging

        from ...text import plain, traceback_of

        logging.getLogger("seafevents_offline").error(
            "offline download is off (%s: %s)%s", type(error).__name__, plain(str(error)), traceback_of(error)
        )
    except Exception:  # noqa: BLE001, S110 (the host goes on, whatever has become of its log)
        pass
