"""Limits of clients, and what a client's session outlives: a restart of the server, a slot that was given up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from testkit.breakable_link import BreakableLink
from tests.a_gateway import Gateway, gateway
from tests.postgres_fixture import Database
from tests.promises.a_raw_client import RawClient, fields

from interlock.doors.postgres.idle_limits import SESSION
from interlock.model.settings import Limits


@pytest.fixture
async def link(empty_database: Database) -> AsyncIterator[BreakableLink]:
    async with BreakableLink(empty_database.server.host, empty_database.server.port) as found:
        yield found


@pytest.fixture
async def gate(tmp_path: Path, empty_database: Database, link: BreakableLink) -> AsyncIterator[Gateway]:
    async with gateway(tmp_path, empty_database, "", limits=Limits(sessions_per_actor=3)) as running:
        running.definitions.upstream = replace(empty_database.upstream, port=link.port)
        running.definitions.most_sessions = 1
        yield running


async def names(database: Database) -> set[str]:
    def look() -> set[str]:
        with database.admin() as connection:
            rows = connection.execute(
                "SELECT application_name FROM pg_stat_activity WHERE datname = current_database() AND usename = %s",
                (database.user,),
            )
            return {str(row[0]) for row in rows}

    return await asyncio.to_thread(look)


async def unheard(link: BreakableLink) -> None:
    """Returns once the cut has reached both ends."""
    async with asyncio.timeout(10):
        while link.open:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)


async def test_one_actor_has_so_many_sessions(gate: Gateway) -> None:
    three = [await gate.connect() for _ in range(3)]
    with pytest.raises(psycopg.OperationalError, match="as many sessions as one may have"):
        await gate.connect()
    async with await gate.connect(user="other"):
        pass
    await three.pop().close()
    async with asyncio.timeout(10):
        while True:
            try:
                three.append(await gate.connect())
                break
            except psycopg.OperationalError:
                await asyncio.sleep(0.01)
    for each in three:
        await each.close()


async def test_two_clients_share_one_slot(gate: Gateway, link: BreakableLink) -> None:
    async with await gate.connect() as one, await gate.connect() as other:
        for connection in (one, other, one, other):
            assert await (await connection.execute("SELECT 1")).fetchone() == (1,)
        assert link.accepted >= 4
        async with one.transaction():
            await one.execute("SELECT 1")
            waiting = asyncio.create_task(other.execute("SELECT 2"))
        assert await (await waiting).fetchone() == (2,)


async def test_a_welcome_needs_no_server_once_one_is_known(gate: Gateway, link: BreakableLink) -> None:
    async with await gate.connect() as first:
        assert link.accepted == 1
        told = first.info.parameter_status("server_version")
    link.refuse()
    async with await gate.connect() as second:
        assert second.info.parameter_status("server_version") == told
        with pytest.raises(psycopg.OperationalError) as caught:
            await second.execute("SELECT 1")
        assert caught.value.sqlstate == "08006"
        link.accept()
        assert await (await second.execute("SELECT 1")).fetchone() == (1,)


async def test_a_cut_without_state_isnt_noticed_and_with_state_is_told(gate: Gateway, link: BreakableLink) -> None:
    async with await gate.connect() as connection:
        await connection.execute("SELECT 1", prepare=True)
        link.cut()
        await unheard(link)
        assert await (await connection.execute("SELECT 1", prepare=True)).fetchone() == (1,)
        await connection.execute("BEGIN")
        link.cut()
        await unheard(link)
        with pytest.raises(psycopg.OperationalError, match="is lost"):
            await connection.execute("SELECT 1")
        assert connection.closed


async def test_the_server_sees_who_acts(gate: Gateway, empty_database: Database) -> None:
    async with await gate.connect(application_name="psql") as connection:
        assert connection.info.parameter_status("application_name") == "psql"
        await connection.execute("SELECT 1")
        assert await names(empty_database) == {"interlock:etl psql"}
        await connection.execute("SET application_name = 'it''s mine'")
        assert connection.info.parameter_status("application_name") == "it's mine"
        for prepared in (False, True):
            cursor = await connection.execute("SHOW application_name", prepare=prepared)
            assert (cursor.statusmessage, await cursor.fetchall()) == ("SHOW", [("it's mine",)])
        assert await names(empty_database) == {"interlock:etl it's mine"}


@pytest.mark.parametrize("how", ["at the start", "by SET"])
async def test_idle_limits_hold_also_while_it_is_parked(gate: Gateway, how: str) -> None:
    """By SET the session has state, so that the server keeps it and ends it; else it is parked, and we do."""
    client = await RawClient.open(gate.door.port)
    if how == "by SET":
        await client.login(gate.agent_key)
        client.send((b"Q", b"SET idle_session_timeout = '300ms'\0"))
        await client.until_ready()
    else:
        await client.login(gate.agent_key, **{SESSION: "300ms"})
        async with await gate.connect() as other:  # there is one slot: it is this one's now
            await other.execute("SELECT 1")
    last = (await client.until_ready())[-1]
    assert (last.type, fields(last)["C"], fields(last)["S"]) == (b"E", "57P05", "FATAL")
    client.close()
