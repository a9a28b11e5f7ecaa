"""The scene of many tests: ten people whose numbers are labelled, and an empty log that anybody may write to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.a_gateway import Gateway, gateway
from tests.postgres_fixture import Database

CATALOG = """
[[column]]
match = "public.people.ssn"
labels = ["phi.ssn"]
"""


@pytest.fixture
async def gate(tmp_path: Path, empty_database: Database) -> AsyncIterator[Gateway]:
    empty_database.execute(
        "CREATE TABLE people (id int, ssn text)",
        "INSERT INTO people SELECT n, '900-11-' || n FROM generate_series(1, 10) n",
        "CREATE TABLE log (id int PRIMARY KEY); GRANT ALL ON people, log TO PUBLIC",
    )
    async with gateway(tmp_path, empty_database, CATALOG) as running:
        yield running
