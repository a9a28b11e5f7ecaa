"""CREATE FUNCTION and REFRESH MATERIALIZED VIEW: code that runs later, and a view's query that runs now.

What a function will do can't be said when it is made, so making one reaches every label of the connection, and its
text is code: shown whole to whoever signs for it, its literals too. One that seems to hold data is refused
(`identifiers.py`).
What a call of it returns is traced from its body once it is there (`lineage/bodies.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from interlock.model import verb
from interlock.model.snapshot import TEMPORARY, Relation, Snapshot
from interlock.sql.functions import FunctionClass, class_of
from interlock.sql.query import traced
from interlock.sql.resolve import lookup
from interlock.sql.session_state import SessionState
from interlock.sql.shape import Kind, Reach, Refusal, Statement, Touch
from interlock.sql.tree import Fields, constant, typed, walk, words

_CODE: Final = "code of users, of which nobody can tell what it will do"
_UNREAD: Final = "a materialised view whose query we can't read"

_LANGUAGES: Final = frozenset({"sql", "plpgsql"})
_OPTIONS: Final = frozenset(
    {"as", "language", "volatility", "strict", "leakproof", "cost", "rows", "parallel", "security", "set"}
)
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _not_built(what: str) -> Refusal:
    return Refusal("not_built", f"not built yet: {what}")


def create(blank: Statement, fields: Fields, snapshot: Snapshot, state: SessionState) -> Statement:
    """CREATE FUNCTION in SQL or PL/pgSQL."""
    name = words(fields.get("funcname"))
    place = name[-2] if len(name) > 1 else next(iter(state.search_path), "")
    made = ".".join((place, name[-1])) if place else name[-1]
    return replace(
        blank,
        kind=Kind.SCHEMA,
        touches=(Touch(verb.SQL_CREATE, made),),
        reach=Reach.CONNECTION,
        because=(_CODE,),
        refusal=_refusal(fields, place),
    )


def _refusal(fields: Fields, place: str) -> Refusal | None:
    options = [typed(item)[1] for item in fields.get("options", ())]
    given: dict[str, Any] = {str(option.get("defname")): option.get("arg") for option in options}
    language = str(typed(given["language"])[1].get("sval", "")).lower() if "language" in given else ""
    returned = words(fields.get("returnType", {}).get("names"))[-1:]
    named = (str(f.get("sval", "")) for kind, f in walk(("CreateFunctionStmt", fields)) if kind == "String")
    if place.startswith(TEMPORARY) or any(name.startswith(TEMPORARY) for name in named):
        return _not_built("temporary functions")
    if not place or place in ("pg_catalog", "information_schema"):
        return Refusal("schema", "functions are made in a schema of your own; name one")
    if fields.get("is_procedure"):
        return _not_built("CREATE PROCEDURE")
    if (language or "sql") not in _LANGUAGES:
        return _not_built("functions in languages other than SQL and PL/pgSQL")
    if not given.keys() <= _OPTIONS or not all(_sets_path(o) for o in options if o.get("defname") == "set"):
        return _not_built("this option of CREATE FUNCTION")
    if returned in (("trigger",), ("event_trigger",)):
        return _not_built("functions for triggers")
    refused = next((w for text in _code(fields, given) for w in _WORD.findall(text) if _is_refused(w)), None)
    return Refusal("function", f"the function {refused} isn't let through") if refused is not None else None


def _sets_path(option: Fields) -> bool:
    """A function may bring a search path of its own, which lineage knows; any other setting may change meanings."""
    setting: Any = typed(option.get("arg") or {})[1]
    plain = setting.get("kind") == "VAR_SET_VALUE" and setting.get("name") == "search_path"
    schemas = [constant(value) for value in setting.get("args", ())]
    return plain and all(name is not None and not name.lower().startswith(TEMPORARY) for name in schemas)


def _code(fields: Fields, given: dict[str, Any]) -> Iterator[str]:
    for item in typed(given["as"])[1].get("items", ()) if "as" in given else ():
        yield str(typed(item)[1].get("sval", ""))
    for kind, inner in walk(("CreateFunctionStmt", fields)):
        if kind == "FuncCall":
            yield " ".join(words(inner.get("funcname")))


def _is_refused(word: str) -> bool:
    return class_of(word.lower()) is FunctionClass.REFUSED


def refresh(blank: Statement, fields: Fields, snapshot: Snapshot, state: SessionState) -> Statement:
    """REFRESH MATERIALIZED VIEW: its own query runs, and carries nothing that its definition doesn't tell."""
    target = fields["relation"]
    place, relation = lookup(str(target.get("schemaname", "")), str(target.get("relname", "")), snapshot, state)
    name = f"{place}.{target.get('relname')}" if place else str(target.get("relname", ""))
    read: tuple[Touch, ...] = ()
    because: tuple[str, ...] = (_UNREAD,)
    if relation is not None and relation.kind == "m":
        read, because = _behind(target, relation, snapshot, state)
    return replace(
        blank,
        kind=Kind.SCHEMA,
        touches=(Touch(verb.SQL_MAINTAIN, name, relation), *read),
        reach=Reach.CONNECTION if because else Reach.TABLES,
        because=because,
    )


def _behind(
    target: Any, relation: Relation, snapshot: Snapshot, state: SessionState
) -> tuple[tuple[Touch, ...], tuple[str, ...]]:
    """The relations that its query reads, and why that can't be told."""
    star: Any = {"ResTarget": {"val": {"ColumnRef": {"fields": [{"A_Star": {}}]}}}}
    select = {"targetList": [star], "fromClause": [{"RangeVar": target}], "op": "SETOP_NONE"}
    lineage = traced(("SelectStmt", select), snapshot, state)
    if lineage is None:
        return (), (_UNREAD,)
    found = (snapshot.by_oid.get(oid) for oid in sorted(lineage.relations - {relation.oid}))
    return tuple(Touch(verb.SQL_SELECT, r.qualified, r) for r in found if r is not None), lineage.opaque
