"""`interlock policy propose`: asks for the policies as their files are now, or for the previous ones again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from interlock import settings as settings_file
from interlock.cli.api_client import DEFAULT_URL, ApiClient, BadUsage, plain_failures
from interlock.cli.card_text import terminal
from interlock.cli.operator_client import DEFAULT_SETTINGS, SettingsOption, control_url
from interlock.errors import SettingsMistakes
from interlock.model.secret import Secret
from interlock.review.visible import visible
from interlock.web.api.bundle_shapes import PATH, ProposedOut, TextsOut

MAX_TOKEN_FILE = 4096  # bytes

Note = Annotated[str, typer.Option("--note", help="Why, for those who sign; no patient data.")]
TokenFile = Annotated[
    Path | None, typer.Option("--token-file", help="Holds your Interlock key; else INTERLOCK_TOKEN.", dir_okay=False)
]
Previous = Annotated[bool, typer.Option("--previous", help="The bundle that was in force before, as it was.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print what the gateway answered.")]


def propose(
    settings: SettingsOption = DEFAULT_SETTINGS,
    note: Note = "",
    token_file: TokenFile = None,
    previous: Previous = False,
    as_json: AsJson = False,
) -> None:
    """Open a review of putting these policies in force. It takes a person's key; other people sign, in the console.

    INTERLOCK_URL says where the gateway is, else the settings do. Exit code 1: refused, with every mistake.
    """
    with plain_failures(), person_client(settings, token_file) as client:
        sources = client.get(TextsOut, f"{PATH}/previous").sources if previous else _sources(settings)
        made = client.post(ProposedOut, PATH, {"sources": dict(sources), "note": note})
        if as_json:
            typer.echo(made.model_dump_json(indent=2))
            return
        out = terminal()
        out.print(f"Proposed: bundle {made.bundle[:16]} instead of {made.previous[:16]}.", soft_wrap=True)
        out.print(f"Who may sign finds it at {visible(made.url)}", soft_wrap=True)
        out.print(f"until {made.expires_at:%Y-%m-%d %H:%M:%S} UTC. Once signed it is in force, without a restart.")


def person_client(settings: Path, token_file: Path | None) -> ApiClient:
    """A client with the key of whoever calls; raises `BadUsage`."""
    return ApiClient(gateway_url(settings), _token(token_file))


def gateway_url(settings: Path) -> str:
    """INTERLOCK_URL, or the control port of these settings, or the usual one."""
    given = os.environ.get("INTERLOCK_URL")
    found = None if given else settings_file.survey(settings).settings
    return given or (control_url(found) if found is not None else DEFAULT_URL)


def _token(file: Path | None) -> Secret[str]:
    if file is None:
        token = os.environ.get("INTERLOCK_TOKEN", "")
    else:
        try:
            with file.open("rb") as opened:
                token = opened.read(MAX_TOKEN_FILE).decode("ascii").strip()
        except (OSError, UnicodeDecodeError):
            raise BadUsage("The file of --token-file can't be read.") from None
    if not token:
        raise BadUsage(
            "Policies are proposed with a person's Interlock key: set INTERLOCK_TOKEN or give --token-file."
            " `interlock token create` makes one."
        )
    return Secret(token)


def _sources(path: Path) -> Mapping[str, str]:
    """What [policy] names. Mistakes elsewhere in the settings, such as a secret that isn't here, don't matter."""
    found = settings_file.survey(path)
    ours = [mistake for mistake in found.mistakes if f"{path.name}: [policy" in mistake]
    if found.settings is None or ours:
        raise SettingsMistakes(ours or found.mistakes)
    return settings_file.load_texts(found.settings)
