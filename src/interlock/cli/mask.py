"""`interlock mask`: files with what is in them masked, in their own formats."""

from __future__ import annotations

import codecs
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Final

import typer

from interlock.app.document_files import masked
from interlock.app.documents import FormatName, Report, Run
from interlock.app.library import Detector, Masker
from interlock.app.measured import recall_line
from interlock.cli.document_options import (
    EncodingOption,
    FilesArgument,
    FormatOption,
    LayersOption,
    RegimeOption,
    check_files,
    exit_code,
    layers_named,
    opened,
    plain_ends,
    say_bad_line,
    tell,
)
from interlock.errors import MalformedInput

_READ_AND_WRITE: Final = 0o666  # what a masked copy keeps of its source's mode: nothing that is run, no set-user-id


def mask(
    files: FilesArgument,
    profile: Annotated[str, typer.Option("--profile", help="How values are masked.")] = "safe_harbor",
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="FILE", help="A secret of 32 bytes or more: pseudonyms, date shifts."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write each file there by its name, not to stdout.")
    ] = None,
    format: FormatOption = FormatName.AUTO,
    layers: LayersOption = "",
    regime: RegimeOption = "phi",
    encoding: EncodingOption = "utf-8",
) -> None:
    """Masks PHI, PII, payment data and secrets in files; each comes out in its own format, all else as it was.

    Counts by label and the engine's measured recall go to standard error. Exit code 1 where lines couldn't be read, and
    were left out, or values couldn't be looked into, and were hidden whole.
    """
    check_files(files)
    _check_out(files, out)
    run = Masker(profile, key, detector=Detector(layers_named(layers), regime)).new_run()
    run.report.on_bad_line = say_bad_line
    with plain_ends():
        for path in files:
            if out is None:
                _mask(run, path, sys.stdout.buffer, format, encoding)
            else:
                with _written_whole(out / path.name, path) as into:
                    _mask(run, path, into, format, encoding)
    tell(run.report)
    _tell_counts(run.report)
    raise typer.Exit(exit_code(run.report))


def _mask(run: Run, path: Path, into: IO[bytes], format: FormatName, encoding: str) -> None:
    with opened(path, encoding) as source:
        encoder = codecs.getincrementalencoder(source.encoding)("replace")
        for part in masked(run, source, format):
            into.write(encoder.encode(part))
        into.write(encoder.encode("", final=True))
        into.flush()


@contextmanager
def _written_whole(target: Path, source: Path) -> Iterator[IO[bytes]]:
    """A file that is there under its name once all of it is on the disk, never in part, for those who may read the
    source. Raises `OSError`, also where something is there already, be it a symbolic link."""
    beside = target.with_name(f".{secrets.token_hex(8)}.part")  # not after the target: a name may be as long as it gets
    private = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(private, "wb") as into:
            yield into
            into.flush()
            os.fchmod(into.fileno(), stat.S_IMODE(source.stat().st_mode) & _READ_AND_WRITE)
            os.fsync(into.fileno())
        os.link(beside, target, follow_symlinks=False)  # unlike a rename, it never replaces one
    finally:
        beside.unlink(missing_ok=True)


def _check_out(files: list[Path], out: Path | None) -> None:
    if out is None:
        if len(files) > 1:
            raise MalformedInput("several files need --out DIR, a directory to write them to")
        return
    if not out.is_dir():
        raise MalformedInput(f"{out} isn't a directory")
    names = [path.name for path in files]
    taken = [name for name in names if names.count(name) > 1 or (out / name).exists() or name in ("", "-")]
    if taken:
        raise MalformedInput(f"{out / taken[0]} would be written twice, or is there already")


def _tell_counts(report: Report) -> None:
    total = sum(report.counts.values())
    typer.echo(f"interlock: masked {total} values", err=True)
    for label, count in sorted(report.counts.items()):
        typer.echo(f"  {label}: {count}", err=True)
    typer.echo(recall_line(), err=True)
