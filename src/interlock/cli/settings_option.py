"""The option that nearly every verb has: where the gateway's settings are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

SettingsOption = Annotated[Path, typer.Option("--settings", help="The gateway's interlock.toml.", dir_okay=False)]
DEFAULT_SETTINGS: Final = Path("interlock.toml")
