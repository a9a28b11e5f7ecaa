"""`interlock policy check`: the policies before anything runs on them; and the other verbs of `interlock policy`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from interlock import settings as settings_file
from interlock.cli import (
    policy_diff,
    policy_explain,
    policy_history,
    policy_observed,
    policy_pin,
    policy_propose,
    policy_simulate,
    policy_test,
)
from interlock.cli.policy_inputs import AsJson, SettingsOption, excluded, say_json
from interlock.errors import Mistakes
from interlock.model.settings import Settings
from interlock.policy.warnings import PolicyWarning, warnings
from interlock.sensitivity.labels import KNOWN

FORMAT: Final = "interlock/policy-check/v1"

Strict = Annotated[bool, typer.Option("--strict", help="Exit code 1 when there is a warning.")]

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _policy() -> None:
    """Policies: check, explain, simulate, compare."""


@app.command()
def check(settings: SettingsOption = Path("interlock.toml"), as_json: AsJson = False, strict: Strict = False) -> None:
    """Checks every policy and lists every mistake, as `file:line: sentence`; exit code 2 when there is one.

    Warnings tell of policies that change nothing, never fire or ask whether a label is absent, and of reviews that
    nobody could sign. They change no exit code, unless --strict makes it 1.
    """
    try:
        loaded = settings_file.load(settings)
        found = settings_file.load_bundle(loaded)
    except Mistakes as mistaken:
        if not as_json:
            raise
        say_json(_document(mistakes=mistaken.mistakes))
        raise typer.Exit(2) from None
    files, warned = list(settings_file.load_sources(loaded)), warnings_of(loaded)
    if as_json:
        say_json(_document(str(found.digest), len(found.policies), files, warned))
    else:
        count = len(found.policies)
        named = ", ".join(files) or "no files"
        typer.echo(f"{count} {'policy' if count == 1 else 'policies'} in {named}: no mistakes")
        typer.echo(f"digest {found.digest}")
        for warning in warned:
            typer.echo(f"warning: {warning}", err=True)
    if strict and warned:
        raise typer.Exit(1)


def warnings_of(settings: Settings) -> list[PolicyWarning]:
    """Every warning about the policies of these settings; raises what `load_bundle` does."""
    return warnings(
        settings_file.load_sources(settings),
        settings_file.members(settings),
        frozenset(KNOWN),
        settings_file.surroundings(settings),
        excluded(settings),
        settings_file.load_tools(settings),
    )


def _document(
    digest: str = "",
    policies: int = 0,
    files: list[str] | None = None,
    warned: list[PolicyWarning] | None = None,
    mistakes: tuple[str, ...] = (),
) -> Mapping[str, Any]:
    return {
        "format": FORMAT,
        "mistakes": list(mistakes),
        "digest": digest,
        "policies": policies,
        "files": files or [],
        "warnings": [
            {"code": w.code.value, "policy": w.policy, "file": w.file, "line": w.line, "sentence": w.sentence}
            for w in warned or []
        ],
    }


app.command("explain")(policy_explain.explain)
app.command("simulate")(policy_simulate.simulate)
app.command("diff")(policy_diff.diff)
app.command("observed")(policy_observed.observed)
app.command("propose")(policy_propose.propose)
app.command("history")(policy_history.history)
app.command("show")(policy_history.show)
app.command("test")(policy_test.try_cases)
app.command("unsafe-pin")(policy_pin.unsafe_pin)
