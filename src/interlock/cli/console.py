"""`interlock console`: signing people in to the console."""

from __future__ import annotations

from typing import Annotated

import typer

from interlock.cli.api_client import plain_failures
from interlock.cli.card_text import terminal
from interlock.cli.operator_client import DEFAULT_SETTINGS, SettingsOption, operator_client
from interlock.web.api.shapes import LinkOut

app = typer.Typer(name="console", no_args_is_help=True, help="Signing in to the console.")


@app.callback()
def _console() -> None:
    """Signing in to the console."""


@app.command()
def link(
    person: Annotated[str, typer.Argument(help="A person of the settings.")],
    settings: SettingsOption = DEFAULT_SETTINGS,
) -> None:
    """Print a link that signs this person in, once, within ten minutes. The gateway must be running."""
    with plain_failures(), operator_client(settings) as client:
        made = client.post(LinkOut, "/api/operator/sign-in-links", {"person": person})
        terminal(stderr=True).print(f"Give this to {person}; it works once, within ten minutes.")
        print(made.url)
