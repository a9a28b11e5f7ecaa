"""Puts a demo clinic onto a server: database, tables, rows, and the least-privilege login the gateway uses."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from interlock.demo.clinic import PATIENTS, SEED, Clinic, make_clinic
from interlock.demo.embedded_postgres import EmbeddedPostgres
from interlock.model.secret import Secret

DATABASE = "clinic"
LOGIN = "interlock_clinic"

Connection = psycopg.Connection[tuple[Any, ...]]


def ensure_clinic(
    server: EmbeddedPostgres, password: Secret[str], *, patients: int = PATIENTS, seed: int = SEED
) -> bool:
    """Loads the clinic unless it is there whole; sets the login's password either way. True when it was loaded.

    What counts as whole is a comment on the database, written last. Anything less is dropped and loaded again.
    """
    mark = f"demo clinic, form 1, {patients} patients, seed {seed}"
    with psycopg.connect(server.conninfo(), autocommit=True) as admin:
        _ensure_login(admin, password)
        if _loaded_mark(admin) == mark:
            return False
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(DATABASE)))
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        for database in (DATABASE, "postgres"):
            admin.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))
        admin.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(DATABASE), sql.Identifier(LOGIN))
        )
        load(server, make_clinic(patients, seed))
        admin.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(DATABASE), sql.Literal(mark)))
        return True


def load(server: EmbeddedPostgres, clinic: Clinic) -> None:
    """Tables and rows, in one transaction."""
    with psycopg.connect(server.conninfo(DATABASE)) as connection:
        connection.execute(_file("clinic.sql"))
        for table, rows in clinic.tables.items():
            _copy(connection, table, rows)
        connection.execute(_file("clinic_after.sql"))
    with psycopg.connect(server.conninfo(DATABASE), autocommit=True) as connection:
        connection.execute("ANALYZE")


def _file(name: str) -> bytes:
    return (resources.files("interlock.demo") / "files" / name).read_bytes()


def _copy(connection: Connection, table: str, rows: Sequence[NamedTuple]) -> None:
    columns = sql.SQL(", ").join(sql.Identifier(name) for name in rows[0]._fields)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), columns)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _ensure_login(admin: Connection, password: Secret[str]) -> None:
    if admin.execute("SELECT FROM pg_roles WHERE rolname = %s", (LOGIN,)).fetchone() is None:
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(LOGIN)))
    admin.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(LOGIN), sql.Literal(password.reveal())))


def _loaded_mark(admin: Connection) -> str | None:
    row = admin.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", (DATABASE,)
    ).fetchone()
    return row[0] if row else None
