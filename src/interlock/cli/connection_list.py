"""`interlock connection list`: what the settings say of each connection, secrets left out."""

from __future__ import annotations

import json as json_text
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from interlock import settings as settings_file
from interlock.cli.card_text import terminal
from interlock.cli.operator_client import DEFAULT_SETTINGS, SettingsOption
from interlock.model.mcp_settings import McpHttp, McpSettings
from interlock.model.settings import ConnectionSettings
from interlock.review.visible import visible

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]


def list_connections(settings: SettingsOption = DEFAULT_SETTINGS, json: AsJson = False) -> None:
    """List the connections of the settings. No password is shown, and no server is asked."""
    loaded = settings_file.load(settings)
    rows = [_row(str(name), each, settings.absolute().parent) for name, each in loaded.connections.items()]
    rows += [_mcp_row(str(name), each) for name, each in loaded.mcp.items()]
    if json:
        typer.echo(json_text.dumps(rows, indent=2))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("Name", "Kind", "Server", "User", "Environment", "Tags", "TLS", "Login", "Catalog", "Unsafe"):
        table.add_column(title, overflow="fold")
    for row in rows:
        server = row.get("server") or f"{row['host']}:{row['port']}/{row['database']}"
        cells = [row["name"], row["kind"], server, row["user"], row["environment"], row["tags"], row["tls"]]
        cells += [row["login"], row["catalog"] or "none", row["unsafe"]]
        table.add_row(*(Text(visible(_cell(cell))) for cell in cells))
    terminal().print(table)


def _row(name: str, settings: ConnectionSettings, base: Path) -> dict[str, object]:
    upstream, connection = settings.upstream, settings.connection
    flags = {"unsafe_observe": connection.unsafe_observe, "unsafe_superuser": settings.unsafe_superuser}
    return {
        "name": name,
        "kind": connection.kind,
        "host": upstream.host,
        "port": upstream.port,
        "database": upstream.database,
        "user": upstream.user,
        "environment": connection.environment,
        "tags": sorted(connection.tags),
        "tls": upstream.tls,
        "login": upstream.login,
        "catalog": _short(settings.catalog, base),
        "unsafe": [flag for flag, on in flags.items() if on],
    }


def _mcp_row(name: str, settings: McpSettings) -> dict[str, object]:
    """An MCP server: its URL or its program, whose arguments may be anything."""
    upstream, connection = settings.upstream, settings.connection
    headers = isinstance(upstream, McpHttp) and bool(upstream.headers)
    login = "oauth" if settings.oauth is not None else "headers" if headers else "none"
    return {
        "name": name,
        "kind": connection.kind,
        "server": upstream.url if isinstance(upstream, McpHttp) else upstream.command[0],
        "user": "" if isinstance(upstream, McpHttp) else upstream.user,
        "environment": connection.environment,
        "tags": sorted(connection.tags),
        "tls": "verify" if isinstance(upstream, McpHttp) and upstream.url.startswith("https:") else "none",
        "login": login,
        "catalog": None,
        "unpinned": settings.unpinned,
        "content": settings.content,
        "unsafe": ["unsafe_observe"] if connection.unsafe_observe else [],
    }


def _short(catalog: Path | None, base: Path) -> str | None:
    """As the settings may write it."""
    if catalog is None:
        return None
    return str(catalog.relative_to(base)) if catalog.is_relative_to(base) else str(catalog)


def _cell(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
