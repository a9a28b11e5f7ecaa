"""A shop, and gateways in front of it with and without labels."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.a_gateway import Gateway, gateway
from tests.clients.a_shop import LABELS, NO_LABELS, POLICY, load
from tests.postgres_fixture import Database


@pytest.fixture
def shop(empty_database: Database) -> Database:
    """A database with the shop in it."""
    load(empty_database)
    return empty_database


@pytest_asyncio.fixture
async def plain(shop: Database, tmp_path: Path) -> AsyncIterator[Gateway]:
    """A gateway that knows of no labels: whatever passes it must be what the server said."""
    async with gateway(tmp_path, shop, NO_LABELS, policy=POLICY) as running:
        yield running


@pytest_asyncio.fixture
async def labelled(shop: Database, tmp_path: Path) -> AsyncIterator[Gateway]:
    """A gateway with two labelled columns, in shop.people."""
    async with gateway(tmp_path, shop, LABELS, policy=POLICY) as running:
        yield running
