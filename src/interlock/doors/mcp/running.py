"""Running what was released: the released payload goes to the server, what comes back is masked, the end is recorded.

Nothing else of a request ever gets to a server: arguments are those of the release, not of the message that came.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Protocol

import structlog

from interlock.actions.from_document import method_of
from interlock.doors.endings import Endings
from interlock.doors.mcp import answers
from interlock.doors.mcp.following import Asks, Guide, Stopping, Unfinished, follow
from interlock.doors.mcp.inward import Meant
from interlock.doors.mcp.kept import Kept
from interlock.doors.mcp.seams import MODERN, Link, McpRefused, Object, Progress, Words
from interlock.doors.mcp.task_shapes import ServerTask, may_augment, task_in
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
CORE_TASKS: Final = "2025-11-25"  # the version that has tasks in its core
TASK_TTL: Final = 24 * 3600 * 1000  # ms for which a server is asked to keep one; what a client asks for isn't passed on

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
        self,
        tool: Tool | None,
        result: Object,
        obligations: Obligations,
        args: Object,
        *,
        actor: Actor | None = None,
        given: Sequence[str] = (),
    ) -> Masked:
        """A result of a call, under the obligations of its release. `given`: JSON pointers to arguments that stand for
        pseudonyms."""

    async def document(
        self,
        method: str,
        result: Object,
        obligations: Obligations = ...,
        params: Object | None = None,
        *,
        actor: Actor | None = None,
        labels: frozenset[Label] = ...,
    ) -> Masked:
        """A result of resources/read, prompts/get or completion/complete, which can give what bears these labels."""

    def of_call(
        self,
        tool: Tool | None,
        args: Object,
        obligations: Obligations,
        *,
        given: Sequence[str] = (),
        labels: frozenset[Label] = ...,
        asker: Actor | None = None,
    ) -> Words:
        """What masks the server's other words about a call of that asker's; of a document `labels` are those that it
        can give."""

    def inward(self, actor: Actor, tool: Tool | None, arguments: Object) -> Meant:
        """Arguments with what this actor's pseudonyms in them stand for; once only."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run came to. `asks`: the server wants to know more first (`input_required`), and the run isn't over.
    `begun`: nor is it where the server made a task of it, which `followed` follows."""

    result: Object | None = None
    error: McpRefused | None = None  # masked
    asks: Object | None = field(default=None, repr=False)
    begun: ServerTask | None = None

    @property
    def is_over(self) -> bool:
        """Whether its end is to be recorded."""
        return self.asks is None and self.begun is None

    def answer(self) -> Object:
        """The result; raises `Answered` for an error."""
        if self.error is not None:
            raise answers.Answered(self.error.code, self.error.message, self.error.data)
        assert self.result is not None, "who asks for the answer has seen that it isn't a question"
        return self.result

    def kept(self) -> Kept:
        """What is kept of it for its asker."""
        if self.error is None:
            return Kept(self.result)
        error = {"code": self.error.code, "message": self.error.message}
        return Kept(error=error if self.error.data is None else {**error, "data": self.error.data})


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
    stopping: Stopping = field(default_factory=Stopping)

    async def came(
        self,
        cleared: Cleared,
        link: Link,
        tool: Tool | None,
        progress: Progress | None = None,
        more: Object = MappingProxyType({}),
        *,
        by_task: bool = False,
    ) -> tuple[Ran, Ending]:
        """Runs it. `more`: answers to what the server asked; `by_task`: whether somebody looks again for the result.

        Who calls records the end (`ended`). When the awaiting task is cancelled the server is told to stop, and how it
        ended is recorded here, as unknown.
        """
        release, known = cleared.release, _Known()
        more = {**more, **_augmented(link, tool, by_task=by_task)}
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

    async def followed(
        self,
        cleared: Cleared,
        link: Link,
        tool: Tool | None,
        task: ServerTask,
        guide: Guide,
        seconds: float,
        given: Object | None = None,
    ) -> tuple[Ran, Ending]:
        """The same for what its server made a task of, for at most `seconds`; `given`: answers to what was asked."""
        release, known = cleared.release, _Known(Outcome.UNKNOWN)
        try:
            ran, masked = await self._followed(release, link, tool, task, guide, seconds, given, known)
        except asyncio.CancelledError:
            self.stopping.tell(link, task)
            self.endings.soon(release, Ending(known.outcome))
            raise
        except Exception as error:  # a mistake of ours
            log.error("mcp.run_broke", action=release.action.id, error=type(error).__name__)
            self.stopping.tell(link, task)
            ran, masked = Ran(answers.failed("internal", _UNSURE)), ()
        return ran, Ending(known.outcome, masked=masked)

    def words(self, release: Release, tool: Tool | None) -> Words:
        """What masks all that the server says about this call beside its result."""
        action, (method, params) = release.action, sent(release)
        assert isinstance(action.payload, ToolPayload), "actions of these connections are calls"
        owed, payload, asker = release.obligations, action.payload, action.actor
        if method != "tools/call":
            return self.masks.of_call(None, {}, owed, labels=action.exposure.labels, asker=asker)
        return self.masks.of_call(tool, params["arguments"], owed, given=payload.given, asker=asker)

    async def _followed(
        self,
        release: Release,
        link: Link,
        tool: Tool | None,
        task: ServerTask,
        guide: Guide,
        seconds: float,
        given: Object | None,
        known: _Known,
    ) -> tuple[Ran, Counts]:
        try:
            result = await follow(link, task, guide, seconds, given)
        except Asks as asking:
            return Ran(asks=asking.asks, begun=task), ()
        except McpRefused as refused:
            known.outcome = Outcome.FAILED
            return Ran(error=await self._masked_error(refused, self.words(release, tool))), ()
        except Unfinished as unfinished:
            if unfinished.stop:
                self.stopping.tell(link, task)
            return Ran(answers.failed(unfinished.code, unfinished.sentence, release.review)), ()
        except UpstreamFailed as failed:
            log.warning("mcp.upstream_failed", action=release.action.id, code=failed.code)
            return Ran(answers.failed("upstream_failed", _UNSURE)), ()
        return await self._settled(release, result, tool, known)

    async def _came(
        self, release: Release, link: Link, tool: Tool | None, progress: Progress | None, more: Object, known: _Known
    ) -> tuple[Ran, Counts]:
        if release.obligations.row_cap is not None and not release.obligations.observing:
            return Ran(answers.failed("row_cap", _CAPPED)), ()
        known.outcome = Outcome.UNKNOWN
        try:
            result = await self._request(release, link, tool, progress, more)
            task = self._task(release, link, result, asked="task" in more)
        except McpRefused as refused:
            known.outcome = Outcome.FAILED
            return Ran(error=await self._masked_error(refused, self.words(release, tool))), ()
        except UpstreamFailed as failed:
            log.warning("mcp.upstream_failed", action=release.action.id, code=failed.code)
            return Ran(answers.failed("upstream_failed", _UNSURE)), ()
        if task is not None:
            return Ran(begun=task), ()
        if result.get("resultType") == INPUT_REQUIRED:
            return Ran(asks=result), ()
        return await self._settled(release, result, tool, known)

    async def _settled(self, release: Release, result: Object, tool: Tool | None, known: _Known) -> tuple[Ran, Counts]:
        """What the server gives as the result, masked, if it is one: a task for a task isn't."""
        if not isinstance(result, Mapping):
            return Ran(answers.failed("upstream_failed", _JUNK)), ()
        if result.get("resultType", COMPLETE) != COMPLETE or not _is_result(result, call=_is_call(release)):
            return Ran(answers.failed("upstream_failed", _JUNK)), ()
        known.outcome = Outcome.FAILED if result.get("isError") is True else Outcome.SUCCEEDED
        return await self._masked(release, result, tool)

    async def _request(
        self, release: Release, link: Link, tool: Tool | None, progress: Progress | None, more: Object
    ) -> Object:
        method, params = sent(release)
        seconds = self.settings.timeout.total_seconds()
        masked = None if progress is None else _masked_progress(progress, self.words(release, tool))
        result = await link.request(method, {**params, **more}, progress=masked, timeout=seconds)
        if not isinstance(result, Mapping):
            raise UpstreamFailed("The server answered what isn't a result.", code="upstream_junk")
        return result

    def _task(self, release: Release, link: Link, result: Object, *, asked: bool) -> ServerTask | None:
        if not _is_call(release):
            return None
        return task_in(result, modern=link.protocol_version >= MODERN, asked=asked)

    async def _masked_error(self, refused: McpRefused, words: Words) -> McpRefused:
        try:
            return await words.error(refused)
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
            labels = release.action.exposure.labels
            return await self.masks.document(method, result, owed, params, actor=actor, labels=labels)
        given = release.action.payload.given if isinstance(release.action.payload, ToolPayload) else ()
        return await self.masks.result(tool, result, owed, params["arguments"], actor=actor, given=given)

    def drop(self, cleared: Cleared) -> None:
        """Nobody goes on with it: how it ended isn't known."""
        self.endings.soon(cleared.release, Ending(Outcome.UNKNOWN))

    async def ended(self, release: Release, ran: Ran, ending: Ending) -> Ran:
        """Records the end, if it is one. Of what people signed for, or a key stands for, it is durable before the
        answer: it is looked up."""
        if not ran.is_over:
            return ran
        if release.review is None and not release.action.idempotency_key:
            self.endings.soon(release, ending)
        else:
            await asyncio.shield(self.endings.record(release, ending))
        return ran


def _masked_progress(progress: Progress, words: Words) -> Progress:
    async def told(done: float, total: float | None, message: str | None) -> None:
        await progress(done, total, None if message is None else await words.text(message))

    return told


def _augmented(link: Link, tool: Tool | None, *, by_task: bool) -> Object:
    """What asks a server of 2025-11-25 for a task: only of a tool whose pinned definition takes one ("Tool-Level
    Negotiation"), and where it doesn't demand one only if somebody looks again."""
    if tool is None or not CORE_TASKS <= link.protocol_version < MODERN or not may_augment(link.capabilities):
        return {}
    wanted = tool.task_support == "required" or (tool.task_support == "optional" and by_task)
    return {"task": {"ttl": TASK_TTL}} if wanted else {}


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
    """Whether it is one of the method's. A task that nobody asked for, or for a task, isn't (2025-11-25)."""
    if not call:
        return True
    is_task = "task" in result and "content" not in result
    return (
        not is_task and isinstance(result.get("content", []), list) and isinstance(result.get("isError", False), bool)
    )
