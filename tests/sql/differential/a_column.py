"""What a value comes from: stored columns, whether it plainly is one, and of a row what each field comes from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

Stored = tuple[int, int]  # pg_class.oid, pg_attribute.attnum
Columns = frozenset[Stored]

NOTHING: Final[Columns] = frozenset()


@dataclass(frozen=True, slots=True)
class Column:
    """What a value comes from; `plain`: the one stored column that it is; `fields`: of a row, what each comes from."""

    sources: Columns = NOTHING
    plain: Stored | None = None
    fields: tuple[Column, ...] | None = None

    def beside(self, sources: Columns) -> Column:
        """The same, which comes from further columns too."""
        fields = None if self.fields is None else tuple(f.beside(sources) for f in self.fields)
        return Column(self.sources | sources, self.plain, fields)


EMPTY: Final = Column()


def row_of(fields: Iterable[Column]) -> Column:
    """A row made of fields."""
    kept = tuple(fields)
    return Column(frozenset().union(*(f.sources for f in kept)), None, kept)


def merged(columns: Iterable[Column]) -> Column:
    """One column that comes from any of several."""
    return Column(frozenset().union(*(c.sources for c in columns)))


def either(columns: Iterable[Column]) -> Column:
    """One of several, which keeps the fields of rows of one shape."""
    told = [c for c in columns if c.sources]
    rows = [c.fields for c in told if c.fields is not None]
    made = merged(told)
    if not rows or len(rows) != len(told) or len({len(row) for row in rows}) != 1:
        return made
    return Column(made.sources, None, tuple(either(fields) for fields in zip(*rows, strict=True)))
