"""Who waits along for what, so that a request whose client has left isn't run later.

A call that opened a review and is left before it was answered takes it back, unless another call waits along for the
same, or was given its id.
"""

from __future__ import annotations

import asyncio
from collections import Counter

import structlog

from interlock.desk import Desk
from interlock.errors import Conflict, InterlockError, NotEntitled
from interlock.model.actor import Actor
from interlock.model.names import ReviewId
from interlock.model.review import ReviewState

log = structlog.get_logger()


class Attached:
    """All calls' waits in this process."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._waiting: Counter[ReviewId] = Counter()
        self._ours: set[ReviewId] = set()  # opened by a call that waits here, and told to nobody yet
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, review: ReviewId, *, opened_here: bool) -> None:
        """A call begins to wait for it."""
        self._waiting[review] += 1
        if opened_here:
            self._ours.add(review)

    def answered(self, review: ReviewId) -> None:
        """A call is about to be answered, and so knows of it."""
        self._end(review)
        self._ours.discard(review)

    def left(self, review: ReviewId, actor: Actor) -> None:
        """A call's client has left without an answer."""
        self._end(review)
        if review in self._ours and not self._waiting[review]:
            self._ours.discard(review)
            self.keep(asyncio.ensure_future(self._take_back(review, actor)))

    async def settled(self, seconds: float) -> None:
        """Waits until what was left is taken back, for at most `seconds`."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while self._tasks and (left := until - loop.time()) > 0:
            await asyncio.wait(tuple(self._tasks), timeout=left)

    def keep(self, task: asyncio.Task[None]) -> None:
        """A task of such a kind that `settled` waits for."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _end(self, review: ReviewId) -> None:
        self._waiting -= Counter([review])  # drops what is down to zero

    async def _take_back(self, review: ReviewId, actor: Actor) -> None:
        try:
            await take_back(self._desk, review, actor)
        except InterlockError as error:
            log.warning("mcp.not_taken_back", review=review, code=error.code)


async def take_back(desk: Desk, id_: ReviewId, actor: Actor) -> bool:
    """Withdraws a pending request, or gives an approval up that hasn't been used; False where there is nothing left to
    take back. Raises `NotFound`, `NotEntitled`, `LedgerUnavailable`."""
    review = await desk.review(id_)
    if not desk.asked_by(review, actor):
        raise NotEntitled("only who asked can take it back")
    if review.state is ReviewState.PENDING:
        try:
            await desk.withdraw(id_, actor)
        except Conflict:
            review = await desk.review(id_)
        else:
            return True
    if review.state is not ReviewState.APPROVED:
        return False
    try:
        await desk.supersede(review, "taken back by the asker")
    except Conflict:
        return False  # it is taken in this moment
    return True
