"""asyncpg: prepared statements, binary, cursors, COPY, introspection of types, the reset of a pool."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from tests.a_gateway import Gateway
from tests.clients.a_shop import Path_, direct, through
from tests.postgres_fixture import Database

Work = Callable[[Any], Awaitable[object]]


async def _rows(connection: Any) -> object:
    query = "SELECT id, name, price, tags, mood, meta, made, twice FROM shop.items WHERE id < $1 ORDER BY id"
    return [tuple(row) for row in await connection.fetch(query, 6)]


async def _prepared(connection: Any) -> object:
    statement = await connection.prepare("SELECT note FROM shop.orders WHERE id = $1")
    return [await statement.fetchval(n) for n in range(1, 6)], [a.name for a in statement.get_attributes()]


async def _introspection(connection: Any) -> object:
    row = await connection.fetchrow("SELECT ARRAY[mood] AS moods, mood, tags FROM shop.items ORDER BY id LIMIT 1")
    await connection.set_type_codec("mood", schema="shop", encoder=str, decoder=str.upper, format="text")
    return tuple(row), await connection.fetchval("SELECT mood FROM shop.items ORDER BY id LIMIT 1")


async def _cursor(connection: Any) -> object:
    async with connection.transaction():
        cursor = await connection.cursor("SELECT id FROM shop.orders ORDER BY id")
        first = await cursor.fetch(5)
        return [row["id"] for row in [*first, *await cursor.fetch(100)]]


async def _iterated(connection: Any) -> object:
    async with connection.transaction():
        return [row["id"] async for row in connection.cursor("SELECT id FROM shop.orders ORDER BY id", prefetch=7)]


async def _copy_out(connection: Any) -> object:
    out = io.BytesIO()
    await connection.copy_from_query("SELECT id, note FROM shop.orders ORDER BY id", output=out, format="csv")
    return out.getvalue()


async def _copy_in(connection: Any) -> object:
    await connection.copy_records_to_table(
        "orders", schema_name="shop", columns=["id", "item", "note"], records=[(n, 1, f"c {n}") for n in (900, 901)]
    )
    found = await connection.fetch("DELETE FROM shop.orders WHERE id >= 900 RETURNING id, note")
    return [tuple(row) for row in found]


async def _many(connection: Any) -> object:
    await connection.executemany("UPDATE shop.orders SET n = $2 WHERE id = $1", [(n, n * 2) for n in range(1, 5)])
    return [row["n"] for row in await connection.fetch("SELECT n FROM shop.orders ORDER BY id LIMIT 5")]


async def _savepoints(connection: Any) -> object:
    async with connection.transaction():
        await connection.execute("UPDATE shop.items SET price = 5 WHERE id = 2")
        with pytest.raises(asyncpg.UndefinedColumnError):
            async with connection.transaction():
                await connection.execute("SELECT nothing FROM shop.items")
        return await connection.fetchval("SELECT price FROM shop.items WHERE id = 2")


async def _reset(connection: Any) -> object:
    await connection.execute("SET statement_timeout = '50s'")
    await connection.reset()
    return await connection.fetchval("SHOW statement_timeout")


WORKS = [_rows, _prepared, _introspection, _cursor, _iterated, _copy_out, _copy_in, _many, _savepoints, _reset]


async def _done(path: Path_, work: Work) -> object:
    connection = await asyncpg.connect(  # type: ignore[no-untyped-call]
        host=path.host, port=path.port, user=path.user, password=path.password, database=path.database, ssl=False
    )
    try:
        return await work(connection)
    finally:
        await connection.close()


@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.__name__.strip("_"))
async def test_it_gets_what_it_gets_directly(shop: Database, plain: Gateway, work: Work) -> None:
    assert await _done(through(plain), work) == await _done(direct(shop), work)


async def test_labelled_columns_come_masked(labelled: Gateway) -> None:
    async def people(connection: Any) -> object:
        return [tuple(row) for row in await connection.fetch("SELECT id, name, mrn FROM shop.people ORDER BY id")]

    rows: Any = await _done(through(labelled), people)
    assert [row[0] for row in rows] == list(range(1, 51))
    assert not any("Given" in row[1] or "MRN" in row[2] for row in rows)
