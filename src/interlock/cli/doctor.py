"""`interlock doctor`: does the gate hold as it is set up here, and what leads around it?"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from interlock import settings as settings_file
from interlock.cli import doctor_channels, doctor_doors, doctor_files, doctor_people, doctor_upstreams, mcp_findings
from interlock.cli.doctor_findings import Finding, Level, as_json, fail, ok, show, warn, worst
from interlock.cli.in_force import why_not_in_force
from interlock.errors import InterlockError, Mistakes
from interlock.ledger.authority import Authority
from interlock.model.secret import Secret
from interlock.model.settings import Settings

SettingsFile = Annotated[Path, typer.Option("--settings", help="The settings file.", dir_okay=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
Key = Annotated[str, typer.Option("--key", metavar="env:NAME", help="A test agent's key, in an environment variable.")]


def doctor(settings: SettingsFile = Path("interlock.toml"), json: AsJson = False, key: Key = "") -> None:
    """Looks at settings, policies, people, keys, the ledger, the doors and the protected servers; changes nothing.

    Works while the gateway runs and while it is stopped; its doors are tried only when it runs. Exit code 1 when
    anything fails, 2 when the command can't be run like that.
    """
    given = _key(key)
    findings = list(examine(settings, given))
    if json:
        typer.echo(as_json(findings))
    else:
        show(findings, Console(highlight=False))
    if worst(findings) is Level.FAIL:
        raise typer.Exit(1)


def examine(file: Path, key: Secret[str] | None = None) -> Iterator[Finding]:
    """Every finding, in the order in which things are looked at. Never raises for what it finds."""
    found = settings_file.survey(file)
    for mistake in found.mistakes:
        yield fail("settings", mistake, "Mend it; `interlock check` lists all mistakes.")
    if found.settings is None or found.mistakes:
        return
    settings = found.settings
    yield ok("settings", f"{file.name} loads")
    now = datetime.now(UTC)
    yield from _policies(settings)
    yield from doctor_files.check_unsafe(file.name, settings)
    yield from doctor_files.check_keys(settings)
    yield from doctor_files.check_certificates(settings, now)
    yield from doctor_files.check_ledger(settings, now)
    authority = _authority(settings)
    yield from _guarded("people", doctor_people.check_people(settings, authority))
    yield from _guarded("notify", _channels(settings, authority, now))
    for name, connection in settings.connections.items():
        yield from doctor_upstreams.check_upstream(name, connection)
    for server in settings.mcp.values():
        yield from _guarded(f"mcp.{server.connection.name}", mcp_findings.examine(settings, server))
    if doctor_doors.is_serving(settings):
        yield ok("gateway", "the gateway runs")
        yield from doctor_doors.check_doors(settings, key)
    else:
        yield warn(
            "gateway", "the gateway isn't running: its doors weren't tried", "Run the doctor while it serves, too."
        )


def _key(text: str) -> Secret[str] | None:
    if not text:
        return None
    kind, _, name = text.partition(":")
    value = os.environ.get(name, "") if kind == "env" else ""
    if not value:
        raise InterlockError("--key: give env:NAME, the environment variable that holds the key", code="bad_usage")
    return Secret(value)


def _policies(settings: Settings) -> Iterator[Finding]:
    count = 0
    for load in (settings_file.load_catalogs, settings_file.load_bundle):
        try:
            load(settings)
        except Mistakes as found:
            for mistake in found.mistakes:
                count += 1
                yield fail("policies", mistake, "Mend it; `interlock check` lists all mistakes.")
    if count:
        return
    yield ok("policies", "policies and catalogs load")
    draft = why_not_in_force(settings)
    if draft:
        yield warn("in_force", draft, "Until then the rest of this is about the files, not about what is in force.")


def _guarded(check: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings; a mistake that keeps them from being made is one itself, unless it was told of already."""
    try:
        yield from findings
    except Mistakes:
        yield warn(check, "not looked at: the policies don't load", "Mend the policies first.")
    except InterlockError as error:
        yield fail(check, error.sentence.splitlines()[0], "Look at the ledger's findings.")


def _channels(settings: Settings, authority: Authority | None, now: datetime) -> Iterator[Finding]:
    signers = doctor_people.signers(settings, authority)
    yield from doctor_channels.check_channels(settings, authority, signers, now)


def _authority(settings: Settings) -> Authority | None:
    """What the ledger says, None where it can't be read; why not is told by the ledger's own findings."""
    try:
        return doctor_files.read_authority(settings)
    except (InterlockError, TypeError, ValueError):  # entries that nobody of ours wrote
        return None
