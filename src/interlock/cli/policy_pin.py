"""`interlock policy unsafe-pin`: puts a changed bundle in force without a review."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from interlock import app as composition
from interlock import settings as settings_file

Settings = Annotated[Path, typer.Option("--settings", help="The settings file.", dir_okay=False)]


def unsafe_pin(settings: Settings = Path("interlock.toml")) -> None:
    """Pins the policies as they lie there, while the gateway is stopped. Nobody reviews it; the ledger says so."""
    digest = asyncio.run(composition.unsafe_pin(settings_file.load(settings)))
    typer.echo(f"In force from the next start: bundle {digest}. The ledger records that nobody reviewed it.")
