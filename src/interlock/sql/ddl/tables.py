"""CREATE TABLE in all its forms: own columns, LIKE, INHERITS, PARTITION OF, OF type; sequences; foreign tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from interlock.errors import NotUnderstood
from interlock.model.snapshot import Column
from interlock.sql.ddl.builtin_types import OIDS
from interlock.sql.ddl.spelling import Unspelled, default_text
from interlock.sql.ddl.types import is_serial, type_oid
from interlock.sql.ddl.world import NUMBERING, Table, World
from interlock.sql.parse import Parsed
from interlock.sql.tree import Fields, typed, words

UNREADABLE: Final = "unreadable()"  # a default whose text can't be told: no function of this name is built in
NEXT: Final = f"{NUMBERING}('')"
_LIKE_DEFAULTS: Final = 1 << 3  # CREATE_TABLE_LIKE_DEFAULTS and _GENERATED (nodes/parsenodes.h)
_LIKE_GENERATED: Final = 1 << 4
_CASCADES: Final = ("c", "n", "d")  # FKCONSTR_ACTION_CASCADE, SETNULL, SETDEFAULT


@dataclass(frozen=True, slots=True)
class Making:
    """The statement at hand, and the world that it changes."""

    parsed: Parsed
    world: World


def create_table(fields: Fields, making: Making, kind: str = "") -> None:
    """CREATE TABLE; `kind`: relkind where the statement's type tells it."""
    world = making.world
    place = world.place(fields["relation"])
    if fields.get("if_not_exists") and place in world.tables:
        return
    parents = [world.table(typed(p)[1]) for p in fields.get("inhRelations", ())]
    table = world.make_table(place, kind or ("p" if "partspec" in fields else "r"))
    table.parents = [p.oid for p in parents]
    for parent in parents:
        for column in parent.columns:
            table.add(column)
    if "ofTypename" in fields:
        _of_type(fields["ofTypename"], table, world)
    for element in fields.get("tableElts", ()):
        _element(element, table, making)
    number_rows(table, world)


def create_sequence(fields: Fields, world: World) -> None:
    """CREATE SEQUENCE."""
    place = world.place(fields["sequence"])
    if fields.get("if_not_exists") and place in world.tables:
        return
    _sequence(place, world)


def number_rows(table: Table, world: World) -> None:
    """The sequences that columns which number rows bring along."""
    for column in table.columns:
        place = (table.schema, f"{table.name}_{column.name}_seq")
        if column.default == NEXT and place not in world.tables:
            _sequence(place, world)


def _sequence(place: tuple[str, str], world: World) -> None:
    table = world.make_table(place, "S")
    for name, oid in (("last_value", OIDS["int8"]), ("log_cnt", OIDS["int8"]), ("is_called", OIDS["bool"])):
        table.add(Column(0, name, oid))


def column_of(fields: Fields, making: Making) -> Column:
    """What a ColumnDef makes; its number is for the table to give."""
    declared = fields["typeName"]
    column = Column(0, str(fields["colname"]), type_oid(declared, making.world), False, "")
    if is_serial(declared):
        column = replace(column, default=NEXT)
    for item in fields.get("constraints", ()):
        column = constrained(column, typed(item)[1], making)
    return column


def constrained(column: Column, constraint: Fields, making: Making) -> Column:
    """The column under one constraint of its own."""
    match constraint.get("contype"):
        case "CONSTR_DEFAULT" | "CONSTR_GENERATED" as kind:
            text = _expression(constraint.get("location", -1), constraint["raw_expr"], making)
            return replace(column, generated=kind == "CONSTR_GENERATED", default=text)
        case "CONSTR_IDENTITY":
            return replace(column, default=NEXT)
        case "CONSTR_FOREIGN":
            refer(constraint, making.world)
    return column


def refer(constraint: Fields, world: World) -> None:
    """A foreign key: writes of what it refers to may change more."""
    if constraint.get("fk_del_action") in _CASCADES or constraint.get("fk_upd_action") in _CASCADES:
        pktable = constraint["pktable"]
        found = world.find(str(pktable.get("schemaname", "")), str(pktable["relname"]))
        if found is not None:
            found.hidden = True


def _expression(location: int, value: Any, making: Making) -> str:
    try:
        return default_text(making.parsed, location, value, making.world)
    except Unspelled:
        return UNREADABLE


def _element(element: Any, table: Table, making: Making) -> None:
    kind, fields = typed(element)
    match kind:
        case "ColumnDef":
            _own_column(fields, table, making)
        case "TableLikeClause":
            _like(fields, table, making.world)
        case "Constraint":
            if fields.get("contype") == "CONSTR_FOREIGN":
                refer(fields, making.world)
        case _:
            raise NotUnderstood("a part of a table that Interlock doesn't know")


def _own_column(fields: Fields, table: Table, making: Making) -> None:
    """A column of its own; one that is inherited, or a partition's, keeps its place and takes the new default."""
    there = next((c for c in table.columns if c.name == fields["colname"]), None)
    if there is None:
        table.add(column_of(fields, making))
        return
    merged = there
    for item in fields.get("constraints", ()):
        merged = constrained(merged, typed(item)[1], making)
    table.put(there, merged)


def _like(fields: Fields, table: Table, world: World) -> None:
    options = int(fields.get("options", 0))
    for column in world.table(fields["relation"]).columns:
        kept = options & (_LIKE_GENERATED if column.generated else _LIKE_DEFAULTS)
        table.add(column if kept else replace(column, generated=False, default=""))


def _of_type(fields: Fields, table: Table, world: World) -> None:
    found = world.find_type(words(fields.get("names")))
    if found is None or found.kind != "c":
        raise NotUnderstood("a composite type that the text hasn't made")
    for attribute in found.attributes:
        table.add(attribute)
