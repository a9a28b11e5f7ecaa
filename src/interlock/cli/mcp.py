"""`interlock mcp CONNECTION`: a gateway's MCP connection for clients that only speak stdio."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote

import typer
from typer.core import TyperGroup

from interlock.cli.api_client import BadUsage, check_address, plain_failures
from interlock.cli.mcp_bridge import serve_stdio
from interlock.cli.mcp_learn import learn
from interlock.model.secret import Secret

DEFAULT_URL: Final = "http://127.0.0.1:8081"
_CONNECT: Final = "connect"


class ConnectionsToo(TyperGroup):
    """A name that is no verb is a connection's: `interlock mcp github` connects to it."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The verb, or `connect` with everything as it came."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            return _CONNECT, self.commands[_CONNECT], args
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=ConnectionsToo,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="MCP: connect a client that speaks stdio (`interlock mcp NAME`), and the tools of servers.",
)


@app.callback()
def mcp() -> None:
    """MCP: connect a client that speaks stdio (`interlock mcp NAME`), and the tools of servers."""


app.command("learn")(learn)


@app.command(_CONNECT)
def connect(
    connection: Annotated[str, typer.Argument(help="The name of an [mcp.NAME] of the gateway.")],
    url: Annotated[
        str | None, typer.Option("--url", help="The agents' port of the gateway; else INTERLOCK_MCP_URL.")
    ] = None,
    password_file: Annotated[
        Path | None,
        typer.Option("--password-file", help="A file of `interlock login --save`, instead of INTERLOCK_TOKEN."),
    ] = None,
) -> None:
    """Relays MCP between standard input and output and the gateway. The credential is INTERLOCK_TOKEN."""
    with plain_failures():
        base = (url or os.environ.get("INTERLOCK_MCP_URL") or DEFAULT_URL).rstrip("/")
        check_address(base)
        token = _saved(password_file) if password_file is not None else _token()
        asyncio.run(serve_stdio(f"{base}/mcp/{quote(connection, safe='')}", token))


def _token() -> Secret[str]:
    token = os.environ.get("INTERLOCK_TOKEN", "")
    if not token:
        raise BadUsage("Set INTERLOCK_TOKEN to an Interlock key (`interlock token create` makes one).")
    return Secret(token)


def _saved(path: Path) -> Secret[str]:
    """The password in a libpq password file: the last of its first line's fields."""
    try:
        with path.open(encoding="utf-8") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise BadUsage("The password file may be read by others; set it to mode 0600.")
            line = file.readline(16_384).rstrip("\n")
    except OSError as error:
        raise BadUsage(f"The password file can't be read: {error.strerror}.") from None
    _, found, password = line.rpartition(":")
    if not found or not password:
        raise BadUsage("The password file isn't one that `interlock login --save` wrote.")
    return Secret(password)
