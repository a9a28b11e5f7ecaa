"""What a killed run may have left on a data directory: its server still running, or a pid file that names a stranger.

PostgreSQL itself handles a pid file whose process is gone. It refuses to start when the number has been given to
another process of the same user since; and a server of ours that outlived its supervisor holds the directory.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from interlock.errors import UpstreamFailed

_END_SECONDS = 10.0
_LOOK_SECONDS = 0.05


def clear_leftovers(data: Path) -> None:
    """Ends a server of ours left on `data`, then removes a pid file that names a process that isn't one.

    Raises `UpstreamFailed` when the leftover doesn't end.
    """
    pid_file = data / "postmaster.pid"
    pid = _read_pid(pid_file)
    if pid is None:
        return
    if _is_server_of(pid, data):
        _end(pid, data)
    _wait_for_backends(data)
    if _alive(pid) and not _is_server_of(pid, data):
        pid_file.unlink(missing_ok=True)


def _read_pid(pid_file: Path) -> int | None:
    """The process id on the first line (0 or less never names a process of ours)."""
    try:
        first = pid_file.read_text().splitlines()[0]
        return int(first) if int(first) > 1 else None
    except (FileNotFoundError, IndexError, ValueError):
        return None


def _is_server_of(pid: int, data: Path) -> bool:
    """Whether `pid` is a postgres that we started with exactly this data directory."""
    command = command_line(pid)
    return "/postgres -D " in command and f" -D {data} -p " in command


def command_line(pid: int) -> str:
    """The process's arguments joined by spaces; empty when it has ended."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").replace("\0", " ")
        return ""
    shown = subprocess.run(["ps", "-p", str(pid), "-o", "command="], capture_output=True, timeout=10, check=False)
    return shown.stdout.decode("utf-8", "replace")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _end(pid: int, data: Path) -> None:
    asked = (signal.SIGINT, signal.SIGQUIT)  # fast, then immediate shutdown
    if not end_process(pid, asked, lambda: _is_server_of(pid, data)):
        raise UpstreamFailed(f"an earlier server (process {pid}) still holds {data} and doesn't end")


def end_process(pid: int, signals: Sequence[signal.Signals], ours: Callable[[], bool]) -> bool:
    """Sends each signal in turn while `ours` holds, ten seconds apart at most; whether the process is gone."""
    for ask in signals:
        if not ours():
            return True
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, ask)
        deadline = time.monotonic() + _END_SECONDS
        while time.monotonic() < deadline:
            if not ours():
                return True
            time.sleep(_LOOK_SECONDS)
    return not ours()


def _wait_for_backends(data: Path) -> None:
    """Waits until no child of a killed postmaster works in the directory (they notice its death within moments).

    Every server process works in its data directory. Where that can't be seen, PostgreSQL's own check of shared memory
    stays as the guard.
    """
    deadline = time.monotonic() + _END_SECONDS
    while time.monotonic() < deadline:
        if not _anyone_works_in(data):
            return
        time.sleep(_LOOK_SECONDS)
    raise UpstreamFailed(f"processes of an earlier server still work in {data}")


def _anyone_works_in(data: Path) -> bool:
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cwd").readlink() == data:
                return True
    return False
