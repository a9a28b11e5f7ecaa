"""Somebody can write to the store while the gateway runs on it: rows and triggers of theirs gain nothing."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.ledger.making import draft
from tests.stores.a_store import (
    approving,
    denial,
    denied,
    loaded,
    new_id,
    opened,
    opening,
    plant,
    redeeming,
    review,
    untriggered,
    write_raw,
)

from interlock.errors import Conflict, InterlockError, LedgerCorrupt
from interlock.ledger.entry import parse_entry
from interlock.ledger.merkle import Frontier, leaf_hash
from interlock.model.canonical import JsonValue
from interlock.model.change import AddKey, Change, RetireKey, TakeUse, Unit
from interlock.model.entry import Draft, EntryType
from interlock.model.names import EntryId, KeyId, ReviewId
from interlock.model.review import ReviewState
from interlock.stores import shape
from interlock.stores.connections import open_writer
from interlock.stores.migrate import migrate_sqlite

RESET = (
    "CREATE TRIGGER t AFTER UPDATE ON il_review WHEN NEW.state = 'released' "
    "BEGIN UPDATE il_review SET state = 'approved' WHERE id = NEW.id; END"
)
SWALLOW = (
    "CREATE TRIGGER z BEFORE INSERT ON il_entry WHEN instr(NEW.body, 'action.denied') BEGIN SELECT RAISE(IGNORE); END"
)


def said(type_: EntryType, *changes: Change, obj: str = "", act: str = "", **d: JsonValue) -> Unit:
    """A unit with one entry of its own id."""
    one = draft(type_, 1, obj=obj, act=act, **d)
    return Unit((Draft(EntryId(new_id()), one.type, one.d, act=one.act, obj=one.obj),), changes)


def release(of: ReviewId, *changes: Change, act: str = "") -> Unit:
    """A unit that releases an action on a review."""
    return said(EntryType.ACTION_RELEASED, *changes, obj=of, act=act or new_id(), review=of, digest="")


# -- what may be said once ---------------------------------------------------------------------------------------------


async def test_one_approval_releases_once_whatever_the_row_says(tmp_path: Path) -> None:
    held = review()
    use = TakeUse(held.id, 1, ReviewState.RELEASED)
    async with opened(tmp_path / "s.db") as bench:
        await bench.store.commit(opening(held))
        await bench.store.commit(approving(held))
        units = [release(held.id, use) for _ in range(6)]
        first = await bench.store.commit(units[0])
        for unit in units[1:]:
            write_raw(bench.path, "UPDATE il_review SET state = 'approved'")
            with pytest.raises(Conflict, match="used up"):
                await bench.store.commit(unit)
        assert await bench.store.commit(units[0]) == first  # asked again by one who couldn't know
    async with opened(tmp_path / "s.db") as bench:
        write_raw(bench.path, "UPDATE il_review SET state = 'approved'")
        with pytest.raises(Conflict, match="used up"):
            await bench.store.commit(units[1])
        assert bench.authority.released(held.id)


async def test_of_many_in_one_batch_one_is_released(tmp_path: Path) -> None:
    of = ReviewId(new_id())
    async with opened(tmp_path / "s.db") as bench:
        commits = (bench.store.commit(release(of)) for _ in range(20))
        answers = await asyncio.gather(*commits, return_exceptions=True)
        size, _ = await bench.store.head()
    assert sum(isinstance(answer, Conflict) for answer in answers) == 19
    assert not isinstance(answers[0], BaseException)
    assert size == 2


async def test_what_is_in_a_unit_counts_too(tmp_path: Path) -> None:
    of = ReviewId(new_id())
    twice = Unit(release(of).entries + release(of).entries)
    async with opened(tmp_path / "s.db") as bench:
        with pytest.raises(Conflict):
            await bench.store.commit(twice)
        await bench.store.commit(release(of))  # what was refused has claimed nothing


SETTLING = [
    (EntryType.REVIEW_EXPIRED, {}),
    (EntryType.REVIEW_WITHDRAWN, {}),
    (EntryType.REVIEW_SUPERSEDED, {}),
    (EntryType.VOTE_CAST, {"verdict": "deny", "settles": "denied"}),
]


@pytest.mark.parametrize(("type_", "d"), SETTLING)
async def test_a_settled_review_releases_nothing(tmp_path: Path, type_: EntryType, d: dict[str, str]) -> None:
    of = ReviewId(new_id())
    async with opened(tmp_path / "s.db") as bench:
        await bench.store.commit(said(type_, obj=of, **d))
        with pytest.raises(Conflict, match="settled"):
            await bench.store.commit(release(of))
    async with opened(tmp_path / "s.db") as bench:
        with pytest.raises(Conflict, match="settled"):
            await bench.store.commit(release(of))


async def test_an_action_is_released_once(tmp_path: Path) -> None:
    act = new_id()
    async with opened(tmp_path / "s.db") as bench:
        await bench.store.commit(release(ReviewId(""), act=act))
        with pytest.raises(Conflict):
            await bench.store.commit(release(ReviewId(""), act=act))
        await bench.store.commit(release(ReviewId("")))


async def test_a_sign_in_key_is_used_once_whatever_the_row_says(tmp_path: Path) -> None:
    key = KeyId("k1")
    issued = said(EntryType.KEY_ISSUED, AddKey(key, "dana", None), obj=key, kind="sign_in", expires_at="")
    async with opened(tmp_path / "s.db") as bench:
        await bench.store.commit(issued)
        await bench.store.commit(said(EntryType.KEY_REVOKED, RetireKey(key), obj=key))
        write_raw(bench.path, "UPDATE il_key SET state = 'live'")
        with pytest.raises(Conflict):
            await bench.store.commit(said(EntryType.KEY_REVOKED, RetireKey(key), obj=key))


async def test_a_vote_is_cast_once_and_a_review_opened_once(tmp_path: Path) -> None:
    of = new_id()
    vote = {"person": "cleo", "verdict": "approve", "settles": ""}
    async with opened(tmp_path / "s.db") as bench:
        for type_, d in ((EntryType.REVIEW_OPENED, {}), (EntryType.VOTE_CAST, vote)):
            await bench.store.commit(said(type_, obj=of, **d))
            with pytest.raises(Conflict):
                await bench.store.commit(said(type_, obj=of, **d))
        await bench.store.commit(said(EntryType.VOTE_CAST, obj=of, **vote | {"person": "bo"}))
        await bench.store.commit(said(EntryType.VOTE_CAST, obj=of, **vote | {"verdict": "deny"}))


class Failing(sqlite3.Connection):
    """Fails at a commit as often as it is told to."""

    failures = 0

    def execute(self, sql: str, *rest: object) -> sqlite3.Cursor:
        if sql == "COMMIT" and Failing.failures:
            Failing.failures -= 1
            raise sqlite3.OperationalError("disk I/O error")
        return super().execute(sql, *rest)  # type: ignore[arg-type]


def _failing(path: Path) -> sqlite3.Connection:
    open_writer(path).close()
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Failing)


async def test_what_never_landed_has_claimed_nothing(tmp_path: Path) -> None:
    of = ReviewId(new_id())
    async with opened(tmp_path / "s.db", connect=_failing) as bench:
        await bench.store.commit(denied())
        Failing.failures = 1
        unit = release(of)
        with pytest.raises(InterlockError):
            await bench.store.commit(unit)
        await bench.store.commit(unit)
        with pytest.raises(Conflict):
            await bench.store.commit(release(of))


async def test_a_store_that_releases_twice_is_refused_with_the_index(tmp_path: Path) -> None:
    """As an earlier version could have written it, or somebody with the node's key."""
    first, second = tmp_path / "a.db", tmp_path / "b.db"
    of = ReviewId(new_id())
    for path in (first, second):
        async with opened(path) as bench:
            await bench.store.commit(release(of))
            bodies = await bench.store.entries(0, 9)
    _append(first, bodies)
    with pytest.raises(LedgerCorrupt, match=r"step 9 failed .*entry 2: the review was used up"):
        async with opened(first):
            pass


def _append(path: Path, bodies: Sequence[bytes]) -> None:
    """Appends entries of another log, leaves and head to match."""
    with untriggered(path) as connection:
        rows = connection.execute("SELECT leaf FROM il_entry ORDER BY idx").fetchall()
        frontier = Frontier().extend(leaf for (leaf,) in rows)
        for body in bodies:
            row = (frontier.size, parse_entry(body).id, leaf_hash(body), body)
            connection.execute("INSERT INTO il_entry VALUES (1, ?, ?, ?, ?)", row)
            frontier = frontier.append(leaf_hash(body))
        connection.execute("UPDATE il_head SET size = ?, frontier = ?", (frontier.size, frontier.encode()))


# -- what the database is made of --------------------------------------------------------------------------------------

PLANTED = [
    RESET,
    SWALLOW,
    "CREATE TABLE notes (text TEXT)",
    "CREATE VIEW all_reviews AS SELECT * FROM il_review",
    "CREATE INDEX i ON il_review (state)",
    "DROP TRIGGER il_entry_no_delete",
    "DROP INDEX il_review_one_open",
    "ALTER TABLE il_review ADD COLUMN more TEXT",
]


@pytest.mark.parametrize("statement", PLANTED)
async def test_a_database_of_another_shape_is_not_opened(tmp_path: Path, statement: str) -> None:
    async with opened(tmp_path / "s.db") as bench:
        await bench.store.commit(denied())
    plant(tmp_path / "s.db", statement)
    with pytest.raises(LedgerCorrupt, match="built"):
        async with opened(tmp_path / "s.db"):
            pass


def test_a_trigger_of_our_name_with_other_words_is_found(tmp_path: Path) -> None:
    migrate_sqlite(tmp_path / "s.db")
    weaker = "CREATE TRIGGER il_entry_no_update BEFORE UPDATE ON il_entry BEGIN SELECT RAISE(IGNORE); END"
    plant(tmp_path / "s.db", "DROP TRIGGER il_entry_no_update", weaker)
    connection = open_writer(tmp_path / "s.db")
    with pytest.raises(LedgerCorrupt, match="trigger"):
        shape.check(connection)
    connection.close()


@pytest.mark.parametrize("statement", PLANTED)
async def test_a_schema_that_changes_under_the_writer_stops_it(tmp_path: Path, statement: str) -> None:
    async with opened(tmp_path / "s.db") as bench:
        await bench.store.commit(denied())
        size, _ = await bench.store.head()
        with sqlite3.connect(bench.path) as connection:
            connection.execute(statement)
        connection.close()
        for _ in range(2):
            with pytest.raises(LedgerCorrupt, match="rebuilt"):
                await bench.store.commit(loaded("a" * 64))
        assert (await bench.store.head())[0] == size


async def test_a_trigger_planted_with_the_version_put_back_gains_nothing(tmp_path: Path) -> None:
    """An open connection knows nothing of it; one that is opened anew looks at everything."""
    async with opened(tmp_path / "s.db", connect=_failing) as bench:
        await bench.store.commit(denied())
        plant(bench.path, SWALLOW)
        await bench.store.commit(denied())
        assert (await bench.store.head())[0] == 4
        Failing.failures = 1
        with pytest.raises(InterlockError):
            await bench.store.commit(denied())
        with pytest.raises(LedgerCorrupt, match="built"):
            await bench.store.commit(denied())


# -- rows that are swallowed -------------------------------------------------------------------------------------------


class Blind(sqlite3.Connection):
    """Triggers of its own, which no look at the file shows: the last line must hold by itself."""

    trigger = ""

    def execute(self, sql: str, *rest: object) -> sqlite3.Cursor:
        if sql == "BEGIN IMMEDIATE" and Blind.trigger:
            super().execute(Blind.trigger)
            Blind.trigger = ""
        return super().execute(sql, *rest)  # type: ignore[arg-type]


def _blind(path: Path) -> sqlite3.Connection:
    open_writer(path).close()
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Blind)


@pytest.mark.parametrize(
    ("trigger", "unit", "because"),
    [
        ("BEFORE INSERT ON main.il_entry WHEN NEW.idx = 3", denied(), "entries"),
        ("BEFORE INSERT ON main.il_tile", Unit(tuple(denial() for _ in range(300))), "tiles"),
        ("BEFORE UPDATE ON main.il_head", denied(), "head"),
        ("BEFORE INSERT ON main.il_review", opening(review()), "il_review"),
    ],
    ids=["entry", "tile", "head", "review"],
)
async def test_a_row_that_does_not_land_stops_the_writer(
    tmp_path: Path, trigger: str, unit: Unit, because: str
) -> None:
    async with opened(tmp_path / "s.db", connect=_blind) as bench:
        await bench.store.commit(denied())
        size, _ = await bench.store.head()
        Blind.trigger = f"CREATE TEMP TRIGGER z {trigger} BEGIN SELECT RAISE(IGNORE); END"
        for _ in range(2):
            with pytest.raises(LedgerCorrupt, match=because):
                await bench.store.commit(unit)
        assert (await bench.store.head())[0] == size
    async with opened(tmp_path / "s.db"):
        pass  # nothing of it was kept


async def test_a_checkpoint_that_does_not_land_is_told(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db", connect=_blind) as bench:
        size, root = await bench.store.head()
        Blind.trigger = "CREATE TEMP TRIGGER z BEFORE INSERT ON main.il_checkpoint BEGIN SELECT RAISE(IGNORE); END"
        with pytest.raises(LedgerCorrupt, match="checkpoint"):
            await bench.store.put_checkpoint(size, root, "note")


async def test_the_rows_of_a_store_in_order_move_as_ever(tmp_path: Path) -> None:
    held = review()
    async with opened(tmp_path / "s.db") as bench:
        for unit in (opening(held), approving(held), redeeming(held)):
            await bench.store.commit(unit)
        found = await bench.store.records.review(held.id)
    assert found is not None
    assert found.state is ReviewState.RELEASED
