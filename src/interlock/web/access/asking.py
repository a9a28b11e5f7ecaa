"""What AuthZEN's calls do: evaluations are decided by the gate, requests open reviews, approvals are redeemed."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from weakref import WeakValueDictionary

from interlock.actions.from_access import Evaluation, Tools, as_sealed, from_access, is_about
from interlock.desk import Desk
from interlock.errors import Conflict, MalformedInput, NotFound
from interlock.gate import Answer, Asking, Cleared, Denied, Gate, Held
from interlock.model.action import Action
from interlock.model.actor import Actor
from interlock.model.channel_settings import AccessConnections
from interlock.model.connection import Connection
from interlock.model.decision import Reason
from interlock.model.names import ActionId, ReviewId
from interlock.model.payload import Payload
from interlock.model.release import Outcome
from interlock.model.review import Review, ReviewState
from interlock.ports import Clock, Entropy
from interlock.web.access.binding import BindingTokens, Denial, is_bound
from interlock.web.access.problems import EXPIRED, INVALID, NO_OUTCOME, NOT_REQUESTABLE, TOO_LATE, refused
from interlock.web.problems import Refused

MAX_SEEN: Final = 20_000  # tokens that were handed in and haven't run out

_REVIEW = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_SOMEBODY_ELSE = Reason(
    "subject_not_you", "The subject must be who asks, or somebody on whose verified behalf they do."
)
_UNVERIFIABLE = Reason("approval_unverifiable", "There is no such approval of this request.")
_PENDING = Reason("approval_pending", "People haven't settled it yet; ask again when the task is settled.")


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer of the gate's, with the action that it is about and when; a token where a review can be asked for, or
    with a yes for saying how it ended."""

    action: Action
    answer: Answer
    at: datetime
    token: str = ""
    token_until: datetime | None = None
    presented: bool = False  # whether an approval came along
    approval: Review | None = None  # the one that was used


@dataclass(slots=True)
class _Seen:
    """Which review each token opened, until it runs out: a second request with it is the same request.

    This is this process's memory, of the newest `MAX_SEEN` tokens. After a restart, or at another node, a token that
    hasn't run out can open another review once the first is settled; people must sign that one all the same.
    """

    by_token: OrderedDict[str, tuple[datetime, ReviewId]] = field(default_factory=OrderedDict)
    _turns: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    def turn(self, token_id: str) -> asyncio.Lock:
        """For requests with one token to come one after the other; gone once nobody has it."""
        return self._turns.setdefault(token_id, asyncio.Lock())

    def review(self, token_id: str, now: datetime) -> ReviewId | None:
        while self.by_token and (next(iter(self.by_token.values()))[0] <= now or len(self.by_token) > MAX_SEEN):
            self.by_token.popitem(last=False)
        found = self.by_token.get(token_id)
        return None if found is None else found[1]


@dataclass(slots=True)
class _Ended:
    """What callers said of the newest `MAX_SEEN` ends, so that saying it again is no second entry. As `_Seen`, this is
    this process's memory: after a restart the same end can be on record twice, as a claim of the same caller's."""

    by_action: OrderedDict[ActionId, Outcome] = field(default_factory=OrderedDict)

    def is_new(self, action: ActionId, outcome: Outcome) -> bool:
        """Raises `Conflict` where another end was said."""
        before = self.by_action.get(action)
        if before not in (None, outcome):
            raise Conflict("another outcome of this was reported before")
        return before is None

    def keep(self, action: ActionId, outcome: Outcome) -> None:
        self.by_action[action] = outcome
        while len(self.by_action) > MAX_SEEN:
            self.by_action.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Access:
    """The AuthZEN part of the control port, on the real gate and desk. `tools` are the pinned ones in force."""

    gate: Gate
    desk: Desk
    connections: AccessConnections
    tools: Tools
    tokens: BindingTokens
    clock: Clock
    entropy: Entropy
    _seen: _Seen = field(default_factory=_Seen, repr=False)
    _ended: _Ended = field(default_factory=_Ended, repr=False)

    async def evaluate(self, actor: Actor, asked: Evaluation) -> Judged:
        """Decides one evaluation, and records it; raises `NotFound` for a resource type that no connection has."""
        action, now = self._action(actor, asked), self.clock.now()
        if not is_about(asked.subject, actor):
            return Judged(action, await self.gate.refuse(action, _SOMEBODY_ELSE), now)
        if asked.approval:
            return await self._redeemed(action, asked, now)
        return self._judged(action, asked, await self.gate.ask(action, Asking.NOW), now)

    async def request(self, actor: Actor, asked: Evaluation, token: str, expires_at: str) -> Review:
        """Opens the review of a denied evaluation, or joins it. Raises `Refused` with the profile's problem types."""
        now, denial = self.clock.now(), self._denial(actor, token)
        if denial.expires_at <= now:
            raise refused(EXPIRED, "The denial has run out. Evaluate again, and ask with the new one.")
        if (
            not is_bound(asked, denial)
            or not is_about(asked.subject, actor)
            or not _same(denial.expires_at, expires_at)
        ):
            raise refused(INVALID, "This isn't the request that was denied: something of it was changed.")
        async with self._seen.turn(denial.token_id):
            if (before := self._seen.review(denial.token_id, now)) is not None:
                return await self._again(before, actor)
            return await self._opened(actor, asked, denial)

    async def task(self, actor: Actor, task: str, seconds: float = 0.0) -> Review:
        """The review behind a task once it is settled, or as it stands after `seconds`; `NotFound` for any other's."""
        review = await self._own(ReviewId(task), actor)
        return await self.desk.wait(review.id, seconds) if seconds else review

    async def cancel(self, actor: Actor, task: str) -> Review:
        """Takes a request back; raises `NotFound`, `Conflict` once it is settled."""
        review = await self._own(ReviewId(task), actor)
        return await self.desk.withdraw(review.id, actor)

    async def ended(self, actor: Actor, token: str, outcome: Outcome) -> ActionId:
        """Records how a caller says that it ended; which action. Raises `Refused`, and `Conflict` for a second word."""
        try:
            told = self.tokens.verify_outcome(token, actor)
        except MalformedInput as wrong:
            raise Refused(400, NO_OUTCOME, wrong.sentence) from None
        if told.expires_at <= self.clock.now():
            raise Refused(410, TOO_LATE, "It was too long ago to say how it ended.")
        if self._ended.is_new(told.evaluation, outcome):
            self._ended.keep(told.evaluation, outcome)
            try:
                await self.gate.claimed(actor, told.evaluation, told.review, outcome)
            except BaseException:
                self._ended.by_action.pop(told.evaluation, None)
                raise
        return told.evaluation

    # -- evaluating ---------------------------------------------------------------------------------------------------

    def _action(self, actor: Actor, asked: Evaluation) -> Action:
        id_, connection = ActionId(self.entropy.uuid7()), self._connection(asked.resource_type)
        return from_access(id=id_, actor=actor, connection=connection, tools=self.tools, asked=asked)

    def _connection(self, resource_type: str) -> Connection:
        for each in self.connections.values():
            if resource_type in each.resource_types:
                return each.connection
        raise NotFound("No [access.NAME] of the settings has this resource type.", code="no_such_resource_type")

    def _judged(self, action: Action, asked: Evaluation, answer: Answer, now: datetime) -> Judged:
        if isinstance(answer, Cleared):
            review = answer.release.review
            return Judged(action, answer, now, self.tokens.sign_outcome(action.id, action.actor, review, now))
        if not isinstance(answer, Denied) or all(reason.code != "needs_request" for reason in answer.reasons):
            return Judged(action, answer, now)
        token_id = self.entropy.uuid7()
        token = self.tokens.sign(asked, action.id, action.actor, token_id, now)
        return Judged(action, answer, now, token, self.tokens.verify(token, action.actor).expires_at)

    async def _redeemed(self, action: Action, asked: Evaluation, now: datetime) -> Judged:
        """An evaluation that brings an approval: of this request, of this asker's, approved and not used."""
        review, because = await self._presented(action, ReviewId(asked.approval))
        if review is None or because is not None:
            answer: Answer = await self.gate.refuse(action, because or _UNVERIFIABLE, review.id if review else None)
            return Judged(action, answer, now, presented=True)

        async def again(payload: Payload) -> Action:
            return as_sealed(payload, action, self.tools)

        try:
            answer = await self.gate.redeem(review.id, action, again)
        except MalformedInput:  # what was sealed then isn't an evaluation
            answer = await self.gate.refuse(action, _UNVERIFIABLE, review.id)
            return Judged(action, answer, now, presented=True)
        return replace(self._judged(action, asked, answer, now), presented=True, approval=review)

    async def _presented(self, action: Action, id_: ReviewId) -> tuple[Review | None, Reason | None]:
        """The approval, and why it is none; no review where nobody may know that there is one."""
        if not _REVIEW.fullmatch(id_):
            return None, None
        try:
            review = await self._own(id_, action.actor)
        except NotFound:
            return None, None
        if review.connection != action.connection.name:
            return None, None
        if review.state is ReviewState.PENDING:
            return review, _PENDING
        if review.state is not ReviewState.APPROVED:
            state = review.state.value
            return review, Reason(f"review_{state}", f"The review is {state} by now; evaluate again without it.")
        return review, None

    # -- requesting ---------------------------------------------------------------------------------------------------

    def _denial(self, actor: Actor, token: str) -> Denial:
        try:
            return self.tokens.verify(token, actor)
        except MalformedInput as wrong:
            raise refused(INVALID, wrong.sentence) from None

    async def _opened(self, actor: Actor, asked: Evaluation, denial: Denial) -> Review:
        answer = await self.gate.ask(self._action(actor, asked), Asking.REVIEW)
        if isinstance(answer, Held):
            self._seen.by_token[denial.token_id] = denial.expires_at, answer.review.id
            return answer.review
        sentences = answer.reasons if isinstance(answer, Denied) else ()
        raise refused(NOT_REQUESTABLE, " ".join(reason.sentence for reason in sentences))

    async def _again(self, before: ReviewId, actor: Actor) -> Review:
        """The review that the token opened, while it is open: a token that we remember opens no other."""
        review = await self.desk.review(before)
        if not self.desk.asked_by(review, actor) or review.state not in (ReviewState.PENDING, ReviewState.APPROVED):
            raise refused(INVALID, "The denial was handed in before. Evaluate again, and ask with the new one.")
        return review

    async def _own(self, id_: ReviewId, actor: Actor) -> Review:
        review = await self.desk.review(id_)
        if review.connection not in self.connections or not self.desk.asked_by(review, actor):
            raise NotFound("no review of that id")
        return review


def _same(until: datetime, told: str) -> bool:
    try:
        return datetime.fromisoformat(told) == until
    except (ValueError, TypeError):
        return False
