"""COPY FROM STDIN by real clients: at once, signed for, refused, given up, broken off."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.a_gateway import Gateway, gateway
from tests.postgres_fixture import Database

from interlock.model.review import ReviewState, Verdict

CATALOG = """
[[column]]
match = "public.people.ssn"
labels = ["phi.ssn"]
"""
POLICY = """
@id("all")
permit (principal in Interlock::Group::"ai-agents", action, resource);
@id("people-are-signed") @review("officers:1") @because("People are signed for.")
forbid (principal, action == Interlock::Action::"sql.copy_in", resource) when { context.writes.contains("phi") };
"""
CANARY = "900-11-2222"


@pytest.fixture
async def gate(tmp_path: Path, empty_database: Database) -> AsyncIterator[Gateway]:
    empty_database.execute(
        "CREATE TABLE people (id int PRIMARY KEY, ssn text)",
        "CREATE TABLE things (id int, name text, made timestamptz DEFAULT '2026-01-01Z')",
        "CREATE TABLE pgbench_accounts (aid int, bid int, abalance int, filler char(84))",
        "GRANT ALL ON people, things, pgbench_accounts TO PUBLIC",
    )
    async with gateway(tmp_path, empty_database, CATALOG, policy=POLICY) as running:
        yield running


def stored(database: Database, table: str = "things") -> list[tuple[Any, ...]]:
    with database.admin() as connection:
        return connection.execute(f"SELECT * FROM {table} ORDER BY 1".encode()).fetchall()


async def endings(gate: Gateway) -> list[dict[str, Any]]:
    """What the ledger says of every action.ended that wasn't a session's opening."""
    await gate.door.endings.settled(5)
    entries = [json.loads(body.split(b"\n")[0]) for body in await gate.bodies()]
    copies = {e["act"] for e in entries if e["type"] == "action.released" and "sql.copy_in" in e["d"]["verbs"]}
    return [e["d"] for e in entries if e["type"] == "action.ended" and e["act"] in copies]


async def test_psycopg_in_text(gate: Gateway, empty_database: Database) -> None:
    async with await gate.connect() as connection, connection.cursor() as cursor:
        async with cursor.copy("COPY things (id, name) FROM STDIN") as copy:
            for n in range(1_000):
                await copy.write_row((n, f"a\tthing\n{n}\\"))
        assert cursor.rowcount == 1_000
        assert cursor.statusmessage == "COPY 1000"
        await cursor.execute("SELECT count(*) FROM things")
        assert await cursor.fetchone() == (1_000,)
    assert stored(empty_database)[7][:2] == (7, "a\tthing\n7\\")
    assert [(e["outcome"], e["rows"]) for e in await endings(gate)] == [("succeeded", 1_000)]


async def test_psycopg_in_binary_and_csv(gate: Gateway, empty_database: Database) -> None:
    async with await gate.connect() as connection, connection.cursor() as cursor:
        async with cursor.copy("COPY things (id, name) FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(["int4", "text"])
            await copy.write_row((1, "one"))
            await copy.write_row((2, None))
        async with cursor.copy("COPY things (id, name) FROM STDIN (FORMAT csv, HEADER)") as copy:
            await copy.write('id,name\n3,"three, or ""so""\nand more"\n')
    assert [row[:2] for row in stored(empty_database)] == [(1, "one"), (2, None), (3, 'three, or "so"\nand more')]


async def test_asyncpg_in_binary_and_text(gate: Gateway, empty_database: Database) -> None:
    connection = await gate.asyncpg()
    try:
        rows = [(n, f"thing {n}") for n in range(500)]
        assert await connection.copy_records_to_table("things", records=rows, columns=["id", "name"]) == "COPY 500"
        source = io.BytesIO(b"1000,a thousand\n1001,more\n")
        tag = await connection.copy_to_table("things", source=source, columns=["id", "name"], format="csv")
        assert tag == "COPY 2"
        assert await connection.fetchval("SELECT count(*) FROM things") == 502
    finally:
        await connection.close()
    assert stored(empty_database)[-1][:2] == (1001, "more")


@pytest.mark.skipif(shutil.which("psql") is None, reason="no psql here")
async def test_psql(gate: Gateway, empty_database: Database, tmp_path: Path) -> None:
    (tmp_path / "things.csv").write_text("1,one\n2,two\n")
    script = (
        f"\\copy things (id, name) from '{tmp_path / 'things.csv'}' with (format csv)\n"
        "COPY things (id, name) FROM STDIN;\n3\tthree\n4\t\\N\n\\.\nSELECT count(*) FROM things;\n"
    )
    process = await asyncio.create_subprocess_exec(
        "psql",
        "-XAtq",
        "-v",
        "ON_ERROR_STOP=1",
        gate.conninfo(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(30):
        out, err = await process.communicate(script.encode())
    assert (process.returncode, out.strip(), err) == (0, b"4", b"")
    assert [row[:2] for row in stored(empty_database)] == [(1, "one"), (2, "two"), (3, "three"), (4, None)]


async def test_as_pgbench_fills_its_tables(gate: Gateway, empty_database: Database) -> None:
    async with await gate.connect() as connection, connection.cursor() as cursor:
        await cursor.execute("begin")
        await cursor.execute("truncate table pgbench_accounts")
        async with cursor.copy("copy pgbench_accounts from stdin with (freeze on)") as copy:
            for n in range(2_000):
                await copy.write(b"%d\t%d\t%d\t\n" % (n, 1, 0))
        await cursor.execute("commit")
    assert len(stored(empty_database, "pgbench_accounts")) == 2_000


async def test_in_the_extended_protocol(gate: Gateway, empty_database: Database) -> None:
    """libpq sends a Sync of its own behind CopyDone there, and one that means nothing before it."""
    async with await gate.connect() as connection:
        pgconn = connection.pgconn
        pgconn.send_query_params(b"COPY things (id, name) FROM STDIN", None)
        await _result(connection, psycopg.pq.ExecStatus.COPY_IN)
        pgconn.put_copy_data(b"1\tone\n")
        pgconn.put_copy_end()
        result = await _result(connection, psycopg.pq.ExecStatus.COMMAND_OK)
        assert result.command_status == b"COPY 1"
        assert await (await connection.execute("SELECT 1")).fetchone() == (1,)
        pgconn.send_query_params(b"COPY things (id, name) FROM STDIN", None)
        await _result(connection, psycopg.pq.ExecStatus.COPY_IN)
        pgconn.put_copy_data(b"not a number\tone\n")
        pgconn.put_copy_end()
        await _result(connection, psycopg.pq.ExecStatus.FATAL_ERROR)
        assert await (await connection.execute("SELECT 2")).fetchone() == (2,)
    assert [row[0] for row in stored(empty_database)] == [1]


async def _result(connection: psycopg.AsyncConnection[Any], status: int) -> Any:
    """The next result but the nothing between two."""
    pgconn = connection.pgconn
    async with asyncio.timeout(10):
        while True:
            pgconn.flush()
            pgconn.consume_input()
            if pgconn.is_busy():
                await asyncio.sleep(0.005)
                continue
            result = pgconn.get_result()
            if result is not None:
                assert result.status == status, result.error_message
                if status == psycopg.pq.ExecStatus.COPY_IN:
                    return result
                while pgconn.get_result() is not None:
                    continue
                return result
            await asyncio.sleep(0.005)


# -- what is refused, fails or is given up ----------------------------------------------------------------------------


@pytest.mark.parametrize("options", ["", "(FORMAT csv)", "(FORMAT binary)"])
async def test_a_mask_token_goes_back_nowhere(gate: Gateway, empty_database: Database, options: str) -> None:
    async with await gate.connect() as connection, connection.cursor() as cursor:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="masked value"):
            async with cursor.copy(f"COPY things (id, name) FROM STDIN {options}") as copy:
                if "binary" in options:
                    copy.set_types(["int4", "text"])
                for n in range(100):
                    await copy.write_row((n, "fine"))
                await copy.write_row((100, "so [phi.ssn] it was"))
        assert await (await cursor.execute("SELECT count(*) FROM things")).fetchone() == (0,)
    assert [(e["outcome"], e["sqlstate"]) for e in await endings(gate)] == [("failed", "42501")]


async def test_an_error_of_the_server_in_the_middle(gate: Gateway, empty_database: Database) -> None:
    async with await gate.connect() as connection, connection.cursor() as cursor:
        with pytest.raises(psycopg.errors.InvalidTextRepresentation) as failed:
            async with cursor.copy("COPY things (id, name) FROM STDIN") as copy:
                await copy.write(f"{CANARY}\tx\n".encode())
                for _ in range(2_000):
                    await copy.write(b"1\t" + b"x" * 1_000 + b"\n")
        assert CANARY not in str(failed.value)
        assert await (await cursor.execute("SELECT count(*) FROM things")).fetchone() == (0,)
    assert [(e["outcome"], e["sqlstate"]) for e in await endings(gate)] == [("failed", "22P02")]


async def test_a_client_that_gives_up(gate: Gateway, empty_database: Database) -> None:
    async with await gate.connect() as connection, connection.cursor() as cursor:
        with pytest.raises(ZeroDivisionError):
            async with cursor.copy("COPY things (id, name) FROM STDIN") as copy:
                await copy.write(b"1\tone\n")
                raise ZeroDivisionError(CANARY)
        assert await (await cursor.execute("SELECT count(*) FROM things")).fetchone() == (0,)
    assert [e["outcome"] for e in await endings(gate)] == ["failed"]


async def test_a_client_that_vanishes_keeps_nothing(gate: Gateway, empty_database: Database) -> None:
    reader, writer = await _raw(gate)
    await _query(writer, b"COPY things (id, name) FROM STDIN")
    assert b"G" in await _types(reader, until=b"G")
    writer.write(b"d" + (10).to_bytes(4, "big") + b"1\tone\n")
    await writer.drain()
    writer.transport.abort()
    async with asyncio.timeout(10):
        while not await endings(gate):
            await asyncio.sleep(0.01)
    assert [e["outcome"] for e in await endings(gate)] == ["failed"]
    assert stored(empty_database) == []


async def test_in_a_transaction_that_is_rolled_back(gate: Gateway, empty_database: Database) -> None:
    async with await gate.connect() as connection, connection.cursor() as cursor:
        await cursor.execute("BEGIN")
        async with cursor.copy("COPY things (id, name) FROM STDIN") as copy:
            await copy.write(b"1\tone\n")
        await cursor.execute("ROLLBACK")
    assert stored(empty_database) == []
    assert [e["outcome"] for e in await endings(gate)] == ["rolled_back"]


# -- signed for -------------------------------------------------------------------------------------------------------


async def test_rows_that_people_sign_for(gate: Gateway, empty_database: Database) -> None:
    async with await gate.connect() as connection, connection.cursor() as cursor:
        signing = asyncio.create_task(gate.sign())
        async with cursor.copy("COPY people FROM STDIN") as copy:
            await copy.write(f"1\t{CANARY}\n2\tnobody".encode())
            assert not await gate.office.desk.reviews(frozenset({ReviewState.PENDING}), 50)  # not before all are here
            await copy.write(b"'s\n")
        assert cursor.statusmessage == "COPY 2"
        review = await signing
        assert await (await connection.execute("SELECT 1")).fetchone() == (1,)
    assert stored(empty_database, "people") == [(1, CANARY), (2, "nobody's")]
    card = json.dumps((await gate.office.desk.card(review.id)).content)
    assert "2 rows, 25 bytes" in card
    assert CANARY not in card
    assert not any(CANARY.encode() in body for body in await gate.bodies())
    assert [(e["outcome"], e["rows"]) for e in await endings(gate)] == [("succeeded", 2)]


async def test_rows_that_people_turn_down(gate: Gateway, empty_database: Database) -> None:
    async with await gate.connect() as connection, connection.cursor() as cursor:
        signing = asyncio.create_task(gate.sign(verdict=Verdict.DENY))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with cursor.copy("COPY people FROM STDIN (FORMAT csv)") as copy:
                await copy.write(f"1,{CANARY}\n".encode())
        await signing
        assert await (await connection.execute("SELECT 1")).fetchone() == (1,)
    assert stored(empty_database, "people") == []


async def test_other_rows_are_another_review(gate: Gateway, empty_database: Database) -> None:
    async def copied(ssn: str) -> None:
        async with await gate.connect() as connection, connection.cursor().copy("COPY people FROM STDIN") as copy:
            await copy.write(f"1\t{ssn}\n".encode())

    one, other = asyncio.create_task(copied("one")), asyncio.create_task(copied("other"))
    first, second = await gate.pending(2)
    assert first.id != second.id
    for review in (first, second):
        await gate.office.vote(review, "dana", Verdict.DENY)
    assert all(isinstance(e, psycopg.Error) for e in await asyncio.gather(one, other, return_exceptions=True))
    assert stored(empty_database, "people") == []


async def test_too_many_rows_to_sign_for(gate: Gateway) -> None:
    async with await gate.connect() as connection, connection.cursor() as cursor:
        with pytest.raises(psycopg.errors.ProgramLimitExceeded):
            async with cursor.copy("COPY people FROM STDIN") as copy:
                for n in range(9_000):
                    await copy.write(b"%d\t%s\n" % (n, b"x" * 1_000))
        assert await (await connection.execute("SELECT 1")).fetchone() == (1,)
    assert not await gate.office.desk.reviews(frozenset({ReviewState.PENDING}), 50)


async def test_a_mask_token_is_refused_before_anybody_is_asked(gate: Gateway) -> None:
    async with await gate.connect() as connection, connection.cursor() as cursor:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="masked value"):
            async with cursor.copy("COPY people FROM STDIN") as copy:
                await copy.write(b"1\t[phi.ssn]\n")
    assert not await gate.office.desk.reviews(frozenset({ReviewState.PENDING}), 50)
    assert any(b"masked" in body and b"action.denied" in body for body in await gate.bodies())


# -- a client of bytes ------------------------------------------------------------------------------------------------


async def _raw(gate: Gateway) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", gate.door.port)
    body = (3 << 16).to_bytes(4, "big") + b"user\0etl\0database\0clinic\0\0"
    writer.write((len(body) + 4).to_bytes(4, "big") + body)
    await _types(reader, until=b"R")
    password = gate.agent_key.reveal().encode() + b"\0"
    writer.write(b"p" + (len(password) + 4).to_bytes(4, "big") + password)
    await _types(reader, until=b"Z")
    return reader, writer


async def _query(writer: asyncio.StreamWriter, text: bytes) -> None:
    writer.write(b"Q" + (len(text) + 5).to_bytes(4, "big") + text + b"\0")
    await writer.drain()


async def _types(reader: asyncio.StreamReader, *, until: bytes) -> list[bytes]:
    """The types of the messages up to the first of this one."""
    found: list[bytes] = []
    async with asyncio.timeout(10):
        while not found or found[-1] != until:
            found.append(await reader.readexactly(1))
            await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big") - 4)
    return found
