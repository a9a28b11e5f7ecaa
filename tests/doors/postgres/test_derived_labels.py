"""Labelled data stays labelled wherever writes take it: through the real door, on a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.a_gateway import URL, Gateway, gateway
from tests.postgres_fixture import Database
from tests.registry.a_write import recorded
from tests.stores.a_store import ENTROPY

from interlock.model.label import Label
from interlock.registry.clearing import Clearing
from interlock.registry.passkeys import Passkeys, Site

CATALOG = """
[[column]]
match = "public.people.ssn"
labels = ["phi.ssn"]
"""
POLICY = """
@id("agents")
permit (principal in Interlock::Group::"ai-agents", action, resource);
"""
CANARY, HARMLESS = "900-55-4444", "harmless"
SSN = Label("phi.ssn")
MASKED = "[phi.ssn]"


@pytest.fixture
def people(empty_database: Database) -> Database:
    empty_database.execute(
        "CREATE TABLE people (id int PRIMARY KEY, ssn text)",
        f"INSERT INTO people VALUES (1, '{CANARY}')",
        "CREATE TABLE notes (id int, text text, kind text)",
        "CREATE TABLE further (id int, text text)",
        f"GRANT ALL ON people, notes, further TO {empty_database.user}",
        f"GRANT ALL ON SCHEMA public TO {empty_database.user}",
        f"ALTER TABLE notes OWNER TO {empty_database.user}",
    )
    return empty_database


@pytest.fixture
async def gate(tmp_path: Path, people: Database) -> AsyncIterator[Gateway]:
    async with gateway(tmp_path, people, CATALOG, policy=POLICY) as running:
        yield running


async def run(gate: Gateway, *statements: str) -> list[tuple[Any, ...]]:
    """The rows of the last statement; all in one session."""
    async with await gate.connect() as session:
        for statement in statements:
            cursor = await session.execute(statement.encode())
        return await cursor.fetchall() if cursor.description else []


INSERTS = (
    "INSERT INTO notes (id, text) SELECT id, ssn FROM people",
    "INSERT INTO notes (id, text) SELECT id, reverse(ssn) || id FROM people",
    "INSERT INTO notes (id, text) SELECT 1, (SELECT max(ssn) FROM people)",
    "WITH taken AS (SELECT ssn FROM people) INSERT INTO notes (id, text) SELECT 1, ssn FROM taken",
)


@pytest.mark.parametrize("insert", INSERTS)
async def test_what_is_inserted_is_masked_in_every_session_and_its_neighbours_are_not(
    gate: Gateway, insert: str
) -> None:
    async with await gate.connect() as before:
        assert await (await before.execute(b"SELECT id, text FROM notes")).fetchall() == []
        await run(gate, "INSERT INTO notes VALUES (0, 'old', 'k')", insert)
        found = await (await before.execute(b"SELECT text, kind FROM notes ORDER BY id")).fetchall()
    assert found[0] == (MASKED, "k")
    assert {row[0] for row in found} == {MASKED}
    (derived, *_) = await recorded(gate.office, 1)
    assert [row["column"] for row in derived["d"]["carries"]] == ["clinic/public.notes.text"]


async def test_an_update_from_another_table_takes_them_along(gate: Gateway) -> None:
    assert await run(
        gate,
        "INSERT INTO notes VALUES (1, 'old', 'k')",
        "UPDATE notes SET text = people.ssn FROM people WHERE notes.id = people.id",
        "SELECT text, kind FROM notes",
    ) == [(MASKED, "k")]


async def test_they_go_on_from_table_to_table_and_through_views(gate: Gateway) -> None:
    assert await run(
        gate, INSERTS[0], "INSERT INTO further SELECT id, text FROM notes", "SELECT id, text FROM further"
    ) == [(1, MASKED)]
    await run(gate, "CREATE VIEW shown AS SELECT text AS said FROM further")
    await gate.definitions.refresh()
    (row,) = await run(gate, "SELECT said FROM shown")
    assert CANARY not in str(row)


@pytest.mark.parametrize(
    "made",
    ["CREATE TABLE copy AS SELECT id, ssn AS said FROM people", "SELECT id, ssn AS said INTO copy FROM people"],
)
async def test_a_table_made_from_it_has_them_from_its_first_row(gate: Gateway, made: str) -> None:
    await run(gate, made)
    assert await run(gate, "SELECT id, said FROM copy") == [(1, MASKED)]
    labels = gate.definitions.labels
    relation = gate.definitions.snapshot.by_name["public", "copy"]
    assert labels.for_column(relation.oid, 1) == frozenset()
    assert labels.for_column(relation.oid, 2) == {SSN}
    await recorded(gate.office, 2)  # where it is, is on record
    await run(gate, "ALTER TABLE copy RENAME TO other")
    await run(gate, "ALTER TABLE other RENAME COLUMN said TO told")
    assert await run(gate, "SELECT id, told FROM other") == [(1, MASKED)]


async def test_statements_of_one_message_meet_what_the_ones_before_them_wrote(gate: Gateway) -> None:
    async with await gate.connect() as session:
        pgconn = session.pgconn
        text = f"{INSERTS[0]}; INSERT INTO further SELECT id, text FROM notes; SELECT text FROM further"
        result = await asyncio.to_thread(pgconn.exec_, text.encode())
        assert result.get_value(0, 0) == MASKED.encode()


async def test_inside_a_transaction_and_after_it_was_rolled_back(gate: Gateway) -> None:
    async with await gate.connect() as session:
        for statement in ("BEGIN", INSERTS[0]):
            await session.execute(statement.encode())
        assert await (await session.execute(b"SELECT text FROM notes")).fetchall() == [(MASKED,)]
        await session.execute(b"ROLLBACK")
    assert await run(gate, "SELECT text FROM notes") == []  # its labels stay
    await run(gate, f"INSERT INTO notes VALUES (1, '{HARMLESS}')")
    assert await run(gate, "SELECT text FROM notes") == [(MASKED,)]


async def test_literals_and_unlabelled_columns_derive_nothing(gate: Gateway) -> None:
    await run(
        gate,
        f"INSERT INTO notes VALUES (1, '{HARMLESS}', 'k')",
        "INSERT INTO further SELECT id, kind FROM notes",
        "INSERT INTO further SELECT count(*), 'n' FROM people",
        "CREATE TABLE shaped (LIKE people)",
    )
    assert await run(gate, "SELECT text FROM notes") == [(HARMLESS,)]
    assert {row[0] for row in await run(gate, "SELECT text FROM further")} == {"k", "n"}
    assert gate.office.authority.derived.connections() == ()


async def test_after_a_restart(tmp_path: Path, people: Database) -> None:
    async with gateway(tmp_path, people, CATALOG, policy=POLICY) as first:
        await run(first, INSERTS[0])
    people.execute("ALTER TABLE notes RENAME TO renamed")
    async with gateway(tmp_path, people, CATALOG, policy=POLICY) as second:
        assert await run(second, "SELECT text FROM renamed") == [(MASKED,)]


async def test_a_person_clears_them_and_the_next_write_labels_again(gate: Gateway) -> None:
    await run(gate, INSERTS[0])
    await run(gate, f"UPDATE notes SET text = '{HARMLESS}' WHERE id = 1")
    assert await run(gate, "SELECT text FROM notes") == [(MASKED,)]
    office = gate.office
    passkeys = Passkeys(
        office.registry.directory, office.authority, office.store, office.clock, ENTROPY, Site.of(URL, URL)
    )
    clearing = Clearing(office.registry, passkeys)
    await clearing.operator_clear("clinic/public.notes.text", frozenset({SSN}), "nothing is left")
    assert await run(gate, "SELECT text FROM notes") == [(HARMLESS,)]
    await run(gate, INSERTS[0])
    assert {row[0] for row in await run(gate, "SELECT text FROM notes")} == {MASKED}


async def blocked(gate: Gateway, people: Database) -> None:
    """Returns once a session of the gateway's waits for a lock."""
    query = (
        "SELECT count(*) FROM pg_locks JOIN pg_database AS d ON d.oid = database WHERE NOT granted AND d.datname = %s"
    )
    with people.admin() as admin:
        async with asyncio.timeout(10):
            while admin.execute(query.encode(), (people.name,)).fetchall() == [(0,)]:
                await asyncio.sleep(0.01)


async def locking(writer: psycopg.AsyncConnection[Any], table: str) -> None:
    for statement in ("BEGIN", f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"):
        await writer.execute(statement.encode())


async def test_who_waits_for_a_lock_while_it_is_described_is_judged_by_what_came_meanwhile(
    gate: Gateway, people: Database
) -> None:
    async with await gate.connect() as writer, await gate.connect() as reader:
        await locking(writer, "notes")
        waiting = asyncio.create_task(asyncio.to_thread(reader.pgconn.exec_, b"SELECT text FROM notes"))
        await blocked(gate, people)
        await writer.execute(INSERTS[0].encode())
        await writer.execute(b"COMMIT")
        assert (await waiting).get_value(0, 0) == MASKED.encode()


async def test_who_waits_for_a_lock_while_it_runs_gets_nothing_of_what_came_meanwhile(
    gate: Gateway, people: Database
) -> None:
    """Prepared before, so that it was decided on before it waited."""
    async with await gate.connect() as writer:
        reader = await gate.connect()
        assert await (await reader.execute(b"SELECT text FROM notes", prepare=True)).fetchall() == []
        await locking(writer, "notes")
        waiting = asyncio.create_task(reader.execute(b"SELECT text FROM notes", prepare=True))
        await blocked(gate, people)
        await writer.execute(INSERTS[0].encode())
        await writer.execute(b"COMMIT")
        with pytest.raises(psycopg.OperationalError) as refused:
            await waiting
        assert CANARY not in str(refused.value)
        assert reader.broken
        await reader.close()
    assert await run(gate, "SELECT text FROM notes") == [(MASKED,)]


async def test_labels_that_come_elsewhere_meanwhile_stop_nothing(gate: Gateway, people: Database) -> None:
    await run(gate, f"INSERT INTO further VALUES (1, '{HARMLESS}')")
    async with await gate.connect() as writer, await gate.connect() as reader:
        assert await (await reader.execute(b"SELECT text FROM further", prepare=True)).fetchall() == [(HARMLESS,)]
        await locking(writer, "further")
        waiting = asyncio.create_task(reader.execute(b"SELECT text FROM further", prepare=True))
        await blocked(gate, people)
        await writer.execute(INSERTS[0].encode())
        await writer.execute(b"COMMIT")
        assert await (await waiting).fetchall() == [(HARMLESS,)]


async def test_a_write_that_waited_while_labelled_data_came_takes_its_labels_along(
    gate: Gateway, people: Database
) -> None:
    copying = b"INSERT INTO further SELECT id, text FROM notes"
    async with await gate.connect() as writer, await gate.connect() as copier:
        await copier.execute(copying, prepare=True)
        await locking(writer, "notes")
        waiting = asyncio.create_task(copier.execute(copying, prepare=True))
        await blocked(gate, people)
        await writer.execute(INSERTS[0].encode())
        await writer.execute(b"COMMIT")
        await waiting
        (derived,) = [d for d in await recorded(gate.office, 2) if "further" in d["d"]["carries"][0]["column"]]
        assert derived["d"]["carries"][0]["labels"] == SSN
    assert await run(gate, "SELECT text FROM further") == [(MASKED,)]
