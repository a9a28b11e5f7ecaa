"""What a deferred run gave, as it is kept: rows as they would have gone to the client, masked, or why there are none.

A header in JSON and the rows behind it; sealed by the desk. Of a unit with several statements the last that returned
rows is kept. A COPY TO STDOUT becomes rows of one column: a line of text each, or for the binary format one value.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields

from interlock.errors import LedgerCorrupt
from interlock.model.snapshot import DescribedColumn
from interlock.wire.postgres import answers

MAX_KEPT = 8 * 1024 * 1024  # bytes of one result
TEXT, BYTEA = 25, 17  # pg_type.dat

_LENGTH = 4


@dataclass(frozen=True, slots=True)
class KeptResult:
    """`columns` None: it returned no rows. `rows` are DataRow messages, `tag` is that of CommandComplete.

    `sqlstate` and `because` tell a failure, or why there is nothing to give though it ran. `masked`: labels of values
    that were replaced.
    """

    columns: tuple[DescribedColumn, ...] | None = None
    rows: bytes = field(default=b"", repr=False)
    tag: str = ""
    sqlstate: str = ""
    because: str = ""
    masked: tuple[str, ...] = ()


def write_result(kept: KeptResult) -> bytes:
    """The bytes of a result."""
    names = [f.name for f in fields(DescribedColumn)]
    header = {
        "columns": None if kept.columns is None else [[getattr(c, name) for name in names] for c in kept.columns],
        "tag": kept.tag,
        "sqlstate": kept.sqlstate,
        "because": kept.because,
        "masked": list(kept.masked),
    }
    told = json.dumps(header).encode()
    return len(told).to_bytes(_LENGTH, "big") + told + kept.rows


def read_result(data: bytes) -> KeptResult:
    """What `write_result` wrote; raises `LedgerCorrupt`."""
    try:
        end = _LENGTH + int.from_bytes(data[:_LENGTH], "big")
        header = json.loads(data[_LENGTH:end])
        columns = header["columns"]
        return KeptResult(
            columns=None if columns is None else tuple(DescribedColumn(*column) for column in columns),
            rows=data[end:],
            tag=header["tag"],
            sqlstate=header["sqlstate"],
            because=header["because"],
            masked=tuple(header.get("masked", ())),  # what an earlier release kept has none
        )
    except (ValueError, KeyError, TypeError):
        raise LedgerCorrupt("a kept result isn't one that Interlock wrote") from None


def text_column(name: str) -> DescribedColumn:
    """A column of text that no table has."""
    return DescribedColumn(name, 0, 0, TEXT, -1, -1, 0)


def copied(data: bytes, *, binary: bool) -> tuple[tuple[DescribedColumn, ...], bytes, int]:
    """What a COPY sent as rows of one column: (columns, DataRow messages, how many)."""
    if binary:
        return (DescribedColumn("copy", 0, 0, BYTEA, -1, -1, 1),), answers.write_data_row((data,)), 1
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return (text_column("copy"),), b"".join(answers.write_data_row((line,)) for line in lines), len(lines)


def same_formats(columns: Sequence[DescribedColumn], asked: Sequence[DescribedColumn]) -> bool:
    """Whether the kept rows are in the formats asked for; text is the same in both."""
    return all(a.format == b.format or a.type_oid == TEXT for a, b in zip(columns, asked, strict=True))
