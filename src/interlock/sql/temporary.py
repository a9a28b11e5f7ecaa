"""Temporary relations by the text that makes or changes them: which it is about, and what isn't let through.

Of temporary things there are relations alone here: tables, views, what belongs to them. What else can be temporary
(sequences of their own, types, functions, members of a table's family) is refused.
"""

from __future__ import annotations

from typing import Any, Final

from interlock.model.snapshot import TEMPORARY, Snapshot
from interlock.sql.functions import BUILT_IN_TYPES
from interlock.sql.shape import Refusal, Touch
from interlock.sql.tree import Fields, Node, walk

NAME: Final = Refusal(
    "not_built", "not built yet: temporary relations that have the name of a type, or begin like the server's own"
)
KIND: Final = Refusal("not_built", "not built yet: this kind of temporary object; temporary tables and views are")
FAMILY: Final = Refusal("not_built", "not built yet: temporary tables that inherit, are partitions or are of a type")
MIXED: Final = Refusal("not_built", "temporary and other objects can't be named in one change; make it two")

# Types that catalog queries cast to, beside those that everybody uses. A relation's row type hides a type of its name.
_TYPES: Final = BUILT_IN_TYPES | {"xml", "json", "record", "void", "any", "cstring", "regdatabase", "refcursor"}

_MADE: Final = {"CreateStmt": "relation", "ViewStmt": "view", "CreateSeqStmt": "sequence"}
_CHANGES: Final = frozenset(
    {"CreateStmt", "ViewStmt", "IndexStmt", "DropStmt", "AlterTableStmt", "RenameStmt", "CommentStmt"}
)
_DROPPED: Final = frozenset({"OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_INDEX", "OBJECT_SEQUENCE"})
_RENAMED: Final = frozenset({"OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_COLUMN"})
_FAMILY: Final = frozenset({"AT_AddInherit", "AT_DropInherit", "AT_AttachPartition", "AT_DetachPartition", "AT_AddOf"})
_OF_A_FAMILY: Final = frozenset({"inhRelations", "partbound", "partspec", "ofTypename"})


def asked_for(relation: Fields) -> bool:
    """Whether a name is said to be a temporary relation's: by TEMP before it, or by its schema."""
    return relation.get("relpersistence") == "t" or _is_place(str(relation.get("schemaname", "")))


def place_of(relation: Fields) -> str:
    """The schema of what is made under this name: as written, empty where it is left to the search path."""
    return TEMPORARY if relation.get("relpersistence") == "t" else str(relation.get("schemaname", ""))


def is_about(touches: tuple[Touch, ...]) -> bool:
    """Whether any of these is a temporary relation."""
    return any(_is_temporary(touch) for touch in touches)


def target(root: Node) -> Fields | None:
    """The name of the table, view or sequence that a statement makes."""
    field = _MADE.get(root[0])
    found: Any = root[1].get(field) if field is not None else None
    return found if isinstance(found, dict) else None


def named(relation: Fields, snapshot: Snapshot) -> Refusal | None:
    """Why a temporary relation can't have this name."""
    if relation.get("catalogname") or str(relation.get("schemaname", "")) not in ("", TEMPORARY):
        return KIND
    return _name(str(relation.get("relname", "")), snapshot)


def refusal(root: Node, touches: tuple[Touch, ...], snapshot: Snapshot) -> Refusal | None:
    """Why a change that names something temporary isn't let through."""
    kind, fields = root
    changed = tuple(t for t in touches if kind != "ViewStmt" or t.verb != "sql.select")
    if kind not in _CHANGES:
        return KIND
    if not all(_is_temporary(t) for t in changed):
        return MIXED
    if kind == "DropStmt" and fields.get("removeType") not in _DROPPED:
        return KIND
    if kind == "RenameStmt":
        if fields.get("renameType") not in _RENAMED:
            return KIND
        column = fields.get("renameType") == "OBJECT_COLUMN"
        return None if column else _name(str(fields.get("newname", "")), snapshot)
    if fields.keys() & _OF_A_FAMILY or any(f.get("subtype") in _FAMILY for _, f in walk(root)):
        return FAMILY
    made = target(root)
    return named(made, snapshot) if made is not None else None


def hidden(root: Node) -> bool:
    """Whether something temporary that is no relation is named: a type, a function, a sequence."""
    kind, fields = root
    if kind in ("DropStmt", "CommentStmt"):
        return False  # relations are looked up there
    strings = (str(f.get("sval", "")) for k, f in walk(root) if k == "String")
    places = (str(fields.get(name, "")) for name in ("newschema", "schemaname"))
    return any(_is_place(each) for each in (*strings, *places))


def _name(name: str, snapshot: Snapshot) -> Refusal | None:
    bare = name.removeprefix("_")
    server = name.startswith(("pg_", "_pg_")) or name == "information_schema"
    return NAME if server or bare in _TYPES or _is_users_type(name, snapshot) else None


def _is_users_type(name: str, snapshot: Snapshot) -> bool:
    """Whether a type goes by this name; that of a relation's rows is hidden together with the relation."""
    if name not in snapshot.types:
        return False
    found = [t for t in snapshot.user_types if t.name == name]
    rows = {r.row_type for r in snapshot.relations}
    return not found or any(t.oid not in rows and t.element not in rows for t in found)


def _is_temporary(touch: Touch) -> bool:
    return touch.relation.is_temporary if touch.relation is not None else touch.name.startswith(f"{TEMPORARY}.")


def _is_place(schema: str) -> bool:
    return schema.startswith(TEMPORARY)
