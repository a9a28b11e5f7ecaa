"""`interlock figures`: how people keep up with what they are asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.table import Table
from rich.text import Text

from interlock import app as composition
from interlock import settings as settings_file
from interlock.cli.api_client import GatewayUnreachable, plain_failures
from interlock.cli.card_text import terminal
from interlock.cli.log_entries import figures_entries, store_log
from interlock.cli.operator_client import DEFAULT_SETTINGS, SettingsOption, operator_client
from interlock.ledger.figures import Figures
from interlock.model.settings import Settings
from interlock.review.visible import visible
from interlock.stores.clock import SystemClock
from interlock.web.api.figures import DAYS, MAX_DAYS, PATH, FiguresOut, TimesOut, figures_out

DaysOption = Annotated[int, typer.Option("--days", min=1, max=MAX_DAYS, help="Back to when.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the figures as JSON, as GET /api/figures gives them.")]

_ENDED: Final = {
    "approved": "approved by votes",
    "denied": "denied",
    "glass": "let through by breaking the glass",
    "expired": "expired",
    "withdrawn": "withdrawn",
    "superseded": "superseded",
}


def figures(settings: SettingsOption = DEFAULT_SETTINGS, days: DaysOption = DAYS, as_json: AsJson = False) -> None:
    """Figures about fatigue: how long decisions take, how they are made, and who carries them.

    From the gateway where it runs, with the operator's token; else from the store.
    """
    with plain_failures():
        found = _figures(settings_file.load(settings), settings, days)
        if as_json:
            typer.echo(found.model_dump_json(indent=2))
            return
        for line in _lines(found):
            typer.echo(line)
        for table in _tables(found):
            typer.echo()
            terminal().print(table)


def _figures(settings: Settings, file: Path, days: int) -> FiguresOut:
    try:
        with operator_client(file) as client:
            return client.get(FiguresOut, PATH, {"days": days})
    except GatewayUnreachable:
        return _from_store(settings, days)


def _from_store(settings: Settings, days: int) -> FiguresOut:
    """The same fold over the store's log, which nothing is verified of here."""
    fold = Figures()
    for entry in figures_entries(store_log(composition.store_path(settings))):
        fold.take(entry)
    return figures_out(fold.over(timedelta(days=days), SystemClock().now()), everybody=True)


def _lines(found: FiguresOut) -> Iterator[str]:
    yield f"From {found.since:%Y-%m-%d %H:%M:%S} to {found.until:%Y-%m-%d %H:%M:%S} UTC"
    if not found.complete:
        yield "More happened than the gateway remembers: the oldest of it isn't counted."
    yield f"{found.opened} opened, {found.waiting} waiting now ({found.waiting_unseen} of them seen by nobody)"
    ended = [f"{count} {_ENDED[how]}" for how, count in found.ended.items() if count]
    yield f"Ended: {', '.join(ended) or 'none'}"
    yield f"{found.unanswered} expired without a vote; nobody had looked at {found.unseen} of those that ended"
    yield f"From the request to the first look: {_took(found.first_look)}"
    yield f"From the request to the decision: {_took(found.decision)}"
    votes = found.votes
    yield f"{votes.count} votes, {_share(votes.approval_share)} of them yes"
    yield f"Under two seconds: {votes.quick} of the {votes.measured} whose first look is known"


def _tables(found: FiguresOut) -> Iterator[Table]:
    if found.groups:
        groups: list[tuple[str, ...]] = [(each.group, _took(each.decision)) for each in found.groups]
        yield _table(("Group asked", "From the request to the decision"), groups)
    if found.people:
        people: list[tuple[str, ...]] = [
            (
                each.person,
                str(each.votes.count),
                str(each.last_day),
                f"{each.busiest:%m-%d %H:00}, {each.busiest_votes}",
                _share(each.votes.approval_share) + (", never a no" if each.votes.always_yes else ""),
                f"{each.votes.quick} of {each.votes.measured}",
            )
            for each in found.people
        ]
        yield _table(("Person", "Votes", "Last 24 h", "Busiest hour (UTC)", "Said yes", "Under 2 s"), people)
    if found.requesters:
        yield _table(("Requester", "Opened"), [(each.actor, str(each.opened)) for each in found.requesters])


def _table(titles: tuple[str, ...], rows: list[tuple[str, ...]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    return table


def _took(times: TimesOut) -> str:
    if times.p50 is None or times.p90 is None:
        return "none yet"
    return f"half within {times.p50:.1f} s, 90 % within {times.p90:.1f} s ({times.count})"


def _share(share: float | None) -> str:
    return "none yet" if share is None else f"{share:.0%}"
