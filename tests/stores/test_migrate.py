"""The migrations make the schema that the code speaks, on both databases."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, insert
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool
from tests.postgres_fixture import Database

from interlock.ledger.merkle import Frontier
from interlock.stores import schema
from interlock.stores.migrate import migrate, migrate_sqlite
from interlock.stores.schema import metadata


def test_the_migrations_make_the_schema(tmp_path: Path) -> None:
    migrate_sqlite(tmp_path / "s.db")
    engine = create_engine(f"sqlite:///{tmp_path / 's.db'}", poolclass=NullPool)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_migrating_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    migrate_sqlite(path)
    with closing(sqlite3.connect(path)) as connection:
        before = list(connection.iterdump())
    migrate_sqlite(path)
    with closing(sqlite3.connect(path)) as connection:
        assert list(connection.iterdump()) == before


def test_a_new_log_is_empty(tmp_path: Path) -> None:
    migrate_sqlite(tmp_path / "s.db")
    with closing(sqlite3.connect(tmp_path / "s.db")) as connection:
        assert connection.execute("SELECT * FROM il_head").fetchall() == [(1, 0, Frontier().encode())]


def test_the_migrations_make_the_same_on_postgresql(empty_database: Database) -> None:
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(empty_database.server.conninfo(empty_database.name)),
        poolclass=NullPool,
    )
    with engine.connect() as connection:
        migrate(connection)
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        connection.execute(insert(schema.entry), {"log_id": 1, "idx": 0, "id": "a", "leaf": bytes(32), "body": b"b"})
        connection.commit()
        for statement in ("UPDATE il_entry SET idx = 1", "DELETE FROM il_entry", "TRUNCATE il_tile"):
            with pytest.raises(DatabaseError, match="append-only"):
                connection.exec_driver_sql(statement)
            connection.rollback()
