"""`interlock serve`: the gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
import uvloop

from interlock import app as composition
from interlock import settings as settings_file

Settings = Annotated[Path, typer.Option("--settings", help="The settings file.", dir_okay=False)]


def serve(settings: Settings = Path("interlock.toml")) -> None:
    """Runs the gateway until it is told to stop (SIGINT or SIGTERM)."""
    composition.set_up_logs()
    uvloop.run(composition.serve(settings_file.load(settings)))
