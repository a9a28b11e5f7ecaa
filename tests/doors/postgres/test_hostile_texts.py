"""Texts past our limits, texts that kill the parser, texts that our own reading fails on: refused, and nobody else
notices."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from tests.a_gateway import Gateway, gateway
from tests.doors.postgres.test_tasting import FATAL, KEY, UNLIMITED
from tests.postgres_fixture import Database
from tests.promises.a_raw_client import RawClient, fields

from interlock.doors.postgres.tasting import Taster
from interlock.sql import statement as reading
from interlock.sql.depth import MAX_DEPTH, MAX_TOKENS
from interlock.sql.parse import MAX_TEXT

ROWS = 20_000
BEYOND = {
    "longer than 10 MiB": (b"SELECT '" + b"x" * MAX_TEXT + b"'", "54000"),
    "deeper than 500": (b"SELECT " + b"(" * (MAX_DEPTH + 1) + b"1" + b")" * (MAX_DEPTH + 1), "54001"),
    "a chain longer than 500": (b"SELECT 1" + b"+1" * (MAX_DEPTH + 1), "54001"),
    "10 MB of rows": (b"INSERT INTO cities VALUES " + b",".join([b"('x')"] * 1_700_000), "54001"),
    "more words than are judged": (b"SELECT " + b"1," * MAX_TOKENS + b"1", "54001"),
}


@pytest.fixture
async def gate(tmp_path: Path, empty_database: Database) -> AsyncIterator[Gateway]:
    empty_database.execute(
        "CREATE TABLE people (id int PRIMARY KEY, ssn text)",
        "INSERT INTO people VALUES (1, '900-11-2222')",
        "CREATE TABLE cities (name text)",
        f"INSERT INTO cities SELECT 'city number ' || n FROM generate_series(1, {ROWS}) AS n",
        "GRANT SELECT, INSERT ON people, cities TO PUBLIC",
    )
    catalog = '[[column]]\nmatch = "public.people.ssn"\nlabels = ["phi.ssn"]\n'
    async with gateway(tmp_path, empty_database, catalog, tasting=True) as running:
        yield running


@pytest.fixture
async def fragile(gate: Gateway) -> Gateway:
    """The same, with a parser in its child that has no limits."""
    await gate.door.taster.close()
    gate.door.taster = Taster(KEY, UNLIMITED)
    return gate


@pytest.mark.parametrize(("text", "sqlstate"), BEYOND.values(), ids=BEYOND.keys())
async def test_beyond_our_limits(gate: Gateway, text: bytes, sqlstate: str) -> None:
    async with await gate.connect() as connection:
        with pytest.raises(psycopg.Error) as refused:
            await connection.execute(text)
        assert refused.value.sqlstate == sqlstate
        with pytest.raises(psycopg.Error) as refused:
            await connection.execute(text, prepare=True)
        assert refused.value.sqlstate == sqlstate
        assert await (await connection.execute("SELECT 1")).fetchone() == (1,)
    denied = [body for body in await gate.bodies() if b"action.denied" in body]
    assert len(denied) == 2


@pytest.mark.parametrize("prepare", [False, True])
async def test_ten_megabytes_in_one_literal(gate: Gateway, prepare: bool) -> None:
    length = MAX_TEXT - 100
    async with await gate.connect() as connection:
        cursor = await connection.execute(b"SELECT length('" + b"x" * length + b"')", prepare=prepare)
        assert await cursor.fetchone() == (length,)


async def test_a_parser_that_dies_takes_nobody_along(fragile: Gateway) -> None:
    exporting, reading_on = await fragile.connect(), await RawClient.open(fragile.door.port)
    held = asyncio.create_task(copied(exporting))
    (review,) = await fragile.pending()
    await reading_on.login(fragile.agent_key)
    reading_on.send((b"Q", b"SELECT name FROM cities\0"))
    begun = await reading_on.until(b"D")
    async with await fragile.connect() as hostile:
        for _ in range(3):
            with pytest.raises(psycopg.Error) as refused:
                await hostile.execute(FATAL)
            assert refused.value.sqlstate == "54001"
            assert await (await hostile.execute("SELECT 'still here'")).fetchone() == ("still here",)
    rest = await reading_on.until_ready()
    assert sum(message.type == b"D" for message in (*begun, *rest)) == ROWS
    await fragile.office.vote(review, "dana")
    assert await held == b"1\t[phi.ssn]\n"
    assert fragile.door.taster.figures.fatal == 1
    denied = [body for body in await fragile.bodies() if b"action.denied" in body]
    assert len(denied) == 3
    reading_on.close()
    await exporting.close()


async def copied(connection: psycopg.AsyncConnection[tuple[object, ...]]) -> bytes:
    async with connection.cursor().copy("COPY people TO STDOUT") as copy:
        return b"".join([bytes(data) async for data in copy])


async def test_a_child_that_is_killed_now_and_then(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        for number in range(5):
            assert await (await connection.execute(f"SELECT {number}".encode())).fetchone() == (number,)
            for child in gate.door.taster.children:
                os.kill(child, signal.SIGKILL)


async def test_without_a_parser_only_what_was_seen_goes_on(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        await connection.execute("SELECT 1")
        await gate.door.taster.close()
        assert await (await connection.execute("SELECT 1")).fetchone() == (1,)
        with pytest.raises(psycopg.errors.InsufficientResources):
            await connection.execute("SELECT 2")
        assert await (await connection.execute("SELECT 1")).fetchone() == (1,)


@pytest.mark.parametrize("failure", [ValueError("900-11-2222"), RecursionError(), AssertionError()])
async def test_a_mistake_in_our_own_reading_is_no_pass(
    gate: Gateway, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def broken(*_: object) -> None:
        raise failure

    async with await gate.connect() as connection:
        await connection.execute("SELECT 1")
        monkeypatch.setattr(reading, "judge_query", broken)
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as refused:
            await connection.execute("SELECT ssn FROM people")
        assert "900" not in str(refused.value)
        monkeypatch.undo()
        assert await (await connection.execute("SELECT id FROM people")).fetchone() == (1,)
    assert gate.door.taster.figures.unforeseen == 1
    assert sum(b"action.denied" in body for body in await gate.bodies()) == 1


async def test_the_refusal_in_so_many_words(gate: Gateway) -> None:
    raw = await RawClient.open(gate.door.port)
    await raw.login(gate.agent_key)
    raw.send((b"Q", BEYOND["deeper than 500"][0] + b"\0"))
    error, _ = await raw.until_ready()
    assert fields(error)["M"] == "The statement is nested deeper than 500 levels."
    raw.close()
