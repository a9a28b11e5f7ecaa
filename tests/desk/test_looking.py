"""One look at all that waits says of each review what asking about that review alone says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.an_office import Office, office
from tests.desk.a_review import AUDITORS, delegate, held, narrow, ruled, under

from interlock.model.names import PersonId
from interlock.model.narrowing import Narrowing
from interlock.model.review import Verdict
from interlock.model.settings import Limits

ASKED = (
    '@review("officers:1") @break_glass("on-call")',
    '@review("officers:2")',
    '@stages("officers:1 > security:1")',
    '@review_any("officers:1, security:2")',
)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as opened:
        limits = Limits(cool_down_seconds=0)
        yield ruled(under(opened), auditors=frozenset({AUDITORS}), limits=limits)


async def varied(desk: Office) -> None:
    """Reviews that ask many things of many people: some voted on, narrowed, approved, denied, expired."""
    for number, asked in enumerate(ASKED):
        asking = under(desk, asked)
        for n in range(4):
            review, _ = await held(asking, f"COPY patients TO STDOUT -- {number} {n}")
            desk.clock.forward(seconds=1)
            if n == 1:
                await asking.vote(review, "bob")
            elif n == 2 and number:
                await narrow(asking, review, "ann", Narrowing(valid=timedelta(minutes=2)))
            elif n == 3 and number:
                await asking.vote(review, "ann", Verdict.DENY)


async def agree(desk: Office) -> set[str | None]:
    """Every answer that was given; both ways of asking gave the same ones, in the same order."""
    said: set[str | None] = set()
    for person in desk.registry.directory.everyone():
        one_look = await desk.desk.waiting_for(person)
        pending = await desk.desk.pending_for(person)
        assert [each.review for each in one_look] == list(pending)
        answers = [each.why_not for each in one_look]
        assert answers == [desk.desk.why_not(review, person) for review in pending]
        rows = [await desk.desk.review(review.id) for review in pending]
        assert answers == [desk.desk.why_not(row, person) for row in rows]
        said.update(answers)
    return said


async def test_one_look_says_what_asking_one_by_one_says(desk: Office) -> None:
    await varied(desk)
    said = await agree(desk)
    assert None in said
    assert "you have voted" in said
    assert any("part of the request" in (each or "") for each in said)
    assert any("to sign now" in (each or "") for each in said)
    assert any("may sign" in (each or "") for each in said)


async def test_so_it_is_with_seats_that_were_lent(desk: Office) -> None:
    await varied(desk)
    eve = PersonId("eve")
    assert await desk.desk.waiting_for(eve) == []
    await delegate(desk, "bob", "eve", "officers")
    await delegate(desk, "olivia", "dan", "officers")  # who is part of the request lends no seat in it
    await agree(desk)
    lent = [each.why_not for each in await desk.desk.waiting_for(eve)]
    assert None in lent
    assert len(set(lent)) > 1  # of who has voted there is no seat left
    assert not any(each.why_not is None for each in await desk.desk.waiting_for(PersonId("dan")))


async def test_what_has_run_out_waits_for_nobody(desk: Office) -> None:
    await varied(desk)
    desk.clock.forward(minutes=31)
    assert await agree(desk) == set()
