"""Approvals that are still good: who signed, how many runs are left and until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from interlock.model.names import PersonId
from interlock.model.review import Review, Verdict
from interlock.web.console.summaries import Summaries, Summary
from interlock.web.needs import Desk

MAX_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Grant:
    """One approval. `signers` said yes to the card as it is; `broken_by` approved it alone, by breaking the glass."""

    review: Review
    card: Summary
    signers: tuple[PersonId, ...]
    broken_by: PersonId | None
    may_revoke: bool


@dataclass(frozen=True, slots=True)
class Grants:
    """What is shown, what runs out first in front, and how many there are in all."""

    shown: Sequence[Grant]
    count: int


async def grants(desk: Desk, summaries: Summaries, person: PersonId) -> Grants:
    """The approvals that are good for another run and that this person may see."""
    found = await desk.running_approvals(person)
    return Grants([await _grant(desk, summaries, review, person) for review in found[:MAX_SHOWN]], len(found))


async def _grant(desk: Desk, summaries: Summaries, review: Review, person: PersonId) -> Grant:
    votes = await desk.votes(review.id)
    yes = [v.person for v in votes if v.verdict is Verdict.APPROVE and v.card_digest == review.card_digest]
    broken = desk.broken(review.id)
    return Grant(
        review,
        await summaries.of(review),
        tuple(yes),
        broken.person if broken else None,
        desk.why_not(review, person, Verdict.DENY) is None,
    )
