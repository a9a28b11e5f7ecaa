"""What the inbox shows one person: what waits for them, what waits for others, what was settled lately."""

from __future__ import annotations

from dataclasses import dataclass

from interlock.errors import LedgerCorrupt
from interlock.model.names import PersonId
from interlock.model.review import Review, ReviewState
from interlock.web.card_view import CardView, read_card
from interlock.web.needs import Desk

OPEN = frozenset({ReviewState.PENDING, ReviewState.APPROVED, ReviewState.RELEASED})
SETTLED = frozenset(ReviewState) - OPEN
MAX_OPEN = 100
MAX_SETTLED = 20


@dataclass(frozen=True, slots=True)
class Row:
    """A review in the inbox. `card` has no content when it isn't whole; `why_not` says why this person can't sign."""

    review: Review
    card: CardView
    why_not: str | None


@dataclass(frozen=True, slots=True)
class Inbox:
    """The rows by what this person has to do about them. `cut`: there are more open reviews than are listed."""

    yours: tuple[Row, ...]
    others: tuple[Row, ...]
    approved: tuple[Row, ...]
    settled: tuple[Row, ...]
    cut: bool


async def inbox(desk: Desk, person: PersonId) -> Inbox:
    """The inbox of one person, the most urgent first; settled ones newest first."""
    found = await desk.reviews(OPEN, MAX_OPEN)
    rows = [await _row(desk, review, person) for review in sorted(found, key=lambda r: r.expires_at)]
    pending = [row for row in rows if row.review.state is ReviewState.PENDING]
    settled = [await _row(desk, review, person) for review in await desk.reviews(SETTLED, MAX_SETTLED)]
    return Inbox(
        yours=tuple(row for row in pending if row.why_not is None),
        others=tuple(row for row in pending if row.why_not is not None),
        approved=tuple(row for row in rows if row.review.state is not ReviewState.PENDING),
        settled=tuple(settled),
        cut=len(found) == MAX_OPEN,
    )


async def card_view(desk: Desk, review: Review) -> CardView:
    """The card of a review, or one that isn't whole when its seal doesn't hold."""
    try:
        return read_card((await desk.card(review.id)).content)
    except LedgerCorrupt:
        return CardView(None, ("the seal",))


async def _row(desk: Desk, review: Review, person: PersonId) -> Row:
    return Row(review, await card_view(desk, review), desk.why_not(review, person))
