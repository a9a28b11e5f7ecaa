"""A thousand people vote at once on one review: one outcome, and what comes after it is refused."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from tests.an_office import ACTORS, OFFICERS, POLICY, Again, Office, OneBundle, bundle, office, person
from tests.desk.a_review import entries, held

from interlock.errors import Conflict
from interlock.gate import Cleared
from interlock.identity.directory import Directory
from interlock.model.names import PersonId
from interlock.model.review import Ballot, Review, ReviewState, Verdict

CROWD = Directory(
    {p.id: p for p in (person("olivia"), *(person(f"p{n}", OFFICERS) for n in range(1000)))},
    ACTORS,
)


def crowded(desk: Office) -> Office:
    """The office with a thousand officers, five of whom must sign."""
    desk = desk.with_directory(CROWD)
    policy = OneBundle(bundle(POLICY.replace("officers:1", "officers:5"), CROWD))
    return replace(desk, gate=replace(desk.gate, rules=policy))


async def race(desk: Office, review: Review, verdicts: list[Verdict]) -> Counter[str]:
    """Everybody's vote at once; how many were counted, and how many refused."""
    card = await desk.desk.card(review.id)

    async def vote(n: int, verdict: Verdict) -> str:
        ballot = Ballot(verdict, card.action_digest, card.card_digest)
        try:
            await desk.desk.vote(review.id, desk.voter(f"p{n}"), ballot)
        except Conflict:
            return "refused"
        return "counted"

    return Counter(await asyncio.gather(*(vote(n, verdict) for n, verdict in enumerate(verdicts))))


async def settlements(desk: Office) -> list[str]:
    return [d["settles"] for d in await entries(desk, "vote.cast")]


async def test_a_thousand_yeses_settle_it_once(tmp_path: Path) -> None:
    async with office(tmp_path) as opened:
        desk = crowded(opened)
        review, action = await held(desk)
        outcome = await race(desk, review, [Verdict.APPROVE] * 1000)
        assert outcome == {"counted": 5, "refused": 995}
        assert await settlements(desk) == ["", "", "", "", "approved"]
        assert len(await entries(desk, "vote.refused")) == 995
        answers = await asyncio.gather(*(desk.gate.redeem(review.id, action, Again(action)) for _ in range(4)))
        assert sum(isinstance(answer, Cleared) for answer in answers) == 1


@pytest.mark.parametrize("seed", [1, 2])
async def test_of_yeses_and_noes_the_first_no_ends_it_once(tmp_path: Path, seed: int) -> None:
    verdicts = [Verdict.APPROVE] * 990 + [Verdict.DENY] * 10
    random.Random(seed).shuffle(verdicts)
    async with office(tmp_path) as opened:
        desk = crowded(opened)
        review, action = await held(desk)
        outcome = await race(desk, review, verdicts)
        settled = await settlements(desk)
        assert outcome["counted"] == len(settled)
        assert settled[-1] == "denied" and settled.count("denied") == 1 and settled.count("approved") <= 1
        assert (await desk.desk.review(review.id)).state is ReviewState.DENIED
        assert desk.desk.why_not(review, PersonId("p0")) is not None
        assert not isinstance(await desk.gate.redeem(review.id, action, Again(action)), Cleared)
