"""Reviews: list, show, vote, withdraw."""

from __future__ import annotations

from typing import Annotated, Any, assert_never

from fastapi import APIRouter, Depends, Path, Query

from interlock.errors import NotFound
from interlock.model.names import Digest, PersonId, ReviewId
from interlock.model.review import Ballot, Review, ReviewState, Verdict, Voter
from interlock.web import votes
from interlock.web.api.shapes import (
    BallotIn,
    ListedReview,
    OwnReview,
    ReviewList,
    ReviewOut,
    ShownReview,
    Told,
    card_out,
    own_review,
    review_out,
    vote_out,
)
from interlock.web.callers import ApiCaller, ByKey, Caller, Operator, SignedIn
from interlock.web.card_view import read_card
from interlock.web.control_state import Control, Parts
from interlock.web.problems import Refused

MAX_LISTED = 200
MAX_SEARCHED = 1000  # how far back an asker's own reviews are looked for among everybody's

REVIEW_ID = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
InPath = Annotated[str, Path(alias="review", pattern=REVIEW_ID, description="The review's id, a UUID")]

_TOLD: dict[int | str, dict[str, Any]] = {code: {"model": Told} for code in (401, 403, 404, 409, 422, 429, 500, 503)}

router = APIRouter(prefix="/api/reviews", tags=["reviews"], responses=_TOLD)


@router.get("", summary="List reviews")
async def list_reviews(
    parts: Parts,
    caller: ApiCaller,
    state: Annotated[list[ReviewState] | None, Query(description="Only these states; all without it")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LISTED)] = 50,
) -> ReviewList:
    """Newest first. People see all of them, an agent or service its own, the operator none."""
    states = frozenset(state) if state else None
    person = reader(caller)
    if person is not None:
        return ReviewList(reviews=[_listed(parts, r, person) for r in await parts.desk.reviews(states, limit)])
    mine = [r for r in await parts.desk.reviews(states, MAX_SEARCHED) if owns(caller, r)]
    return ReviewList(reviews=[await _own(parts, r) for r in mine[:limit]])


@router.get("/{review}", summary="Show a review")
async def show_review(parts: Parts, caller: ApiCaller, review_id: InPath) -> ShownReview | OwnReview:
    """With its card, both digests and the votes for people; how it stands for who asked."""
    review = await parts.desk.review(ReviewId(review_id))
    person = reader(caller)
    if person is None:
        if not owns(caller, review):
            raise NotFound("no review of that id")
        return await _own(parts, review)
    return await _shown(parts, review, person)


async def entitled_voter(parts: Parts, caller: ApiCaller, review_id: InPath) -> Voter:
    """The caller as a voter: settled before the body is looked at, so that an agent's attempt is always recorded."""
    return await votes.voter(parts, ReviewId(review_id), caller)


@router.post("/{review}/votes", summary="Vote")
async def vote(
    parts: Parts, who: Annotated[Voter, Depends(entitled_voter)], review_id: InPath, ballot: BallotIn
) -> ReviewOut:
    """Approves or denies exactly the action and card whose digests are sent."""
    sent = Ballot(ballot.verdict, Digest(ballot.action_digest), Digest(ballot.card_digest), ballot.reason)
    return review_out(await votes.cast(parts, ReviewId(review_id), who, sent))


@router.post("/{review}/withdraw", summary="Withdraw a request")
async def withdraw(parts: Parts, caller: ApiCaller, review_id: InPath) -> OwnReview:
    """Takes a request back; only by the key of the actor who asked."""
    if not isinstance(caller, ByKey):
        raise Refused(403, "asker_only", "Only who asked can withdraw it, with its own key.")
    review = await parts.desk.review(ReviewId(review_id))
    if not owns(caller, review):
        if caller.person is None:
            raise NotFound("no review of that id")
        raise Refused(403, "asker_only", "Only who asked can withdraw it, with its own key.")
    return await _own(parts, await parts.desk.withdraw(review.id, caller.actor.id))


def reader(caller: Caller) -> PersonId | None:
    """The person who may read every card, or None for a caller who may read only its own reviews' state.

    Raises `Refused` for the operator, who may read none: that credential lies on the machine.
    """
    match caller:
        case SignedIn(person, _):
            return person.id
        case ByKey():
            return caller.person
        case Operator():
            raise Refused(403, "people_only", "The operator's token reads no reviews. Use a person's key.")
        case _:
            assert_never(caller)


def owns(caller: Caller, review: Review) -> bool:
    """Whether the caller is the actor who asked."""
    return isinstance(caller, ByKey) and caller.actor.id == review.actor


async def _shown(parts: Control, review: Review, person: PersonId) -> ShownReview:
    card, listed = await parts.desk.card(review.id), _listed(parts, review, person)
    return ShownReview(
        **dict(listed),
        card=card_out(card, read_card(card.content)),
        votes=[vote_out(v) for v in await parts.desk.votes(review.id)],
    )


def _listed(parts: Control, review: Review, person: PersonId) -> ListedReview:
    why_not = parts.desk.why_not(review, person)
    may_deny = parts.desk.why_not(review, person, Verdict.DENY) is None
    return ListedReview(review=review_out(review), may_sign=why_not is None, may_deny=may_deny, why_not=why_not)


async def _own(parts: Control, review: Review) -> OwnReview:
    return own_review(review, await parts.desk.card(review.id))
