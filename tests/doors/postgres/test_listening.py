"""LISTEN and NOTIFY through the door: who hears, when, and what never arrives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.a_gateway import Gateway, gateway
from tests.postgres_fixture import Database

CATALOG = """
[[column]]
match = "public.people.ssn"
labels = ["phi.ssn"]
"""
POLICY = '@id("all")\npermit (principal in Interlock::Group::"ai-agents", action, resource);\n'
CANARY = "900-11-2222"


@pytest.fixture
async def gate(tmp_path: Path, empty_database: Database) -> AsyncIterator[Gateway]:
    empty_database.execute("CREATE TABLE people (id int, ssn text); GRANT ALL ON people TO PUBLIC")
    async with gateway(tmp_path, empty_database, CATALOG, policy=POLICY) as running:
        yield running


@pytest.fixture
async def unlabelled(tmp_path: Path, empty_database: Database) -> AsyncIterator[Gateway]:
    empty_database.execute("CREATE TABLE things (id int); GRANT ALL ON things TO PUBLIC")
    async with gateway(tmp_path, empty_database, "", policy=POLICY) as running:
        yield running


async def next_of(connection: psycopg.AsyncConnection[Any], count: int = 1) -> list[psycopg.Notify]:
    async with asyncio.timeout(10):
        return [each async for each in connection.notifies(stop_after=count)]


async def test_psycopg_hears_while_idle_and_sees_no_payload(gate: Gateway, empty_database: Database) -> None:
    async with await gate.connect() as connection:
        await connection.execute("LISTEN news")
        empty_database.execute(f"NOTIFY news, '{CANARY}'", f"NOTIFY other, '{CANARY}'", "NOTIFY news")
        first, second = await next_of(connection, 2)
        assert [(n.channel, n.payload, n.pid) for n in (first, second)] == [("news", "[phi.ssn]", 0)] * 2


async def test_its_own_notifications_come_with_its_pid(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        await connection.execute("LISTEN news")
        await connection.execute(f"NOTIFY news, '{CANARY}'")
        (own,) = await next_of(connection)
        assert (own.pid, own.payload) == (connection.info.backend_pid, "[phi.ssn]")


async def test_without_labels_the_payload_arrives(unlabelled: Gateway, empty_database: Database) -> None:
    async with await unlabelled.connect() as connection:
        await connection.execute("LISTEN news")
        empty_database.execute("NOTIFY news, 'hello'", "NOTIFY news")
        first, second = await next_of(connection, 2)
        assert (first.payload, second.payload) == ("hello", "")


async def test_asyncpg_hears(gate: Gateway, empty_database: Database) -> None:
    connection = await gate.asyncpg()
    heard: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    try:
        await connection.add_listener("news", lambda _, pid, channel, payload: heard.put_nowait((channel, payload)))
        empty_database.execute(f"NOTIFY news, '{CANARY}'")
        async with asyncio.timeout(10):
            assert await heard.get() == ("news", "[phi.ssn]")
        assert await connection.fetchval("SELECT 1") == 1
    finally:
        await connection.close()


async def test_a_transaction_decides_what_is_listened_to(gate: Gateway, empty_database: Database) -> None:
    async with await gate.connect() as connection:
        await connection.execute("BEGIN")
        await connection.execute("LISTEN undone")
        await connection.execute("ROLLBACK")
        await connection.execute("BEGIN")
        await connection.execute("LISTEN news")
        empty_database.execute(f"NOTIFY news, '{CANARY} before'")
        await connection.execute("COMMIT")
        empty_database.execute("NOTIFY undone", "NOTIFY news, 'after'")
        (heard,) = await next_of(connection)
        assert heard.channel == "news"
        await connection.execute("UNLISTEN *")
        empty_database.execute("NOTIFY news")
        await connection.execute("LISTEN last")
        empty_database.execute("NOTIFY last")
        (heard,) = await next_of(connection)
        assert heard.channel == "last"


async def test_what_came_during_a_unit_is_told_with_its_end(gate: Gateway, empty_database: Database) -> None:
    async with await gate.connect() as connection:
        await connection.execute("LISTEN news")
        await connection.execute("BEGIN")
        empty_database.execute(f"NOTIFY news, '{CANARY}'")
        await connection.execute("SELECT 1")
        heard: list[psycopg.Notify] = []
        connection.add_notify_handler(heard.append)
        await connection.execute("COMMIT")
        if not heard:
            await connection.execute("SELECT 1")
        assert [n.payload for n in heard] == ["[phi.ssn]"]


async def test_a_mask_token_is_not_notified(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute("NOTIFY news, '[phi.ssn]'")


async def test_the_server_ends_a_session_that_listens(gate: Gateway, empty_database: Database) -> None:
    """What it listened to is lost with it, so its client must know."""
    async with await gate.connect() as connection:
        await connection.execute("LISTEN news")
        with empty_database.admin() as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE usename = %s AND datname = current_database()",
                (empty_database.user,),
            )
        with pytest.raises(psycopg.OperationalError):
            await next_of(connection)
