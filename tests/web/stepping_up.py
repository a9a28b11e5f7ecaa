"""The control port on a real desk and a real store, with passkeys: dana and remy may sign, olivia owns the agent."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import httpx
import uvicorn
from fastapi import FastAPI
from tests.an_office import Again, Office, export, office
from tests.stores.a_store import ENTROPY
from tests.web.in_memory import Sealer

from interlock.desk import Desk
from interlock.gate import Held
from interlock.model.action import Action
from interlock.model.names import PersonId
from interlock.model.review import Review, ReviewState
from interlock.registry import People
from interlock.registry.clearing import Clearing
from interlock.registry.passkeys import Passkeys, Site
from interlock.web.control import control_app

SECONDS = 20.0
T = TypeVar("T")


@dataclass
class SteppedUp:
    """An office with passkeys, and its control port at `url`."""

    office: Office
    desk: Desk
    passkeys: Passkeys
    people: People
    app: FastAPI
    url: str

    async def held(self, text: str = "COPY patients TO STDOUT") -> tuple[Review, Action]:
        """An export that waits for an officer."""
        action = export(await self.office.agent(), text, search_path=text)
        answer = await self.office.gate.ask(action)
        assert isinstance(answer, Held)
        return answer.review, action

    async def redeemed(self, review: Review, action: Action) -> object:
        """What the gate says when the agent comes back."""
        gate = replace(self.office.gate, desk=self.desk)
        return await gate.redeem(review.id, action, Again(action))


@asynccontextmanager
async def stepped_up(path: Path, url: str, *, always: bool = False) -> AsyncIterator[SteppedUp]:
    """An office whose control port people reach at `url`."""
    async with office(path) as behind:
        registry, site = behind.registry, Site.of(url, url)
        passkeys = Passkeys(registry.directory, behind.authority, behind.store, behind.clock, ENTROPY, site, always)
        desk = replace(behind.desk, passkeys=passkeys)
        people = People(registry, passkeys, providers=frozenset({"slack"}))
        app = control_app(
            desk,
            registry,
            Sealer(),
            behind.clock,
            url,
            False,
            "0.1.0",
            lambda: None,
            passkeys=passkeys,
            people=people,
            clearing=Clearing(registry, passkeys),
        )
        yield SteppedUp(behind, desk, passkeys, people, app, url)


@dataclass
class Browser:
    """A person's browser: cookies, our own origin, and the CSRF token of the page it looks at."""

    client: httpx.AsyncClient
    here: SteppedUp

    async def sign_in(self, person: str) -> None:
        """By a link."""
        token = await self.here.office.registry.issue_sign_in(PersonId(person))
        answer = await self.client.post("/sign-in", data={"token": token.reveal()})
        assert answer.status_code == 303, answer.text

    async def csrf(self) -> str:
        """Of the passkeys' page."""
        page = await self.client.get("/you/passkeys")
        assert page.status_code == 200, page.text
        found = re.search('name="csrf" value="([0-9a-f]+)"', page.text)
        assert found
        return found[1]

    async def post(self, path: str, **fields: str) -> httpx.Response:
        """A form of ours."""
        return await self.client.post(path, data={"csrf": await self.csrf(), **fields})


@asynccontextmanager
async def browser(here: SteppedUp) -> AsyncIterator[Browser]:
    """A browser without a session."""
    transport = httpx.ASGITransport(app=here.app)
    async with httpx.AsyncClient(transport=transport, base_url=here.url, headers={"Origin": here.url}) as client:
        yield Browser(client, here)


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # the test run's signals are pytest's


class Served:
    """An office with passkeys on a real socket; its host is `localhost`, since an IP address is no RP ID."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self.url = f"http://localhost:{self.port}"
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._server: _Server
        self.here: SteppedUp
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with stepped_up(self._path, self.url) as self.here:
            config = uvicorn.Config(self.here.app, access_log=False, log_level="warning", timeout_graceful_shutdown=5)
            self._server = _Server(config)
            self._started.set()
            await self._server.serve(sockets=[self._socket])

    def start(self) -> None:
        self._thread.start()
        assert self._started.wait(SECONDS)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self.here.app.state.control.stopping.set)
        self._server.should_exit = True
        self._thread.join(SECONDS)
        self._socket.close()
        assert not self._thread.is_alive()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(SECONDS)

    def held(self) -> tuple[Review, Action]:
        return self.run(self.here.held())

    def state(self, review: Review) -> ReviewState:
        return self.run(self.here.desk.review(review.id)).state

    def entries(self, type_: bytes) -> list[bytes]:
        return [each for each in self.run(self.here.office.store.entries(0, 200)) if b'"%s"' % type_ in each]
