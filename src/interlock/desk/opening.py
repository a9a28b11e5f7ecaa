"""Opening: a held action becomes a review, or joins the one that is open; or neither, and then why."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from interlock.desk.deferrals import Deferrals
from interlock.desk.entries import about, opened_fields, waiting, with_review
from interlock.desk.repeats import Claim, Repeats
from interlock.desk.seals import Sealed, Seals
from interlock.desk.standing import Standing
from interlock.errors import Conflict
from interlock.identity.exclusion import excluded_people
from interlock.model.action import Action
from interlock.model.actor import Actor
from interlock.model.canonical import JsonValue
from interlock.model.change import Change, OpenReview, Unit
from interlock.model.decision import NeedsReview, Reason, Requirements
from interlock.model.digest import NONCE_BYTES, action_digest, card_digest, lookup
from interlock.model.entry import Draft, EntryType
from interlock.model.names import EntryId, ReviewId
from interlock.model.review import Review, ReviewState
from interlock.model.secret import Secret
from interlock.ports import Clock, Entropy, Ledger, Records
from interlock.review import card as cards
from interlock.review.matching import meetable

_HOUR = timedelta(hours=1)
_NO_ROOM = Reason("too_many_deferred", "Too many deferred requests of yours wait or are kept; wait a day.")


@dataclass(frozen=True, slots=True)
class Opening:
    """Opens and joins. `expire_due` clears out of the way what has expired and nobody has said so yet."""

    ledger: Ledger
    records: Records
    standing: Standing
    seals: Seals
    clock: Clock
    entropy: Entropy
    lookup_key: Secret[bytes]
    deferrals: Deferrals
    repeats: Repeats
    expire_due: Callable[[], Awaitable[int]]

    async def open_or_join(
        self, action: Action, decision: NeedsReview, held: Draft, claim: Claim | None
    ) -> Review | Reason:
        """See `Desk.open_or_join`. The caller lets one at a time in: the cap is a look before a write."""
        same, form = lookup(self.lookup_key, _asking(action)), lookup(self.lookup_key, {"form": dict(action.form)})
        for _ in range(2):  # a second look when somebody else opened the same one between the look and the write
            existing = await self.records.open_review(action.actor.id, same)
            if existing is not None and self.standing.is_open_for(existing, action.actor):
                if not await self._has_room(existing, action):
                    return _NO_ROOM
                await self._join(existing, action, claim)
                return self.standing.true(existing)
            refusal = await self._cannot_open(action.actor, form, decision.requirements)
            if refusal is not None:
                return refusal
            if not await self._has_room(None, action):
                return _NO_ROOM
            try:
                return await self._open(action, decision, (same, form), held, claim)
            except Conflict:
                await self.expire_due()
        return Reason("busy", "The same request is being opened elsewhere; ask again.")

    async def _join(self, review: Review, action: Action, claim: Claim | None) -> None:
        """Raises `Conflict` when the action's key, or the same wish, was put down elsewhere in this moment."""
        entry, d = EntryId(self.entropy.uuid7()), {"review": review.id, **waiting(action.deferred)}
        draft = about(entry, EntryType.REVIEW_JOINED, d, review.id, actor=action.actor, act=action.id)
        await self.ledger.commit(Unit((draft,), await self._beside(review, action, claim)))

    async def _beside(self, review: Review, action: Action, claim: Claim | None) -> tuple[Change, ...]:
        """What else the asker wants to be known of it: how it is run, under which key."""
        until = review.expires_at + review.requirements.valid
        wish = (await self.deferrals.wish(action, review.id, until),) if action.deferred else ()
        return (*wish, *(self.repeats.held(claim, review.id) if claim is not None else ()))

    async def _has_room(self, review: Review | None, action: Action) -> bool:
        """Whether this actor may have another deferred run, unless it has this one already."""
        if not action.deferred or (review is not None and await self.deferrals.of(review.id) is not None):
            return True
        return await self.deferrals.has_room(action.actor.id)

    async def _cannot_open(self, actor: Actor, form: bytes, requirements: Requirements) -> Reason | None:
        limits, now = self.standing.rules.limits, self.clock.now()
        if await self.records.count_open(actor.id) >= limits.open_reviews_per_actor:
            return Reason("too_many_reviews", "You have too many open reviews; wait for them or withdraw some.")
        _, denied_at = await self.records.denials(actor.id, form, now - timedelta(seconds=limits.cool_down_seconds))
        if denied_at is not None:
            return Reason("cooling_down", "This was denied a short while ago; it can't be asked again yet.")
        denied, _ = await self.records.denials(actor.id, form, now - _HOUR)
        if denied > limits.denied_per_hour:
            return Reason("too_many_denials", "Too much of what you asked was denied within the hour; ask again later.")
        groups = self.standing.groups()  # without delegations: they end, and a review may have to wait longer
        if not meetable(requirements, groups.keys() - excluded_people(actor), groups):
            return Reason(
                "unmeetable", "Nobody who may sign for this could: the eligible people don't meet the requirement."
            )
        return None

    async def _open(
        self,
        action: Action,
        decision: NeedsReview,
        looked_up: tuple[bytes, bytes],
        held: Draft,
        claim: Claim | None,
    ) -> Review:
        review_id = ReviewId(self.entropy.uuid7())
        nonce = Secret(self.entropy.token(NONCE_BYTES))
        now = self.clock.now()
        expires_at = now + decision.requirements.expires
        by_token = self.standing.rules.votes.unsafe_token_votes
        content = cards.content(action, decision, expires_at, votes_by_token=by_token)
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
            chain=tuple(link.id for link in action.actor.chain),
            deferred=action.deferred,
        )
        payload = self.seals.payload(review_id, _sealed(action, decision, nonce))
        change = OpenReview(review, *looked_up, payload, self.seals.card(review_id, content))
        entry = about(
            opened, EntryType.REVIEW_OPENED, opened_fields(review), review_id, actor=action.actor, act=action.id
        )
        beside = await self._beside(review, action, claim)
        await self.ledger.commit(Unit((with_review(held, review_id), entry), (change, *beside)))
        signed = self.standing.authority.opened(review_id)
        if signed is not None:
            self.standing.glance(signed)  # while one asks, so that no inbox has to for all of them
        return review


def _asking(action: Action) -> Mapping[str, JsonValue]:
    """What two requests must have in common to be one review: the form, on whose behalf, and who may not sign for it.

    Else whoever asks the same through somebody else's actor would sign for a review that they are part of.
    """
    chain, excluded = [link.id for link in action.actor.chain], sorted(excluded_people(action.actor))
    return {"form": dict(action.form), "chain": chain, "excluded": excluded}


def _sealed(action: Action, decision: NeedsReview, nonce: Secret[bytes]) -> Sealed:
    return Sealed(
        payload=action.payload,
        nonce=nonce,
        obligations=decision.obligations,
        base=nonce,
        cappable=action.cappable,
        columns=tuple(output.plain for output in action.exposure.outputs),
        values=tuple(template.values for template in action.templates),
    )
