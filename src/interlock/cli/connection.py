"""`interlock connection`: the protected servers, added, tested and listed."""

from __future__ import annotations

import typer

from interlock.cli.connection_add import add
from interlock.cli.connection_list import list_connections
from interlock.cli.connection_test import test

app = typer.Typer(name="connection", no_args_is_help=True, help="Protected servers: add, test, list.")
app.command("add")(add)
app.command("test")(test)
app.command("list")(list_connections)


@app.callback()
def _connections() -> None:
    """Protected servers: add, test, list."""
