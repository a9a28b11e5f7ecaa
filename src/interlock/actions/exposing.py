"""What a statement shows, tests, writes and carries along: its lineage joined with the labels of columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from interlock.actions.basis import Basis
from interlock.actions.carrying import carries_of
from interlock.actions.mentioning import lists_of, mentions_of
from interlock.actions.outputs import Shown, label_outputs, reach_labels
from interlock.actions.overwriting import written_columns
from interlock.model.exposure import Carry, Exposure
from interlock.model.label import Label
from interlock.model.snapshot import DescribedColumn
from interlock.sensitivity.columns import ColumnLabels
from interlock.sql.impact import impact_of
from interlock.sql.lineage.traced import Filter, How, Lineage
from interlock.sql.shape import Kind, Reach, Statement, Written

_NONE = frozenset[Label]()


def exposure_of(statement: Statement, described: tuple[DescribedColumn, ...] | None, basis: Basis) -> Exposure:
    """What it shows, tests and changes, by its text and by the server's description (None: it wasn't asked)."""
    shown = label_outputs(statement, described, basis.connection, basis.labels)
    if statement.lineage is not None and not shown.because:
        found = _traced(statement, statement.lineage, shown, basis)
    else:
        found = _coarse(statement, shown, basis)
    if found.carries and found.outputs:
        found = _showing_own(found, statement, described, basis)
    written = written_columns(statement, basis) if statement.written else ()
    found = replace(found, written=written, impact=impact_of(statement, basis.state))
    return replace(found, mentions=mentions_of(statement, basis), lists=lists_of(statement, written))


def _showing_own(
    found: Exposure, statement: Statement, described: tuple[DescribedColumn, ...] | None, basis: Basis
) -> Exposure:
    """What it writes may be what it shows: the labels that it takes along are in force before it shows anything.

    One column written may be where another is written from, so the labels are followed until nothing is new.
    """
    carried: tuple[Carry, ...] = ()
    carries, own = found.carries, basis
    while carries != carried:
        carried, own = carries, replace(basis, labels=basis.labels.carrying(carries))
        carries = carries_of(statement, own)
    outputs = label_outputs(statement, described, basis.connection, own.labels).outputs
    return replace(found, outputs=outputs, labels=found.labels | _union(o.labels for o in outputs))


def probes_of(
    lineage: Lineage,
    labels: ColumnLabels,
    given_literals: frozenset[int] = frozenset(),
    given_parameters: frozenset[int] = frozenset(),
) -> frozenset[Label]:
    """The labels that are tested in ways by which values can be guessed.

    Not so: equality with nothing but values that the asker was given (places in the text, numbers of parameters), and
    a join with columns that carry the same labels. Labels that writes brought don't count for either: a list of guesses
    gets them with one row of real data, or with none.
    """
    found: set[Label] = set()
    for each in lineage.filters:
        known = labels.for_column(each.column.relation, each.column.number)
        if not known <= found and not _harmless(each, known, labels, given_literals, given_parameters):
            found |= known
    return frozenset(found)


def _harmless(
    each: Filter, known: frozenset[Label], labels: ColumnLabels, literals: frozenset[int], parameters: frozenset[int]
) -> bool:
    if each.how is How.EQUALITY:
        compared = bool(each.literals or each.parameters)
        known_to_people = known <= labels.catalogued(each.column.relation, each.column.number)
        return (
            compared
            and known_to_people
            and literals.issuperset(each.literals)
            and parameters.issuperset(each.parameters)
        )
    if each.how is How.JOIN:
        return bool(each.partners) and all(known <= labels.catalogued(p.relation, p.number) for p in each.partners)
    return False


def _traced(statement: Statement, lineage: Lineage, shown: Shown, basis: Basis) -> Exposure:
    labels = basis.labels
    because = statement.opaque_because
    unread = labels.for_connection() if because else _NONE  # what can't be read may test and show anything
    tested = _union(labels.for_column(f.column.relation, f.column.number) for f in lineage.filters)
    filters = tested | (unread if statement.filters else _NONE)
    probes = probes_of(lineage, labels) | (unread if statement.filters else _NONE)
    writes = _union(_written(w, labels) for w in statement.written)
    carries = carries_of(statement, basis)
    if statement.defines:  # what it will show
        unread |= _union(labels.for_column(s.relation, s.number) for o in lineage.outputs for s in o.sources)
    return Exposure(
        outputs=shown.outputs,
        labels=unread | filters | writes | _carried(carries) | _union(o.labels for o in shown.outputs),
        filters=filters,
        writes=writes,
        unbounded=statement.unbounded,
        opaque=bool(because),
        opaque_because=because,
        probes=probes,
        carries=carries,
    )


def _coarse(statement: Statement, shown: Shown, basis: Basis) -> Exposure:
    """By names alone: whatever isn't a plain column may show everything in reach."""
    labels, carries = basis.labels, carries_of(statement, basis)
    looking = statement.looking if not shown.because else None
    opaque = (statement.reach is Reach.CONNECTION and looking is None) or bool(shown.because)
    reach = labels.for_connection() if opaque else reach_labels(statement, labels)
    tests = statement.filters if looking is None else looking.tests
    filters = reach if tests else _NONE
    writes = _union(_written(w, labels) for w in statement.written)
    whole = reach if opaque or statement.kind in (Kind.SCHEMA, Kind.PRIVILEGE) else _NONE
    return Exposure(
        outputs=shown.outputs,
        labels=whole | filters | writes | _carried(carries) | _union(o.labels for o in shown.outputs),
        filters=filters,
        writes=writes,
        unbounded=statement.unbounded,
        opaque=opaque,
        opaque_because=(*(statement.because if looking is None else ()), *((shown.because,) if shown.because else ())),
        probes=filters,
        carries=carries,
    )


def _carried(carries: tuple[Carry, ...]) -> frozenset[Label]:
    return _union(c.labels for c in carries)


def _written(written: Written, labels: ColumnLabels) -> frozenset[Label]:
    relation = written.relation
    if relation is None or not relation.is_base_table:
        return labels.for_connection()
    numbers = [c.number for c in relation.columns if written.columns is None or c.name in written.columns]
    known = {c.name for c in relation.columns}
    if written.columns is not None and not written.columns <= known:
        return labels.for_relation(relation.oid)
    return _union(labels.for_column(relation.oid, n) for n in numbers)


def _union(found: Iterable[frozenset[Label]]) -> frozenset[Label]:
    return frozenset[Label]().union(*found)
