"""COPY's options, from the statement as judged to the wire that masks its rows."""

from __future__ import annotations

from interlock.sql import shape
from interlock.wire.postgres.copy_data import CopyFormat, CopyOptions


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
