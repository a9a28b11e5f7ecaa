"""`interlock check`: settings, catalogs and policies, and every mistake in any of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer

from interlock import settings as settings_file
from interlock.actions.tool_arguments import compiled
from interlock.cli.in_force import why_not_in_force
from interlock.errors import MalformedInput, Mistakes, SettingsMistakes
from interlock.model.jcs import Json
from interlock.model.settings import Settings as Loaded

_NO_ADDRESS: Final = (
    "[listen.agents] url isn't set, so no token of an issuer can be made for one MCP connection alone: all take those"
    " with the issuer's audience"
)

Settings = Annotated[Path, typer.Option("--settings", help="The settings file.", dir_okay=False)]


def check(settings: Settings = Path("interlock.toml")) -> None:
    """Checks all that `serve` reads before it starts, without starting it; exit code 2 when there is a mistake.

    Warnings don't count as mistakes: a forbid that nothing makes fire, a console whose cookies others could read
    or that passkeys can't belong to, a connection on which nothing is stopped, policies that aren't in force yet, a
    pinned tool whose schema can't be used, tokens that every MCP connection takes.
    """
    found = settings_file.survey(settings)
    mistakes = list(found.mistakes)
    if found.settings is not None:
        mistakes += _further(found.settings)
    if mistakes or found.settings is None:
        raise SettingsMistakes(list(dict.fromkeys(mistakes)))
    counted = (
        (len(found.settings.people), "person", "people"),
        (len(found.settings.actors), "agent or service", "agents and services"),
        (len(found.settings.connections), "connection", "connections"),
    )
    told = ", ".join(f"{count} {one if count == 1 else many}" for count, one, many in counted)
    typer.echo(f"{settings.name}: no mistakes ({told}); its policies and catalogs have none either")
    for warning in _warnings(settings.name, found.settings):
        typer.echo(f"warning: {warning}", err=True)


def _further(settings: Loaded) -> list[str]:
    """The mistakes in the files that the settings name, as far as they are there."""
    there = _without_missing(settings)
    mistakes: list[str] = []
    for load in (settings_file.load_catalogs, settings_file.load_bundle):
        try:
            load(there)
        except Mistakes as found:
            mistakes += found.mistakes
    return mistakes


def _warnings(file: str, settings: Loaded) -> list[str]:
    host = settings_file.shared_host(settings.public_url)
    passkeys = settings_file.no_passkeys(settings.public_url, settings.votes.passkeys)
    draft = why_not_in_force(settings)
    return [
        *([f"{file}: {host}"] if host else []),
        *([f"{file}: {passkeys}"] if passkeys else []),
        *(f"{file}: {sentence}" for sentence in settings_file.unsafe(settings)),
        *([f"{file}: {draft}"] if draft else []),
        *settings_file.rehearse(settings),
        *_unusable(settings),
        *([f"{file}: {_NO_ADDRESS}"] if settings.issuers and settings.mcp and not settings.agents.url else []),
    ]


def _unusable(settings: Loaded) -> Iterator[str]:
    """The pinned tools whose schemas can't be used, and what comes of that."""
    for tool in settings_file.load_tools(settings):
        if (why := _why_not(tool.input_schema)) is not None:
            yield f"the tool {tool.id} can't be called: {why}"
        if (why := _why_not(tool.output_schema)) is not None:
            told = why.replace("input schema", "output schema")
            yield f"masked results of the tool {tool.id} may not fit its output schema: {told}"


def _why_not(schema: Mapping[str, Json]) -> str | None:
    try:
        compiled(schema)
    except MalformedInput as malformed:
        return malformed.sentence
    return None


def _without_missing(settings: Loaded) -> Loaded:
    """Without the files that aren't there: those have been told of already, with the table that names them."""
    files = tuple(file for file in settings.policy.files if file.is_file())
    tools = tuple(file for file in settings.policy.tools if file.is_file())
    connections = {
        name: connection
        for name, connection in settings.connections.items()
        if connection.catalog is None or connection.catalog.is_file()
    }
    return replace(settings, policy=replace(settings.policy, files=files, tools=tools), connections=connections)
