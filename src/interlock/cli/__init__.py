"""The command line: one file a verb."""

from __future__ import annotations

import sys

import typer

from interlock.cli import (
    check,
    console,
    demo,
    init,
    ledger,
    ledger_export,
    ledger_reset,
    policy,
    policy_history,
    policy_pin,
    policy_propose,
    policy_test,
    review,
    serve,
    token,
)
from interlock.errors import InterlockError, Mistakes

app = typer.Typer(
    name="interlock",
    help="An interlock between AI agents and the systems they act on.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("init")(init.init)
app.command("check")(check.check)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
ledger.app.command("export")(ledger_export.export)
ledger.app.command("key")(ledger_export.key)
ledger.app.command("unsafe-reset-signer")(ledger_reset.unsafe_reset_signer)
policy.app.command("propose")(policy_propose.propose)
policy.app.command("history")(policy_history.history)
policy.app.command("show")(policy_history.show)
policy.app.command("test")(policy_test.try_cases)
policy.app.command("unsafe-pin")(policy_pin.unsafe_pin)
app.add_typer(token.app, name="token", help="Keys of agents, services and people.")
app.add_typer(review.app, name="review", help="Held actions: list, show, approve, deny, watch.")
app.add_typer(console.app, name="console", help="Signing in to the console.")
app.add_typer(policy.app, name="policy", help="Policies: check.")
app.add_typer(ledger.app, name="ledger", help="The ledger: verify, export, key.")


def main() -> None:
    """Runs the command line; what we refuse ends with one sentence and exit code 2, never a traceback."""
    try:
        app()
    except Mistakes as error:
        for mistake in error.mistakes:
            print(mistake, file=sys.stderr)
        sys.exit(2)
    except InterlockError as error:
        print(f"interlock: {error.sentence}", file=sys.stderr)
        sys.exit(2)
