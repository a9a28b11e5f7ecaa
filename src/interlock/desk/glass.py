"""Breaking the glass: running a held action without its signatures, and looking at it afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import structlog

from interlock.desk.entries import about, by_person
from interlock.desk.presence import proof
from interlock.desk.talk import Talk
from interlock.desk.voting import Refusal, Voting
from interlock.errors import Conflict, NotEntitled
from interlock.identity.passkeys import AFTERWARDS, BREAK_GLASS, judgement
from interlock.ledger.authorised import Broken, Opened
from interlock.model.change import MoveReview, Unit
from interlock.model.comment import CommentKind
from interlock.model.entry import EntryType
from interlock.model.names import Digest, EntryId, GroupName, PersonId
from interlock.model.review import Review, ReviewState, Voter
from interlock.review.matching import named
from interlock.review.states import Event, follow

SHORTEST_REASON = 20  # characters
_DAY = timedelta(days=1)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Glass:
    """Bounded, loud, and never for oneself."""

    voting: Voting
    talk: Talk

    def why_not(self, review: Review, person: PersonId) -> str | None:
        """None when this person may break the glass of this review now; otherwise why not, for them to read."""
        standing = self.voting.standing
        opened = standing.authority.opened(review.id)
        if opened is None or not opened.requirements.break_glass:
            return "policy doesn't let this be run without its signatures"
        if review.state is not ReviewState.PENDING or standing.open_until(review, opened) <= standing.clock.now():
            return "the review isn't pending any more"
        if person in (opened.excluded | review.excluded):
            return "you are part of the request: nobody breaks the glass for themselves"
        if not self._groups(opened, person):
            return f"only members of {', '.join(sorted(opened.requirements.break_glass))} may"
        return self._locked(opened, person)

    def why_not_afterwards(self, review: Review, person: PersonId) -> str | None:
        """None when this person may look at it afterwards; otherwise why not, for them to read."""
        broken = self.voting.standing.authority.broken(review.id)
        if broken is None or broken.reviewed is not None:
            return "nothing waits to be looked at"
        if person == broken.person:
            return "you broke the glass"
        if person in broken.excluded | review.excluded:
            return "you are part of the request"
        wanted = named(broken.requirements)
        if not wanted & self.voting.standing.groups().get(person, frozenset()):
            return f"only members of {', '.join(sorted(wanted))} may"
        return None

    def due(self, person: PersonId) -> list[Broken]:
        """Breaks that nobody has looked at afterwards and that this person may see, oldest first."""
        sight = self.voting.standing.sight(person)
        return [
            each
            for each in self.voting.standing.authority.glass()
            if each.reviewed is None
            and sight.covers(named(each.requirements) | each.requirements.break_glass, each.excluded)
        ]

    async def break_(
        self, review: Review, voter: Voter, reason: str, action_digest: Digest, card_digest: Digest
    ) -> None:
        """See `Desk.break_glass`."""
        voting, reason = self.voting, reason.strip()
        refusal = self.why_not(review, voter.person) or voting.attendance.not_in_console(voter)
        if refusal is None and len(reason) < SHORTEST_REASON:
            refusal = f"say why, in {SHORTEST_REASON} characters at least"
        opened = voting.standing.authority.opened(review.id)
        if refusal is not None or opened is None:
            error = Conflict if review.state is not ReviewState.PENDING else NotEntitled
            raise Refusal(f"break glass: {refusal}", error(f"the glass stays whole: {refusal}"))
        voting.check_shown(opened, action_digest, card_digest)
        voter = voting.attested(voter, review, BREAK_GLASS, action_digest, card_digest)
        await self._commit(review, voter, opened, reason)

    async def review_afterwards(self, review: Review, voter: Voter, justified: bool) -> None:
        """See `Desk.review_afterwards`."""
        refusal = self.why_not_afterwards(review, voter.person) or self.voting.attendance.not_in_console(voter)
        broken = self.voting.standing.authority.broken(review.id)
        if refusal is not None or broken is None:
            raise NotEntitled(f"you can't judge this: {refusal}")
        voter = self.voting.attendance.attested(
            voter, review, AFTERWARDS, broken.digest, broken.card, judgement(justified)
        )
        d = {
            "review": review.id,
            "person": voter.person,
            "presence": voter.presence.value,
            "key": voter.key,
            "justified": "yes" if justified else "no",
            **proof(voter),
        }
        entry = EntryId(self.voting.entropy.uuid7())
        await self.voting.ledger.commit(Unit((about(entry, EntryType.BREAK_GLASS_REVIEWED, d, review.id),)))
        log.warning("break_glass.reviewed", review=review.id, person=voter.person, justified=justified)

    async def _commit(self, review: Review, voter: Voter, opened: Opened, reason: str) -> None:
        """The reason is kept as a comment: sealed, and committed to in the same unit."""
        group = min(self._groups(opened, voter.person))
        rules = self.voting.standing.rules.glass
        valid = int(min(opened.requirements.valid, rules.valid).total_seconds())
        to, pending = follow(review.state, Event.APPROVED), frozenset({ReviewState.PENDING})
        move = MoveReview(review.id, pending, to, before="expires_at", approved_for=valid)
        said = by_person(voter, opened.digest, opened.card) | {"group": group}
        entry = EntryId(self.voting.entropy.uuid7())
        draft = about(entry, EntryType.BREAK_GLASS_USED, said, review.id, act=review.action)
        why, kept, _ = self.talk.made(review.id, f"person/{voter.person}", CommentKind.COMMENT, reason)
        await self.voting.ledger.commit(Unit((draft, why), (move, kept)))
        log.warning(
            "break_glass.used", review=review.id, person=voter.person, group=group, connection=opened.connection
        )

    def _groups(self, opened: Opened, person: PersonId) -> frozenset[GroupName]:
        """Their own only: nobody lends out the hammer."""
        mine = self.voting.standing.groups().get(person, frozenset())
        return opened.requirements.break_glass & mine

    def _locked(self, opened: Opened, person: PersonId) -> str | None:
        rules, now = self.voting.standing.rules.glass, self.voting.standing.clock.now()
        breaks = self.voting.standing.authority.glass()
        overdue = (each for each in breaks if each.reviewed is None and each.at <= now - rules.review_within)
        if any(each.person == person or each.connection == opened.connection for each in overdue):
            return "an earlier break hasn't been looked at in time; until it is, the glass is locked"
        if sum(each.person == person and each.at > now - _DAY for each in breaks) >= rules.per_person_per_day:
            return "you have broken the glass as often as you may in a day"
        return None
