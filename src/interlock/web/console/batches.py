"""Alike requests on one page: every leaf of every one shown, each ticked by hand, each a vote of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from interlock.errors import InterlockError
from interlock.model.names import Digest, PersonId, ReviewId
from interlock.model.review import Ballot, Review, Verdict
from interlock.review import words
from interlock.review.card_view import CardView
from interlock.web import votes
from interlock.web.allowed import CallerKind, allowed
from interlock.web.api.reviews import InPath
from interlock.web.api.shapes import MAX_REASON
from interlock.web.callers import SignedIn
from interlock.web.console.reading import Me, Sender, pages_of, summaries_of
from interlock.web.console.summaries import Summaries, card_view
from interlock.web.control_state import Control, Parts
from interlock.web.needs import Desk
from interlock.web.problems import problem
from interlock.web.sight import seen

MAX_BATCH = 50
MAX_LOOKED = 500  # pending reviews of the same actor whose cards are compared
_HEX = "[0-9a-f]"
MEMBER = f"^{_HEX}{{8}}(-{_HEX}{{4}}){{3}}-{_HEX}{{12}}:{_HEX}{{64}}:{_HEX}{{64}}$"

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Member:
    """One of the requests, with its whole card."""

    review: Review
    view: CardView


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one vote: where the review stands now, or why the vote didn't count."""

    review: ReviewId
    state: str
    refusal: str


@router.get("/reviews/{review}/alike", **allowed(CallerKind.CONSOLE))
async def batch_page(request: Request, parts: Parts, me: Me, review_id: InPath) -> Response:
    """This request and those like it that I may sign, what expires first in front."""
    review = await seen(parts, ReviewId(review_id), me.person.id)
    found = await alike(parts.desk, summaries_of(request), review, me.person.id)
    members = [Member(each, await card_view(parts.desk, each.id)) for each in found]
    members = [each for each in members if each.view.whole]
    await asyncio.gather(*(parts.desk.seen(each.review, me.person.id, "console") for each in members))
    return pages_of(request).render(
        "batch.html",
        review=review,
        members=members,
        card=members[0].view.content if members else None,
        most=MAX_BATCH,
        passkey=parts.passkeys is not None and parts.passkeys.required(me.person.id),
        stale=not parts.sign_on.is_recent(me.session),
        provider=parts.sign_on.means.provider is not None,
        now=parts.clock.now(),
        me=me.person,
        csrf=me.session.csrf,
        max_reason=MAX_REASON,
    )


@router.post("/batches", **allowed(CallerKind.CONSOLE))
async def vote_on_batch(
    request: Request,
    parts: Parts,
    me: Sender,
    verdict: Annotated[Verdict, Form()],
    member: Annotated[list[Annotated[str, Form(pattern=MEMBER)]] | None, Form(max_length=MAX_BATCH)] = None,
    reason: Annotated[str, Form(max_length=MAX_REASON)] = "",
) -> Response:
    """Votes on each request that was ticked, with the two digests that its own card was shown with."""
    ticked = dict.fromkeys(member or ())
    results = [await _vote(parts, me, each, verdict, reason) for each in ticked]
    return pages_of(request).render(
        "batch_results.html", results=results, verdict=verdict, me=me.person, csrf=me.session.csrf
    )


async def alike(desk: Desk, summaries: Summaries, review: Review, person: PersonId) -> Sequence[Review]:
    """Pending reviews like this one that this person may sign, at most `MAX_BATCH`."""
    shape = (await summaries.of(review)).shape
    found: list[Review] = []
    looked = 0
    for each in await desk.pending_for(person):
        if (each.actor, each.connection) != (review.actor, review.connection) or not shape:
            continue
        looked += 1
        if looked > MAX_LOOKED or len(found) == MAX_BATCH:
            break
        if desk.why_not(each, person) is None and (await summaries.of(each)).shape == shape:
            found.append(each)
    return found


async def _vote(parts: Control, me: SignedIn, member: str, verdict: Verdict, reason: str) -> Result:
    name, action, card = member.split(":")
    review = ReviewId(name)
    try:
        who = await votes.voter(parts, review, me)
        after = await votes.cast(parts, review, who, Ballot(verdict, Digest(action), Digest(card), reason))
    except InterlockError as error:
        return Result(review, "", problem(error).sentence)
    return Result(review, words.STATE_WORDS[after.state], "")
