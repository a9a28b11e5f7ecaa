"""An approval that is good for several runs, as the store guards it: by rows, and by what entries have said."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest
from tests.ledger.making import draft
from tests.stores.a_store import (
    Bench,
    HandClock,
    approving,
    denied,
    ending,
    new_id,
    opened,
    opening,
    redeeming,
    review,
    using,
    write_raw,
)

from interlock.errors import Conflict
from interlock.model.canonical import JsonValue
from interlock.model.change import Change, EndRun, MoveReview, TakeUse, Unit
from interlock.model.entry import Draft, EntryType
from interlock.model.names import EntryId, ReviewId
from interlock.model.review import Review, ReviewState


def held(uses: int) -> Review:
    """A pending review of so many runs."""
    return dataclasses.replace(review(), uses_left=uses)


async def stands(bench: Bench, of: Review) -> tuple[ReviewState, int]:
    """Where a review stands, and how many runs are left."""
    found = await bench.store.records.review(of.id)
    assert found is not None
    return found.state, found.uses_left


async def approved(bench: Bench, uses: int) -> Review:
    """An approved review."""
    of = held(uses)
    await bench.store.commit(opening(of))
    await bench.store.commit(approving(of))
    return of


async def test_it_stays_approved_until_its_last_run(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db") as bench:
        of = await approved(bench, 3)
        await bench.store.commit(using(of, 3))
        assert await stands(bench, of) == (ReviewState.APPROVED, 2)
        found = await bench.store.records.open_review(of.actor, b"form")
        assert found is not None and found.id == of.id
        await bench.store.commit(ending(of))
        assert await stands(bench, of) == (ReviewState.APPROVED, 2)
        await bench.store.commit(using(of, 2))
        await bench.store.commit(using(of, 1))
        assert await stands(bench, of) == (ReviewState.RELEASED, 0)
        assert await bench.store.records.open_review(of.actor, b"form") is None


async def test_how_the_last_run_ends_is_how_the_review_ends(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db") as bench:
        of = await approved(bench, 2)
        await bench.store.commit(using(of, 2))
        await bench.store.commit(using(of, 1))
        await bench.store.commit(ending(of, ReviewState.FAILED))
        assert await stands(bench, of) == (ReviewState.RELEASED, 0)  # one goes on
        await bench.store.commit(ending(of, ReviewState.UNKNOWN))
        assert await stands(bench, of) == (ReviewState.UNKNOWN, 0)
        await bench.store.commit(ending(of))
        assert await stands(bench, of) == (ReviewState.UNKNOWN, 0)


async def test_only_the_run_that_is_next_can_be_taken(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db") as bench:
        of = await approved(bench, 3)
        for left in (2, 4, 1, 0):
            with pytest.raises(Conflict):
                await bench.store.commit(using(of, left))
        answers = await asyncio.gather(*(bench.store.commit(using(of, 3)) for _ in range(20)), return_exceptions=True)
        assert sum(isinstance(answer, Conflict) for answer in answers) == 19
        assert await stands(bench, of) == (ReviewState.APPROVED, 2)


async def test_no_run_before_the_approval_nor_after_its_time(tmp_path: Path) -> None:
    clock, of = HandClock(), held(2)
    async with opened(tmp_path / "s.db", clock=clock) as bench:
        await bench.store.commit(opening(of))
        with pytest.raises(Conflict):
            await bench.store.commit(using(of, 2))
        await bench.store.commit(approving(of, valid=60))
        await bench.store.commit(using(of, 2))
        clock.forward(seconds=60)
        with pytest.raises(Conflict):
            await bench.store.commit(using(of, 1))
        assert [due.id for due in await bench.store.records.due(clock.at)] == [of.id]
        expire = MoveReview(of.id, frozenset({ReviewState.APPROVED}), ReviewState.EXPIRED, after="approved_until")
        await bench.store.commit(denied(changes=(expire,)))
        await bench.store.commit(ending(of))
        assert await stands(bench, of) == (ReviewState.EXPIRED, 1)


async def test_an_end_is_recorded_whatever_the_row_says(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db") as bench:
        of = await approved(bench, 1)
        await bench.store.commit(redeeming(of))
        write_raw(bench.path, "UPDATE il_review SET state = 'denied', running = 0")
        await bench.store.commit(ending(of))
        assert (await stands(bench, of))[0] is ReviewState.DENIED
        with pytest.raises(Conflict):
            await bench.store.commit(denied(changes=(EndRun(ReviewId(new_id()), ReviewState.FAILED),)))


# -- what the entries say ----------------------------------------------------------------------------------------------


def opening_for(uses: int) -> tuple[Review, Unit]:
    """A review that is opened for so many runs, by its entry too."""
    of = held(uses)
    change = opening(of).changes
    return of, Unit((_entry(EntryType.REVIEW_OPENED, of.id, uses=uses),), change)


def release(of: Review, use: int, *changes: Change) -> Unit:
    """A unit that releases one of a review's runs."""
    return Unit((_entry(EntryType.ACTION_RELEASED, of.id, review=of.id, digest="", use=use),), changes)


def _entry(type_: EntryType, of: ReviewId, **d: JsonValue) -> Draft:
    one = draft(type_, obj=of, act=new_id())
    one = dataclasses.replace(one, d={**one.d, **d})
    return dataclasses.replace(one, id=EntryId(new_id()))


async def test_a_row_set_back_gives_no_further_run(tmp_path: Path) -> None:
    of, unit = opening_for(2)
    back = "UPDATE il_review SET state = 'approved', uses_left = 2, running = 0"
    async with opened(tmp_path / "s.db") as bench:
        await bench.store.commit(unit)
        await bench.store.commit(approving(of))
        await bench.store.commit(release(of, 1, TakeUse(of.id, 2, ReviewState.APPROVED)))
        await bench.store.commit(release(of, 2, TakeUse(of.id, 1, ReviewState.RELEASED)))
        for use in (1, 2, 3):
            write_raw(bench.path, back)
            with pytest.raises(Conflict, match="run"):
                await bench.store.commit(release(of, use, TakeUse(of.id, 2, ReviewState.APPROVED)))
        assert bench.authority.released(of.id)
    async with opened(tmp_path / "s.db") as bench:  # what entries claim is learnt again at start-up
        for use in (1, 2, 3):
            write_raw(bench.path, back)
            with pytest.raises(Conflict, match="run"):
                await bench.store.commit(release(of, use, TakeUse(of.id, 2, ReviewState.APPROVED)))


async def test_runs_of_one_batch_are_told_apart(tmp_path: Path) -> None:
    of, unit = opening_for(3)
    async with opened(tmp_path / "s.db") as bench:
        await bench.store.commit(unit)
        uses = (1, 1, 2, 2, 3, 3, 4)
        answers = await asyncio.gather(*(bench.store.commit(release(of, n)) for n in uses), return_exceptions=True)
        assert [isinstance(answer, Conflict) for answer in answers] == [False, True, False, True, False, True, True]
        assert bench.authority.released(of.id)


async def test_what_was_settled_otherwise_gives_no_further_run(tmp_path: Path) -> None:
    of, unit = opening_for(3)
    async with opened(tmp_path / "s.db") as bench:
        await bench.store.commit(unit)
        await bench.store.commit(release(of, 1))
        await bench.store.commit(Unit((_entry(EntryType.REVIEW_EXPIRED, of.id),)))
        with pytest.raises(Conflict, match="settled"):
            await bench.store.commit(release(of, 2))
    async with opened(tmp_path / "s.db") as bench:
        with pytest.raises(Conflict, match="settled"):
            await bench.store.commit(release(of, 2))
