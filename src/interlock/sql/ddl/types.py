"""Type names to pg_type.oid, and the statements that make types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from interlock.errors import NotUnderstood
from interlock.model.snapshot import Column
from interlock.sql.ddl.builtin_types import OIDS
from interlock.sql.ddl.world import World
from interlock.sql.tree import Fields, typed, words

SERIALS: Final[Mapping[str, int]] = {
    "smallserial": OIDS["int2"],
    "serial2": OIDS["int2"],
    "serial": OIDS["int4"],
    "serial4": OIDS["int4"],
    "bigserial": OIDS["int8"],
    "serial8": OIDS["int8"],
}
"""Columns of these are numbers, by default the next of a sequence of theirs."""


def type_oid(fields: Fields, world: World) -> int:
    """What a TypeName means under the search path; its modifiers don't matter. Raises `NotUnderstood`."""
    name = words(fields.get("names"))
    if fields.get("pct_type"):
        found = world.find(name[-3] if len(name) > 2 else "", name[-2])
        if found is None:
            raise NotUnderstood("the type of a column that the text hasn't made")
        return found.column(name[-1]).type_oid
    oid = _oid(name, world)
    return world.array_of(oid) if fields.get("arrayBounds") else oid


def is_serial(fields: Fields) -> bool:
    """Whether a TypeName is one of the pseudo-types that number rows."""
    name = words(fields.get("names"))
    return len(name) == 1 and name[0] in SERIALS and not fields.get("arrayBounds")


def attributes(columns: Iterable[Any], world: World) -> tuple[Column, ...]:
    """Of a composite type: its columns in order."""
    made = [typed(c)[1] for c in columns]
    return tuple(Column(n, str(c["colname"]), type_oid(c["typeName"], world)) for n, c in enumerate(made, 1))


def create_composite(fields: Fields, world: World) -> None:
    """CREATE TYPE ... AS (...)."""
    place = world.place(fields["typevar"])
    made = world.make_type(place, "c")
    world.types[place] = replace(made, attributes=attributes(fields.get("coldeflist", ()), world))


def create_enum(fields: Fields, world: World) -> None:
    """CREATE TYPE ... AS ENUM."""
    world.make_type(world.named(words(fields["typeName"])), "e")


def create_domain(fields: Fields, world: World) -> int:
    """CREATE DOMAIN; its pg_type.oid."""
    element = type_oid(fields["typeName"], world)
    return world.make_type(world.named(words(fields["domainname"])), "d", element).oid


def create_range(fields: Fields, world: World) -> None:
    """CREATE TYPE ... AS RANGE: the range, its multirange, and functions that make both."""
    schema, name = world.named(words(fields["typeName"]))
    params = {str(p["defname"]): p["arg"] for p in (typed(p)[1] for p in fields.get("params", ()))}
    element = type_oid(typed(params["subtype"])[1], world)
    several = name.replace("range", "multirange", 1) if "range" in name else f"{name}_multirange"
    given: Any = params.get("multirange_type_name")
    made = world.make_type((schema, name), "r", element)
    world.make_type(world.named(words(typed(given)[1]["names"])) if given else (schema, several), "m", made.oid)
    world.add_unreadable(schema, name)
    world.add_unreadable(schema, several)


def create_base(fields: Fields, world: World) -> None:
    """CREATE TYPE ... (INPUT = ...), or its shell before it."""
    place = world.named(words(fields["defnames"]))
    if place not in world.types:
        world.make_type(place, "b")


def _oid(name: tuple[str, ...], world: World) -> int:
    bare = name[-1]
    if len(name) == 1 and bare in SERIALS:
        return SERIALS[bare]
    own_first = len(name) == 1 and "pg_catalog" in world.path  # else it is searched before all
    if not own_first and bare in OIDS and (len(name) == 1 or name[-2] == "pg_catalog"):
        return OIDS[bare]
    found = world.find_type(name)
    if found is not None:
        return found.oid
    table = world.find(name[-2] if len(name) > 1 else "", bare)
    if table is not None and table.row_type:
        return table.row_type
    if own_first and bare in OIDS:
        return OIDS[bare]
    raise NotUnderstood(f'the type "{bare}", which neither PostgreSQL nor the text before it defines')
