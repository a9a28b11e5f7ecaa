"""What somebody else has changed since the snapshot was taken: it is looked at once, and never comes out unmasked.

The gateway of these tests reads definitions when it is asked to and never by itself: nothing else notices a change.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.a_gateway import Gateway, gateway
from tests.postgres_fixture import Database

from interlock.errors import UpstreamFailed
from interlock.model.snapshot import Snapshot

CATALOG = """
[[column]]
match = "*.*.ssn"
labels = ["phi.ssn"]
"""
POLICY = """
@id("all")
permit (principal in Interlock::Group::"ai-agents", action, resource);
"""
CANARY = "900-11-2222"
MASK = "[phi.ssn]"
LEARNT = (
    f"ALTER TABLE people ADD ssn text DEFAULT '{CANARY}'",
    "ALTER TABLE people ADD plain text DEFAULT 'seen'",
)


@pytest.fixture
async def gate(tmp_path: Path, empty_database: Database) -> AsyncIterator[Gateway]:
    empty_database.execute(
        "CREATE TABLE people (id int, city text); INSERT INTO people VALUES (1, 'Rome')",
        "GRANT ALL ON people TO PUBLIC",
    )
    async with gateway(tmp_path, empty_database, CATALOG, policy=POLICY) as running:
        yield running


@pytest.fixture
def looks(gate: Gateway, monkeypatch: pytest.MonkeyPatch) -> list[Snapshot]:
    """The snapshots that were there after each look."""
    seen: list[Snapshot] = []
    refresh = gate.definitions.refresh

    async def counted() -> None:
        await refresh()
        seen.append(gate.definitions.snapshot)

    monkeypatch.setattr(gate.definitions, "refresh", counted)
    return seen


async def _rows(connection: psycopg.AsyncConnection[Any], text: str, **how: Any) -> list[tuple[Any, ...]]:
    return await (await connection.execute(text.encode(), **how)).fetchall()


@pytest.mark.parametrize(
    "text", ["SELECT * FROM people", "TABLE people", "UPDATE people SET id = 1 WHERE id = 1 RETURNING *"]
)
async def test_a_column_that_was_added_is_masked_and_its_neighbour_is_not_for_long(
    gate: Gateway, empty_database: Database, looks: list[Snapshot], text: str
) -> None:
    async with await gate.connect() as connection:
        assert await _rows(connection, "SELECT id FROM people") == [(1,)]
        empty_database.execute(*LEARNT)
        assert await _rows(connection, text) == [(1, "Rome", MASK, MASK)], "nobody's yet"
        assert await _rows(connection, text) == [(1, "Rome", MASK, MASK)]
        gate.definitions.settle()  # the watch has looked
        assert await _rows(connection, text) == [(1, "Rome", MASK, "seen")]
    assert len(looks) == 1


async def test_a_statement_that_was_prepared_before_is_described_anew(gate: Gateway, empty_database: Database) -> None:
    async with await gate.connect() as connection:
        assert await _rows(connection, "SELECT * FROM people", prepare=False) == [(1, "Rome")]
        empty_database.execute(*LEARNT)
        await gate.definitions.refresh()
        for _ in range(2):
            assert await _rows(connection, "SELECT * FROM people", prepare=False) == [(1, "Rome", MASK, "seen")]


async def test_nothing_comes_out_of_a_statement_that_was_prepared_before_the_change(
    gate: Gateway, empty_database: Database
) -> None:
    """Nobody has noticed: the server refuses the cached plan, or the shape isn't the one that was decided on."""
    for simple in (False, True):
        empty_database.execute("ALTER TABLE people DROP IF EXISTS ssn, DROP IF EXISTS plain")
        await gate.definitions.refresh()
        async with await gate.connect() as connection:
            cursor = psycopg.AsyncClientCursor(connection) if simple else psycopg.AsyncCursor(connection)
            await cursor.execute("SELECT * FROM people")
            empty_database.execute(*LEARNT)
            with pytest.raises(psycopg.Error) as refused:
                await cursor.execute("SELECT * FROM people")
            assert CANARY not in str(refused.value)


async def test_asyncpg_gets_it_masked_too(gate: Gateway, empty_database: Database) -> None:
    connection = await gate.asyncpg()
    try:
        empty_database.execute(*LEARNT)
        assert [tuple(r) for r in await connection.fetch("SELECT * FROM people")] == [(1, "Rome", MASK, MASK)]
        gate.definitions.settle()
        assert [tuple(r) for r in await connection.fetch("SELECT * FROM people")] == [(1, "Rome", MASK, "seen")]
    finally:
        await connection.close()


async def test_a_copy_of_what_has_more_columns_by_now(gate: Gateway, empty_database: Database) -> None:
    async with await gate.connect() as connection:
        assert await _copied(connection) == b"1\tRome\n"
        empty_database.execute(*LEARNT)
        assert await _copied(connection) == f"1\tRome\t{MASK}\t{MASK}\n".encode()
        gate.definitions.settle()
        assert await _copied(connection) == f"1\tRome\t{MASK}\tseen\n".encode()


async def _copied(connection: psycopg.AsyncConnection[Any]) -> bytes:
    async with connection.cursor().copy("COPY people TO STDOUT") as copy:
        got = b"".join([bytes(data) async for data in copy])
    assert CANARY.encode() not in got
    return got


async def test_a_table_that_was_made_since_is_known_once_the_watch_has_looked(
    gate: Gateway, empty_database: Database, looks: list[Snapshot]
) -> None:
    empty_database.execute(
        f"CREATE TABLE later (id int, ssn text); INSERT INTO later VALUES (7, '{CANARY}')",
        "GRANT ALL ON later TO PUBLIC",
    )
    async with await gate.connect() as connection:
        assert await _rows(connection, "SELECT id, ssn FROM later") == [(None, MASK)], "nobody's yet"
        gate.definitions.settle()
        assert await _rows(connection, "SELECT id, ssn FROM later") == [(7, MASK)]
    assert len(looks) == 1


async def test_a_table_swapped_for_another_of_its_name(gate: Gateway, empty_database: Database) -> None:
    empty_database.execute(
        "ALTER TABLE people RENAME TO people_before",
        f"CREATE TABLE people (id int, city text, ssn text); INSERT INTO people VALUES (2, 'Bonn', '{CANARY}')",
        "GRANT ALL ON people TO PUBLIC",
    )
    async with await gate.connect() as connection:
        assert await _rows(connection, "SELECT * FROM people") == [(None, MASK, MASK)]
        gate.definitions.settle()
        assert await _rows(connection, "SELECT * FROM people") == [(2, "Bonn", MASK)]


async def test_what_stays_unknown_is_masked_and_looked_for_once(
    gate: Gateway, empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The snapshot never gets to know: whatever comes of it is masked, harmless neighbours in it too."""
    looked = 0

    async def blind() -> None:
        nonlocal looked
        looked += 1

    monkeypatch.setattr(gate.definitions, "refresh", blind)
    empty_database.execute(*LEARNT)
    async with await gate.connect() as connection:
        for _ in range(3):
            ((_, _, ssn, plain),) = await _rows(connection, "SELECT * FROM people")
            assert CANARY not in str(ssn)
            assert plain != "seen"
    assert looked == 1


async def test_a_look_that_fails_leaves_it_masked(
    gate: Gateway, empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> None:
        raise UpstreamFailed("the upstream is away")

    monkeypatch.setattr(gate.definitions, "refresh", away)
    empty_database.execute(*LEARNT)
    async with await gate.connect() as connection:
        ((*_, ssn, plain),) = await _rows(connection, "SELECT * FROM people")
        assert CANARY not in str(ssn)
        assert plain != "seen"


async def test_labels_made_ahead_are_those_that_are_taken(gate: Gateway, empty_database: Database) -> None:
    definitions, before = gate.definitions, gate.definitions.labels
    empty_database.execute(*LEARNT)
    ahead = replace(definitions.snapshot, version="another")
    await definitions.foresee(ahead)
    assert definitions.labels is before
    definitions.replace(ahead)
    people = ahead.by_name["public", "people"]
    assert definitions.labels.for_relation(people.oid) == before.for_relation(people.oid)
    assert definitions.labels is not before
