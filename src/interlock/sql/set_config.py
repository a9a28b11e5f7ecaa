"""`SELECT set_config('name', 'value', false)`: a SET that looks like a query.

Only as the whole of a SELECT, with constants: what is set is then what a SET would set, judged alike, and what comes
back is known beforehand. `current_setting` of what SHOW shows may stand beside it (asyncpg asks so). pg_dump and
pgAdmin ask for a setting that may not exist by way of the settings' own view: that form too, with the name in WHERE.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from interlock.model.snapshot import Snapshot
from interlock.sql import session_settings
from interlock.sql.resolve import lookup
from interlock.sql.session_state import SessionState
from interlock.sql.shape import Kind, Refusal, Statement
from interlock.sql.tree import Fields, constant, typed, words

_ALONE: Final = frozenset({"targetList", "limitOption", "op"})
_NAMED: Final = _ALONE | {"fromClause", "whereClause"}
# Settings that may take a parameter, since nothing hangs on their value; and what is kept in its place (asyncpg turns
# the compiler of expressions off for its own queries, and back to what it was).
_UNTOLD: Final[Mapping[str, str]] = {"jit": "on"}
_YES: Final = frozenset({"true", "t", "on", "yes", "1"})
_NO: Final = frozenset({"false", "f", "off", "no", "0"})
_USE_SET: Final = Refusal("setting", "application_name is set by SET, or when connecting")


@dataclass(frozen=True, slots=True)
class _Assigned:
    name: str
    value: str
    local: bool


def judge(blank: Statement, fields: Fields, snapshot: Snapshot, state: SessionState) -> Statement | None:
    """The SET that a SELECT is; None when it isn't of this form, and is judged as the query it is."""
    named = _named(fields, snapshot, state)
    if named is None:
        return None
    made: list[_Assigned] = []
    for target in fields.get("targetList", ()):
        call = _call(typed(target)[1], snapshot)
        if call is None or not _reads(call, made, named):
            return None
    if len(made) != 1:
        return None
    if made[0].name == "application_name":  # the door sends another value than the client's, and a row would show it
        return replace(blank, kind=Kind.SET, refusal=_USE_SET)
    outcome = session_settings.assign(made[0].name, made[0].value, local=made[0].local)
    if isinstance(outcome, Refusal):
        return replace(blank, kind=Kind.SET, refusal=outcome)
    width = len(fields["targetList"])
    return replace(blank, kind=Kind.SET, effect=outcome, describe=blank.text, width=width)


def _reads(call: tuple[str, Sequence[Any]], made: list[_Assigned], named: str) -> bool:
    """Whether this output is one of ours; an assignment is added to `made`."""
    function, given = call
    values = [constant(argument) for argument in given]
    if function == "current_setting":
        shown = values[0] if values else None
        return len(values) in (1, 2) and shown is not None and session_settings.may_show(shown)
    if len(values) != 3:
        return False
    if named and _is_column(given[0], "name"):
        values[0] = named
    name, value, local = values
    if value is None and name is not None and name in _UNTOLD and typed(given[1])[0] == "ParamRef":
        value = _UNTOLD[name]
    if name is None or value is None or local is None or local.lower() not in _YES | _NO:
        return False
    made.append(_Assigned(name.lower(), value, local.lower() in _YES))
    return True


def _call(target: Fields, snapshot: Snapshot) -> tuple[str, Sequence[Any]] | None:
    """(function, arguments) of an output that is a bare call of one of the two, and of the server's own."""
    kind, fields = typed(target.get("val") or {})
    if kind != "FuncCall" or fields.keys() - {"funcname", "args", "funcformat", "location"}:
        return None
    name = words(fields.get("funcname"))
    ours = name[:-1] == ("pg_catalog",) or (len(name) == 1 and name[0] not in snapshot.functions)
    if not ours or name[-1] not in ("set_config", "current_setting"):
        return None
    return name[-1], fields.get("args", ())


def _named(fields: Fields, snapshot: Snapshot, state: SessionState) -> str | None:
    """The setting that the WHERE names, empty without one; None when the SELECT has other parts."""
    if fields.keys() <= _ALONE:
        return ""
    clauses = fields.get("fromClause", ())
    if not fields.keys() <= _NAMED or len(clauses) != 1 or not _is_settings(clauses[0], snapshot, state):
        return None
    kind, test = typed(fields.get("whereClause") or {})
    if kind != "A_Expr" or test.get("kind") != "AEXPR_OP" or words(test.get("name")) != ("=",):
        return None
    if "=" in snapshot.operators or not _is_column(test.get("lexpr"), "name"):
        return None
    return constant(test.get("rexpr")) or None


def _is_settings(clause: Mapping[str, Any], snapshot: Snapshot, state: SessionState) -> bool:
    """Whether it is pg_settings, or the function behind it, under no other name."""
    kind, fields = typed(clause)
    if kind == "RangeVar":
        place = lookup(str(fields.get("schemaname", "")), str(fields.get("relname", "")), snapshot, state)
        plain = not fields.keys() & {"alias", "catalogname"}
        return plain and fields.get("relname") == "pg_settings" and place == ("pg_catalog", None)
    if kind != "RangeFunction" or fields.keys() - {"functions"} or len(fields["functions"]) != 1:
        return False
    items = typed(fields["functions"][0])[1].get("items", ())
    inner, call = typed(items[0])
    name = words(call.get("funcname"))
    bare = name == ("pg_catalog", "pg_show_all_settings") or (
        name == ("pg_show_all_settings",) and name[0] not in snapshot.functions
    )
    return inner == "FuncCall" and bare and "args" not in call


def _is_column(value: Any, name: str) -> bool:
    kind, fields = typed(value) if isinstance(value, dict) and value else ("", {})
    return kind == "ColumnRef" and words(fields.get("fields")) == (name,)
