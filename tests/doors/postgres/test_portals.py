"""Portals with row limits, and SQL cursors: one release, one masking, one counting over all fetches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asyncpg
import psycopg
import pytest
from tests.a_gateway import POLICY, Gateway, gateway
from tests.doors.postgres.a_ledger import endings, endings_so_far, outcomes
from tests.doors.postgres.a_scene import gate as gate
from tests.postgres_fixture import Database
from tests.promises.a_raw_client import RawClient, fields

from interlock.wire.postgres import frontend

SSN = "SELECT ssn FROM people ORDER BY id"


async def test_a_portal_is_fetched_in_parts_under_one_release(gate: Gateway) -> None:
    connection = await gate.asyncpg()
    async with connection.transaction():
        cursor = await connection.cursor(SSN)
        for part in (4, 4, 2):
            assert [row[0] for row in await cursor.fetch(4)] == ["[phi.ssn]"] * part
    await connection.close()
    (ended,) = await endings(gate, 1)
    assert (ended["outcome"], ended["rows"]) == ("succeeded", 10)


async def test_a_portal_ends_with_its_transaction(gate: Gateway) -> None:
    connection = await gate.asyncpg()
    async with connection.transaction():
        cursor = await connection.cursor(SSN)
        await cursor.fetch(3)
        assert await endings_so_far(gate) == []
    (ended,) = await endings(gate, 1)
    assert (ended["outcome"], ended["rows"]) == ("succeeded", 3)
    await connection.close()


async def test_portals_by_hand(gate: Gateway) -> None:
    client = await RawClient.open(gate.door.port)
    await client.login(gate.agent_key)
    client.send((b"Q", b"BEGIN\0"))
    await client.until_ready()
    client.writer.write(
        frontend.write_parse(b"s", SSN.encode())
        + frontend.write_bind(frontend.Bind(b"a", b"s"))
        + frontend.write_bind(frontend.Bind(b"b", b"s"))
        + frontend.write_execute(b"a", 2)
        + frontend.write_execute(b"b", 3)
        + frontend.write_sync()
    )
    assert "".join(m.type.decode() for m in await client.until_ready()) == "122DDsDDDsZ"
    client.writer.write(frontend.write_execute(b"a", 0) + frontend.write_sync())
    assert "".join(m.type.decode() for m in await client.until_ready()) == "D" * 8 + "CZ"
    client.writer.write(frontend.write_execute(b"a", 0) + frontend.write_sync())
    messages = await client.until_ready()
    assert [m.body for m in messages if m.type == b"C"] == [b"SELECT 0\0"]
    close = frontend.write_close(frontend.Target.PORTAL, b"b")
    client.writer.write(close + frontend.write_execute(b"b", 1) + frontend.write_sync())
    messages = await client.until_ready()
    assert fields(next(m for m in messages if m.type == b"E"))["C"] == "34000"
    client.close()


async def test_a_server_cursor_of_psycopg(gate: Gateway) -> None:
    for options in ({}, {"binary": True}, {"scrollable": True}):
        connection = await psycopg.AsyncConnection.connect(gate.conninfo())
        binary = options.pop("binary", False)
        async with connection, connection.cursor("c", **options) as cursor:
            await cursor.execute("SELECT id, ssn FROM people WHERE id > %s ORDER BY id", (2,), binary=binary)
            assert await cursor.fetchmany(3) == [(n, "[phi.ssn]") for n in (3, 4, 5)]
            if options:
                await cursor.scroll(1)
            assert await cursor.fetchall() == [(n, "[phi.ssn]") for n in range(6 + bool(options), 11)]


async def test_a_cursor_with_hold_outlives_its_transaction(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        await connection.execute("BEGIN")
        await connection.execute(b"DECLARE kept CURSOR WITH HOLD FOR " + SSN.encode())
        await connection.execute(b"DECLARE plain CURSOR FOR " + SSN.encode())
        await connection.execute("COMMIT")
        assert await (await connection.execute("FETCH 2 FROM kept")).fetchall() == [("[phi.ssn]",)] * 2
        with pytest.raises(psycopg.errors.InvalidCursorName):
            await connection.execute("FETCH 2 FROM plain")
        await connection.execute("CLOSE kept")
        assert {(e["outcome"], e["rows"]) for e in await endings(gate, 2)} == {("succeeded", 2), ("succeeded", 0)}
        with pytest.raises(psycopg.errors.InvalidCursorName):
            await connection.execute("FETCH 2 FROM kept")


async def test_a_cursor_goes_with_the_savepoint_that_made_it(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        for text in ("BEGIN", f"DECLARE outside CURSOR FOR {SSN}", "SAVEPOINT s", f"DECLARE inside CURSOR FOR {SSN}"):
            await connection.execute(text.encode())
        assert await (await connection.execute("FETCH inside")).fetchall() == [("[phi.ssn]",)]
        await connection.execute("ROLLBACK TO s")
        assert await (await connection.execute("FETCH outside")).fetchall() == [("[phi.ssn]",)]
        with pytest.raises(psycopg.errors.InvalidCursorName):
            await connection.execute("FETCH inside")
        await connection.execute("ROLLBACK")


async def test_names_of_ours_and_cursors_of_nobody(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        await connection.execute("BEGIN")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute(b"DECLARE il_p1 CURSOR FOR " + SSN.encode())
        await connection.execute("ROLLBACK")
        with pytest.raises(psycopg.errors.InvalidCursorName):
            await connection.execute("FETCH ALL FROM nobody")


async def test_move_and_binary_cursors(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        await connection.execute("BEGIN")
        await connection.execute("DECLARE c BINARY SCROLL CURSOR FOR SELECT id, ssn FROM people ORDER BY id")
        assert (await connection.execute("MOVE 4 FROM c")).statusmessage == "MOVE 4"
        found: Any = await (await connection.execute("FETCH PRIOR FROM c")).fetchall()
        assert found == [(3, "[phi.ssn]")]
        await connection.execute("COMMIT")
    (ended,) = await endings(gate, 1)
    assert ended["rows"] == 1


async def test_a_write_through_a_portal_that_is_rolled_back(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        await connection.execute("BEGIN")
        await connection.execute("INSERT INTO log VALUES (1)")
        assert await endings_so_far(gate) == []
        await connection.execute("ROLLBACK")
    assert await outcomes(gate, 1) == ["rolled_back"]


CAPPED = POLICY.replace('@id("agents-read")', '@id("agents-read") @row_cap("5")')


async def test_a_cap_goes_on_counting_over_fetches(tmp_path: Path, empty_database: Database) -> None:
    empty_database.execute("CREATE TABLE n AS SELECT generate_series(1, 10) AS id; GRANT ALL ON n TO PUBLIC")
    async with gateway(tmp_path, empty_database, "", policy=CAPPED) as gate:
        connection = await gate.asyncpg()
        transaction = connection.transaction()
        await transaction.start()
        cursor = await connection.cursor("SELECT id FROM n")
        assert len(await cursor.fetch(3)) == 3
        with pytest.raises(asyncpg.ProgramLimitExceededError):
            await cursor.fetch(3)
        await transaction.rollback()
        await connection.close()
        (ended,) = await endings(gate, 1)
        assert (ended["outcome"], ended["sqlstate"]) == ("failed", "54000")


async def test_a_cap_goes_on_counting_over_what_a_cursor_gives(tmp_path: Path, empty_database: Database) -> None:
    empty_database.execute("CREATE TABLE n AS SELECT generate_series(1, 10) AS id; GRANT ALL ON n TO PUBLIC")
    async with gateway(tmp_path, empty_database, "", policy=CAPPED) as gate, await gate.connect() as connection:
        await connection.execute("BEGIN")
        await connection.execute("DECLARE c CURSOR FOR SELECT id FROM n")
        assert len(await (await connection.execute("FETCH 3 FROM c")).fetchall()) == 3
        with pytest.raises(psycopg.errors.ProgramLimitExceeded):
            await connection.execute("FETCH 3 FROM c")
        await connection.execute("ROLLBACK")
        (ended,) = await endings(gate, 1)
        assert (ended["outcome"], ended["sqlstate"]) == ("failed", "54000")
