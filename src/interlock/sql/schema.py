"""Statements that change definitions and rights: what they touch. Policy decides; code of users comes by `routines.py`.

What such a statement does to data can't be read off its text (a default, an index expression, a cascade), so all but
plain DROP TABLE and CREATE TABLE reach every label of the connection. A view's query is traced (`making.py`); changes
of temporary relations reach nothing else, and the session's own snapshot is read anew after them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from interlock.model import verb
from interlock.model.names import Verb
from interlock.model.snapshot import TEMPORARY, Snapshot
from interlock.sql.functions import FunctionClass, class_of
from interlock.sql.resolve import Source, lookup, sources
from interlock.sql.session_state import SessionState
from interlock.sql.shape import Kind, Refusal, Touch
from interlock.sql.survey import survey
from interlock.sql.temporary import KIND as TEMPORARY_KIND
from interlock.sql.temporary import asked_for, hidden, is_about, target
from interlock.sql.temporary import refusal as temporary_refusal
from interlock.sql.tree import Fields, Node, typed, walk, words

_VERBS: Final[Mapping[str, tuple[Kind, Verb]]] = {
    "AlterEnumStmt": (Kind.SCHEMA, verb.SQL_ALTER),
    "AlterObjectSchemaStmt": (Kind.SCHEMA, verb.SQL_ALTER),
    "AlterOwnerStmt": (Kind.PRIVILEGE, verb.SQL_ALTER),
    "AlterRoleStmt": (Kind.PRIVILEGE, verb.SQL_ROLE),
    "AlterSeqStmt": (Kind.SCHEMA, verb.SQL_ALTER),
    "AlterTableStmt": (Kind.SCHEMA, verb.SQL_ALTER),
    "CommentStmt": (Kind.SCHEMA, verb.SQL_COMMENT),
    "CreateEnumStmt": (Kind.SCHEMA, verb.SQL_CREATE),
    "CreateRoleStmt": (Kind.PRIVILEGE, verb.SQL_ROLE),
    "CreateSchemaStmt": (Kind.SCHEMA, verb.SQL_CREATE),
    "CreateSeqStmt": (Kind.SCHEMA, verb.SQL_CREATE),
    "CreateStmt": (Kind.SCHEMA, verb.SQL_CREATE),
    "DropRoleStmt": (Kind.PRIVILEGE, verb.SQL_ROLE),
    "DropStmt": (Kind.SCHEMA, verb.SQL_DROP),
    "GrantRoleStmt": (Kind.PRIVILEGE, verb.SQL_GRANT),
    "GrantStmt": (Kind.PRIVILEGE, verb.SQL_GRANT),
    "IndexStmt": (Kind.SCHEMA, verb.SQL_CREATE),
    "RenameStmt": (Kind.SCHEMA, verb.SQL_ALTER),
    "ViewStmt": (Kind.SCHEMA, verb.SQL_CREATE),
}

_NOT_BUILT: Final[Mapping[str, str]] = {
    "AlterDatabaseSetStmt": "ALTER DATABASE ... SET",
    "AlterRoleSetStmt": "ALTER ROLE ... SET",
    "AlterSystemStmt": "ALTER SYSTEM",
    "CallStmt": "CALL",
    "CheckPointStmt": "CHECKPOINT",
    "ClusterStmt": "CLUSTER",
    "CreateEventTrigStmt": "CREATE EVENT TRIGGER",
    "CreateExtensionStmt": "CREATE EXTENSION",
    "CreatePolicyStmt": "CREATE POLICY",
    "CreateTrigStmt": "CREATE TRIGGER",
    "DoStmt": "DO blocks",
    "ImportForeignSchemaStmt": "IMPORT FOREIGN SCHEMA",
    "LoadStmt": "LOAD",
    "ReindexStmt": "REINDEX",
    "RuleStmt": "CREATE RULE",
    "VacuumStmt": "VACUUM and ANALYZE",
}

_RELATIONS: Final = frozenset(
    {"OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_SEQUENCE", "OBJECT_INDEX", "OBJECT_FOREIGN_TABLE"}
)
_ROUTINES: Final = frozenset({"OBJECT_FUNCTION", "OBJECT_PROCEDURE", "OBJECT_ROUTINE", "OBJECT_AGGREGATE"})
FEW: Final = "what a change of definitions does to data can't be read off its text"


@dataclass(frozen=True, slots=True)
class Change:
    """A judged change: its touches, and why every label of the connection counts (empty: those of its tables do).

    `temporary`: see `Statement`.
    """

    kind: Kind
    touches: tuple[Touch, ...]
    because: tuple[str, ...]
    refusal: Refusal | None
    temporary: bool = False


def judge(root: Node, snapshot: Snapshot, state: SessionState) -> Change:
    """What a statement that is neither query, write nor session traffic does; refused when it isn't on the lists."""
    kind, fields = root
    if kind not in _VERBS:
        what = _NOT_BUILT.get(kind, "statements of this kind")
        return Change(Kind.REFUSED, (), (), Refusal("not_built", f"not built yet: {what}"))
    family, word = _verb(kind, fields)
    touched = _touches(root, word, snapshot, state)
    temporary = _is_temporary(root, touched)
    because = () if temporary or _plain(kind, fields) else (FEW,)
    refused = temporary_refusal(root, touched, snapshot) if temporary else _refusal(root)
    return Change(family, touched, because, refused or _computed(root, snapshot), temporary)


def _is_temporary(root: Node, touched: tuple[Touch, ...]) -> bool:
    """A view over temporary relations is one itself, said or not."""
    made = target(root)
    return is_about(touched) or (made is not None and asked_for(made))


def _verb(kind: str, fields: Fields) -> tuple[Kind, Verb]:
    family, word = _VERBS[kind]
    if kind in ("GrantStmt", "GrantRoleStmt") and not fields.get("is_grant"):
        return family, verb.SQL_REVOKE
    if kind == "RenameStmt" and fields.get("renameType") == "OBJECT_ROLE":
        return Kind.PRIVILEGE, verb.SQL_ROLE
    return family, word


def _plain(kind: str, fields: Fields) -> bool:
    if kind == "DropStmt":
        return fields.get("removeType") == "OBJECT_TABLE" and fields.get("behavior") != "DROP_CASCADE"
    if kind == "CreateStmt":
        below = {k for k, _ in walk((kind, fields))}
        return not {"inhRelations", "partbound"} & fields.keys() and not {"TableLikeClause", "FuncCall"} & below
    return False


def _refusal(root: Node) -> Refusal | None:
    if "schemaElts" in root[1]:
        return Refusal("not_built", "not built yet: CREATE SCHEMA with further statements in it")
    named = any(kind == "RangeVar" and asked_for(fields) for kind, fields in walk(root))
    return TEMPORARY_KIND if named or hidden(root) else None


def _computed(root: Node, snapshot: Snapshot) -> Refusal | None:
    """Expressions of a definition run later, or on every row: those that could carry values along are refused.

    A view's query is judged when it is read (all of it is opaque), except for functions that never run.
    """
    for kind, fields in walk(root):
        if kind == "AlterTableCmd" and fields.get("subtype") == "AT_AlterColumnType":
            if typed(fields.get("def") or {})[1].get("raw_default"):
                return Refusal("not_built", "not built yet: ALTER COLUMN ... TYPE ... USING")
        elif kind == "FuncCall":
            name = words(fields.get("funcname"))
            known = class_of(name[-1]) if name else None
            if known is FunctionClass.REFUSED:
                return Refusal("function", f"the function {name[-1]} isn't let through")
            ours = known not in (None, FunctionClass.OPAQUE) and name[-1] not in snapshot.functions
            if root[0] != "ViewStmt" and (not ours or (len(name) > 1 and name[0] != "pg_catalog")):
                return Refusal("not_built", "not built yet: definitions that call functions we don't know")
    return None


def _touches(root: Node, word: Verb, snapshot: Snapshot, state: SessionState) -> tuple[Touch, ...]:
    kind, fields = root
    if kind == "DropStmt" and fields.get("removeType") in _RELATIONS:
        named = [_object(words(_items(o)), word, snapshot, state) for o in fields.get("objects", ())]
    elif kind == "CommentStmt" and fields.get("objtype") in _RELATIONS:
        named = [_object(words(_items(fields["object"])), word, snapshot, state)]
    elif kind == "DropStmt" and fields.get("removeType") in _ROUTINES:
        named = [Touch(word, ".".join(words(typed(o)[1].get("objname")))) for o in fields.get("objects", ())]
    else:
        named = _sources(root, word, snapshot, state)
    return tuple(dict.fromkeys(named)) or (Touch(word, ""),)


def _sources(root: Node, word: Verb, snapshot: Snapshot, state: SessionState) -> list[Touch]:
    """What is made stands where it will be: a temporary relation of that name elsewhere isn't it, nor the reverse."""
    made, named = target(root), [s for s in sources(survey(root), snapshot, state) if not s.cte]
    touches = [_source(s, word, root[0]) for s in named]
    if made is None:
        return touches
    name = str(made.get("relname", ""))
    over = root[0] == "ViewStmt" and any(
        s.relation is not None and s.relation.is_temporary for s in named if not s.target
    )
    place = TEMPORARY if asked_for(made) or over else str(made.get("schemaname", ""))
    if not place and (TEMPORARY, name) not in snapshot.by_name:
        return touches
    place = place or next(iter(state.search_path), "")
    found = Touch(word, f"{place}.{name}" if place else name, snapshot.by_name.get((place, name)))
    return [found, *(t for s, t in zip(named, touches, strict=True) if not _is_made(s, made, root[0]))]


def _is_made(source: Source, made: Any, kind: str) -> bool:
    bare = source.name.rpartition(".")[2]
    return bool(source.target) if kind == "ViewStmt" else bare == made.get("relname")


def _items(value: Any) -> Any:
    return typed(value)[1].get("items", ())


def _object(name: tuple[str, ...], word: Verb, snapshot: Snapshot, state: SessionState) -> Touch:
    schema = name[-2] if len(name) > 1 else ""
    place, relation = lookup(schema, name[-1], snapshot, state)
    written = ".".join(name) if relation is None and not place else f"{place}.{name[-1]}"
    return Touch(word, written, relation)


def _source(source: Source, word: Verb, kind: str) -> Touch:
    """The view that is made is created; what its query names is read."""
    if kind == "ViewStmt" and not source.target:
        return Touch(verb.SQL_SELECT, source.name, source.relation)
    return Touch(word, source.name, source.relation)
