"""The one way a vote gets from a request to the desk, from the API and the console alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import assert_never

from fastapi import Request

from interlock.errors import Conflict, NotEntitled, NotFound
from interlock.model.actor import ActorKind
from interlock.model.names import PersonId, ReviewId
from interlock.model.passkey import Assertion
from interlock.model.review import Ballot, Presence, Review, Verdict, Voter
from interlock.review.card_view import read_card
from interlock.web.answers import refusing
from interlock.web.callers import ByDirectory, ByKey, Caller, Operator, SignedIn
from interlock.web.control_state import Control
from interlock.web.problems import Refused
from interlock.web.sight import NO_SUCH


async def voter(parts: Control, review: ReviewId, caller: Caller, assertion: Assertion | None = None) -> Voter:
    """The caller as a voter; raises `Refused`, and has the attempt recorded, when they can't be one.

    Raises `NotFound`, recorded as well, for a person who may not even see the review.

    Only a signed-in person is present; with an `assertion` the desk makes more of that, once it has verified it. A
    person's key counts under `unsafe_token_votes` alone; agents, services and the operator never vote (design, promises
    3 and 8).
    """
    match caller:
        case SignedIn(person, session):
            await _in_sight(parts, review, person.id)
            return Voter(person.id, Presence.CONSOLE, session.key, session.signed_in_at, assertion)
        case ByKey(actor) if actor.kind is ActorKind.PERSON:
            await _in_sight(parts, review, actor.owner)
            if not parts.unsafe_token_votes:
                sentence = f"Votes by key don't count here. Sign in to the console: {parts.public_url}/reviews/{review}"
                raise await _recorded(parts, review, caller, "token_votes_off", sentence)
            return Voter(actor.owner, Presence.TOKEN, actor.key)
        case ByKey() | Operator() | ByDirectory():
            raise await _recorded(
                parts, review, caller, "agents_never_vote", "Only people vote. This attempt was recorded."
            )
        case _:
            assert_never(caller)


async def never_votes(parts: Control, request: Request, caller: Caller) -> Refused:
    """The refusal of a caller that isn't a person; the attempt is recorded (design, promise 8)."""
    review = ReviewId(str(request.path_params.get("review", "")))
    return await _recorded(parts, review, caller, "agents_never_vote", "Only people vote. This attempt was recorded.")


async def cast(parts: Control, review: ReviewId, who: Voter, ballot: Ballot) -> Review:
    """Hands the ballot to the desk; an approval only for a card that can be shown whole.

    Raises what `Desk.vote` raises, and `Refused` (409) for the approval of a card that isn't whole.
    """
    if ballot.verdict is Verdict.APPROVE:
        view = read_card((await parts.desk.card(review)).content)
        if not view.whole:
            parts.refusals.take(f"person/{who.person}")
            await parts.desk.refuse_vote(review, who.person, "the card can't be shown whole")
            raise Refused(409, "card_not_whole", "This card can't be shown whole, so it can't be approved. Deny it.")
    with counting_refusals(parts, who.person):
        return await parts.desk.vote(review, who, ballot)


@contextmanager
def counting_refusals(parts: Control, person: PersonId) -> Iterator[None]:
    """Counts what the desk refuses; who is refused too often is told to wait (429). What it wouldn't refuse is never
    in the way: a thief of the session can't keep its person from voting."""
    try:
        with refusing():
            yield
    except (NotEntitled, Conflict, Refused):
        parts.refusals.take(f"person/{person}")
        raise


async def _in_sight(parts: Control, review: ReviewId, person: PersonId) -> None:
    found = await parts.desk.review(review)
    if not parts.desk.may_see(found, person):
        parts.refusals.take(f"person/{person}")
        await parts.desk.refuse_vote(review, person, "may not see it")
        raise NotFound(NO_SUCH)


async def _recorded(parts: Control, review: ReviewId, caller: Caller, code: str, sentence: str) -> Refused:
    parts.refusals.take(caller.name)  # each one is a ledger entry: a persistent caller mustn't fill the ledger
    with suppress(NotFound):  # and the answer mustn't tell whether there is such a review
        await parts.desk.review(review)
        await parts.desk.refuse_vote(review, caller.name, code)
    return Refused(403, code, sentence)
