"""Reviews: list, show, vote, comment, withdraw. Whoever may not see a review is told that there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, assert_never

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from interlock.errors import NotFound
from interlock.model.comment import CommentKind
from interlock.model.names import Digest, PersonId, ReviewId
from interlock.model.review import Ballot, Review, ReviewState, Verdict, Voter
from interlock.review.card_view import read_card
from interlock.web import votes
from interlock.web.allowed import CallerKind, allowed
from interlock.web.answers import answer_in_json
from interlock.web.api.shapes import (
    BallotIn,
    CommentIn,
    CommentOut,
    ListedReview,
    OwnReview,
    ReviewList,
    ReviewOut,
    ShownReview,
    Told,
    card_out,
    comment_out,
    own_review,
    review_out,
    vote_out,
)
from interlock.web.callers import ApiCaller, ByDirectory, ByKey, Caller, Operator, SignedIn
from interlock.web.control_state import Control, Parts
from interlock.web.paging import MAX_CURSOR, Before, link_next, page
from interlock.web.problems import Refused
from interlock.web.sight import NO_SUCH, seen
from interlock.web.typed import tell

MAX_LISTED = 200

REVIEW_ID = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
InPath = Annotated[str, Path(alias="review", pattern=REVIEW_ID, description="The review's id, a UUID")]

_TOLD: dict[int | str, dict[str, Any]] = {code: {"model": Told} for code in (401, 403, 404, 409, 422, 429, 500, 503)}


async def _asker_only(parts: Control, request: Request, caller: Caller) -> Refused:
    return Refused(403, "asker_only", "Only who asked can withdraw it, with its own key.")


ASKERS = allowed(CallerKind.PERSON, CallerKind.AGENT, CallerKind.SERVICE, otherwise=_asker_only)
READERS = allowed(CallerKind.CONSOLE, CallerKind.PERSON, CallerKind.AGENT, CallerKind.SERVICE)

router = APIRouter(prefix="/api/reviews", tags=["reviews"], responses=_TOLD)


@router.get("", summary="List reviews", **READERS)
async def list_reviews(
    request: Request,
    response: Response,
    parts: Parts,
    caller: ApiCaller,
    state: Annotated[list[ReviewState] | None, Query(description="Only these states; all without it")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LISTED)] = 50,
    after: Annotated[str | None, Query(max_length=MAX_CURSOR, description="`next` of the page before")] = None,
) -> ReviewList:
    """Newest first. A person's are those that they may see, an agent's or service's its own."""
    states = frozenset(state) if state else None
    person = reader(caller)

    async def fetch(most: int, before: Before | None) -> Sequence[Review]:
        if person is None and isinstance(caller, ByKey):
            return await parts.desk.reviews_of(caller.actor.id, states, most, before)
        return await parts.desk.reviews(states, most, before)

    def wanted(review: Review) -> bool:
        return owns(parts, caller, review) if person is None else parts.desk.may_see(review, person)

    found = await page(parts.sessions.sealer, fetch, wanted, limit, after)
    link_next(request, response, found.next)
    if person is not None:
        return ReviewList(reviews=[_listed(parts, r, person) for r in found.reviews], next=found.next)
    return ReviewList(reviews=[await _own(parts, r) for r in found.reviews], next=found.next)


@router.get("/{review}", summary="Show a review", **READERS)
async def show_review(parts: Parts, caller: ApiCaller, review_id: InPath) -> ShownReview | OwnReview:
    """With its card, both digests, the votes and what was said for people; how it stands for who asked."""
    person = reader(caller)
    if person is None:
        return await _own(parts, await _asked_by(parts, caller, ReviewId(review_id)))
    return await _shown(parts, await seen(parts, ReviewId(review_id), person), person)


async def entitled_voter(parts: Parts, caller: ApiCaller, review_id: InPath) -> Voter:
    """The caller as a voter: settled before the body is looked at, so that an agent's attempt is always recorded."""
    return await votes.voter(parts, ReviewId(review_id), caller)


@router.post(
    "/{review}/votes",
    summary="Vote",
    **allowed(CallerKind.CONSOLE, CallerKind.PERSON, otherwise=votes.never_votes),
)
async def vote(
    parts: Parts,
    who: Annotated[Voter, Depends(entitled_voter)],
    review_id: InPath,
    ballot: BallotIn,
    response: Response,
) -> ReviewOut:
    """Approves or denies exactly the action and card whose digests are sent."""
    sent = Ballot(ballot.verdict, Digest(ballot.action_digest), Digest(ballot.card_digest), ballot.reason)
    after = await votes.cast(parts, ReviewId(review_id), _answered(who, ballot), sent)
    await tell(parts, response, after.id, "reason", ballot.reason)
    return review_out(after)


def _answered(who: Voter, ballot: BallotIn) -> Voter:
    return replace(who, assertion=answer_in_json(ballot.assertion))


@router.post("/{review}/comments", summary="Say something about a review", **READERS)
async def comment(
    parts: Parts, caller: ApiCaller, review_id: InPath, said: CommentIn, response: Response
) -> CommentOut:
    """People who may see the review comment on it or ask the asker something; the asker answers, and that only."""
    review, person = ReviewId(review_id), reader(caller)
    if person is None:
        review = (await _asked_by(parts, caller, review)).id
    else:
        found = await seen(parts, review, person)
        if said.kind is CommentKind.ANSWER and not owns(parts, caller, found):
            raise Refused(403, "asker_only", "Only who asked can answer, with its own key.")
    if person is None and said.kind is not CommentKind.ANSWER:
        raise Refused(403, "answers_only", "Who asked can answer questions, and say nothing else here.")
    answers = isinstance(caller, ByKey) and said.kind is CommentKind.ANSWER
    who = caller.actor if isinstance(caller, ByKey) and answers else f"person/{person}"
    made = await parts.desk.comment(review, who, said.kind, said.text)
    await tell(parts, response, review, "text", said.text)
    return comment_out(made)


@router.post("/{review}/withdraw", summary="Withdraw a request", **ASKERS)
async def withdraw(parts: Parts, caller: ApiCaller, review_id: InPath) -> OwnReview:
    """Takes a request back; only by the key of the actor who asked."""
    if not isinstance(caller, ByKey):
        raise Refused(403, "asker_only", "Only who asked can withdraw it, with its own key.")
    if caller.person is None:
        review = await _asked_by(parts, caller, ReviewId(review_id))
    else:
        review = await seen(parts, ReviewId(review_id), caller.person)
        if not owns(parts, caller, review):
            raise Refused(403, "asker_only", "Only who asked can withdraw it, with its own key.")
    return await _own(parts, await parts.desk.withdraw(review.id, caller.actor))


def reader(caller: Caller) -> PersonId | None:
    """The person who may read the cards that they may see; None for a caller who reads only how its own reviews stand.

    Raises `Refused` for the operator and the directory, which read none.
    """
    match caller:
        case SignedIn(person, _):
            return person.id
        case ByKey():
            return caller.person
        case Operator() | ByDirectory():
            raise Refused(403, "people_only", "The operator's and the directory's tokens read no reviews.")
        case _:
            assert_never(caller)


def owns(parts: Control, caller: Caller, review: Review) -> bool:
    """Whether the caller is the actor who asked, on behalf of the same people."""
    return isinstance(caller, ByKey) and parts.desk.asked_by(review, caller.actor)


async def _asked_by(parts: Control, caller: Caller, review: ReviewId) -> Review:
    """The caller's own review; raises `NotFound` for anybody else's."""
    found = await parts.desk.review(review)
    if not owns(parts, caller, found):
        raise NotFound(NO_SUCH)
    return found


async def _shown(parts: Control, review: Review, person: PersonId) -> ShownReview:
    card, listed = await parts.desk.card(review.id), _listed(parts, review, person)
    await parts.desk.seen(review, person, "api")
    return ShownReview(
        **dict(listed),
        card=card_out(card, read_card(card.content)),
        votes=[vote_out(v) for v in await parts.desk.votes(review.id)],
        comments=[comment_out(c) for c in await parts.desk.comments(review.id)],
    )


def _listed(parts: Control, review: Review, person: PersonId) -> ListedReview:
    why_not = parts.desk.why_not(review, person)
    may_deny = parts.desk.why_not(review, person, Verdict.DENY) is None
    url = f"{parts.public_url}/reviews/{review.id}"
    return ListedReview(
        review=review_out(review), url=url, may_sign=why_not is None, may_deny=may_deny, why_not=why_not
    )


async def _own(parts: Control, review: Review) -> OwnReview:
    return own_review(review, await parts.desk.card(review.id), await parts.desk.comments(review.id))
