"""psycopg 3: pipelines, binary, server cursors, COPY, type information."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest
from psycopg.types import TypeInfo
from psycopg.types.composite import CompositeInfo
from psycopg.types.enum import EnumInfo
from tests.a_gateway import Gateway
from tests.clients.a_shop import Path_, direct, through
from tests.postgres_fixture import Database

Connection = psycopg.AsyncConnection[Any]
Work = Callable[[Connection], Awaitable[object]]

ITEMS = "SELECT id, name, price, tags, mood, meta, made, twice FROM shop.items ORDER BY id LIMIT 7"


async def _text(connection: Connection) -> object:
    return await (await connection.execute(ITEMS)).fetchall()


async def _binary(connection: Connection) -> object:
    async with connection.cursor(binary=True) as cursor:
        return await (await cursor.execute(ITEMS)).fetchall()


async def _parameters(connection: Connection) -> object:
    query = "SELECT id, note FROM shop.orders WHERE id = ANY(%s) AND note LIKE %s ORDER BY id"
    return await (await connection.execute(query, ([1, 2, 30], "note%"), prepare=True)).fetchall()


async def _pipeline(connection: Connection) -> object:
    async with connection.pipeline():
        cursors = [await connection.execute("SELECT note FROM shop.orders WHERE id = %s", (n,)) for n in range(1, 6)]
    return [await cursor.fetchall() for cursor in cursors]


async def _server_cursor(connection: Connection) -> object:
    async with connection.transaction(), connection.cursor(name="items") as cursor:
        await cursor.execute("SELECT id, name FROM shop.items ORDER BY id")
        some = await cursor.fetchmany(3)
        return some, [row async for row in cursor]


async def _copy_out(connection: Connection) -> object:
    async with connection.cursor() as cursor, cursor.copy("COPY shop.orders (id, note) TO STDOUT") as copy:
        return [row async for row in copy.rows()]


async def _copy_out_binary(connection: Connection) -> object:
    text = "COPY (SELECT id, note FROM shop.orders ORDER BY id) TO STDOUT (FORMAT binary)"
    async with connection.cursor() as cursor, cursor.copy(text) as copy:
        copy.set_types(["int4", "varchar"])
        return [row async for row in copy.rows()]


async def _copy_in(connection: Connection) -> object:
    async with connection.cursor() as cursor:
        async with cursor.copy("COPY shop.orders (id, item, note) FROM STDIN") as copy:
            for n in range(1_000, 1_010):
                await copy.write_row((n, 1, f"copied {n}"))
        await cursor.execute("SELECT id, note FROM shop.orders WHERE id >= 1000 ORDER BY id")
        found = await cursor.fetchall()
        await cursor.execute("DELETE FROM shop.orders WHERE id >= 1000")
        return found


async def _types(connection: Connection) -> object:
    mood, items = await TypeInfo.fetch(connection, "shop.mood"), await CompositeInfo.fetch(connection, "shop.items")
    enum = await EnumInfo.fetch(connection, "shop.mood")
    assert mood is not None
    assert items is not None
    assert enum is not None
    return mood.oid, mood.array_oid, items.field_names, items.field_types, list(enum.labels)


WORKS = [_text, _binary, _parameters, _pipeline, _server_cursor, _copy_out, _copy_out_binary, _copy_in, _types]


async def _done(path: Path_, work: Work) -> object:
    async with await psycopg.AsyncConnection.connect(path.conninfo) as connection:
        return await work(connection)


@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.__name__.strip("_"))
async def test_it_gets_what_it_gets_directly(shop: Database, plain: Gateway, work: Work) -> None:
    assert await _done(through(plain), work) == await _done(direct(shop), work)


async def test_labelled_columns_come_masked(labelled: Gateway) -> None:
    async def people(connection: Connection) -> object:
        async with connection.cursor(binary=True) as cursor:
            return await (await cursor.execute("SELECT id, name, mrn FROM shop.people ORDER BY id")).fetchall()

    rows: Any = await _done(through(labelled), people)
    assert [row[0] for row in rows] == list(range(1, 51))
    assert not any("Given" in row[1] or "MRN" in row[2] for row in rows)
