"""The console's pages: the inbox and the card, and the form that votes."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import FileResponse, RedirectResponse, Response

from interlock.errors import AuthenticationFailed, InterlockError, NotFound
from interlock.model.names import Digest, ReviewId
from interlock.model.review import Ballot, ReviewState, Verdict
from interlock.web import votes
from interlock.web.api.reviews import InPath
from interlock.web.api.shapes import MAX_REASON
from interlock.web.callers import SignedIn, check_csrf, check_origin, signed_in_person
from interlock.web.console.inbox import card_view, inbox
from interlock.web.console.rendering import Pages
from interlock.web.control_state import Control, Parts, control
from interlock.web.problems import Problem, problem

STATIC = FilePath(__file__).parent / "static"
FILES = {"console.css": "text/css", "console.js": "text/javascript", "mark.svg": "image/svg+xml"}
DIGEST = "^[0-9a-f]{64}$"

router = APIRouter(include_in_schema=False)


async def reader_of_pages(request: Request, parts: Parts) -> SignedIn:
    """The signed-in person; raises `AuthenticationFailed`, which becomes the sign-in page."""
    me = signed_in_person(parts, request)
    if me is None:
        raise AuthenticationFailed("You are not signed in.")
    parts.rate.take(me.name)
    return me


Me = Annotated[SignedIn, Depends(reader_of_pages)]


@router.get("/")
async def inbox_page(request: Request, parts: Parts, me: Me) -> Response:
    """What waits for me, for others, and what was settled lately."""
    found = await inbox(parts.desk, me.person.id)
    return _pages(request).render("inbox.html", inbox=found, now=parts.clock.now(), me=me.person, csrf=me.session.csrf)


@router.get("/reviews/{review}")
async def card_page(request: Request, parts: Parts, me: Me, review_id: InPath) -> Response:
    """The whole card."""
    return await _card(request, parts, me, ReviewId(review_id))


@router.post("/reviews/{review}/votes")
async def vote(
    request: Request,
    parts: Parts,
    me: Me,
    review_id: InPath,
    verdict: Annotated[Verdict, Form()],
    action_digest: Annotated[str, Form(pattern=DIGEST)],
    card_digest: Annotated[str, Form(pattern=DIGEST)],
    csrf: Annotated[str, Form(max_length=128)],
    reason: Annotated[str, Form(max_length=MAX_REASON)] = "",
) -> Response:
    """Casts the vote with the digests that the form was shown with; a refusal comes back on the card."""
    check_origin(parts, request)
    check_csrf(me.session, csrf)
    review = ReviewId(review_id)
    ballot = Ballot(verdict, Digest(action_digest), Digest(card_digest), reason)
    try:
        await votes.cast(parts, review, await votes.voter(parts, review, me), ballot)
    except NotFound:
        raise
    except InterlockError as error:
        return await _card(request, parts, me, review, problem(error))
    return RedirectResponse(f"/reviews/{review}", 303)


@router.get("/static/{name}")
async def static_file(name: str) -> Response:
    """The stylesheet, the script and the mark; there is nothing else."""
    if name not in FILES:
        raise NotFound("There is nothing at this address.")
    return FileResponse(STATIC / name, media_type=FILES[name])


def problem_page(request: Request, told: Problem) -> Response:
    """An error as a page. For 401: how to sign in.

    Our cookie is SameSite=Strict, so a link followed from another site arrives without it although the person is signed
    in; then the page sends itself again, from our own site this time.
    """
    me = signed_in_person(control(request), request)
    cross = request.headers.get("sec-fetch-site") == "cross-site" and request.method == "GET"
    return _pages(request).render(
        "problem.html",
        told.status,
        told=told,
        again=cross and told.status == 401,
        me=me.person if me else None,
        csrf=me.session.csrf if me else "",
    )


async def _card(
    request: Request, parts: Control, me: SignedIn, review_id: ReviewId, told: Problem | None = None
) -> Response:
    review = await parts.desk.review(review_id)
    view = await card_view(parts.desk, review)
    why_not = parts.desk.why_not(review, me.person.id)
    is_open = review.state in (ReviewState.PENDING, ReviewState.APPROVED)
    return _pages(request).render(
        "review.html",
        told.status if told else 200,
        review=review,
        view=view,
        card=view.content,
        votes=await parts.desk.votes(review_id),
        why_not=why_not,
        may_deny=is_open and parts.desk.why_not(review, me.person.id, Verdict.DENY) is None,
        may_approve=why_not is None and view.whole and review.state is ReviewState.PENDING,
        told=told,
        now=parts.clock.now(),
        me=me.person,
        csrf=me.session.csrf,
        max_reason=MAX_REASON,
    )


def _pages(request: Request) -> Pages:
    pages = request.app.state.pages
    assert isinstance(pages, Pages)
    return pages
