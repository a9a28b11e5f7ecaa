"""Flush behind Bind and Execute: answers come, and the implicit transaction goes on."""

from __future__ import annotations

import psycopg
import pytest
from testkit.postgres_messages import frame
from tests.a_gateway import Gateway
from tests.doors.postgres.a_ledger import outcomes
from tests.doors.postgres.a_scene import gate as gate
from tests.postgres_fixture import Database
from tests.promises.a_raw_client import RawClient, fields

from interlock.wire.postgres import frontend


def run(text: str) -> bytes:
    return (
        frontend.write_parse(b"", text.encode())
        + frontend.write_bind(frontend.Bind(b"", b""))
        + frontend.write_execute(b"")
    )


def count(database: Database) -> int:
    with database.admin() as admin:
        row = admin.execute("SELECT count(*) FROM log").fetchone()
    assert row is not None
    return int(str(row[0]))


async def answers(client: RawClient, last: bytes) -> str:
    """The types of the answers up to the first of this type."""
    return "".join(m.type.decode() for m in await client.until(last))


async def test_results_come_at_a_flush_and_the_sync_commits(gate: Gateway, empty_database: Database) -> None:
    client = await RawClient.open(gate.door.port)
    await client.login(gate.agent_key)
    client.writer.write(run("INSERT INTO log VALUES (1)") + frontend.write_flush())
    assert await answers(client, b"C") == "12C"
    assert count(empty_database) == 0
    client.writer.write(run("SELECT ssn FROM people WHERE id = 1") + frontend.write_flush())
    messages = await client.until(b"C")
    assert [m.type for m in messages] == [b"1", b"2", b"D", b"C"]
    assert b"[phi.ssn]" in messages[2].body
    client.writer.write(frontend.write_sync())
    assert [(m.type, m.body) for m in await client.until_ready()] == [(b"Z", b"I")]
    assert count(empty_database) == 1
    assert await outcomes(gate, 2) == ["succeeded", "succeeded"]
    client.close()


@pytest.mark.parametrize("wrong", ["INSERT INTO log VALUES (1)", "SELECT nothing FROM log", "DROP TABLE log"])
async def test_an_error_undoes_it_all_and_the_rest_is_skipped(
    gate: Gateway, empty_database: Database, wrong: str
) -> None:
    """By the server while it runs, while it is described, and by policy: all undo what stands behind the Flush."""
    client = await RawClient.open(gate.door.port)
    await client.login(gate.agent_key)
    client.writer.write(run("INSERT INTO log VALUES (1)") + frontend.write_flush())
    await client.until(b"C")
    client.writer.write(run(wrong) + frontend.write_flush())
    found = (await client.until(b"E"))[-1]
    assert fields(found)["C"] in ("23505", "42703", "42501")
    client.writer.write(run("INSERT INTO log VALUES (2)") + frontend.write_flush() + frontend.write_sync())
    assert [(m.type, m.body) for m in await client.until_ready()] == [(b"Z", b"I")]
    assert count(empty_database) == 0
    assert "rolled_back" in await outcomes(gate, 1)
    client.writer.write(run("INSERT INTO log VALUES (3)") + frontend.write_sync())
    assert (await client.until_ready())[-1].body == b"I"
    assert count(empty_database) == 1
    client.close()


async def test_the_implicit_transaction_ends_unsettled_when_the_client_leaves(
    gate: Gateway, empty_database: Database
) -> None:
    client = await RawClient.open(gate.door.port)
    await client.login(gate.agent_key)
    client.writer.write(run("INSERT INTO log VALUES (1)") + frontend.write_flush())
    await client.until(b"C")
    client.close()
    assert await outcomes(gate, 1) == ["rolled_back"]
    assert count(empty_database) == 0


async def test_psycopg_fetches_in_the_middle_of_a_pipeline(gate: Gateway) -> None:
    for autocommit in (True, False):
        connection = await psycopg.AsyncConnection.connect(gate.conninfo(), autocommit=autocommit)
        async with connection, connection.pipeline() as pipeline:
            first = await connection.execute("SELECT ssn FROM people WHERE id = %s", (1,))
            assert await first.fetchall() == [("[phi.ssn]",)]
            second = await connection.execute("INSERT INTO log VALUES (%s)", (10 + autocommit,))
            await pipeline.sync()
            assert second.rowcount == 1
            third = await connection.execute("SELECT count(*) FROM log WHERE id = %s", (10 + autocommit,))
            assert await third.fetchall() == [(1,)]


async def test_a_query_before_the_sync_ends_the_session(gate: Gateway) -> None:
    client = await RawClient.open(gate.door.port)
    await client.login(gate.agent_key)
    client.writer.write(run("INSERT INTO log VALUES (1)") + frontend.write_flush() + frame(b"Q", b"SELECT 1\0"))
    assert await client.ended()
    client.close()


@pytest.mark.parametrize("last", ["ROLLBACK", "DROP TABLE log"])
async def test_what_begins_behind_a_commit_and_a_flush_isnt_in_the_block_any_more(
    gate: Gateway, empty_database: Database, last: str
) -> None:
    """The block's end has no ReadyForQuery of its own here: the implicit transaction that follows can be undone."""
    client = await RawClient.open(gate.door.port)
    await client.login(gate.agent_key)
    client.writer.write(run("BEGIN") + frontend.write_sync())
    assert (await client.until_ready())[-1].body == b"T"
    client.writer.write(run("COMMIT") + run("INSERT INTO log VALUES (1)") + frontend.write_flush())
    assert await answers(client, b"C") + await answers(client, b"C") == "12C12C"
    client.writer.write(run("INSERT INTO log VALUES (2)") + frontend.write_flush())
    assert await answers(client, b"C") == "12C"
    assert count(empty_database) == 0
    client.writer.write(run(last) + frontend.write_sync())
    assert (await client.until_ready())[-1].body == b"I"
    assert count(empty_database) == 0
    client.writer.write(run("INSERT INTO log VALUES (3)") + frontend.write_sync())
    assert (await client.until_ready())[-1].body == b"I"
    assert count(empty_database) == 1
    assert sorted(await outcomes(gate, 3)) == ["rolled_back", "rolled_back", "succeeded"]
    client.close()
