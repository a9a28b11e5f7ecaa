"""One connection of the MCP door on a real gate, desk and store: a server and a client that do as they are told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.an_office import DIRECTORY, Office, OneBundle, office
from tests.stores.a_store import ENTROPY, HandClock

from interlock.doors.endings import Endings
from interlock.doors.mcp.calling import Calls
from interlock.doors.mcp.definitions import Pins
from interlock.doors.mcp.inward import Meant
from interlock.doors.mcp.runner import McpRuns
from interlock.doors.mcp.seams import MODERN, Asker, Client, McpRefused, Object, Progress, Words
from interlock.doors.mcp.task_shapes import EXTENSION as TASKS
from interlock.errors import UpstreamFailed
from interlock.model.actor import Actor
from interlock.model.connection import Connection
from interlock.model.jcs import Json
from interlock.model.label import Label
from interlock.model.mcp_settings import McpHttp, McpSettings
from interlock.model.names import ConnectionName, Digest
from interlock.model.obligation import Obligations
from interlock.model.peer import Peer
from interlock.model.review import Review
from interlock.model.secret import Secret
from interlock.model.tool import Tool
from interlock.model.verb import TOOL_EXPORT, TOOL_READ
from interlock.policy.bundle import load
from interlock.stores.seals import AesGcmSealer
from interlock.workers.deferred import DeferredWork

KB = ConnectionName("kb")
CANARY, MASKED, PSEUDONYM = "Zebulon-4711", "<name>", "NAME_7Q4K2"
NAME = Label("phi.name")

POLICY = """
@id("agents-read")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"read", resource);
@id("agents-export")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"export", resource);
@id("agents-execute")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"execute", resource);
@id("exports-are-signed") @review("officers:1") @expires("30m") @valid("10m") @because("Exports are signed for.")
forbid (principal, action in Interlock::Action::"export", resource);
"""


def schema(*names: str) -> dict[str, Json]:
    """An input schema of texts."""
    return {"type": "object", "properties": {name: {"type": "string"} for name in names}, "required": list(names[:1])}


LOOK = Tool(
    KB, "look", schema("who"), "Looks.", verbs=(TOOL_READ,), labels=frozenset({NAME}), fields={"arguments.who": NAME}
)
SEND = Tool(KB, "send", schema("to", "text"), "Sends.", verbs=(TOOL_EXPORT,))
PINNED = (LOOK, SEND)


def listed(tool: Tool, **change: Any) -> Object:
    """As a server lists it."""
    told: dict[str, Any] = {"name": tool.name, "description": tool.description, "inputSchema": tool.input_schema}
    if tool.annotations:
        told["annotations"] = tool.annotations
    return told | change


@dataclass
class Server:
    """What it is asked, and what it answers; `listing` is its tools/list."""

    listing: list[Object] = field(default_factory=lambda: [listed(tool) for tool in PINNED])
    asked: list[tuple[str, Object]] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)  # each a result, an error, or a function of the params
    hangs: asyncio.Event | None = None
    cancelled: int = 0

    async def request(
        self,
        method: str,
        params: Object,
        *,
        progress: Progress | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  as the seam has it
    ) -> Object:
        """See `Link`."""
        self.asked.append((method, params))
        if progress is not None:
            await progress(1.0, None, f"looking for {CANARY}")
        if self.hangs is not None:
            try:
                await self.hangs.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        answer = self.answers.pop(0) if self.answers else {"content": [{"type": "text", "text": f"done for {CANARY}"}]}
        if isinstance(answer, Exception):
            raise answer
        return answer(params) if callable(answer) else answer

    async def notify(self, method: str, params: Object) -> None:
        """See `Link`."""

    def again(self, client: Client) -> AbstractAsyncContextManager[Server]:
        """See `Link`."""
        return self.link(Asker(None, None, None), client, None)  # type: ignore[arg-type]  # nobody looks

    protocol_version = MODERN
    capabilities: Object = field(default_factory=dict)
    instructions = ""

    @property
    def calls(self) -> list[Object]:
        """The arguments of the calls that got here."""
        return [params["arguments"] for method, params in self.asked if method == "tools/call"]

    # -- `Links` ------------------------------------------------------------------------------------------------------

    away: bool = False

    def link(self, asker: Asker, client: Client, session: str | None) -> AbstractAsyncContextManager[Server]:
        """See `Links`."""

        @asynccontextmanager
        async def linked() -> AsyncIterator[Server]:
            if self.away:
                raise UpstreamFailed("away")
            yield self

        return linked()

    async def end(self, session: str) -> None:
        """See `Links`."""

    async def listed(self) -> Sequence[Object]:
        """See `Links`."""
        if self.away:
            raise UpstreamFailed("away")
        return list(self.listing)

    async def close(self) -> None:
        """See `Links`."""


@dataclass
class AClient:
    """A client of a version, with capabilities."""

    protocol_version: str = MODERN
    capabilities: Object = field(default_factory=dict)

    hushed: bool = False

    def hush(self) -> None:
        self.hushed = True

    def heed(self, words: Words) -> None:
        """See `Client`."""

    async def ask(self, method: str, params: Object, *, timeout: float) -> Object:  # noqa: ASYNC109  as the seam has it
        """See `Client`."""
        raise UpstreamFailed("no")

    async def tell(self, method: str, params: Object) -> None:
        """See `Client`."""


WITH_TASKS = AClient(capabilities={"extensions": {TASKS: {}}})
OLDER = AClient("2025-11-25")


@dataclass(frozen=True)
class AMasked:
    """See `Masked`."""

    result: Object
    counts: tuple[tuple[Label, int], ...]


_NOTHING = Obligations()


class CanaryMasks:
    """Masks one known value, wherever it stands."""

    breaks = False

    async def document(
        self,
        method: str,
        result: Object,
        obligations: Obligations = _NOTHING,
        params: Object | None = None,
        *,
        actor: Actor | None = None,
        labels: frozenset[Label] = frozenset(),
    ) -> AMasked:
        """See `ResultMasks`."""
        return await self.result(None, result, obligations, params or {}, actor=actor)

    def inward(self, actor: Actor, tool: Tool | None, arguments: Object) -> Meant:
        """See `ResultMasks`."""
        given = (f"/{name}" for name, value in arguments.items() if value == PSEUDONYM)
        return Meant(json.loads(json.dumps(arguments).replace(PSEUDONYM, CANARY)), tuple(sorted(given)))

    def of_call(
        self,
        tool: Tool | None,
        args: Object,
        obligations: Obligations,
        *,
        given: Sequence[str] = (),
        labels: frozenset[Label] = frozenset(),
        asker: Actor | None = None,
    ) -> CanaryMasks:
        """See `ResultMasks`."""
        return self

    async def result(
        self,
        tool: Tool | None,
        result: Object,
        obligations: Obligations,
        args: Object,
        *,
        actor: Actor | None = None,
        given: Sequence[str] = (),
    ) -> AMasked:
        """See `ResultMasks`."""
        if self.breaks:
            raise RuntimeError(CANARY)
        text = json.dumps(result)
        return AMasked(json.loads(text.replace(CANARY, MASKED)), ((NAME, n),) if (n := text.count(CANARY)) else ())

    async def text(self, text: str) -> str:
        """See `ResultMasks`."""
        return text.replace(CANARY, MASKED)

    async def error(self, refused: McpRefused) -> McpRefused:
        """See `ResultMasks`."""
        return McpRefused(refused.code, refused.message.replace(CANARY, MASKED))

    async def params(self, method: str, params: Object) -> Object:
        """See `ResultMasks`."""
        masked: Object = json.loads(json.dumps(params).replace(CANARY, MASKED))
        return masked

    def recalling(self, words: Words) -> Words:
        """See `Words`."""
        return self


@dataclass
class Place:
    """A connection with all that is behind it. `pinned` may be changed: another bundle is in force then."""

    office: Office
    server: Server
    pinned: dict[str, Tool]
    calls: Calls
    pins: Pins
    runs: McpRuns
    masks: CanaryMasks
    endings: Endings
    asker: Asker

    async def call(
        self,
        name: str,
        arguments: Object,
        client: Client | None = None,
        *,
        asker: Asker | None = None,
        progress: Progress | None = None,
        task: Object | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """One tools/call."""
        return dict(
            await self.calls.call(
                asker or self.asker,
                client or AClient(),
                self.server,
                {"name": name, "arguments": arguments, **more},
                session=None,
                progress=progress,
                task=task,
            )
        )

    async def task(
        self, method: str, id_: str, client: Client = WITH_TASKS, asker: Asker | None = None
    ) -> dict[str, Any]:
        """One request about a task."""
        return dict(await self.calls.tasks.answer(asker or self.asker, client, method, {"taskId": id_}))

    async def pending(self) -> Review:
        """The one review that is pending, once there is one."""
        while not (found := [r for r in await self.office.desk.reviews(None, 9) if r.state.value == "pending"]):
            await asyncio.sleep(0)
        (review,) = found
        return review

    async def work(self) -> None:
        """What the worker of deferred runs does once."""
        work = DeferredWork(self.office.desk, [self.runs])
        await work.look()
        await work.settled()

    async def entries(self) -> list[dict[str, Any]]:
        """All entries but seals and keys."""
        await self.endings.settled(5.0)
        found = [json.loads(body.split(b"\n")[0]) for body in await self.office.store.entries(0, 1000)]
        return [entry for entry in found if entry["type"] not in ("node.seal", "key.issued")]

    async def outcomes(self) -> list[str]:
        """How actions ended."""
        return [entry["d"]["outcome"] for entry in await self.entries() if entry["type"] == "action.ended"]

    async def refusals(self) -> list[str]:
        """The codes of what was denied."""
        denied = [entry["d"] for entry in await self.entries() if entry["type"] == "action.denied"]
        return [reason["code"] for d in denied for reason in d["reasons"]]

    async def another(self) -> Asker:
        """Another agent."""
        return Asker(await self.office.agent("other"), Secret(""), Peer())

    def pin(self, *tools: Tool) -> None:
        """Puts other tools in force, by another bundle."""
        self.pinned.clear()
        self.pinned.update({tool.id: tool for tool in tools})


class _InForce:
    """A rulebook whose bundle goes by the tools that are pinned."""

    def __init__(self, pinned: Mapping[str, Tool], policy: str) -> None:
        self._pinned, self._policy = pinned, policy
        self._made: tuple[list[Digest], OneBundle] | None = None

    def current(self) -> Any:
        """The bundle of now."""
        known = [tool.digest for tool in self._pinned.values()]
        if self._made is None or self._made[0] != known:
            made = load({"policy.cedar": self._policy}, DIRECTORY.members(), tools=tuple(self._pinned.values()))
            self._made = known, OneBundle(made)
        return self._made[1].current()


@asynccontextmanager
async def connected(
    path: Path,
    *,
    server: Server | None = None,
    policy: str = POLICY,
    pinned: Sequence[Tool] = PINNED,
    hold: float = 0.05,
    unpinned: str = "hide",
    clock: HandClock | None = None,
    asker: Callable[[Office], Any] | None = None,
    masks: CanaryMasks | None = None,
) -> AsyncIterator[Place]:
    """A connection on the store at `path`; it may be left and entered again."""
    async with office(path, clock=clock) as opened:
        tools = {tool.id: tool for tool in pinned}
        gate = replace(opened.gate, rules=_InForce(tools, policy))
        settings = McpSettings(
            Connection(KB, "mcp", "production", frozenset()),
            McpHttp("http://127.0.0.1"),
            hold=timedelta(seconds=hold),
            unpinned=unpinned,
        )
        endings, masks, sealer = Endings(gate), masks or CanaryMasks(), AesGcmSealer(Secret(b"S" * 32), ENTROPY)
        server = server or Server()
        pins = Pins(settings, lambda: tools, gate)
        calls = Calls(
            settings, gate, opened.registry, pins, masks, endings, opened.clock, ENTROPY, "https://gw", sealer=sealer
        )
        runs = McpRuns({KB: calls}, {KB: server}, gate, opened.registry, endings, ENTROPY)
        await pins.refresh(server)
        who = await asker(opened) if asker is not None else Asker(await opened.agent(), Secret(""), Peer())
        yield Place(opened, server, tools, calls, pins, runs, masks, endings, who)
        calls.close()
        await endings.settled(5.0)
