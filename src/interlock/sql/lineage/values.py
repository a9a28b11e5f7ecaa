"""What is known of one expression's value: the stored columns it may carry, and its shape as far as names need it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from interlock.sql.lineage.traced import StoredColumn

Columns = frozenset[StoredColumn]
NO_COLUMNS: Final[Columns] = frozenset()

UNKNOWN_TYPE: Final = 0
SCALAR_TYPE: Final = -1  # a built-in type without fields; which one isn't told
FIRST_USER_TYPE: Final = 16384


@dataclass(slots=True)
class Value:
    """One value. Not frozen, since making thousands of these is what tracing costs; nothing changes one once made.

    `plain`: the stored column that it is and nothing else, as RowDescription would tell it. `type_oid`: pg_type.oid,
    `UNKNOWN_TYPE` or `SCALAR_TYPE`. `fields`: of a row, where they are known by name; `item`: what an array is made of.
    `opaque`: why it may hold more than `sources`.
    """

    sources: Columns = NO_COLUMNS
    plain: StoredColumn | None = None
    type_oid: int = UNKNOWN_TYPE
    fields: tuple[tuple[str, Value], ...] | None = None
    item: Value | None = None
    opaque: str = ""


NOTHING: Final = Value(type_oid=SCALAR_TYPE)
UNTYPED: Final = Value()


def carrying(values: Iterable[Value], type_oid: int = UNKNOWN_TYPE) -> Value:
    """A value made of these, in whatever way."""
    sources, opaque = NO_COLUMNS, ""
    for value in values:
        if value.sources:
            sources = sources | value.sources if sources else value.sources
        opaque = opaque or value.opaque
    return Value(sources, None, type_oid, None, None, opaque)


def either(values: list[Value], beside: Value | None = None) -> Value:
    """One of these, unchanged: branches of CASE, of a set operation, rows of VALUES. Types and fields stay if equal.

    `beside`: what decides which one, if that can be told from the result.
    """
    if len(values) == 1 and (beside is None or not (beside.sources or beside.opaque)):
        return values[0]
    merged = carrying(values if beside is None else [*values, beside])
    known = {v.type_oid for v in values}
    if len(known) == 1:
        merged.type_oid = values[0].type_oid
    elif all(SCALAR_TYPE <= oid < FIRST_USER_TYPE and oid != UNKNOWN_TYPE for oid in known):
        merged.type_oid = SCALAR_TYPE
    _keep_fields(merged, values, beside)
    items = [v.item for v in values if v.item is not None]
    if items:
        rest = [v for v in values if v.item is None]
        merged.item = either(items, carrying(rest if beside is None else [*rest, beside]))
    return merged


def _keep_fields(merged: Value, values: list[Value], beside: Value | None) -> None:
    rows = [v.fields for v in values if v.fields is not None]
    if not rows:
        return
    names = [name for name, _ in rows[0]]
    if any([name for name, _ in row] != names for row in rows):
        return
    rest = carrying(v for v in values if v.fields is None)
    if beside is not None:
        rest = carrying([rest, beside])
    merged.fields = tuple((name, either([row[at][1] for row in rows], rest)) for at, name in enumerate(names))


def row_of(fields: Iterable[tuple[str, Value]]) -> Value:
    """A whole row."""
    named = tuple(fields)
    row = carrying(value for _, value in named)
    row.fields = named
    return row
