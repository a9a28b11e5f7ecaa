"""Refused attempts are on record, and nobody fills the ledger with them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.an_office import Office, office
from tests.desk.a_review import entries, held, under

from interlock.desk.refusals import MINUTE, MOST, MOST_KNOWN, MOST_TOLD, OTHERS, Refusals, Rest
from interlock.errors import Conflict, LedgerUnavailable
from interlock.model.names import Digest, ReviewId
from interlock.model.review import Review, Verdict

NOW, REVIEW, OTHER = datetime(2026, 1, 1, tzinfo=UTC), ReviewId("r1"), ReviewId("r2")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as opened:
        yield under(opened)


async def stale(desk: Office, review: Review, name: str) -> None:
    """A vote for another card."""
    ballot = replace(await desk.ballot(review, Verdict.DENY), card_digest=Digest("0" * 64))
    with pytest.raises(Conflict):
        await desk.desk.vote(review.id, desk.voter(name), ballot)


async def test_of_many_the_rest_is_one_entry(desk: Office) -> None:
    review, _ = await held(desk)
    for _ in range(MOST + 7):
        await stale(desk, review, "ann")
    await stale(desk, review, "bob")
    assert [d["person"] for d in await entries(desk, "vote.refused")] == ["ann"] * MOST + ["bob"]
    await desk.desk.expire_due()
    assert len(await entries(desk, "vote.refused")) == MOST + 1
    desk.clock.at += MINUTE
    await desk.desk.expire_due()
    await desk.desk.expire_due()
    told = (await entries(desk, "vote.refused"))[MOST + 1 :]
    assert told == [{"person": "ann", "because": "7 more attempts"}]
    await stale(desk, review, "ann")
    assert len(await entries(desk, "vote.refused")) == MOST + 3
    assert (await desk.vote(review, "ann")).approved_until is not None  # a vote that counts is never in the way


def test_a_minute_has_room_for_so_many_of_each() -> None:
    refusals = Refusals()
    for who in ("ann", "bob"):
        assert [refusals.is_recorded(REVIEW, who, NOW) for _ in range(MOST + 1)] == [True] * MOST + [False]
    later = NOW + MINUTE - timedelta(microseconds=1)
    assert not refusals.is_recorded(OTHER, "ann", later) and refusals.due(later) == []
    assert refusals.is_recorded(REVIEW, "ann", NOW + MINUTE)
    assert refusals.due(NOW + MINUTE) == [Rest("ann", OTHER, 2), Rest("bob", REVIEW, 1)]  # though ann goes on
    assert refusals.due(NOW + 9 * MINUTE) == []


def test_of_who_never_stops_the_rest_is_told_each_minute() -> None:
    refusals, recorded = Refusals(), 0
    told: list[Rest] = []
    for n in range(600):  # ten minutes, each second
        now = NOW + timedelta(seconds=n)
        recorded += refusals.is_recorded(REVIEW, "ann", now)
        told += refusals.due(now)
    told += refusals.due(NOW + 10 * MINUTE)
    assert told == [Rest("ann", REVIEW, 60 - MOST)] * 10 and recorded == 10 * MOST


def test_what_could_not_be_told_is_due_again() -> None:
    refusals = Refusals()
    for at in (NOW, NOW + MINUTE):
        for _ in range(MOST + 2):
            refusals.is_recorded(REVIEW, "ann", at)
        refusals.put_back(refusals.due(NOW + MINUTE))
    assert refusals.due(NOW + 2 * MINUTE) == [Rest("ann", REVIEW, 4)]


def test_what_waits_to_be_told_has_a_bound() -> None:
    refusals = Refusals()
    refusals.put_back([Rest(f"p{n}", REVIEW, 1) for n in range(MOST_KNOWN + 1)])
    told: list[Rest] = []
    while some := refusals.due(NOW):
        assert len(some) <= MOST_TOLD
        told += some
    assert [each.who for each in told] == [*(f"p{n}" for n in range(MOST_KNOWN)), OTHERS]
    assert sum(each.attempts for each in told) == MOST_KNOWN + 1


async def test_while_the_ledger_is_down_it_is_not_lost(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    review, _ = await held(desk)
    for _ in range(MOST + 7):
        await stale(desk, review, "ann")
    desk.clock.at += MINUTE
    with monkeypatch.context() as down:
        down.setattr(type(desk.desk.ledger), "commit", _down)
        with pytest.raises(LedgerUnavailable):
            await desk.desk.expire_due()
    await desk.desk.expire_due()
    assert (await entries(desk, "vote.refused"))[MOST:] == [{"person": "ann", "because": "7 more attempts"}]


async def _down(*_: object) -> None:
    raise LedgerUnavailable("down")


def test_what_is_remembered_has_a_bound() -> None:
    refusals = Refusals()
    for _ in range(MOST + 1):
        refusals.is_recorded(REVIEW, "ann", NOW)
    for n in range(MOST_KNOWN - 1):
        assert refusals.is_recorded(REVIEW, f"p{n}", NOW)
    made_up = [refusals.is_recorded(REVIEW, f"x{n}", NOW) for n in range(3 * MOST)]
    assert made_up == [True] * MOST + [False] * 2 * MOST  # the others together: a new name gets nobody more
    assert not refusals.is_recorded(REVIEW, "ann", NOW)  # nor do they take the count of others away
    assert refusals.due(NOW + MINUTE) == [Rest("ann", REVIEW, 2), Rest(OTHERS, REVIEW, 2 * MOST)]


def test_who_is_forgotten_for_another_is_told_of_all_the_same() -> None:
    refusals = Refusals()
    for _ in range(MOST + 3):
        refusals.is_recorded(REVIEW, "ann", NOW)
    for n in range(2 * MOST_KNOWN):
        assert refusals.is_recorded(REVIEW, f"p{n}", NOW + MINUTE * (1 + n // MOST_KNOWN))
    assert refusals.due(NOW + 2 * MINUTE) == [Rest("ann", REVIEW, 3)]
    assert len(refusals._minutes) <= MOST_KNOWN + 1
