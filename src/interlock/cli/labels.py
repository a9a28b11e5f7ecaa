"""`interlock labels`: which columns carry labels because data was written there, and clearing them; labels that were
proposed; and overrides of masks."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from interlock.cli.api_client import BadUsage, plain_failures
from interlock.cli.card_text import terminal
from interlock.cli.labels_override import end_override, override, overrides
from interlock.cli.labels_proposed import confirm, proposed, reject
from interlock.cli.operator_client import DEFAULT_SETTINGS, SettingsOption, operator_client
from interlock.cli.policy_propose import AsJson
from interlock.review.visible import visible
from interlock.web.api.label_shapes import PATH, LabelledList, LabelledOut

app = typer.Typer(name="labels", no_args_is_help=True, help="Labels of columns: list, clear, confirm, override.")

app.command()(proposed)
app.command()(confirm)
app.command()(reject)
app.command()(override)
app.command()(overrides)
app.command("end-override")(end_override)

_TITLES = ("Column", "Label", "Since (UTC)", "By", "Action")


@app.callback()
def _labels() -> None:
    """Labels of columns: list, clear, confirm, override."""


@app.command("list")
def list_labels(settings: SettingsOption = DEFAULT_SETTINGS, as_json: AsJson = False) -> None:
    """List the columns to which writes took labels: since when, by whom, in which action. The gateway must be running.

    A column that was renamed since is listed by the name it was written under, and by that of now.
    """
    with plain_failures(), operator_client(settings) as client:
        found = client.get(LabelledList, PATH)
        if as_json:
            typer.echo(found.model_dump_json(indent=2))
            return
        if not found.columns:
            terminal(stderr=True).print("No column has derived labels.")
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for title in _TITLES:
            table.add_column(title, overflow="fold")
        for row in _rows(found):
            table.add_row(*(Text(visible(cell)) for cell in row))
        terminal().print(table)


@app.command()
def clear(
    column: Annotated[str, typer.Argument(metavar="COLUMN", help="As it is listed: clinic/public.notes.text.")],
    because: Annotated[str, typer.Option("--because", help="Why, in one line for the ledger; no patient data.")],
    settings: SettingsOption = DEFAULT_SETTINGS,
) -> None:
    """Clear all derived labels of a column. The gateway must be running.

    Be sure that no labelled data is left in it, and that nobody writes to it: what is on its way isn't seen. The next
    write of labelled data labels it again.
    """
    with plain_failures(), operator_client(settings) as client:
        meant = [each for each in client.get(LabelledList, PATH).columns if column in (each.column, *each.now)]
        if not meant:
            raise BadUsage("No label is derived for a column of that name. `interlock labels list` lists them.")
        for each in meant:
            labels = [label.label for label in each.labels]
            body = {"column": each.column, "labels": labels, "because": because}
            client.post(LabelledList, "/api/operator/labels/clear", body)
            told = f"{visible(each.column)} no longer carries {', '.join(visible(label) for label in labels)}."
            terminal(stderr=True).print(told, soft_wrap=True)


def _rows(found: LabelledList) -> list[tuple[str, str, str, str, str]]:
    return [
        (_name(column) if n == 0 else "", label.label, f"{label.since:%Y-%m-%d %H:%M:%S}", label.actor, label.action)
        for column in found.columns
        for n, label in enumerate(column.labels)
    ]


def _name(column: LabelledOut) -> str:
    return f"{column.column} (now {', '.join(column.now)})" if column.now else column.column
