"""Who may sign, what a vote settles, whether what was signed suffices: read from signed entries, never from rows."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from interlock.identity.exclusion import excluded_people
from interlock.ledger.authorised import Opened
from interlock.ledger.authority import Authority
from interlock.model.actor import Actor
from interlock.model.change import Change, MoveReview
from interlock.model.decision import Requirements
from interlock.model.names import ActorId, GroupName, PersonId
from interlock.model.review import Presence, Review, ReviewState, Verdict, Voter
from interlock.ports import Clock
from interlock.registry import Registry
from interlock.review.matching import named, satisfied, wanted
from interlock.review.states import OPEN, Event, follow, sources


@dataclass(frozen=True, slots=True)
class Standing:
    """The people's side of a review."""

    authority: Authority
    registry: Registry
    clock: Clock
    unsafe_token_votes: bool

    def why_not(self, review: Review, person: PersonId, verdict: Verdict = Verdict.APPROVE) -> str | None:
        """None when this person may vote so now; otherwise why not, for that person to read.

        A yes counts only from a group whose turn it is; whoever has a say at any time may say no at once.
        """
        opened = self.authority.opened(review.id)
        if opened is None:
            return "there is no signed entry behind this review"
        if review.state not in OPEN:
            return f"the review is {review.state}"
        if self._open_until(review, opened) <= self.clock.now():
            return "the review is expired"
        if person in (opened.excluded | review.excluded):
            return "you are part of the request: you asked, or own, made or hold a credential that asked"
        groups = self.groups()
        mine, having_a_say = groups.get(person, frozenset()), named(opened.requirements)
        if not having_a_say & mine:
            return f"only members of {', '.join(sorted(having_a_say))} may sign"
        if verdict is Verdict.DENY or review.state is not ReviewState.PENDING:
            return None
        now_wanted = wanted(opened.requirements, self._signers(opened, review.excluded), groups)
        if now_wanted and not now_wanted & mine:
            return f"it is for members of {', '.join(sorted(now_wanted))} to sign now"
        return None

    def _open_until(self, review: Review, opened: Opened) -> datetime:
        """Until when a vote matters: a review until it expires, an approval until it has run out."""
        approved_at = self.authority.approved_at(review.id)
        if review.state is ReviewState.APPROVED and approved_at is not None:
            return approved_at + opened.requirements.valid
        return min(review.expires_at, opened.expires_at)

    def voted(self, review: Review, person: PersonId) -> Verdict | None:
        """How this person has voted last."""
        mine = [vote.verdict for vote in self.authority.votes(review.id) if vote.person == person]
        return mine[-1] if mine else None

    def true(self, row: Review) -> Review:
        """The row with everything that its signed entry says in place of what the row says."""
        opened = self.authority.opened(row.id)
        if opened is None:
            return row
        return replace(
            row,
            action=opened.action,
            actor=opened.actor,
            connection=opened.connection,
            digest=opened.digest,
            card_digest=opened.card,
            requirements=replace(
                opened.requirements, expires=row.requirements.expires, break_glass=row.requirements.break_glass
            ),
            excluded=opened.excluded,
            expires_at=opened.expires_at,
            opened_entry=opened.entry,
            uses_left=max(opened.uses - self.authority.runs(row.id), 0),
        )

    def is_open_for(self, row: Review, actor: ActorId) -> bool:
        """Whether there really is such an open review of this actor."""
        opened = self.authority.opened(row.id)
        return opened is not None and opened.actor == actor and self.authority.settled(row.id) is None

    def is_due(self, review: Review) -> bool:
        """Whether an open review has run out, by its entries."""
        opened = self.authority.opened(review.id)
        return (
            opened is not None
            and self.authority.settled(review.id) is None
            and self._open_until(review, opened) <= self.clock.now()
        )

    def too_weak(self, review: Review, voter: Voter) -> str | None:
        """Why this kind of vote doesn't count here; None when it does."""
        if voter.presence is not Presence.TOKEN:
            return None
        if not self.unsafe_token_votes:
            return "votes by token are off; sign in to the console"
        opened, maker = self.authority.opened(review.id), self.registry.key_maker(voter.key)
        excluded = review.excluded | (opened.excluded if opened is not None else frozenset())
        if maker is None or (maker != voter.person and maker in excluded):
            return "the key was made by somebody who is part of the request"
        return None

    def settling(self, review: Review, person: PersonId, verdict: Verdict) -> tuple[str, tuple[Change, ...]]:
        """What this vote settles ("", "approved", "denied") and the guarded move that goes with it."""
        if verdict is Verdict.DENY:
            to = follow(review.state, Event.DENIED)
            return "denied", (MoveReview(review.id, sources(Event.DENIED), to),)
        pending = frozenset({ReviewState.PENDING})
        opened = self.authority.opened(review.id)
        if opened is None or not satisfied(
            opened.requirements, (*self._signers(opened, review.excluded), person), self.groups()
        ):
            return "", (MoveReview(review.id, pending, ReviewState.PENDING, before="expires_at"),)
        to = follow(review.state, Event.APPROVED)
        valid = int(review.requirements.valid.total_seconds())
        return "approved", (MoveReview(review.id, pending, to, before="expires_at", approved_for=valid),)

    def why_not_signed(self, review: Review, actor: Actor, requirements: Iterable[Requirements]) -> str | None:
        """None when the signed votes behind `review` meet every one of `requirements` at this moment; else why not.

        Nothing here is read from a row: digests, exclusions, votes and the hour of approval come from signed entries,
        groups from the settings of now.
        """
        opened = self.authority.opened(review.id)
        approved_at = self.authority.approved_at(review.id)
        if opened is None or approved_at is None or self.authority.settled(review.id) is not None:
            return "no signed approval"
        if not hmac.compare_digest(opened.digest, review.digest) or opened.actor != actor.id:
            return "the review's row isn't what was opened"
        if approved_at >= opened.expires_at:
            return "it was approved after it had expired"
        asked = (opened.requirements, *requirements)
        if not approved_at <= self.clock.now() < approved_at + min(each.valid for each in asked):
            return "the approval has run out"
        if self.authority.runs(review.id) >= min(each.reuse.times if each.reuse else 1 for each in asked):
            return "the approval was used as often as policy lets it be"
        signers, groups = self._signers(opened, review.excluded | excluded_people(actor)), self.groups()
        if not all(satisfied(each, signers, groups) for each in asked):
            return "the votes don't meet what policy asks now"
        return None

    def _signers(self, opened: Opened, excluded: frozenset[PersonId]) -> list[PersonId]:
        """Whose yes counts, in the order of their signed votes."""
        out = opened.excluded | excluded
        allowed = {Presence.CONSOLE.value} | ({Presence.TOKEN.value} if self.unsafe_token_votes else set())
        return [
            vote.person
            for vote in self.authority.votes(opened.review)
            if vote.verdict is Verdict.APPROVE
            and vote.person not in out
            and vote.presence in allowed
            and (vote.presence is not Presence.TOKEN or self.authority.key(vote.key) is not None)
            and hmac.compare_digest(vote.digest, opened.digest)
            and hmac.compare_digest(vote.card, opened.card)
        ]

    def groups(self) -> Mapping[PersonId, frozenset[GroupName]]:
        """Everybody's groups, by the settings of now."""
        return {person.id: person.groups for person in self.registry.directory.everyone().values()}
