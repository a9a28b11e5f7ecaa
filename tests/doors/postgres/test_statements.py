"""Statements through the real door to a real PostgreSQL, by real clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from tests.a_gateway import Gateway, gateway
from tests.postgres_fixture import Database

from interlock.model.review import Verdict

CATALOG = """
[[column]]
match = "public.people.ssn"
labels = ["phi.ssn"]
[[column]]
match = "public.people.born"
labels = ["phi.date"]
"""
TABLE = (
    "CREATE TABLE people (id int PRIMARY KEY, city text, ssn text UNIQUE, born date)",
    "INSERT INTO people VALUES (1, 'Ulm', '900-11-2222', '1970-01-02'), (2, 'Bonn', '900-33-4444', '1980-03-04'),"
    " (3, 'Jena', NULL, NULL)",
    "CREATE TABLE cities (name text)",
    "INSERT INTO cities VALUES ('Ulm')",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON people, cities TO PUBLIC",
)
TOKEN = "[phi.ssn]"


@pytest.fixture
async def gate(tmp_path: Path, empty_database: Database) -> AsyncIterator[Gateway]:
    empty_database.execute(*TABLE)
    async with gateway(tmp_path, empty_database, CATALOG) as running:
        yield running


async def rows(gate: Gateway, query: str, *params: object, binary: bool = False) -> list[tuple[object, ...]]:
    async with await gate.connect() as connection:
        cursor = await connection.execute(query.encode(), params or None, binary=binary)
        return await cursor.fetchall()


@pytest.mark.parametrize("binary", [False, True])
async def test_labelled_columns_are_masked_and_others_pass(gate: Gateway, binary: bool) -> None:
    found = await rows(gate, "SELECT id, city, ssn, born FROM people ORDER BY id", binary=binary)
    assert found == [(1, "Ulm", TOKEN, None), (2, "Bonn", TOKEN, None), (3, "Jena", None, None)]


async def test_parameters_and_the_extended_protocol(gate: Gateway) -> None:
    assert await rows(gate, "SELECT ssn, city FROM people WHERE id = %s", 1) == [(TOKEN, "Ulm")]


async def test_asyncpg_prepares_and_fetches(gate: Gateway) -> None:
    connection = await gate.asyncpg()
    try:
        statement = await connection.prepare("SELECT city, ssn, born FROM people WHERE id = $1")
        for _ in range(3):
            assert tuple(await statement.fetchrow(1)) == ("Ulm", TOKEN, None)
        assert await connection.fetchval("SELECT city FROM people WHERE id = 2") == "Bonn"
        assert await connection.execute("UPDATE people SET city = $1 WHERE id = 2", "Kiel") == "UPDATE 1"
        await connection.executemany("INSERT INTO cities VALUES ($1)", [("Halle",), ("Köln",)])
        async with connection.transaction():
            assert len(await connection.fetch("SELECT name FROM cities")) == 3
    finally:
        await connection.close()


async def test_expressions_are_masked_whole(gate: Gateway) -> None:
    found = await rows(gate, "SELECT reverse(ssn), length(ssn), city || 'x' FROM people WHERE id = 3")
    assert found[0][1] is None and all("900" not in str(v) for v in found[0])


async def test_a_drop_is_denied_and_the_connection_goes_on(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=r"Nothing is dropped here\.") as refused:
            await connection.execute("DROP TABLE people")
        assert refused.value.diag.message_detail == "interlock: forbidden"
        assert await (await connection.execute("SELECT 1")).fetchone() == (1,)


async def test_a_copy_is_held_signed_and_comes_out_masked(gate: Gateway) -> None:
    notices: list[str] = []
    async with await gate.connect() as connection:
        connection.add_notice_handler(lambda d: notices.append(f"{d.message_primary} {d.message_hint}"))

        async def export() -> bytes:
            async with connection.cursor().copy("COPY (SELECT city, ssn FROM people ORDER BY id) TO STDOUT") as copy:
                return b"".join([bytes(block) async for block in copy])

        running = asyncio.ensure_future(export())
        review = await gate.sign()
        assert await running == b"Ulm\t[phi.ssn]\nBonn\t[phi.ssn]\nJena\t\\N\n"
        assert f"/reviews/{review.id}" in notices[0]
        again = asyncio.ensure_future(export())
        second = await gate.sign("remy", Verdict.DENY)
        assert second.id != review.id
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="denied"):
            await again


async def test_server_errors_keep_their_sqlstate_and_lose_their_values(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        with pytest.raises(psycopg.errors.UniqueViolation) as error:
            await connection.execute("INSERT INTO people VALUES (9, 'x', '900-11-2222')")
        assert "900" not in str(error.value) and "900" not in str(error.value.diag.message_detail)
        with pytest.raises(psycopg.errors.UndefinedTable):
            await connection.execute("SELECT * FROM nothing_here")


async def test_transactions_and_a_refusal_inside_one(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        await connection.set_autocommit(False)
        await connection.execute("UPDATE people SET city = 'Hof' WHERE id = 1")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute("DROP TABLE people")
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            await connection.execute("SELECT 1")
        await connection.commit()
        cursor = await connection.execute("SELECT city FROM people WHERE id = 1")
        assert await cursor.fetchone() == ("Ulm",)  # the COMMIT of a failed transaction rolled back
        await connection.rollback()


async def test_inside_a_transaction_a_hold_ends_after_five_seconds(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        await connection.set_autocommit(False)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="inside a transaction") as refused:
            await connection.execute("DELETE FROM people")
        (review,) = await gate.pending()
        assert review.id in str(refused.value.diag.message_detail)
        await connection.rollback()
        await gate.sign()
        await connection.execute("DELETE FROM people")
        await connection.commit()
        cursor = await connection.execute("SELECT id FROM people")
        assert await cursor.fetchall() == []
