"""The desk: where held actions are opened, joined, voted on, expired and redeemed. It never decides."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from interlock.desk.seals import Sealed, Seals
from interlock.desk.standing import Standing
from interlock.errors import Conflict, NotEntitled, NotFound
from interlock.identity.exclusion import excluded_people
from interlock.ledger.authority import Authority
from interlock.ledger.requirements import fields as requirement_fields
from interlock.model.action import Action
from interlock.model.actor import Actor
from interlock.model.canonical import JsonValue
from interlock.model.card import Card
from interlock.model.change import AddVote, Change, EndRun, MoveReview, OpenReview, TakeUse, Unit
from interlock.model.decision import NeedsReview, Reason, Requirements
from interlock.model.digest import (
    NONCE_BYTES,
    action_digest,
    card_digest,
    lookup,
)
from interlock.model.entry import Draft, EntryType
from interlock.model.names import ActorId, EntryId, PersonId, ReviewId
from interlock.model.review import Ballot, Review, ReviewState, Verdict, Vote, Voter
from interlock.model.secret import Secret
from interlock.ports import Bell, Clock, Entropy, Ledger, Records, Sealer
from interlock.registry import Registry
from interlock.review import card as cards
from interlock.review.matching import meetable
from interlock.review.states import OPEN, Event, follow, sources

POLL_SECONDS = 5.0  # the bell is a hint; a lost one costs this much, not the review


@dataclass(frozen=True, slots=True)
class DeskRules:
    """What the settings say about reviews."""

    unsafe_token_votes: bool
    open_reviews_per_actor: int


@dataclass(frozen=True, slots=True)
class Using:
    """Taking an approval for one run: the guards, and what the release entry must say of it."""

    changes: tuple[Change, ...]
    noted: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Desk:
    """Held actions and their votes."""

    ledger: Ledger
    records: Records
    authority: Authority
    registry: Registry
    bell: Bell
    sealer: Sealer
    clock: Clock
    entropy: Entropy
    lookup_key: Secret[bytes]
    rules: DeskRules
    # Two votes that are counted at once would each miss the other, and neither would settle.
    _voting: asyncio.Lock = field(default_factory=asyncio.Lock)
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def seals(self) -> Seals:
        """What is kept sealed."""
        return Seals(self.sealer, self.entropy)

    @property
    def standing(self) -> Standing:
        """Who may sign, and what has been signed."""
        return Standing(self.authority, self.registry, self.clock, self.rules.unsafe_token_votes)

    # -- opening and joining ------------------------------------------------------------------------------------------

    async def open_or_join(self, action: Action, decision: NeedsReview, held: Draft) -> Review | Reason:
        """The open review of the same form by the same actor, or a new one; a `Reason` when none can be opened.

        `held` is the gate's action.held entry; it becomes durable with the review. Its `obj` and d.review are filled
        here, since only here is it known which review it is.
        """
        async with self._opening:  # the cap is a look before a write
            return await self._open_or_join(action, decision, held)

    async def _open_or_join(self, action: Action, decision: NeedsReview, held: Draft) -> Review | Reason:
        form = lookup(self.lookup_key, action.form)
        for _ in range(2):  # a second look when somebody else opened the same one between the look and the write
            existing = await self.records.open_review(action.actor.id, form)
            if existing is not None and self.standing.is_open_for(existing, action.actor.id):
                await self._join(existing, action)
                return self.standing.true(existing)
            refusal = await self._cannot_open(action.actor, decision.requirements)
            if refusal is not None:
                return refusal
            try:
                return await self._open(action, decision, form, held)
            except Conflict:
                await self.expire_due()  # or what stands in the way has expired and nobody has said so yet
        return Reason("busy", "The same request is being opened elsewhere; ask again.")

    async def _join(self, review: Review, action: Action) -> None:
        draft = self._draft(
            EntryType.REVIEW_JOINED, {"review": review.id}, review.id, actor=action.actor, act=action.id
        )
        await self.ledger.commit(Unit((draft,)))

    async def _cannot_open(self, actor: Actor, requirements: Requirements) -> Reason | None:
        if await self.records.count_open(actor.id) >= self.rules.open_reviews_per_actor:
            return Reason("too_many_reviews", "You have too many open reviews; wait for them or withdraw some.")
        groups = self.standing.groups()
        eligible = groups.keys() - excluded_people(actor)
        if not meetable(requirements, eligible, groups):
            return Reason(
                "unmeetable", "Nobody who may sign for this could: the eligible people don't meet the requirement."
            )
        return None

    async def _open(self, action: Action, decision: NeedsReview, form: bytes, held: Draft) -> Review:
        review_id = ReviewId(self.entropy.uuid7())
        nonce = Secret(self.entropy.token(NONCE_BYTES))
        now = self.clock.now()
        expires_at = now + decision.requirements.expires
        content = cards.content(action, decision, expires_at, votes_by_token=self.rules.unsafe_token_votes)
        opened = EntryId(self.entropy.uuid7())
        review = Review(
            id=review_id,
            action=action.id,
            actor=action.actor.id,
            connection=action.connection.name,
            state=ReviewState.PENDING,
            digest=action_digest(nonce, action.cover),
            card_digest=card_digest(nonce, content),
            requirements=decision.requirements,
            excluded=excluded_people(action.actor),
            opened_at=now,
            expires_at=expires_at,
            approved_until=None,
            opened_entry=opened,
            uses_left=decision.requirements.reuse.times if decision.requirements.reuse else 1,
        )
        sealed = Sealed(action.payload, nonce, decision.obligations)
        change = OpenReview(review, form, self.seals.payload(review_id, sealed), self.seals.card(review_id, content))
        entry = Draft(
            id=opened,
            type=EntryType.REVIEW_OPENED,
            d=_opened_fields(review),
            actor=action.actor,
            act=action.id,
            obj=review_id,
        )
        await self.ledger.commit(Unit((_about_review(held, review_id), entry), (change,)))
        return review

    # -- looking ------------------------------------------------------------------------------------------------------

    async def review(self, review: ReviewId) -> Review:
        """One review; raises `NotFound`."""
        found = await self.records.review(review)
        if found is None:
            raise NotFound("no review of that id")
        return self.standing.true(found)

    async def reviews(self, states: frozenset[ReviewState] | None, limit: int) -> Sequence[Review]:
        """Reviews in these states (None: all), newest first."""
        return [self.standing.true(row) for row in await self.records.reviews(states, limit)]

    async def votes(self, review: ReviewId) -> Sequence[Vote]:
        """The votes on a review with their reasons, for showing."""
        return [
            replace(vote, reason=self.seals.open_reason(vote.entry, vote.sealed_reason))
            for vote in await self.records.votes(review)
        ]

    async def card(self, review_id: ReviewId) -> Card:
        """The card as it was opened; raises `LedgerCorrupt` unless it is the very one the signed entry names."""
        review = await self.review(review_id)
        payload, stored = await self._stored(review_id)
        opened = self.authority.opened(review_id)
        digest = opened.card if opened is not None else review.card_digest
        nonce = self.seals.open_payload(review_id, payload).nonce
        return Card(
            review_id, self.seals.open_card(review_id, stored, nonce, digest), review.digest, review.card_digest
        )

    async def unseal(self, review: Review) -> Sealed:
        """The sealed payload of a review."""
        return self.seals.open_payload(review.id, (await self._stored(review.id))[0])

    async def _stored(self, review: ReviewId) -> tuple[bytes, bytes]:
        stored = await self.records.sealed(review)
        if stored is None:
            raise NotFound("no review of that id")
        return stored

    def moves(self) -> AsyncIterator[ReviewId]:
        """Reviews as they move."""
        return self.bell.listen()

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

    # -- voting -------------------------------------------------------------------------------------------------------

    def why_not(self, review: Review, person: PersonId, verdict: Verdict = Verdict.APPROVE) -> str | None:
        """None when this person may vote so now; otherwise why not, for that person to read."""
        voted = self.standing.voted(review, person)
        refusal = self.standing.why_not(review, person, verdict)
        return refusal or ("you have voted" if voted in (verdict, Verdict.DENY) else None)

    async def vote(self, review_id: ReviewId, voter: Voter, ballot: Ballot) -> Review:
        """Counts a vote, and settles the review when that meets the requirement.

        Raises `NotFound`; `NotEntitled` when the person may not sign; `Conflict` when the digests aren't those of the
        card as it is, or the review has moved on. Refused attempts are recorded.
        """
        async with self._voting:
            review = await self.review(review_id)
            await self._check_vote(review, voter, ballot)
            await self._cast(review, voter, ballot)
        return await self.review(review_id)

    async def _check_vote(self, review: Review, voter: Voter, ballot: Ballot) -> None:
        opened = self.authority.opened(review.id)
        standing = self.standing
        refusal = self.why_not(review, voter.person, ballot.verdict) or standing.too_weak(review, voter)
        if refusal is not None or opened is None:
            await self.refuse_vote(review.id, voter.person, refusal or "no signed entry")
            raise (Conflict if review.state not in OPEN else NotEntitled)(f"this vote doesn't count: {refusal}")
        shown = hmac.compare_digest(ballot.action_digest, opened.digest) and hmac.compare_digest(
            ballot.card_digest, opened.card
        )
        if not shown:
            await self.refuse_vote(review.id, voter.person, "digests of another card")
            raise Conflict("this vote is for another card than the one that is open; look at it again")

    async def _cast(self, review: Review, voter: Voter, ballot: Ballot) -> None:
        settles, changes = self.standing.settling(review, voter.person, ballot.verdict)
        entry = EntryId(self.entropy.uuid7())
        sealed, committed = self.seals.reason(entry, ballot.reason)
        vote = Vote(
            review=review.id,
            person=voter.person,
            verdict=ballot.verdict,
            action_digest=ballot.action_digest,
            card_digest=ballot.card_digest,
            presence=voter.presence,
            key=voter.key,
            entry=entry,
            at=self.clock.now(),
            sealed_reason=sealed,
        )
        d: Mapping[str, JsonValue] = {
            "digest": vote.action_digest,
            "card": vote.card_digest,
            "verdict": vote.verdict.value,
            "person": vote.person,
            "presence": vote.presence.value,
            "key": vote.key,
            "settles": settles,
        }
        draft = Draft(id=entry, type=EntryType.VOTE_CAST, d=d, act=review.action, obj=review.id, c=committed)
        await self.ledger.commit(Unit((draft,), (AddVote(vote), *changes)))

    async def refuse_vote(self, review: ReviewId, who: str, because: str) -> None:
        """Records an attempt to vote that doesn't count."""
        draft = self._draft(EntryType.VOTE_REFUSED, {"person": who, "because": because}, review)
        await self.ledger.commit(Unit((draft,)))

    # -- redeeming and settling ---------------------------------------------------------------------------------------

    def use_up(self, review: Review) -> Using:
        """The guard of a release: takes the next run of an approval, once, on whatever node, while it is valid.

        Which run is next is for the entries to say; the row must agree, and the ledger refuses it a second time.
        """
        opened, use = self.authority.opened(review.id), self.authority.runs(review.id) + 1
        uses = opened.uses if opened is not None else 1
        to = follow(ReviewState.APPROVED, Event.USED if use < uses else Event.RELEASED)
        return Using((TakeUse(review.id, uses - use + 1, to),), {"use": use} if uses > 1 else {})

    def ended(self, review: ReviewId, event: Event) -> tuple[Change, ...]:
        """The end of a run. What was released for its last run ends as the run that ends last does."""
        return (EndRun(review, follow(ReviewState.RELEASED, event)),)

    async def supersede(self, review: Review, because: str) -> None:
        """Ends a review that can't be released as it was signed."""
        await self._settle(review, Event.SUPERSEDED, EntryType.REVIEW_SUPERSEDED, because)

    async def overrule(self, review: Review, because: str) -> None:
        """Ends an approval that policy denies by now."""
        to = follow(review.state, Event.DENIED)
        draft = self._draft(EntryType.REVIEW_SUPERSEDED, {"because": because}, review.id)
        await self.ledger.commit(Unit((draft,), (MoveReview(review.id, sources(Event.DENIED), to),)))

    async def withdraw(self, review_id: ReviewId, actor: ActorId) -> Review:
        """The asker takes it back; raises `NotEntitled` for anybody else, `Conflict` once it is settled."""
        review = await self.review(review_id)
        if review.actor != actor:
            raise NotEntitled("only who asked can withdraw it")
        await self._settle(review, Event.WITHDRAWN, EntryType.REVIEW_WITHDRAWN, "withdrawn by the asker")
        return await self.review(review_id)

    async def expire_due(self) -> int:
        """Expires what is due by the store's clock; how many."""
        count = 0
        for row in await self.records.due(self.clock.now()):
            review = self.standing.true(row)
            if not self.standing.is_due(review):
                continue  # a row says so, and the entries don't
            after = "expires_at" if review.state is ReviewState.PENDING else "approved_until"
            try:
                await self._settle(review, Event.EXPIRED, EntryType.REVIEW_EXPIRED, f"{after} has passed", after)
                count += 1
            except Conflict:
                continue  # it moved between the look and the write: not ours to expire any more
        return count

    async def _settle(
        self, review: Review, event: Event, type_: EntryType, because: str, after: str | None = None
    ) -> None:
        to = follow(review.state, event)
        draft = self._draft(type_, {"because": because}, review.id, act=review.action)
        await self.ledger.commit(Unit((draft,), (MoveReview(review.id, frozenset({review.state}), to, after=after),)))

    def _draft(
        self, type_: EntryType, d: Mapping[str, JsonValue], obj: str, *, actor: Actor | None = None, act: str = ""
    ) -> Draft:
        return Draft(id=EntryId(self.entropy.uuid7()), type=type_, d=d, actor=actor, act=act, obj=obj)


def _opened_fields(review: Review) -> Mapping[str, JsonValue]:
    return {
        "digest": review.digest,
        "card": review.card_digest,
        "actor": review.actor,
        "connection": review.connection,
        **requirement_fields(review.requirements),
        "excluded": sorted(review.excluded),
        "expires_at": cards.timestamp(review.expires_at),
        "valid": int(review.requirements.valid.total_seconds()),
    }


def _about_review(held: Draft, review: ReviewId) -> Draft:
    return Draft(
        id=held.id,
        type=held.type,
        d={**held.d, "review": review},
        actor=held.actor,
        act=held.act,
        obj=review,
        pol=held.pol,
        enforced=held.enforced,
    )
