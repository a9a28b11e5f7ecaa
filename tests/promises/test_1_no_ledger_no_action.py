"""Promise 1: no effectful operation is sent, and no result byte goes downstream, before its release is durable.

The disk is held in the COMMIT of the release, between two recorders: what is on the tape before it is let go was sent
too early.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from testkit.recording_link import Way
from tests.a_gateway import POLICY
from tests.postgres_fixture import Database
from tests.promises.a_raw_client import RawClient, fields
from tests.promises.a_served_gateway import served, until_waiting
from tests.promises.a_stage import ANYTHING, DOWN, Stage, stage
from tests.promises.canaries import CATALOG, TABLE, filling

READ = "SELECT city FROM people WHERE id = %s"
WRITE = "UPDATE people SET city = 'Hof' WHERE id = %s"
RESULTS = (b"D", b"d", b"H", b"C")

Ask = Callable[[Any], Awaitable[object]]


@pytest.fixture
def people(empty_database: Database) -> Database:
    empty_database.execute(*TABLE, *filling())
    return empty_database


@pytest.fixture
async def on_stage(tmp_path: Path, people: Database) -> AsyncIterator[Stage]:
    async with stage(tmp_path, people, CATALOG, policy=ANYTHING) as running:
        yield running


async def simple_read(connection: psycopg.AsyncConnection[Any]) -> object:
    return await (await connection.execute(b"SELECT city FROM people WHERE id = 1")).fetchall()


async def extended_read(connection: psycopg.AsyncConnection[Any]) -> object:
    return await (await connection.execute(READ.encode(), (1,))).fetchall()


async def copy_out(connection: psycopg.AsyncConnection[Any]) -> object:
    async with connection.cursor().copy(b"COPY (SELECT city FROM people WHERE id = 1) TO STDOUT") as copy:
        return [tuple(b"".join([bytes(block) async for block in copy]).decode().split())]


async def simple_write(connection: psycopg.AsyncConnection[Any]) -> object:
    return (await connection.execute(b"UPDATE people SET city = 'Hof' WHERE id = 1")).rowcount


async def extended_write(connection: psycopg.AsyncConnection[Any]) -> object:
    return (await connection.execute(WRITE.encode(), (1,))).rowcount


async def returning(connection: psycopg.AsyncConnection[Any]) -> object:
    cursor = await connection.execute(b"DELETE FROM people WHERE id = 1 RETURNING city")
    return await cursor.fetchall()


async def unproved_read(connection: psycopg.AsyncConnection[Any]) -> object:
    """It reads, but a user's function isn't known to do only that."""
    return len(await (await connection.execute(b"SELECT leak(1)")).fetchall())


READS = {"simple": simple_read, "extended": extended_read}
EFFECTS = {
    "simple": simple_write,
    "extended": extended_write,
    "returning": returning,
    "function": unproved_read,
    "copy": copy_out,  # not among what is proved effect-free
}


@pytest.mark.parametrize("how", list(READS))
async def test_no_result_byte_before_the_release_is_durable(on_stage: Stage, how: str) -> None:
    async with await on_stage.connect() as connection:
        async with on_stage.disk.held():
            since = on_stage.now()
            asking = asyncio.ensure_future(READS[how](connection))
            await on_stage.disk.blocked()
            # Proved effect-free, it may work upstream meanwhile: its whole answer lies in the gateway, held.
            await on_stage.until_answered_upstream(since, b"C")
            assert on_stage.told_downstream(since) == []
            released = on_stage.disk.release()
        assert await asking == [("Ulm",)]
        first = next(m for m in on_stage.tape.since(since, DOWN, Way.ANSWERED))
        assert first.at > released


@pytest.mark.parametrize("how", list(EFFECTS))
async def test_nothing_effectful_is_sent_before_the_release_is_durable(on_stage: Stage, how: str) -> None:
    async with await on_stage.connect() as connection:
        async with on_stage.disk.held():
            since = on_stage.now()
            asking = asyncio.ensure_future(EFFECTS[how](connection))
            await on_stage.disk.blocked()
            assert on_stage.run_upstream(since) == [] and on_stage.told_downstream(since) == []
            released = on_stage.disk.release()
        assert await asking in (1, [("Ulm",)])
        ran = on_stage.run_upstream(since)
        assert ran and min(message.at for message in ran) > released


CAPPED = '@id("all") @row_cap("2") permit (principal, action in Interlock::Action::"write", resource);\n' + "".join(
    f'@id("{group}") permit (principal, action in Interlock::Action::"{group}", resource);\n'
    for group in ("read", "session")
)


@pytest.mark.parametrize("how", ["simple", "extended", "returning"])
async def test_under_a_cap_not_even_a_savepoint_is_sent_before(tmp_path: Path, people: Database, how: str) -> None:
    async with stage(tmp_path, people, CATALOG, policy=CAPPED) as on_stage, await on_stage.connect() as connection:
        for around in ((b"BEGIN", b"COMMIT"), (b"SAVEPOINT interlock", b"RELEASE SAVEPOINT interlock")):
            if around[0] != b"BEGIN":
                await connection.execute(b"BEGIN")
            async with on_stage.disk.held():
                since = on_stage.now()
                asking = asyncio.ensure_future(EFFECTS[how](connection))
                await on_stage.disk.blocked()
                assert on_stage.run_upstream(since) == [] and on_stage.told_downstream(since) == []
                on_stage.disk.release()
            await asking
            ran = [m.body.rstrip(b"\0") for m in on_stage.run_upstream(since) if m.type == b"Q"]
            assert (ran[0], ran[-1]) == around


async def test_without_a_cap_a_write_is_sent_as_it_came(on_stage: Stage) -> None:
    async with await on_stage.connect() as connection:
        since = on_stage.now()
        await simple_write(connection)
        assert [m.body for m in on_stage.run_upstream(since)] == [b"UPDATE people SET city = 'Hof' WHERE id = 1\0"]


async def test_what_a_capped_write_returns_waits_for_its_commit(tmp_path: Path, people: Database) -> None:
    people.execute(
        "CREATE TABLE promised (id int UNIQUE DEFERRABLE INITIALLY DEFERRED, city text)",
        "INSERT INTO promised VALUES (1, 'Ulm'); GRANT ALL ON promised TO PUBLIC",
    )
    async with stage(tmp_path, people, CATALOG, policy=CAPPED) as on_stage, await on_stage.connect() as connection:
        since = on_stage.now()
        with pytest.raises(psycopg.errors.UniqueViolation):
            await connection.execute(b"INSERT INTO promised VALUES (1, 'Hof') RETURNING city")
        assert [m.type for m in on_stage.told_downstream(since)] == [b"E", b"Z"]


async def test_a_prepared_statement_s_execution_waits_as_well(on_stage: Stage) -> None:
    connection = await on_stage.asyncpg()
    try:
        statement = await connection.prepare("UPDATE people SET city = $1 WHERE id = 1")
        async with on_stage.disk.held():
            since = on_stage.now()
            asking = asyncio.ensure_future(statement.fetch("Kiel"))
            await on_stage.disk.blocked()
            assert on_stage.run_upstream(since) == []
            released = on_stage.disk.release()
        await asking
        assert min(message.at for message in on_stage.run_upstream(since)) > released
    finally:
        await connection.close()


async def test_an_approved_action_waits_for_its_release_too(tmp_path: Path, people: Database) -> None:
    async with stage(tmp_path, people, CATALOG, policy=POLICY) as on_stage, await on_stage.connect() as connection:
        asking = asyncio.ensure_future(connection.execute(b"DELETE FROM people"))
        await on_stage.gateway.pending()
        async with on_stage.disk.held():
            since = on_stage.now()
            await on_stage.gateway.sign()
            await on_stage.disk.blocked()
            assert on_stage.run_upstream(since) == []
            released = on_stage.disk.release()
        await asking
        assert min(message.at for message in on_stage.run_upstream(since)) > released


async def test_nothing_slips_past_behind_a_held_statement(tmp_path: Path, people: Database) -> None:
    """Pipelined in one piece behind a statement that is held: it waits its turn."""
    async with stage(tmp_path, people, CATALOG, policy=POLICY) as on_stage:
        client = await RawClient.open(on_stage.down.port)
        assert (await client.login(on_stage.gateway.agent_key))[-1].type == b"Z"
        since = on_stage.now()
        client.send((b"Q", b"DELETE FROM people\0"), (b"Q", b"UPDATE people SET city = 'Hof' WHERE id = 1\0"))
        (review,) = await on_stage.gateway.pending()
        assert on_stage.run_upstream(since) == []
        await on_stage.gateway.office.vote(review, "dana")
        assert [m.body for m in await client.until_ready() if m.type == b"C"] == [b"DELETE 3\0"]
        assert [m.body for m in await client.until_ready() if m.type == b"C"] == [b"UPDATE 0\0"]
        client.close()


async def refused(connection: psycopg.AsyncConnection[Any], ask: Ask) -> psycopg.Error:
    """The error that came instead of the answer; the connection goes on."""
    with pytest.raises(psycopg.errors.IoError) as error:
        await ask(connection)
    assert error.value.sqlstate == "58030" and not connection.closed
    assert str(error.value.diag.message_detail) == "interlock: ledger_unavailable"
    return error.value


@pytest.mark.parametrize("how", list(EFFECTS))
async def test_a_full_disk_answers_no_and_service_resumes(on_stage: Stage, how: str) -> None:
    async with await on_stage.connect() as connection:
        on_stage.disk.fill()
        for _ in range(200):  # until the pages that are there are full
            try:
                await simple_read(connection)
            except psycopg.errors.IoError:
                break
        since = on_stage.now()
        assert "disk is full" in str(await refused(connection, EFFECTS[how]))
        assert "disk is full" in str(await refused(connection, simple_read))
        assert [m for m in on_stage.run_upstream(since) if b"UPDATE" in m.body or b"DELETE" in m.body] == []
        assert not [m for m in on_stage.told_downstream(since) if m.type in RESULTS]
        with pytest.raises(psycopg.OperationalError, match="disk is full"):
            await on_stage.connect()
        on_stage.disk.empty()
        assert await EFFECTS[how](connection) in (1, [("Ulm",)])


async def test_a_locked_store_answers_no_and_service_resumes(on_stage: Stage, tmp_path: Path) -> None:
    async with await on_stage.connect() as connection:
        with closing(sqlite3.connect(tmp_path / "interlock.db", isolation_level=None)) as foreign:
            foreign.execute("BEGIN IMMEDIATE")
            assert "lock" in str(await refused(connection, simple_write))
            foreign.execute("ROLLBACK")
        assert await simple_write(connection) == 1


async def test_what_came_of_a_release_that_failed_is_thrown_away(on_stage: Stage) -> None:
    """The read has worked upstream; its release never became durable; nothing of it goes down, then or later."""
    async with await on_stage.connect() as connection:
        on_stage.disk.fill()
        since = on_stage.now()
        for _ in range(200):
            try:
                await extended_read(connection)
            except psycopg.errors.IoError:
                break
            since = on_stage.now()
        assert not [m for m in on_stage.told_downstream(since) if m.type in RESULTS]
        on_stage.disk.empty()
        assert await extended_read(connection) == [("Ulm",)]


async def test_an_extended_unit_is_refused_whole(on_stage: Stage) -> None:
    client = await RawClient.open(on_stage.down.port)
    await client.login(on_stage.gateway.agent_key)
    on_stage.disk.fill()
    unit = [
        (b"P", b"\0UPDATE people SET city = 'Hof' WHERE id = 1\0\0\0"), (b"B", b"\0\0\0\0\0\0\0\0"),
        (b"E", b"\0\0\0\0\0"), (b"S", b""),
    ]  # fmt: skip
    for _ in range(200):
        since = on_stage.now()
        client.send(*unit)
        answers = await client.until_ready()
        if answers[0].type == b"E":
            break
    assert [m.type for m in answers] == [b"E", b"Z"] and fields(answers[0])["C"] == "58030"
    assert on_stage.run_upstream(since) == []
    on_stage.disk.empty()
    client.send(*unit)
    assert [m.type for m in await client.until_ready()] == [b"1", b"2", b"C", b"Z"]
    client.close()


async def test_a_kill_between_release_and_end_leaves_unknown(tmp_path: Path, people: Database) -> None:
    policy = POLICY
    async with served(tmp_path, people, policy) as gateway:
        with people.admin() as holder:
            holder.autocommit = False
            holder.execute(b"SELECT id FROM people FOR UPDATE")
            connection = await gateway.connect()
            asking = asyncio.ensure_future(connection.execute(b"DELETE FROM people"))
            review = await gateway.pending()
            assert (await gateway.vote(review)).status_code == 200
            backend = await until_waiting(people)
            await gateway.kill()
            with pytest.raises(psycopg.OperationalError):
                await asking
            await connection.close()
            people.execute(f"SELECT pg_terminate_backend({backend})")
            holder.rollback()
        assert [e["type"] for e in gateway.entries() if e.get("act") == review["action"]][-1] != "action.ended"
        await gateway.start()
        (settled,) = await gateway.reviews("unknown")
        assert settled["id"] == review["id"]
        about = [e for e in gateway.entries() if e["type"] in ("action.released", "action.unknown", "action.ended")]
        mine = [e["type"] for e in about if e["d"].get("review") == review["id"]]
        assert mine == ["action.released", "action.unknown"]
        with people.admin() as admin:
            assert admin.execute(b"SELECT count(*) FROM people").fetchone() == (3,)
        async with await gateway.connect() as again:
            asking = asyncio.ensure_future(again.execute(b"DELETE FROM people"))
            assert (await gateway.pending())["id"] != review["id"]  # the approval is spent: asked for anew
            await again.cancel_safe()
            with pytest.raises(psycopg.errors.QueryCanceled):
                await asking
