"""The desk: where held actions are opened, joined, voted on, narrowed, expired and redeemed. It never decides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from interlock.desk.deferrals import Deferrals
from interlock.desk.glass import Glass
from interlock.desk.looking import Waiting
from interlock.desk.opening import Opening
from interlock.desk.openings import Openings
from interlock.desk.passkeys import NoPasskeys, Passkeys
from interlock.desk.presence import Attendance
from interlock.desk.reading import Reading
from interlock.desk.refusals import Refusals
from interlock.desk.repeats import Claim, Repeats
from interlock.desk.rules import DeskRules
from interlock.desk.seals import Sealed, Seals
from interlock.desk.seen import Looks
from interlock.desk.settling import Settling, Using
from interlock.desk.standing import Glance, Standing
from interlock.desk.talk import LONGEST, Talk
from interlock.desk.voting import Refusal, Voting
from interlock.desk.words import AsTyped, Typed, Words, with_words
from interlock.errors import NotEntitled
from interlock.ledger.authorised import Broken
from interlock.ledger.authority import Authority
from interlock.model.action import Action
from interlock.model.actor import Actor
from interlock.model.canonical import JsonValue
from interlock.model.card import Card
from interlock.model.change import Change, EndRun
from interlock.model.comment import Comment, CommentKind
from interlock.model.decision import NeedsReview, Reason
from interlock.model.entry import Draft, EntryType
from interlock.model.names import ActorId, Digest, GroupName, PersonId, ReviewId
from interlock.model.narrowing import Narrowing
from interlock.model.review import Ballot, Review, ReviewState, Verdict, Vote, Voter
from interlock.model.secret import Secret
from interlock.ports import Bell, Clock, Entropy, Ledger, Rows, Sealer
from interlock.registry import Registry
from interlock.review.states import Event, follow


@dataclass(frozen=True, slots=True)
class Desk:
    """Held actions and what people do with them. One page: each part of it is a file beside this one."""

    ledger: Ledger
    records: Rows
    authority: Authority
    registry: Registry
    bell: Bell
    sealer: Sealer
    clock: Clock
    entropy: Entropy
    lookup_key: Secret[bytes]
    rules: DeskRules
    passkeys: Passkeys = field(default_factory=NoPasskeys)
    openings: Openings = field(default_factory=Openings)
    words: Words = field(default_factory=AsTyped)
    # Two votes that are counted at once would each miss the other, and neither would settle.
    _voting: asyncio.Lock = field(default_factory=asyncio.Lock)
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    _refusals: Refusals = field(default_factory=Refusals, repr=False)
    _glances: dict[ReviewId, Glance] = field(default_factory=dict, repr=False)
    _looks: set[tuple[ReviewId, PersonId]] = field(default_factory=set, repr=False)  # being recorded

    # -- its parts ----------------------------------------------------------------------------------------------------

    @property
    def seals(self) -> Seals:
        """What is kept sealed."""
        return Seals(self.sealer, self.entropy)

    @property
    def standing(self) -> Standing:
        """Who may sign, and what has been signed."""
        return Standing(self.authority, self.registry, self.clock, self.rules, self._glances)

    @property
    def attendance(self) -> Attendance:
        """How present somebody has to be."""
        return Attendance(self.standing, self.passkeys)

    @property
    def deferrals(self) -> Deferrals:
        """Deferred runs: whom they are for, and what they gave."""
        return Deferrals(self.ledger, self.records, self.sealer, self.clock)

    @property
    def repeats(self) -> Repeats:
        """What idempotency keys were used for."""
        return Repeats(self.ledger, self.records, self.authority, self.sealer, self.clock, self.lookup_key)

    @property
    def _reading(self) -> Reading:
        return Reading(self.records, self.openings, self.standing, self.seals, self._talk, self.bell, self.clock)

    @property
    def _talk(self) -> Talk:
        return Talk(self.ledger, self.records, self.standing, self.seals, self.clock, self.entropy)

    @property
    def _votes(self) -> Voting:
        return Voting(
            self.ledger,
            self.records,
            self.standing,
            self.attendance,
            self.seals,
            self.clock,
            self.entropy,
            self._refusals,
        )

    @property
    def _glass(self) -> Glass:
        return Glass(self._votes, self._talk)

    @property
    def _settling(self) -> Settling:
        return Settling(self.ledger, self.records, self.standing, self.clock, self.entropy)

    # -- opening and joining ------------------------------------------------------------------------------------------

    async def open_or_join(
        self, action: Action, decision: NeedsReview, held: Draft, claim: Claim | None = None
    ) -> Review | Reason:
        """The open review of the same form by the same actor, or a new one; a `Reason` when none can be opened.

        `held` is the gate's action.held entry; it becomes durable with the review. Its `obj` and d.review are filled
        here, since only here is it known which review it is. `claim` is the action's idempotency key as it was found:
        raises `Conflict` when it was used elsewhere meanwhile.
        """
        opening = Opening(
            self.ledger,
            self.records,
            self.standing,
            self.seals,
            self.clock,
            self.entropy,
            self.lookup_key,
            self.deferrals,
            self.repeats,
            self.expire_due,
        )
        said = await with_words(self.words, action)
        async with self._opening:
            return await opening.open_or_join(said, decision, held, claim)

    # -- looking ------------------------------------------------------------------------------------------------------

    async def review(self, review: ReviewId) -> Review:
        """One review; raises `NotFound`."""
        return await self._reading.review(review)

    async def reviews(
        self, states: frozenset[ReviewState] | None, limit: int, before: tuple[datetime, ReviewId] | None = None
    ) -> Sequence[Review]:
        """Reviews in these states (None: all), newest first; with `before` those that come after it in this order."""
        return await self._reading.reviews(states, limit, before)

    async def reviews_of(
        self,
        actor: ActorId,
        states: frozenset[ReviewState] | None,
        limit: int,
        before: tuple[datetime, ReviewId] | None = None,
    ) -> Sequence[Review]:
        """The reviews of one actor, likewise: what it is waiting for."""
        return await self._reading.reviews_of(actor, states, limit, before)

    async def history(self, review: ReviewId, person: PersonId) -> Sequence[Review]:
        """Earlier reviews of the same form by the same actor that this person may see, newest first."""
        return await self._reading.history(review, person)

    def look_ahead(self) -> None:
        """At a start: works out what inboxes will ask of everything that is pending."""
        self.standing.look_ahead()

    def asked_by(self, review: Review, actor: Actor) -> bool:
        """Whether it was this actor who asked, on behalf of the same people."""
        return self.standing.asked_by(review, actor)

    def may_see(self, review: Review, person: PersonId) -> bool:
        """Whether the review is there for this person: they have a say in it, are part of the request, or audit."""
        return self.standing.may_see(review, person)

    def is_auditor(self, person: PersonId) -> bool:
        """Whether this person reads everything (`[audit] readers`)."""
        return not self.standing.groups().get(person, frozenset[GroupName]()).isdisjoint(self.rules.auditors)

    async def pending_for(self, person: PersonId) -> Sequence[Review]:
        """The pending reviews that this person may see, what expires first in front. Unseals nothing."""
        return self._reading.pending_for(person)

    async def waiting_for(self, person: PersonId) -> Sequence[Waiting]:
        """The same, each with what `why_not` says of it: one pass over them all, as an inbox of thousands needs."""
        return self._reading.waiting_for(person)

    async def running_approvals(self, person: PersonId) -> Sequence[Review]:
        """The approvals with a run left that this person may see, what runs out first in front. A no ends one."""
        return self._reading.running_approvals(person)

    async def votes(self, review: ReviewId) -> Sequence[Vote]:
        """The votes on a review with their reasons, for showing."""
        return await self._reading.votes(review)

    async def card(self, review_id: ReviewId) -> Card:
        """The card as it is; raises `LedgerCorrupt` unless it is the very one the signed entry names."""
        return await self._reading.card(review_id)

    async def unseal(self, review: Review) -> Sealed:
        """The sealed payload of a review."""
        return await self._reading.unseal(review.id)

    async def leaf(self, review: ReviewId, statement: int, leaf: int) -> Secret[str]:
        """What a leaf of the card stands for; raises `NotFound`. Who may see it is the gate's to decide."""
        return await self._reading.leaf(review, statement, leaf)

    async def seen(self, review: Review, person: PersonId, where: str) -> None:
        """Records that somebody is shown this card of a pending review, the first time that they are.

        `where`: "console", "api", "slack", "teams" or "callback". Never raises for what can't be recorded: it is shown
        all the same.
        """
        await Looks(self.ledger, self.authority, self.entropy, self._looks).note(review, person, where)

    def moves(self) -> AsyncIterator[ReviewId]:
        """Reviews as they move."""
        return self.bell.listen()

    async def wait(self, review: ReviewId, seconds: float) -> Review:
        """The review once it is no longer pending, or as it stands after `seconds`."""
        return await self._reading.wait(review, seconds)

    async def news(self, review: ReviewId, known: str, asked: int, seconds: float) -> tuple[Review, Sequence[Comment]]:
        """As `wait`, and also back when its digest isn't `known` any more, or when more than `asked` questions were
        asked of the requester: with those beyond."""
        return await self._reading.news(review, known, asked, seconds)

    def is_narrowed(self, review: Review) -> bool:
        """Whether a reviewer took something away from it."""
        return self._reading.is_narrowed(review)

    # -- voting -------------------------------------------------------------------------------------------------------

    def why_not(self, review: Review, person: PersonId, verdict: Verdict = Verdict.APPROVE) -> str | None:
        """None when this person may vote so now; otherwise why not, for that person to read."""
        return self.standing.why_not_vote(review, person, verdict)

    async def vote(self, review_id: ReviewId, voter: Voter, ballot: Ballot) -> Review:
        """Counts a vote, and settles the review when that meets the requirement.

        Raises `NotFound`; `NotEntitled` when the person may not sign, or isn't present enough; `AuthenticationFailed`
        when a passkey is needed and didn't answer; `Conflict` when the digests aren't those of the card as it is, or
        the review has moved on. Refused attempts are recorded, of one person at most `refusals.MOST` a minute one by
        one and the rest as a number.
        """
        said = await self.typed(ballot.reason, review_id)
        async with self._one_at_a_time(review_id, voter) as review:
            await self._votes.vote(review, voter, replace(ballot, reason=said.text))
        return await self.review(review_id)

    async def narrow(
        self, review_id: ReviewId, voter: Voter, terms: Narrowing, action_digest: Digest, card_digest: Digest
    ) -> Review:
        """Takes something away from a pending action, by somebody who may approve it now; earlier votes don't count
        any more. Raises what `vote` raises; `Conflict` also when the terms add something, or can't be enforced."""
        async with self._one_at_a_time(review_id, voter) as review:
            await self._votes.narrow(review, voter, terms, action_digest, card_digest)
        return await self.review(review_id)

    async def refuse_vote(self, review: ReviewId, who: str, because: str) -> None:
        """Records an attempt to vote that doesn't count, as `vote` does."""
        await self._votes.refuse(review, who, because)

    @asynccontextmanager
    async def _one_at_a_time(self, review_id: ReviewId, voter: Voter) -> AsyncIterator[Review]:
        """The review while nobody else does anything to it; what doesn't count is recorded when that is over."""
        try:
            async with self._voting:
                yield await self.review(review_id)
        except Refusal as refused:
            await self._votes.refuse(review_id, voter.person, refused.because)
            raise refused.error from None

    # -- words that are typed -----------------------------------------------------------------------------------------

    async def typed(self, text: str, review: ReviewId | None = None) -> Typed:
        """A text as it may be kept, about a review or about none; twice is as good as once. Raises `NotFound`."""
        if not text.strip():
            return Typed(text)
        about = (await self.review(review)).connection if review is not None else None
        return await self.words.typed(text, about)

    # -- talking ------------------------------------------------------------------------------------------------------

    async def comment(self, review: ReviewId, who: str | Actor, kind: CommentKind, text: str) -> Comment:
        """Says something: `who` is `person/NAME`, or for an answer the actor who asked.

        Raises `NotFound` for people who may not see the review, `NotEntitled` for others, `MalformedInput` for a text
        that is too long, `Conflict` when enough was said.
        """
        said = await self.typed(text, review) if len(text) <= LONGEST else Typed(text)  # which is refused
        return await self._talk.comment(await self.review(review), who, kind, said.text)

    async def comments(self, review: ReviewId) -> Sequence[Comment]:
        """What was said about a review, oldest first, with the words."""
        return await self._talk.comments(review)

    # -- breaking the glass -------------------------------------------------------------------------------------------

    def why_not_break(self, review: Review, person: PersonId) -> str | None:
        """None when this person may break the glass now; otherwise why not, for them to read."""
        return self._glass.why_not(review, person)

    async def break_glass(
        self, review_id: ReviewId, voter: Voter, reason: str, action_digest: Digest, card_digest: Digest
    ) -> Review:
        """Approves a pending action for one run without its signatures, loudly. Raises what `vote` raises."""
        said = await self.typed(reason, review_id)
        async with self._one_at_a_time(review_id, voter) as review:
            await self._glass.break_(review, voter, said.text, action_digest, card_digest)
        return await self.review(review_id)

    def broken(self, review: ReviewId) -> Broken | None:
        """How the glass of this review was broken, if it was."""
        return self.authority.broken(review)

    def breaks_due(self, person: PersonId) -> Sequence[Broken]:
        """Breaks that nobody has looked at afterwards yet and that this person may see, oldest first."""
        return self._glass.due(person)

    def why_not_review_afterwards(self, review: Review, person: PersonId) -> str | None:
        """None when this person may say whether the glass was rightly broken; otherwise why not."""
        return self._glass.why_not_afterwards(review, person)

    async def review_afterwards(self, review_id: ReviewId, voter: Voter, justified: bool) -> Review:
        """Somebody else looks at a broken glass, with their passkey if they have one (`identity.passkeys.AFTERWARDS`).

        Raises `NotEntitled`, `NotFound`, `AuthenticationFailed`, `Conflict` when it was looked at.
        """
        review = await self.review(review_id)
        await self._glass.review_afterwards(review, voter, justified)
        return review

    # -- redeeming and settling ---------------------------------------------------------------------------------------

    def is_signed_as(self, review: ReviewId, sealed: Sealed, cover: Mapping[str, JsonValue]) -> bool:
        """Whether this is the action that the review was opened with, and what is sealed is it as narrowed since."""
        opened = self.authority.opened(review)
        return opened is not None and sealed.is_signed_as(opened, cover)

    def use_up(self, review: Review) -> Using:
        """The guard of a release: takes the next run of an approval, once, on whatever node, while it is valid.

        Which run is next is for the entries to say; the row must agree, and the ledger refuses it a second time.
        """
        return self._settling.use_up(review)

    def waits_to_run(self, review: ReviewId) -> bool:
        """Whether who asked wants a deferred run of it that hasn't begun, by signed entries."""
        return self.authority.waits_to_run(review)

    def due_to_run(self) -> Sequence[ReviewId]:
        """The approvals whose deferred run hasn't begun, oldest approval first."""
        approved = sorted(self.authority.approvals(), key=lambda each: each[1])
        return [opened.review for opened, _ in approved if self.authority.waits_to_run(opened.review)]

    async def result(self, review: ReviewId) -> Secret[bytes] | None:
        """What its last deferred run gave, while that is kept. Whose it is, is the caller's to look at first."""
        return await self.deferrals.result(review)

    def ended(self, review: ReviewId, event: Event) -> tuple[Change, ...]:
        """The end of a run. What was released for its last run ends as the run that ends last does."""
        return (EndRun(review, follow(ReviewState.RELEASED, event)),)

    async def supersede(self, review: Review, because: str) -> None:
        """Ends a review that can't be released as it was signed."""
        await self._settling.settle(review, Event.SUPERSEDED, EntryType.REVIEW_SUPERSEDED, because)

    async def overrule(self, review: Review, because: str) -> None:
        """Ends an approval that policy denies by now."""
        await self._settling.overrule(review, because)

    async def withdraw(self, review_id: ReviewId, actor: Actor | ActorId) -> Review:
        """The asker takes it back; raises `NotEntitled` for anybody else, `Conflict` once it is settled.

        An actor must have asked on behalf of the same people; who sends an id only has seen to that.
        """
        review = await self.review(review_id)
        if not (self.asked_by(review, actor) if isinstance(actor, Actor) else review.actor == actor):
            raise NotEntitled("only who asked can withdraw it")
        await self._settling.settle(review, Event.WITHDRAWN, EntryType.REVIEW_WITHDRAWN, "withdrawn by the asker")
        return await self.review(review_id)

    async def expire_due(self) -> int:
        """Expires what is due by the store's clock; how many. Tells the rest of refused attempts, too."""
        await self._votes.refuse_rest()
        return await self._settling.expire_due()
