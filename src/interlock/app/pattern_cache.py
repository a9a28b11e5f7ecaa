"""Where the compiled patterns are kept: compiling takes two seconds, reading what was compiled a millisecond.

A file in the user's cache directory, named after everything that decides what is in it. Who can write there can
change what is found, so a file that others may write, or own, isn't read. Whatever stands in the way, the patterns are
compiled.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import hyperscan

from interlock.app.gazetteers import cache_directory
from interlock.sensitivity.hyperscan_gate import HyperscanGate, compiled
from interlock.sensitivity.matching import framed
from interlock.sensitivity.pattern import Pattern

MOST_BYTES = 64 << 20
"""The longest file that is read."""


def kept_gate(patterns: Sequence[Pattern], directory: Path | None = None) -> HyperscanGate:
    """The gate for these patterns, kept in `directory` (the user's cache directory, when None).

    Raises `hyperscan.error` for an expression that hyperscan doesn't know.
    """
    where = directory or cache_directory()
    if where is None:
        return HyperscanGate(compiled(patterns))
    place = where / f"patterns-{_digest(patterns)}.hs"
    content = _read(place)
    if content is not None:
        with contextlib.suppress(hyperscan.error, ValueError):
            return HyperscanGate(content)
    content = compiled(patterns)
    with contextlib.suppress(OSError):
        _write(place, content)
    return HyperscanGate(content)


FORMAT = 1
"""Goes up when the same patterns are compiled otherwise."""


def _digest(patterns: Sequence[Pattern]) -> str:
    """Of the expressions, hyperscan's version and this machine's kind of processor, which a database depends on."""
    told = hashlib.sha256(repr((FORMAT, version("hyperscan"), _processor())).encode())
    for pattern in patterns:
        expression = framed(pattern)
        told.update(b"%d %d " % (len(expression), pattern.ignore_case) + expression)
    return told.hexdigest()[:32]


def _processor() -> str:
    with contextlib.suppress(OSError):
        flags = (line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("flags"))
        return hashlib.sha256(next(flags, "").encode()).hexdigest()
    return ""


def _read(place: Path) -> bytes | None:
    """The file's bytes, if it is ours alone to write: 32 of a digest, then what the digest is of."""
    try:
        with place.open("rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode) or about.st_uid != os.geteuid() or about.st_mode & 0o022:
                return None
            content = file.read(MOST_BYTES)
    except OSError:
        return None
    digest, database = content[:32], content[32:]
    return database if hashlib.sha256(database).digest() == digest else None


def _write(place: Path, database: bytes) -> None:
    """Puts the file there whole: under another name first."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=place.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(hashlib.sha256(database).digest() + database)
        Path(name).replace(place)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
