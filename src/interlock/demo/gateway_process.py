"""The demo's gateway: `interlock serve` in a child process, as anybody would start it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from interlock.demo.postgres_leftovers import command_line, end_process
from interlock.errors import UpstreamFailed

READY_SECONDS = 90.0  # on a busy machine, what looks into values takes tens of seconds to load
STOP_SECONDS = 15.0
_LOOK_SECONDS = 0.1
_COMMAND = "-m interlock.cli serve --settings "
_KEPT = ("PATH", "HOME", "LANG", "PYTHONPATH", "TMPDIR")


@contextlib.contextmanager
def gateway(settings: Path, control_url: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A gateway that is ready, ended on leaving. Raises `UpstreamFailed` with its last words when it doesn't start."""
    child = _spawn(settings, log)
    try:
        _pid_file(settings).write_text(str(child.pid))
        _wait_until_ready(child, control_url, log)
        yield child
    finally:
        _stop(child)
        _pid_file(settings).unlink(missing_ok=True)


def end_leftover(settings: Path) -> None:
    """Ends a gateway of these settings whose demo was killed. The caller holds the directory."""
    try:
        pid = int(_pid_file(settings).read_text())
    except (FileNotFoundError, ValueError):
        return
    if not end_process(pid, (signal.SIGTERM, signal.SIGKILL), lambda: _COMMAND + str(settings) in command_line(pid)):
        raise UpstreamFailed(f"an earlier gateway (process {pid}) doesn't end")
    _pid_file(settings).unlink(missing_ok=True)


def _pid_file(settings: Path) -> Path:
    return settings.with_name("gateway.pid")


def _spawn(settings: Path, log: Path) -> subprocess.Popen[bytes]:
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:
        return subprocess.Popen(
            [sys.executable, *_COMMAND.split(), str(settings)],
            env={name: os.environ[name] for name in _KEPT if name in os.environ},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C in the terminal is ours to pass on, in our order
        )


def _wait_until_ready(child: subprocess.Popen[bytes], control_url: str, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise UpstreamFailed(f"the gateway ended at once:\n{last_words(log)}", code="gateway_ended")
        if _healthy(control_url) and child.poll() is None:
            return
        time.sleep(_LOOK_SECONDS)
    raise UpstreamFailed(f"the gateway wasn't ready within {READY_SECONDS:.0f} s:\n{last_words(log)}")


def _healthy(control_url: str) -> bool:
    try:
        return httpx.get(f"{control_url}/healthz", timeout=2.0, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _stop(child: subprocess.Popen[bytes]) -> None:
    for ask in (signal.SIGTERM, signal.SIGKILL):
        if child.poll() is not None:
            return
        child.send_signal(ask)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(STOP_SECONDS)


def last_words(log: Path) -> str:
    """The end of the gateway's log, which holds no values."""
    return "\n".join(log.read_text("utf-8", "replace").strip().splitlines()[-15:])
