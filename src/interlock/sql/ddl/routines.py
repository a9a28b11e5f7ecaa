"""Functions, procedures, aggregates and operators, and what changes or drops them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from interlock.errors import NotUnderstood
from interlock.model.snapshot import Argument, Routine
from interlock.sql.ddl.builtin_types import OIDS
from interlock.sql.ddl.spelling import Unspelled, in_full, top
from interlock.sql.ddl.tables import Making
from interlock.sql.ddl.types import type_oid
from interlock.sql.ddl.world import UNTOLD, World
from interlock.sql.tree import Fields, Node, constant, typed, words

_MODES: Final = {"FUNC_PARAM_OUT": "o", "FUNC_PARAM_INOUT": "b", "FUNC_PARAM_VARIADIC": "v", "FUNC_PARAM_TABLE": "t"}
_VOLATILITIES: Final = {"immutable": "i", "stable": "s", "volatile": "v"}


def create_function(fields: Fields, making: Making) -> None:
    """CREATE FUNCTION and CREATE PROCEDURE."""
    world = making.world
    schema, name = world.named(words(fields["funcname"]))
    options = {str(o["defname"]): o.get("arg") for o in (typed(o)[1] for o in fields.get("options", ()))}
    arguments = tuple(_argument(typed(p)[1], world) for p in fields.get("parameters", ()))
    declared = fields.get("returnType")
    standard = "sql_body" in fields
    body = _standard(fields["sql_body"], making) if standard else "\n".join(_strings(options.get("as")))
    made = Routine(
        oid=world.oid(),
        schema=schema,
        name=name,
        kind="p" if fields.get("is_procedure") else "w" if "window" in options else "f",
        language="sql" if standard else (constant(options.get("language")) or "").lower(),
        arguments=arguments,
        returns=type_oid(declared, world) if declared else _returns(arguments),
        returns_set=bool(declared and declared.get("setof")),
        volatility=_VOLATILITIES[constant(options.get("volatility")) or "volatile"],
        body=body,
        standard_body=standard,
        settings=_settings(fields.get("options", ())),
        defaults=sum("defexpr" in typed(p)[1] for p in fields.get("parameters", ())),
        security_definer=constant(options.get("security")) == "true",
    )
    _put(made, bool(fields.get("replace")), world)


def define(fields: Fields, world: World) -> None:
    """CREATE AGGREGATE and CREATE OPERATOR."""
    schema, name = world.named(words(fields["defnames"]))
    if fields["kind"] == "OBJECT_OPERATOR":
        world.operators.add((schema, name))
        return
    given = typed(fields["args"][0])[1].get("items", ()) if fields.get("args") and fields["args"][0] else ()
    arguments = tuple(_argument(typed(p)[1], world) for p in given)
    made = Routine(world.oid(), schema, name, "a", "internal", arguments, 0, False, "i", "aggregate_dummy")
    _put(made, True, world)


def alter_function(fields: Fields, world: World) -> None:
    """ALTER FUNCTION: what it says of volatility and settings."""
    for routine in matching(fields["func"], world):
        changed = routine
        for action in fields.get("actions", ()):
            option = typed(action)[1]
            if option["defname"] == "security":
                changed = replace(changed, security_definer=constant(option.get("arg")) != "false")
            if option["defname"] == "volatility":
                changed = replace(changed, volatility=_VOLATILITIES[constant(option.get("arg")) or "volatile"])
        settings = _settings(fields.get("actions", ()))
        world.routines[world.routines.index(routine)] = replace(changed, settings=(*changed.settings, *settings))


def matching(fields: Fields, world: World) -> list[Routine]:
    """The routines that a name with or without argument types means. Raises `NotUnderstood` when there is none."""
    name = words(fields["objname"])
    schemas = (name[-2],) if len(name) > 1 else world.path
    found = [r for r in world.routines if r.name == name[-1] and r.schema in schemas]
    if not fields.get("args_unspecified") and "objargs" in fields:
        types = tuple(type_oid(typed(t)[1], world) for t in fields["objargs"] if t)
        found = [r for r in found if inputs(r) == types or tuple(a.type_oid for a in r.arguments) == types] or found
    if not found:
        raise NotUnderstood("a function that the text hasn't made")
    return found


def inputs(routine: Routine) -> tuple[int, ...]:
    """The types of what it is called with."""
    return tuple(a.type_oid for a in routine.arguments if a.mode in "ibv")


def _put(made: Routine, replaces: bool, world: World) -> None:
    same = [r for r in world.routines if (r.schema, r.name) == (made.schema, made.name) and inputs(r) == inputs(made)]
    if same and not replaces:
        raise NotUnderstood("a function that is there already")
    world.routines = [*(r for r in world.routines if r not in same), made]


def _argument(fields: Fields, world: World) -> Argument:
    mode = _MODES.get(str(fields.get("mode")), "i")
    return Argument(str(fields.get("name", "")), type_oid(fields["argType"], world), mode)


def _returns(arguments: tuple[Argument, ...]) -> int:
    out = [a.type_oid for a in arguments if a.mode in "ob"]
    return OIDS["void"] if not out else out[0] if len(out) == 1 else OIDS["record"]


def _strings(value: Any) -> list[str]:
    return [constant(item) or "" for item in typed(value)[1].get("items", ())] if value else []


def _settings(options: Iterable[Any]) -> tuple[str, ...]:
    """`name=value` of each SET clause, as pg_proc.proconfig has it."""
    found = []
    for option in (typed(o)[1] for o in options):
        if option["defname"] == "set":
            clause = typed(option["arg"])[1]
            values = [constant(a) or "" for a in clause.get("args", ())]
            found.append(f"{clause.get('name', '')}={', '.join(values)}")
    return tuple(found)


def _standard(body: Any, making: Making) -> str:
    """RETURN ... or BEGIN ATOMIC ... END, with its names in full."""
    tokens = making.parsed.tokens
    names = [t.text.upper() for t in tokens]
    starts = (n for n, _ in top(tokens) if names[n] == "RETURN" or names[n : n + 2] == ["BEGIN", "ATOMIC"])
    first = next(starts, None)
    if first is None:
        return UNTOLD
    end = tokens[-1].start if names[-1] == ";" else tokens[-1].end
    try:
        return in_full(making.parsed, tokens[first].start, end, _roots(body), making.world)
    except Unspelled:
        return UNTOLD


def _roots(body: Any) -> list[Node]:
    root = typed(body)
    if root[0] != "List":
        return [root]
    return [r for item in root[1].get("items", ()) if item for r in _roots(item)]
