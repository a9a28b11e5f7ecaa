"""`interlock policy check`: the policies in force, before anything runs on them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from interlock import settings as settings_file

app = typer.Typer(no_args_is_help=True)

Settings = Annotated[Path, typer.Option("--settings", help="The settings file.", dir_okay=False)]


@app.callback()
def _policy() -> None:
    """Policies: check."""


@app.command()
def check(settings: Settings = Path("interlock.toml")) -> None:
    """Checks every policy and lists every mistake, as `file:line: sentence`; exit code 2 when there is one.

    Each forbid is then tried on made-up requests; one that never fires is warned of, which changes no exit code.
    """
    loaded = settings_file.load(settings)
    found = settings_file.load_bundle(loaded)
    files = ", ".join(settings_file.load_sources(loaded)) or "no files"
    count = len(found.policies)
    typer.echo(f"{count} {'policy' if count == 1 else 'policies'} in {files}: no mistakes")
    typer.echo(f"digest {found.digest}")
    for warning in settings_file.rehearse(loaded):
        typer.echo(f"warning: {warning}", err=True)
