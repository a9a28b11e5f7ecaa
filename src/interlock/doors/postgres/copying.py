"""COPY's options, from the statement as judged to the wire that reads its rows, whichever way they go."""

from __future__ import annotations

from interlock.errors import MalformedInput
from interlock.sql import shape
from interlock.wire.postgres.copy_data import CopyFormat, CopyOptions
from interlock.wire.postgres.copy_in import copy_in_reader

MAX_ROW = 64 * 1024 * 1024  # bytes of one row that is looked into


def copy_options(copy: shape.CopyOptions) -> CopyOptions:
    """The statement's COPY options as the wire reads them; raises `NotUnderstood` for those that can't be read back."""
    return CopyOptions(
        format=CopyFormat(copy.format.value),
        delimiter=copy.delimiter.encode(),
        null=copy.null.encode(),
        header=copy.header,
        quote=copy.quote.encode(),
        escape=copy.escape.encode(),
    )


def copied_rows(copy: shape.CopyOptions, data: bytes) -> int:
    """How many rows a COPY FROM STDIN with these options brings; of those that can't be read, as many as can."""
    reader = copy_in_reader(copy_options(copy), MAX_ROW)
    try:
        reader.feed(data)
        reader.finish()
    except MalformedInput:
        pass
    return reader.rows
