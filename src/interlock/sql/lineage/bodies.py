"""What the functions of users return, by their bodies: SQL, and PL/pgSQL that does nothing but return one expression
or query. Everything else is opaque, with the reason.

A body is traced as a subquery would be, with the arguments around it: as columns of an outermost level, since a column
goes before an argument of the same name (PostgreSQL documentation, 36.5.1), and as `$n`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from interlock.errors import NotUnderstood
from interlock.model.snapshot import Argument, Routine
from interlock.sql.extension_functions import all_harmless, is_harmless
from interlock.sql.functions import class_of
from interlock.sql.lineage.scopes import Item, Scope
from interlock.sql.lineage.shapes import fields_of
from interlock.sql.lineage.traced import How
from interlock.sql.lineage.tracer import Rows, Tracer, Untraced
from interlock.sql.lineage.values import FIRST_USER_TYPE, NOTHING, SCALAR_TYPE, UNKNOWN_TYPE, Value, carrying, either
from interlock.sql.parse import parse
from interlock.sql.session_state import SessionState

DEEPEST: Final = 16  # functions that call one another
_VOID: Final = 2278
_RECORD: Final = 2249
_POLYMORPHIC: Final = frozenset({2276, 2277, 2283, 2776, 3500, 3831, 4537, 5077, 5078, 5079, 5080, 4538})

_ROLES: Final = frozenset({"role", "session_authorization"})

_HEAD: Final = b"CREATE FUNCTION f() RETURNS int LANGUAGE sql "
_GAP: Final = r"(?:\s|--[^\n]*\n|/\*(?:[^*]|\*(?!/))*\*/)"
_RETURNS: Final = re.compile(
    rf"{_GAP}*BEGIN{_GAP}+RETURN\b(?!{_GAP}*NEXT\b){_GAP}*(QUERY\b)?(.*);{_GAP}*END{_GAP}*;?{_GAP}*",
    re.IGNORECASE | re.DOTALL,
)

_UNFOUND: Final = "a function outside pg_catalog that isn't in the search path or has no such arguments"
_LANGUAGE: Final = "a function whose language we can't read"
_AGGREGATE: Final = "an aggregate or window function of users"
_DYNAMIC: Final = "a PL/pgSQL function that does more than return one expression or query"
_UNREAD: Final = "a function whose body we can't read"
_DEEP: Final = "functions that call themselves, or one another too deeply"
_DEFAULT: Final = "an argument's default, which we can't read"
_CATALOGS: Final = "a function that reads the server's catalogs"
_BUILT_IN: Final = "a function outside pg_catalog with the name of one in it"


@dataclass(frozen=True, slots=True)
class Call:
    """Values of a call's arguments in order, and the names that some are given by (empty for none)."""

    values: Sequence[Value]
    names: Sequence[str]
    variadic: bool = False


def called(values: Sequence[Value], fields: Any) -> Call:
    """The call that a FuncCall's node makes with these values."""
    nodes = fields.get("args", ())
    names = [n["NamedArgExpr"].get("name", "") if "NamedArgExpr" in n else "" for n in nodes]
    return Call(values, names if len(names) == len(values) else [""] * len(values), bool(fields.get("func_variadic")))


def routine(t: Tracer, path: Sequence[str], call: Call) -> Value:
    """What a call of a user's function may return: any of those of the name that take as many arguments."""
    candidates = list(_candidates(t, path))
    may_be = len(path) == 1 and _may_be_built_in(path[0], candidates) and not all_harmless(path, t.snapshot)
    if path[0] == "pg_catalog" or may_be:
        return _opaque(t, _BUILT_IN, call)
    found = [(r, bound) for r in candidates if (bound := _bound(r, call)) is not None]
    if not found:
        return _opaque(t, _UNFOUND, call)
    values = [_returned(t, candidate, bound, call) for candidate, bound in found]
    value = either(values)
    if value.opaque:
        t.opaque[value.opaque] = None
    return Value(value.sources, None, value.type_oid, value.fields, value.item, value.opaque)


def _may_be_built_in(name: str, candidates: Sequence[Routine]) -> bool:
    """Whether a bare name may mean one of pg_catalog's as well, which the arguments' types decide."""
    return class_of(name) is not None or name.startswith("pg_") or any(r.namesake for r in candidates)


def out_name(t: Tracer, path: Sequence[str]) -> str:
    """What FROM calls the one column of a function with a single OUT argument; empty where it goes by another name."""
    names = {a[0].name for r in _candidates(t, path) if len(a := _outputs(r)) == 1}
    return names.pop() if len(names) == 1 else ""


def _candidates(t: Tracer, path: Sequence[str]) -> Iterator[Routine]:
    schemas = set(path[-2:-1]) if len(path) > 1 else set(_schemas(t.state))
    named = t.snapshot.routines_by_name.get(path[-1], ()) if path else ()
    return (r for r in named if r.schema in schemas)


def _schemas(state: SessionState) -> Iterator[str]:
    return (state.role if s in ("$user", '"$user"') else s for s in state.search_path)


def _outputs(routine: Routine) -> tuple[Argument, ...]:
    return tuple(a for a in routine.arguments if a.mode in "obt")


def _bound(routine: Routine, call: Call) -> dict[int, Value] | None:
    """By position among its inputs (from 0), what a call gives it; None when it doesn't take such a call."""
    inputs = [a for a in routine.arguments if a.mode in "ibv"]
    bound: dict[int, Value] = {}
    spread = bool(inputs) and inputs[-1].mode == "v" and not call.variadic
    for at, (name, value) in enumerate(zip(call.names, call.values, strict=True)):
        if name:
            at = next((n for n, a in enumerate(inputs) if a.name == name), len(inputs))
        elif spread and at >= len(inputs) - 1:
            at = len(inputs) - 1
            value = carrying([*([bound[at]] if at in bound else []), value])
        if at >= len(inputs):
            return None
        bound[at] = value
    required = len(inputs) - routine.defaults
    return bound if all(at in bound for at in range(required)) else None


def _returned(t: Tracer, routine: Routine, bound: dict[int, Value], call: Call) -> Value:
    if routine.kind not in ("f", "p"):
        return _opaque(t, _AGGREGATE, call)
    if is_harmless(routine):
        made = carrying(call.values, SCALAR_TYPE)
        t.note(made.sources, How.ERROR)
        return made
    if routine.oid in t.calling or len(t.calling) >= DEEPEST:
        return _opaque(t, _DEEP, call)
    found = t.expansions.routines.get(routine.oid)
    if found is None:
        found = t.expansions.routines[routine.oid] = _statements(routine)
    if isinstance(found, str):
        return _opaque(t, found, call)
    inner = replace(
        t,
        state=SessionState(_path(t, routine), _role(t, routine), t.state.settings),
        in_definition=routine.standard_body,
        calling=(*t.calling, routine.oid),
    )
    scope = _around(inner, routine, bound)
    rows = None
    try:
        for node in found:
            rows = _traced(inner, node, scope)
    except Untraced:
        return _opaque(t, _CATALOGS, call)
    finally:
        t.steps = inner.steps
    return _shaped(t, routine, rows)


def _path(t: Tracer, routine: Routine) -> tuple[str, ...]:
    """The search path that a body is read under. One in a string that a view calls is read under whatever the session
    has then, which nothing remembers: its bare names are unknown. So are they where `$user` is somebody we don't know:
    the session's path, as we have it, leaves out that it says so.
    """
    role = _role(t, routine)
    for name, value in _settings(routine):
        if name == "search_path":
            path = tuple(w for part in value.split(",") if (w := part.strip().strip("\"'")))
            return path if role or "$user" not in path else ()
    another = not role and bool(t.state.role or not t.calling)
    return () if routine.standard_body or t.in_definition or another else t.state.search_path


def _role(t: Tracer, routine: Routine) -> str:
    """As whom a body runs; empty where that can't be told."""
    other = routine.security_definer or any(name in _ROLES for name, _ in _settings(routine))
    return "" if other else t.state.role


def _settings(routine: Routine) -> Iterator[tuple[str, str]]:
    for setting in routine.settings:
        name, _, value = setting.partition("=")
        yield name.strip().lower(), value


def _statements(routine: Routine) -> list[Any] | str:
    """The statements of a body, a lone expression as a SELECT of it; or why they can't be read."""
    try:
        if routine.standard_body:
            return _standard(parse(_HEAD + routine.body.encode()).statements)
        if routine.language == "sql":
            return list(parse(routine.body.encode()).statements)
        if routine.language == "plpgsql":
            return _plpgsql(routine.body)
    except NotUnderstood:
        return _UNREAD
    return _LANGUAGE


def _standard(statements: Sequence[Any]) -> list[Any]:
    body = statements[0]["CreateFunctionStmt"]["sql_body"]
    if "ReturnStmt" in body:
        return [_select(body["ReturnStmt"]["returnval"])]
    return [node for items in body["List"]["items"] for node in items["List"]["items"]]


def _plpgsql(body: str) -> list[Any] | str:
    found = _RETURNS.fullmatch(body)
    if found is None or not found[2].strip():
        return _DYNAMIC
    text = found[2] if found[1] else f"SELECT {found[2]}"
    try:
        statements = list(parse(text.encode()).statements)
    except NotUnderstood:  # EXECUTE and NEXT, further statements, blocks within
        return _DYNAMIC
    select = statements[0].get("SelectStmt", {}) if len(statements) == 1 else {}
    lone = bool(select) if found[1] else len(select.get("targetList", ())) == 1
    return statements if lone else _DYNAMIC


def _select(expression: Any) -> Any:
    return {"SelectStmt": {"targetList": [{"ResTarget": {"val": expression}}], "op": "SETOP_NONE"}}


def _around(t: Tracer, routine: Routine, bound: dict[int, Value]) -> Scope:
    """The arguments, as the level of names around a body; and as `$n` in the trace."""
    names, values, items = [], [], []
    parameters: dict[int, Value] = {}
    inputs = 0
    for argument in routine.arguments:
        value = NOTHING  # OUT arguments and columns of a table are variables of PL/pgSQL, empty at first
        if argument.mode in "ibv":
            value = _given(t, argument, bound.get(inputs))
            inputs += 1
            parameters[inputs] = value
        if argument.name:
            names.append(argument.name)
            values.append(value)
            fields = fields_of(t, value)
            if fields is not None:
                items.append(Item(argument.name, [n for n, _ in fields], [v for _, v in fields], bare=False))
    t.parameters = parameters
    return Scope(None, [Item(routine.name, names, values), *items])


def _given(t: Tracer, argument: Argument, value: Value | None) -> Value:
    """An argument's value within the body: never a plain column, and with the fields of its declared type."""
    if value is None:
        return Value(opaque=_DEFAULT)
    declared = argument.type_oid
    if declared in _POLYMORPHIC or declared == _RECORD:
        return Value(value.sources, None, value.type_oid, value.fields, value.item, value.opaque)
    kind = declared if declared >= FIRST_USER_TYPE else declared or SCALAR_TYPE
    typed = Value(value.sources, None, kind, None, value.item, value.opaque)
    told = fields_of(t, typed)
    if told is not None and value.fields is not None and len(told) == len(value.fields):
        typed.fields = tuple((name, field) for (name, _), (_, field) in zip(told, value.fields, strict=True))
    return typed


def _traced(t: Tracer, node: Any, scope: Scope) -> Rows | None:
    """One statement of a body; what it tests, reads and writes is noted on the way."""
    (kind,) = node
    if kind in ("InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt") or (kind == "SelectStmt" and not _makes(node)):
        return t.query(t, node, scope)
    t.give_up("a function that does something else than read and write rows")
    return Rows((), (), unknown=True)


def _makes(node: Any) -> bool:
    """Whether a query makes a table (SELECT INTO), which a set operation says in its leftmost SELECT."""
    fields = node["SelectStmt"]
    while "larg" in fields:
        fields = fields["larg"]
    return "intoClause" in fields


def _shaped(t: Tracer, routine: Routine, rows: Rows | None) -> Value:
    """What a call gives, of the rows that the last statement gives."""
    if routine.returns == _VOID:
        return Value(type_oid=SCALAR_TYPE)
    if rows is None or rows.unknown:
        return t.give_up(_UNREAD)
    names = [a.name for a in _outputs(routine)]
    composite = fields_of(t, Value(type_oid=routine.returns))
    if composite is not None and len(names) <= 1:
        names = [name for name, _ in composite]
    elif len(names) <= 1 and routine.returns != _RECORD:
        return _one(routine, rows)
    values = _columns(t, rows, len(names))
    whole = carrying(rows.values, routine.returns if composite is not None else UNKNOWN_TYPE)
    if values is None:
        values = [Value(whole.sources, opaque=whole.opaque) for _ in names]
    elif not names:
        names = list(rows.names) if len(values) == len(rows.names) else [f"column{n + 1}" for n in range(len(values))]
    whole.fields = tuple(zip(names, (_stripped(v) for v in values), strict=False))
    return whole


def _one(routine: Routine, rows: Rows) -> Value:
    """Of a function that returns one scalar (or an array, or of a type that goes by its arguments)."""
    value = carrying(rows.values[:1])
    known = routine.returns if routine.returns not in _POLYMORPHIC else UNKNOWN_TYPE
    first = rows.values[0] if rows.values else NOTHING
    return Value(value.sources, None, known, first.fields if known == UNKNOWN_TYPE else None, first.item, value.opaque)


def _columns(t: Tracer, rows: Rows, width: int) -> list[Value] | None:
    """The row's columns: those of the query, or the fields of the one row that is its only column."""
    if len(rows.values) == 1 and width != 1:
        fields = fields_of(t, rows.values[0])
        return [v for _, v in fields] if fields is not None and width in (0, len(fields)) else None
    return list(rows.values) if width in (0, len(rows.values)) else None


def _stripped(value: Value) -> Value:
    return Value(value.sources, None, value.type_oid, value.fields, value.item, value.opaque)


def _opaque(t: Tracer, because: str, call: Call) -> Value:
    t.opaque[because] = None
    value = carrying(call.values)
    return Value(value.sources, opaque=because)
