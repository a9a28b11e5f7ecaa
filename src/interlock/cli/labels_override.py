"""`interlock labels override | overrides | end-override`: where a mask is wrong."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from interlock.cli.api_client import BadUsage, plain_failures
from interlock.cli.card_text import terminal
from interlock.cli.operator_client import DEFAULT_SETTINGS, SettingsOption, operator_client
from interlock.cli.policy_propose import AsJson
from interlock.cli.token import length
from interlock.review.visible import visible
from interlock.web.api.override_shapes import MAX_ROW_KEY, OPERATOR_OVERRIDES, OVERRIDES, OverrideList

Because = Annotated[str, typer.Option("--because", help="Why, in one line for the ledger; no patient data.")]


def override(
    place: Annotated[
        str,
        typer.Argument(metavar="PLACE", help="A column (clinic/public.visits.code), or a connection for all of it."),
    ],
    label: Annotated[str, typer.Option("--label", help="The label that is wrong there, with all beneath it.")],
    because: Because,
    rule: Annotated[
        str, typer.Option("--rule", help="The rule to mask by instead; not_this_label: what is found isn't that.")
    ] = "not_this_label",
    lasts: Annotated[str, typer.Option("--expires", help="How long it holds: 12h, 30d.")] = "30d",
    row: Annotated[
        bool,
        typer.Option("--row", help="Of one row alone: its key comes from standard input, not from the command line."),
    ] = False,
    settings: SettingsOption = DEFAULT_SETTINGS,
) -> None:
    """Override a mask that is wrong, on record and for a time. The gateway must be running.

    It never shows a credential, and never takes a label of the catalog away: it says of what content detection finds
    that it isn't that, or picks another rule that masks.
    """
    with plain_failures():
        connection, slash, _ = place.partition("/")
        if row and not slash:
            raise BadUsage("Of a row, one column is overridden: name it.")
        body = {
            "connection": connection,
            "column": place if slash else "",
            "label": label,
            "rule": rule,
            "seconds": length(lasts),
            "row_key": _row_key() if row else "",
            "because": because,
        }
        with operator_client(settings) as client:
            made = client.post(OverrideList, OPERATOR_OVERRIDES, body).overrides[-1]
        told = f"{made.id}: {made.label} at {place} is {made.rule}, until {made.expires_at:%Y-%m-%d %H:%M:%S} UTC."
        terminal(stderr=True).print(visible(told), soft_wrap=True, markup=False)


def overrides(settings: SettingsOption = DEFAULT_SETTINGS, as_json: AsJson = False) -> None:
    """List the overrides that hold now. The gateway must be running."""
    with plain_failures(), operator_client(settings) as client:
        found = client.get(OverrideList, OVERRIDES)
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
        return
    if not found.overrides:
        terminal(stderr=True).print("No override holds.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("Override", "Where", "Label", "Rule", "Scope", "By", "Until (UTC)"):
        table.add_column(title, overflow="fold")
    for each in found.overrides:
        until = f"{each.expires_at:%Y-%m-%d %H:%M:%S}"
        cells = (each.id, each.column or each.connection, each.label, each.rule, each.scope, each.by, until)
        table.add_row(*(Text(visible(cell)) for cell in cells))
    terminal().print(table)


def end_override(
    override: Annotated[str, typer.Argument(metavar="OVERRIDE", help="Its id, as `labels overrides` lists it.")],
    because: Because,
    settings: SettingsOption = DEFAULT_SETTINGS,
) -> None:
    """End an override: the mask is back at once. The gateway must be running."""
    with plain_failures(), operator_client(settings) as client:
        if override not in {each.id for each in client.get(OverrideList, OVERRIDES).overrides}:
            raise BadUsage("No override of that id holds. `interlock labels overrides` lists them.")
        client.post(OverrideList, f"{OPERATOR_OVERRIDES}/{override}/end", {"because": because})
        terminal(stderr=True).print(visible(f"{override} has ended."), soft_wrap=True, markup=False)


def _row_key() -> str:
    """From standard input: a key may tell who somebody is, and command lines are seen by others."""
    key = sys.stdin.readline(MAX_ROW_KEY + 2).rstrip("\r\n")
    if not key or len(key) > MAX_ROW_KEY:
        raise BadUsage(f"Give the row's key on standard input, in one line of up to {MAX_ROW_KEY} characters.")
    return key
