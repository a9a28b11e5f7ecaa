"""Promise 7: a held action outlives the connection, the process and the node; what comes back joins it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.a_gateway import POLICY
from tests.an_office import Again, export, office
from tests.postgres_fixture import Database
from tests.promises.a_served_gateway import served
from tests.promises.a_stage import Stage, stage
from tests.promises.canaries import CATALOG, TABLE, filling

from interlock.gate import Cleared, Held
from interlock.model.review import ReviewState

DELETE = b"DELETE FROM people"


@pytest.fixture
def people(empty_database: Database) -> Database:
    empty_database.execute(*TABLE, *filling())
    return empty_database


def left(people: Database) -> int:
    """How many rows there are."""
    with people.admin() as admin:
        row = admin.execute(b"SELECT count(*) FROM people").fetchone()
    assert row is not None and isinstance(row[0], int)
    return row[0]


async def gone(asking: asyncio.Task[Any], connection: psycopg.AsyncConnection[Any]) -> None:
    """The client leaves without a word."""
    connection.pgconn.finish()
    asking.cancel()
    with suppress(asyncio.CancelledError, psycopg.Error):
        await asking


async def asked(on_stage: Stage) -> tuple[asyncio.Task[Any], psycopg.AsyncConnection[Any]]:
    """A statement that is held, on a connection of its own."""
    connection = await on_stage.connect()
    asking = asyncio.ensure_future(connection.execute(DELETE))
    await on_stage.gateway.pending()
    return asking, connection


async def test_it_outlives_the_connection_and_doesn_t_run_by_itself(tmp_path: Path, people: Database) -> None:
    async with stage(tmp_path, people, CATALOG, policy=POLICY) as on_stage:
        await gone(*await asked(on_stage))
        since = on_stage.now()
        (review,) = await on_stage.gateway.pending()
        assert (await on_stage.gateway.sign()).state is ReviewState.APPROVED
        async with await on_stage.connect() as other:  # the gateway is alive, and does nothing of its own
            assert await (await other.execute(b"SELECT count(1) FROM cities")).fetchone() is not None
        assert not [m for m in on_stage.run_upstream(since) if b"DELETE" in m.body] and left(people) == 3
        async with await on_stage.connect() as again:
            await again.execute(DELETE)
        assert left(people) == 0
        assert (await on_stage.gateway.office.desk.review(review.id)).state is ReviewState.SUCCEEDED


async def test_a_cancelled_wait_leaves_the_review_open(tmp_path: Path, people: Database) -> None:
    async with stage(tmp_path, people, CATALOG, policy=POLICY) as on_stage:
        asking, connection = await asked(on_stage)
        await connection.cancel_safe()
        with pytest.raises(psycopg.errors.QueryCanceled, match="asking again joins"):
            await asking
        (review,) = await on_stage.gateway.pending()
        again = asyncio.ensure_future(connection.execute(DELETE))
        assert (await on_stage.gateway.sign()).id == review.id
        await again
        assert left(people) == 0
        await connection.close()


async def test_a_broken_link_leaves_the_review_open(tmp_path: Path, people: Database) -> None:
    async with stage(tmp_path, people, CATALOG, policy=POLICY) as on_stage:
        asking, connection = await asked(on_stage)
        on_stage.down.cut()
        with pytest.raises(psycopg.OperationalError):
            await asking
        await connection.close()
        (review,) = await on_stage.gateway.pending()
        async with await on_stage.connect() as again:
            joined = asyncio.ensure_future(again.execute(DELETE))
            assert (await on_stage.gateway.sign()).id == review.id
            await joined


async def test_two_clients_that_joined_one_review_run_it_once(tmp_path: Path, people: Database) -> None:
    async with stage(tmp_path, people, CATALOG, policy=POLICY) as on_stage:
        first, one = await asked(on_stage)
        two = await on_stage.connect()
        second = asyncio.ensure_future(two.execute(DELETE))
        async with asyncio.timeout(10):
            while not any(b'"review.joined"' in body for body in await on_stage.gateway.bodies()):
                await asyncio.sleep(0.01)
        since = on_stage.now()
        await on_stage.gateway.sign()
        answers = await asyncio.gather(first, second, return_exceptions=True)
        assert sum(isinstance(a, psycopg.AsyncCursor) for a in answers) == 1
        assert sum(isinstance(a, psycopg.errors.InsufficientPrivilege) for a in answers) == 1
        assert sum(b"DELETE" in m.body for m in on_stage.run_upstream(since)) == 1
        await one.close()
        await two.close()


@pytest.mark.parametrize("voted", ["before", "after"])
async def test_the_desk_is_the_same_after_a_restart(tmp_path: Path, voted: str) -> None:
    async with office(tmp_path) as desk:
        agent = await desk.agent()
        action = export(agent)
        held = await desk.gate.ask(action)
        assert isinstance(held, Held)
        if voted == "before":
            await desk.vote(held.review, "dana")
    async with office(tmp_path) as desk:
        again = await desk.gate.ask(action)
        assert isinstance(again, Held) and again.review.id == held.review.id
        if voted == "after":
            await desk.vote(held.review, "dana")
        assert isinstance(await desk.gate.redeem(held.review.id, action, Again(action)), Cleared)


async def test_it_outlives_the_process(tmp_path: Path, people: Database) -> None:
    """Killed while it waits, and once more when it was signed for; then the client comes back."""
    async with served(tmp_path, people, POLICY) as gateway:
        connection = await gateway.connect()
        asking = asyncio.ensure_future(connection.execute(DELETE))
        review = await gateway.pending()
        await gateway.kill()
        with pytest.raises(psycopg.OperationalError):
            await asking
        await connection.close()
        await gateway.start()
        assert (await gateway.pending())["id"] == review["id"]
        connection = await gateway.connect()
        asking = asyncio.ensure_future(connection.execute(DELETE))
        async with asyncio.timeout(20):
            while not any(entry["type"] == "review.joined" for entry in gateway.entries()):
                await asyncio.sleep(0.05)
        await gateway.kill()
        with pytest.raises(psycopg.OperationalError):
            await asking
        await connection.close()
        await gateway.start()
        assert (await gateway.vote(await gateway.pending())).json()["state"] == "approved"
        await gateway.kill()
        assert left(people) == 3
        await gateway.start()
        assert left(people) == 3, "signed for while nobody asked: it waits to be asked for"
        async with await gateway.connect() as again:
            await again.execute(DELETE)
        assert left(people) == 0
        (done,) = await gateway.reviews("succeeded")
        assert done["id"] == review["id"]
