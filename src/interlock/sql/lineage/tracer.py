"""A trace in progress: what it knows, what it has found, and the handlers that call each other through it.

Constructs nest in one another without end (a subquery in an expression in a join), so their modules can't import each
other in a circle; `trace.py` puts them together here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from interlock.model.snapshot import Snapshot
from interlock.sql.lineage.expansions import Expansions
from interlock.sql.lineage.scopes import Scope
from interlock.sql.lineage.traced import Change, Filter, How, StoredColumn, WriteLineage
from interlock.sql.lineage.values import Columns, Value
from interlock.sql.session_state import SessionState

MOST_STEPS: Final = 20_000  # nodes looked at, constants aside: some 0.2 s; WITH RECURSIVE sees some again and again

MOST_COLUMNS: Final = 1664  # MaxTupleAttributeNumber (htup_details.h): the server has no wider rows either

Evaluate = Callable[["Tracer", Any, Scope], Value]
Query = Callable[["Tracer", Any, Scope], "Rows"]


class Untraced(Exception):
    """The statement reads the server's catalogs, which keep the coarse reading."""


class TooMuch(Exception):
    """More steps than we take, or wider rows."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What a query returns: names and values in order; None when a star hides how many."""

    names: tuple[str, ...]
    values: tuple[Value, ...]
    unknown: bool = False


@dataclass(slots=True)
class Tracer:
    """One trace. `evaluate` gives an expression's value, `predicate` notes what a condition tests, `query` traces a
    query or a statement with RETURNING.

    `parameters`: what `$n` carries, inside a function's body. `in_definition`: the text was printed under an empty
    search path, so a bare name in it is the server's own. `calling`: the functions (pg_proc.oid) whose bodies it is in.
    """

    snapshot: Snapshot
    state: SessionState
    expansions: Expansions
    evaluate: Evaluate
    predicate: Callable[[Tracer, Any, Scope], None]
    query: Query
    parameters: Mapping[int, Value] = field(default_factory=dict)
    in_definition: bool = False
    calling: tuple[int, ...] = ()
    filters: set[Filter] = field(default_factory=set)
    reads: set[StoredColumn] = field(default_factory=set)
    relations: set[int] = field(default_factory=set)
    writes: list[WriteLineage] = field(default_factory=list)
    changes: set[Change] = field(default_factory=set)
    opaque: dict[str, None] = field(default_factory=dict)
    steps: int = 0

    def give_up(self, because: str) -> Value:
        """A value of which nothing is known, noted as such."""
        self.opaque[because] = None
        return Value(opaque=because)

    def step(self) -> None:
        """Counts one node. Raises `TooMuch`."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise TooMuch

    def check_width(self, columns: int) -> None:
        """Raises `TooMuch` for more columns than a row can have: stars of stars would double without end."""
        if columns > MOST_COLUMNS:
            raise TooMuch

    def note(self, columns: Iterable[StoredColumn], how: How) -> None:
        """A test of each of these columns."""
        for column in columns:
            self.filters.add(Filter(column, how))

    def note_value(self, value: Value, how: How) -> None:
        """A test of a value: in the way told if it is a plain column, otherwise one that may be anything."""
        if value.sources:
            self.note(value.sources, how if value.plain is not None else How.CONDITION)

    def note_join(self, columns: Columns, one: StoredColumn, partners: Columns, other: StoredColumn) -> None:
        """Two plain columns that must be equal, `one` and `other`; the rest are columns of views that show them."""
        for column in columns:
            self.filters.add(Filter(column, How.JOIN, partners=frozenset({other})))
        for column in partners:
            self.filters.add(Filter(column, How.JOIN, partners=frozenset({one})))

    def note_equality(self, columns: Columns, literals: tuple[int, ...], parameters: tuple[int, ...]) -> None:
        """A plain column that must equal one of these constants."""
        for column in columns:
            self.filters.add(Filter(column, How.EQUALITY, literals, parameters))

    def is_users(self, name: str) -> bool:
        """Whether a bare function name may be a user's: one that the search path reaches, if it is known."""
        if name not in self.snapshot.functions:
            return False
        known, path = self.snapshot.routines_by_name.get(name, ()), self.state.search_path
        if self.in_definition or any(r.schema == "pg_catalog" for r in known):
            return self.is_users_in_catalog(name)
        return not known or not path or any(r.schema in path or r.schema == self.state.role for r in known)

    def is_users_in_catalog(self, name: str) -> bool:
        """Whether a user put a function of this name into pg_catalog: it may be meant wherever the server's own is."""
        return any(r.schema == "pg_catalog" for r in self.snapshot.routines_by_name.get(name, ()))
