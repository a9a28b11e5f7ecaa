"""Looks: recorded once for each person and card while a review waits, and never in the way of a look."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from tests.an_office import Office, office
from tests.desk.a_review import entries, held, narrow, under, with_desk

from interlock.errors import LedgerUnavailable
from interlock.model.change import Unit
from interlock.model.names import PersonId
from interlock.model.narrowing import Narrowing
from interlock.model.review import Verdict
from interlock.ports import Receipt

ANN, BOB = PersonId("ann"), PersonId("bob")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as opened:
        yield under(opened)


async def test_the_first_look_of_each_person_is_recorded(desk: Office) -> None:
    review, _ = await held(desk)
    for person, where in ((ANN, "console"), (ANN, "slack"), (BOB, "api"), (ANN, "console")):
        await desk.desk.seen(review, person, where)
    assert await entries(desk, "review.seen") == [
        {"person": "ann", "where": "console", "card": review.card_digest},
        {"person": "bob", "where": "api", "card": review.card_digest},
    ]


async def test_looks_at_once_are_one(desk: Office) -> None:
    review, _ = await held(desk)
    await asyncio.gather(*(desk.desk.seen(review, ANN, "console") for _ in range(20)))
    assert len(await entries(desk, "review.seen")) == 1


async def test_another_card_is_seen_anew_and_the_one_before_no_more(desk: Office) -> None:
    review, _ = await held(desk)
    await desk.desk.seen(review, ANN, "console")
    changed = await narrow(desk, review, "bob", Narrowing(valid=timedelta(minutes=2)))
    await desk.desk.seen(review, BOB, "console")  # what they were shown is gone
    await desk.desk.seen(changed, ANN, "console")
    assert [(e["person"], e["card"]) for e in await entries(desk, "review.seen")] == [
        ("ann", review.card_digest),
        ("ann", changed.card_digest),
    ]


@pytest.mark.parametrize("verdict", list(Verdict))
async def test_what_is_settled_isnt_looked_at_any_more(desk: Office, verdict: Verdict) -> None:
    review, _ = await held(desk)
    settled = await desk.vote(review, "bob", verdict)
    for each in (review, settled):
        await desk.desk.seen(each, ANN, "console")
    assert await entries(desk, "review.seen") == []


async def test_a_restart_forgets_no_look_that_still_matters(tmp_path: Path) -> None:
    async with office(tmp_path) as opened:
        review, _ = await held(under(opened))
        await under(opened).desk.seen(review, ANN, "console")
    async with office(tmp_path) as opened:
        again = under(opened)
        await again.desk.seen(review, ANN, "console")
        await again.desk.seen(review, BOB, "console")
        assert [e["person"] for e in await entries(again, "review.seen")] == ["ann", "bob"]


@dataclass
class Full:
    """A ledger whose disk is full, until it isn't."""

    office: Office
    full: bool = True

    async def commit(self, unit: Unit) -> Receipt:
        if self.full:
            raise LedgerUnavailable("the disk is full")
        return await self.office.store.commit(unit)


async def test_a_look_that_cant_be_recorded_is_a_look_all_the_same(desk: Office) -> None:
    review, _ = await held(desk)
    ledger = Full(desk)
    without = with_desk(desk, ledger=ledger)
    await without.desk.seen(review, ANN, "console")
    assert await entries(desk, "review.seen") == []
    ledger.full = False
    await without.desk.seen(review, ANN, "console")
    assert len(await entries(desk, "review.seen")) == 1
