"""`interlock person`: what the operator does about people while the gateway runs."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import quote

import typer

from interlock.cli.api_client import BadUsage, plain_failures
from interlock.cli.card_text import terminal
from interlock.cli.operator_client import DEFAULT_SETTINGS, SettingsOption, operator_client
from interlock.review.visible import visible
from interlock.web.api.passkey_shapes import CREDENTIAL, PasskeyList
from interlock.web.api.shapes import EndedOut

Person = Annotated[str, typer.Argument(help="A person's id.")]

app = typer.Typer(name="person", no_args_is_help=True, help="People: their passkeys and sessions.")


@app.callback()
def _people() -> None:
    """People: their passkeys and sessions."""


@app.command()
def passkeys(person: Person, settings: SettingsOption = DEFAULT_SETTINGS) -> None:
    """List a person's passkeys. The gateway must be running."""
    with plain_failures(), operator_client(settings) as client:
        _tell(client.get(PasskeyList, f"{_path(person)}/passkeys"))


@app.command()
def remove_passkey(
    person: Person,
    credential: Annotated[str, typer.Argument(metavar="ID", help="The passkey's id, as `person passkeys` says it.")],
    because: Annotated[str, typer.Option("--because", help="Why, in one line for the ledger; no patient data.")],
    settings: SettingsOption = DEFAULT_SETTINGS,
) -> None:
    """Remove a passkey that its holder has lost, for good. The gateway must be running.

    Be sure of who asks: where passkeys aren't required of everybody, whoever has lost the last one votes without.
    """
    with plain_failures():
        if re.fullmatch(CREDENTIAL, credential) is None:
            raise BadUsage("That isn't a passkey's id. `interlock person passkeys` lists them.")
        with operator_client(settings) as client:
            _tell(client.post(PasskeyList, f"{_path(person)}/passkeys/{credential}/remove", {"because": because}))


@app.command()
def end_sessions(
    person: Person,
    because: Annotated[str, typer.Option("--because", help="Why, in one line for the ledger; no patient data.")],
    settings: SettingsOption = DEFAULT_SETTINGS,
) -> None:
    """End all console sessions and passwords for doors that a person has. The gateway must be running.

    For a stolen laptop or cookie. Their keys go on: `interlock token revoke` ends those.
    """
    with plain_failures(), operator_client(settings) as client:
        ended = client.post(EndedOut, f"{_path(person)}/sessions/end", {"because": because})
        terminal(stderr=True).print(f"{visible(ended.person)} has no session and no password for doors any more.")


def _path(person: str) -> str:
    return f"/api/operator/people/{quote(person, safe='')}"


def _tell(found: PasskeyList) -> None:
    name = visible(found.person)
    for each in found.passkeys:
        print(f"{each.id}  {visible(each.name)}")
    many = len(found.passkeys)
    told = f"{many} passkey{'' if many == 1 else 's'}" if many else "no passkey"
    needs = "each approval takes one" if found.required else "approvals take none"
    terminal(stderr=True).print(f"{name} has {told}; {needs}.")
