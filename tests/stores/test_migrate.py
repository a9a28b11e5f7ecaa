"""The migrations make the schema that the code speaks, on both databases."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import String, Text, create_engine, insert, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool
from tests.postgres_fixture import Database

from interlock.ledger.merkle import Frontier
from interlock.stores import schema, shape
from interlock.stores.migrate import config_for, migrate, migrate_sqlite
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


def test_a_store_of_the_first_version_is_brought_up_with_its_reviews_and_votes(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.connect() as connection:
        command.upgrade(config_for(connection), "0001")
        later = {"settled_at", "uses_left", "running"}
        texts = {
            c.name: "x" for c in schema.review.columns if isinstance(c.type, String | Text) and c.name not in later
        }
        row = {**texts, **dict.fromkeys(("lookup", "sealed_payload", "sealed_card"), b"x")}
        columns = ", ".join(row)
        places = ", ".join(f":{name}" for name in row)
        connection.execute(text(f"INSERT INTO il_review ({columns}) VALUES ({places})"), row)
        then = [c.name for c in schema.vote.columns if c.name != "credential"]
        vote = {name: b"y" if name == "sealed_reason" else "x" for name in then}
        places = ", ".join(f":{name}" for name in vote)
        connection.execute(text(f"INSERT INTO il_vote ({', '.join(vote)}) VALUES ({places})"), vote)
        connection.commit()
    migrate_sqlite(path)
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT person, credential, sealed_reason FROM il_vote").fetchall() == [("x", "", b"y")]
        assert raw.execute("SELECT uses_left, running FROM il_review").fetchall() == [(1, 0)]
        shape.check(raw)


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
