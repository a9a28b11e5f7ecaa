"""`interlock token`: keys of agents, services and people, made by the running gateway."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from interlock.cli.api_client import BadUsage, plain_failures
from interlock.cli.card_text import terminal
from interlock.cli.operator_client import DEFAULT_SETTINGS, SettingsOption, operator_client
from interlock.errors import MalformedInput
from interlock.identity.binding import network
from interlock.identity.certificates import MAX_CERTIFICATE, digest_of_file, is_digest
from interlock.review.visible import visible
from interlock.web.api.shapes import KEY_ID, KeyOut, RevokedOut

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LENGTH = re.compile(r"([1-9][0-9]{0,6})([smhd])")

app = typer.Typer(name="token", no_args_is_help=True, help="Keys of agents, services and people.")


@app.callback()
def _tokens() -> None:
    """Keys of agents, services and people."""


@app.command()
def create(
    holder: Annotated[str, typer.Argument(help="Who will hold it: an agent, service or person.")],
    made_by: Annotated[
        str, typer.Option("--as", metavar="PERSON", help="Who makes it: you. Makers never sign for it.")
    ],
    expires: Annotated[
        str | None, typer.Option("--expires", help="How long it lasts: 12h, 30d. Without: for good.")
    ] = None,
    certificate: Annotated[
        str | None,
        typer.Option(
            "--certificate",
            metavar="FILE|SHA256",
            help="Good only behind this client certificate: a file or its SHA-256.",
        ),
    ] = None,
    networks: Annotated[
        list[str] | None,
        typer.Option("--network", metavar="CIDR", help="Good only from this network: 10.2.0.0/16. May be given again."),
    ] = None,
    provisioning: Annotated[
        bool,
        typer.Option("--provisioning", help="A key for a directory that tells of people over SCIM, called HOLDER."),
    ] = False,
    settings: SettingsOption = DEFAULT_SETTINGS,
) -> None:
    """Make a key and print it, this once. The gateway must be running."""
    with plain_failures():
        if provisioning and (certificate is not None or networks):
            raise BadUsage("A provisioning key isn't bound to a certificate or networks.")
        wanted = {
            "holder": holder,
            "made_by": made_by,
            "expires_in_seconds": length(expires) if expires is not None else None,
            "certificate": certificate_digest(certificate) if certificate is not None else None,
            "networks": [_network(each) for each in networks or ()],
        }
        path = "/api/operator/keys"
        if provisioning:
            wanted = {"name": holder, "made_by": made_by, "expires_in_seconds": wanted["expires_in_seconds"]}
            path = "/api/operator/provisioning-keys"
        with operator_client(settings) as client:
            made = client.post(KeyOut, path, wanted)
        terminal(stderr=True).print(
            f"Key {made.key} for {holder}. It is shown this once; keep it out of shell history."
        )
        if made.owner_awaited is not None:
            owner = visible(made.owner_awaited)
            terminal(stderr=True).print(
                f"It isn't taken until {owner} has accepted to own {holder}: `interlock console link {owner}` signs"
                " them in, and the page You asks.",
                soft_wrap=True,
            )
        print(made.token)


@app.command()
def revoke(
    key: Annotated[
        str,
        typer.Argument(
            help="The key's id, as `token create` said it; never the key itself. Or a workload's: jwt:..., x509:..."
        ),
    ],
    because: Annotated[str, typer.Option("--because", help="Why, in one line for the ledger; no patient data.")],
    settings: SettingsOption = DEFAULT_SETTINGS,
) -> None:
    """End a key at once and for good. The gateway must be running."""
    with plain_failures():
        if re.fullmatch(KEY_ID, key) is None:
            raise BadUsage("That isn't a key's id. `ilk_ID_...` is the key itself: only the part between belongs here.")
        with operator_client(settings) as client:
            ended = client.post(RevokedOut, f"/api/operator/keys/{quote(key, safe=':')}/revoke", {"because": because})
        terminal().print(f"Key {visible(ended.key)} has ended.")


def certificate_digest(text: str) -> str:
    """The SHA-256 (hex) that a key is bound to, given itself or as a certificate's file (PEM or DER)."""
    if is_digest(text):
        return text
    path = Path(text)
    try:
        with path.open("rb") as file:
            return digest_of_file(file.read(MAX_CERTIFICATE))
    except (OSError, MalformedInput):
        raise BadUsage(
            "--certificate takes a certificate's file (PEM or DER), or its SHA-256 in lower-case hex."
        ) from None


def _network(text: str) -> str:
    try:
        return network(text)
    except MalformedInput:
        raise BadUsage(
            "--network takes a network such as 10.2.0.0/16 or 10.2.0.7/32, no bits of the host set."
        ) from None


def length(text: str) -> int:
    """`30d` in seconds; raises `BadUsage` (bad usage) for anything else."""
    found = _LENGTH.fullmatch(text)
    if found is None:
        raise BadUsage("--expires takes a number and a unit: 45m, 12h, 30d.")
    return int(found[1]) * _SECONDS[found[2]]
