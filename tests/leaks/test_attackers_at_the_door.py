"""The same attackers at the PostgreSQL door: what is no password there, and what a stolen one is good for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.a_gateway import gateway
from tests.an_office import OPERATOR_TOKEN
from tests.leaks.a_target import DANA
from tests.postgres_fixture import Database
from tests.promises.canaries import CATALOG, TABLE

from interlock.model.review import ReviewState
from interlock.registry.logins import Logins

# -- the PostgreSQL door ----------------------------------------------------------------------------------------------


async def test_only_what_asks_for_actions_opens_the_database(tmp_path: Path, empty_database: Database) -> None:
    """Links, directories' keys, the operator's token and sessions are no passwords; a login is its own person's."""
    empty_database.execute(*TABLE)
    async with gateway(tmp_path, empty_database, CATALOG) as running:
        registry = running.office.registry
        login = (await Logins(registry).issue(DANA, timedelta(hours=1)))[0].reveal()
        link = (await registry.issue_sign_in(DANA)).reveal()
        wrong = [
            ("etl", OPERATOR_TOKEN),
            ("dana", OPERATOR_TOKEN),
            ("dana", link),
            ("olivia", link),
            ("etl", login),  # right password, another's name
            ("dana", running.agent_key.reveal()),
            ("other", running.agent_key.reveal()),
        ]
        for user, password in wrong:
            line = f"host=127.0.0.1 port={running.door.port} dbname=clinic user={user} password={password}"
            with pytest.raises(psycopg.OperationalError):
                await psycopg.AsyncConnection.connect(line + " sslmode=disable")
        released = [body for body in await running.bodies() if b'"action.released"' in body]
        assert released == []


async def test_a_stolen_agents_key_asks_at_the_door_and_waits_like_the_agent(
    tmp_path: Path, empty_database: Database
) -> None:
    """What it can do there is ask: its export waits, and what was signed for another actor isn't its to use."""
    empty_database.execute(*TABLE)
    text = b"COPY people TO STDOUT"
    async with gateway(tmp_path, empty_database, CATALOG) as running:
        async with await running.connect() as owner, waiting(owner, text):
            (review,) = await running.pending()
        await running.office.vote(review, "dana")
        async with await running.connect(user="other") as stranger, waiting(stranger, text):
            (held,) = await running.pending()
        assert (held.actor, review.actor) == ("other", "etl")
        assert (await running.office.desk.review(review.id)).state is ReviewState.APPROVED
        assert not any(b'"sql.copy_out"' in b for b in await running.bodies() if b'"action.released"' in b)


@asynccontextmanager
async def waiting(connection: psycopg.AsyncConnection[Any], text: bytes) -> AsyncIterator[None]:
    """Somebody asks there, waits while this lasts, and leaves with nothing."""

    async def ask() -> None:
        async with connection.cursor().copy(text) as copy:
            async for _ in copy:
                raise AssertionError("held, and yet it came")

    asking = asyncio.ensure_future(ask())
    yield
    assert not asking.done()
    asking.cancel()
    with suppress(asyncio.CancelledError, psycopg.Error):
        await asking
