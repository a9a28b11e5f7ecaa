"""Brings a store's schema to the version this package knows, with the migrations inside the package."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import NullPool

from interlock.errors import InterlockError
from interlock.stores.connections import open_writer

_SCRIPTS: Final = Path(__file__).parent / "migrations"


def migrate_sqlite(path: Path) -> None:
    """`migrate` on the SQLite file at `path`, in one transaction."""
    with migrating(lambda: open_writer(path)):
        pass


@contextmanager
def migrating(connect: Callable[[], sqlite3.Connection]) -> Iterator[Connection]:
    """A connection of `connect`, once `migrate` has run on it in one transaction; closed at the end."""
    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # the driver itself begins nothing (isolation_level=None)

    try:
        with engine.connect() as connection:
            migrate(connection)
            yield connection
    finally:
        engine.dispose()


def migrate(connection: Connection) -> None:
    """Runs the versions that are missing; raises `InterlockError` ("store_newer") on a store of a later release.

    The caller holds the store's lock. The connection is handed to the scripts through `attributes`, so that no
    address is ever written into a file.
    """
    config = config_for(connection)
    scripts = ScriptDirectory.from_config(config)
    known = {script.revision for script in scripts.walk_revisions()}
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in known:
        raise InterlockError(
            "the store was written by a later release of Interlock; run that release, or a newer one",
            code="store_newer",
        )
    if found != scripts.get_current_head():
        command.upgrade(config, "head")
    connection.commit()


def config_for(connection: Connection) -> Config:
    """Alembic's configuration: our scripts, the caller's connection, no file."""
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
