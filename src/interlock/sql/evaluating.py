"""What running a statement may evaluate: what is believed of the server's complaints about it goes by that.

names_alone       nothing but names and the text's own constants: SET, CREATE TABLE, DROP ...
built_ins_alone   besides, built-ins over stored values: no code of users'
"""

from __future__ import annotations

from typing import Final

from interlock.model.snapshot import Relation, Snapshot
from interlock.sql.shape import Kind, Statement
from interlock.sql.tree import typed, walk

_SESSION: Final = frozenset({Kind.EMPTY, Kind.SHOW, Kind.SET, Kind.DISCARD})
_CHANGES: Final = frozenset({Kind.SCHEMA, Kind.PRIVILEGE})
_READS: Final = frozenset({Kind.QUERY, Kind.COPY_OUT, Kind.EXPLAIN})
_NAMING: Final = frozenset(
    f"{name}Stmt"
    for word, things in {
        "Alter": ("Enum", "ObjectSchema", "Owner", "Role", "Seq", "Table"),
        "Create": ("", "Enum", "Function", "Role", "Schema", "Seq"),
        "Drop": ("", "Role"),
        "Grant": ("", "Role"),
        "": ("Comment", "Index", "Rename", "View"),
    }.items()
    for name in (word + thing for thing in things)
)


def names_alone(statement: Statement, snapshot: Snapshot) -> bool:
    """Whether running it evaluates nothing of what is stored. What changes the definitions of rows that are there
    already may: a check, an index expression, another type."""
    if statement.kind in _SESSION:
        return True
    if statement.kind not in _CHANGES or not built_ins_alone(statement, snapshot):
        return False
    root = typed(statement.source.statements[0])
    if root[0] not in ("AlterTableStmt", "IndexStmt"):
        return root[0] in _NAMING
    return not any(kind == "ColumnRef" or fields.get("subtype") == "AT_AlterColumnType" for kind, fields in walk(root))


def built_ins_alone(statement: Statement, snapshot: Snapshot) -> bool:
    """Whether no code of users' can run in it, by what the definitions tell. Deferred triggers run at COMMIT."""
    relations = [t.relation for t in statement.touches if t.relation is not None]
    if statement.kind in _SESSION:
        return True
    if statement.kind in _CHANGES and typed(statement.source.statements[0])[0] in _NAMING:
        named = {token.text.strip('"').lower() for token in statement.source.tokens}
        domains = {t.name for t in snapshot.user_types if t.kind == "d"}
        return not named & (snapshot.functions | domains) and not any(_has_code(r) for r in relations)
    if statement.because:
        return False
    if statement.kind in _READS | _CHANGES:
        return not any(_has_code(r) for r in relations)
    if statement.kind is Kind.WRITE:
        return statement.countable
    return statement.kind is Kind.COPY_IN and not any(r.writes_more or r.children for r in relations)


def _has_code(relation: Relation) -> bool:
    """Whether triggers, rules, policies or constraints on it may run code of users'."""
    return not relation.is_base_table or (relation.hidden_effects and bool(relation.writes_more))
