"""Server-sent events: the ids of reviews as they move. What moved is then asked for by its id."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, suppress
from typing import Any, assert_never

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from interlock.errors import AuthenticationFailed, NotFound
from interlock.model.names import ReviewId
from interlock.web.allowed import CallerKind, allowed
from interlock.web.api.reviews import owns, reader
from interlock.web.callers import ApiCaller, ByDirectory, ByKey, Caller, Operator, SignedIn, person_of
from interlock.web.control_state import Control, Parts

KEEPALIVE_SECONDS = 15.0  # below the idle limits of common proxies
RETRY_MILLISECONDS = 2000

router = APIRouter(prefix="/api", tags=["events"])


@router.get(
    "/events",
    summary="Follow reviews",
    response_class=StreamingResponse,
    **allowed(CallerKind.CONSOLE, CallerKind.PERSON, CallerKind.AGENT, CallerKind.SERVICE),
    responses={200: {"content": {"text/event-stream": {}}, "description": "Events named `review`, data `{review}`"}},
)
async def events(parts: Parts, caller: ApiCaller) -> StreamingResponse:
    """Ids of reviews as they move, for those who may read them; ends when the caller's credential does."""
    reader(caller)
    return EventStream(_lines(parts, caller), parts.listeners.seat(caller.name))


class EventStream(StreamingResponse):
    """A stream that holds a listener's seat exactly as long as it is being sent."""

    def __init__(self, lines: AsyncIterator[str], seat: AbstractContextManager[None]) -> None:
        super().__init__(lines, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
        self._seat = seat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it; raises `Refused` (503) before the first byte when every seat is taken."""
        with self._seat:
            await super().__call__(scope, receive, send)


async def _lines(parts: Control, caller: Caller) -> AsyncIterator[str]:
    async for moved in follow(parts, lambda: still_welcome(parts, caller)):
        if moved is None:
            yield f"retry: {RETRY_MILLISECONDS}\n\n"  # also the heartbeat: it is no event to whoever listens
        elif await _may_hear(parts, caller, moved):
            yield f"event: review\ndata: {json.dumps({'review': moved})}\n\n"


async def follow(parts: Control, welcome: Callable[[], Awaitable[bool]]) -> AsyncIterator[ReviewId | None]:
    """None once it listens and at every quiet interval, and moves as they come, until we stop or `welcome` says no.

    Who looks at the reviews after the first None misses nothing.
    """
    moves = parts.desk.moves()
    stopping = asyncio.ensure_future(parts.stopping.wait())
    following: asyncio.Future[ReviewId] = asyncio.ensure_future(anext(moves))
    try:
        await asyncio.sleep(0)  # a turn of the loop, in which `following` begins to listen
        yield None
        while True:
            waiting: set[asyncio.Future[Any]] = {stopping, following}
            await asyncio.wait(waiting, timeout=KEEPALIVE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if stopping.done() or not await welcome():
                return
            if not following.done():
                yield None
                continue
            yield following.result()
            following = asyncio.ensure_future(anext(moves))
    except StopAsyncIteration:
        return
    finally:
        stopping.cancel()
        following.cancel()
        await asyncio.wait({following})  # when we are cancelled ourselves this raises at once, and it ends alone
        if not following.cancelled():
            following.exception()  # looked at, so that the loop doesn't complain; we are leaving anyway
        close = getattr(moves, "aclose", None)
        if close is not None:
            await close()


async def still_welcome(parts: Control, caller: Caller) -> bool:
    """Whether the credential that opened a stream still holds."""
    match caller:
        case SignedIn(_, session):
            return person_of(parts, session) is not None and parts.sessions.is_live(session)
        case ByKey(_, presented, peer):
            with suppress(AuthenticationFailed):
                await parts.registry.admit(presented, peer=peer)
                return True
            return False
        case Operator() | ByDirectory():
            return False
        case _:
            assert_never(caller)


async def _may_hear(parts: Control, caller: Caller, moved: ReviewId) -> bool:
    person = reader(caller)
    with suppress(NotFound):
        review = await parts.desk.review(moved)
        return owns(parts, caller, review) if person is None else parts.desk.may_see(review, person)
    return False
