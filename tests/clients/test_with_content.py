"""Clients of a connection with `content = "mask"` where nothing is labelled: all is as it is directly."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from tests.a_gateway import Gateway, gateway
from tests.an_engine import looking
from tests.clients import test_asyncpg, test_psql, test_psycopg
from tests.clients.a_shop import NO_LABELS, POLICY, assert_same, direct, through
from tests.postgres_fixture import Database

from interlock.app.content import load_forms

CANARY = "402-19-8877"
BOUND = re.compile(r"'202[01]-01-01'")


@pytest_asyncio.fixture
async def looked_into(shop: Database, tmp_path: Path) -> AsyncIterator[Gateway]:
    """A gateway that knows of no labels and looks into every value, and into code and messages."""
    shop.execute(f"CREATE TABLE shop.found AS SELECT '{CANARY}'::text AS x", f"GRANT ALL ON shop.found TO {shop.user}")
    forms = load_forms()
    assert forms is not None
    async with gateway(tmp_path, shop, NO_LABELS, policy=POLICY) as running:
        running.definitions.masks = looking()
        running.definitions.finds = lambda text: [(f.start, f.end) for f in forms.find(text)]
        yield running


async def test_psycopg_(shop: Database, looked_into: Gateway) -> None:
    for work in test_psycopg.WORKS:
        here, there = [await test_psycopg._done(path, work) for path in (through(looked_into), direct(shop))]
        assert here == there, work.__name__


async def test_asyncpg_(shop: Database, looked_into: Gateway) -> None:
    for work in test_asyncpg.WORKS:
        here, there = [await test_asyncpg._done(path, work) for path in (through(looked_into), direct(shop))]
        assert here == there, work.__name__


async def test_psql_(shop: Database, looked_into: Gateway) -> None:
    here, there = [await test_psql._psql(path, test_psql.LOOKING) for path in (direct(shop), through(looked_into))]
    assert_same(BOUND.sub("'[phi.date]'", here), there)  # values stand in definitions, too: the bounds of partitions
    here, there = [await test_psql._psql(path, test_psql.WORKING) for path in (direct(shop), through(looked_into))]
    assert_same(here, there)
    told = await test_psql._psql(through(looked_into), "SELECT x FROM shop.found;\n")
    assert CANARY not in told and "[pii.ssn]" in told, "it does look"
