"""Alembic's entry: runs the versions on the connection that `stores.migrate` hands over."""

from __future__ import annotations

from alembic import context

from interlock.stores.schema import metadata


def run() -> None:
    """One transaction for all versions; the caller's connection, never an address from a file."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()


run()
