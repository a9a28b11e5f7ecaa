"""Tracing a statement: from its tree to the columns that its outputs, tests and writes come from."""

from __future__ import annotations

from typing import Any, Final

from interlock.model.snapshot import Snapshot
from interlock.sql.lineage import copying, writes
from interlock.sql.lineage.expansions import Expansions
from interlock.sql.lineage.expressions import evaluate
from interlock.sql.lineage.filters import predicate
from interlock.sql.lineage.scopes import Scope
from interlock.sql.lineage.select import select
from interlock.sql.lineage.traced import Lineage, OutputLineage
from interlock.sql.lineage.tracer import Rows, Tracer, Untraced
from interlock.sql.session_state import SessionState
from interlock.sql.tree import Node

UNTRACEABLE: Final = "the statement's lineage can't be traced"

_WITH_QUERY: Final = frozenset({"DeclareCursorStmt", "PrepareStmt"})


def trace(root: Node, snapshot: Snapshot, state: SessionState, expansions: Expansions | None = None) -> Lineage | None:
    """The lineage of a statement: a query, a write, or COPY, EXPLAIN, DECLARE, PREPARE, CREATE TABLE AS or CREATE VIEW
    around one. None: not traced here, since it is something else or reads the server's catalogs.

    Never raises. Where nothing can be told, or not even how many outputs there are, `outputs` is empty and `opaque`
    says why. `expansions` remembers views between calls; without one they are read each time.
    """
    memory = expansions if expansions is not None else Expansions()
    try:
        memory.fit(snapshot)
        t = Tracer(snapshot, state, memory, evaluate, predicate, query)
        rows = _statement(t, root[0], root[1])
        return None if rows is None else _lineage(t, rows)
    except Untraced:
        return None
    except (Exception, RecursionError):  # a form that we didn't foresee: closed by default (promise 4)
        memory.entered.clear()
        return Lineage(opaque=(UNTRACEABLE,))


def query(t: Tracer, node: Any, scope: Scope) -> Rows:
    """What a query returns, or a write with RETURNING."""
    t.step()
    ((kind, fields),) = node.items()
    if kind == "SelectStmt":
        return select(t, fields, scope)
    return writes.write(t, kind, fields, scope)


def _statement(t: Tracer, kind: str, fields: Any) -> Rows | None:
    if kind == "SelectStmt":
        rows = query(t, {kind: fields}, Scope())
        into = _into(fields)
        return rows if into is None else copying.made(t, into, rows)
    if kind in writes.KINDS:
        return query(t, {kind: fields}, Scope())
    if kind == "CopyStmt":
        return copying.copied(t, fields)
    inner = fields.get("query")
    if not isinstance(inner, dict) or next(iter(inner)) not in {"SelectStmt", "CreateTableAsStmt", *writes.KINDS}:
        return None
    if kind == "ExplainStmt":
        below = _statement(t, *next(iter(inner.items())))
        return None if below is None else Rows((), ())
    if kind in _WITH_QUERY:
        return query(t, inner, Scope())
    if kind == "CreateTableAsStmt":
        return copying.made(t, fields["into"], query(t, inner, Scope()))
    if kind == "ViewStmt":
        into = {"rel": fields["view"], "colNames": fields.get("aliases", [])}
        return copying.made(t, into, query(t, inner, Scope()))
    return None


def _into(fields: Any) -> Any:
    """INTO's clause, which a set operation has on its leftmost SELECT."""
    while "larg" in fields:
        fields = fields["larg"]
    return fields.get("intoClause")


def _lineage(t: Tracer, rows: Rows) -> Lineage:
    outputs = (
        ()
        if rows.unknown
        else tuple(
            OutputLineage(name, value.sources, value.plain is not None and not value.opaque, value.opaque)
            for name, value in zip(rows.names, rows.values, strict=True)
        )
    )
    told = (frozenset(t.filters), frozenset(t.reads), tuple(t.writes), tuple(t.opaque), frozenset(t.relations))
    return Lineage(outputs, *told, changes=frozenset(t.changes))
