"""The verbs of the command line: each is imported when it is the one that is asked for.

The gateway itself takes seconds to import, and `interlock review list` needs none of it. What `interlock --help` says
of a verb stands here; tests hold it equal to what the verb says of itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup


@dataclass(frozen=True, slots=True)
class Verb:
    """Where a verb is: a function, or a `typer.Typer` of more verbs, called `attribute` in `interlock.cli.<module>`."""

    module: str
    attribute: str
    help: str

    def command(self) -> Any:
        """The verb as Typer runs it."""
        found = getattr(import_module(f"interlock.cli.{self.module}"), self.attribute)
        if isinstance(found, typer.Typer):
            return typer.main.get_group(found)
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        alone.command()(found)
        return typer.main.get_command(alone)


VERBS: Final[Mapping[str, Verb]] = {
    "init": Verb(
        "init",
        "init",
        "Writes keys (mode 0600), a commented interlock.toml that pins the node key, and an example policy and "
        "catalog.",
    ),
    "check": Verb(
        "check",
        "check",
        "Checks all that `serve` reads before it starts, without starting it; exit code 2 when there is a mistake.",
    ),
    "serve": Verb("serve", "serve", "Runs the gateway until it is told to stop (SIGINT or SIGTERM)."),
    "doctor": Verb(
        "doctor",
        "doctor",
        "Looks at settings, policies, people, keys, the ledger, the doors and the protected servers; changes nothing.",
    ),
    "demo": Verb("demo", "demo", "Runs the demo; without --once until Ctrl-C."),
    "login": Verb(
        "login",
        "login",
        "Get a short-lived password for the gateway's doors; you confirm it in the console. Reads INTERLOCK_URL.",
    ),
    "mcp": Verb(
        "mcp", "app", "MCP: connect a client that speaks stdio (`interlock mcp NAME`), and the tools of servers."
    ),
    "token": Verb("token", "app", "Keys of agents, services and people."),
    "connection": Verb("connection", "app", "Protected servers: add, test, list."),
    "person": Verb("person", "app", "People: their passkeys and sessions."),
    "labels": Verb("labels", "app", "Labels of columns: list, clear, confirm, override."),
    "discover": Verb(
        "discover",
        "discover",
        "Look at a connection's columns and propose labels, with evidence and without values. The gateway must be "
        "running.",
    ),
    "review": Verb("review", "app", "Held actions: list, show, approve, deny, comment, answer, withdraw, watch."),
    "console": Verb("console", "app", "Signing in to the console."),
    "figures": Verb(
        "figures",
        "figures",
        "Figures about fatigue: how long decisions take, how they are made, and who carries them.",
    ),
    "policy": Verb("policy", "app", "Policies: check, explain, simulate, compare."),
    "sql": Verb("sql_explain", "app", "SQL: explain what a statement reads, returns, tests and writes."),
    "detect": Verb(
        "detect",
        "detect",
        "Finds PHI, PII, payment data and secrets in files, and prints where they are, never what they are.",
    ),
    "mask": Verb(
        "mask",
        "mask",
        "Masks PHI, PII, payment data and secrets in files; each comes out in its own format, all else as it was.",
    ),
    "ledger": Verb("ledger", "app", "Verify, export and identify the ledger."),
}


class Verbs(TyperGroup):
    """Lists the verbs by what stands here, and imports the one that is asked for."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """(name, the verb itself, what is left of `args`); ends with a usage error where there is no such verb."""
        name, command, rest = super().resolve_command(ctx, args)
        found = VERBS.get(name or "")
        return name, found.command() if found is not None else command, rest


def listed(name: str, help: str) -> typer.Typer:
    """The command line, with every verb in its list."""
    app = typer.Typer(name=name, help=help, cls=Verbs, no_args_is_help=True, pretty_exceptions_enable=False)
    for verb, found in VERBS.items():
        app.command(verb, help=found.help)(_stands_in())
    return app


def _stands_in() -> Callable[[], None]:
    def never() -> None:
        raise AssertionError("the verb itself runs")

    return never
