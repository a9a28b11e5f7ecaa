"""A gateway that guards snapshots, on a real socket in the test's loop; people who sign; clients for both faces."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from tests.an_office import DIRECTORY, OneBundle
from tests.stores.a_store import HandClock
from tests.web.access.a_guarded_pipeline import Pipeline, application, pipeline
from tests.web.access.test_howto import SECONDS, served

from interlock.model.channel_settings import AccessSettings
from interlock.model.connection import Connection
from interlock.model.names import ConnectionName
from interlock.model.review import Review, ReviewState, Verdict
from interlock.model.tool import Tool
from interlock.policy.bundle import load
from interlock_client import AsyncInterlock, Interlock

P = ParamSpec("P")
T = TypeVar("T")

POLICY = """
@id("agents-work")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"tool.call", resource);
@id("claims-are-signed") @review("officers:1") @expires("30m") @valid("10m") @because("Claims leave the house.")
forbid (principal, action == Interlock::Action::"tool:snapshots/push", resource)
unless { context.input has action.properties.arguments.dataset &&
         context.input.action.properties.arguments.dataset == "weather" };
@id("no-drops") @because("Nothing is dropped from a pipeline.")
forbid (principal, action == Interlock::Action::"tool:snapshots/drop", resource);
"""
TEXT = {"type": "string"}
ARGUMENTS = {"dataset": TEXT, "version": {"type": "integer"}, "note": TEXT}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "resource": {"type": "object", "properties": {"type": TEXT, "id": TEXT}},
        "action": {
            "type": "object",
            "properties": {
                "properties": {
                    "type": "object",
                    "properties": {"arguments": {"type": "object", "properties": ARGUMENTS}, "digest": TEXT},
                }
            },
        },
    },
}
SNAPSHOTS = ConnectionName("snapshots")
TOOLS = [Tool(SNAPSHOTS, name, SCHEMA) for name in ("push", "drop")]


@dataclass
class Place:
    """The gateway at `url`, and what has run."""

    line: Pipeline
    url: str
    ran: list[Any] = field(default_factory=list)

    def client(self, **more: Any) -> Interlock:
        return Interlock(self.url, self.line.keys["etl"], **more)

    def async_client(self, **more: Any) -> AsyncInterlock:
        return AsyncInterlock(self.url, self.line.keys["etl"], **more)

    async def signed(self, verdict: Verdict = Verdict.APPROVE) -> Review:
        """Dana, who votes on the one pending review as soon as there is one."""
        async with asyncio.timeout(SECONDS):
            while not (found := await self.line.office.desk.reviews(frozenset({ReviewState.PENDING}), 10)):
                await asyncio.sleep(0.01)
        (review,) = found
        return await self.line.office.vote(review, "dana", verdict)

    async def types(self) -> list[str]:
        return await self.line.types()

    async def ends(self) -> list[str]:
        return [e["d"]["outcome"] for e in await self.line.entries() if e["type"] == "action.ended"]


def blocking(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[T]:
    """A blocking call in a thread of its own, while the loop serves."""
    return asyncio.ensure_future(asyncio.to_thread(function, *args, **kwargs))


@asynccontextmanager
async def guarded(directory: Path, *, clock: HandClock | None = None) -> AsyncIterator[Place]:
    """Opens it on a store in `directory`."""
    async with pipeline(directory, clock=clock) as line:
        place = snapshots(line)
        async with served(place) as url:
            yield Place(place, url)


def snapshots(line: Pipeline) -> Pipeline:
    """The pipeline with snapshots in place of rollouts."""
    bundle = load({"policy.cedar": POLICY}, DIRECTORY.members(), tools=TOOLS)
    gate = replace(line.office.gate, rules=OneBundle(bundle))
    office = replace(line.office, gate=gate)
    settings = AccessSettings(Connection(SNAPSHOTS, "access", "production", frozenset()), frozenset({"snapshots"}))
    access = replace(
        line.access, gate=gate, connections={SNAPSHOTS: settings}, tools={tool.id: tool for tool in TOOLS}.get
    )
    return Pipeline(office, application(office, access, None), access, line.keys)


@dataclass
class Relay:
    """Hands connections on to the gateway, until it is told not to. `cut`: of these, by number from 0, the answer is
    lost on its way back."""

    url: str = ""
    taken: int = 0
    away_from: int = 10**9
    cut: frozenset[int] = frozenset()

    @asynccontextmanager
    async def before(self, url: str) -> AsyncIterator[Relay]:
        """In front of the gateway at `url`."""
        port = int(url.rpartition(":")[2])
        server = await asyncio.start_server(lambda *streams: self._handed(port, *streams), "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()

    async def _handed(self, port: int, incoming: asyncio.StreamReader, outgoing: asyncio.StreamWriter) -> None:
        number, self.taken = self.taken, self.taken + 1
        try:
            if number >= self.away_from:
                return
            there, back = await asyncio.open_connection("127.0.0.1", port)
            sending = asyncio.ensure_future(_pumped(incoming, back))
            answer = await there.read()
            sending.cancel()
            back.transport.abort()
            outgoing.write(b"" if number in self.cut else answer)
            await outgoing.drain()
        finally:
            outgoing.close()


async def _pumped(incoming: asyncio.StreamReader, outgoing: asyncio.StreamWriter) -> None:
    while data := await incoming.read(65536):
        outgoing.write(data)
        await outgoing.drain()


def everything(error: BaseException) -> Iterator[str]:
    """All that an error says of itself, and of what it came from."""
    seen: BaseException | None = error
    while seen is not None:
        yield from (str(seen), repr(seen), repr(vars(seen)))
        seen = seen.__cause__ or seen.__context__
