"""`interlock ledger export` and `interlock ledger key`: a log's files, and the key to verify them with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from interlock import settings as settings_file
from interlock.stores.export import export_log

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="Where to write.", file_okay=False)]
Settings = Annotated[Path, typer.Option("--settings", help="The settings file.", dir_okay=False)]


def export(directory: Directory, settings: Settings = Path("interlock.toml")) -> None:
    """Writes the log as a C2SP tlog-tiles directory, up to its newest checkpoint; works while the gateway serves."""
    loaded = settings_file.load(settings)
    from interlock import app as composition  # the whole gateway: `ledger verify` needs none of it

    exported = export_log(composition.store_path(loaded), directory)
    typer.echo(f"Exported {exported.size} entries of {loaded.origin} to {directory}.")


def key(
    settings: Settings = Path("interlock.toml"),
    node: Annotated[bool, typer.Option("--node", help="The node's key, which signs entries.")] = False,
) -> None:
    """Prints the verifying key of the log. Give it to verifiers yourself: not beside the files it verifies."""
    from interlock import app as composition  # the whole gateway: `ledger verify` needs none of it

    keys = composition.load_pinned_keys(settings_file.load(settings)).public()
    typer.echo(keys["node" if node else "log"])
