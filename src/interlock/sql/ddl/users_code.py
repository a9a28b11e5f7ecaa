"""Where the DDL has users' code run on writes, unseen by whoever reads a write's text: see `Relation.rewrites`.

What can't be told counts as such code. So does ON UPDATE CASCADE, whose columns the text may leave out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from interlock.errors import NotUnderstood
from interlock.sql.ddl.world import Table, World, simple_default
from interlock.sql.extension_functions import is_harmless
from interlock.sql.functions import BUILT_IN_OPERATORS, class_of
from interlock.sql.parse import parse
from interlock.sql.tree import Fields, Node, typed, walk, words

_CASCADES: Final = ("c", "n", "d")  # FKCONSTR_ACTION_CASCADE, SETNULL, SETDEFAULT
_OPERATIONS: Final = ("A_Expr", "SubLink")


def note_code(root: Node, table: Table, world: World) -> None:
    """Notes what a part of a table's definition runs: checks, expressions of indexes and partition keys, cascades."""
    for kind, fields in walk(root):
        if kind == "Constraint" and fields.get("contype") == "CONSTR_FOREIGN":
            _refers(fields, table, world)
        elif kind == "TableLikeClause":
            table.code = table.code or world.table(fields["relation"]).code
        elif _is_users(kind, fields, world):
            table.code = True


def note_domain(fields: Fields, oid: int, world: World) -> None:
    """The same of a domain's checks and its default."""
    for node in fields.get("constraints", ()):
        constraint = typed(node)[1]
        default = constraint.get("contype") == "CONSTR_DEFAULT" and typed(constraint["raw_expr"])[0] != "A_Const"
        if default or any(_is_users(kind, each, world) for kind, each in walk(typed(node))):
            world.coded.add(oid)


def note_altered_domain(fields: Fields, world: World) -> None:
    """ALTER DOMAIN: whatever is said of a domain anew counts."""
    found = world.find_type(words(fields.get("typeName")))
    if found is not None and "def" in fields:
        world.coded.add(found.oid)


def rewriting(world: World) -> frozenset[int]:
    """The relations whose writes may set off users' code: their own, or that of what they reach."""
    coded = _types(world)
    found = {t.oid for t in world.tables.values() if _has_code(t, coded, world)}
    found |= _heirs({t.oid for t in world.tables.values() if t.code}, world)
    above: dict[int, set[int]] = {}
    for table in world.tables.values():
        for parent in table.parents:
            above.setdefault(table.oid, set()).add(parent)
        for reached in table.cascades:
            above.setdefault(reached, set()).add(table.oid)
    waiting = list(found)
    while waiting:
        fresh = above.get(waiting.pop(), set()) - found
        found |= fresh
        waiting.extend(fresh)
    return frozenset(found)


def _heirs(oids: set[int], world: World) -> set[int]:
    """Those that inherit checks and partition keys from these."""
    found = set(oids)
    while fresh := {t.oid for t in world.tables.values() if found & set(t.parents)} - found:
        found |= fresh
    return found


def _refers(fields: Fields, table: Table, world: World) -> None:
    does = (fields.get("fk_del_action"), fields.get("fk_upd_action"))
    pktable: Any = fields["pktable"]
    found = world.find(str(pktable.get("schemaname", "")), str(pktable["relname"]))
    if found is None or not set(does) & set(_CASCADES):
        return
    found.cascades.add(table.oid)
    if does[1] == "c" or "d" in does:
        found.code = True


def _is_users(kind: str, fields: Fields, world: World) -> bool:
    if kind == "FuncCall":
        name = words(fields.get("funcname"))
        meant = [r for r in world.routines if r.name == name[-1]] if name[0] != "pg_catalog" else []
        if meant and all(map(is_harmless, meant)):
            return False
        elsewhere = len(name) > 1 and name[0] != "pg_catalog"
        return elsewhere or class_of(name[-1]) is None or (len(name) == 1 and name[0] in world.shadowed())
    if kind in _OPERATIONS:
        name = words(fields.get("name") or fields.get("operName") or ())
        users = {operator for _, operator in world.operators}
        return bool(name) and (name[-1] in users or (kind == "A_Expr" and name[-1] not in _OPERATORS))
    if kind == "TypeName":
        found = world.find_type(words(fields.get("names")))
        return found is not None and found.oid in _types(world)
    return kind == "IndexElem" and bool(fields.get("opclass"))


_OPERATORS: Final = BUILT_IN_OPERATORS | {"BETWEEN", "NOT BETWEEN", "BETWEEN SYMMETRIC", "NOT BETWEEN SYMMETRIC"}


def _has_code(table: Table, coded: frozenset[int], world: World) -> bool:
    if table.kind in ("v", "m", "S"):
        return table.code
    return (
        table.code or table.kind == "f" or any(_column_has(c.default, c.type_oid, coded, world) for c in table.columns)
    )


def _column_has(default: str, type_oid: int, coded: frozenset[int], world: World) -> bool:
    if type_oid in coded:
        return True
    if simple_default(default):
        return False
    try:
        (statement,) = parse(b"SELECT " + default.encode()).statements
    except (NotUnderstood, ValueError):
        return True
    return any(_is_users(kind, fields, world) for kind, fields in walk(typed(statement)))


def _types(world: World) -> frozenset[int]:
    """Types that are, or are made of, a domain with code; by pg_type.oid."""
    if not world.coded:
        return frozenset()
    made_of: Mapping[int, set[int]] = {oid: set(parts) for oid, parts in _parts(world)}
    found = set(world.coded)
    while fresh := {oid for oid, parts in made_of.items() if parts & found} - found:
        found |= fresh
    return frozenset(found)


def _parts(world: World) -> Iterator[tuple[int, list[int]]]:
    for kind in world.types.values():
        yield kind.oid, [kind.element, *(a.type_oid for a in kind.attributes)]
    for table in world.tables.values():
        if table.row_type:
            yield table.row_type, [c.type_oid for c in table.columns]
