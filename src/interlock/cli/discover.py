"""`interlock discover`: has the gateway look at a connection's columns, and tells what they seem to hold."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from time import sleep
from typing import Annotated, Final

import typer
from rich.console import Console

from interlock.cli.api_client import ApiClient, GatewayRefused, plain_failures
from interlock.cli.card_text import terminal
from interlock.cli.operator_client import DEFAULT_SETTINGS, SettingsOption, operator_client
from interlock.review.visible import visible
from interlock.web.api.proposal_shapes import DISCOVERIES, OPERATOR_DISCOVERIES, ColumnOut, RunOut, TableOut

POLL_SECONDS: Final = 0.3
LEAST_EVERY: Final = 5  # seconds

ConnectionName = Annotated[str, typer.Argument(metavar="CONNECTION", help="Its name in the settings.")]
Watch = Annotated[bool, typer.Option("--watch", help="Stay, look again and again, and tell what has changed.")]
Every = Annotated[int, typer.Option("--every", min=LEAST_EVERY, help="Seconds between two looks of --watch.")]
Times = Annotated[int, typer.Option("--times", min=0, help="Looks of --watch; 0 for until Ctrl-C.")]


class Format(StrEnum):
    """How it is told."""

    TEXT = "text"
    JSON = "json"


As = Annotated[Format, typer.Option("--format", help="For people, or one JSON document a look.")]

Seen = frozenset[tuple[str, str, str]]


def discover(
    connection: ConnectionName,
    settings: SettingsOption = DEFAULT_SETTINGS,
    watch: Watch = False,
    every: Every = 300,
    times: Times = 0,
    format: As = Format.TEXT,
) -> None:
    """Look at a connection's columns and propose labels, with evidence and without values. The gateway must be running.

    The gateway samples its tables with its own login, read-only; the ledger says who asked. What is proposed waits for
    a person: `interlock labels proposed`. Exit code 1 when it couldn't look.
    """
    with plain_failures(), operator_client(settings) as client:
        seen: Seen | None = None
        looks = 0
        while True:
            found = _looked(client, connection)
            if format is Format.JSON:
                typer.echo(found.model_dump_json(indent=None if watch else 2))
            else:
                _tell(found, seen)
            if found.state != "finished":
                raise typer.Exit(1)
            seen, looks = _changes(found), looks + 1
            if not watch or looks == times:
                return
            sleep(every)


def _looked(client: ApiClient, connection: str) -> RunOut:
    """The run that is begun now, or goes on already, once it has ended."""
    try:
        run = client.post(RunOut, OPERATOR_DISCOVERIES, {"connection": connection})
    except GatewayRefused as refused:
        if refused.code != "already_discovering":
            raise
        run = client.get(RunOut, f"{DISCOVERIES}/{connection}")
    while run.state == "running":
        sleep(POLL_SECONDS)
        run = client.get(RunOut, f"{DISCOVERIES}/{connection}")
    return run


def _tell(run: RunOut, seen: Seen | None) -> None:
    out = terminal()
    if run.state != "finished":
        terminal(stderr=True).print(f"It couldn't look: {visible(run.failure) or run.state}", soft_wrap=True)
        return
    if seen is None:
        for table in run.tables:
            _tell_table(out, table)
        for grant in run.missing:
            out.print(f"not readable; to let it look: {visible(grant)}", soft_wrap=True, markup=False)
        if run.cut:
            out.print(f"{run.cut} tables more than it looks at")
        _tell_end(out, run)
        return
    new = sorted(_changes(run) - seen)
    for place, what, labels in new:
        out.print(f"{visible(place)}: {what}{f' ({labels})' if labels else ''}", soft_wrap=True, markup=False)
    if not new:
        out.print(f"{run.begun:%H:%M:%S} UTC: nothing has changed")


def _tell_table(out: Console, table: TableOut) -> None:
    out.print(f"{visible(table.table)}  whose row: {visible(table.subject)}", soft_wrap=True, markup=False)
    if table.failed:
        out.print(f"  not sampled: {visible(table.failed)}", soft_wrap=True, markup=False)
    for column in table.columns:
        for line in _lines(column):
            out.print(f"  {line}", soft_wrap=True, markup=False)


def _lines(column: ColumnOut) -> Iterator[str]:
    """What is worth telling of a column; nothing of one that is as it is labelled."""
    name = visible(column.column)
    new = "  (new)" if "new_column" in column.drift else ""
    if column.lacks:
        yield f"{name}  should carry {', '.join(column.lacks)}{new}"
        yield from (f"    {visible(reason)}" for reason in column.evidence)
    elif new:
        yield f"{name}{new}"
    if column.otherwise:
        yield f"{name}  is labelled {', '.join(column.otherwise)}, and no sampled value looks so"


def _tell_end(out: Console, run: RunOut) -> None:
    columns = sum(len(table.columns) for table in run.tables)
    lacking = sum(bool(column.lacks) for table in run.tables for column in table.columns)
    for place in run.gone:
        out.print(f"{visible(place)} is gone since the last time", soft_wrap=True, markup=False)
    out.print(
        f"{len(run.tables)} tables, {columns} columns; {lacking} lack labels, {run.proposed} of them newly proposed."
        + (" `interlock labels proposed` lists what waits for a person." if lacking else ""),
        soft_wrap=True,
    )


def _changes(run: RunOut) -> Seen:
    """What is to be told again only when it is another: (column, what, labels)."""
    found = {(place, "is gone", "") for place in run.gone}
    for table in run.tables:
        if table.failed:
            found.add((table.table, "not sampled", table.failed))
        for column in table.columns:
            place = f"{table.table}.{column.column}"
            if column.lacks:
                found.add((place, "should carry", ", ".join(column.lacks)))
            if column.otherwise:
                found.add((place, "no longer looks as labelled", ", ".join(column.otherwise)))
            if "new_column" in column.drift:
                found.add((place, "new column", ""))
    found |= {(grant, "grant missing", "") for grant in run.missing}
    return frozenset(found)
