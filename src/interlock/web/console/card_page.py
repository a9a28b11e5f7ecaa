"""The card's page: everything of one review that a person may see, and what they may do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from interlock.model.names import PersonId, ReviewId
from interlock.model.review import Review, ReviewState, Verdict, Vote
from interlock.web.allowed import CallerKind, allowed
from interlock.web.api.reviews import InPath
from interlock.web.api.shapes import MAX_COMMENT, MAX_REASON
from interlock.web.callers import SignedIn
from interlock.web.console.reading import Me, pages_of
from interlock.web.console.summaries import card_view
from interlock.web.control_state import Control, Parts
from interlock.web.needs import Desk
from interlock.web.problems import Problem
from interlock.web.sight import seen

MAX_EARLIER = 10  # earlier requests of the same form that are listed
MIN_GLASS_REASON = 20  # characters
OPEN = (ReviewState.PENDING, ReviewState.APPROVED)

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier request of the same form by the same actor, and who voted how."""

    review: Review
    votes: Sequence[Vote]


@dataclass(frozen=True, slots=True)
class May:
    """What this person may do about the review now. The reasons are for them to read; None where it may be done."""

    why_not: str | None
    approve: bool
    deny: bool
    narrow: bool
    break_glass: bool
    look_afterwards: bool
    show_leaves: bool
    answers: bool  # they are who asked


@router.get("/reviews/{review}", **allowed(CallerKind.CONSOLE))
async def card_page(request: Request, parts: Parts, me: Me, review_id: InPath) -> Response:
    """The whole card."""
    return await shown(request, parts, me, ReviewId(review_id))


async def shown(
    request: Request, parts: Control, me: SignedIn, review_id: ReviewId, told: Problem | None = None
) -> Response:
    """The card's page, with what went wrong on top; raises `NotFound` for a person who may not see it."""
    person = me.person.id
    review = await seen(parts, review_id, person)
    view = await card_view(parts.desk, review_id)
    await parts.desk.seen(review, person, "console")
    return pages_of(request).render(
        "review.html",
        told.status if told else 200,
        review=review,
        view=view,
        card=view.content,
        votes=await parts.desk.votes(review_id),
        said=await parts.desk.comments(review_id),
        earlier=await _earlier(parts.desk, review_id, person) if view.whole else [],
        broken=parts.desk.broken(review_id),
        may=_may(parts, review, person, view.whole),
        passkey=parts.passkeys is not None and parts.passkeys.required(person),
        told=told,
        stale=not parts.sign_on.is_recent(me.session),
        provider=parts.sign_on.means.provider is not None,
        now=parts.clock.now(),
        me=me.person,
        csrf=me.session.csrf,
        max_reason=MAX_REASON,
        max_comment=MAX_COMMENT,
        min_glass_reason=MIN_GLASS_REASON,
    )


def _may(parts: Control, review: Review, person: PersonId, whole: bool) -> May:
    desk, pending = parts.desk, review.state is ReviewState.PENDING
    why_not = desk.why_not(review, person)
    return May(
        why_not=why_not,
        approve=why_not is None and whole and pending,
        deny=review.state in OPEN and desk.why_not(review, person, Verdict.DENY) is None,
        narrow=why_not is None and whole and pending,
        break_glass=pending and whole and desk.why_not_break(review, person) is None,
        look_afterwards=desk.why_not_review_afterwards(review, person) is None,
        show_leaves=pending and parts.leaves is not None and parts.leaves.may_show(review, person),
        answers=str(review.actor) == str(person),
    )


async def _earlier(desk: Desk, review: ReviewId, person: PersonId) -> list[Earlier]:
    found = (await desk.history(review, person))[:MAX_EARLIER]
    return [Earlier(each, await desk.votes(each.id)) for each in found]
