"""What is brought along onto the data volume, so that it outlives the container and its Python.

    <volume>/python/<digest>/              the package, what it needs and a static aria2c; bundle.json says which
    <volume>/python/current                a link to the one that is in use
    <volume>/python/seafevents-offline     the command, run from there

A folder gets its name, which is the digest of all that is in it, when it is complete and was tried, and never changes
then. The block names the folder itself: what runs must not meet one half of the next version. It comes last on
``sys.path``, so that whatever the host has of its own wins.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .contents import DIGITS, Contents, digest_of
from .edit import alone
from .place import Installation
from .refusal import NotChanged

_CURRENT, _COMMAND = "current", "seafevents-offline"

#: What does not count yet, or not any more.
_DRAFT, _OLD = ".new", ".old"

_SCRIPT = """\
#!/bin/sh
# seafevents-offline as it is in this folder, run by the server's Python. `seafevents-offline disable` takes it away.
here=$(dirname "$(readlink -f "$0")")
python=${{PYTHON:-{python}}}
[ -x "$python" ] || python=python3
exec "$python" -c 'import sys
sys.path[:] = [*filter(None, sys.path), sys.argv.pop(1)]
try:
    from seafevents_offline.cli.main import main
except ImportError as error:
    sys.exit(f"{{sys.executable}}: {{error}}. Is it the Python of the Seafile server? PYTHON=... names another one.")
sys.exit(main())' "$(readlink -f "$here/{current}")" "$@"
"""

#: Whether all of it can be imported, before whatever else is installed.
_TRIAL = """\
import importlib, sys
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    importlib.import_module(name)
"""

#: Seconds.
_TRIAL_LIMIT = 300.0


def appended(place: Installation) -> Path | None:
    """The folder that the block appends to ``sys.path``; None when there is no bundle."""
    link = _root(place) / _CURRENT
    return link.resolve() if link.is_dir() else None


def folder(place: Installation, contents: Contents) -> Path:
    """Where ``put`` puts it."""
    return _root(place) / contents.digest


def command(place: Installation) -> Path:
    """The program that runs this package from the bundle."""
    return _root(place) / _COMMAND


def put(place: Installation, contents: Contents) -> Path:
    """Bring it onto the volume, unless it is there already, and make it the one in use.

    Of those before it only the last one stays, because what runs still uses it. Raises NotChanged.
    """
    root, target, before = _root(place), folder(place, contents), appended(place)
    with alone(place.conf), _as_sentence(root):
        for each in (place.volume, root):
            if not each.is_dir():
                each.mkdir(mode=0o755)
                _give(each, 0o755, place.owner)
        _remove_remains(root)
        is_new = not target.is_dir()
        if not is_intact(target):
            _make(target, contents, place.owner)
        _point(root / _CURRENT, target.name, place.owner)
        _write_command(root / _COMMAND, place.owner)
        # Brought once more, before a restart, it is no reason to take away what still runs.
        for each in _bundles(root) if is_new else ():
            if each not in (target, before):
                shutil.rmtree(each)
    return target


def is_intact(target: Path) -> bool:
    """Whether it is there and nothing in it has changed; what Python adds by itself does not count."""
    return target.is_dir() and digest_of(target) == target.name


def remove(place: Installation) -> list[Path]:
    """Take it away, for ``disable``, after the block. What was changed in stays, and is returned. Raises NotChanged."""
    root = _root(place)
    with alone(place.conf), _as_sentence(root):
        _remove_remains(root)
        for each in _bundles(root):
            if is_intact(each):
                shutil.rmtree(each)
        stay = _bundles(root)
        if not stay:
            for name in (_CURRENT, _COMMAND):
                (root / name).unlink(missing_ok=True)
        for each in (root, place.volume):
            if each.is_dir() and not any(each.iterdir()):
                each.rmdir()
    return stay


def _root(place: Installation) -> Path:
    return place.volume / "python"


def _bundles(root: Path) -> list[Path]:
    """Folders of anybody else's have other names."""
    found = root.iterdir() if root.is_dir() else ()
    return sorted(each for each in found if re.fullmatch(rf"[0-9a-f]{{{DIGITS}}}", each.name) and each.is_dir())


def _make(target: Path, contents: Contents, owner: tuple[int, int]) -> None:
    draft, old = target.with_name(_DRAFT), target.with_name(_OLD)
    draft.mkdir(mode=0o755)
    for name, data in contents.files.items():
        file = draft / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    _try(draft, contents)
    for here, _, names in os.walk(draft):
        _give(Path(here), 0o755, owner)
        for file in (Path(here, name) for name in names):
            _give(file, 0o755 if contents.is_program(file.relative_to(draft).as_posix()) else 0o644, owner)
    # The name must not reach the disk before what it stands for.
    os.sync()
    if target.exists():
        target.rename(old)
    draft.rename(target)
    _remove_remains(target.parent)


def _try(draft: Path, contents: Contents) -> None:
    """Packages that have fast parts for one version of Python must do without them."""
    arguments = [sys.executable, "-c", _TRIAL, str(draft), *contents.modules]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        result = subprocess.run(
            arguments,
            capture_output=True,
            timeout=_TRIAL_LIMIT,
            check=False,
            env=environment,
            encoding="utf-8",
            cwd="/",
        )
    except subprocess.TimeoutExpired:
        raise NotChanged("Python takes too long to try what would be brought along.") from None
    if result.returncode:
        reason = (result.stderr.strip().splitlines() or [f"it ends with {result.returncode}"])[-1]
        raise NotChanged(f"What would be brought along does not work by itself: {reason}.")


def _point(link: Path, name: str, owner: tuple[int, int]) -> None:
    draft = link.with_name(_DRAFT)
    draft.symlink_to(name)
    if os.geteuid() == 0:
        os.lchown(draft, *owner)
    draft.rename(link)


def _write_command(file: Path, owner: tuple[int, int]) -> None:
    draft = file.with_name(_DRAFT)
    draft.write_text(_SCRIPT.format(python=shlex.quote(sys.executable), current=_CURRENT))
    _give(draft, 0o755, owner)
    draft.rename(file)


def _give(path: Path, mode: int, owner: tuple[int, int]) -> None:
    path.chmod(mode)
    if os.geteuid() == 0:
        os.lchown(path, *owner)


def _remove_remains(root: Path) -> None:
    """Of a bundle that was being made or replaced when something ended that."""
    for each in (root / _DRAFT, root / _OLD):
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        else:
            each.unlink(missing_ok=True)


@contextmanager
def _as_sentence(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise NotChanged(f"{error.filename or root} cannot be changed: {error.strerror}.") from None
