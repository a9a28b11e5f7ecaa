"""The labelled columns that a statement gives new values, by name: one lately shown masked may get its mask."""

from __future__ import annotations

from collections.abc import Iterator

from interlock.actions.basis import Basis
from interlock.model.exposure import WrittenColumn
from interlock.model.verb import SQL_DELETE, SQL_LOCK, SQL_TRUNCATE, VERBS
from interlock.sql.shape import Statement, Written

_NO_VALUES = frozenset({SQL_DELETE, SQL_TRUNCATE, SQL_LOCK})


def written_columns(statement: Statement, basis: Basis) -> tuple[WrittenColumn, ...]:
    """Each labelled column that it writes; `clinic/*` and `clinic/public.patients.*` where it can't be told which."""
    found = (column for written in statement.written if _gives(statement, written) for column in _of(written, basis))
    return tuple(dict.fromkeys(column for column in found if column.labels))


def _gives(statement: Statement, written: Written) -> bool:
    """Whether it puts values in, and doesn't only take rows away."""
    verbs = {t.verb for t in statement.touches if t.relation == written.relation and "write" in VERBS.get(t.verb, ())}
    return not verbs or not verbs <= _NO_VALUES


def _of(written: Written, basis: Basis) -> Iterator[WrittenColumn]:
    relation, labels, connection = written.relation, basis.labels, basis.connection.name
    if relation is None or not relation.is_base_table:
        yield WrittenColumn(f"{connection}/*", labels.for_connection())
    elif written.columns is not None and not written.columns <= {c.name for c in relation.columns}:
        yield WrittenColumn(f"{connection}/{relation.qualified}.*", labels.for_relation(relation.oid))
    else:
        for column in relation.columns:
            if written.columns is None or column.name in written.columns:
                name = f"{connection}/{relation.qualified}.{column.name}"
                yield WrittenColumn(name, labels.for_column(relation.oid, column.number))
