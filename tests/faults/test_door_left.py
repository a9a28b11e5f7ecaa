"""Clients vanish: whatever they had begun ends, is on record, and leaves nothing behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.faults.a_broken_door import (
    MUCH,
    SECONDS,
    BrokenDoor,
    asked,
    broken_door,
    executed,
    parsed,
    query,
    said,
    to_ready,
)
from tests.postgres_fixture import Database

from interlock.model.review import ReviewState
from interlock.wire.postgres import frontend

INSERT = "INSERT INTO log VALUES (1)"


@pytest.fixture
async def door(tmp_path: Path, empty_database: Database) -> AsyncIterator[BrokenDoor]:
    async with asyncio.timeout(3 * SECONDS), broken_door(tmp_path, empty_database) as found:
        yield found


async def test_while_held_the_review_stays_and_nothing_runs(door: BrokenDoor) -> None:
    client = await door.client()
    await asked(client, INSERT)
    query(client, "DELETE FROM log")
    (review,) = await door.gate.pending()
    door.down.cut()
    await door.sessions_are(0)
    assert (await door.gate.office.desk.review(review.id)).state is ReviewState.PENDING
    await door.gate.sign()
    await door.works()  # a session from its beginning to its end: whatever the vote set off has had its turn
    assert door.truth() == 1
    await door.settles("succeeded", "succeeded")
    assert await door.released() == 2
    again = await door.client()
    assert said(await asked(again, "DELETE FROM log")) == []  # who asks again has it
    assert door.truth() == 0


async def test_while_rows_stream_the_server_is_stopped(door: BrokenDoor) -> None:
    client = await door.client()
    query(client, MUCH)
    await client.until(b"D")
    door.down.cut()
    await door.sessions_are(0)  # long before it would have come to its end
    await door.settles("failed")
    await door.works()


@pytest.mark.parametrize("done", [False, True])
async def test_in_copy_from_stdin(door: BrokenDoor, done: bool) -> None:
    client = await door.client()
    query(client, "COPY log FROM STDIN")
    await client.until(b"G")
    client.send((b"d", b"1\n"), (b"d", b"2\n"))
    if done:
        client.send((b"c", b""))
        await to_ready(client)
    door.down.cut()
    await door.sessions_are(0)
    assert door.truth() == 2 * done
    await door.settles("succeeded" if done else "failed")


async def test_while_rows_are_collected_for_a_review(tmp_path: Path, empty_database: Database) -> None:
    policy = """
    @id("all") permit (principal, action, resource);
    @id("signed") @review("officers:1") forbid (principal, action == Interlock::Action::"sql.copy_in", resource);
    """
    async with asyncio.timeout(2 * SECONDS), broken_door(tmp_path, empty_database, policy=policy) as door:
        client = await door.client()
        query(client, "COPY log FROM STDIN")
        await client.until(b"G")
        client.send((b"d", b"1\n"))
        door.down.cut()
        await door.sessions_are(0)
        assert await door.gate.office.desk.reviews(frozenset({ReviewState.PENDING}), 5) == []
        assert await door.released() == 0
        assert door.truth() == 0


async def test_in_a_transaction(door: BrokenDoor) -> None:
    client = await door.client()
    for text in ("BEGIN", INSERT, "DECLARE c CURSOR FOR SELECT ssn FROM people", "FETCH 2 FROM c"):
        assert said(await asked(client, text)) == []
    door.down.cut()
    await door.sessions_are(0)
    assert door.truth() == 0
    await door.settles("succeeded", "rolled_back")


async def test_behind_a_flush(door: BrokenDoor) -> None:
    client = await door.client()
    client.writer.write(parsed(INSERT) + executed() + frontend.write_flush())
    await client.until(b"C")
    door.down.cut()
    await door.sessions_are(0)
    assert door.truth() == 0
    await door.settles("rolled_back")


async def test_while_a_statement_waits_for_a_lock(door: BrokenDoor) -> None:
    """Also where the wait is for preparing it: nothing was decided yet."""
    with door.database.admin() as locker:
        locker.execute("BEGIN; LOCK TABLE plain IN ACCESS EXCLUSIVE MODE")
        client = await door.client()
        query(client, "SELECT id FROM plain")
        waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        async with asyncio.timeout(SECONDS):
            while door.truth(waits) == 0:
                await asyncio.sleep(0.01)
        door.down.cut()
        await door.sessions_are(0)
        assert await door.released() == 0
        locker.execute("ROLLBACK")
    await door.works()


async def test_a_cancel_reaches_a_statement_that_is_being_prepared(door: BrokenDoor) -> None:
    with door.database.admin() as locker:
        locker.execute("BEGIN; LOCK TABLE plain IN ACCESS EXCLUSIVE MODE")
        client = await door.client()
        query(client, "SELECT id FROM plain")
        waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        async with asyncio.timeout(SECONDS):
            while door.truth(waits) == 0:
                await asyncio.sleep(0.01)
        await door.cancel(client)
        told = await to_ready(client)
        assert said(told) == ["57014"]
        locker.execute("ROLLBACK")
    assert said(await asked(client, "SELECT id FROM plain")) == []
