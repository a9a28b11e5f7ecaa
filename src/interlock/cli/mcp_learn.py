"""`interlock mcp learn`: a server's tools, pinned in a file, with a map proposed for each that has none."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from interlock.cli.settings_option import DEFAULT_SETTINGS, SettingsOption

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of an [mcp.NAME].")]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="Where to; else the file that has this server's tools, or NAME.json."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Write without asking.")]
Prune = Annotated[bool, typer.Option("--prune", help="Take out what the server doesn't list any more.")]


def learn(
    name: Name,
    out: Out = None,
    yes: Yes = False,
    prune: Prune = False,
    settings: SettingsOption = DEFAULT_SETTINGS,
) -> None:
    """Asks a server for its tools and writes them to a file of [policy] tools, with what changed shown first.

    Maps that are there stay; for new tools one is proposed and marked as guessed. Nothing is in force by that: it is
    proposed and signed for like all policies. Exit code 1: the server can't be asked, or nothing was to be written.
    """
    # The gateway takes long to import, and whoever connects over stdio (`interlock mcp NAME`) needs none of it.
    import_module("interlock.cli.mcp_learning").run(name, settings, out, yes=yes, prune=prune)
