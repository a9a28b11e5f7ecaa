"""`interlock policy explain`: why an action is decided as it is, and what would change it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from interlock import settings as settings_file
from interlock.cli.explained import document, lines
from interlock.cli.policy_asking import Asked, of_case, of_flags, of_sql, of_tool, said
from interlock.cli.policy_inputs import DEFAULT_SETTINGS, AsJson, SettingsOption, known_actor, say, say_json
from interlock.errors import SettingsMistakes
from interlock.policy.explain import explain as explained
from interlock.policy.outcomes import Outcome

Actor = Annotated[str, typer.Option("--actor", help="Who asks: an agent, service or person of the settings.")]
BehalfOf = Annotated[
    list[str] | None, typer.Option("--on-behalf-of", metavar="ACTOR", help="Nearest first. Repeatable.")
]
Connection = Annotated[str, typer.Option("--connection", help="Where.")]
Sql = Annotated[str | None, typer.Option("--sql", help="One SQL statement. It is described on the server, never run.")]
ToolName = Annotated[str | None, typer.Option("--tool", metavar="CONNECTION/NAME", help="A call of a tool.")]
Arguments = Annotated[str, typer.Option("--arguments", metavar="JSON", help="The call's arguments.")]
Tools = Annotated[
    Path | None,
    typer.Option("--tools", metavar="FILE", help="Defines further tools, as [policy] tools.", dir_okay=False),
]
Case = Annotated[str | None, typer.Option("--case", metavar="FILE:NAME", help="A case of `interlock policy test`.")]
Verb = Annotated[str | None, typer.Option("--verb", help="An action told by its parts, as cases tell it.")]
ResourceName = Annotated[str, typer.Option("--resource", help="With --verb: public.patients; else the connection.")]
Kind = Annotated[str, typer.Option("--kind", help="With --verb: the resource's kind.")]
Labels = Annotated[str, typer.Option("--labels", help="With --verb: what it shows, with commas between.")]
Filters = Annotated[str, typer.Option("--filters", help="With --verb: labels that it tests.")]
Probes = Annotated[
    str | None, typer.Option("--probes", help="With --verb: what of them can be guessed by it; else all.")
]
Writes = Annotated[str, typer.Option("--writes", help="With --verb: labels that it writes.")]
Unbounded = Annotated[bool, typer.Option("--unbounded", help="With --verb: a write that nothing limits.")]
Opaque = Annotated[bool, typer.Option("--opaque", help="With --verb: not all of it could be read.")]
Reason = Annotated[str, typer.Option("--reason", help="The reason that the asker gives.")]
Ticket = Annotated[str, typer.Option("--ticket", help="The ticket that the asker gives.")]
Reveal = Annotated[
    str, typer.Option("--reveal", help="Columns to see unmasked; with --verb each with its label behind.")
]


def explain(
    actor: Actor = "",
    connection: Connection = "",
    sql: Sql = None,
    tool: ToolName = None,
    arguments: Arguments = "{}",
    tools: Tools = None,
    case: Case = None,
    verb: Verb = None,
    resource: ResourceName = "",
    kind: Kind = "",
    labels: Labels = "",
    filters: Filters = "",
    probes: Probes = None,
    writes: Writes = "",
    unbounded: Unbounded = False,
    opaque: Opaque = False,
    reason: Reason = "",
    ticket: Ticket = "",
    reveal: Reveal = "",
    on_behalf_of: BehalfOf = None,
    settings: SettingsOption = DEFAULT_SETTINGS,
    as_json: AsJson = False,
) -> None:
    """Explains one action: the outcome, every policy that spoke, who would have to sign, and what would change it.

    Asked with --sql, --tool, --case or --verb. Exit code 0: allowed; 1: held or denied; 2: it can't be told.
    """
    if sum(given is not None for given in (sql, tool, case, verb)) != 1:
        raise SettingsMistakes(["say what is asked by one of --sql, --tool, --case and --verb"])
    behalf_of = tuple(on_behalf_of or ())
    if case is not None:
        asked = of_case(case, settings)
    elif verb is not None:
        told: dict[str, object] = {
            "actor": {"id": actor, "on_behalf_of": list(behalf_of)} if behalf_of else actor,
            "connection": connection,
            "verb": verb,
            "resource": resource,
            "kind": kind,
            "labels": _words(labels),
            "filters": _words(filters),
            **({} if probes is None else {"probes": _words(probes)}),
            "writes": _words(writes),
            "reveal": _words(reveal),
            "reason": reason,
            "ticket": ticket,
            "unbounded": unbounded,
            "opaque": opaque,
        }
        asked = of_flags(settings_file.load(settings), {k: v for k, v in told.items() if v or k == "probes"})
    else:
        asked = _request(settings, actor, behalf_of, connection, sql, tool, arguments, tools, (reason, ticket, reveal))
    _tell(asked, as_json)


def _request(
    path: Path,
    actor: str,
    behalf_of: tuple[str, ...],
    connection: str,
    sql: str | None,
    tool: str | None,
    arguments: str,
    tools: Path | None,
    beside: tuple[str, str, str],
) -> Asked:
    loaded = settings_file.load(path)
    who, told = known_actor(loaded, actor, behalf_of), said(*beside)
    if tool is not None:
        return of_tool(loaded, who, tool, arguments, tools, told)
    return asyncio.run(of_sql(loaded, who, connection, sql or "", told))


def _tell(asked: Asked, as_json: bool) -> None:
    found = explained(asked.bundle, asked.action, asked.at, asked.recent, groups=asked.groups, excluded=asked.excluded)
    if as_json:
        say_json(document(asked, found))
    else:
        for line in lines(asked, found):
            say(line)
    if found.verdict.outcome is not Outcome.ALLOWED:
        raise typer.Exit(1)


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
