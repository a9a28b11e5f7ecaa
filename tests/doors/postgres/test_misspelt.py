"""What PostgreSQL's grammar refuses is refused in the server's own words, for its sender alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import pq
from tests.a_gateway import Gateway, gateway
from tests.postgres_fixture import Database
from tests.promises.a_raw_client import RawClient, fields

BAD = (
    b"SELEC 1",
    b"SELECT 1 FORM t",
    b"SELECT 'unfinished",
    b'SELECT "open',
    b"/* open",
    b"SELECT $$ open",
    b"SELECT $tag$ open $t$",
    b"SELEC 1 'unfinished",
    b"SELECT 123abc",
    b"SELECT 1__0",
    b"SELECT 0xg",
    b'SELECT ""',
    b"SELECT 1.2.3",
    "SELECT 'ééé', größe größe größe FROM".encode(),
    "SELECT '日本語', x x x".encode(),
    "SELECT 'é".encode(),
    b"\xef\xbb\xbfSELECT 1 1 1",
    b"SELECT (",
    b"SELECT 1)",
    b"SELECT * FROM",
    b"SELECT * FROM t WHERE",
    b"INSERT INTO t VALUES (1,",
    b"CREATE TABLE t (a int,)",
    b"UPDATE t SET",
    b"WITH a AS (SELECT 1)",
    b"SELECT `a` FROM t",
    b"SELECT ?",
    b"!",
    b"PREPARE p AS SELEC",
    b"DECLARE c CURSOR FOR",
    b"SELECT 1; SELEC 2",
    b"SELECT 1;; SELEC 2; SELECT 3",
    b"SELECT E'\\u0000'",
    b"SELECT E'\\u12'",
    b"SELECT U&'\\12'",
    b"SELECT U&'\\d800'",
    b"SELECT U&'x' UESCAPE 'ab'",
    b"SELECT E'\\uD800\\u0041'",
    b"SELECT E'\\xff'",
    b"SELECT '\xff'",
    b"SELECT '\xed\xa0\x80'",
    b"SELECT '\xc3",
    b"SELECT '\xe2\x82'",
    b"SELECT '\xf0\x9f\x98",
    b"SELECT 1 LIMIT 1,2",
    b"SELECT 1 LIMIT 1 LIMIT 2",
    b"SELECT sum(a) OVER (ROWS UNBOUNDED FOLLOWING) FROM t",
    b"SELECT sum(a) OVER (ROWS BETWEEN CURRENT ROW AND UNBOUNDED PRECEDING) FROM t",
    b"CREATE ROLE public",
    b"CREATE ROLE current_user",
    b"GRANT SELECT ON t TO none",
    b"SELECT a::float(0) FROM t",
    b"CREATE ASSERTION x CHECK (true)",
    b"SELECT UNIQUE (SELECT 1)",
    b"CREATE TABLE x (CHECK (true) DEFERRABLE)",
    b"CREATE SCHEMA IF NOT EXISTS x CREATE TABLE y ()",
    b"CREATE AGGREGATE f(OUT a int) (sfunc=x)",
    b"SELECT JSON('{}' FORMAT JSON ENCODING utf7)",
    b"CREATE TABLE p PARTITION OF q FOR VALUES WITH (modulus 1, modulus 2)",
    b"CREATE TABLE p (a int) PARTITION BY foo (a)",
    b"SELECT * FROM JSON_TABLE('{}', $1 COLUMNS (a int))",
    b"ALTER TABLE t ALTER CONSTRAINT c NOT VALID",
    b"COPY t TO PROGRAM STDOUT",
    # Words of the client's that look like those by which other codes are told.
    b"SELECT 'frame start' 'x' frame end not yet implemented",
    b'SELECT 1 "role name " "not yet implemented" 1',
)
Told = tuple[str, str, str]


@pytest.fixture
async def gate(tmp_path: Path, empty_database: Database) -> AsyncIterator[Gateway]:
    empty_database.execute("CREATE TABLE people (id int, ssn text)", "GRANT SELECT ON people TO PUBLIC")
    catalog = '[[column]]\nmatch = "public.people.ssn"\nlabels = ["phi.ssn"]\n'
    async with gateway(tmp_path, empty_database, catalog) as running:
        yield running


def told(result: pq.abc.PGresult) -> Told:
    wanted = (pq.DiagnosticField.SQLSTATE, pq.DiagnosticField.MESSAGE_PRIMARY, pq.DiagnosticField.STATEMENT_POSITION)
    sqlstate, message, position = ((result.error_field(field) or b"").decode() for field in wanted)
    return sqlstate, message, position


def answers(conninfo: str, texts: tuple[bytes, ...]) -> Iterator[tuple[Told, Told]]:
    """What each text is told in the simple and in the extended protocol, all on one connection."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for text in texts:
            yield told(connection.pgconn.exec_(text)), told(connection.pgconn.prepare(b"", text))
        assert connection.execute("SELECT 1").fetchone() == (1,)


async def test_the_servers_own_complaints_in_both_protocols(gate: Gateway, empty_database: Database) -> None:
    ours, theirs = await asyncio.to_thread(
        lambda: [
            list(answers(conninfo, BAD))
            for conninfo in (gate.conninfo(), empty_database.server.conninfo(empty_database.name))
        ]
    )
    assert [pair for pair in zip(BAD, ours, theirs, strict=True) if pair[1] != pair[2]] == []
    assert all(sqlstate and message for pair in ours for sqlstate, message, _ in pair)


async def test_two_statements_in_one_parse(gate: Gateway, empty_database: Database) -> None:
    texts = (b"SELECT 1; SELECT 2", b"DELETE FROM people; SELECT 2", b"BEGIN; COMMIT;")

    def both(conninfo: str) -> list[Told]:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            return [told(connection.pgconn.prepare(b"", text)) for text in texts]

    theirs = await asyncio.to_thread(both, empty_database.server.conninfo(empty_database.name))
    assert await asyncio.to_thread(both, gate.conninfo()) == theirs
    assert theirs[0] == ("42601", "cannot insert multiple commands into a prepared statement", "")


async def test_a_misspelt_statement_fails_its_transaction(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        await connection.execute("BEGIN")
        with pytest.raises(psycopg.errors.SyntaxError):
            await connection.execute("SELEC 1")
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            await connection.execute("SELECT 1")
        with pytest.raises(psycopg.errors.SyntaxError):  # the grammar speaks first, as at the server
            await connection.execute("SELEC 2")
        await connection.execute("ROLLBACK")
        assert await (await connection.execute("SELECT 1")).fetchone() == (1,)


async def test_the_complaint_stays_out_of_every_record(
    gate: Gateway, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with await gate.connect() as connection:
        for text in (
            b"SELECT 900-11-2222 canary_word canary_word",
            b"SELECT 1 = = 'canary_word'",
            b"SELECT 'canary_word",
        ):
            with pytest.raises(psycopg.errors.SyntaxError, match=r"canary_word|at or near"):
                await connection.execute(text)
        cursor = await connection.execute("SHOW interlock.why")
        assert "canary" not in str(await cursor.fetchone())
    denied = [body for body in await gate.bodies() if b"action.denied" in body]
    assert len(denied) == 3
    kept = await asyncio.to_thread(written, tmp_path)
    out = capfd.readouterr()
    for record in (*denied, kept, (caplog.text + out.out + out.err).encode()):
        assert b"canary" not in record


def written(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_the_fields_of_the_error(gate: Gateway) -> None:
    raw = await RawClient.open(gate.door.port)
    await raw.login(gate.agent_key)
    raw.send((b"Q", b"SELECT 1 FORM x y\0"))
    error, ready = await raw.until_ready()
    assert fields(error) == {
        "S": "ERROR",
        "V": "ERROR",
        "C": "42601",
        "M": 'syntax error at or near "x"',
        "P": "15",
    }
    assert (ready.type, ready.body) == (b"Z", b"I")
    raw.writer.close()
