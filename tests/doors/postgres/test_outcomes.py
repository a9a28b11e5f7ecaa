"""How actions ended, by what became of their transaction: read from the ledger."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psycopg
import pytest
from testkit.recording_link import RecordingLink, Tape
from tests.a_gateway import Gateway, gateway
from tests.doors.postgres.a_ledger import endings_so_far, outcomes
from tests.doors.postgres.a_scene import gate as gate
from tests.postgres_fixture import Database
from tests.promises.a_stage import ThroughLink

from interlock.doors.postgres import aftermath


async def run(gate: Gateway, *texts: str) -> None:
    connection = await gate.connect()
    for text in texts:
        await connection.execute(text.encode())
    await connection.close()


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("INSERT INTO log VALUES (1)",), ["succeeded"]),
        (("BEGIN", "INSERT INTO log VALUES (1)", "COMMIT"), ["succeeded"]),
        (("BEGIN", "INSERT INTO log VALUES (1)", "ROLLBACK"), ["rolled_back"]),
        (
            (
                "BEGIN",
                "INSERT INTO log VALUES (1)",
                "SAVEPOINT s",
                "INSERT INTO log VALUES (2)",
                "ROLLBACK TO s",
                "COMMIT",
            ),
            ["rolled_back", "succeeded"],
        ),
        (
            (
                "BEGIN",
                "SAVEPOINT s",
                "INSERT INTO log VALUES (1)",
                "RELEASE s",
                "SAVEPOINT s",
                "ROLLBACK TO s",
                "COMMIT",
            ),
            ["succeeded"],
        ),
        (("BEGIN", "SELECT id FROM people", "ROLLBACK"), ["succeeded"]),
        (("BEGIN", "INSERT INTO log VALUES (1)"), ["rolled_back"]),  # the client leaves
    ],
)
async def test_by_transaction(gate: Gateway, texts: tuple[str, ...], expected: list[str]) -> None:
    await run(gate, *texts)
    assert await outcomes(gate, len(expected)) == expected


async def test_a_failed_transaction_undoes_what_ran_in_it(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        await connection.execute("BEGIN")
        await connection.execute("INSERT INTO log VALUES (1)")
        with pytest.raises(psycopg.errors.UniqueViolation):
            await connection.execute("INSERT INTO log VALUES (1)")
        assert [e["outcome"] for e in await endings_so_far(gate)] in ([], ["failed"])
        await connection.execute("COMMIT")
        assert await outcomes(gate, 2) == ["failed", "rolled_back"]


async def test_a_refusal_fails_the_transaction(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        await connection.execute("BEGIN")
        await connection.execute("INSERT INTO log VALUES (1)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute("DROP TABLE log")
        await connection.execute("COMMIT")
        assert await outcomes(gate, 1) == ["rolled_back"]


@pytest.mark.parametrize(("last", "expected"), [("COMMIT", "unknown"), ("INSERT INTO log VALUES (2)", "rolled_back")])
async def test_the_connection_is_lost(tmp_path: Path, empty_database: Database, last: str, expected: str) -> None:
    """In COMMIT nobody knows; before it was sent, everybody does."""
    empty_database.execute("CREATE TABLE log (id int); GRANT ALL ON log TO PUBLIC")
    upstream, cutting = empty_database.upstream, asyncio.Event()

    def bend() -> object:
        def cut(data: bytes) -> bytes:
            if cutting.is_set():
                link.cut()
                return b""
            return data

        return cut

    async with RecordingLink("up", upstream.host, upstream.port, Tape(), bend=bend) as link:  # type: ignore[arg-type]
        database = empty_database
        there = ThroughLink(database.server, database.name, database.user, database.password, link.port)
        async with gateway(tmp_path, there, "") as gate:
            async with await gate.connect() as connection:
                await connection.execute("BEGIN")
                await connection.execute("INSERT INTO log VALUES (1)")
                cutting.set()
                with pytest.raises(psycopg.OperationalError):
                    await connection.execute(last.encode())
            assert set(await outcomes(gate, 1 + (last != "COMMIT"))) == {expected}


async def test_so_many_are_unsettled_and_no_more(gate: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aftermath, "MAX_UNSETTLED", 2)
    async with await gate.connect() as connection:
        await connection.execute("BEGIN")
        for n in (1, 2):
            await connection.execute("INSERT INTO log VALUES (%s)", (n,))
        with pytest.raises(psycopg.errors.ProgramLimitExceeded):
            await connection.execute("INSERT INTO log VALUES (3)")
        await connection.execute("ROLLBACK")
        await connection.execute("INSERT INTO log VALUES (4)")
    assert sorted(await outcomes(gate, 3)) == ["rolled_back", "rolled_back", "succeeded"]
