"""`interlock labels proposed | confirm | reject`: what discovery proposed, and what becomes of it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from interlock.cli.api_client import ApiClient, BadUsage, plain_failures
from interlock.cli.card_text import terminal
from interlock.cli.operator_client import DEFAULT_SETTINGS, SettingsOption, operator_client
from interlock.cli.policy_propose import AsJson
from interlock.review.visible import visible
from interlock.web.api.proposal_shapes import OPERATOR_PROPOSED, PROPOSED, ProposalList, ProposalOut

Which = Annotated[
    list[str], typer.Argument(metavar="PROPOSAL...", help="Ids, or columns, as `labels proposed` lists them.")
]
Because = Annotated[str, typer.Option("--because", help="Why, in one line for the ledger; no patient data.")]
Only = Annotated[list[str] | None, typer.Option("--label", help="Confirm these labels alone; may be repeated.")]
Confirmed = Annotated[bool, typer.Option("--confirmed", help="Those that were confirmed, instead.")]


def proposed(
    settings: SettingsOption = DEFAULT_SETTINGS, confirmed: Confirmed = False, as_json: AsJson = False
) -> None:
    """List labels that discovery proposed, with the evidence. The gateway must be running."""
    with plain_failures(), operator_client(settings) as client:
        found = client.get(ProposalList, PROPOSED)
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
        return
    listed = found.confirmed if confirmed else found.waiting
    if not listed:
        terminal(stderr=True).print("No label was confirmed." if confirmed else "No proposed label waits for a person.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("Proposal", "Column", "Labels", "Why"):
        table.add_column(title, overflow="fold")
    for each in listed:
        cells = (each.id, each.column, "\n".join(each.labels), "\n".join(each.evidence))
        table.add_row(*(Text("\n".join(visible(line) for line in cell.split("\n"))) for cell in cells))
    terminal().print(table)


def confirm(which: Which, because: Because, settings: SettingsOption = DEFAULT_SETTINGS, only: Only = None) -> None:
    """Confirm proposed labels: the columns carry them from then on, besides what the catalog file says.

    The gateway must be running. Sessions that are open go by it at once.
    """
    with plain_failures(), operator_client(settings) as client:
        for each in _meant(client, which, waiting_alone=True):
            labels = [label for label in each.labels if only is None or label in only]
            if not labels:
                raise BadUsage(f"None of these labels is proposed for {each.column}.")
            _judge(client, each, "confirm", labels, because)
            _tell(f"{each.column} carries {', '.join(labels)}.")


def reject(which: Which, because: Because, settings: SettingsOption = DEFAULT_SETTINGS) -> None:
    """Reject proposed labels: they aren't proposed again for the same evidence. The gateway must be running.

    What was confirmed can be rejected by its id: the column loses those labels.
    """
    with plain_failures(), operator_client(settings) as client:
        for each in _meant(client, which, waiting_alone=False):
            _judge(client, each, "reject", each.labels, because)
            _tell(f"{each.column}: {', '.join(each.labels)} rejected.")


def _meant(client: ApiClient, which: list[str], *, waiting_alone: bool) -> list[ProposalOut]:
    found = client.get(ProposalList, PROPOSED)
    others = [] if waiting_alone else found.confirmed
    meant: list[ProposalOut] = []
    for word in which:
        here = [each for each in found.waiting if word in (each.id, each.column)]
        here += [each for each in others if word == each.id]
        if not here:
            raise BadUsage("Nothing is proposed under that name. `interlock labels proposed` lists what is.")
        meant += here
    return list({each.id: each for each in meant}.values())


def _judge(client: ApiClient, each: ProposalOut, verdict: str, labels: list[str], because: str) -> None:
    client.post(ProposalList, f"{OPERATOR_PROPOSED}/{each.id}/{verdict}", {"labels": labels, "because": because})


def _tell(sentence: str) -> None:
    terminal(stderr=True).print(visible(sentence), soft_wrap=True, markup=False)
