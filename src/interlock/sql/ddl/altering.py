"""ALTER TABLE and its kin, RENAME, SET SCHEMA and DROP: what they leave of what was made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from interlock.errors import NotUnderstood
from interlock.model.snapshot import Routine, UserType
from interlock.sql.ddl.routines import matching
from interlock.sql.ddl.tables import NEXT, UNREADABLE, Making, column_of, constrained, number_rows, refer
from interlock.sql.ddl.types import attributes, type_oid
from interlock.sql.ddl.world import Table, World
from interlock.sql.tree import Fields, typed, words


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_HARMLESS: Final = _names("""
    AT_AddIndexConstraint AT_AlterColumnGenericOptions AT_AlterConstraint AT_ChangeOwner AT_ClusterOn
    AT_DisableRowSecurity AT_DisableRule AT_DisableTrig AT_DisableTrigAll AT_DisableTrigUser AT_DropCluster
    AT_DropConstraint AT_DropNotNull AT_EnableAlwaysRule AT_EnableAlwaysTrig AT_EnableReplicaRule
    AT_EnableReplicaTrig AT_EnableRule AT_EnableTrig AT_EnableTrigAll AT_EnableTrigUser AT_GenericOptions
    AT_NoForceRowSecurity AT_ReplicaIdentity AT_ResetOptions AT_ResetRelOptions AT_SetAccessMethod
    AT_SetCompression AT_SetIdentity AT_SetLogged AT_SetNotNull AT_SetOptions AT_SetRelOptions AT_SetStatistics
    AT_SetStorage AT_SetTableSpace AT_SetUnLogged AT_ValidateConstraint
""")
_RELATIONS: Final = frozenset(f"OBJECT_{kind}" for kind in ("TABLE", "VIEW", "MATVIEW", "FOREIGN_TABLE", "SEQUENCE"))
_ROUTINES: Final = frozenset({"OBJECT_FUNCTION", "OBJECT_PROCEDURE", "OBJECT_ROUTINE", "OBJECT_AGGREGATE"})
_NO_PARTS: Final = frozenset(
    f"OBJECT_{kind}"
    for kind in _names("""
    ACCESS_METHOD CAST COLLATION CONVERSION DEFAULT DOMCONSTRAINT EVENT_TRIGGER EXTENSION FDW FOREIGN_SERVER
    INDEX LANGUAGE OPCLASS OPFAMILY POLICY PUBLICATION ROLE RULE STATISTIC_EXT SUBSCRIPTION TABCONSTRAINT
    TABLESPACE TRIGGER TSCONFIGURATION TSDICTIONARY TSPARSER TSTEMPLATE DATABASE
""")
)
"""What drops or changes its name without a trace here. Operators and casts that are dropped still count: a little more
is opaque then."""


def alter_table(fields: Fields, making: Making) -> None:
    """ALTER TABLE, VIEW, SEQUENCE, FOREIGN TABLE, INDEX and TYPE."""
    if fields.get("objtype") == "OBJECT_TYPE":
        _alter_type(fields, making)
        return
    if fields.get("objtype") == "OBJECT_INDEX":
        return
    name = fields["relation"]
    table = making.world.find(str(name.get("schemaname", "")), str(name["relname"]))
    if table is None:
        if fields.get("missing_ok"):
            return
        raise NotUnderstood("a relation that the text hasn't made")
    for command in fields.get("cmds", ()):
        _command(typed(command)[1], table, making)


def rename(fields: Fields, world: World) -> None:
    """ALTER ... RENAME."""
    kind, new = str(fields["renameType"]), str(fields["newname"])
    if kind in ("OBJECT_COLUMN", "OBJECT_ATTRIBUTE"):
        _rename_column(fields, new, world)
    elif kind in _RELATIONS:
        if (table := _relation(fields, world)) is not None:
            _move(table, table.schema, new, world)
    elif kind in ("OBJECT_TYPE", "OBJECT_DOMAIN"):
        found = _type(words(typed(fields["object"])[1]["items"]), world)
        _put_type(found, replace(found, name=new), world)
    elif kind in _ROUTINES:
        for routine in matching(typed(fields["object"])[1], world):
            world.forget_word(routine.name)
            world.routines[world.routines.index(routine)] = replace(routine, name=new)
    elif kind == "OBJECT_SCHEMA":
        raise NotUnderstood("a schema under another name: write its new name where it is made")
    elif kind not in _NO_PARTS:
        raise NotUnderstood("a kind of renaming that Interlock doesn't know")


def set_schema(fields: Fields, world: World) -> None:
    """ALTER ... SET SCHEMA."""
    kind, schema = str(fields["objectType"]), str(fields["newschema"])
    if kind in _RELATIONS:
        if (table := _relation(fields, world)) is not None:
            _move(table, schema, table.name, world)
    elif kind in ("OBJECT_TYPE", "OBJECT_DOMAIN"):
        found = _type(words(typed(fields["object"])[1]["items"]), world)
        _put_type(found, replace(found, schema=schema), world)
    elif kind in _ROUTINES:
        for routine in matching(typed(fields["object"])[1], world):
            world.forget_word(routine.name)
            world.routines[world.routines.index(routine)] = replace(routine, schema=schema)
    elif kind not in _NO_PARTS:
        raise NotUnderstood("a kind of move that Interlock doesn't know")


def drop(fields: Fields, world: World) -> None:
    """DROP. What hangs on it goes with it only as far as it must; a view of what is gone is opaque."""
    kind = str(fields["removeType"])
    for item in fields.get("objects", ()):
        if kind in _RELATIONS:
            _drop_relation(words(typed(item)[1]["items"]), world)
        elif kind in ("OBJECT_TYPE", "OBJECT_DOMAIN"):
            name = words(typed(item)[1]["names"])
            found = world.find_type(name)
            if found is not None:
                _put_type(found, None, world)
        elif kind in _ROUTINES:
            _drop_routines(typed(item)[1], bool(fields.get("missing_ok")), world)
        elif kind == "OBJECT_SCHEMA":
            _drop_schema(str(typed(item)[1]["sval"]), world)
        elif kind == "OBJECT_OPERATOR" or kind in _NO_PARTS:
            continue
        else:
            raise NotUnderstood("a kind of DROP that Interlock doesn't know")


def _command(fields: Fields, table: Table, making: Making) -> None:
    kind, name, world = str(fields["subtype"]), str(fields.get("name", "")), making.world
    match kind:
        case "AT_AddColumn":
            world.forget(table, starred_only=True)
            for one in _family(table, world):
                if not any(c.name == typed(fields["def"])[1]["colname"] for c in one.columns):
                    one.add(column_of(typed(fields["def"])[1], making))
                    number_rows(one, world)
        case "AT_DropColumn":
            for one in _family(table, world):
                world.forget(one)
                one.columns = [c for c in one.columns if c.name != name]
        case "AT_AlterColumnType":
            for one in _family(table, world):
                old = one.column(name)
                one.put(old, replace(old, type_oid=type_oid(typed(fields["def"])[1]["typeName"], world)))
        case "AT_ColumnDefault" | "AT_SetExpression" | "AT_DropExpression" | "AT_AddIdentity" | "AT_DropIdentity":
            _default(kind, fields, table.column(name), table, making)
        case "AT_AddConstraint":
            constraint = typed(fields["def"])[1]
            if constraint.get("contype") == "CONSTR_FOREIGN":
                refer(constraint, world)
        case "AT_AttachPartition" | "AT_AddInherit":
            _attach(kind, typed(fields["def"])[1], table, world)
        case "AT_DetachPartition" | "AT_DropInherit":
            _detach(kind, typed(fields["def"])[1], table, world)
        case "AT_EnableRowSecurity" | "AT_ForceRowSecurity":
            table.hidden, table.code = True, True
        case _ if kind not in _HARMLESS:
            raise NotUnderstood("a change of a table that Interlock doesn't know")


def _default(kind: str, fields: Fields, column: Any, table: Table, making: Making) -> None:
    """A new default: its own text stands after the keyword anywhere, so it is taken for code that can't be read, unless
    it numbers rows or is gone."""
    value = fields.get("def")
    if kind == "AT_AddIdentity" and value is not None:
        table.put(column, constrained(column, typed(value)[1], making))
        number_rows(table, making.world)
    elif value is None or kind in ("AT_DropExpression", "AT_DropIdentity"):
        table.put(column, replace(column, generated=False, default=""))
    elif typed(value)[0] == "A_Const":
        table.put(column, replace(column, default="0"))
    else:
        numbers = typed(value)[0] == "FuncCall" and words(typed(value)[1].get("funcname"))[-1:] == ("nextval",)
        table.put(column, replace(column, default=NEXT if numbers else UNREADABLE))


def _attach(kind: str, fields: Fields, table: Table, world: World) -> None:
    child, parent = (
        (world.table(fields["name"]), table) if kind == "AT_AttachPartition" else (table, world.table(fields))
    )
    child.parents.append(parent.oid)


def _detach(kind: str, fields: Fields, table: Table, world: World) -> None:
    child, parent = (
        (world.table(fields["name"]), table) if kind == "AT_DetachPartition" else (table, world.table(fields))
    )
    child.parents = [p for p in child.parents if p != parent.oid]


def _family(table: Table, world: World) -> Iterator[Table]:
    """The table and everything below it."""
    yield table
    for child in list(world.children(table)):
        yield from _family(child, world)


def _rename_column(fields: Fields, new: str, world: World) -> None:
    if fields.get("relationType") == "OBJECT_TYPE" or fields["renameType"] == "OBJECT_ATTRIBUTE":
        name = fields["relation"]
        found = _type((*([name["schemaname"]] if "schemaname" in name else []), name["relname"]), world)
        renamed = tuple(replace(a, name=new) if a.name == fields["subname"] else a for a in found.attributes)
        world.types[found.schema, found.name] = replace(found, attributes=renamed)
        world.forget_word(str(fields["subname"]))
        return
    table = _relation(fields, world)
    if table is None:
        return
    for one in _family(table, world):
        world.forget(one)
        old = one.column(str(fields["subname"]))
        one.put(old, replace(old, name=new))


def _relation(fields: Fields, world: World) -> Table | None:
    """The relation that a statement changes; None when it needn't be there."""
    name = fields["relation"]
    found = world.find(str(name.get("schemaname", "")), str(name["relname"]))
    if found is None and not fields.get("missing_ok") and fields.get("renameType") != "OBJECT_INDEX":
        raise NotUnderstood("a relation that the text hasn't made")
    return found


def _move(table: Table, schema: str, name: str, world: World) -> None:
    world.forget(table)
    if (schema, name) in world.tables:
        raise NotUnderstood("a relation that is there already")
    array = world.types.pop((table.schema, f"_{table.name}"), None)
    if array is not None:
        world.types[schema, f"_{name}"] = replace(array, schema=schema, name=f"_{name}")
    world.tables = {(schema, name) if t is table else place: t for place, t in world.tables.items()}
    table.schema, table.name = schema, name


def _type(name: tuple[str, ...], world: World) -> UserType:
    found = world.find_type(name)
    if found is None:
        raise NotUnderstood("a type that the text hasn't made")
    return found


def _put_type(old: UserType, new: UserType | None, world: World) -> None:
    world.forget_word(old.name)
    del world.types[old.schema, old.name]
    array = world.types.pop((old.schema, f"_{old.name}"), None)
    if new is not None:
        world.types[new.schema, new.name] = new
        if array is not None:
            world.types[new.schema, f"_{new.name}"] = replace(array, schema=new.schema, name=f"_{new.name}")


def _alter_type(fields: Fields, making: Making) -> None:
    name = fields["relation"]
    found = _type((*([name["schemaname"]] if "schemaname" in name else []), name["relname"]), making.world)
    columns = list(found.attributes)
    for command in (typed(c)[1] for c in fields.get("cmds", ())):
        match command["subtype"]:
            case "AT_AddColumn":
                (added,) = attributes([command["def"]], making.world)
                columns.append(replace(added, number=max((c.number for c in columns), default=0) + 1))
                making.world.forget_word("*")
            case "AT_DropColumn":
                columns = [c for c in columns if c.name != command["name"]]
                making.world.forget_word("*")
            case "AT_AlterColumnType":
                kind = type_oid(typed(command["def"])[1]["typeName"], making.world)
                columns = [replace(c, type_oid=kind) if c.name == command["name"] else c for c in columns]
            case _:
                raise NotUnderstood("a change of a type that Interlock doesn't know")
    making.world.types[found.schema, found.name] = replace(found, attributes=tuple(columns))


def _drop_relation(name: tuple[str, ...], world: World) -> None:
    found = world.find(name[-2] if len(name) > 1 else "", name[-1])
    if found is not None:
        for table in list(world.tables.values()):
            if found.oid in table.reads or found.oid in table.parents:
                _drop_relation((table.schema, table.name), world)  # CASCADE; without it the server would refuse
        world.types.pop((found.schema, f"_{found.name}"), None)
        del world.tables[found.schema, found.name]


def _drop_routines(fields: Fields, missing_ok: bool, world: World) -> None:
    try:
        gone: list[Routine] = matching(fields, world)
    except NotUnderstood:
        if missing_ok:
            return
        raise
    world.routines = [r for r in world.routines if r not in gone]
    for routine in gone:
        world.forget_word(routine.name)


def _drop_schema(schema: str, world: World) -> None:
    for table in [t for t in world.tables.values() if t.schema == schema]:
        _drop_relation((schema, table.name), world)
    world.types = {place: t for place, t in world.types.items() if place[0] != schema}
    world.routines = [r for r in world.routines if r.schema != schema]
    world.forget_word(schema)
