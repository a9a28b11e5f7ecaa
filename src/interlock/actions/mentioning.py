"""The labelled columns that a statement mentions, by name, and what follows where the asker chose their values.

Whoever writes a number into a labelled column, and then joins by that column, asks for a pseudonym that it was given,
or is shown the pseudonym of what it wrote, learns whether it guessed right. So what an actor wrote lately counts as its
own: tests by it are probes, and none of it is shown as a pseudonym.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from interlock.actions.basis import Basis
from interlock.model.action import Action
from interlock.model.exposure import Exposure, Mentioned, WrittenColumn
from interlock.model.recent import Wrote
from interlock.sql.lineage.traced import StoredColumn
from interlock.sql.shape import Kind, Reach, Statement
from interlock.sql.tree import typed
from interlock.sql.writing import writes


def mentions_of(statement: Statement, basis: Basis) -> tuple[Mentioned, ...]:
    """Each labelled column in a statement; `clinic/*` and `clinic/public.patients.*` where it can't be told which."""
    if not basis.labels.for_connection():
        return ()
    found = _coarse(statement, basis) if statement.lineage is None else _traced(statement, basis)
    return tuple(dict.fromkeys(each for each in found if each.labels))


def _traced(statement: Statement, basis: Basis) -> Iterator[Mentioned]:
    lineage = statement.lineage
    assert lineage is not None
    if statement.opaque_because:
        yield _anything(basis)
    tested = {test.column for test in lineage.filters} | {p for test in lineage.filters for p in test.partners}
    for column in sorted(lineage.reads | tested):
        yield Mentioned(_name(column, basis), basis.labels.for_column(column.relation, column.number))


def _coarse(statement: Statement, basis: Basis) -> Iterator[Mentioned]:
    if statement.reach is Reach.CONNECTION:
        yield _anything(basis)
    for touch in statement.touches:
        if touch.relation is not None:
            name = f"{basis.connection.name}/{touch.relation.qualified}.*"
            yield Mentioned(name, basis.labels.for_relation(touch.relation.oid))


def _anything(basis: Basis) -> Mentioned:
    return Mentioned(f"{basis.connection.name}/*", basis.labels.for_connection())


def _name(column: StoredColumn, basis: Basis) -> str:
    relation = basis.snapshot.by_oid.get(column.relation)
    if relation is None:
        return f"{basis.connection.name}/*"
    name = next((c.name for c in relation.columns if c.number == column.number), "*")
    return f"{basis.connection.name}/{relation.qualified}.{name}"


def lists_of(statement: Statement, written: tuple[WrittenColumn, ...]) -> frozenset[str]:
    """The labelled columns written by a part of the statement, whose rows RETURNING hands to the rest of it."""
    if not written or statement.kind not in (Kind.QUERY, Kind.WRITE, Kind.COPY_OUT):
        return frozenset()
    root = typed(statement.source.statements[0])
    alone = len(made := writes(root)) == 1 and made[0].node is root
    return frozenset() if alone else frozenset(each.column for each in written)


def with_own(action: Action, wrote: Wrote) -> Action:
    """The action by what its actor wrote lately, and by what it writes itself.

    A statement's own WHERE and joins look at rows as they were before; what it returns may be what it wrote.
    """
    exposures: tuple[Exposure, ...] = ()
    for each in action.exposures:
        written = frozenset(w.column for w in each.written)
        if each.mentions:
            tested = _with(wrote, each.lists).labels_of(each.mentions)
            own = tested | (_with(wrote, written).labels_of(each.mentions) if each.outputs else frozenset())
            each = replace(each, own=own, probes=each.probes | (each.filters & tested)) if own else each
        exposures += (each,)
        wrote = _with(wrote, written)
    return replace(action, exposures=exposures) if exposures != action.exposures else action


def _with(wrote: Wrote, columns: frozenset[str]) -> Wrote:
    return Wrote(wrote.columns | columns, wrote.any_) if columns else wrote
