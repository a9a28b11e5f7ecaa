"""What the database is made of: exactly the tables, indexes and triggers that our migrations make.

A trigger or a view planted in the file would run inside our own transactions. So a store with anything more, less or
other than ours isn't used, and one that is changed under a running gateway isn't written any more.
"""

from __future__ import annotations

import sqlite3
from functools import cache
from typing import Final

from interlock.errors import LedgerCorrupt
from interlock.stores.migrate import migrating

Shape = frozenset[tuple[str, str, str, str]]
"""(type, name, table, SQL with its white space evened out) of everything in a database."""

_OBJECTS: Final = "SELECT type, name, tbl_name, sql FROM sqlite_schema"


@cache
def expected() -> Shape:
    """The shape of a new store; an empty one in memory is migrated to find out."""
    with migrating(lambda: sqlite3.connect(":memory:", isolation_level=None)) as connection:
        rows = connection.exec_driver_sql(_OBJECTS).all()
    return frozenset(_even(*row) for row in rows)


def check(connection: sqlite3.Connection) -> int:
    """The database's schema version, once its shape is found to be ours; raises `LedgerCorrupt`.

    To be called inside a transaction, so that both are of one moment.
    """
    found = frozenset(_even(*row) for row in connection.execute(_OBJECTS))
    if different := found ^ expected():
        kinds = ", ".join(sorted({kind for kind, *_ in different}))
        raise LedgerCorrupt(f"the database isn't built as Interlock built it: something was added or changed ({kinds})")
    return version(connection)


def version(connection: sqlite3.Connection) -> int:
    """The number that SQLite changes with each change of the schema."""
    return int(connection.execute("PRAGMA schema_version").fetchone()[0])


def _even(kind: object, name: object, table: object, sql: object) -> tuple[str, str, str, str]:
    return str(kind), str(name), str(table), " ".join(str(sql or "").split())
