"""What the inbox shows one person: what waits for them, what waits for others, what was settled lately.

Thousands may wait. What isn't shown isn't unsealed, and requests that are alike share a row.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from interlock.model.names import ActorId, PersonId, ReviewId
from interlock.model.review import Review, ReviewState
from interlock.web.console.summaries import Summaries, Summary
from interlock.web.needs import Desk

RUNNING = frozenset({ReviewState.RELEASED})
SETTLED = frozenset(ReviewState) - RUNNING - {ReviewState.PENDING, ReviewState.APPROVED}
MAX_SHOWN = 60  # cards of a section that are read
MAX_SHOWN_PER_ACTOR = 20
MAX_OTHERS = 20
MAX_SETTLED = 20
AT_A_TIME = 40
MAX_LOOKED = 200  # settled reviews looked at, to find those that this person may see


@dataclass(frozen=True, slots=True)
class Row:
    """A review in the inbox. `why_not` says why this person can't sign; `alike` names it and those like it, if any."""

    review: Review
    card: Summary
    why_not: str | None
    alike: tuple[ReviewId, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """Rows, and how many more of each actor there are; `count` is of all reviews in it."""

    rows: tuple[Row, ...]
    count: int
    more: tuple[tuple[ActorId, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Inbox:
    """The rows by what this person has to do about them."""

    yours: Section
    others: Section
    approved: Section
    settled: Section


async def inbox(desk: Desk, summaries: Summaries, person: PersonId) -> Inbox:
    """The inbox of one person, what expires first at the top; settled ones newest first."""
    waiting = await desk.waiting_for(person)
    why = {each.review.id: each.why_not for each in waiting}
    yours = [each.review for each in waiting if each.why_not is None]
    others = [each.review for each in waiting if each.why_not is not None]
    running = [each for each in await desk.reviews(RUNNING, MAX_LOOKED) if desk.may_see(each, person)]
    passed = [*await desk.running_approvals(person), *running]
    passed.sort(key=_urgency)
    settled = await _settled(desk, person)
    return Inbox(
        yours=await _section(summaries, yours, MAX_SHOWN, lambda review: None),
        others=await _section(summaries, others, MAX_OTHERS, lambda review: why[review.id]),
        approved=await _section(summaries, passed, MAX_OTHERS, lambda review: desk.why_not(review, person)),
        settled=Section(tuple([Row(r, await summaries.of(r), None) for r in settled]), len(settled)),
    )


async def _settled(desk: Desk, person: PersonId) -> list[Review]:
    """The newest that this person may see: some at a time, since of each the signed entry is read."""
    found: list[Review] = []
    place: tuple[datetime, ReviewId] | None = None
    for _ in range(0, MAX_LOOKED, AT_A_TIME):
        batch = await desk.reviews(SETTLED, AT_A_TIME, place)
        found += [review for review in batch if desk.may_see(review, person)]
        if not batch or len(found) >= MAX_SETTLED:
            break
        place = (batch[-1].opened_at, batch[-1].id)
    return found[:MAX_SETTLED]


def fairly(reviews: Iterable[Review], most: int = MAX_SHOWN) -> list[Review]:
    """The reviews to show, what expires first at the top: of each actor its most urgent, and of no actor more than
    `MAX_SHOWN_PER_ACTOR`. Where not all fit, everybody's first comes before anybody's second."""
    return _in_turn(sorted(reviews, key=_urgency), most)


def _in_turn(urgent: Sequence[Review], most: int) -> list[Review]:
    """`fairly`, of reviews that are in the order of their urgency: sorting thousands again takes its time."""
    turns: defaultdict[ActorId, int] = defaultdict(int)
    ranked: list[tuple[int, Review]] = []
    for review in urgent:
        if turns[review.actor] < MAX_SHOWN_PER_ACTOR:
            ranked.append((turns[review.actor], review))
        turns[review.actor] += 1
    ranked.sort(key=lambda each: each[0])  # stable: within a turn the most urgent stays first
    return sorted((review for _, review in ranked[:most]), key=_urgency)


async def _section(
    summaries: Summaries, found: Sequence[Review], most: int, why_not: Callable[[Review], str | None]
) -> Section:
    shown = _in_turn(found, most)
    left = Counter(review.actor for review in found) - Counter(review.actor for review in shown)
    cards = await asyncio.gather(*(summaries.of(review) for review in shown))  # those not known yet wait together
    rows = [Row(review, card, why_not(review)) for review, card in zip(shown, cards, strict=True)]
    return Section(tuple(together(rows)), len(found), tuple(sorted(left.items())))


def together(rows: Iterable[Row]) -> list[Row]:
    """Rows of pending requests that are alike in one, at the place of the most urgent; the others as they are."""
    groups: dict[object, list[Row]] = {}
    for row in rows:
        joins = row.card.shape and row.review.state is ReviewState.PENDING
        groups.setdefault((row.card.shape, row.why_not) if joins else row.review.id, []).append(row)
    return [_grouped(group) for group in groups.values()]


def _grouped(rows: Sequence[Row]) -> Row:
    first = rows[0]
    if len(rows) == 1:
        return first
    return Row(first.review, first.card, first.why_not, tuple(row.review.id for row in rows))


def _urgency(review: Review) -> tuple[datetime, str]:
    return review.approved_until or review.expires_at, review.id
