"""Looks: the first time that each person is shown each card of a pending review, for the figures about fatigue.

A look gives nobody anything, and a look that can't be recorded keeps nobody from looking.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from interlock.desk.entries import about
from interlock.errors import InterlockError
from interlock.ledger.authority import Authority
from interlock.model.change import Unit
from interlock.model.entry import EntryType
from interlock.model.names import EntryId, PersonId, ReviewId
from interlock.model.review import Review, ReviewState
from interlock.ports import Entropy, Ledger

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Looks:
    """Records looks. What was recorded is the authority's to remember, while the review is open; `under_way` are those
    being recorded now, as many as requests are."""

    ledger: Ledger
    authority: Authority
    entropy: Entropy
    under_way: set[tuple[ReviewId, PersonId]]

    async def note(self, review: Review, person: PersonId, where: str) -> None:
        """See `Desk.seen`."""
        look = (review.id, person)
        if look in self.under_way or not self._is_first(review, person):
            return
        self.under_way.add(look)
        try:
            d = {"person": person, "where": where, "card": review.card_digest}
            draft = about(EntryId(self.entropy.uuid7()), EntryType.REVIEW_SEEN, d, review.id)
            await self.ledger.commit(Unit((draft,)))
        except InterlockError as error:
            log.warning("review.look_not_recorded", review=review.id, code=error.code)
        finally:
            self.under_way.discard(look)

    def _is_first(self, review: Review, person: PersonId) -> bool:
        """Whether it waits for votes, on this very card, and this person's look at it isn't recorded."""
        opened = self.authority.opened(review.id)
        return (
            review.state is ReviewState.PENDING
            and opened is not None
            and opened.card == review.card_digest
            and self.authority.approved_at(review.id) is None
            and self.authority.settled(review.id) is None
            and not self.authority.has_seen(review.id, person, review.card_digest)
        )
