"""Which labels a statement's writes take along, and to which columns: by lineage, and where that couldn't be had, all.

A column that gets what can't be told may get anything in reach. Of a table that the statement makes, and whose columns
can't be told either, all of them do: `clinic/public.copy.*`. So do those of a relation that isn't known and is renamed:
it may have been made a moment ago, and its labels go by its name until it is seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from interlock.actions.basis import Basis
from interlock.actions.outputs import reach_labels
from interlock.actions.pinning import pins_of
from interlock.model.derived import EVERY
from interlock.model.exposure import Carry
from interlock.model.label import Label
from interlock.model.snapshot import Relation
from interlock.model.verb import SQL_ALTER, SQL_CREATE, SQL_INSERT, SQL_MERGE, SQL_UPDATE
from interlock.sql.lineage.traced import WriteLineage
from interlock.sql.renaming import renamed
from interlock.sql.shape import Kind, Statement

_TAKING: Final = frozenset({SQL_INSERT, SQL_UPDATE, SQL_MERGE})  # COPY FROM STDIN takes what the client has


def carries_of(statement: Statement, basis: Basis) -> tuple[Carry, ...]:
    """Every column that gets labels which it hasn't yet, or may lose labels that aren't on record."""
    pins = tuple(pins_of(statement, basis))
    return (*_brought(statement, basis), *pins) if pins else _brought(statement, basis)


def _brought(statement: Statement, basis: Basis) -> tuple[Carry, ...]:
    lineage = statement.lineage
    if statement.defines:
        return ()  # who reads it goes by its query
    if lineage is not None and (lineage.writes or not lineage.opaque):
        found = (_carry(write, bool(statement.beyond), basis) for write in lineage.writes)
        return tuple(c for c in found if c is not None)
    if statement.kind is Kind.SCHEMA and lineage is None:
        return tuple(_renamed(statement, basis))
    flows = basis.labels.for_connection() if lineage is not None else reach_labels(statement, basis.labels)
    return (*_made(statement, flows, basis), *_untraced(statement, flows, basis)) if flows else ()


def _carry(write: WriteLineage, unseen: bool, basis: Basis) -> Carry | None:
    """What a traced write takes along."""
    labels, target = basis.labels, write.target
    if unseen or write.opaque:
        flows = labels.for_connection()
    else:
        flows = _union(labels.for_column(s.relation, s.number) for s in write.sources)
    if write.made is not None:
        schema, relation, column = write.made
        place = schema or next(iter(basis.state.search_path), "")
        return Carry(f"{basis.connection.name}/{place}.{relation}.{column}", flows) if flows else None
    flows -= labels.lasting(target.relation, target.number)
    known = basis.snapshot.by_oid.get(target.relation)
    if not flows or known is None:
        return None
    name = next(c.name for c in known.columns if c.number == target.number)
    return Carry(f"{basis.connection.name}/{known.qualified}.{name}", flows)


def _untraced(statement: Statement, flows: frozenset[Label], basis: Basis) -> Iterator[Carry]:
    """Every column that is written."""
    taking = {t.relation.oid for t in statement.touches if t.relation is not None and t.verb in _TAKING}
    for written in statement.written:
        relation = written.relation
        if relation is not None and relation.oid in taking:
            yield from _columns(relation, written.columns, flows, basis)
    for touch in statement.touches:
        if touch.relation is None and touch.name and touch.verb in _TAKING:
            yield from _every(*_split(touch.name), flows, basis)


def _columns(
    relation: Relation, columns: frozenset[str] | None, flows: frozenset[Label], basis: Basis
) -> Iterator[Carry]:
    for column in relation.columns:
        missing = flows - basis.labels.lasting(relation.oid, column.number)
        if missing and (columns is None or column.name in columns):
            yield Carry(f"{basis.connection.name}/{relation.qualified}.{column.name}", missing)


def _made(statement: Statement, flows: frozenset[Label], basis: Basis) -> tuple[Carry, ...]:
    names = (_split(t.name) for t in statement.touches if t.verb == SQL_CREATE and t.name)
    return tuple(carry for name in names for carry in _every(*name, flows, basis))


def _renamed(statement: Statement, basis: Basis) -> Iterator[Carry]:
    found, everything = renamed(statement.source), basis.labels.for_connection()
    if found is not None and everything and any(t.relation is None and t.verb == SQL_ALTER for t in statement.touches):
        yield from _every(found.schema, found.relation, everything, basis)


def _every(schema: str, relation: str, flows: frozenset[Label], basis: Basis) -> Iterator[Carry]:
    """Every column of a relation that isn't known, in whichever schema of the path it is."""
    for place in (schema,) if schema else basis.state.search_path:
        yield Carry(f"{basis.connection.name}/{place}.{relation}.{EVERY}", flows)


def _split(name: str) -> tuple[str, str]:
    schema, dot, relation = name.partition(".")
    return (schema, relation) if dot else ("", name)


def _union(found: Iterable[frozenset[Label]]) -> frozenset[Label]:
    return frozenset[Label]().union(*found)
