"""A row as one value (`record`, a composite type): looked into whole, and only those of its fields become NULL that
something was found in. NULL fits every field, whatever its type.

Both formats are PostgreSQL's own (rowtypes.c: record_out, record_send).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from interlock.model.finding import Finding

MOST_FIELDS: Final = 1_664  # MaxTupleAttributeNumber

# A field in quotes, within which quotes and backslashes come twice, or one without.
_FIELD: Final = re.compile(r'"[^"\\]*(?:(?:""|\\.)[^"\\]*)*"|[^"\\(),]*', re.DOTALL)
_COUNT: Final = struct.Struct("!i")
_HEAD: Final = struct.Struct("!Ii")  # pg_type.oid, length
_NULL: Final = -1


@dataclass(frozen=True, slots=True)
class Row:
    """`text`: what there is to look into, all fields in one, so that each is seen beside the others."""

    text: str
    without: Callable[[Sequence[Finding]], bytes]


def read_row(value: bytes, *, binary: bool) -> Row | None:
    """The row that a value is, None where it is none. Raises `UnicodeDecodeError` for a text that is none."""
    return _binary(value) if binary else _text(value.decode())


def _text(source: str) -> Row | None:
    if not source.startswith("("):
        return None
    spans: list[tuple[int, int]] = []
    at = 0
    while (not spans or source.startswith(",", at)) and len(spans) < MOST_FIELDS:
        found = _FIELD.match(source, at + 1)
        if found is None:
            return None
        spans.append(found.span())
        at = found.end()
    if not source.startswith(")", at) or at + 1 != len(source):
        return None

    def without(findings: Sequence[Finding]) -> bytes:
        kept = ("" if _held(span, findings) else source[slice(*span)] for span in spans)
        return f"({','.join(kept)})".encode()

    return Row(source, without)


def _binary(value: bytes) -> Row | None:
    try:
        fields = _fields(value)
    except struct.error:
        return None
    if fields is None:
        return None
    texts = ["" if each is None else each.decode(errors="replace") for _, each in fields]
    ends = [0]
    for text in texts:
        ends.append(ends[-1] + len(text) + 1)
    spans = [(start, start + len(text)) for start, text in zip(ends, texts, strict=False)]

    def without(findings: Sequence[Finding]) -> bytes:
        members = (
            _member(oid, None if _held(span, findings) else each)
            for span, (oid, each) in zip(spans, fields, strict=True)
        )
        return _COUNT.pack(len(fields)) + b"".join(members)

    return Row("\n".join(texts), without)


def _fields(value: bytes) -> list[tuple[int, bytes | None]] | None:
    """Each field's type and bytes, None for NULL; None where it isn't the row that its head says."""
    (count,) = _COUNT.unpack_from(value)
    fields: list[tuple[int, bytes | None]] = []
    at = _COUNT.size
    while at < len(value) and len(fields) < MOST_FIELDS:
        oid, size = _HEAD.unpack_from(value, at)
        start = at + _HEAD.size
        at = start + max(size, 0)
        if not oid or size < _NULL or at > len(value):
            return None
        fields.append((oid, value[start:at] if size != _NULL else None))
    return fields if at == len(value) and len(fields) == count else None


def _member(oid: int, value: bytes | None) -> bytes:
    return _HEAD.pack(oid, _NULL if value is None else len(value)) + (value or b"")


def _held(span: tuple[int, int], findings: Sequence[Finding]) -> bool:
    """Whether a finding lies in any part of a field."""
    return any(each.start < span[1] and span[0] < each.end for each in findings)
