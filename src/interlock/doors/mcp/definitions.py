"""Pins: which tools of a connection there are, by the bundle that is in force and by what its server lists now.

pinned and listed alike      there
pinned, listed otherwise     unavailable until people have signed for the new definition
pinned, not listed           unavailable
listed, not pinned           hidden, or with `unpinned = "allow"` there, and opaque to policy
a name like one of ours      never there
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

import structlog

from interlock.actions.call_template import is_name
from interlock.actions.from_document import UNSIGNED, Signed
from interlock.actions.from_tool_call import from_tool_call
from interlock.actions.tool_arguments import ArgumentsCheck, compiled
from interlock.doors.mcp.reserved import is_reserved
from interlock.doors.mcp.seams import Asker, Links, Object
from interlock.errors import MalformedInput, UpstreamFailed
from interlock.model.action import Action
from interlock.model.mcp_settings import McpSettings
from interlock.model.names import ActionId, Digest
from interlock.model.tool import Tool

FRESH_SECONDS: Final = 60.0
MOST_LISTED: Final = 2_000  # tools of one server; the rest isn't looked at
MAX_NAME: Final = 128  # characters; MCP 2025-11-25, "Tool Names"

UNKNOWN: Final = "unknown_tool"
CHANGED: Final = "tool_changed"
GONE: Final = "tool_gone"

_NEVER: Final = float("-inf")
_PARTS: Final = {
    "description": "description",
    "title": "title",
    "inputSchema": "input_schema",
    "outputSchema": "output_schema",
    "annotations": "annotations",
}

log = structlog.get_logger()


class Foresight(Protocol):
    """What a listing asks of the gate."""

    def foresees_denial(self, action: Action) -> bool:
        """Whether policy denies it as far as it is known."""


class Pins:
    """One connection's. `in_force` gives the pinned tools of all connections by id, of the bundle in force.

    `reads_input`: whether the policies in force read arguments; then what is denied can't be known before. `signed`
    gives what people signed for of the connection's resources and prompts.
    """

    def __init__(
        self,
        settings: McpSettings,
        in_force: Callable[[], Mapping[str, Tool]],
        gate: Foresight,
        reads_input: Callable[[], bool] = lambda: False,
        signed: Callable[[], Signed] = lambda: UNSIGNED,
    ) -> None:
        self._connection, self._allows = settings.connection, settings.unpinned == "allow"
        self._in_force, self._gate, self._reads_input = in_force, gate, reads_input
        self.signed = signed
        self._listed: Mapping[str, Tool | None] | None = None  # None for one that isn't a definition
        self._links: Links | None = None
        self._read_at, self._readings = _NEVER, 0  # when the last reading began by the loop's clock, and how many ended
        self._changed_at = _NEVER  # when the server last said so, by the same clock
        self._failed: UpstreamFailed | None = None
        self._told: dict[str, tuple[Digest, tuple[str, ...]]] = {}
        self._checks: dict[Digest, ArgumentsCheck | str] = {}
        self._reading = asyncio.Lock()

    # -- the listing --------------------------------------------------------------------------------------------------

    async def refresh(self, links: Links) -> None:
        """Reads the server's listing now; raises `UpstreamFailed`, and then nothing is there until it succeeds."""
        self._links = links
        await self.fresh(0.0)

    def stale(self) -> None:
        """The server says that its tools have changed: what is known of them is read again before anything else."""
        self._changed_at = asyncio.get_running_loop().time()

    async def fresh(self, seconds: float = FRESH_SECONDS) -> None:
        """Sees to it that the listing isn't older than that; raises `UpstreamFailed`.

        Many who ask at once share one reading, and its failure.
        """
        stale = self._changed_at != _NEVER and self._changed_at >= self._read_at
        if not stale and asyncio.get_running_loop().time() - self._read_at < seconds:
            return
        # By a count: clocks of loops stand still within one turn. What is being read now may have been asked for before
        # somebody who wants it as of this moment.
        wanted = self._readings + (2 if self._reading.locked() and (stale or not seconds) else 1)
        async with self._reading:
            if self._readings < wanted:
                await self._read()
            elif self._failed is not None:
                raise UpstreamFailed(self._failed.sentence, code=self._failed.code)

    async def _read(self) -> None:
        if self._links is None:
            raise UpstreamFailed("the server's tools haven't been listed yet")
        began = asyncio.get_running_loop().time()
        try:
            listed = await self._links.listed()
        except UpstreamFailed as failed:
            self._listed, self._read_at, self._failed = None, _NEVER, failed
            self._readings += 1
            raise
        self._listed, self._read_at, self._failed = self._understood(listed), began, None
        self._readings += 1
        self._compare()

    def _understood(self, listed: Sequence[Object]) -> Mapping[str, Tool | None]:
        found: dict[str, Tool | None] = {}
        for raw in listed[:MOST_LISTED]:
            name = raw.get("name")
            if isinstance(name, str) and len(name) <= MAX_NAME and not is_reserved(name):
                found[name] = None if name in found else self._tool(name, raw)  # twice the same is neither
        return found

    def _tool(self, name: str, raw: Object) -> Tool | None:
        """The definition as listed; None for what isn't one."""

        def part(key: str, kind: type) -> Any:
            value = raw.get(key)
            if value is not None and not isinstance(value, kind):
                raise MalformedInput("a part of another kind")
            return value or kind()

        try:
            tool = Tool(
                self._connection.name,
                name,
                part("inputSchema", dict),
                part("description", str),
                part("title", str),
                part("outputSchema", dict),
                part("annotations", dict),
            )
            _ = tool.definition_digest
        except MalformedInput:
            return None
        return tool

    def _compare(self) -> None:
        """Tells operators what differs: which tool and which part of it, without its text."""
        for tool in self._pinned():
            live = (self._listed or {}).get(tool.name)
            if live is None or live.definition_digest == tool.definition_digest:
                self._told.pop(tool.name, None)
                continue
            kinds = tuple(kind for kind, name in _PARTS.items() if getattr(live, name) != getattr(tool, name))
            if self._told.get(tool.name) != (live.definition_digest, kinds):
                self._told[tool.name] = live.definition_digest, kinds
                log.warning("mcp.tool_changed", tool=tool.id, changed=list(kinds))

    # -- looking ------------------------------------------------------------------------------------------------------

    @property
    def changed(self) -> Mapping[str, tuple[str, ...]]:
        """The pinned tools that are listed otherwise, and which parts of them."""
        return {name: kinds for name, (_, kinds) in self._told.items()}

    @property
    def unavailable(self) -> tuple[int, int]:
        """How many pinned tools the server describes otherwise, and how many it doesn't list: all of them while it
        can't be asked. By the bundle of now, for metrics."""
        pinned = self._pinned()
        if self._listed is None:
            return 0, len(pinned)
        why = [self.why_not(tool.name) for tool in pinned]
        return why.count(CHANGED), why.count(GONE)

    def tool(self, name: str) -> Tool | None:
        """The pinned tool of that name; None where none is in force."""
        found = self._in_force().get(f"{self._connection.name}/{name}")
        return found if found is not None and found.connection == self._connection.name else None

    def called(self, name: str) -> str:
        """A tool's name for the record: what nobody but the asker calls one may be a value, and isn't written down."""
        return name if self.tool(name) is not None or name in (self._listed or {}) else "?"

    def why_not(self, name: str) -> str | None:
        """None when a tool may be asked for by now; else `UNKNOWN`, `CHANGED` or `GONE`."""
        if is_reserved(name) or self._listed is None:
            return UNKNOWN
        pinned, listed = self.tool(name), name in self._listed
        if pinned is None:
            known = listed and self._allows and is_name(name) and self._listed[name] is not None
            return None if known else UNKNOWN
        if not listed:
            return GONE
        live = self._listed[name]
        return None if live is not None and live.definition_digest == pinned.definition_digest else CHANGED

    def available(self, asker: Asker) -> Sequence[Tool]:
        """The tools that this asker is shown, by name: those that there are, without those that policy denies to it
        whatever their arguments."""
        listed = self._listed or {}
        names = sorted({tool.name for tool in self._pinned()} | (listed.keys() if self._allows else set()))
        tools = [self.tool(name) or listed.get(name) for name in names if self.why_not(name) is None]
        return [tool for tool in tools if tool is not None and not self._denied(tool, asker)]

    def check(self, name: str) -> ArgumentsCheck | None:
        """What holds arguments against the schema of a tool, pinned or listed; None for no such tool, or a listed one
        whose schema can't be used. Raises `MalformedInput` for a pinned one of that kind."""
        pinned = self.tool(name)
        tool = pinned or (self._listed or {}).get(name)
        if tool is None:
            return None
        found = self._checks.get(tool.definition_digest)
        if found is None:
            while len(self._checks) >= MOST_LISTED:
                del self._checks[next(iter(self._checks))]
            found = self._checks[tool.definition_digest] = _checked(tool)
        if isinstance(found, str):
            if pinned is not None:
                raise MalformedInput(found)
            return None
        return found

    def _denied(self, tool: Tool, asker: Asker) -> bool:
        if tool.resources or self._reads_input():
            return False
        pinned = tool if self.tool(tool.name) is not None else None
        action = from_tool_call(
            id=ActionId(""),
            actor=asker.actor,
            connection=self._connection,
            tool=pinned,
            name=tool.name,
            arguments=b"{}",
        )
        return self._gate.foresees_denial(action)

    def _pinned(self) -> Sequence[Tool]:
        return [tool for tool in self._in_force().values() if tool.connection == self._connection.name]


def _checked(tool: Tool) -> ArgumentsCheck | str:
    try:
        return compiled(tool.input_schema)
    except MalformedInput as refused:
        return refused.sentence
