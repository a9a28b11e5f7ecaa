"""A `[connections.NAME]` table at the end of interlock.toml: written, checked, and put there whole or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from interlock import settings as settings_file
from interlock.errors import InterlockError, SettingsMistakes
from interlock.model.names import ConnectionName
from interlock.model.settings import ConnectionSettings, Settings
from interlock.sensitivity.catalog import EMPTY, Catalog, parse_catalog
from interlock.settings.addresses import read_connection
from interlock.settings.people import NAME, NAME_SENTENCE
from interlock.settings.table import Table

Value = str | int | bool | Sequence[str]

MODE: Final = 0o7777


def table_text(name: str, values: Mapping[str, Value]) -> str:
    """The table as TOML; raises `InterlockError` for a name that none can have."""
    if not NAME.fullmatch(name):
        raise InterlockError(f"{json.dumps(name)}: {NAME_SENTENCE}", code="bad_usage")
    bare = name if "." not in name else f'"{name}"'  # a dot would make two tables
    lines = [f"[connections.{bare}]", *(f"{key} = {_written(value)}" for key, value in values.items())]
    return "\n".join(lines) + "\n"


def read_table(file: Path, name: str, text: str) -> ConnectionSettings:
    """The table by itself, as the settings in `file` would read it. Raises `SettingsMistakes` with every mistake."""
    mistakes: list[str] = []
    raw = tomllib.loads(text)["connections"][name]
    table = Table(file.name, f"connections.{name}", raw, mistakes, file.absolute().parent, os.environ)
    connection = read_connection(name, table)
    if mistakes:
        raise SettingsMistakes(mistakes)
    return connection


def read_catalog(file: Path | None) -> Catalog:
    """The catalog of a connection that isn't in the settings yet. Raises `SettingsMistakes`."""
    if file is None:
        return EMPTY
    try:
        return parse_catalog(file.read_bytes().decode("utf-8"), file.name)
    except (OSError, UnicodeDecodeError):
        raise SettingsMistakes([f"{file.name}: this can't be read, or isn't UTF-8"]) from None


def refuse_taken(file: Path, name: str) -> Settings:
    """The settings as they are, with what mistakes they have. Raises when `name` is there, or the file can't be read.

    A mistake elsewhere (a secret that only the gateway's environment has) keeps nobody from adding a connection.
    """
    found = settings_file.survey(file)
    if found.settings is None:
        raise SettingsMistakes(found.mistakes)
    if name in found.settings.connections or name in found.settings.access:
        raise InterlockError(
            f"{file.name}: there is a connection {name} already; nothing was changed", code="name_taken"
        )
    return found.settings


def append_table(file: Path, name: str, text: str) -> Settings:
    """Puts the table at the end of the file, which keeps its text, comments, mode and owner; gives the new settings.

    The whole is read as the gateway would read it, beside the file, and takes its place only if it has no mistake that
    the file didn't have. Raises `SettingsMistakes`, `InterlockError`; then the file is as it was.
    """
    real = file.resolve()  # a link stays one
    with _alone(real.parent):
        refuse_taken(real, name)
        before = real.read_bytes()
        fresh = real.with_name(f".{real.name}.{os.getpid()}.new")
        try:
            _write(fresh, before + _gap(before) + text.encode(), real.stat())
            settings = _checked(fresh, real, name)
            if real.read_bytes() != before:
                raise InterlockError(f"{file.name} was changed meanwhile: run this again", code="conflict")
            fresh.replace(real)
        finally:
            fresh.unlink(missing_ok=True)
        _sync(real.parent)
    return settings


def _written(value: Value) -> str:
    """JSON's strings are TOML's basic strings but for DEL, which isn't printable and so refused where it is read."""
    if isinstance(value, (str, bool, int)):
        return json.dumps(value, ensure_ascii=False)
    return "[" + ", ".join(json.dumps(each, ensure_ascii=False) for each in value) + "]"


def _gap(before: bytes) -> bytes:
    if not before:
        return b""
    return b"\n" if before.endswith(b"\n") else b"\n\n"


def _checked(fresh: Path, real: Path, name: str) -> Settings:
    known = set(settings_file.survey(real).mistakes)
    found = settings_file.survey(fresh)
    mistakes = [each.replace(fresh.name, real.name) for each in found.mistakes]
    new = [each for each in mistakes if each not in known]
    if found.settings is None or new:
        raise SettingsMistakes(new or mistakes)
    read_catalog(found.settings.connections[ConnectionName(name)].catalog)
    return found.settings


def _write(path: Path, data: bytes, like: os.stat_result) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        if (like.st_uid, like.st_gid) != (os.geteuid(), os.getegid()):
            os.fchown(file.fileno(), like.st_uid, like.st_gid)
        os.fchmod(file.fileno(), like.st_mode & MODE)
        os.fsync(file.fileno())


@contextlib.contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """One of us at a time in a directory."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise InterlockError("somebody else is adding a connection here: run this again", code="conflict") from None
    finally:
        os.close(descriptor)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
