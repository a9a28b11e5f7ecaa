"""One person's look at everything that waits: what many reviews share is worked out once for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from interlock.desk.standing import Glance, Standing
from interlock.model.names import GroupName, PersonId
from interlock.model.review import Review, Verdict

_Alike = tuple[frozenset[GroupName], frozenset[GroupName], frozenset[GroupName], frozenset[PersonId]]


class Waiting(NamedTuple):
    """A pending review that somebody sees, and why they can't say yes to it now: None when they can."""

    review: Review
    why_not: str | None


@dataclass(frozen=True, slots=True)
class Looking:
    """Thousands may wait, and ask the same of the same people. Nothing is unsealed, and no row is read."""

    standing: Standing

    def pending_for(self, person: PersonId) -> Sequence[Review]:
        """The pending reviews that this person may see, what expires first in front."""
        return [glance.review for glance, _ in self._seen(person)]

    def waiting_for(self, person: PersonId) -> Sequence[Waiting]:
        """The same, each with what `Standing.why_not_vote` says to this person's yes.

        Before anybody voted that depends on nothing but who is asked and who is excluded.
        """
        standing, said = self.standing, dict[_Alike, str | None]()
        found = []
        for glance, voted in self._seen(person):
            opened = glance.opened
            if voted:
                found.append(Waiting(glance.review, standing.why_not_vote(glance.review, person, Verdict.APPROVE)))
                continue
            alike = (glance.say, glance.sight, glance.first, opened.excluded)
            if alike not in said:
                said[alike] = standing.why_not_sign(opened, opened.excluded, person, glance.review.state)
            found.append(Waiting(glance.review, said[alike]))
        return found

    def _seen(self, person: PersonId) -> list[tuple[Glance, bool]]:
        """What this person sees of all that is pending, with whether anybody has voted on it."""
        standing, now, sight = self.standing, self.standing.clock.now(), self.standing.sight(person)
        there: dict[tuple[frozenset[GroupName], frozenset[PersonId]], bool] = {}
        found = []
        for opened, voted in standing.authority.pending():
            if opened.expires_at <= now:
                continue
            glance = standing.glance(opened)
            alike = (glance.sight, opened.excluded)
            seen = there.get(alike)
            if seen is None:
                seen = there[alike] = sight.covers(*alike)
            if seen:
                found.append((glance, voted))
        found.sort(key=lambda each: (each[0].opened.expires_at, each[0].opened.review))
        return found
