"""Following a task that a server made of a call, to its end: looked at again and again, for as long as somebody wants.

A server that doesn't know its task any more, is away for too long, answers about another one or never ends it has
ended it for us: how far it got isn't known. Nothing is ever called a second time for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

import structlog

from interlock.doors.mcp.answers import INVALID_PARAMS, METHOD_NOT_FOUND, SERVERS, Answered
from interlock.doors.mcp.nobody import Nobody
from interlock.doors.mcp.questions import Mask, put, questions_of
from interlock.doors.mcp.seams import MODERN, Client, Link, McpRefused, Object, Progress
from interlock.doors.mcp.task_shapes import Look, ServerTask, Status, look_of
from interlock.doors.mcp.waiting import PROGRESS_SECONDS, WAITED
from interlock.errors import UpstreamFailed

LOOK_SECONDS: Final = 1.0  # how often the credential behind one is looked at
LOOKING: Final = 30.0  # seconds for one look
MISSED: Final = 5  # looks in a row that a server which is away may miss
MOST_ASKED: Final = 64  # questions in the life of one task
STOPPING: Final = 5.0  # seconds for telling a server to stop
MOST_STOPPED: Final = 256  # such at once; more servers aren't told

_RELATED: Final = "io.modelcontextprotocol/related-task"
_UNKNOWN: Final = frozenset({INVALID_PARAMS, METHOD_NOT_FOUND})

Text = Callable[[str], Awaitable[str]]
"""What masks a text of a server's."""

log = structlog.get_logger()


class Unfinished(Exception):
    """A server's task came to no result. `stop`: the server is to be told that nobody waits for it."""

    def __init__(self, code: str, sentence: str, *, stop: bool = True) -> None:
        super().__init__(code)
        self.code, self.sentence, self.stop = code, sentence, stop


class Cancelled(Unfinished):
    """The server says that it was cancelled."""

    def __init__(self) -> None:
        super().__init__("cancelled", "The server cancelled it. Whether it has done anything isn't known.", stop=False)


class Asks(Exception):
    """What a server asks in the middle of its task goes back to who called (2026-07-28, "Multi
    Round-Trip Requests")."""

    def __init__(self, asks: Object) -> None:
        super().__init__("the server asks")
        self.asks = asks


def gone() -> Unfinished:
    """The end of a task whose asker isn't anybody any more."""
    return Unfinished("credential", "The credential that asked isn't accepted any more. How far it got isn't known.")


def unanswered() -> Unfinished:
    """The end of a task that wants to know what nobody may say."""
    return Unfinished(
        "input_required",
        "The server asks for more before it goes on, and nobody is there who could add it: what people signed for gets"
        " nothing added. Whether it has done anything isn't known.",
    )


class Guide(Protocol):
    """Who stands behind a task that is followed. Each raises `Unfinished` to give it up."""

    async def pause(self, seconds: float) -> None:
        """Between two looks; shorter when there is news."""

    async def heard(self, look: Look) -> None:
        """How the server says it stands."""

    async def answers(self, asks: Object) -> Object | None:
        """`inputResponses` for these `inputRequests` (2026-07-28); None while there are none. Raises `Asks`."""

    def asked(self) -> Client | None:
        """Whom a server of 2025-11-25 may ask; None while nobody listens."""


async def follow(link: Link, task: ServerTask, guide: Guide, seconds: float, given: Object | None = None) -> Object:
    """What the call came to, as the server has it. `given`: answers to what it asked before.

    Raises `McpRefused` for an error that it came to; `Unfinished`, `Asks`, and `UpstreamFailed` when the server stays
    away or answers what isn't MCP.
    """
    loop = asyncio.get_running_loop()
    until, missed, pause, put_in = loop.time() + seconds, 0, task.pause, set[str]()
    while given is not None or loop.time() < until:
        try:
            if given is not None:
                if missed:
                    await guide.pause(pause)
                await link.request("tasks/update", {"taskId": task.id, "inputResponses": given}, timeout=LOOKING)
                put_in |= given.keys()
                given = None
            await guide.pause(min(pause, max(0.0, until - loop.time())))
            look = look_of(task, await link.request("tasks/get", {"taskId": task.id}, timeout=LOOKING))
        except (McpRefused, UpstreamFailed) as error:
            missed += 1
            if not _may_come_back(error, missed):
                raise _lost(error) from None
            pause = min(2 * pause, LOOKING)
            continue
        missed, pause = 0, look.pause
        await guide.heard(look)
        match look.status:
            case Status.COMPLETED | Status.FAILED:
                return await _result(link, task, look)
            case Status.CANCELLED:
                raise Cancelled
            case Status.INPUT_REQUIRED if task.modern:
                given = await _answers(look, guide, put_in)
            case Status.INPUT_REQUIRED if (client := guide.asked()) is not None:
                async with link.again(client) as theirs:
                    return await _core_result(theirs, task, max(1.0, until - loop.time()))
            case _:
                continue
    raise Unfinished(
        "task_too_long", "The server works on it for longer than is waited for. How far it got isn't known."
    )


def _may_come_back(error: McpRefused | UpstreamFailed, missed: int) -> bool:
    known = error.code not in _UNKNOWN if isinstance(error, McpRefused) else error.code != "upstream_junk"
    return known and missed <= MISSED


def _lost(error: McpRefused | UpstreamFailed) -> Exception:
    if isinstance(error, UpstreamFailed):
        return error
    sentence = "The server doesn't know its task any more. Whether it has done what was asked isn't known."
    return Unfinished("task_lost", sentence, stop=False)


async def _answers(look: Look, guide: Guide, put_in: set[str]) -> Object | None:
    """To what wasn't answered yet: a server may go on asking until it has seen the answer."""
    asked = look.body.get("inputRequests")
    fresh = {key: each for key, each in asked.items() if key not in put_in} if isinstance(asked, Mapping) else {}
    if len(put_in) + len(fresh) > MOST_ASKED:
        raise Unfinished("input_required", "The server keeps asking. Whether it has done anything isn't known.")
    return await guide.answers({"inputRequests": fresh}) if fresh else None


async def _result(link: Link, task: ServerTask, look: Look) -> Object:
    if not task.modern:
        return await _core_result(link, task, LOOKING)
    match look:
        case Look(Status.COMPLETED, body={"result": Mapping() as result}):
            return _without_task(result)
        case Look(Status.FAILED, body={"error": Mapping() as error}):
            code, message = error.get("code"), error.get("message")
            number = code if isinstance(code, int) and not isinstance(code, bool) else SERVERS
            raise McpRefused(number, message if isinstance(message, str) else "", error.get("data"))
        case _:
            raise UpstreamFailed("The MCP server's task ended without what it came to.", code="upstream_junk")


async def _core_result(link: Link, task: ServerTask, seconds: float) -> Object:
    return _without_task(await link.request("tasks/result", {"taskId": task.id}, timeout=seconds))


def _without_task(result: Object) -> Object:
    """A result that doesn't name the server's task."""
    meta = result.get("_meta")
    if not isinstance(meta, Mapping) or _RELATED not in meta:
        return result
    return {**result, "_meta": {key: value for key, value in meta.items() if key != _RELATED}}


@dataclass(slots=True)
class Along:
    """The guide of a call whose client waits along; a `reviewed` one is asked nothing."""

    client: Client
    progress: Progress | None
    mask: Mask
    text: Text
    seconds: float
    reviewed: bool
    alive: Callable[[], bool] = lambda: True
    _began: float = field(default_factory=lambda: asyncio.get_running_loop().time())
    _told: float = float("-inf")

    async def pause(self, seconds: float) -> None:
        """See `Guide`. Looks now and again whether the credential behind it is still `alive`."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while True:
            if not self.alive():
                raise gone()
            if (left := until - loop.time()) <= 0:
                return
            await asyncio.sleep(min(left, LOOK_SECONDS))

    async def heard(self, look: Look) -> None:
        """See `Guide`."""
        now = asyncio.get_running_loop().time()
        if self.progress is not None and now - self._told >= PROGRESS_SECONDS:
            self._told = now
            message = await self.text(look.message) if look.message else "The server is working on it."
            await self.progress((now - self._began) * WAITED, None, message)

    async def answers(self, asks: Object) -> Object | None:
        """See `Guide`."""
        if self.reviewed:
            raise unanswered()
        if self.client.protocol_version >= MODERN:
            raise Asks(asks)
        try:
            return await put(self.client, await questions_of(asks, self.client.capabilities, self.mask), self.seconds)
        except (Answered, McpRefused, UpstreamFailed):
            raise unanswered() from None

    def asked(self) -> Client | None:
        """See `Guide`."""
        if self.reviewed or self.client.protocol_version >= MODERN:
            raise unanswered()
        return self.client


class Stopping:
    """Telling servers that nobody waits for their tasks any more, without waiting for it."""

    def __init__(self) -> None:
        self._telling: set[asyncio.Task[None]] = set()

    def tell(self, link: Link, task: ServerTask) -> None:
        """Asks the server to cancel it; it may go on all the same (SEP-2663, "Task Cancellation")."""
        if len(self._telling) < MOST_STOPPED:
            telling = asyncio.ensure_future(_stop(link, task))
            self._telling.add(telling)
            telling.add_done_callback(self._telling.discard)

    async def settled(self) -> None:
        """Waits for all of it."""
        if self._telling:
            await asyncio.wait(set(self._telling))


async def _stop(link: Link, task: ServerTask) -> None:
    try:
        async with asyncio.timeout(STOPPING), link.again(Nobody()) as own:
            await own.request("tasks/cancel", {"taskId": task.id}, timeout=STOPPING)
    except (McpRefused, UpstreamFailed, TimeoutError):
        log.info("mcp.task_not_stopped")
