"""Who may sign a review now: read from signed entries and settings, for telling them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from interlock.desk import Desk
from interlock.ledger.authorised import Opened
from interlock.model.names import GroupName, PersonId, ReviewId
from interlock.model.review import ReviewState, Verdict

MOST_ALIKE: Final = 1_000

_Alike = tuple[frozenset[GroupName], frozenset[GroupName], frozenset[PersonId]]
_May = Callable[[PersonId], bool]


class PeopleAsked:
    """Answers for many reviews in a row: before anybody voted, what is asked of the same people is worked out once.
    `forget` in between: people, groups and delegations change."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._alike: dict[_Alike, frozenset[PersonId]] = {}

    def forget(self) -> None:
        """What was worked out may not hold any more."""
        self._alike.clear()

    def opened(self, review: ReviewId) -> Opened | None:
        """The review while it is pending and not expired; None otherwise."""
        authority = self._desk.authority
        opened = authority.opened(review)
        pending = opened is not None and authority.approved_at(review) is None and authority.settled(review) is None
        return opened if pending and opened is not None and opened.expires_at > self._desk.clock.now() else None

    def of(self, opened: Opened) -> frozenset[PersonId]:
        """Everybody whose yes would count now."""
        standing = self._desk.standing
        if self._desk.authority.votes(opened.review):
            review = standing.glance(opened).review
            return self._who(lambda person: standing.why_not_vote(review, person, Verdict.APPROVE) is None)
        glance = standing.glance(opened)
        alike = (glance.say, glance.first, opened.excluded)
        found = self._alike.get(alike)
        if found is None:
            if len(self._alike) >= MOST_ALIKE:
                self._alike.clear()
            pending = ReviewState.PENDING
            found = self._alike[alike] = self._who(
                lambda person: standing.why_not_sign(opened, opened.excluded, person, pending) is None
            )
        return found

    def _who(self, may: _May) -> frozenset[PersonId]:
        return frozenset(person for person in self._everyone() if may(person))

    def _everyone(self) -> Collection[PersonId]:
        return self._desk.registry.directory.everyone().keys()
