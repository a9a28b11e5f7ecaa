"""What `interlock detect` and `interlock mask` have in common: their options, the files they read, what they tell."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Final

import typer

from interlock.app.document_files import Source
from interlock.app.documents import FormatName, Report
from interlock.errors import InterlockError, MalformedInput

STDIN: Final = Path("-")

FilesArgument = Annotated[
    list[Path], typer.Argument(metavar="FILE...", help="What to read; - is standard input.", show_default=False)
]
FormatOption = Annotated[FormatName, typer.Option("--format", help="What the documents are.")]
LayersOption = Annotated[
    str,
    typer.Option(
        "--layers",
        help="Only these layers, with commas: normalise, column, structured, dates, names, ner, propagation.",
    ),
]
RegimeOption = Annotated[str, typer.Option("--regime", help="phi for health care, pii for anything else.")]
EncodingOption = Annotated[
    str, typer.Option("--encoding", help="Of documents without a byte order mark, such as latin-1.")
]


def layers_named(layers: str) -> list[str] | None:
    """The layers of an option; None for all."""
    named = [each.strip() for each in layers.split(",") if each.strip()]
    return named or None


def check_files(paths: list[Path]) -> None:
    """Before anything is read of the first. Raises `MalformedInput` for what isn't there or is a directory."""
    for path in paths:
        if path == STDIN:
            continue
        if path.is_dir():
            raise MalformedInput(f"{path} is a directory: name the files in it")
        if not path.exists():
            raise MalformedInput(f"{path} isn't there")


@contextmanager
def opened(path: Path, encoding: str) -> Iterator[Source]:
    """The document, closed afterwards. Raises `MalformedInput` where it can't be read."""
    if path == STDIN:
        yield Source(sys.stdin.buffer, "standard input", encoding)
        return
    try:
        raw: IO[bytes] = path.open("rb")
    except OSError as error:
        raise MalformedInput(f"{path} can't be read: {error.strerror}") from None
    with raw:
        yield Source(raw, str(path), encoding)


@contextmanager
def plain_ends() -> Iterator[None]:
    """A reader that goes away (`| head`) ends the command in silence, with exit code 1: not all was written."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the flush at exit finds an end
        raise typer.Exit(1) from None
    except OSError as error:
        raise InterlockError(f"can't read or write: {error.strerror}", code="io") from None


def tell(report: Report) -> None:
    """Notes, and what was hidden unseen; on standard error, without values."""
    for note in report.notes:
        _say(note)
    if report.failed:
        _say(f"values hidden whole because the detector failed on them: {report.failed}")
    if report.undecodable:
        told = "values and lines hidden whole because of bytes that are no character in this encoding"
        _say(f"{told}: {report.undecodable}; --encoding states another")
    if report.bad_lines:
        _say(f"lines left out because they aren't what they should be: {report.bad_lines}")


def say_bad_line(sentence: str) -> None:
    """At once: the reader may be waiting for it."""
    _say(sentence)


def exit_code(report: Report) -> int:
    """1 where something couldn't be looked into."""
    return 0 if report.all_looked_into else 1


def _say(sentence: str) -> None:
    typer.echo(f"interlock: {sentence}", err=True)
