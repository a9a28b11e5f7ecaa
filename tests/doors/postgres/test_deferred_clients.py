"""`SET interlock.wait = 'deferred'` and `interlock.fetch` as clients use them, in both protocols."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import psycopg
import pytest
from tests.a_gateway import Gateway, gateway
from tests.doors.postgres.test_deferred import CATALOG, COPY, DELETE, count, settled, working
from tests.postgres_fixture import Database

from interlock.model.review import ReviewState


@pytest.fixture
def database(empty_database: Database) -> Database:
    empty_database.execute(
        "CREATE TABLE people (id int, ssn text); INSERT INTO people VALUES (1, '900-11-2222')",
        "CREATE TABLE log (id int); INSERT INTO log VALUES (1), (2)",
        "GRANT ALL ON people, log TO PUBLIC",
    )
    return empty_database


@pytest.fixture
async def gate(tmp_path: Path, database: Database) -> AsyncIterator[Gateway]:
    async with gateway(tmp_path, database, CATALOG) as running:
        yield running


async def refused(work: Any) -> psycopg.Error:
    with pytest.raises(psycopg.Error) as found:
        await work
    return found.value


def sqlstate(error: Any) -> str:
    return str(error.sqlstate)


async def shown(connection: psycopg.AsyncConnection[Any], name: str) -> str:
    found = await (await connection.execute(f"SHOW interlock.{name}".encode())).fetchone()
    assert found is not None
    return str(found[0])


async def test_a_client_asks_leaves_and_fetches(gate: Gateway, database: Database) -> None:
    async with await gate.connect() as connection:
        await connection.execute("SET interlock.wait = 'deferred'")
        assert await shown(connection, "wait") == "deferred"
        error = await refused(connection.execute(COPY))
        (review,) = await gate.pending()
        assert error.sqlstate == "IL001" and error.diag.message_detail == f"interlock: deferred; review {review.id}"
        assert await shown(connection, "review") == review.id
        assert (await shown(connection, "why")).startswith("held: ")
    async with working(gate):
        await gate.office.vote(review, "dana")
        await settled(gate, review)
    fetch = f"SELECT * FROM interlock.fetch('{review.id}')"
    async with await gate.connect() as connection:
        for prepare in (False, True):
            cursor = await connection.execute(fetch.encode(), prepare=prepare)
            assert await cursor.fetchall() == [("1\t[phi.ssn]",)]
        assert (await connection.execute("SELECT 1")) is not None
    async with await gate.connect(user="other") as connection:
        error = await refused(connection.execute(fetch.encode()))
        assert (error.sqlstate, error.diag.message_detail) == ("42501", "interlock: no_review")


async def test_asyncpg_fetches_what_it_asked_for_in_binary(gate: Gateway, database: Database) -> None:
    connection = await gate.asyncpg()
    try:
        await connection.execute("SET interlock.wait = 'deferred'")
        with pytest.raises(asyncpg.exceptions.PostgresError) as found:
            await connection.fetch("DELETE FROM log RETURNING id")
        assert sqlstate(found.value) == "IL001"
        (review,) = await gate.pending()
        fetch = f"SELECT * FROM interlock.fetch('{review.id}')"
        with pytest.raises(asyncpg.exceptions.PostgresError) as found:
            await connection.fetch(fetch)
        assert sqlstate(found.value) == "IL002"
        async with working(gate):
            await gate.office.vote(review, "dana")
            await settled(gate, review)
        assert [row[0] for row in await connection.fetch(fetch)] == [1, 2]
    finally:
        await connection.close()
    assert count(database) == 0


async def test_a_client_that_waits_and_leaves_causes_no_later_run(gate: Gateway, database: Database) -> None:
    connection = await gate.connect()
    waiting = asyncio.ensure_future(connection.execute(DELETE.encode()))
    (review,) = await gate.pending()
    await connection.close()
    await asyncio.gather(waiting, return_exceptions=True)
    async with working(gate):
        await gate.office.vote(review, "dana")
        async with await gate.connect() as other:
            assert await (await other.execute("SELECT 1")).fetchone() == (1,)
    assert (await gate.office.desk.review(review.id)).state is ReviewState.APPROVED
    assert count(database) == 2


async def test_rows_to_copy_in_are_signed_for_and_copied_later(gate: Gateway, database: Database) -> None:
    async with await gate.connect() as connection:
        await connection.execute("SET interlock.wait = 'deferred'")
        with pytest.raises(psycopg.Error) as found:
            async with connection.cursor().copy("COPY people FROM STDIN") as copy:
                await copy.write("7\tx\n8\ty\n")
        assert found.value.sqlstate == "IL001"
    (review,) = await gate.pending()
    async with working(gate):
        await gate.office.vote(review, "dana")
        await settled(gate, review)
    assert count(database, "SELECT count(*) FROM people") == 3


async def test_inside_a_transaction_nothing_is_deferred(gate: Gateway, database: Database) -> None:
    async with await gate.connect() as connection:
        await connection.execute("SET interlock.wait = 'deferred'")
        await connection.execute("BEGIN")
        error = await refused(connection.execute(DELETE))
        assert "held_in_transaction" in (error.diag.message_detail or "")
    (review,) = await gate.pending()
    assert not review.deferred


async def test_what_policy_lets_through_runs_at_once(gate: Gateway, database: Database) -> None:
    async with await gate.connect() as connection:
        await connection.execute("SET interlock.wait = 'deferred'")
        assert await (await connection.execute("SELECT id FROM log ORDER BY id")).fetchall() == [(1,), (2,)]
        await connection.execute("DELETE FROM log WHERE id = 1")
    assert count(database) == 1
