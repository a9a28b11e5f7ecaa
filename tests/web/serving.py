"""The control port on a real socket: uvicorn in a thread of its own, on a port of the system's choosing."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import uvicorn
from tests.web.in_memory import Clock, Office

from interlock.model.names import KeyId, PersonId
from interlock.model.review import Ballot, Presence, Review, ReviewState, Verdict, Voter

T = TypeVar("T")
SECONDS = 20.0  # long enough for a slow machine; nothing waits this long when things work


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # the test run's signals are pytest's


class Served:
    """A running office. What touches the desk runs on the server's own loop."""

    def __init__(self, unsafe_token_votes: bool = False) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.office = Office(self.url, unsafe_token_votes, Clock(real=True))
        config = uvicorn.Config(self.office.app, access_log=False, log_level="warning", timeout_graceful_shutdown=5)
        self._server = _Server(config)
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._started.set()
        await self._server.serve(sockets=[self._socket])

    def start(self) -> None:
        self._thread.start()
        assert self._started.wait(SECONDS)

    def stop(self) -> None:
        self.on_loop(self.office.app.state.control.stopping.set)
        self._server.should_exit = True
        self._thread.join(SECONDS)
        self._socket.close()
        assert not self._thread.is_alive(), "open event streams held the shutdown up"

    def on_loop(self, work: Callable[..., T], *given: Any, **named: Any) -> T:
        async def run() -> T:
            return work(*given, **named)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(SECONDS)

    def open(self, content: dict[str, Any], **named: Any) -> Review:
        return self.on_loop(self.office.desk.open, content, **named)

    def move(self, review: Review, to: ReviewState) -> None:
        self.on_loop(self.office.desk.move, review.id, to)

    def vote(self, review: Review, person: str, verdict: Verdict) -> None:
        voter = Voter(PersonId(person), Presence.CONSOLE, KeyId("session"), self.office.clock.now())
        ballot = Ballot(verdict, review.digest, review.card_digest)
        voting = self.office.desk.vote(review.id, voter, ballot)
        asyncio.run_coroutine_threadsafe(voting, self._loop).result(SECONDS)

    def listeners(self) -> int:
        return self.on_loop(lambda: len(self.office.desk.listening))

    def sign_in_link(self, person: str = "priya") -> str:
        future = asyncio.run_coroutine_threadsafe(self.office.registry.issue_sign_in(PersonId(person)), self._loop)
        return f"{self.url}/sign-in?token={future.result(SECONDS).reveal()}"


@contextmanager
def served(unsafe_token_votes: bool = False) -> Iterator[Served]:
    """A running office, stopped at the end; stopping must not hang, whatever streams are open."""
    running = Served(unsafe_token_votes)
    running.start()
    try:
        yield running
    finally:
        running.stop()
