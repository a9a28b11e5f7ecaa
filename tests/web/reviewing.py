"""What people do with a review besides voting, in memory: who sees it, narrowing, comments, broken glass, history."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from interlock.desk.looking import Waiting
from interlock.errors import Conflict, NotEntitled
from interlock.ledger.authorised import Broken
from interlock.model.actor import Actor
from interlock.model.comment import Comment, CommentKind
from interlock.model.names import Digest, EntryId, GroupName, PersonId, ReviewId
from interlock.model.narrowing import Narrowing
from interlock.model.person import Person
from interlock.model.review import Review, ReviewState, Verdict, Vote, Voter

MOST_COMMENTS = 100
GLASS = GroupName("on-call")
AUDITORS = GroupName("auditors")


class _Clock(Protocol):
    def now(self) -> datetime: ...


class Reviewing:
    """The part of the desk in memory that isn't about votes. Whoever is in `auditors` sees all and signs nothing."""

    def __init__(self, clock: _Clock, people: Mapping[PersonId, Person], group: GroupName) -> None:
        self.clock = clock
        self.people = people
        self.group = group
        self.held: dict[ReviewId, Review] = {}
        self.cards: dict[ReviewId, Mapping[str, Any]] = {}
        self.cast: list[Vote] = []
        self.said: list[Comment] = []
        self.glass: dict[ReviewId, Broken] = {}
        self.narrowings: list[Narrowing] = []
        self.showing: list[tuple[ReviewId, PersonId, int, int]] = []
        self.hidden_values = "MRN-0042"
        self.unsealed = 0
        self.looks: list[tuple[ReviewId, PersonId, str]] = []

    # what the desk itself has
    def _put(self, review: Review) -> None:
        raise NotImplementedError

    def why_not(self, review: Review, person: PersonId, verdict: Verdict = Verdict.APPROVE) -> str | None:
        raise NotImplementedError

    async def review(self, review: ReviewId) -> Review:
        raise NotImplementedError

    async def seen(self, review: Review, person: PersonId, where: str) -> None:
        self.looks.append((review.id, person, where))

    def is_auditor(self, person: PersonId) -> bool:
        return AUDITORS in self.people[person].groups

    def asked_by(self, review: Review, actor: Actor) -> bool:
        return review.actor == actor.id

    def may_see(self, review: Review, person: PersonId) -> bool:
        groups = self.people[person].groups
        return person in review.excluded or bool(groups & {self.group, AUDITORS, *review.requirements.break_glass})

    async def pending_for(self, person: PersonId) -> Sequence[Review]:
        return self._seen(person, ReviewState.PENDING)

    async def waiting_for(self, person: PersonId) -> Sequence[Waiting]:
        return [Waiting(r, self.why_not(r, person)) for r in await self.pending_for(person)]

    async def running_approvals(self, person: PersonId) -> Sequence[Review]:
        now = self.clock.now()
        good = self._seen(person, ReviewState.APPROVED)
        return [r for r in good if r.approved_until is None or r.approved_until > now]

    def _seen(self, person: PersonId, state: ReviewState) -> list[Review]:
        found = [r for r in self.held.values() if r.state is state and self.may_see(r, person)]
        return sorted(found, key=lambda r: (r.approved_until or r.expires_at, r.id))

    async def narrow(
        self, review: ReviewId, voter: Voter, terms: Narrowing, action_digest: Digest, card_digest: Digest
    ) -> Review:
        found = await self.review(review)
        refusal = self.why_not(found, voter.person)
        if refusal is not None:
            raise NotEntitled(f"this doesn't count: {refusal}")
        if (action_digest, card_digest) != (found.digest, found.card_digest):
            raise Conflict("this is for another card than the one that is open; look at it again")
        if found.state is not ReviewState.PENDING:
            raise Conflict("the review isn't pending")
        card = dict(self.cards[review])
        if terms.row_cap is not None:
            card["row_cap"] = terms.row_cap
        if terms.reveals is not None:
            kept = {(r.column, r.label) for r in terms.reveals}
            card["reveals"] = [r for r in card["reveals"] if (r["column"], r["label"]) in kept]
        if terms.valid is not None:
            card["valid_seconds"] = int(terms.valid.total_seconds())
        by = [*(card.get("narrowed") or {"by": []})["by"], voter.person]
        self.cards[review] = {**card, "narrowed": {"by": by}}
        self.narrowings.append(terms)
        asked = replace(found.requirements, valid=terms.valid or found.requirements.valid)
        self._put(replace(found, digest=_next(found.digest), card_digest=_next(found.card_digest), requirements=asked))
        self.cast[:] = [v for v in self.cast if v.review != review]
        return self.held[review]

    async def comment(self, review: ReviewId, who: str | Actor, kind: CommentKind, text: str) -> Comment:
        await self.review(review)
        if sum(each.review == review for each in self.said) >= MOST_COMMENTS:
            raise Conflict("nothing more can be said about this review")
        said_by = f"{who.kind}/{who.id}" if isinstance(who, Actor) else who
        made = Comment(review, kind, said_by, EntryId(str(uuid.uuid4())), self.clock.now(), b"", text)
        self.said.append(made)
        self._put(self.held[review])
        return made

    async def comments(self, review: ReviewId) -> Sequence[Comment]:
        return [each for each in self.said if each.review == review]

    def why_not_break(self, review: Review, person: PersonId) -> str | None:
        if not review.requirements.break_glass & self.people[person].groups:
            return "only members of on-call may break the glass"
        return "you are part of the request" if person in review.excluded else None

    async def break_glass(
        self, review: ReviewId, voter: Voter, reason: str, action_digest: Digest, card_digest: Digest
    ) -> Review:
        found = await self.review(review)
        refusal = self.why_not_break(found, voter.person)
        if refusal is not None:
            raise NotEntitled(f"the glass stays whole: {refusal}")
        if (action_digest, card_digest) != (found.digest, found.card_digest):
            raise Conflict("this is for another card than the one that is open; look at it again")
        self.glass[review] = Broken(
            review, found.connection, self.clock.now(), voter.person, GLASS, found.digest, found.card_digest,
            found.excluded, found.requirements,
        )  # fmt: skip
        until = self.clock.now() + found.requirements.valid
        self._put(replace(found, state=ReviewState.APPROVED, approved_until=until))
        return self.held[review]

    def broken(self, review: ReviewId) -> Broken | None:
        return self.glass.get(review)

    def breaks_due(self, person: PersonId) -> Sequence[Broken]:
        return [b for b in self.glass.values() if b.reviewed is None and self.may_see(self.held[b.review], person)]

    def why_not_review_afterwards(self, review: Review, person: PersonId) -> str | None:
        broken = self.glass.get(review.id)
        if broken is None or broken.reviewed is not None:
            return "there is nothing to look at"
        if person in (broken.person, *review.excluded):
            return "you are part of it"
        return None if self.group in self.people[person].groups else f"only members of {self.group} may"

    async def review_afterwards(self, review: ReviewId, voter: Voter, justified: bool) -> Review:
        found = await self.review(review)
        refusal = self.why_not_review_afterwards(found, voter.person)
        if refusal is not None:
            raise NotEntitled(refusal)
        self.glass[review] = replace(self.glass[review], reviewed=justified)
        return found

    async def history(self, review: ReviewId, person: PersonId) -> Sequence[Review]:
        found = await self.review(review)
        form = self.cards[review]["statements"]
        return [
            r
            for r in sorted(self.held.values(), key=lambda r: r.opened_at, reverse=True)
            if r.id != review and r.actor == found.actor and self.cards[r.id].get("statements") == form
            and r.opened_at <= found.opened_at and self.may_see(r, person)
        ]  # fmt: skip

    # the gate's part
    def may_show(self, review: Review, person: PersonId) -> bool:
        return person not in review.excluded and self.group in self.people[person].groups

    async def show_leaf(self, review: ReviewId, voter: Voter, statement: int, leaf: int) -> str:
        found = await self.review(review)
        if not self.may_show(found, voter.person):
            raise NotEntitled("policy doesn't let you see it")
        self.showing.append((review, voter.person, statement, leaf))
        return self.hidden_values


def _next(digest: Digest) -> Digest:
    return Digest(hashlib.sha256(digest.encode()).hexdigest())
