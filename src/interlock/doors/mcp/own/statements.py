"""`run_sql`, and the results of what the gateway ran by itself: sessions at the door, and waiting along."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from interlock.doors.inside import Dial
from interlock.doors.mcp.own import shown
from interlock.doors.mcp.own.asking import Question, Request
from interlock.doors.mcp.own.attached import Attached
from interlock.doors.mcp.own.gathering import Gathering
from interlock.doors.mcp.own.speaking import Refused
from interlock.doors.mcp.seams import Asker, Object, Progress
from interlock.doors.mcp.waiting import PROGRESS_SECONDS, Waiting
from interlock.model.names import ConnectionName, ReviewId
from interlock.model.review import Review, ReviewState
from interlock.ports import Clock

CANCELLED: Final = "cancelled"  # the door's code for a wait that we ended

_GONE: Final = ("credential_gone", "The credential that asked isn't accepted any more.")


@dataclass(frozen=True, slots=True)
class RunSql:
    """One call of `run_sql`. `wait`: seconds for people; `most_rows`: returned, of all statements together."""

    connection: ConnectionName
    sql: str
    reason: str
    ticket: str
    wait: float
    most_rows: int

    @property
    def question(self) -> Question:
        """What the door is asked."""
        given = [("wait", "deferred"), ("reason", self.reason), ("ticket", self.ticket)]
        return Question(self.connection, self.sql, [(name, value) for name, value in given if value])


class Statements:
    """What needs a session at the door. `longest`: seconds that one call's statements may take."""

    def __init__(self, dial: Dial, waiting: Waiting, attached: Attached, clock: Clock, longest: float) -> None:
        self._dial, self._waiting, self._attached = dial, waiting, attached
        self._clock, self._longest = clock, longest

    async def run(self, asker: Asker, asked: RunSql, progress: Progress | None) -> Object:
        """Runs it, waits along where people are asked, and answers."""
        began = self._clock.now()
        gathered = Gathering(asked.most_rows)
        request = Request(self._dial, asker, asked.question, gathered, self._longest)
        try:
            answer = await self._followed(request, asked, progress)
            if (review := gathered.deferred) is None:
                return answer
            await self._begin(review, began)
        except asyncio.CancelledError:
            self._attached.keep(asyncio.ensure_future(self._left(request, asker, began)))
            raise
        except Refused as refused:
            return shown.failed(refused.said)
        try:
            answer = await self.awaited(review, asker, asked.wait, asked.most_rows, progress)
        except BaseException:
            self._attached.left(review, asker.actor)
            raise
        self._attached.answered(review)
        return answer

    async def _followed(self, request: Request, asked: RunSql, progress: Progress | None) -> Object:
        """What the door answers; raises `Refused`. In a transaction and the like it holds with the session open."""
        await request.answered_or_held()
        review = request.gathered.held
        if review is not None and not await self._held(request, review, asked.wait, progress):
            await request.give_up()
            if (error := request.gathered.error) is None or error.code == CANCELLED:
                return shown.pending(await self._waiting.desk.review(review), self._waiting.public_url)
        request.raise_refusal()
        return shown.ran(request.gathered)

    async def _held(self, request: Request, review: ReviewId, seconds: float, progress: Progress | None) -> bool:
        """Whether it was answered while we waited along. What people have approved by then is waited for as well."""
        loop = asyncio.get_running_loop()
        began, until = loop.time(), loop.time() + seconds
        while (left := until - loop.time()) > 0 and not request.is_answered:
            if progress is not None:
                await progress(loop.time() - began, None, f"Waiting for people to approve this, review {review}")
            if await request.answered(min(PROGRESS_SECONDS, left)):
                return True
        if request.is_answered:
            return True
        state = (await self._waiting.desk.review(review)).state
        return state is not ReviewState.PENDING and await request.answered(self._longest)

    async def _left(self, request: Request, asker: Asker, began: datetime) -> None:
        """The client left before it was answered: nothing of its request may run later."""
        await request.give_up()
        if (review := request.gathered.deferred) is not None:
            await self._begin(review, began)
            self._attached.left(review, asker.actor)

    async def _begin(self, review: ReviewId, began: datetime) -> None:
        """What is held is waited for from now on; there is no await behind."""
        found = await self._waiting.desk.review(review)
        self._attached.begin(review, opened_here=found.opened_at >= began)

    async def awaited(
        self, id_: ReviewId, asker: Asker, seconds: float, most_rows: int, progress: Progress | None
    ) -> Object:
        """How one of the asker's own reviews stands after at most `seconds`; what its run gave, once it has run."""
        loop = asyncio.get_running_loop()
        until, waiting = loop.time() + seconds, self._waiting
        review = await waiting.desk.review(id_)
        if review.state is ReviewState.PENDING:
            review = await waiting.settled(review, asker, seconds, progress)
        if waiting.registry.current(asker.actor) is None:
            return shown.refused(*_GONE)
        if waiting.is_under_way(review):
            review = await waiting.ran(review, max(0.0, until - loop.time()), progress)
        return await self._stands(review, asker, most_rows)

    async def _stands(self, review: Review, asker: Asker, most_rows: int) -> Object:
        if review.state is ReviewState.PENDING:
            return shown.pending(review, self._waiting.public_url)
        if self._waiting.is_under_way(review):
            return shown.running(review, self._waiting.public_url)
        if review.state is ReviewState.APPROVED and not review.deferred:
            return shown.approved(review)
        return await self._fetched(review, asker, most_rows)

    async def _fetched(self, review: Review, asker: Asker, most_rows: int) -> Object:
        """What the run gave, by the door's own answer to who asked; or why there is nothing."""
        gathered = Gathering(most_rows)
        text = f"SELECT * FROM interlock.fetch('{review.id}')"  # noqa: S608  an id of ours, as the store has it
        question = Question(review.connection, text)
        request = Request(self._dial, asker, question, gathered, self._longest)
        try:
            await request.answered()
        except asyncio.CancelledError:
            self._attached.keep(asyncio.ensure_future(request.give_up()))
            raise
        try:
            request.raise_refusal()
        except Refused as refused:
            return shown.failed(refused.said)
        return shown.running(review, self._waiting.public_url) if shown.is_not_yet(gathered) else shown.ran(gathered)
