"""`interlock connection test`: tries connections as the gateway would use them."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from interlock import settings as settings_file
from interlock.cli import mcp_findings
from interlock.cli.connection_findings import examine
from interlock.cli.doctor_findings import Finding, Level, as_json, show, worst
from interlock.cli.operator_client import DEFAULT_SETTINGS, SettingsOption
from interlock.errors import NotFound
from interlock.model.names import ConnectionName

Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Which ones; all unless said.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]


def test(names: Names = None, settings: SettingsOption = DEFAULT_SETTINGS, json: AsJson = False) -> None:
    """Try connections: server, TLS, login, rights, definitions, catalog, ways around; an MCP server's tools.

    Changes nothing.

    Exit code 1 when anything fails, 2 when the command can't be run like that.
    """
    loaded = settings_file.load(settings)
    catalogs = settings_file.load_catalogs(loaded)
    chosen = [ConnectionName(name) for name in dict.fromkeys(names or (*loaded.connections, *loaded.mcp))]
    for name in chosen:
        if name not in loaded.connections and name not in loaded.mcp:
            raise NotFound(f"{settings.name}: there is no [connections.{name}] and no [mcp.{name}]")
    findings: list[Finding] = []
    for name in chosen:
        if name in loaded.mcp:
            findings += mcp_findings.examine(loaded, loaded.mcp[name])
        else:
            findings += examine(name, loaded.connections[name], catalogs[name])
    if json:
        typer.echo(as_json(findings))
    else:
        show(findings, Console(highlight=False))
    if worst(findings) is Level.FAIL:
        raise typer.Exit(1)
