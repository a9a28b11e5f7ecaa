"""`interlock init`: keys, settings and examples for a new gateway."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Annotated

import typer

from interlock.cli.starting_files import CATALOG, LOCAL_POLICY, settings_text
from interlock.errors import InterlockError
from interlock.settings import is_node, is_origin
from interlock.stores.entropy import SystemEntropy
from interlock.stores.keys import create_keys

OPERATOR_TOKEN = "operator.token"  # noqa: S105  a file's name
OPERATOR_TOKEN_BYTES = 32

Directory = Annotated[Path, typer.Argument(help="Where to write; made when it isn't there.", file_okay=False)]
Origin = Annotated[str, typer.Option("--origin", help="The log's name: a host with a path, yours alone, for good.")]
Node = Annotated[str, typer.Option("--node", help="This node's name.")]


def init(directory: Directory = Path(), origin: Origin = "interlock.local/gateway/1", node: Node = "n1") -> None:
    """Writes keys (mode 0600), a commented interlock.toml that pins the node key, and an example policy and catalog.

    Nothing is overwritten.
    """
    if not is_origin(origin) or not is_node(node):
        raise InterlockError(
            "--origin is a host with a path and no scheme, such as interlock.local/clinic/1; --node is one word",
            code="init",
        )
    files = {"policies/local.cedar": LOCAL_POLICY, "catalogs/clinic.toml": CATALOG}
    _refuse_to_overwrite(directory, ["interlock.toml", f"keys/{OPERATOR_TOKEN}", *files])
    keys = create_keys(directory / "keys", origin, node, SystemEntropy())
    _write(directory / "keys" / OPERATOR_TOKEN, secrets.token_urlsafe(OPERATOR_TOKEN_BYTES) + "\n", 0o600)
    files["interlock.toml"] = settings_text(origin, node, keys["node"])
    for name, text in files.items():
        _write(directory / name, text, 0o644)
    typer.echo(f"Wrote {', '.join(sorted(files))} and the keys, in {directory}.")
    typer.echo("Keep the keys directory to this machine and its backup: without it nothing in the store can be opened.")
    typer.echo(f"Give this key to whoever will verify the ledger: {keys['log']}")
    typer.echo("Next: edit interlock.toml, then `interlock check`, then `interlock serve`.")


def _refuse_to_overwrite(directory: Path, names: list[str]) -> None:
    there = [name for name in names if (directory / name).exists()]
    if there:
        raise InterlockError(f"{there[0]} is there already, and `interlock init` overwrites nothing", code="init")


def _write(path: Path, text: str, mode: int) -> None:
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
