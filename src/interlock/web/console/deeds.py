"""The forms of the card's page: voting, narrowing, saying something, breaking the glass, seeing a hidden value.

Each brings the digests that its page was shown with. A refusal comes back on the card as it is now.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from interlock.errors import InterlockError, NotFound
from interlock.model.comment import CommentKind
from interlock.model.names import Digest, ReviewId
from interlock.model.review import Ballot, Verdict
from interlock.review.card_view import read_card
from interlock.web import votes
from interlock.web.allowed import CallerKind, allowed
from interlock.web.answers import Answered, refusing
from interlock.web.api.reviews import InPath
from interlock.web.api.shapes import MAX_COMMENT, MAX_REASON
from interlock.web.callers import SignedIn
from interlock.web.console.card_page import MIN_GLASS_REASON, shown
from interlock.web.console.narrowing import Wanted, narrowing
from interlock.web.console.reading import DigestField, Sender, pages_of
from interlock.web.control_state import Control, Parts
from interlock.web.problems import Refused, problem
from interlock.web.sight import seen

LEAF = "^[0-9]{1,4}[.][0-9]{1,5}$"

router = APIRouter(include_in_schema=False)


@router.post("/reviews/{review}/votes", **allowed(CallerKind.CONSOLE))
async def vote(
    request: Request,
    parts: Parts,
    me: Sender,
    review_id: InPath,
    verdict: Annotated[Verdict, Form()],
    action_digest: DigestField,
    card_digest: DigestField,
    answer: Answered,
    reason: Annotated[str, Form(max_length=MAX_REASON)] = "",
) -> Response:
    """Casts the vote with the digests that the form was shown with."""
    review = ReviewId(review_id)
    ballot = Ballot(verdict, Digest(action_digest), Digest(card_digest), reason)

    async def cast() -> None:
        await votes.cast(parts, review, await votes.voter(parts, review, me, answer), ballot)

    return await _done(request, parts, me, review, cast)


@router.post("/reviews/{review}/narrowing", **allowed(CallerKind.CONSOLE))
async def narrow(
    request: Request,
    parts: Parts,
    me: Sender,
    review_id: InPath,
    action_digest: DigestField,
    card_digest: DigestField,
    answer: Answered,
    wanted: Wanted,
) -> Response:
    """Takes something away before anybody signs: what follows is another card with other digests."""
    review = ReviewId(review_id)

    async def narrowed() -> None:
        who = await votes.voter(parts, review, me, answer)
        card = read_card((await parts.desk.card(review)).content).content
        if card is None:
            raise Refused(409, "card_not_whole", "This card can't be shown whole, so it can't be narrowed. Deny it.")
        terms = narrowing(card, wanted)
        with votes.counting_refusals(parts, who.person):
            await parts.desk.narrow(review, who, terms, Digest(action_digest), Digest(card_digest))

    return await _done(request, parts, me, review, narrowed)


@router.post("/reviews/{review}/comments", **allowed(CallerKind.CONSOLE))
async def comment(
    request: Request,
    parts: Parts,
    me: Sender,
    review_id: InPath,
    kind: Annotated[CommentKind, Form()],
    text: Annotated[str, Form(min_length=1, max_length=MAX_COMMENT, pattern=r"\S")],
) -> Response:
    """Says something, or asks the asker."""
    review = ReviewId(review_id)

    async def said() -> None:
        found = await seen(parts, review, me.person.id)
        if kind is CommentKind.ANSWER and str(found.actor) != str(me.person.id):
            raise Refused(403, "asker_only", "Only who asked can answer.")
        await parts.desk.comment(review, me.name, kind, text)

    return await _done(request, parts, me, review, said)


@router.post("/reviews/{review}/break-glass", **allowed(CallerKind.CONSOLE))
async def break_glass(
    request: Request,
    parts: Parts,
    me: Sender,
    review_id: InPath,
    action_digest: DigestField,
    card_digest: DigestField,
    answer: Answered,
    reason: Annotated[str, Form(min_length=MIN_GLASS_REASON, max_length=MAX_REASON)],
) -> Response:
    """Lets it run without the signatures, loudly."""
    review = ReviewId(review_id)

    async def broken() -> None:
        who = await votes.voter(parts, review, me, answer)
        if not read_card((await parts.desk.card(review)).content).whole:
            raise Refused(409, "card_not_whole", "This card can't be shown whole, so the glass stays whole too.")
        with votes.counting_refusals(parts, who.person):
            await parts.desk.break_glass(review, who, reason, Digest(action_digest), Digest(card_digest))

    return await _done(request, parts, me, review, broken)


@router.post("/reviews/{review}/afterwards", **allowed(CallerKind.CONSOLE))
async def review_afterwards(
    request: Request,
    parts: Parts,
    me: Sender,
    review_id: InPath,
    justified: Annotated[bool, Form()],
    answer: Answered,
) -> Response:
    """Says whether the glass was rightly broken."""
    review = ReviewId(review_id)

    async def looked() -> None:
        await parts.desk.review_afterwards(review, await votes.voter(parts, review, me, answer), justified)

    return await _done(request, parts, me, review, looked)


@router.post("/reviews/{review}/leaves", **allowed(CallerKind.CONSOLE))
async def show_leaf(
    request: Request,
    parts: Parts,
    me: Sender,
    review_id: InPath,
    leaf: Annotated[str, Form(pattern=LEAF)],
    answer: Answered,
) -> Response:
    """A hidden value, on a page of its own that nobody keeps (`no-store`, as everything here); it is recorded."""
    review = ReviewId(review_id)
    found = await seen(parts, review, me.person.id)
    if parts.leaves is None:
        raise NotFound("There is nothing at this address.")
    statement, number = map(int, leaf.split("."))
    try:
        with refusing():
            who = await votes.voter(parts, review, me, answer)
            value = await parts.leaves.show_leaf(review, who, statement, number)
    except NotFound:
        raise
    except InterlockError as error:
        return await shown(request, parts, me, review, problem(error))
    context: dict[str, Any] = {"review": found, "statement": statement + 1, "number": number + 1, "value": value}
    return pages_of(request).render("leaf.html", me=me.person, csrf=me.session.csrf, **context)


async def _done(
    request: Request, parts: Control, me: SignedIn, review: ReviewId, deed: Callable[[], Awaitable[None]]
) -> Response:
    try:
        with refusing():
            await deed()
    except NotFound:
        raise
    except InterlockError as error:
        return await shown(request, parts, me, review, problem(error))
    return RedirectResponse(f"/reviews/{review}", 303)
