"""`interlock ledger`: what an outsider does with a log, with nothing but its files and a key from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from interlock.cli import ledger_export, ledger_reset
from interlock.errors import LedgerCorrupt, MalformedInput
from interlock.ledger.chains import node_of
from interlock.ledger.note import VerifyingKey, parse_vkey
from interlock.ledger.steps import TITLES
from interlock.ledger.verify import KeysFrom, Verdict
from interlock.ledger.verify import verify as verify_log

MAX_FILE = 256 * (2 + 65_535)  # bytes: the longest file of a log, a bundle of the longest entries

VERIFIED, NOT_VERIFIED, BAD_USAGE = 0, 1, 2

_KEYS_FROM = {
    KeysFrom.GIVEN: "the nodes' keys are the ones you gave",
    KeysFrom.ANNOUNCED: "the nodes' keys are announced by this log itself; pin them with --node-key",
    KeysFrom.NOT_CHECKED: "the entries' contents weren't looked at (--tree-only)",
}

app = typer.Typer(name="ledger", no_args_is_help=True, help="Verify, export and identify the ledger.")


@app.callback()
def _ledger() -> None:
    """Verify, export and identify the ledger."""


@dataclass(frozen=True, slots=True)
class DirectoryReader:
    """A log's files in a directory."""

    root: Path

    def read(self, path: str) -> bytes | None:
        """The file's bytes, cut one past the longest that a log has; None when there is no such regular file."""
        file = self.root / path
        if not file.is_file():
            return None
        with file.open("rb") as opened:
            return opened.read(MAX_FILE + 1)


@app.command()
def verify(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="An exported log (C2SP tlog-tiles).")],
    key: Annotated[str, typer.Option(metavar="VKEY", help="The log's verifying key, or a file holding it.")],
    old: Annotated[
        Path | None, typer.Option(metavar="CHECKPOINT", help="A checkpoint kept from before: the log must continue it.")
    ] = None,
    node_key: Annotated[
        list[str] | None, typer.Option(metavar="VKEY", help="A node's verifying key, or a file holding it. Repeatable.")
    ] = None,
    tree_only: Annotated[
        bool, typer.Option("--tree-only", help="Check the tree alone, for a log that Interlock didn't write.")
    ] = False,
) -> None:
    """Verify an exported log. Exit code 0: verified; 1: not verified; 2: the command can't be run like that."""
    console = Console(highlight=False, soft_wrap=True)
    try:
        root = _directory(directory)
        log_key = _key(key, root)
        node_keys = [_node_key(text, root) for text in node_key or ()]
        earlier = _file(old) if old is not None else None
    except _Usage as wrong:
        _end(console, BAD_USAGE, "can't verify", wrong.sentence)
    try:
        verdict = verify_log(DirectoryReader(root), log_key, earlier=earlier, node_keys=node_keys, tree_only=tree_only)
    except (LedgerCorrupt, OSError) as failed:
        _end(console, NOT_VERIFIED, "NOT VERIFIED", _why(failed))
    _show(console, verdict)


class _Usage(Exception):
    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def _directory(path: Path) -> Path:
    if not path.is_dir():
        raise _Usage("DIR isn't a directory")
    return path.resolve()


def _key(text: str, log: Path) -> VerifyingKey:
    """The key that `text` is, or that the file it names holds; a file inside the log vouches for nothing."""
    try:
        return parse_vkey(text)
    except MalformedInput as malformed:
        if text.count("+") >= 2:  # a key that is wrong, rather than a file's name
            raise _Usage(malformed.sentence) from None
    path = Path(text)
    if any(place.is_relative_to(log) for place in (path.resolve(), path.parent.resolve() / path.name)):
        raise _Usage("a key that lies inside the log proves nothing: get it from somewhere else")
    try:
        return parse_vkey(_file(path).decode("utf-8", "replace").strip())
    except MalformedInput as malformed:
        raise _Usage(malformed.sentence) from None


def _node_key(text: str, log: Path) -> VerifyingKey:
    key = _key(text, log)
    try:
        node_of(key)
    except MalformedInput as malformed:
        raise _Usage(malformed.sentence) from None
    return key


def _file(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise _Usage(f"there is no file {path}")
        with path.open("rb") as opened:
            return opened.read(MAX_FILE + 1)
    except OSError as failed:
        raise _Usage(f"can't read {path}: {failed.strerror}") from None


def _why(failed: LedgerCorrupt | OSError) -> str:
    if isinstance(failed, LedgerCorrupt):
        return failed.sentence
    return f"a file of the log can't be read: {failed.strerror}"


def _show(console: Console, verdict: Verdict) -> None:
    for step in verdict.steps:
        console.print(f"[green]✓[/green] {step.value}. {TITLES[step]}")
    console.print(_KEYS_FROM[verdict.keys_from], style="dim" if verdict.keys_from is KeysFrom.GIVEN else "yellow")
    entries = "1 entry" if verdict.size == 1 else f"{verdict.size} entries"
    sentence = f"{verdict.origin}, {entries}, root {verdict.root.hex()}"
    console.print(f"[bold green]verified[/bold green]: {escape(sentence)}")


def _end(console: Console, code: int, verdict: str, sentence: str) -> NoReturn:
    console.print(f"[bold red]{verdict}[/bold red]: {escape(sentence)}")
    raise typer.Exit(code)


app.command("export")(ledger_export.export)
app.command("key")(ledger_export.key)
app.command("unsafe-reset-signer")(ledger_reset.unsafe_reset_signer)
