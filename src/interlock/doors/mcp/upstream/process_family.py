"""A child process with its own children: found and ended together.

Who belongs to it is read from /proc: its process group, its session, and whoever descends from it by then. A process
that left all three before we looked isn't found.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_GRACE: Final = 2.0  # seconds after the end of its input, and again after SIGTERM
_LOOK: Final = 0.02
_PROC: Final = Path("/proc")

Born = Mapping[int, str]
"""Process ids with the times they were started, so that an id given anew isn't taken for the old one."""


def family(leader: int) -> Born:
    """The leader and all that belong to it, as of now."""
    every = {int(entry.name): stat for entry in _proc() if (stat := _stat(entry)) is not None}
    found = {pid for pid, (_, group, session, _) in every.items() if leader in (pid, group, session)}
    grown = True
    while grown:
        more = {pid for pid, (parent, *_) in every.items() if parent in found and pid not in found}
        grown = bool(more)
        found |= more
    return {pid: every[pid][3] for pid in found}


async def end_all(process: asyncio.subprocess.Process) -> None:
    """Ends it and all its own: asks by closing its input, then by SIGTERM, then kills. Bounded; they are gone then."""
    known = dict(family(process.pid))
    if process.stdin is not None:
        process.stdin.close()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_GRACE):
            await process.wait()
    for how in (signal.SIGTERM, signal.SIGKILL):
        known |= family(process.pid) if process.returncode is None else _rest(known)
        if not await _gone(known, how):
            break
    if process.returncode is None and not known:  # no /proc here
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_GRACE):
            await process.wait()


async def _gone(known: Born, how: signal.Signals) -> bool:
    """Signals whoever lives; whether anybody does a while later."""
    for pid in _living(known):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, how)
    for _ in range(int(_GRACE / _LOOK)):
        if not _living(known):
            return False
        await asyncio.sleep(_LOOK)
    return True


def _rest(known: Born) -> Born:
    """Those that living members have started since."""
    more: dict[int, str] = {}
    for pid in _living(known):
        more |= family(pid)
    return more


def _living(known: Born) -> list[int]:
    return [pid for pid, born in known.items() if (stat := _stat(_PROC / str(pid))) is not None and stat[3] == born]


def _proc() -> list[Path]:
    try:
        return [entry for entry in _PROC.iterdir() if entry.name.isdecimal()]
    except OSError:
        return []


def _stat(entry: Path) -> tuple[int, int, int, str] | None:
    """(parent, group, session, time of birth); None when it is gone or waits only to be buried. proc(5)."""
    try:
        fields = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    if len(fields) < 20 or fields[0] in ("Z", "X"):
        return None
    return int(fields[1]), int(fields[2]), int(fields[3]), fields[19]
