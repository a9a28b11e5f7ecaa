"""A server that makes tasks of its calls, in either shape, and does with them as it is told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.doors.mcp.a_connection import CANARY, KB, NAME, SEND, Server, schema

from interlock.doors.mcp.seams import MODERN, Asker, Client, McpRefused, Object, Progress
from interlock.model.tool import Tool
from interlock.model.verb import TOOL_READ

CORE = "2025-11-25"
SERVERS_ID = "servers-own-1f2e"
FORM = {"method": "elicitation/create", "params": {"message": f"Is it {CANARY}?", "requestedSchema": {}}}

LATER = Tool(
    KB,
    "later",
    schema("who"),
    "Later.",
    verbs=(TOOL_READ,),
    labels=frozenset({NAME}),
    execution={"taskSupport": "optional"},
)
ALWAYS = Tool(KB, "always", schema("who"), "Always.", verbs=(TOOL_READ,), execution={"taskSupport": "required"})
NEVER = Tool(KB, "never", schema("who"), "Never.", verbs=(TOOL_READ,))
SLOW_SEND = Tool(KB, "send", schema("to", "text"), "Sends.", verbs=SEND.verbs, execution={"taskSupport": "optional"})
TOOLS = (LATER, ALWAYS, NEVER, SLOW_SEND)


@dataclass
class TaskServer(Server):
    """`looks`: the answers to looks, in turn, and then the last one for ever. Statuses stand for whole answers.
    `patient`: what it asks it asks until it is answered."""

    protocol_version: str = MODERN
    looks: list[Any] = field(default_factory=lambda: ["working", "completed"])
    comes_to: Any = None
    patient: bool = False
    given: list[Object] = field(default_factory=list)
    stopped: int = 0
    clients: list[Client] = field(default_factory=list)
    _client: Client | None = None

    def __post_init__(self) -> None:
        self.listing = [
            {"name": tool.name, "description": tool.description, "inputSchema": tool.input_schema} for tool in TOOLS
        ]
        if self.protocol_version < MODERN:
            self.capabilities = {"tasks": {"requests": {"tools": {"call": {}}}}}

    @property
    def _modern(self) -> bool:
        return self.protocol_version >= MODERN

    def task(self, status: str, **more: Any) -> dict[str, Any]:
        """A task of this one's."""
        poll = "pollIntervalMs" if self._modern else "pollInterval"
        told = {"taskId": SERVERS_ID, "status": status, "statusMessage": f"busy with {CANARY}", poll: 1}
        return {**told, **more}

    async def request(
        self,
        method: str,
        params: Object,
        *,
        progress: Progress | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  as the seam has it
    ) -> Object:
        """See `Link`."""
        if not method.startswith("tasks/"):
            if not self.answers and (self._modern or "task" in params):
                begun = self.task("working")
                self.answers = [{"resultType": "task", **begun} if self._modern else {"task": begun}]
            return await super().request(method, params, progress=progress, timeout=timeout)
        self.asked.append((method, params))
        assert params["taskId"] == SERVERS_ID
        match method:
            case "tasks/get":
                return self._look()
            case "tasks/update":
                self.given.append(params["inputResponses"])
            case "tasks/cancel":
                self.stopped += 1
            case "tasks/result":
                return await self._result()
        return {"resultType": "complete"}

    def _look(self) -> Object:
        waits = self.patient and self.looks[0] == "input_required" and not self.given
        look = self.looks.pop(0) if len(self.looks) > 1 and not waits else self.looks[0]
        if isinstance(look, Exception):
            raise look
        if isinstance(look, Mapping):
            return look
        told = self.task(look)
        if self._modern and look == "completed":
            told["result"] = self._comes_to()
        if self._modern and look == "failed":
            told["error"] = {"code": -32010, "message": f"no {CANARY}", "data": {"of": CANARY}}
        if self._modern and look == "input_required":
            told["inputRequests"] = {"q": FORM}
        return {"resultType": "complete", **told} if self._modern else told

    def _comes_to(self) -> Any:
        meta = {"io.modelcontextprotocol/related-task": {"taskId": SERVERS_ID}, "a": 1}
        done = {"content": [{"type": "text", "text": f"later for {CANARY}"}], "_meta": meta}
        return done if self.comes_to is None else self.comes_to

    async def _result(self) -> Object:
        if self.looks[0] == "failed":
            raise McpRefused(-32010, f"no {CANARY}")
        if self.looks[0] == "input_required":
            assert self._client is not None
            self.given.append(await self._client.ask(FORM["method"], FORM["params"], timeout=5))  # type: ignore[arg-type]
        result: Object = self._comes_to()
        return result

    def link(self, asker: Asker, client: Client, session: str | None) -> AbstractAsyncContextManager[TaskServer]:
        """See `Links`."""

        @asynccontextmanager
        async def linked() -> AsyncIterator[TaskServer]:
            async with Server.link(self, asker, client, session):
                self.clients.append(client)
                self._client = client
                yield self

        return linked()
