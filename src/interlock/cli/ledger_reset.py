"""`interlock ledger unsafe-reset-signer`: signs for the log as it lies there, whatever was signed before."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from interlock import settings as settings_file

Settings = Annotated[Path, typer.Option("--settings", help="The settings file.", dir_okay=False)]


def unsafe_reset_signer(settings: Settings = Path("interlock.toml")) -> None:
    """After the signer's state was lost or the store came from a backup, with the gateway stopped.

    From then on only checkpoints kept elsewhere can tell whether entries are missing. The ledger records it.
    """
    from interlock import app as composition  # the whole gateway: `ledger verify` needs none of it

    size = asyncio.run(composition.unsafe_reset_signer(settings_file.load(settings)))
    typer.echo(f"The signer goes on from size {size}. Compare with a checkpoint kept elsewhere: `ledger verify --old`.")
