"""Every statement of a DDL text in turn, each to what follows from it. What isn't on a list is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from interlock.errors import NotUnderstood
from interlock.model.snapshot import Snapshot
from interlock.sql.ddl.altering import alter_table, drop, rename, set_schema
from interlock.sql.ddl.cutting import pieces
from interlock.sql.ddl.extensions import create_extension
from interlock.sql.ddl.routines import alter_function, create_function, define
from interlock.sql.ddl.tables import Making, create_sequence, create_table
from interlock.sql.ddl.types import create_base, create_composite, create_domain, create_enum, create_range
from interlock.sql.ddl.users_code import note_altered_domain, note_code, note_domain, rewriting
from interlock.sql.ddl.views import create_as, create_view
from interlock.sql.ddl.world import DEFAULT_PATH, World
from interlock.sql.parse import parse
from interlock.sql.tree import Fields, Node, constant, typed, words


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_HARMLESS: Final = _names("""
    AlterCollationStmt AlterDatabaseRefreshCollStmt AlterDatabaseStmt
    AlterDefaultPrivilegesStmt AlterEnumStmt AlterEventTrigStmt AlterFdwStmt
    AlterForeignServerStmt AlterObjectDependsStmt AlterOpFamilyStmt AlterOperatorStmt AlterOwnerStmt
    AlterPolicyStmt AlterPublicationStmt AlterRoleSetStmt AlterRoleStmt AlterSeqStmt AlterStatsStmt
    AlterSubscriptionStmt AlterTSConfigurationStmt AlterTSDictionaryStmt AlterTypeStmt AlterUserMappingStmt
    CheckPointStmt ClusterStmt CommentStmt ConstraintsSetStmt CopyStmt CreateAmStmt CreateConversionStmt
    CreateEventTrigStmt CreateFdwStmt CreateForeignServerStmt CreateOpClassStmt CreateOpFamilyStmt
    CreatePLangStmt CreatePublicationStmt CreateRoleStmt CreateStatsStmt CreateSubscriptionStmt
    CreateTableSpaceStmt CreateTransformStmt CreateUserMappingStmt CreatedbStmt DeleteStmt DropRoleStmt
    DropSubscriptionStmt DropUserMappingStmt GrantRoleStmt GrantStmt InsertStmt LockStmt
    ReassignOwnedStmt RefreshMatViewStmt ReindexStmt SecLabelStmt TransactionStmt TruncateStmt UpdateStmt VacuumStmt
""")
"""What leaves columns, types, queries and bodies as they are. Rows that are put in by the way don't matter here."""

_DEFINED: Final = frozenset({"OBJECT_COLLATION", "OBJECT_TSCONFIGURATION", "OBJECT_TSDICTIONARY"}) | {
    "OBJECT_TSPARSER",
    "OBJECT_TSTEMPLATE",
}
_TABLES_WITH_CODE: Final[Mapping[str, str]] = {
    "CreateTrigStmt": "relation",
    "RuleStmt": "relation",
    "CreatePolicyStmt": "table",
}
_SPOKEN: Final[Mapping[str, str]] = {
    "AlterExtensionContentsStmt": "ALTER EXTENSION",
    "AlterExtensionStmt": "ALTER EXTENSION",
    "CallStmt": "CALL",
    "DoStmt": "a DO block",
    "ImportForeignSchemaStmt": "IMPORT FOREIGN SCHEMA",
    "LoadStmt": "LOAD",
    "MergeStmt": "MERGE",
    "SelectStmt": "a query other than set_config and setval",
}


def snapshot_of(text: bytes) -> Snapshot:
    """The snapshot that a server would give after this text, with numbers of our own for what isn't built in.

    The search path is what the text leaves set, `public` if that is nothing. Raises `NotUnderstood` with the line on
    which the statement begins that can't be followed.
    """
    world = World()
    for piece in pieces(text):
        try:
            _follow(piece.text, world)
        except NotUnderstood as error:
            raise NotUnderstood(f"line {piece.line}: {error.sentence}") from None
        except Exception:  # a tree of a form that we didn't foresee: nothing is guessed
            raise NotUnderstood(f"line {piece.line}: the statement has a form that Interlock doesn't know") from None
    return world.snapshot(rewriting(world))


def _follow(text: bytes, world: World) -> None:
    parsed = parse(text)
    for statement in parsed.statements:
        _statement(typed(statement), Making(parsed, world))


def _statement(root: Node, making: Making) -> None:
    kind, fields = root
    if kind in _HARMLESS:
        return
    if not (_makes(kind, fields, making) or _changes(kind, fields, making)):
        what = _SPOKEN.get(kind, "a statement of a kind that Interlock doesn't know")
        raise NotUnderstood(f"{what} can't be followed in a schema")


def _makes(kind: str, fields: Fields, making: Making) -> bool:
    world = making.world
    match kind:
        case "CreateStmt":
            create_table(fields, making)
            _run_on_writes(fields, making)
        case "CreateForeignTableStmt":
            create_table(_bare(fields), making, "f")
        case "CreateTableAsStmt":
            create_as(fields, making)
        case "ViewStmt":
            create_view(fields, making)
        case "CreateSeqStmt":
            create_sequence(fields, world)
        case "CreateFunctionStmt":
            create_function(fields, making)
        case "CompositeTypeStmt":
            create_composite(fields, world)
        case "CreateEnumStmt":
            create_enum(fields, world)
        case "CreateDomainStmt":
            note_domain(fields, create_domain(fields, world), world)
        case "CreateRangeStmt":
            create_range(fields, world)
        case "CreateSchemaStmt":
            _schema(fields, making)
        case "CreateExtensionStmt":
            create_extension(fields, world)
        case "CreateCastStmt":
            world.casts = True
        case "DefineStmt":
            _define(fields, world)
        case _:
            return False
    return True


def _changes(kind: str, fields: Fields, making: Making) -> bool:
    world = making.world
    match kind:
        case "AlterTableStmt":
            alter_table(fields, making)
            _run_on_writes(fields, making)
        case "IndexStmt":
            _run_on_writes(fields, making)
        case "AlterDomainStmt":
            note_altered_domain(fields, world)
        case "AlterFunctionStmt":
            alter_function(fields, world)
        case "RenameStmt":
            rename(fields, world)
        case "AlterObjectSchemaStmt":
            set_schema(fields, world)
        case "DropStmt":
            drop(fields, world)
        case "CreateTrigStmt" | "RuleStmt" | "CreatePolicyStmt":
            table = world.table(fields[_TABLES_WITH_CODE[kind]])
            table.hidden, table.code = True, True
        case "VariableSetStmt":
            _set(fields, world)
        case "AlterDatabaseSetStmt":
            _set_default(fields["setstmt"], world)
        case "SelectStmt":
            return _calls(fields, world)
        case _:
            return False
    return True


def _run_on_writes(fields: Fields, making: Making) -> None:
    """What CREATE TABLE, ALTER TABLE or CREATE INDEX has run on writes of the table."""
    name = fields["relation"]
    table = making.world.find(str(name.get("schemaname", "")), str(name["relname"]))
    for part in ("tableElts", "partspec", "cmds", "indexParams", "whereClause"):
        if table is not None and part in fields:
            nodes = fields[part] if isinstance(fields[part], list) else [fields[part]]
            for node in nodes:
                note_code(typed(node, "partspec"), table, making.world)


def _bare(fields: Fields) -> Fields:
    """The CREATE TABLE within a CREATE FOREIGN TABLE."""
    base = fields["base"]
    return base if "relation" in base else typed(base)[1]


def _define(fields: Fields, world: World) -> None:
    kind = fields["kind"]
    if kind == "OBJECT_TYPE":
        create_base(fields, world)
    elif kind in ("OBJECT_AGGREGATE", "OBJECT_OPERATOR"):
        define(fields, world)
    elif kind not in _DEFINED:
        raise NotUnderstood("a definition of a kind that Interlock doesn't know")


def _schema(fields: Fields, making: Making) -> None:
    """CREATE SCHEMA, with what is made in it."""
    before, role = making.world.path, typed(fields.get("authrole") or {})[1].get("rolename", "")
    making.world.path = (str(fields.get("schemaname", role)), *before)
    for element in fields.get("schemaElts", ()):
        _statement(typed(element), making)
    making.world.path = before


def _set(fields: Fields, world: World) -> None:
    name = str(fields.get("name", "")).lower()
    values = tuple(constant(a) or "" for a in fields.get("args", ()))
    if name == "standard_conforming_strings" and values not in (("on",), ("true",), ("1",)):
        raise NotUnderstood("standard_conforming_strings can't be turned off")
    if name == "search_path":
        _path(values if fields.get("kind") == "VAR_SET_VALUE" else DEFAULT_PATH, world)


def _set_default(fields: Fields, world: World) -> None:
    """ALTER DATABASE ... SET: what sessions begin with; this one has its own already."""
    before, world.path = world.path, world.default_path
    _set(fields, world)
    world.default_path, world.path = world.path or DEFAULT_PATH, before


def _path(values: tuple[str, ...], world: World) -> None:
    world.path = tuple(v for v in values if v and v != "$user")


def _calls(fields: Fields, world: World) -> bool:
    """`SELECT set_config('search_path', ...)` and `SELECT setval(...)`, as pg_dump writes them."""
    targets: list[Any] = list(fields.get("targetList", ()))
    if set(fields) - {"targetList", "limitOption", "op"} or len(targets) != 1:
        return False
    kind, call = typed(typed(targets[0])[1]["val"])
    name = words(call.get("funcname")) if kind == "FuncCall" else ()
    if name[-1:] == ("setval",):
        return True
    arguments = [constant(a) for a in call.get("args", ())]
    if name[-1:] != ("set_config",) or len(arguments) != 3 or None in arguments:
        return False
    if arguments[0] == "search_path":
        _path(tuple(w.strip().strip('"') for w in str(arguments[1]).split(",")), world)
    return arguments[0] != "standard_conforming_strings"
