"""The reference server's tools that are answered with a task, in the shapes of 2025-11-25 and of the extension
(2026-07-28, SEP-2663).

A task goes on by being looked at: `looks` says how often it is "working". In front of the SDK's server as a middleware,
whose results are passed on as they are: the SDK knows neither shape.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, METHOD_NOT_FOUND
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

Context = ServerRequestContext[Any, Any]
Object = dict[str, Any]

EXTENSION: Final = "io.modelcontextprotocol/tasks"
MISSING_CAPABILITY: Final = -32021
CORE: Final[Object] = {"list": {}, "cancel": {}, "requests": {"tools": {"call": {}}}}
POLL_MS: Final = 50
_NAME: Final = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
_QUESTION: Final = {
    "method": "elicitation/create",
    "params": {"message": "What is your name?", "requestedSchema": _NAME},
}
_SCHEMA: Final = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "looks": {"type": "integer", "minimum": 0, "maximum": 1000},
        "end": {"type": "string", "enum": ["completed", "failed", "cancelled"]},
    },
}
SUPPORT: Final[Mapping[str, str]] = {"later": "optional", "later_always": "required", "later_asks": "optional"}


@dataclass
class Task:
    """One, and what it will come to."""

    id: str
    tool: str
    text: str
    looks: int
    end: str
    at: str = field(default_factory=lambda: datetime.now(UTC).isoformat())
    name: str | None = None
    status: str = "working"

    @property
    def asks(self) -> bool:
        """Whether it waits for a name."""
        return self.tool == "later_asks" and self.name is None

    def look(self) -> None:
        """Time goes on."""
        if self.status not in ("working", "input_required"):
            return
        self.looks -= 1
        if self.looks < 0:
            self.status = "input_required" if self.asks else self.end

    def told(self, *, modern: bool) -> Object:
        """As it stands."""
        ttl, poll = ("ttlMs", "pollIntervalMs") if modern else ("ttl", "pollInterval")
        told = {"taskId": self.id, "status": self.status, "createdAt": self.at, "lastUpdatedAt": self.at}
        return {**told, "statusMessage": f"Busy with {self.text}.", ttl: 60_000, poll: POLL_MS}

    def result(self) -> Object:
        """What the call comes to."""
        said = f"Hello, {self.name}!" if self.tool == "later_asks" else f"Done later: {self.text}"
        return {"content": [{"type": "text", "text": said}], "structuredContent": {"text": self.text}}

    def error(self) -> Object:
        """What it fails with."""
        return {"code": -32010, "message": f"It couldn't be done: {self.text}"}


class TaskTools:
    """The middleware; `begun` are all tasks that there were."""

    def __init__(self) -> None:
        self.begun: dict[str, Task] = {}

    @property
    def listed(self) -> list[Object]:
        """Its tools, as tools/list has them."""
        return [
            {
                "name": name,
                "description": f"The reference server's {name}.",
                "inputSchema": _SCHEMA,
                "execution": {"taskSupport": support},
            }
            for name, support in SUPPORT.items()
        ]

    async def __call__(self, ctx: Context, call_next: CallNext) -> HandlerResult:
        """One request or notification."""
        params: Mapping[str, Any] = ctx.params or {}
        modern = ctx.protocol_version in MODERN_PROTOCOL_VERSIONS
        if ctx.method == "tools/call" and params.get("name") in SUPPORT:
            return await self._call(ctx, params, modern=modern)
        if ctx.method.startswith("tasks/"):
            return await self._about(ctx, params, modern=modern)
        result = await call_next(ctx)
        if ctx.method in ("initialize", "server/discover") and isinstance(result, dict):
            more = {"extensions": {EXTENSION: {}}} if modern else {"tasks": CORE}
            result["capabilities"] = {**result["capabilities"], **more}
        return result

    async def _call(self, ctx: Context, params: Mapping[str, Any], *, modern: bool) -> Object:
        name, given = str(params["name"]), params.get("arguments") or {}
        task = Task(
            secrets.token_hex(8), name, given.get("text", ""), given.get("looks", 1), given.get("end", "completed")
        )
        wanted = _takes_tasks(params) if modern else params.get("task") is not None
        if not wanted:
            if SUPPORT[name] == "required":
                raise MCPError(MISSING_CAPABILITY if modern else METHOD_NOT_FOUND, "This tool is called as a task")
            task.name = "nobody"
            return {"resultType": "complete", **task.result()} if modern else task.result()
        self.begun[task.id] = task
        told = task.told(modern=modern)
        return {"resultType": "task", **told} if modern else {"task": told}

    async def _about(self, ctx: Context, params: Mapping[str, Any], *, modern: bool) -> Object:
        task = self.begun.get(str(params.get("taskId")))
        if task is None:
            raise MCPError(INVALID_PARAMS, "There is no such task")
        if modern and not _takes_tasks(params):
            raise MCPError(MISSING_CAPABILITY, "Missing required client capability")
        answer = self._modern(ctx.method, task, params) if modern else await self._core(ctx, task)
        return {"resultType": "complete", **answer} if modern else answer

    def _modern(self, method: str, task: Task, params: Mapping[str, Any]) -> Object:
        match method:
            case "tasks/get":
                task.look()
                ends = {
                    "completed": {"result": task.result()},
                    "failed": {"error": task.error()},
                    "input_required": {"inputRequests": {"who": _QUESTION}},
                }
                return {**task.told(modern=True), **ends.get(task.status, {})}
            case "tasks/update":
                match params.get("inputResponses"):
                    case {"who": {"action": "accept", "content": {"name": str() as name}}}:
                        task.name, task.status = name, "working"
                return {}
            case "tasks/cancel":
                task.status = "cancelled"
                return {}
            case _:
                raise MCPError(METHOD_NOT_FOUND, "Method not found")

    async def _core(self, ctx: Context, task: Task) -> Object:
        match ctx.method:
            case "tasks/get":
                task.look()
                return task.told(modern=False)
            case "tasks/result":
                if task.asks:
                    answer = await ctx.session.elicit("What is your name?", _NAME, related_request_id=ctx.request_id)
                    task.name, task.status = str((answer.content or {}).get("name")), "completed"
                if task.status == "failed":
                    raise MCPError(**task.error())
                return {**task.result(), "_meta": {"io.modelcontextprotocol/related-task": {"taskId": task.id}}}
            case "tasks/cancel":
                task.status = "cancelled"
                return task.told(modern=False)
            case _:
                raise MCPError(METHOD_NOT_FOUND, "Method not found")


def _takes_tasks(params: Mapping[str, Any]) -> bool:
    meta = params.get("_meta") or {}
    capabilities = meta.get("io.modelcontextprotocol/clientCapabilities") or {}
    return EXTENSION in (capabilities.get("extensions") or {})
