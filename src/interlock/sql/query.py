"""Judging a query or a write: sources, expressions, writes, and what follows for reach and effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from interlock.model import verb
from interlock.model.names import Verb
from interlock.model.snapshot import EVERY_WRITE, Relation, Snapshot
from interlock.sql.catalogs import FIRST_USER_OID
from interlock.sql.counting import counts_all
from interlock.sql.lineage.expansions import Expansions
from interlock.sql.lineage.targets import HIDDEN
from interlock.sql.lineage.trace import trace
from interlock.sql.lineage.traced import Change, Lineage
from interlock.sql.looking import looking
from interlock.sql.marks import Names, spoken
from interlock.sql.reading import Findings, Scope, read, scope_of
from interlock.sql.resolve import Source, lookup, sources
from interlock.sql.session_state import SessionState
from interlock.sql.shape import CatalogRead, Kind, Looking, Reach, Refusal, Statement, Touch, Written
from interlock.sql.survey import Survey
from interlock.sql.tree import Node, typed, words
from interlock.sql.writing import Write, events_of, written_in

_WRITE_VERBS: Final[Mapping[str, Verb]] = {
    "InsertStmt": verb.SQL_INSERT,
    "UpdateStmt": verb.SQL_UPDATE,
    "DeleteStmt": verb.SQL_DELETE,
    "MergeStmt": verb.SQL_MERGE,
    "TruncateStmt": verb.SQL_TRUNCATE,
}
HIDDEN_EFFECTS: Final = HIDDEN
A_VIEW: Final = "a view"
_KINDS: Final[Mapping[str, str]] = {"v": A_VIEW, "m": "a materialised view", "f": "a foreign table"}


def judge_query(blank: Statement, whole: Survey, snapshot: Snapshot, state: SessionState) -> Statement:
    """The statement that a tree is: SELECT, VALUES, TABLE, INSERT, UPDATE, DELETE or TRUNCATE."""
    root = whole.root
    named = sources(whole, snapshot, state)
    scope = scope_of(whole, named, snapshot)
    found = Findings() if root[0] == "TruncateStmt" else read(whole, scope)
    made = written_in(whole)
    for source in named:
        _judge_source(source, made, scope, found)
    look = _look(root, named, scope, found)
    lineage = _lineage(root, named, snapshot, state) if look is None else None
    said = spoken(root, _names(scope)) if look is not None else None
    changes = _changes(lineage)
    kind = Kind.WRITE if made or changes else Kind.QUERY
    tables = any(s.relation is not None for s in named)
    written = tuple(Written(_target(w, snapshot, state), w.columns) for w in made)
    behind = tuple(Written(snapshot.by_oid.get(c.relation), c.columns) for c in changes)
    opaque = found.because if lineage is None else (*lineage.opaque, *found.beyond)
    return replace(
        blank,
        kind=kind,
        touches=(*_touches(named, made, found, said), *_changed(changes, snapshot), *_behind(lineage, named, snapshot)),
        reach=Reach.CONNECTION if opaque else Reach.TABLES if tables else Reach.NONE,
        because=tuple(found.because),
        lineage=lineage,
        beyond=tuple(found.beyond),
        effect_free=kind is Kind.QUERY and not found.uncertain,
        unbounded=any(w.unbounded for w in made) or any(c.unbounded for c in changes),
        filters=found.filters,
        countable=not (found.uncounted or changes) and counts_all(root, made, written, snapshot),
        written=(*written, *behind),
        describe=blank.text if _returns(root) else None,
        width=width_of(root),
        looking=look,
        computed=next((w.computed for w in made if w.computed), None) if lineage is None else None,
        refusal=found.refusal or _odd(named),
    )


def _lineage(root: Node, named: tuple[Source, ...], snapshot: Snapshot, state: SessionState) -> Lineage | None:
    """The lineage of a query or write of stored relations; the server's catalogs are read by `looking.py`."""
    if root[0] == "TruncateStmt" or any(s.in_catalog for s in named):
        return None
    return traced(root, snapshot, state)


def traced(root: Node, snapshot: Snapshot, state: SessionState) -> Lineage | None:
    """The lineage of a tree; what was worked out of views and functions is kept as long as the definitions."""
    expansions = snapshot.worked_out.setdefault("lineage", Expansions())
    assert isinstance(expansions, Expansions)
    return trace(root, snapshot, state, expansions)


def _changes(lineage: Lineage | None) -> tuple[Change, ...]:
    """What functions write that it calls, views' included, in an order of its own."""
    found = lineage.changes if lineage is not None else ()
    return tuple(sorted(found, key=lambda c: (c.relation, c.kind, sorted(c.columns or ()), c.unbounded)))


def _changed(changes: tuple[Change, ...], snapshot: Snapshot) -> tuple[Touch, ...]:
    """A policy on a table holds for who writes it through a function; one that isn't known may be any."""
    told = ((_WRITE_VERBS[c.kind], snapshot.by_oid.get(c.relation)) for c in changes)
    return tuple(dict.fromkeys(Touch(word, r.qualified if r is not None else "", r) for word, r in told))


def _behind(lineage: Lineage | None, named: tuple[Source, ...], snapshot: Snapshot) -> tuple[Touch, ...]:
    """What is read behind views and functions: a policy on a table holds for who looks at it through a view."""
    if lineage is None:
        return ()
    known = {s.relation.oid for s in named if s.relation is not None}
    found = (snapshot.by_oid.get(oid) for oid in sorted(lineage.relations - known))
    return tuple(Touch(verb.SQL_SELECT, r.qualified, r) for r in found if r is not None)


def width_of(root: Node) -> int | None:
    """How many outputs a query or RETURNING has; None when a star hides it, or it returns nothing."""
    kind, fields = root
    while kind == "SelectStmt" and "larg" in fields:
        kind, fields = typed(fields["larg"], "larg")
    if "valuesLists" in fields:
        return len(typed(fields["valuesLists"][0])[1].get("items", ()))
    targets: Any = fields.get("targetList", ())
    if kind != "SelectStmt":
        targets = fields.get("returningClause", {}).get("exprs", ())
    for target in targets:
        inner = typed(typed(target)[1].get("val") or {})
        if "*" in words(inner[1].get("fields")) or "*" in words(inner[1].get("indirection")):
            return None
    return len(targets)


def _returns(root: Node) -> bool:
    return root[0] == "SelectStmt" or "returningClause" in root[1]


def _odd(named: tuple[Source, ...]) -> Refusal | None:
    if any(s.target and s.in_catalog for s in named):
        return Refusal("catalog", "the server's catalogs can't be written")
    return None


def _judge_source(source: Source, made: tuple[Write, ...], scope: Scope, found: Findings) -> None:
    relation = source.relation
    if source.in_catalog:
        _judge_catalog(source, scope, found)
    elif relation is None:
        if not source.cte:
            found.reach("a relation that we don't know")
            found.uncounted = True
    elif not relation.is_base_table:
        found.reach(_KINDS.get(relation.kind, "a relation that isn't a table"))
    else:
        _judge_table(relation, source, made, scope, found)


def _judge_table(relation: Relation, source: Source, made: tuple[Write, ...], scope: Scope, found: Findings) -> None:
    if scope.snapshot.casts and any(c.type_oid >= FIRST_USER_OID for c in relation.columns):
        found.unseen("a column of a user's type, whose casts may run code of users")
        found.uncounted = True
    if source.target and relation.rewrites_by(_events(relation, source.target, made)):
        found.unseen(HIDDEN_EFFECTS)
    if relation.hidden_effects or relation.kind != "r" or any(c.type_oid >= FIRST_USER_OID for c in relation.columns):
        found.uncertain = True


def _events(relation: Relation, target: str, made: tuple[Write, ...]) -> frozenset[str]:
    """The kinds of writes that this kind of statement is here; of TRUNCATE all."""
    found = (events_of(write.node, relation) for write in made if write.node[0] == target)
    return frozenset[str]().union(*found) or EVERY_WRITE


def _judge_catalog(source: Source, scope: Scope, found: Findings) -> None:
    if source.catalog is None:
        found.reach("a catalog that holds data")
    elif source.catalog.oid == 0:
        found.uncertain = True
    if source.catalog is not None and source.catalog.kept and source.renames:
        found.reach("a catalog's columns under other names")


def _look(root: Node, named: tuple[Source, ...], scope: Scope, found: Findings) -> Looking | None:
    """How a query of catalogs alone is read where definitions are all that stands in the way."""
    apart = found.unread or found.refusal is not None or any(s.catalog is None and not s.cte for s in named)
    if not found.because or apart or any(s.relation is not None or s.target for s in named):
        return None
    return looking(root, _names(scope))


def _names(scope: Scope) -> Names:
    return Names(scope.rows, scope.columns, scope.kept)


def _touches(
    named: tuple[Source, ...], made: tuple[Write, ...], found: Findings, said: frozenset[str] | None
) -> tuple[Touch, ...]:
    listed: list[Touch] = []
    for source in named:
        if source.cte and source.relation is None:
            continue
        word = _WRITE_VERBS.get(source.target, verb.SQL_SELECT)
        touch = Touch(word, source.name, source.relation, _catalog(source, found, said))
        listed.append(touch)
        if source.target and any(w.returns for w in made):
            listed.append(replace(touch, verb=verb.SQL_SELECT))
    if found.calls:
        listed.append(Touch(verb.SQL_CALL, ""))
    return tuple(dict.fromkeys(listed))


def _catalog(source: Source, found: Findings, said: frozenset[str] | None) -> CatalogRead | None:
    """Harmless only when nothing in the text could reach a column kept back. `said`: its names, if that tells."""
    if not source.in_catalog:
        return None
    kept = source.catalog.kept if source.catalog is not None else frozenset()
    reached = bool(found.because) if said is None else bool(kept & said) or "*" in said
    return CatalogRead(source.catalog, source.catalog is not None and not (kept and reached))


def _target(write: Write, snapshot: Snapshot, state: SessionState) -> Relation | None:
    fields = write.node[1]["relation"]
    return lookup(str(fields.get("schemaname", "")), str(fields.get("relname", "")), snapshot, state)[1]
