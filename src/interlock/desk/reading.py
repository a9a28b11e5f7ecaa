"""Looking at reviews: one, many, those that a person may see; their cards, and how they move."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from interlock.desk.looking import Looking, Waiting
from interlock.desk.openings import Openings, cast_of
from interlock.desk.seals import Sealed, Seals
from interlock.desk.standing import Standing, as_pending
from interlock.desk.talk import Talk
from interlock.errors import NotFound
from interlock.model.card import Card
from interlock.model.comment import Comment, CommentKind
from interlock.model.names import ActorId, PersonId, ReviewId
from interlock.model.review import Review, ReviewState, Vote
from interlock.model.secret import Secret
from interlock.ports import Bell, Clock, Records

POLL_SECONDS = 5.0  # the bell is a hint; a lost one costs this much, not the review
MOST_EARLIER = 50

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Reading:
    """Rows with what their entries say; open reviews from the entries alone, without a look at the store.

    A row that no signed entry stands behind isn't there for anybody.
    """

    records: Records
    openings: Openings
    standing: Standing
    seals: Seals
    talk: Talk
    bell: Bell
    clock: Clock

    async def review(self, review: ReviewId) -> Review:
        """One review; raises `NotFound`."""
        found = await self.records.review(review)
        if found is None:
            raise NotFound("no review of that id")
        return await self.openings.true(found, self.standing, self.records)

    async def reviews(
        self, states: frozenset[ReviewState] | None, limit: int, before: tuple[datetime, ReviewId] | None = None
    ) -> Sequence[Review]:
        """Reviews in these states (None: all), newest first; with `before` those that come after it in this order."""
        return await self._true(await self.records.reviews(states, limit, before))

    async def reviews_of(
        self,
        actor: ActorId,
        states: frozenset[ReviewState] | None,
        limit: int,
        before: tuple[datetime, ReviewId] | None = None,
    ) -> Sequence[Review]:
        """The reviews of one actor, likewise."""
        return await self._true(await self.records.reviews_of(actor, states, limit, before))

    async def history(self, review: ReviewId, person: PersonId) -> Sequence[Review]:
        """Earlier reviews of the same form by the same actor that this person may see, newest first."""
        found = await self._true(await self.records.earlier(review, MOST_EARLIER))
        return [each for each in found if self.standing.may_see(each, person)]

    def pending_for(self, person: PersonId) -> Sequence[Review]:
        """The pending reviews that this person may see, what expires first in front."""
        return Looking(self.standing).pending_for(person)

    def waiting_for(self, person: PersonId) -> Sequence[Waiting]:
        """The same, each with why this person can't say yes to it now."""
        return Looking(self.standing).waiting_for(person)

    def running_approvals(self, person: PersonId) -> Sequence[Review]:
        """The approvals with a run left that this person may see, what runs out first in front."""
        now, standing, sight = self.clock.now(), self.standing, self.standing.sight(person)
        found = []
        for opened, approved_at in standing.authority.approvals():
            if not sight.covers(standing.glance(opened).sight, opened.excluded):
                continue
            until = approved_at + standing.valid(opened)
            uses = 1 if standing.authority.broken(opened.review) else opened.uses
            left = uses - standing.authority.runs(opened.review)
            if until > now and left > 0:
                found.append((until, opened, left))
        found.sort(key=lambda each: (each[0], each[1].review))
        state = ReviewState.APPROVED
        return [replace(as_pending(o), state=state, approved_until=until, uses_left=n) for until, o, n in found]

    async def votes(self, review: ReviewId) -> Sequence[Vote]:
        """The votes on a review with their reasons, for showing: those that a signed entry stands behind."""
        counted = {vote.entry: cast_of(vote) for vote in self.standing.authority.votes(review)}
        votes = []
        for vote in await self.records.votes(review):
            cast = counted.get(vote.entry) or await self.openings.cast(review, vote.entry, self.records)
            if cast is None or cast != cast_of(vote):
                log.critical("integrity.alarm", because="a row of il_vote has no vote of its kind behind it")
                continue
            votes.append(replace(vote, reason=self.seals.open_reason(vote.entry, vote.sealed_reason)))
        return votes

    async def card(self, review_id: ReviewId) -> Card:
        """The card as it is; raises `LedgerCorrupt` unless it is the very one the signed entry names."""
        payload, stored = await self._stored(review_id)
        opened = self.standing.authority.opened(review_id)
        if opened is not None:
            action, card = opened.digest, opened.card
        else:
            review = await self.review(review_id)
            action, card = review.digest, review.card_digest
        nonce = self.seals.open_payload(review_id, payload).nonce
        return Card(review_id, self.seals.open_card(review_id, stored, nonce, card), action, card)

    async def unseal(self, review: ReviewId) -> Sealed:
        """The sealed payload of a review."""
        return self.seals.open_payload(review, (await self._stored(review))[0])

    async def leaf(self, review: ReviewId, statement: int, leaf: int) -> Secret[str]:
        """What a leaf stands for; raises `NotFound` where there is none, or nothing was kept."""
        values = (await self.unseal(review)).values
        if not 0 <= statement < len(values) or not 0 <= leaf < len(values[statement]):
            raise NotFound("no value of that place is kept")
        return values[statement][leaf]

    async def wait(self, review: ReviewId, seconds: float) -> Review:
        """The review once it is no longer pending, or as it stands after `seconds`."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while True:
            found = await self.review(review)
            left = until - loop.time()
            if found.state is not ReviewState.PENDING or left <= 0:
                return found
            await self.bell.wait(review, min(left, POLL_SECONDS))

    async def news(self, review: ReviewId, known: str, asked: int, seconds: float) -> tuple[Review, Sequence[Comment]]:
        """As `wait`, and also back when its digest isn't `known` or more than `asked` questions were asked: with those
        beyond."""
        loop = asyncio.get_running_loop()
        until, rung = loop.time() + seconds, True
        while True:
            found = await self.review(review)
            waits = rung and found.state is ReviewState.PENDING  # what is settled is told at once
            questions = await self._questions(review) if waits else []
            left, began = until - loop.time(), loop.time()
            if found.state is not ReviewState.PENDING or found.digest != known or len(questions) > asked or left <= 0:
                return found, questions[asked:]
            pause = min(left, POLL_SECONDS)
            await self.bell.wait(review, pause)
            rung = loop.time() - began < pause  # thousands may wait: only a ring is worth a second question

    def is_narrowed(self, review: Review) -> bool:
        """Whether something was taken away from it."""
        opened = self.standing.authority.opened(review.id)
        return opened is not None and opened.digest != opened.base

    async def _questions(self, review: ReviewId) -> list[Comment]:
        return [each for each in await self.talk.comments(review) if each.kind is CommentKind.QUESTION]

    async def _true(self, rows: Sequence[Review]) -> list[Review]:
        return await self.openings.all_true(rows, self.standing, self.records)

    async def _stored(self, review: ReviewId) -> tuple[bytes, bytes]:
        stored = await self.records.sealed(review)
        if stored is None:
            raise NotFound("no review of that id")
        return stored
