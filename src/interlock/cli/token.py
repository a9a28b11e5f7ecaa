"""`interlock token`: keys of agents, services and people, made by the running gateway."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from interlock.cli.api_client import BadUsage, plain_failures
from interlock.cli.card_text import terminal
from interlock.cli.operator_client import DEFAULT_SETTINGS, SettingsOption, operator_client
from interlock.web.api.shapes import KEY_ID, KeyOut, RevokedOut
from interlock.web.visible import visible

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LENGTH = re.compile(r"([1-9][0-9]{0,6})([smhd])")

app = typer.Typer(name="token", no_args_is_help=True, help="Keys of agents, services and people.")


@app.callback()
def _tokens() -> None:
    """Keys of agents, services and people."""


@app.command()
def create(
    holder: Annotated[str, typer.Argument(help="Who will hold it: an agent, service or person of the settings.")],
    made_by: Annotated[
        str, typer.Option("--as", metavar="PERSON", help="Who makes it: you. Makers never sign for it.")
    ],
    expires: Annotated[
        str | None, typer.Option("--expires", help="How long it lasts: 12h, 30d. Without: for good.")
    ] = None,
    settings: SettingsOption = DEFAULT_SETTINGS,
) -> None:
    """Make a key and print it, this once. The gateway must be running."""
    with plain_failures():
        body = {"holder": holder, "made_by": made_by}
        seconds = length(expires) if expires is not None else None
        with operator_client(settings) as client:
            made = client.post(KeyOut, "/api/operator/keys", {**body, "expires_in_seconds": seconds})
        terminal(stderr=True).print(
            f"Key {made.key} for {holder}. It is shown this once; keep it out of shell history."
        )
        print(made.token)


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="The key's id, as `token create` said it; never the key itself.")],
    because: Annotated[str, typer.Option("--because", help="Why, in one line for the ledger; no patient data.")],
    settings: SettingsOption = DEFAULT_SETTINGS,
) -> None:
    """End a key at once and for good. The gateway must be running."""
    with plain_failures():
        if re.fullmatch(KEY_ID, key) is None:
            raise BadUsage("That isn't a key's id. `ilk_ID_...` is the key itself: only the part between belongs here.")
        with operator_client(settings) as client:
            ended = client.post(RevokedOut, f"/api/operator/keys/{key}/revoke", {"because": because})
        terminal().print(f"Key {visible(ended.key)} has ended.")


def length(text: str) -> int:
    """`30d` in seconds; raises `BadUsage` (bad usage) for anything else."""
    found = _LENGTH.fullmatch(text)
    if found is None:
        raise BadUsage("--expires takes a number and a unit: 45m, 12h, 30d.")
    return int(found[1]) * _SECONDS[found[2]]
