"""Running what was released: the released payload goes to the server, what comes back is masked, the end is recorded.

Nothing else of a request ever gets to a server: arguments are those of the release, not of the message that came.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Protocol

import structlog

from interlock.actions.from_document import method_of
from interlock.doors.endings import Endings
from interlock.doors.mcp import answers
from interlock.doors.mcp.seams import Link, McpRefused, Object, Progress
from interlock.errors import UpstreamFailed
from interlock.gate import Cleared
from interlock.model.actor import Actor
from interlock.model.label import Label
from interlock.model.mcp_settings import McpSettings
from interlock.model.obligation import Obligations
from interlock.model.payload import ToolPayload
from interlock.model.release import Ending, Outcome, Release
from interlock.model.tool import Tool

INPUT_REQUIRED: Final = "input_required"
COMPLETE: Final = "complete"

_CAPPED: Final = "Refused: policy limits the rows of this, and those of a tool's result can't be counted."
_UNSURE: Final = "The server didn't answer as it should. Whether it has done what was asked isn't known."
_WITHHELD: Final = "It ran, but what came back couldn't be masked, so none of it is shown."
_JUNK: Final = "The server answered what isn't a result. Whether it has done what was asked isn't known."

Counts = tuple[tuple[str, int], ...]

log = structlog.get_logger()


class Masked(Protocol):
    """A masked result and how many values of which label were."""

    @property
    def result(self) -> Object:
        """As it may leave."""

    @property
    def counts(self) -> tuple[tuple[Label, int], ...]:
        """What was masked."""


class ResultMasks(Protocol):
    """What masks all that a server says (`doors/mcp/masks.py`). `actor`: whose pseudonyms stand for values."""

    async def result(
        self, tool: Tool | None, result: Object, obligations: Obligations, args: Object, *, actor: Actor | None = None
    ) -> Masked:
        """A result of a call, under the obligations of its release."""

    async def document(
        self,
        method: str,
        result: Object,
        obligations: Obligations = ...,
        params: Object | None = None,
        *,
        actor: Actor | None = None,
    ) -> Masked:
        """A result of resources/read, prompts/get or completion/complete."""

    async def text(self, text: str) -> str:
        """A text of a server's."""

    async def error(self, refused: McpRefused) -> McpRefused:
        """An error of a server's."""

    async def params(self, method: str, params: Object) -> Object:
        """What a server sends by itself."""

    def inward(self, actor: Actor, tool: Tool | None, arguments: Object) -> Object:
        """Arguments with what this actor's pseudonyms in them stand for; once only."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run came to. `asks`: the server wants to know more first (`input_required`), and the run isn't over."""

    result: Object | None = None
    error: McpRefused | None = None  # masked
    asks: Object | None = field(default=None, repr=False)

    def answer(self) -> Object:
        """The result; raises `Answered` for an error."""
        if self.error is not None:
            raise answers.Answered(self.error.code, self.error.message, self.error.data)
        assert self.result is not None, "who asks for the answer has seen that it isn't a question"
        return self.result


@dataclass(slots=True)
class _Known:
    """How a run ended as far as is known by now; at first nothing has been sent."""

    outcome: Outcome = Outcome.FAILED


@dataclass(frozen=True, slots=True)
class Running:
    """One connection's runs."""

    settings: McpSettings
    masks: ResultMasks
    endings: Endings

    async def through(
        self,
        cleared: Cleared,
        link: Link,
        tool: Tool | None,
        progress: Progress | None = None,
        more: Object = MappingProxyType({}),
    ) -> Ran:
        """Runs it and records how it ended, unless the server asks for more. `more`: answers to what it asked.

        When the awaiting task is cancelled the server is told to stop, and how it ended is recorded as unknown.
        """
        ran, ending = await self.came(cleared, link, tool, progress, more)
        return ran if ran.asks is not None else await self._ended(cleared.release, ran, ending)

    async def came(
        self,
        cleared: Cleared,
        link: Link,
        tool: Tool | None,
        progress: Progress | None = None,
        more: Object = MappingProxyType({}),
    ) -> tuple[Ran, Ending]:
        """The same, for who records the end itself. When it is cancelled, that is recorded here all the same."""
        release, known = cleared.release, _Known()
        try:
            await cleared.durable
            ran, masked = await self._came(release, link, tool, progress, more, known)
        except asyncio.CancelledError:
            self.endings.soon(release, Ending(known.outcome))
            raise
        except Exception as error:  # a mistake of ours: what was sent may have run
            log.error("mcp.run_broke", action=release.action.id, error=type(error).__name__)
            ran, masked = Ran(answers.failed("internal", _UNSURE)), ()
        return ran, Ending(known.outcome, masked=masked)

    async def _came(
        self, release: Release, link: Link, tool: Tool | None, progress: Progress | None, more: Object, known: _Known
    ) -> tuple[Ran, Counts]:
        if release.obligations.row_cap is not None and not release.obligations.observing:
            return Ran(answers.failed("row_cap", _CAPPED)), ()
        known.outcome = Outcome.UNKNOWN
        try:
            result = await self._request(release, link, progress, more)
        except McpRefused as refused:
            known.outcome = Outcome.FAILED
            return Ran(error=await self._masked_error(refused)), ()
        except UpstreamFailed as failed:
            log.warning("mcp.upstream_failed", action=release.action.id, code=failed.code)
            return Ran(answers.failed("upstream_failed", _UNSURE)), ()
        if result.get("resultType") == INPUT_REQUIRED:
            return Ran(asks=result), ()
        if result.get("resultType", COMPLETE) != COMPLETE or not _is_result(result, call=_is_call(release)):
            return Ran(answers.failed("upstream_failed", _JUNK)), ()
        known.outcome = Outcome.FAILED if result.get("isError") is True else Outcome.SUCCEEDED
        return await self._masked(release, result, tool)

    async def _request(self, release: Release, link: Link, progress: Progress | None, more: Object) -> Object:
        method, params = sent(release)
        seconds = self.settings.timeout.total_seconds()
        masked = None if progress is None else self._masked_progress(progress)
        result = await link.request(method, {**params, **more}, progress=masked, timeout=seconds)
        if not isinstance(result, Mapping):
            raise UpstreamFailed("The server answered what isn't a result.", code="upstream_junk")
        return result

    def _masked_progress(self, progress: Progress) -> Progress:
        async def told(done: float, total: float | None, message: str | None) -> None:
            await progress(done, total, None if message is None else await self.masks.text(message))

        return told

    async def _masked_error(self, refused: McpRefused) -> McpRefused:
        try:
            return await self.masks.error(refused)
        except Exception as error:
            log.error("mcp.mask_failed", error=type(error).__name__)
            return McpRefused(answers.SERVERS, "The server refused; what it said couldn't be masked.")

    async def _masked(self, release: Release, result: Object, tool: Tool | None) -> tuple[Ran, Counts]:
        try:
            masked = await self._by_kind(release, result, tool)
        except Exception as error:
            log.error("mcp.mask_failed", action=release.action.id, error=type(error).__name__)
            return Ran(answers.failed("masking", _WITHHELD)), ()
        return Ran(masked.result), tuple(masked.counts)

    async def _by_kind(self, release: Release, result: Object, tool: Tool | None) -> Masked:
        method, params = sent(release)
        owed, actor, result = release.obligations, release.action.actor, _not_ours(result)
        if method != "tools/call":
            return await self.masks.document(method, result, owed, params, actor=actor)
        return await self.masks.result(tool, result, owed, params["arguments"], actor=actor)

    async def _ended(self, release: Release, ran: Ran, ending: Ending) -> Ran:
        """The end of what people signed for, or a key stands for, is durable before the answer: it is looked up."""
        if release.review is None and not release.action.idempotency_key:
            self.endings.soon(release, ending)
        else:
            await asyncio.shield(self.endings.record(release, ending))
        return ran


def sent(release: Release) -> tuple[str, dict[str, Any]]:
    """What is sent for a release: the method and its params."""
    action, payload = release.action, release.action.payload
    assert isinstance(payload, ToolPayload), "actions of these connections are calls"
    arguments = json.loads(payload.arguments)
    method = method_of(payload, action.connection)
    if method is not None:
        return method, arguments
    return "tools/call", {"name": payload.tool.removeprefix(f"{action.connection.name}/"), "arguments": arguments}


def _not_ours(result: Object) -> Object:
    """A result without what only we say of a call (`answers.result`): that it waits, was denied, and where to go."""
    told = result.get("structuredContent")
    if not isinstance(told, Mapping) or answers.OURS not in told:
        return result
    return {**result, "structuredContent": {key: value for key, value in told.items() if key != answers.OURS}}


def _is_call(release: Release) -> bool:
    return sent(release)[0] == "tools/call"


def _is_result(result: Object, *, call: bool) -> bool:
    return not call or (isinstance(result.get("content", []), list) and isinstance(result.get("isError", False), bool))
