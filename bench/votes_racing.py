"""A thousand people vote at once on one review: how fast that is settled, and that there is exactly one outcome.

No budget in seconds: issue 4 asks for the one outcome. Five signatures are asked for: five votes count and the others
are refused, each with its entry on disk. Store, registry and desk are the real ones; nothing goes over HTTP.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import uvloop

from bench.ground import Ground
from bench.inbox_of_10000 import ASKED, OFFICERS, a_desk, opened
from bench.link import Failed
from bench.report import Result
from interlock.desk import Desk
from interlock.errors import Conflict
from interlock.model.decision import Quorum
from interlock.model.names import KeyId, PersonId
from interlock.model.person import Person
from interlock.model.review import Ballot, Presence, Review, ReviewState, Verdict, Voter

VOTES = 1_000
SIGNATURES = 5


def run(ground: Ground) -> list[Result]:
    """Seconds until the last vote is answered, and votes a second."""
    took = uvloop.run(_run(ground.directory / "votes"))
    mode = f"{VOTES} votes at once on one review, one outcome"
    return [Result("votes_racing", mode, took, "s"), Result("votes_racing", mode, VOTES / took, "/s")]


async def _run(directory: Path) -> float:
    people = [Person(PersonId(f"p{n}"), f"Person {n}", frozenset({OFFICERS})) for n in range(VOTES)]
    async with a_desk(directory, people) as (desk, _, _):
        review = await opened(desk, 0, replace(ASKED, quorums=(Quorum(OFFICERS, SIGNATURES),)))
        card = await desk.card(review.id)
        ballot = Ballot(Verdict.APPROVE, card.action_digest, card.card_digest)
        began = perf_counter()
        outcomes = Counter(await asyncio.gather(*(_vote(desk, review, each, ballot) for each in people)))
        took = perf_counter() - began
        settled = await desk.review(review.id)
    if outcomes != {"counted": SIGNATURES, "refused": VOTES - SIGNATURES} or settled.state is not ReviewState.APPROVED:
        raise Failed(f"the votes ended as {settled.state}: {dict(outcomes)}")
    return took


async def _vote(desk: Desk, review: Review, who: Person, ballot: Ballot) -> str:
    voter = Voter(who.id, Presence.CONSOLE, KeyId(f"session-{who.id}"), signed_in_at=desk.clock.now())
    try:
        await desk.vote(review.id, voter, ballot)
    except Conflict:
        return "refused"
    return "counted"
