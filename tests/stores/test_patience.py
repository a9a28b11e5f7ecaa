"""Endings wait a moment for others to be flushed with; nothing that somebody waits for does."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.stores.a_store import approving, denied, ended, opened, opening, redeeming, review

from interlock.ledger.entry import parse_entry
from interlock.model.change import EndRun, Unit
from interlock.model.review import ReviewState
from interlock.stores.writer import PATIENT_ENTRIES

FOR_EVER = 3_600.0
SOON = 10.0  # a bound for what comes at once
A_WHILE = 0.2


async def types(store: object) -> list[str]:
    return [parse_entry(body).type.value for body in await store.entries(0, 5_000)]  # type: ignore[attr-defined]


async def test_an_ending_goes_with_the_next_unit_in_one_flush_and_in_order(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db", patience=FOR_EVER) as bench:
        ending = asyncio.ensure_future(bench.store.commit(ended()))
        done, _ = await asyncio.wait({ending}, timeout=A_WHILE)
        assert not done
        await asyncio.wait_for(bench.store.commit(denied()), SOON)
        assert ending.done()
        assert await types(bench.store) == ["action.ended", "action.denied", "node.seal"]


async def test_an_ending_alone_is_written_when_its_time_is_up(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db") as bench:
        receipt = await asyncio.wait_for(bench.store.commit(ended()), SOON)
        assert len(receipt.entries) == 1


async def test_many_endings_wait_no_longer(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db", patience=FOR_EVER) as bench:
        endings = [asyncio.ensure_future(bench.store.commit(ended())) for _ in range(PATIENT_ENTRIES)]
        await asyncio.wait_for(asyncio.gather(*endings), SOON)


async def test_closing_writes_the_endings_that_wait(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db", patience=FOR_EVER) as bench:
        ending = asyncio.ensure_future(bench.store.commit(ended()))
        await asyncio.wait({ending}, timeout=A_WHILE)
    assert len((await ending).entries) == 1


@pytest.mark.parametrize("first", ["denied", "settles a review"])
async def test_what_somebody_waits_for_is_written_at_once(tmp_path: Path, first: str) -> None:
    async with opened(tmp_path / "s.db", patience=FOR_EVER) as bench:
        of = review()
        for unit in (opening(of), approving(of), redeeming(of)):
            await asyncio.wait_for(bench.store.commit(unit), SOON)
        settling: Unit = ended(changes=(EndRun(of.id, ReviewState.SUCCEEDED),))
        await asyncio.wait_for(bench.store.commit(denied() if first == "denied" else settling), SOON)
