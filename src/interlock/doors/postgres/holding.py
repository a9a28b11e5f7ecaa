"""Holding a client while people look: the notice, the wait, and what ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass

from interlock.doors.postgres.timeouts import Timeout
from interlock.doors.relay import Link
from interlock.gate import Answer, Denied, Gate, Held
from interlock.model.action import Action
from interlock.model.decision import Reason
from interlock.model.narrowing import Narrowing
from interlock.model.review import Review, ReviewState
from interlock.ports import Clock, Rebuild
from interlock.wire.postgres import denial

STATEMENT_TIMEOUT = "statement_timeout"
IN_TRANSACTION_SECONDS = 5.0  # design, section 7: locks are held meanwhile


_IN_TRANSACTION = Reason(
    "held_in_transaction",
    "Held for sign-off, which can't be waited for inside a transaction: roll back and run it again once the review is"
    " approved.",
)
_TIMED_OUT = Reason(
    "statement_timeout", "Held for longer than statement_timeout; the review stays open, and asking again joins it."
)


@dataclass(frozen=True, slots=True)
class _Deadline:
    """When a wait ends by the loop's clock, and what is said then."""

    at: float
    reason: Reason


_LEFT = Reason("client_left", "The client left while its request was held.")
_CANCELLED = Reason("cancelled", "Cancelled while held; the review stays open, and asking again joins it.")


@dataclass(slots=True)
class Holding:
    """One client's waits. `cancel` and `leave` end one from outside; `ended_by` says how."""

    gate: Gate
    clock: Clock
    down: Link
    public_url: str
    timeout: Timeout  # the client's statement_timeout: the server can't know of a request that is held
    following: asyncio.Task[Review] | None = None
    ended_by: Reason | None = None

    @property
    def waiting(self) -> bool:
        """Whether people are waited for."""
        return self.following is not None

    def cancel(self) -> None:
        """A cancel request came."""
        self._end(_CANCELLED)

    def leave(self) -> None:
        """The client is gone."""
        self._end(_LEFT)

    def _end(self, reason: Reason) -> None:
        if self.following is not None and self.ended_by is not _LEFT:
            self.ended_by = reason
            self.following.cancel()

    async def until_answered(
        self,
        held: Held,
        action: Action,
        rebuild: Rebuild,
        approved: Callable[[], None],
        *,
        in_transaction: bool,
    ) -> Answer:
        """Waits for the review to settle and redeems it; a new review that this opens is waited for as well.

        `approved` is called each time that one turns out to be, before it is redeemed.
        """
        answer: Answer = held
        deadline = self._deadline(in_transaction=in_transaction)
        while isinstance(answer, Held):
            if answer.review.state is ReviewState.PENDING:
                self._tell(answer)
                refusal = await self._wait(answer, deadline, approved)
                if refusal is not None:
                    return Denied((refusal,), answer.review.id)
            answer = await self.gate.redeem(answer.review.id, action, rebuild)
        return answer

    def _deadline(self, *, in_transaction: bool) -> _Deadline | None:
        """What ends the wait before the review's own end: the transaction's bound, or the statement_timeout."""
        now, own = asyncio.get_running_loop().time(), self.timeout.seconds
        if in_transaction and (own is None or own > IN_TRANSACTION_SECONDS):
            return _Deadline(now + IN_TRANSACTION_SECONDS, _IN_TRANSACTION)
        return _Deadline(now + own, _TIMED_OUT) if own is not None else None

    def _tell(self, held: Held) -> None:
        because = told(held.reasons)
        self._notice(f"Held for sign-off: {because}" if because else "Held for sign-off.", held.review)

    async def _wait(self, held: Held, deadline: _Deadline | None, approved: Callable[[], None]) -> Reason | None:
        """None once the review is no longer pending; else why the wait ended without it."""
        loop = asyncio.get_running_loop()
        seconds = (held.review.expires_at - self.clock.now()).total_seconds() + 2.0
        if deadline is not None:
            seconds = min(seconds, max(0.0, deadline.at - loop.time()))
        if self.down.lost.is_set():
            return _LEFT
        state = await self._unless_ended(self._followed(held, seconds))
        if self.ended_by is not None:
            return self.ended_by
        if state is not None and state.state is ReviewState.PENDING:
            if deadline is not None and loop.time() >= deadline.at:
                return deadline.reason
            return Reason("review_expired", "Nobody signed in time.")
        if state is not None and state.state is ReviewState.APPROVED:
            approved()
        return None

    async def _unless_ended(self, following: Coroutine[None, None, Review]) -> Review | None:
        """What it comes to; None when the wait was ended meanwhile, as `ended_by` says.

        One task and no more: thousands of clients wait at once.
        """
        self.ended_by, self.following = None, asyncio.ensure_future(following)
        try:
            return await self.following
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self.ended_by is None or task is None or task.cancelling():
                raise
            return None
        finally:
            self.following = None

    async def _followed(self, held: Held, seconds: float) -> Review:
        """As `Desk.wait`, telling the client meanwhile what reviewers do with its request."""
        desk, loop = self.gate.desk, asyncio.get_running_loop()
        until, asked = loop.time() + seconds, 0
        known = "" if desk.is_narrowed(held.review) else held.review.digest
        while True:
            review, questions = await desk.news(held.review.id, known, asked, until - loop.time())
            if review.state is not ReviewState.PENDING:
                return review
            if review.digest != known:
                known = review.digest
                terms = (await desk.unseal(review)).terms
                self._notice(narrowed(terms), review)
            for question in questions:
                self._notice(f"A reviewer asks: {question.text}", review)
            asked += len(questions)
            if loop.time() >= until:
                return review

    def _notice(self, sentence: str, review: Review) -> None:
        link = f"{self.public_url}/reviews/{review.id}"
        self.down.write(denial.notice(sentence, f"Review {review.id}", link))


def narrowed(terms: Narrowing) -> str:
    """What was taken away, for who asked."""
    left = []
    if terms.row_cap is not None:
        left.append(f"at most {terms.row_cap} rows")
    if terms.reveals is not None:
        shown = ", ".join(sorted({each.column for each in terms.reveals}))
        left.append(f"unmasked are only {shown}" if shown else "nothing comes unmasked")
    if terms.valid is not None:
        left.append(f"an approval is good for {int(terms.valid.total_seconds())} s")
    return f"A reviewer narrowed the request: {'; '.join(left)}. Withdraw it if that is of no use."


def told(reasons: Sequence[Reason]) -> str:
    """The reasons' sentences, once each, as one text."""
    sentences = dict.fromkeys(r.sentence for r in reasons)
    return " ".join(s if s.endswith((".", "!", "?")) else f"{s}." for s in sentences)
