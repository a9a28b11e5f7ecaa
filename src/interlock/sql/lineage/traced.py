"""What lineage tells of one statement. Pure facts about columns; labels are joined to them in `actions/`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, order=True)
class StoredColumn:
    """A column of a relation of the snapshot: pg_class.oid and pg_attribute.attnum. Also of a view: its column counts
    beside those of the tables below it, since a view's column may carry a label of its own.
    """

    relation: int
    number: int


class How(StrEnum):
    """In what way a statement tests a column, from what tells least to what tells most."""

    JOIN = "join"  # a plain column equals a plain column
    EQUALITY = "equality"  # a plain column equals literals or parameters: =, IN (...), = ANY (ARRAY[...])
    NULLNESS = "nullness"  # IS NULL, IS NOT NULL, count(column)
    GROUP = "group"  # GROUP BY, DISTINCT, set operations that drop repeats, window partitions
    ORDER = "order"  # ORDER BY, min and max among others, window order, LIMIT that depends on it
    RANGE = "range"  # <, >, BETWEEN
    PATTERN = "pattern"  # LIKE, regular expressions, full text search
    ERROR = "error"  # whether the statement fails may depend on it: casts, divisions, functions that may raise
    CONDITION = "condition"  # anything else that decides: CASE, FILTER, a predicate over an expression


@dataclass(frozen=True, slots=True)
class Filter:
    """One test of one column.

    `literals` (byte offsets into the text) and `parameters` (numbers, from 1) are all that an EQUALITY compares with;
    `partners` is the stored column on the other side of a JOIN; where a view shows it, the one below.
    """

    column: StoredColumn
    how: How
    literals: tuple[int, ...] = ()
    parameters: tuple[int, ...] = ()
    partners: frozenset[StoredColumn] = frozenset()


@dataclass(frozen=True, slots=True)
class OutputLineage:
    """One output column: every stored column whose values it may carry, and whether it plainly is that one column.

    `opaque`: why it can't be told (empty when it can): then it may carry anything in the connection.
    """

    name: str
    sources: frozenset[StoredColumn] = frozenset()
    plain: bool = False
    opaque: str = ""


@dataclass(frozen=True, slots=True)
class WriteLineage:
    """One column written, and what its new values come from (none: constants, parameters, defaults).

    The target is a column of the snapshot, or of a relation that the statement itself makes (CREATE TABLE AS, SELECT
    INTO): then `relation` is 0, and `made` is (schema as written or empty, relation, column).
    """

    target: StoredColumn
    sources: frozenset[StoredColumn] = frozenset()
    opaque: str = ""
    made: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A write that a function's body does, and the statement's own text doesn't show.

    `relation` is pg_class.oid, 0 of one that isn't known; `kind` the grammar's name for the statement (`UpdateStmt`);
    `columns` as in `Written`; `unbounded`: no predicate limits it.
    """

    relation: int
    kind: str
    columns: frozenset[str] | None = None
    unbounded: bool = True


@dataclass(frozen=True, slots=True)
class Lineage:
    """All that was traced of one statement.

    `outputs`: one for each column it returns (COPY of a query or table: those copied; EXPLAIN: none). `reads`: every
    stored column that it mentions anywhere in an expression, whether or not its values can get out. `relations`: every
    relation of the snapshot that it looks into (pg_class.oid), those behind views and functions among them. `opaque`:
    why some of it can't be told, without values (empty when all of it can); every reason of an output, a test or a
    write is among these. `changes`: what functions write that it calls; their `writes` are among the others.
    """

    outputs: tuple[OutputLineage, ...] = ()
    filters: frozenset[Filter] = frozenset()
    reads: frozenset[StoredColumn] = frozenset()
    writes: tuple[WriteLineage, ...] = ()
    opaque: tuple[str, ...] = ()
    relations: frozenset[int] = frozenset()
    changes: frozenset[Change] = frozenset()
