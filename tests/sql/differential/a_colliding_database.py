"""The database of colliding names on the test server, with its oracle and the gateway's own snapshot of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import psycopg
from tests.sql.differential.a_column import Columns
from tests.sql.differential.a_schema_of_collisions import DEFINITIONS, SEARCH_PATH
from tests.sql.differential.an_oracle_of_columns import Oracle, oracle

from interlock.demo.embedded_postgres import EmbeddedPostgres
from interlock.model.settings import UpstreamPostgres
from interlock.model.snapshot import Snapshot
from interlock.sql.lineage.expansions import Expansions
from interlock.upstreams.postgres import load_snapshot

PARAMETERS: Final = (23, 25)  # $1 is an integer, $2 a text
_DATABASE: Final = "collisions"


@dataclass(frozen=True, slots=True)
class Colliding:
    """Both views of one database."""

    oracle: Oracle
    snapshot: Snapshot
    names: dict[tuple[int, int], str]
    expansions: Expansions

    def spoken(self, columns: Columns) -> str:
        """Columns by name, sorted: `patients.id patients.ssn`."""
        return " ".join(sorted(self.names.get(c, f"unknown {c}") for c in columns))


@contextmanager
def colliding(server: EmbeddedPostgres) -> Iterator[Colliding]:
    """Makes the database, and drops it at the end."""
    with psycopg.connect(server.conninfo(), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {_DATABASE}".encode())
        try:
            with psycopg.connect(server.conninfo(_DATABASE), autocommit=True) as connection:
                connection.execute(DEFINITIONS.encode())
                connection.execute(f"ALTER DATABASE {_DATABASE} SET search_path = {', '.join(SEARCH_PATH)}".encode())
            upstream = UpstreamPostgres(server.host, server.port, _DATABASE, server.superuser, server.password)
            snapshot = asyncio.run(load_snapshot(upstream, unsafe_superuser=True))
            names = {
                (r.oid, c.number): f"{r.qualified.removeprefix('public.')}.{c.name}"
                for r in snapshot.relations
                for c in r.columns
            }
            with oracle(server.conninfo(_DATABASE), ", ".join(SEARCH_PATH)) as told:
                yield Colliding(told, snapshot, names, Expansions())
        finally:
            admin.execute(f"DROP DATABASE {_DATABASE} WITH (FORCE)".encode())
