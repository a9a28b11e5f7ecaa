"""What the inbox shows one person: what waits for them, what waits for others, what was settled lately."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from interlock.errors import LedgerCorrupt
from interlock.model.names import ActorId, PersonId
from interlock.model.review import Review, ReviewState
from interlock.web.card_view import CardView, read_card
from interlock.web.needs import Desk

PENDING = frozenset({ReviewState.PENDING})
PASSED = frozenset({ReviewState.APPROVED, ReviewState.RELEASED})
SETTLED = frozenset(ReviewState) - PENDING - PASSED
MAX_FOUND = 5000  # looked through, of each kind
MAX_SHOWN = 200  # rows of a section
MAX_SHOWN_PER_ACTOR = 20
MAX_SETTLED = 20


@dataclass(frozen=True, slots=True)
class Row:
    """A review in the inbox. `card` has no content when it isn't whole; `why_not` says why this person can't sign."""

    review: Review
    card: CardView
    why_not: str | None


@dataclass(frozen=True, slots=True)
class Section:
    """Rows, and how many more of each actor there are; `count` is of all."""

    rows: tuple[Row, ...]
    more: tuple[tuple[ActorId, int], ...] = ()

    @property
    def count(self) -> int:
        """Shown and not shown."""
        return len(self.rows) + sum(count for _, count in self.more)


@dataclass(frozen=True, slots=True)
class Inbox:
    """The rows by what this person has to do about them. `cut`: there are more open reviews than were looked at."""

    yours: Section
    others: Section
    approved: Section
    settled: Section
    cut: bool


async def inbox(desk: Desk, person: PersonId) -> Inbox:
    """The inbox of one person, what expires first at the top; settled ones newest first."""
    pending = await desk.reviews(PENDING, MAX_FOUND)
    passed = await desk.reviews(PASSED, MAX_FOUND)
    settled = [await _row(desk, review, person) for review in await desk.reviews(SETTLED, MAX_SETTLED)]
    return Inbox(
        yours=await _section(desk, (r for r in pending if desk.why_not(r, person) is None), person),
        others=await _section(desk, (r for r in pending if desk.why_not(r, person) is not None), person),
        approved=await _section(desk, passed, person),
        settled=Section(tuple(settled)),
        cut=MAX_FOUND in (len(pending), len(passed)),
    )


def fairly(reviews: Iterable[Review]) -> list[Review]:
    """The reviews to show, what expires first at the top: of each actor its most urgent, and of no actor more than
    `MAX_SHOWN_PER_ACTOR`. Where not all fit, everybody's first comes before anybody's second."""
    turns: Counter[ActorId] = Counter()
    ranked: list[tuple[int, Review]] = []
    for review in sorted(reviews, key=_urgency):
        if turns[review.actor] < MAX_SHOWN_PER_ACTOR:
            ranked.append((turns[review.actor], review))
        turns[review.actor] += 1
    ranked.sort(key=lambda each: each[0])  # stable: within a turn the most urgent stays first
    return sorted((review for _, review in ranked[:MAX_SHOWN]), key=_urgency)


async def _section(desk: Desk, reviews: Iterable[Review], person: PersonId) -> Section:
    found: Sequence[Review] = list(reviews)
    shown = fairly(found)
    left = Counter(review.actor for review in found) - Counter(review.actor for review in shown)
    return Section(tuple([await _row(desk, review, person) for review in shown]), tuple(sorted(left.items())))


def _urgency(review: Review) -> tuple[float, str]:
    until = review.approved_until or review.expires_at
    return until.timestamp(), review.id


async def card_view(desk: Desk, review: Review) -> CardView:
    """The card of a review, or one that isn't whole when its seal doesn't hold."""
    try:
        return read_card((await desk.card(review.id)).content)
    except LedgerCorrupt:
        return CardView(None, ("the seal",))


async def _row(desk: Desk, review: Review, person: PersonId) -> Row:
    return Row(review, await card_view(desk, review), desk.why_not(review, person))
