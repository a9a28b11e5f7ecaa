"""Commits: order, receipts, guards, retries, refusals."""

from __future__ import annotations

import asyncio
import dataclasses
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.stores.a_store import (
    HandClock,
    approving,
    denial,
    denied,
    loaded,
    new_id,
    opened,
    opening,
    redeeming,
    review,
    started,
    vote,
    voting,
)

from interlock.errors import Conflict, EntryRefused, InterlockError, LedgerUnavailable
from interlock.ledger.authority import Authority
from interlock.ledger.entry import Entry, parse_entry
from interlock.ledger.merkle import leaf_hash
from interlock.model.change import AddKey, MoveReview, OpenReview, RetireKey, Unit
from interlock.model.entry import Draft, EntryType
from interlock.model.names import ActorId, EntryId, KeyId
from interlock.model.review import ReviewState
from interlock.stores.connections import open_reader


async def test_a_receipt_names_index_and_leaf_of_each_entry(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db") as bench:
        receipt = await bench.store.commit(Unit((denial(), denial())))
        bodies = await bench.store.entries(0, 10)
    assert [parse_entry(body).type for body in bodies] == ["action.denied", "action.denied", "node.seal"]
    assert receipt.entries == tuple((i, leaf_hash(bodies[i]).hex()) for i in range(2))


async def test_units_keep_the_order_of_the_calls(tmp_path: Path) -> None:
    units = [Unit(tuple(denial() for _ in range(1 + i % 3))) for i in range(300)]
    async with opened(tmp_path / "s.db") as bench:
        await asyncio.gather(*(bench.store.commit(unit) for unit in units))
        size, _ = await bench.store.head()
        entries = [parse_entry(body) for body in await bench.store.entries(0, size)]
    asked = [draft.id for unit in units for draft in unit.entries]
    assert [entry.id for entry in entries if entry.type is not EntryType.NODE_SEAL] == asked


async def test_many_callers_share_a_flush(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db") as bench:
        await asyncio.gather(*(bench.store.commit(denied()) for _ in range(2000)))
        size, _ = await bench.store.head()
        bodies = await bench.store.entries(0, size)
    seals = [entry for entry in map(parse_entry, bodies) if entry.type is EntryType.NODE_SEAL]
    assert sum(seal.d["count"] for seal in seals) == 2000
    assert len(seals) < 200
    assert max(seal.d["count"] for seal in seals) <= 1023


async def test_signed_entries_alone_need_no_seal(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db") as bench:
        await bench.store.commit(started())
        size, _ = await bench.store.head()
    assert size == 1


async def test_the_authority_has_seen_an_entry_when_its_caller_is_answered(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db") as bench:
        await bench.store.commit(loaded("a" * 64))
        assert bench.authority.bundle == "a" * 64
    async with opened(tmp_path / "s.db") as bench:
        assert bench.authority.bundle == "a" * 64


class Deaf(Authority):
    """Can't take a policy.loaded entry."""

    def apply(self, entry: Entry) -> None:
        if entry.type is EntryType.POLICY_LOADED:
            raise KeyError("bundle")


async def test_an_authority_that_cannot_follow_stops_everything(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db", authority=Deaf()) as bench:
        await bench.store.commit(denied())
        for unit in (loaded("a" * 64), denied()):
            with pytest.raises(LedgerUnavailable):
                await bench.store.commit(unit)


async def test_of_two_redeemers_one_wins(tmp_path: Path) -> None:
    held = review()
    async with opened(tmp_path / "s.db") as bench:
        await bench.store.commit(opening(held))
        await bench.store.commit(approving(held))
        commits = [bench.store.commit(redeeming(held)) for _ in range(20)]
        answers = await asyncio.gather(*commits, return_exceptions=True)
        found = await bench.store.records.review(held.id)
        size, _ = await bench.store.head()
    assert found is not None and found.state is ReviewState.RELEASED
    assert [isinstance(answer, Conflict) for answer in answers].count(False) == 1
    assert not isinstance(answers[0], BaseException)
    assert size == 6  # three units of one entry, each with its seal: losers leave nothing


async def test_a_failed_guard_takes_the_whole_unit_back_and_no_other(tmp_path: Path) -> None:
    held, other = review(), review()
    lost = Unit(
        (denial(),),
        (
            OpenReview(other, b"other", b"form", b"p", b"c"),
            MoveReview(held.id, frozenset({ReviewState.APPROVED}), ReviewState.RELEASED),
        ),
    )
    async with opened(tmp_path / "s.db") as bench:
        await bench.store.commit(opening(held))
        before, failing, after = (bench.store.commit(unit) for unit in (denied(), lost, denied()))
        await before
        with pytest.raises(Conflict):
            await failing
        await after
        assert await bench.store.records.review(other.id) is None
        assert await bench.store.records.entry(lost.entries[0].id) is None


async def test_one_open_review_of_a_form_for_each_actor(tmp_path: Path) -> None:
    first, second, of_another = review(), review(), review(actor=ActorId("other-agent"))
    async with opened(tmp_path / "s.db") as bench:
        await bench.store.commit(opening(first))
        with pytest.raises(Conflict):
            await bench.store.commit(opening(second))
        await bench.store.commit(opening(of_another))
        withdrawn = MoveReview(first.id, frozenset({ReviewState.PENDING}), ReviewState.WITHDRAWN)
        await bench.store.commit(denied(changes=(withdrawn, OpenReview(second, b"form", b"form", b"p", b"c"))))
        found = await bench.store.records.open_review(second.actor, b"form")
    assert found == second


async def test_a_person_votes_once(tmp_path: Path) -> None:
    held = review()
    async with opened(tmp_path / "s.db") as bench:
        await bench.store.commit(opening(held))
        yes = vote(held)
        await bench.store.commit(voting(yes))
        for again in (vote(held), dataclasses.replace(vote(held), person=yes.person)):
            with pytest.raises(Conflict):
                await bench.store.commit(voting(again))
        await bench.store.commit(voting(vote(held, "dan")))
        votes = await bench.store.records.votes(held.id)
    assert votes[0] == yes or votes[1] == yes
    assert {v.person for v in votes} == {"cleo", "dan"}


async def test_no_vote_on_a_review_that_is_not_there(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db") as bench:
        with pytest.raises(Conflict):
            await bench.store.commit(voting(vote(review())))


async def test_expiry_is_by_the_stores_clock(tmp_path: Path) -> None:
    clock, held = HandClock(), review()
    expire = MoveReview(held.id, frozenset({ReviewState.PENDING}), ReviewState.EXPIRED, after="expires_at")
    async with opened(tmp_path / "s.db", clock=clock) as bench:
        await bench.store.commit(opening(held))
        clock.forward(minutes=29, seconds=59)
        with pytest.raises(Conflict):
            await bench.store.commit(denied(changes=(expire,)))
        clock.forward(seconds=1)
        with pytest.raises(Conflict):
            await bench.store.commit(approving(held))
        await bench.store.commit(denied(changes=(expire,)))


async def test_an_approval_lasts_as_long_as_it_says(tmp_path: Path) -> None:
    clock, held = HandClock(), review()
    async with opened(tmp_path / "s.db", clock=clock) as bench:
        await bench.store.commit(opening(held))
        with pytest.raises(Conflict):
            await bench.store.commit(redeeming(held))
        await bench.store.commit(approving(held, valid=60))
        assert [r.id for r in await bench.store.records.due(clock.at)] == []
        clock.forward(seconds=60)
        with pytest.raises(Conflict):
            await bench.store.commit(redeeming(held))
        assert [r.id for r in await bench.store.records.due(clock.at)] == [held.id]
        assert await bench.store.records.open_review(held.actor, b"form") is None


async def test_a_key_is_used_up_once_and_never_after_its_time(tmp_path: Path) -> None:
    clock = HandClock()
    once, late = KeyId("once"), KeyId("late")
    async with opened(tmp_path / "s.db", clock=clock) as bench:
        for key in (once, late):
            await bench.store.commit(denied(changes=(AddKey(key, "cleo", clock.at.replace(hour=13)),)))
        with pytest.raises(Conflict):
            await bench.store.commit(denied(changes=(AddKey(once, "dan", None),)))
        uses = [bench.store.commit(denied(changes=(RetireKey(once),))) for _ in range(2)]
        answers = await asyncio.gather(*uses, return_exceptions=True)
        assert [isinstance(answer, Conflict) for answer in answers] == [False, True]
        clock.forward(hours=1)
        with pytest.raises(Conflict):
            await bench.store.commit(denied(changes=(RetireKey(late),)))


async def test_a_retry_is_answered_with_the_place_it_has(tmp_path: Path) -> None:
    held = review()
    plain, with_change = denied(), opening(held)
    async with opened(tmp_path / "s.db") as bench:
        first = [await bench.store.commit(unit) for unit in (plain, with_change)]
        again = await asyncio.gather(bench.store.commit(plain), bench.store.commit(with_change))
        size, _ = await bench.store.head()
    assert list(again) == first
    assert size == 4
    async with opened(tmp_path / "s.db") as bench:
        assert await bench.store.commit(plain) == first[0]


async def test_a_unit_twice_in_one_batch_lies_once(tmp_path: Path) -> None:
    units = [denied() for _ in range(3)]
    async with opened(tmp_path / "s.db") as bench:
        twice = await asyncio.gather(*(bench.store.commit(unit) for unit in (*units, *units)))
        size, _ = await bench.store.head()
        bodies = await bench.store.entries(0, size)
    assert twice[:3] == twice[3:]
    assert sum(parse_entry(body).type is EntryType.ACTION_DENIED for body in bodies) == 3


async def test_an_id_is_never_given_to_something_else(tmp_path: Path) -> None:
    unit = denied()
    other = Unit((dataclasses.replace(denial("TRUNCATE patients"), id=unit.entries[0].id),))
    half = Unit((*unit.entries, denial()))
    async with opened(tmp_path / "s.db") as bench:
        await bench.store.commit(unit)
        for claim in (other, half):
            with pytest.raises(Conflict):
                await bench.store.commit(claim)


@pytest.mark.parametrize(
    "unit",
    [
        Unit(()),
        Unit((Draft(id=EntryId(new_id()), type=EntryType.NODE_SEAL, d={"count": 1, "last": ""}),)),
        Unit((dataclasses.replace(denial(), d={"a": "b"}),)),
        Unit((denial("x" * 65_000),)),
        Unit((denial(),) * 2),
        Unit(tuple(denial() for _ in range(1024))),
        denied(changes=(AddKey(KeyId("\ud800"), "x", None),)),
        denied(changes=(MoveReview(review().id, frozenset({ReviewState.PENDING}), ReviewState.DENIED, before="id"),)),
    ],
    ids=["empty", "seal", "form", "long", "twice", "many", "surrogate", "limit"],
)
async def test_what_cannot_be_written_is_refused_alone(tmp_path: Path, unit: Unit) -> None:
    async with opened(tmp_path / "s.db") as bench:
        before, refused, after = (bench.store.commit(u) for u in (denied(), unit, denied()))
        await before
        with pytest.raises(EntryRefused):
            await refused
        await after


async def test_beyond_the_queues_limit_the_answer_is_no_at_once(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db", queue_limit=10) as bench:
        with closing(sqlite3.connect(bench.path, isolation_level=None)) as foreign:
            foreign.execute("BEGIN IMMEDIATE")  # the first flush waits for this lock; what comes then queues
            answers = [asyncio.ensure_future(bench.store.commit(denied())) for _ in range(600)]
            refused = [answer for answer in answers if answer.done()]
            assert len(refused) >= 600 - 10 - 10
            assert all(isinstance(answer.exception(), LedgerUnavailable) for answer in refused)
            foreign.execute("ROLLBACK")
        outcomes = await asyncio.gather(*answers, return_exceptions=True)
        written = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
        await bench.store.commit(denied())
        assert 10 <= len(written) <= 20


async def test_closing_writes_what_waits_and_refuses_what_comes(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db") as bench:
        waiting = [asyncio.ensure_future(bench.store.commit(denied())) for _ in range(500)]
    await asyncio.gather(*waiting)
    with pytest.raises(LedgerUnavailable):
        await bench.store.commit(denied())
    with pytest.raises(LedgerUnavailable):
        await bench.store.records.entry(EntryId(new_id()))
    with closing(open_reader(tmp_path / "s.db")) as reader:
        assert reader.execute("SELECT count(*) FROM il_entry WHERE id IS NOT NULL").fetchone()[0] >= 500


async def test_a_caller_that_leaves_does_not_stop_its_unit(tmp_path: Path) -> None:
    unit = denied()
    async with opened(tmp_path / "s.db") as bench:
        asyncio.ensure_future(bench.store.commit(unit)).cancel()
        await bench.store.commit(denied())
        assert await bench.store.records.entry(unit.entries[0].id) is not None


async def test_the_bell_rings_for_reviews_that_moved(tmp_path: Path) -> None:
    held = review()
    async with opened(tmp_path / "s.db") as bench:
        listener = bench.bell.listen()
        await bench.store.commit(opening(held))
        assert await anext(listener) == held.id
        await bench.store.commit(voting(vote(held)))
        assert await anext(listener) == held.id


async def test_one_process_owns_a_store(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db"):
        with pytest.raises(InterlockError) as caught:
            async with opened(tmp_path / "s.db"):
                raise AssertionError("a second owner")
    assert caught.value.code == "store_locked"
    async with opened(tmp_path / "s.db") as bench:
        await bench.store.commit(denied())


async def test_the_store_is_for_its_owner_only(tmp_path: Path) -> None:
    async with opened(tmp_path / "in" / "s.db") as bench:
        await bench.store.commit(denied())
        modes = {path.name: path.stat().st_mode & 0o777 for path in bench.path.parent.iterdir()}
    assert modes == {"s.db": 0o600, "s.db-wal": 0o600, "s.db-shm": 0o600, "s.db.lock": 0o600}
    assert (tmp_path / "in").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE il_entry SET body = x'00' WHERE idx = 0",
        "DELETE FROM il_entry WHERE idx = 0",
        "REPLACE INTO il_entry SELECT * FROM il_entry",
        "UPDATE il_tile SET n = 9",
        "DELETE FROM il_tile",
    ],
)
async def test_entries_and_tiles_are_append_only(tmp_path: Path, statement: str) -> None:
    async with opened(tmp_path / "s.db") as bench:
        await asyncio.gather(*(bench.store.commit(denied()) for _ in range(300)))
    with closing(sqlite3.connect(tmp_path / "s.db")) as connection:
        connection.execute("PRAGMA recursive_triggers = ON")
        with pytest.raises(sqlite3.DatabaseError, match="append-only"):
            connection.execute(statement)
