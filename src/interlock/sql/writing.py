"""Writes: constants and parameters may be written anywhere. A value that comes from elsewhere could carry a label
along: it may be written only where nothing in the statement's reach has one.

What is a write's target, which columns it writes, and whether a predicate limits it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from interlock.model.snapshot import EVERY_WRITE, Relation
from interlock.sql.shape import Refusal
from interlock.sql.survey import Survey, survey
from interlock.sql.tree import Fields, Node, typed, walk, words

_STAMPS: Final = frozenset(
    f"SVFOP_{name}{suffix}"
    for name in ("CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP")
    for suffix in ("", "_N")
)
_NOW: Final = (("now",), ("pg_catalog", "now"))
_COMPUTED = Refusal(
    "not_built", "writing computed values isn't built yet where labelled columns are in reach; write constants"
)
_FROM_QUERY = Refusal(
    "not_built", "INSERT ... SELECT isn't built yet where labelled columns are in reach; insert constants or parameters"
)


_EVENTS: Final[Mapping[str, str]] = {"InsertStmt": "insert", "UpdateStmt": "update", "DeleteStmt": "delete"}
_WRITING: Final = frozenset({"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})


@dataclass(frozen=True, slots=True)
class Write:
    """One INSERT, UPDATE, DELETE or MERGE in a text: the columns written (None for all).

    `computed`: why it is refused if a label is in reach; None where it writes constants and parameters alone.
    """

    node: Node
    columns: frozenset[str] | None
    unbounded: bool
    returns: bool
    computed: Refusal | None


def writes(root: Node) -> tuple[Write, ...]:
    """Every write in the tree, data-modifying common table expressions included."""
    return written_in(survey(root))


def written_in(whole: Survey) -> tuple[Write, ...]:
    """The same of a tree that was walked."""
    return tuple(write_of(node) for node in whole.of(_WRITING))


def events_of(node: Node, relation: Relation | None) -> frozenset[str]:
    """The kinds of writes that one write may be: `insert`, `update`, `delete`; all of them for what may be any."""
    kind, fields = node
    event = _EVENTS.get(kind)
    if event is None or (event == "update" and (relation is None or relation.kind == "p")):
        return EVERY_WRITE  # MERGE; rows that move between partitions are deleted and inserted
    return frozenset({event, "update"} if "onConflictClause" in fields else {event})


def limits(condition: Any) -> bool:
    """Whether a WHERE expression names a column in a way that can limit the rows; constants and tautologies don't."""
    if not isinstance(condition, dict) or not condition:
        return False
    kind, fields = typed(condition)
    if kind == "BoolExpr":
        arms = [limits(a) for a in fields.get("args", ())]
        return all(arms) if fields.get("boolop") == "OR_EXPR" else any(arms)
    if kind == "NullTest" and fields.get("nulltesttype") == "IS_NOT_NULL":
        return False
    if kind == "A_Expr" and _same(_names(fields.get("lexpr")), _names(fields.get("rexpr"))):
        return False
    return any(node[0] in ("ColumnRef", "CurrentOfExpr") for node in walk((kind, fields)))


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, dict):
        return ()
    kind, fields = typed(value)
    return words(fields.get("fields"))[-2:] if kind == "ColumnRef" else ()


def _same(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether two names may be the same column: `id = wards.id`, but not `w.id = p.id`, which joins."""
    return bool(one) and one[-1:] == other[-1:] and (len(one) == 1 or len(other) == 1 or one == other)


def write_of(node: Node) -> Write:
    """The write that one INSERT, UPDATE, DELETE or MERGE is."""
    kind, fields = node
    returns = "returningClause" in fields
    if kind == "InsertStmt":
        return Write(node, _insert_columns(fields), False, returns, _inserted_from(fields))
    if kind == "MergeStmt":
        return _merge(node, returns)
    unbounded = not limits(fields.get("whereClause"))
    if kind == "DeleteStmt":
        return Write(node, None, unbounded, returns, None)
    targets = [typed(t)[1] for t in fields.get("targetList", ())]
    return Write(node, frozenset(str(t.get("name")) for t in targets), unbounded, returns, _assignments(targets))


def _merge(node: Node, returns: bool) -> Write:
    """What its WHEN clauses write. A clause for what the join doesn't find has nothing but its own condition to bound
    it; what it inserts is bounded by its source, as in INSERT ... SELECT.
    """
    columns: set[str] = set()
    everything = False
    unbounded = not limits(node[1].get("joinCondition"))
    for item in node[1].get("mergeWhenClauses", ()):
        clause = typed(item)[1]
        named = [str(typed(t)[1].get("name")) for t in clause.get("targetList", ())]
        columns.update(named)
        everything = everything or (not named and clause.get("commandType") != "CMD_NOTHING")
        if clause.get("matchKind") == "MERGE_WHEN_NOT_MATCHED_BY_SOURCE":
            unbounded = unbounded or not limits(clause.get("condition"))
    return Write(node, None if everything else frozenset(columns), unbounded, returns, _COMPUTED)


def _insert_columns(fields: Fields) -> frozenset[str] | None:
    named = frozenset(str(typed(c)[1].get("name")) for c in fields.get("cols", ()))
    if not named:
        return None
    return named | {str(typed(t)[1].get("name")) for t in _conflict_targets(fields)}


def _conflict_targets(fields: Fields) -> list[Mapping[str, Any]]:
    clause = fields.get("onConflictClause")
    return list(clause.get("targetList", ())) if isinstance(clause, dict) else []


def _inserted_from(fields: Fields) -> Refusal | None:
    if any("indirection" in typed(c)[1] for c in fields.get("cols", ())):
        return _COMPUTED
    for value in _inserted(fields):
        if value is None:
            return _FROM_QUERY
        if not _plain(value):
            return _COMPUTED
    return _assignments([typed(t)[1] for t in _conflict_targets(fields)])


def _inserted(fields: Fields) -> Iterator[Node | None]:
    """Every value of the VALUES lists; None where rows come from a query."""
    if "selectStmt" not in fields:
        return
    select = typed(fields["selectStmt"])[1]
    if "valuesLists" not in select:
        yield None
    for row in select.get("valuesLists", ()):
        for value in typed(row)[1].get("items", ()):
            yield typed(value)


def _assignments(targets: list[Fields]) -> Refusal | None:
    for target in targets:
        if "indirection" in target or not _plain(typed(target.get("val") or {})):
            return _COMPUTED
    return None


def _plain(node: Node) -> bool:
    """A constant, a parameter, DEFAULT, the present time, or a cast or array of those."""
    while node[0] == "TypeCast":
        node = typed(node[1]["arg"])
    kind, fields = node
    if kind == "A_ArrayExpr":
        return all(_plain_item(e) for e in fields.get("elements", ()))
    if kind == "SQLValueFunction":
        return fields.get("op") in _STAMPS
    if kind == "FuncCall":
        return words(fields.get("funcname")) in _NOW and not fields.get("args")
    return kind in ("A_Const", "ParamRef", "SetToDefault")


def _plain_item(value: Any) -> bool:
    node = typed(value)
    while node[0] == "TypeCast":
        node = typed(node[1]["arg"])
    return node[0] in ("A_Const", "ParamRef")
