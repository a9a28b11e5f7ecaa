"""The demo's MCP server in a child process."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx

from interlock.demo.embedded_postgres import HOST, free_port
from interlock.demo.mcp_server import CLINIC, KEY, KEY_HEADER
from interlock.errors import UpstreamFailed
from interlock.model.secret import Secret

READY_SECONDS = 30.0
STOP_SECONDS = 10.0
_LOOK_SECONDS = 0.05
_KEPT = ("PATH", "HOME", "LANG", "PYTHONPATH", "TMPDIR")


@dataclass(frozen=True, slots=True)
class RecordsServer:
    """Where it is, and what it lets one in by."""

    port: int
    key: Secret[str] = field(repr=False)

    def update(self) -> None:
        """Its owner puts another description on a tool. Raises `UpstreamFailed`."""
        try:
            self._ask("POST", "/update").raise_for_status()
        except httpx.HTTPError as error:
            raise UpstreamFailed(f"the records server wasn't updated: {type(error).__name__}") from None

    def answers(self) -> bool:
        """Whether it is there."""
        try:
            return self._ask("GET", "/nothing").status_code == 404
        except httpx.HTTPError:
            return False

    def _ask(self, method: str, path: str) -> httpx.Response:
        headers = {KEY_HEADER: self.key.reveal()}
        return httpx.request(method, f"http://{HOST}:{self.port}{path}", headers=headers, timeout=5.0, trust_env=False)


@contextlib.contextmanager
def records_server(clinic: Secret[str], key: Secret[str]) -> Iterator[RecordsServer]:
    """It, ready, on a port of its own, ended on leaving; raises `UpstreamFailed` when it doesn't start."""
    server = RecordsServer(free_port(), key)
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    child = subprocess.Popen(
        [sys.executable, "-m", "interlock.demo.mcp_server", str(server.port)],
        env=environment | {CLINIC: clinic.reveal(), KEY: key.reveal()},
        stdin=subprocess.PIPE,  # it ends when this does, also when we are killed
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not server.answers():
            if child.poll() is not None or time.monotonic() > deadline:
                raise UpstreamFailed("the demo's records server doesn't start")
            time.sleep(_LOOK_SECONDS)
        yield server
    finally:
        _stop(child)


def _stop(child: subprocess.Popen[bytes]) -> None:
    assert child.stdin is not None
    child.stdin.close()
    for ask in (None, child.terminate, child.kill):
        if ask is not None:
            ask()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(STOP_SECONDS)
            return
