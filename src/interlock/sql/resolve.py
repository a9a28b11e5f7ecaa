"""Names to relations, through search path and the scopes of common table expressions.

A bare name inside the scope of a CTE of that name is the CTE; if there is a relation of that name too, the relation
counts as well. Targets of writes and qualified names are never CTEs, and a CTE that isn't recursive doesn't see itself
(PostgreSQL's parse_cte.c); an unknown name outside every scope is an unknown relation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from interlock.model.snapshot import TEMPORARY, Relation, Snapshot
from interlock.sql.catalogs import SCHEMAS, Catalog, harmless, is_standard
from interlock.sql.session_state import SessionState
from interlock.sql.survey import Survey
from interlock.sql.tree import LEAVES, Fields, Node, children, typed

_STANDARD: Final = "information_schema"
_TARGETS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"), ("relation",)),
    "TruncateStmt": ("relations",),
    "ViewStmt": ("view",),
}
_WRITES: Final = frozenset(_TARGETS)
_COMMON: Final = frozenset({"CommonTableExpr"})
_NAMED: Final = frozenset({"RangeVar"})
_WITHOUT: Final = LEAVES | {"ColumnRef"}  # in which no relation is named

# Fields that name a relation only where there is a subquery in them.
_EXPRESSIONS: Final = frozenset(
    {"targetList", "whereClause", "quals", "groupClause", "sortClause", "havingClause", "distinctClause", "valuesLists"}
)

_Range = tuple[Fields, frozenset[str], str]


@dataclass(frozen=True, slots=True)
class Source:
    """One relation as it stands in a text: what it resolves to, and the name that its columns are reached by.

    `target` is the type of the statement that writes or makes it, empty when it is read. `renames`: its alias renames
    columns. `cte`: a common table expression of that name is in scope.
    """

    name: str
    relation: Relation | None
    catalog: Catalog | None
    in_catalog: bool
    alias: str
    renames: bool
    target: str
    cte: bool

    @property
    def known(self) -> bool:
        """Whether it resolved to anything at all."""
        return self.relation is not None or self.in_catalog or self.cte


def sources(whole: Survey, snapshot: Snapshot, state: SessionState) -> tuple[Source, ...]:
    """Every relation named anywhere in the tree."""
    return tuple(_source(fields, visible, target, snapshot, state) for fields, visible, target in _ranges(whole))


def _ranges(whole: Survey) -> Iterable[_Range]:
    """As `range_vars` has it; where there is no WITH, what was walked is enough."""
    named = whole.of(_NAMED)
    if whole.of(_COMMON):
        found = list(range_vars(whole.root, _EXPRESSIONS))
        return found if len(found) == len(named) else range_vars(whole.root)
    targets: dict[int, str] = {}
    for kind, fields in whole.of(_WRITES):
        for name in _TARGETS[kind]:
            below = fields.get(name)
            for value in below if isinstance(below, list) else [below] if below else []:
                targets[id(typed(value, name)[1])] = kind
    return [(fields, frozenset(), targets.get(id(fields), "")) for _, fields in named]


def lookup(schema: str, name: str, snapshot: Snapshot, state: SessionState) -> tuple[str, Relation | None]:
    """(schema, relation) of a name as the server would find it; ("", None) when nothing is known of it."""
    if schema:
        return schema, snapshot.by_name.get((schema, name))
    for place in (TEMPORARY, *_path(state)):  # even before pg_catalog, for relations and types alone (namespace.c)
        if (place == "pg_catalog" and name.startswith("pg_")) or (place == _STANDARD and is_standard(name)):
            return place, None
        found = snapshot.by_name.get((place, name))
        if found is not None:
            return place, found
    return "", None


def _path(state: SessionState) -> tuple[str, ...]:
    path = tuple(state.role if s in ("$user", '"$user"') else s for s in state.search_path)
    return path if "pg_catalog" in path else ("pg_catalog", *path)


def _source(fields: Fields, visible: frozenset[str], target: str, snapshot: Snapshot, state: SessionState) -> Source:
    name, schema = str(fields.get("relname", "")), str(fields.get("schemaname", ""))
    alias = typed(fields["alias"], "alias")[1] if "alias" in fields else {}
    place, relation = lookup(schema, name, snapshot, state)
    if "catalogname" in fields:
        place, relation = "", None
    in_catalog = place in SCHEMAS and relation is None
    return Source(
        name=f"{place}.{name}" if place else name,
        relation=relation,
        catalog=harmless(place, name) if in_catalog else None,
        in_catalog=in_catalog,
        alias=str(alias.get("aliasname", name)),
        renames="colnames" in alias,
        target=target,
        cte=not schema and not target and name in visible,
    )


def range_vars(root: Node, without: frozenset[str] = frozenset()) -> Iterator[_Range]:
    """Every relation named in the tree: its node, the common table expressions in scope, and as in `Source.target`.

    `without`: fields that aren't looked into.
    """
    stack: list[tuple[Node, frozenset[str], str]] = [(root, frozenset(), "")]
    while stack:
        node, visible, target = stack.pop()
        if node[0] == "RangeVar":
            yield node[1], visible, target
            continue
        targets = _TARGETS.get(node[0], ())
        below = visible | frozenset(_cte_names(node[1])) if "withClause" in node[1] else visible
        inside = node if without.isdisjoint(node[1]) else (node[0], _left(node[1], without))
        for field, child in children(inside):
            if field == "withClause":
                stack.extend(_ctes(child, visible))
            elif child[0] not in _WITHOUT:
                stack.append((child, below, node[0] if field in targets else ""))


def _left(fields: Fields, without: frozenset[str]) -> Fields:
    return {name: value for name, value in fields.items() if name not in without}


def _cte_names(fields: Fields) -> list[str]:
    clause = fields.get("withClause")
    ctes = clause.get("ctes", ()) if isinstance(clause, dict) else ()
    return [str(typed(c)[1].get("ctename", "")) for c in ctes]


def _ctes(clause: Node, visible: frozenset[str]) -> Iterator[tuple[Node, frozenset[str], str]]:
    recursive = bool(clause[1].get("recursive"))
    names = [str(typed(c)[1].get("ctename", "")) for c in clause[1].get("ctes", ())]
    for n, cte in enumerate(clause[1].get("ctes", ())):
        yield typed(cte), visible | frozenset(names if recursive else names[:n]), ""
