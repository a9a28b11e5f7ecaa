"""What a look at a database gives: its tables, which columns may be read, and samples of their values.

Values stay in `TableSample` and go nowhere from there but to the classifier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from interlock.sensitivity.subject_key import ForeignKey, Table, TableShape


@dataclass(frozen=True, slots=True)
class FoundColumn:
    """A column: pg_attribute's number and name, its type (a domain's base) by OID and as the server prints it, and
    whether our login may read it."""

    number: int
    name: str
    type_oid: int
    type_name: str
    readable: bool = True


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A table, partitioned or not; partitions aren't found for themselves. `kind` is relkind, `rows` what the server's
    statistics guess, -1 for no idea."""

    oid: int
    schema: str
    name: str
    kind: str
    rows: float
    columns: tuple[FoundColumn, ...]
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()

    @property
    def table(self) -> Table:
        """(schema, name)."""
        return self.schema, self.name

    @property
    def readable(self) -> tuple[FoundColumn, ...]:
        """The columns that our login may read."""
        return tuple(column for column in self.columns if column.readable)

    @property
    def shape(self) -> TableShape:
        """As `subject_keys` takes it."""
        names = tuple(column.name for column in self.columns)
        return TableShape(self.table, names, self.primary_key, self.foreign_keys)


@dataclass(frozen=True, slots=True)
class Look:
    """All tables, and what stands in the way: `missing` are the grants that would let our login read the rest, `cut`
    how many tables were left out because there are too many."""

    tables: tuple[FoundTable, ...]
    missing: tuple[str, ...] = ()
    cut: int = 0


@dataclass(frozen=True, slots=True)
class SampledColumn:
    """Distinct values of a column, and in how many rows it wasn't null."""

    values: Sequence[str] = field(default=(), repr=False)
    rows: int = 0


@dataclass(frozen=True, slots=True)
class TableSample:
    """Columns by number. `failed`: why there is nothing, in our words with the SQLSTATE; "" when it was read."""

    columns: Mapping[int, SampledColumn] = field(default_factory=dict, repr=False)
    failed: str = ""
