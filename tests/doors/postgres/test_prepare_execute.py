"""SQL's PREPARE, EXECUTE and DEALLOCATE share their names with the protocol's statements."""

from __future__ import annotations

import psycopg
import pytest
from tests.a_gateway import Gateway
from tests.doors.postgres.a_ledger import outcomes
from tests.doors.postgres.a_scene import gate as gate
from tests.promises.a_raw_client import RawClient, fields

from interlock.wire.postgres import frontend


async def test_prepare_and_execute_in_both_protocols(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        for prepare in (False, True):
            name = "p" + str(prepare).lower()
            text = f"PREPARE {name} (int) AS SELECT id, ssn FROM people WHERE id = $1"
            assert (await connection.execute(text.encode(), prepare=prepare)).statusmessage == "PREPARE"
            for n in (1, 2):
                cursor = await connection.execute(f"EXECUTE {name}({n})".encode(), prepare=prepare)
                assert await cursor.fetchall() == [(n, "[phi.ssn]")]
                assert cursor.statusmessage == "SELECT 1"
            with pytest.raises(psycopg.errors.DuplicatePreparedStatement):
                await connection.execute(text.encode(), prepare=prepare)
            with pytest.raises(psycopg.errors.SyntaxError):
                await connection.execute(f"EXECUTE {name}".encode(), prepare=prepare)
            assert (await connection.execute(f"DEALLOCATE {name}".encode())).statusmessage == "DEALLOCATE"
            with pytest.raises(psycopg.errors.InvalidSqlStatementName):
                await connection.execute(f"EXECUTE {name}(1)".encode(), prepare=prepare)
            with pytest.raises(psycopg.errors.InvalidSqlStatementName):
                await connection.execute(f"DEALLOCATE {name}".encode(), prepare=prepare)


async def test_each_execution_is_an_action(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        await connection.execute("PREPARE add AS INSERT INTO log VALUES ($1)")
        assert (await connection.execute("EXECUTE add(1)")).statusmessage == "INSERT 0 1"
        with pytest.raises(psycopg.errors.UniqueViolation):
            await connection.execute("EXECUTE add(1)")
    assert await outcomes(gate, 2) == ["succeeded", "failed"]


async def test_the_protocol_binds_what_sql_prepared_and_the_other_way_round(gate: Gateway) -> None:
    client = await RawClient.open(gate.door.port)
    await client.login(gate.agent_key)
    client.send((b"Q", b"PREPARE mine AS SELECT ssn FROM people WHERE id = $1\0"))
    await client.until_ready()
    client.writer.write(
        frontend.write_bind(frontend.Bind(b"", b"mine", (), (b"1",)))
        + frontend.write_execute(b"")
        + frontend.write_parse(b"theirs", b"SELECT id FROM people WHERE id = $1")
        + frontend.write_sync()
    )
    messages = await client.until_ready()
    assert "".join(m.type.decode() for m in messages) == "2DC1Z"
    assert b"[phi.ssn]" in messages[1].body
    client.send((b"Q", b"EXECUTE theirs(7)\0"))
    assert "".join(m.type.decode() for m in await client.until_ready()) == "TDCZ"
    client.send((b"Q", b"DEALLOCATE ALL\0"))
    await client.until_ready()
    client.send((b"Q", b"EXECUTE theirs(7)\0"))
    messages = await client.until_ready()
    assert fields(messages[0])["C"] == "26000"
    client.close()


async def test_what_is_prepared_is_judged_like_anything_else(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        for text in ("PREPARE x AS SELECT pg_read_file('x')", "PREPARE x AS SELECT nothing FROM log"):
            with pytest.raises(psycopg.Error):
                await connection.execute(text.encode())
                await connection.execute("EXECUTE x")


async def test_a_failed_transaction_takes_no_prepare(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        await connection.execute("BEGIN")
        with pytest.raises(psycopg.errors.UndefinedColumn):
            await connection.execute("SELECT nothing FROM log")
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            await connection.execute("PREPARE x AS SELECT 1")
        await connection.execute("ROLLBACK")
        with pytest.raises(psycopg.errors.InvalidSqlStatementName):
            await connection.execute("EXECUTE x")
