"""Who may sign, what a vote settles, whether what was signed suffices: read from signed entries, never from rows."""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from interlock.desk.rules import DeskRules
from interlock.desk.signatures import Signature, counting, has_left_since, holds, is_registered, met
from interlock.identity.exclusion import excluded_people
from interlock.ledger.authorised import Broken, CountedVote, Opened
from interlock.ledger.authority import Authority
from interlock.model.actor import Actor
from interlock.model.change import Change, MoveReview
from interlock.model.decision import Requirements
from interlock.model.delegation import Delegation
from interlock.model.names import GroupName, PersonId, ReviewId
from interlock.model.person import Person
from interlock.model.review import Review, ReviewState, Verdict, Voter
from interlock.ports import Clock
from interlock.registry import Registry
from interlock.review.delegations import is_lent, seated
from interlock.review.matching import Groups, named, wanted
from interlock.review.states import OPEN, Event, follow, sources

MOST_GLANCES = 50_000  # about a kilobyte each


@dataclass(frozen=True, slots=True, eq=False)
class GroupsOf(Mapping[PersonId, frozenset[GroupName]]):
    """Everybody's own groups, looked up and not copied."""

    people: Mapping[PersonId, Person]

    def __getitem__(self, person: PersonId) -> frozenset[GroupName]:
        return self.people[person].groups

    def __iter__(self) -> Iterator[PersonId]:
        return iter(self.people)

    def __len__(self) -> int:
        return len(self.people)


@dataclass(frozen=True, slots=True)
class Sight:
    """One person's view: their groups, the seats lent to them, and whose members read everything."""

    person: PersonId
    groups: Groups
    lent: tuple[Delegation, ...]
    auditors: frozenset[GroupName]

    def covers(self, sight: frozenset[GroupName], excluded: Collection[PersonId]) -> bool:
        """Whether a review that members of `sight` see, and that excludes these, is there for this person."""
        mine = self.groups.get(self.person)
        if mine is None:
            return False
        return (
            not mine.isdisjoint(sight)
            or self.person in excluded
            or not mine.isdisjoint(self.auditors)
            or any(each.group in sight and is_lent(self.groups, each, excluded) for each in self.lent)
        )


class Glance(NamedTuple):
    """What follows from a signed entry alone: worked out once, since an inbox asks it of thousands of reviews.

    `say`: the groups that sign. `sight`: those whose members see it. `first`: whose turn it is before any vote.
    `review`: it while it is pending.
    """

    opened: Opened
    say: frozenset[GroupName]
    sight: frozenset[GroupName]
    first: frozenset[GroupName]
    review: Review


@dataclass(frozen=True, slots=True)
class Standing:
    """The people's side of a review. `glances` is a cache of at most `MOST_GLANCES`."""

    authority: Authority
    registry: Registry
    clock: Clock
    rules: DeskRules
    glances: dict[ReviewId, Glance]

    # -- who may ------------------------------------------------------------------------------------------------------

    def why_not(self, review: Review, person: PersonId, verdict: Verdict = Verdict.APPROVE) -> str | None:
        """None when this person may vote so now; otherwise why not, for that person to read.

        A yes counts only from a group whose turn it is; whoever has a say at any time may say no at once.
        """
        opened = self.authority.opened(review.id)
        if opened is None:
            return "there is no signed entry behind this review"
        if review.state not in OPEN:
            return f"the review is {review.state}"
        if self.open_until(review, opened) <= self.clock.now():
            return "the review is expired"
        return self.why_not_sign(opened, opened.excluded | review.excluded, person, review.state, verdict)

    def why_not_sign(
        self,
        opened: Opened,
        excluded: frozenset[PersonId],
        person: PersonId,
        state: ReviewState,
        verdict: Verdict = Verdict.APPROVE,
    ) -> str | None:
        """The part of `why_not` that is about people: nothing in it depends on which review it is, but for votes."""
        if person in excluded:
            return "you are part of the request: you asked, or own, made or hold a credential that asked"
        glance, groups = self.glance(opened), self.seats(opened, excluded)
        mine = groups.get(person, frozenset())
        if not glance.say & mine:
            return f"only members of {', '.join(sorted(glance.say))} may sign"
        if verdict is Verdict.DENY or state is not ReviewState.PENDING:
            return None
        now_wanted = self._wanted(opened, excluded, groups)
        if now_wanted and not now_wanted & mine:
            return f"it is for members of {', '.join(sorted(now_wanted))} to sign now"
        return None

    def why_not_vote(self, review: Review, person: PersonId, verdict: Verdict) -> str | None:
        """As `why_not`, and nobody casts the same vote twice, but for a yes that now settles what waits for no more."""
        refusal = self.why_not(review, person, verdict)
        if refusal is not None or self.voted(review, person) not in (verdict, Verdict.DENY):
            return refusal
        return None if self.may_settle(review, person, verdict) else "you have voted"

    def may_settle(self, review: Review, person: PersonId, verdict: Verdict) -> bool:
        """Whether this would be a second yes where the first ones suffice by now, and no vote has settled it.

        So it is once somebody whose yes didn't count is in their group again: else nobody could settle it.
        """
        opened = self.authority.opened(review.id)
        if opened is None or verdict is not Verdict.APPROVE or self.voted(review, person) is not verdict:
            return False
        excluded = opened.excluded | review.excluded
        unsettled = self.authority.approved_at(review.id) is None
        return unsettled and met(opened.requirements, self.signed(opened, excluded), self.seats(opened, excluded))

    def _wanted(self, opened: Opened, excluded: frozenset[PersonId], groups: Groups) -> frozenset[GroupName]:
        if not self.authority.votes(opened.review):
            return self.glance(opened).first
        return wanted(opened.requirements, [each.person for each in self.signed(opened, excluded)], groups)

    def glance(self, opened: Opened) -> Glance:
        """What follows from the signed entry of a review."""
        found = self.glances.get(opened.review)
        if found is None or found.opened is not opened:
            if len(self.glances) >= MOST_GLANCES:
                self.glances.clear()
            say = named(opened.requirements)
            first = wanted(opened.requirements, (), {})
            found = Glance(opened, say, say | opened.requirements.break_glass, first, as_pending(opened))
            self.glances[opened.review] = found
        return found

    def look_ahead(self) -> None:
        """Works out now what an inbox would ask of every pending review."""
        for opened, _ in self.authority.pending():
            self.glance(opened)

    def may_see(self, review: Review, person: PersonId) -> bool:
        """Whether the review is there for this person: they have a say in it, are part of the request, or audit.

        Of a settled one it believes the review: it has to come from `Reading`, which reads that from the signed entry.
        """
        opened = self.authority.opened(review.id)
        asked = opened.requirements if opened is not None else review.requirements
        excluded = review.excluded | (opened.excluded if opened is not None else frozenset())
        return self.sight(person).covers(named(asked) | asked.break_glass, excluded)

    def sight(self, person: PersonId) -> Sight:
        """What decides which reviews a person sees, at this moment."""
        groups, delegations = self.groups(), self.authority.roster.delegations(self.clock.now())
        lent = tuple(each for each in delegations if each.delegate == person)
        return Sight(person, groups, lent, self.rules.auditors)

    def groups(self) -> Groups:
        """Everybody's own groups, by the settings and entries of now."""
        return GroupsOf(self.registry.directory.everyone())

    def seats(self, opened: Opened, excluded: Collection[PersonId], also: PersonId | None = None) -> Groups:
        """The groups that count for a review, delegations included; `also` is somebody who is voting now."""
        own, delegations = self.groups(), self.authority.roster.delegations(self.clock.now())
        if not delegations:
            return own
        voted = {vote.person for vote in self._holding(opened.review)} | ({also} if also else set())
        return seated(own, delegations, excluded, voted)

    def voted(self, review: Review, person: PersonId) -> Verdict | None:
        """How this person has voted last on the card as it is; a vote that counts no more is none."""
        mine = [vote.verdict for vote in self._holding(review.id) if vote.person == person]
        return mine[-1] if mine else None

    def _holding(self, review: ReviewId) -> list[CountedVote]:
        token_votes = self.rules.votes.unsafe_token_votes
        return [v for v in self.authority.votes(review) if holds(self.authority, v, token_votes=token_votes)]

    # -- what is so ---------------------------------------------------------------------------------------------------

    def open_until(self, review: Review, opened: Opened) -> datetime:
        """Until when a vote matters: a review until it expires, an approval until it has run out."""
        approved_at = self.authority.approved_at(review.id)
        if review.state is ReviewState.APPROVED and approved_at is not None:
            return approved_at + self.valid(opened)
        return min(review.expires_at, opened.expires_at)

    def valid(self, opened: Opened) -> timedelta:
        """How long its approval is good for: shorter where the glass was broken."""
        valid = opened.requirements.valid
        return min(valid, self.rules.glass.valid) if self.authority.broken(opened.review) else valid

    def true(self, row: Review) -> Review:
        """The row with everything that its signed entry says in place of what the row says."""
        opened = self.authority.opened(row.id)
        if opened is None:
            return row
        uses = 1 if self.authority.broken(row.id) else opened.uses
        return replace(
            row,
            action=opened.action,
            actor=opened.actor,
            connection=opened.connection,
            digest=opened.digest,
            card_digest=opened.card,
            requirements=replace(opened.requirements, expires=row.requirements.expires),
            excluded=opened.excluded,
            expires_at=opened.expires_at,
            opened_entry=opened.entry,
            uses_left=max(uses - self.authority.runs(row.id), 0),
            chain=opened.chain,
            deferred=opened.deferred,
        )

    def is_open_for(self, row: Review, actor: Actor) -> bool:
        """Whether there really is such an open review, and this actor is part of it just as who asked was."""
        opened = self.authority.opened(row.id)
        return (
            opened is not None
            and self.asked_by(row, actor)
            and opened.excluded == excluded_people(actor)
            and self.authority.settled(row.id) is None
        )

    def asked_by(self, review: Review, actor: Actor) -> bool:
        """Whether this actor asked, on behalf of the same people. Believes of a settled one what `may_see` does."""
        opened = self.authority.opened(review.id)
        asked, chain = (review.actor, review.chain) if opened is None else (opened.actor, opened.chain)
        return asked == actor.id and chain == tuple(link.id for link in actor.chain)

    def is_due(self, review: Review) -> bool:
        """Whether an open review has run out, by its entries."""
        opened = self.authority.opened(review.id)
        return (
            opened is not None
            and self.authority.settled(review.id) is None
            and self.open_until(review, opened) <= self.clock.now()
        )

    # -- what was signed ----------------------------------------------------------------------------------------------

    def signed(self, opened: Opened, excluded: frozenset[PersonId]) -> list[Signature]:
        """The signatures that count, in their order."""
        return counting(self.authority, opened, excluded, token_votes=self.rules.votes.unsafe_token_votes)

    def settling(self, review: Review, voter: Voter, verdict: Verdict) -> tuple[str, tuple[Change, ...]]:
        """What this vote settles ("", "approved", "denied") and the guarded move that goes with it."""
        if verdict is Verdict.DENY:
            to = follow(review.state, Event.DENIED)
            return "denied", (MoveReview(review.id, sources(Event.DENIED), to),)
        pending, to = frozenset({ReviewState.PENDING}), follow(review.state, Event.APPROVED)
        opened = self.authority.opened(review.id)
        if opened is None or not self._would_meet(review, opened, voter):
            return "", (MoveReview(review.id, pending, ReviewState.PENDING, before="expires_at"),)
        valid = int(review.requirements.valid.total_seconds())
        return "approved", (MoveReview(review.id, pending, to, before="expires_at", approved_for=valid),)

    def _would_meet(self, review: Review, opened: Opened, voter: Voter) -> bool:
        excluded = opened.excluded | review.excluded
        signed = [*self.signed(opened, excluded), Signature(voter.person, voter.presence)]
        return met(opened.requirements, signed, self.seats(opened, excluded, voter.person))

    def why_not_signed(self, review: Review, actor: Actor, requirements: Iterable[Requirements]) -> str | None:
        """None when what was signed behind `review` meets every one of `requirements` at this moment; else why not.

        Nothing here is read from a row: digests, exclusions, votes and the hour of approval come from signed entries,
        groups from the settings and entries of now.
        """
        opened = self.authority.opened(review.id)
        approved_at = self.authority.approved_at(review.id)
        if opened is None or approved_at is None or self.authority.settled(review.id) is not None:
            return "no signed approval"
        if not hmac.compare_digest(opened.digest, review.digest) or not self.asked_by(review, actor):
            return "the review's row isn't what was opened"
        if approved_at >= opened.expires_at:
            return "it was approved after it had expired"
        asked, broken = (opened.requirements, *requirements), self.authority.broken(review.id)
        valid = min(self.valid(opened), *(each.valid for each in asked))
        if not approved_at <= self.clock.now() < approved_at + valid:
            return "the approval has run out"
        uses = 1 if broken else min(each.reuse.times if each.reuse else 1 for each in asked)
        if self.authority.runs(review.id) >= uses:
            return "the approval was used as often as policy lets it be"
        excluded = opened.excluded | review.excluded | excluded_people(actor)
        if broken is not None:
            return self._why_not_broken(broken, opened, excluded, asked)
        signed, groups = self.signed(opened, excluded), self.seats(opened, excluded)
        if not all(met(each, signed, groups) for each in asked):
            return "the votes don't meet what policy asks now"
        return None

    def _why_not_broken(
        self, broken: Broken, opened: Opened, excluded: Collection[PersonId], asked: Iterable[Requirements]
    ) -> str | None:
        """None when whoever broke the glass may do so still, and every policy of now still offers it to them."""
        mine = self.groups().get(broken.person, frozenset())
        if (broken.digest, broken.card) != (opened.digest, opened.card) or broken.person in excluded:
            return "the glass was broken for another card, or by somebody who is part of the request"
        if has_left_since(self.authority, broken.person, broken.stay):
            return "who broke the glass has left since"
        if broken.credential and not is_registered(self.authority, broken.credential, broken.person):
            return "the passkey of who broke the glass was removed since"
        if not all(mine & each.break_glass for each in asked):
            return "policy doesn't let this be run without signatures by who broke the glass"
        return None


def as_pending(opened: Opened) -> Review:
    """An open review as its signed entry has it."""
    return Review(
        id=opened.review,
        action=opened.action,
        actor=opened.actor,
        connection=opened.connection,
        state=ReviewState.PENDING,
        digest=opened.digest,
        card_digest=opened.card,
        requirements=opened.requirements,
        excluded=opened.excluded,
        opened_at=opened.at,
        expires_at=opened.expires_at,
        approved_until=None,
        opened_entry=opened.entry,
        uses_left=opened.uses,
        chain=opened.chain,
        deferred=opened.deferred,
    )
