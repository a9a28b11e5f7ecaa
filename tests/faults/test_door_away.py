"""The server is restarted, or dies under what the gateway runs by itself: once, or not at all, and never guessed."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from testkit.recording_link import Way
from tests.doors.postgres.test_deferred import working
from tests.faults.a_broken_door import SECONDS, BrokenDoor, asked, broken_door, query, said, to_end, to_ready, until
from tests.postgres_fixture import PASSWORD, Database

from interlock.demo.embedded_postgres import EmbeddedPostgres
from interlock.doors.postgres.upstream import ServerError, Upstream
from interlock.model.review import Review, ReviewState
from interlock.model.secret import Secret

INSERT = "INSERT INTO log VALUES (1)"


@pytest.fixture
async def door(tmp_path: Path, empty_database: Database) -> AsyncIterator[BrokenDoor]:
    async with asyncio.timeout(3 * SECONDS), broken_door(tmp_path, empty_database) as found:
        yield found


# -- deferred ---------------------------------------------------------------------------------------------------------


async def put_off(door: BrokenDoor) -> Review:
    """A DELETE that is to run by itself, and whose client has left."""
    door.database.execute(INSERT)
    client = await door.client()
    await asked(client, "SET interlock.wait = 'deferred'")
    assert said(await asked(client, "DELETE FROM log")) == ["IL001"]
    client.close()
    await door.sessions_are(0)
    (review,) = await door.gate.pending()
    return review


async def is_now(door: BrokenDoor, review: Review, *states: ReviewState) -> Review:
    async with asyncio.timeout(SECONDS):
        while (found := await door.gate.office.desk.review(review.id)).state not in states:
            await asyncio.sleep(0.01)
    return found


async def test_it_waits_for_a_server_that_is_away_and_runs_once(door: BrokenDoor) -> None:
    review = await put_off(door)
    door.up.refuse()
    async with working(door.gate):
        accepted = door.up.accepted
        await door.gate.sign()
        await until(lambda: door.up.accepted > accepted)  # it was tried
        assert door.truth() == 1
        assert await door.released() == 0
        door.up.accept()
        await is_now(door, review, ReviewState.SUCCEEDED)
    assert door.truth() == 0
    await door.settles("succeeded")


@pytest.mark.parametrize(
    ("way", "pattern", "rows"),
    [
        (Way.ASKED, b"DELETE FROM log\0", 1),  # nothing was decided yet: it is tried again
        (Way.ANSWERED, b"DELETE 1\0", 1),
        (Way.ASKED, b"COMMIT\0", 1),
        (Way.ANSWERED, b"COMMIT\0", 0),  # it is committed and nobody heard of it
    ],
)
async def test_it_is_lost_while_it_runs(
    door: BrokenDoor, monkeypatch: pytest.MonkeyPatch, way: Way, pattern: bytes, rows: int
) -> None:
    review = await put_off(door)
    command = Upstream.command

    async def armed(up: Upstream, text: bytes) -> ServerError | None:
        if text == b"COMMIT":  # and not that of who reads definitions
            door.up.cut_after(way, pattern)
        return await command(up, text)

    monkeypatch.setattr(Upstream, "command", armed)
    if pattern != b"COMMIT\0":
        door.up.cut_after(way, pattern)
    async with working(door.gate):
        await door.gate.sign()
        found = await is_now(door, review, ReviewState.UNKNOWN, ReviewState.SUCCEEDED, ReviewState.ROLLED_BACK)
    await door.sessions_are(0)
    if found.state is ReviewState.SUCCEEDED:
        assert pattern == b"DELETE FROM log\0"
        assert door.truth() == 0
    else:
        assert door.truth() == rows
    assert await door.released() == 1
    await door.settles(found.state.value)
    door.database.execute(INSERT)
    before = door.truth()
    async with working(door.gate):  # a gateway that looks again finds nothing to do
        await door.works()
    assert door.truth() == before
    assert await door.released() == 2


# -- a restart --------------------------------------------------------------------------------------------------------


@pytest.fixture
def restarted() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="interlock-restarts-"))
    directory.chmod(0o711)
    try:
        yield directory
    finally:
        shutil.rmtree(directory)


async def test_the_server_is_restarted(tmp_path: Path, restarted: Path) -> None:
    """Who had nothing in it goes on; who was in a transaction is told; what is held runs behind it."""
    server = await asyncio.to_thread(EmbeddedPostgres.start, restarted / "postgres", fsync=False)
    try:
        with psycopg.connect(server.conninfo(), autocommit=True) as admin:
            admin.execute("CREATE ROLE gateway LOGIN PASSWORD 'a-login-for-tests'")
        database = Database(server, "postgres", "gateway", Secret(PASSWORD))
        async with asyncio.timeout(4 * SECONDS), broken_door(tmp_path, database) as door:
            idle, inside, held = await door.client(), await door.client(), await door.client()
            for client in (idle, inside, held):
                assert said(await asked(client, INSERT)) == []
            await asked(inside, "BEGIN")
            await asked(inside, INSERT)
            query(held, "DELETE FROM log")
            await door.gate.pending()
            await asyncio.to_thread(server.stop)
            assert said(await to_end(inside)) == ["57P01!"]
            told = await asked(idle, INSERT)
            assert said(told) == ["08006"]
            assert told[-1].type == b"Z"
            server = await asyncio.to_thread(
                EmbeddedPostgres.start, restarted / "postgres", port=server.port, fsync=False
            )
            assert said(await asked(idle, INSERT)) == []
            assert door.truth() == 4
            await door.gate.sign()
            assert said(await to_ready(held)) == []
            assert door.truth() == 0
            await door.settles("succeeded", "succeeded", "succeeded", "rolled_back", "succeeded", "succeeded")
    finally:
        await asyncio.to_thread(server.stop)
