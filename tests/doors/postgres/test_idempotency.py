"""`SET interlock.idempotency_key` through clients: one run, whoever asks again, and a word on what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.a_gateway import Gateway, gateway
from tests.doors.postgres.test_deferred import CATALOG, count, settled, working
from tests.postgres_fixture import Database

ADD = "UPDATE log SET id = id + 10 WHERE id = 1"
HELD = "UPDATE log SET id = id + 10"


@pytest.fixture
def database(empty_database: Database) -> Database:
    empty_database.execute(
        "CREATE TABLE people (id int, ssn text)",
        "CREATE TABLE log (id int); INSERT INTO log VALUES (1), (2)",
        "GRANT ALL ON people, log TO PUBLIC",
    )
    return empty_database


@pytest.fixture
async def gate(tmp_path: Path, database: Database) -> AsyncIterator[Gateway]:
    async with gateway(tmp_path, database, CATALOG) as running:
        yield running


def total(database: Database) -> int:
    return int(count(database, "SELECT sum(id) FROM log"))


async def keyed(gate: Gateway, text: str, key: str = "k", **more: Any) -> str:
    """Runs it under a key in a session of its own; the status, or the code of the refusal."""
    async with await gate.connect(**more) as connection:
        await connection.execute(f"SET interlock.idempotency_key = '{key}'".encode())
        try:
            return (await connection.execute(text.encode())).statusmessage or ""
        except psycopg.Error as error:
            return (error.diag.message_detail or "").removeprefix("interlock: ").split(";")[0]


async def test_it_runs_once_and_the_next_one_is_told(gate: Gateway, database: Database) -> None:
    assert await keyed(gate, ADD) == "UPDATE 1"
    assert await keyed(gate, ADD) == "already_ran"
    assert await keyed(gate, ADD.replace("10", "20")) == "idempotency_conflict"
    assert total(database) == 13


async def test_a_key_is_for_the_next_action_alone(gate: Gateway, database: Database) -> None:
    async with await gate.connect() as connection:
        await connection.execute("SET interlock.idempotency_key = 'k'")
        for _ in range(2):
            await connection.execute("UPDATE log SET id = id + 10 WHERE id > 0 AND id < 1000")
    assert total(database) == 43


async def test_another_actor_has_keys_of_its_own(gate: Gateway, database: Database) -> None:
    assert await keyed(gate, ADD) == "UPDATE 1"
    assert await keyed(gate, "UPDATE log SET id = id + 10 WHERE id = 2", user="other") == "UPDATE 1"


async def test_of_connections_that_race_one_runs(gate: Gateway, database: Database) -> None:
    text = "UPDATE log SET id = id + 10 WHERE id > 0"
    found = await asyncio.gather(*(keyed(gate, text) for _ in range(8)))
    assert sorted(found) == ["UPDATE 2"] + ["already_ran"] * 7
    assert total(database) == 23


async def test_waiting_clients_join_and_one_of_them_runs_it(gate: Gateway, database: Database) -> None:
    waiting = [asyncio.ensure_future(keyed(gate, HELD)) for _ in range(2)]
    (review,) = await gate.pending()
    await gate.office.vote(review, "dana")
    found = sorted(await asyncio.gather(*waiting))
    assert found[0] == "UPDATE 2" and len(found) == 2
    assert await keyed(gate, HELD) == "already_ran"
    assert total(database) == 23


async def test_a_deferred_run_is_named_to_who_asks_again(gate: Gateway, database: Database) -> None:
    assert await deferred(gate) == await deferred(gate) == "deferred"
    (review,) = await gate.pending()
    async with working(gate):
        await gate.office.vote(review, "dana")
        await settled(gate, review)
    assert await deferred(gate) == "already_ran"
    assert total(database) == 23


async def deferred(gate: Gateway) -> str:
    """Asks for it deferred, under the same key each time; the refusal's code."""
    async with await gate.connect() as connection:
        await connection.execute("SET interlock.wait = 'deferred'")
        await connection.execute("SET interlock.idempotency_key = 'k'")
        with pytest.raises(psycopg.Error) as found:
            await connection.execute(HELD)
        return (found.value.diag.message_detail or "").removeprefix("interlock: ").split(";")[0]


async def test_a_restart_forgets_nothing(tmp_path: Path, database: Database) -> None:
    async with gateway(tmp_path, database, CATALOG) as gate:
        assert await keyed(gate, ADD) == "UPDATE 1"
    async with gateway(tmp_path, database, CATALOG) as gate:
        assert await keyed(gate, ADD) == "already_ran"
    assert total(database) == 13
