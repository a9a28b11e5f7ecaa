"""The one way a vote gets from a request to the desk, from the API and the console alike."""

from __future__ import annotations

from contextlib import suppress
from typing import assert_never

from interlock.errors import NotFound
from interlock.model.actor import ActorKind
from interlock.model.names import ReviewId
from interlock.model.review import Ballot, Presence, Review, Verdict, Voter
from interlock.web.callers import ByKey, Caller, Operator, SignedIn
from interlock.web.card_view import read_card
from interlock.web.control_state import Control
from interlock.web.problems import Refused


async def voter(parts: Control, review: ReviewId, caller: Caller) -> Voter:
    """The caller as a voter; raises `Refused`, and has the attempt recorded, when they can't be one.

    Only a signed-in person is present. A person's key counts under `unsafe_token_votes` alone; agents, services and
    the operator never vote (design, promises 3 and 8).
    """
    match caller:
        case SignedIn(person, session):
            return Voter(person.id, Presence.CONSOLE, session.key)
        case ByKey(actor) if actor.kind is ActorKind.PERSON:
            if not parts.unsafe_token_votes:
                sentence = f"Votes by key don't count here. Sign in to the console: {parts.public_url}/reviews/{review}"
                raise await _recorded(parts, review, caller, "token_votes_off", sentence)
            return Voter(actor.owner, Presence.TOKEN, actor.key)
        case ByKey() | Operator():
            raise await _recorded(
                parts, review, caller, "agents_never_vote", "Only people vote. This attempt was recorded."
            )
        case _:
            assert_never(caller)


async def cast(parts: Control, review: ReviewId, who: Voter, ballot: Ballot) -> Review:
    """Hands the ballot to the desk; an approval only for a card that can be shown whole.

    Raises what `Desk.vote` raises, and `Refused` (409) for the approval of a card that isn't whole.
    """
    if ballot.verdict is Verdict.APPROVE:
        view = read_card((await parts.desk.card(review)).content)
        if not view.whole:
            await parts.desk.refuse_vote(review, who.person, "the card can't be shown whole")
            raise Refused(409, "card_not_whole", "This card can't be shown whole, so it can't be approved. Deny it.")
    return await parts.desk.vote(review, who, ballot)


async def _recorded(parts: Control, review: ReviewId, caller: Caller, code: str, sentence: str) -> Refused:
    parts.refusals.take(caller.name)  # each one is a ledger entry: a persistent caller mustn't fill the ledger
    with suppress(NotFound):  # and the answer mustn't tell whether there is such a review
        await parts.desk.review(review)
        await parts.desk.refuse_vote(review, caller.name, code)
    return Refused(403, code, sentence)
