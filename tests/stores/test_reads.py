"""What the gate, desk and console read."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.stores.a_store import (
    NOW,
    approving,
    denied,
    new_id,
    opened,
    opening,
    redeeming,
    review,
    vote,
    voting,
    write_raw,
)

from interlock.errors import LedgerCorrupt
from interlock.model.decision import Quorum, Requirements, Reuse
from interlock.model.names import ActorId, EntryId, GroupName, PersonId, ReviewId
from interlock.model.review import ReviewState
from interlock.ports import Ledger, Records
from interlock.stores.sqlite import SqliteStore


def _conforms(store: SqliteStore) -> tuple[Ledger, Records]:
    return store, store.records  # checked by mypy


async def test_a_review_comes_back_as_it_went_in(tmp_path: Path) -> None:
    held = dataclasses.replace(
        review(),
        excluded=frozenset({PersonId("Ána"), PersonId('"; DROP')}),
        requirements=Requirements(
            (Quorum(GroupName("a"), 2), Quorum(GroupName("b"), 1)),
            timedelta(microseconds=1),
            timedelta(days=400),
            any_of=((Quorum(GroupName("a"), 1), Quorum(GroupName("b"), 1)), (Quorum(GroupName("c"), 3),)),
            stages=(((Quorum(GroupName("a"), 1), Quorum(GroupName("b"), 1)), (Quorum(GroupName("c"), 1),)),),
            reuse=Reuse(7, timedelta(days=400)),
            channels=frozenset({"slack", "teams"}),
            break_glass=frozenset({GroupName("on-call")}),
        ),
        uses_left=7,
    )
    async with opened(tmp_path / "s.db") as bench:
        await bench.store.commit(opening(held))
        assert await bench.store.records.review(held.id) == held
        assert await bench.store.records.sealed(held.id) == (b"sealed payload", b"sealed card")
        await bench.store.commit(approving(held, valid=60))
        approved = await bench.store.records.review(held.id)
    assert approved == dataclasses.replace(held, state=ReviewState.APPROVED, approved_until=NOW + timedelta(seconds=60))


async def test_what_is_not_there_is_none(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db") as bench:
        records = bench.store.records
        nobody = ReviewId(new_id())
        assert await records.review(nobody) is None
        assert await records.sealed(nobody) is None
        assert await records.entry(EntryId(new_id())) is None
        assert await records.open_review(ActorId("x"), b"form") is None
        assert list(await records.votes(nobody)) == []
        assert list(await records.entries(0, 10)) == []
        assert await records.checkpoint() is None
        assert (await bench.store.head())[0] == 0


async def test_reviews_by_state_newest_first(tmp_path: Path) -> None:
    held = [review(opened_at=NOW + timedelta(minutes=i), actor=ActorId(f"agent-{i % 2}")) for i in range(5)]
    async with opened(tmp_path / "s.db") as bench:
        records = bench.store.records
        for i, one in enumerate(held):
            await bench.store.commit(opening(one, b"form%d" % i))
        await bench.store.commit(approving(held[1]))
        await bench.store.commit(redeeming(held[1]))
        everything = await records.reviews(None, 10)
        pending = await records.reviews(frozenset({ReviewState.PENDING}), 2)
        assert [r.id for r in everything] == [r.id for r in reversed(held)]
        assert [r.id for r in pending] == [held[4].id, held[3].id]
        assert await records.reviews(frozenset(), 10) == []
        assert await records.count_open(ActorId("agent-0")) == 3
        assert await records.count_open(ActorId("agent-1")) == 1


async def test_pages_of_reviews_miss_none_and_repeat_none(tmp_path: Path) -> None:
    held = [review(opened_at=NOW + timedelta(microseconds=i // 2)) for i in range(6)]  # two and two of one moment
    async with opened(tmp_path / "s.db") as bench:
        for i, one in enumerate(held):
            await bench.store.commit(opening(one, b"form%d" % i))
        found: list[ReviewId] = []
        before: tuple[datetime, ReviewId] | None = None
        while page := await bench.store.records.reviews(None, 1, before):
            found += [each.id for each in page]
            before = (page[-1].opened_at, page[-1].id)
        assert found == [r.id for r in sorted(held, key=lambda r: (r.opened_at, r.id), reverse=True)]


async def test_votes_oldest_first(tmp_path: Path) -> None:
    held = review()
    votes = [vote(held, person, NOW + timedelta(seconds=i)) for i, person in enumerate(("c", "a", "b"))]
    async with opened(tmp_path / "s.db") as bench:
        await bench.store.commit(opening(held))
        for one in reversed(votes):
            await bench.store.commit(voting(one))
        assert list(await bench.store.records.votes(held.id)) == votes


async def test_due_is_what_has_run_out(tmp_path: Path) -> None:
    early, late = review(), review(opened_at=NOW + timedelta(minutes=1))
    async with opened(tmp_path / "s.db") as bench:
        await bench.store.commit(opening(early, b"1"))
        await bench.store.commit(opening(late, b"2"))
        assert [r.id for r in await bench.store.records.due(early.expires_at - timedelta(microseconds=1))] == []
        assert [r.id for r in await bench.store.records.due(early.expires_at)] == [early.id]
        assert [r.id for r in await bench.store.records.due(late.expires_at)] == [early.id, late.id]


async def test_an_entry_by_id_is_its_stored_bytes(tmp_path: Path) -> None:
    unit = denied()
    async with opened(tmp_path / "s.db") as bench:
        ((index, _),) = (await bench.store.commit(unit)).entries
        assert await bench.store.records.entry(unit.entries[0].id) == (await bench.store.entries(index, 1))[0]


async def test_reading_goes_on_while_a_write_is_open(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db") as bench:
        await bench.store.commit(denied())
        commits = [bench.store.commit(denied()) for _ in range(500)]
        sizes = [(await bench.store.head())[0] for _ in range(20)]
        await asyncio.gather(*commits)
        size = (await bench.store.head())[0]
    assert sizes == sorted(sizes)
    assert size >= 502


@pytest.mark.parametrize("column", ["state", "requirements", "excluded", "opened_at"])
async def test_a_row_nobody_wrote_is_never_guessed_at(tmp_path: Path, column: str) -> None:
    held = review()
    async with opened(tmp_path / "s.db") as bench:
        await bench.store.commit(opening(held))
        write_raw(bench.path, f"UPDATE il_review SET {column} = 'nonsense'")
        with pytest.raises(LedgerCorrupt):
            await bench.store.records.review(held.id)


SPOILT = [
    "state = 'nonsense'",
    "requirements = 'nonsense'",
    """requirements = '{"quorums":[],"expires_us":1e300,"valid_us":1}'""",
    "requirements = '[]'",
    "requirements = 7",
    "excluded = x'ff'",
    "excluded = CAST(x'ff' AS TEXT)",
    "opened_at = 5",
    "expires_at = '0'",
    "approved_until = ''",
    "requirements = '" + "[" * 200_000 + "'",
]


@pytest.mark.parametrize("spoilt", SPOILT, ids=range(len(SPOILT)))
async def test_one_spoilt_row_hides_no_other(tmp_path: Path, spoilt: str) -> None:
    bad, good = review(), review(opened_at=NOW + timedelta(minutes=1))
    async with opened(tmp_path / "s.db") as bench:
        records = bench.store.records
        await bench.store.commit(opening(bad, b"1"))
        await bench.store.commit(opening(good, b"2"))
        write_raw(bench.path, f"UPDATE il_review SET {spoilt} WHERE id = '{bad.id}'")
        with capture_logs() as logged:
            assert [r.id for r in await records.reviews(None, 10)] == [good.id]
            assert [r.id for r in await records.due(NOW + timedelta(days=1))] == [good.id]
        assert logged[0] == {
            "event": "integrity.alarm",
            "log_level": "critical",
            "because": "a row of il_review isn't one that Interlock wrote",
        }
        assert await records.review(good.id) == good
        with pytest.raises(LedgerCorrupt):
            await records.review(bad.id)


@pytest.mark.parametrize("spoilt", ["sealed_payload = 'text'", "sealed_card = -1", "lookup = 1.5"])
async def test_spoilt_sealed_parts_spoil_no_list(tmp_path: Path, spoilt: str) -> None:
    held = review()
    async with opened(tmp_path / "s.db") as bench:
        await bench.store.commit(opening(held))
        write_raw(bench.path, f"UPDATE il_review SET {spoilt}")
        assert list(await bench.store.records.reviews(None, 10)) == [held]
        if "sealed" in spoilt:
            with pytest.raises(LedgerCorrupt):
                await bench.store.records.sealed(held.id)
