"""`interlock detect`: what PHI, PII, payment data and secrets are in files."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer

from interlock.app.document_files import detected, written_json
from interlock.app.documents import FormatName, Run
from interlock.app.library import Detector
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


def detect(
    files: FilesArgument,
    format: FormatOption = FormatName.AUTO,
    layers: LayersOption = "",
    regime: RegimeOption = "phi",
    labels: Annotated[bool, typer.Option("--labels", help="Print only how much of each label there is.")] = False,
    encoding: EncodingOption = "utf-8",
) -> None:
    """Finds PHI, PII, payment data and secrets in files, and prints where they are, never what they are.

    JSON lines of {"id", "text"} come out as {"id", "spans"}, in their order; of all other formats, each finding is a
    line with its path. Offsets count characters of the value, as Python does. Exit code 1 where lines couldn't be read,
    or values couldn't be looked into: those are findings whole.
    """
    check_files(files)
    run = Detector(layers_named(layers), regime).new_run()
    run.report.on_bad_line = say_bad_line
    with plain_ends():
        for path in files:
            for found in _of_file(run, path, format, encoding, len(files) > 1):
                if not labels:
                    sys.stdout.write(f"{written_json(found)}\n")
        if labels:
            sys.stdout.write(f"{json.dumps(dict(sorted(run.report.counts.items())))}\n")
    tell(run.report)
    raise typer.Exit(exit_code(run.report))


def _of_file(run: Run, path: Path, format: FormatName, encoding: str, several: bool) -> Iterator[Mapping[str, object]]:
    with opened(path, encoding) as source:
        for found in detected(run, source, format):
            yield {"file": str(path), **found} if several else found
