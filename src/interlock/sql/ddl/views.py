"""Views, materialised views and tables made from a query: their columns are its outputs, as lineage names them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from interlock.errors import NotUnderstood
from interlock.model.snapshot import Column, Snapshot
from interlock.sql.ddl.builtin_types import OIDS
from interlock.sql.ddl.spelling import Unspelled, query_text, quoted
from interlock.sql.ddl.tables import Making
from interlock.sql.ddl.types import type_oid
from interlock.sql.ddl.world import Table, World
from interlock.sql.lineage.trace import trace
from interlock.sql.lineage.traced import OutputLineage
from interlock.sql.resolve import range_vars
from interlock.sql.session_state import SessionState
from interlock.sql.tree import Fields, Node, typed, walk, words

UNKNOWN_TYPE: Final = 0
_RESULTS: Final = {
    "count": "int8",
    "lower": "text",
    "upper": "text",
    "md5": "text",
    "concat": "text",
    "length": "int4",
    "row_number": "int8",
    "now": "timestamptz",
}


def create_view(fields: Fields, making: Making) -> None:
    """CREATE VIEW. One whose columns can't be told isn't made at all: what names it is opaque then."""
    place = making.world.place(fields["view"])
    if place in making.world.tables:
        if not fields.get("replace"):
            raise NotUnderstood("a relation that is there already")
        making.world.forget(making.world.tables[place])
    _make(place, "v", typed(fields["query"]), words(fields.get("aliases")), making)


def create_as(fields: Fields, making: Making) -> None:
    """CREATE TABLE AS and CREATE MATERIALIZED VIEW."""
    into = fields["into"]
    place = making.world.place(into["rel"])
    if fields.get("if_not_exists") and place in making.world.tables:
        return
    if place in making.world.tables:
        raise NotUnderstood("a relation that is there already")
    kind = "m" if fields.get("objtype") == "OBJECT_MATVIEW" else "r"
    _make(place, kind, typed(fields["query"]), words(into.get("colNames")), making)


def _make(place: tuple[str, str], kind: str, query: Node, aliases: tuple[str, ...], making: Making) -> None:
    if query[0] != "SelectStmt":
        raise NotUnderstood("a table made of what isn't a query")
    world = making.world
    read = [t for f, _, _ in range_vars(query) if (t := _meant(f, world))]
    known = world.beside(read)
    columns = _columns(query, aliases, known, world)
    if columns is None:
        world.tables.pop(place, None)
        return
    old = world.tables.get(place)
    table = old or world.make_table(place, kind)
    table.columns, table.taken = [], 0
    for column in columns:
        table.add(column)
    table.reads = frozenset(t.oid for t in read)
    table.starred = any(k in ("A_Star", "JoinExpr") and (k == "A_Star" or f.get("isNatural")) for k, f in walk(query))
    if kind != "r":
        table.query = _text(place[1], query, aliases, making)


def _meant(fields: Fields, world: World) -> Table | None:
    return world.find(str(fields.get("schemaname", "")), str(fields.get("relname", "")))


def _text(name: str, query: Node, aliases: tuple[str, ...], making: Making) -> str:
    """The query in full; of CREATE RECURSIVE VIEW the WITH RECURSIVE that the grammar makes of it."""
    try:
        clause = query[1].get("withClause", {})
        if clause.get("location", 0) != -1:
            return query_text(making.parsed, query, making.world)
        inner = typed(typed(clause["ctes"][0])[1]["ctequery"])
        body = query_text(making.parsed, inner, _without(name, making.world))
    except Unspelled:
        return ""
    listed, own = ", ".join(quoted(a) for a in aliases), quoted(name)
    return " ".join((f"WITH RECURSIVE {own} ({listed}) AS ({body})", "SELECT", listed, "FROM", own))


def _without(name: str, world: World) -> World:
    """The world as seen within a recursive view, where its own name means its rows so far."""
    tables = {place: t for place, t in world.tables.items() if place[1] != name}
    return replace(world, tables=tables)


def _columns(query: Node, aliases: tuple[str, ...], known: Snapshot, world: World) -> list[Column] | None:
    found = trace(query, known, SessionState(world.path, ""))
    if found is None or not found.outputs or any(not o.name for o in found.outputs):
        return None
    names = [*aliases, *(o.name for o in found.outputs[len(aliases) :])]
    if len(names) != len(found.outputs) or len(set(names)) != len(names):
        return None
    kinds = [_type(o, n, query, known, world) for n, o in enumerate(found.outputs)]
    return [Column(0, name, kind) for name, kind in zip(names, kinds, strict=True)]


def _type(output: OutputLineage, at: int, query: Node, known: Snapshot, world: World) -> int:
    """Its type where that is plain to see, else `UNKNOWN_TYPE`."""
    if output.plain:
        kinds = {c.type_oid for s in output.sources for c in known.by_oid[s.relation].columns if c.number == s.number}
        kinds.discard(UNKNOWN_TYPE)
        return kinds.pop() if len(kinds) == 1 else UNKNOWN_TYPE
    targets = query[1].get("targetList", ())
    if at >= len(targets) or any(k == "A_Star" for t in targets for k, _ in walk(typed(t))):
        return UNKNOWN_TYPE
    kind, fields = typed(typed(targets[at])[1]["val"])
    if kind == "TypeCast":
        return type_oid(fields["typeName"], world)
    name = words(fields.get("funcname"))[-1:] if kind == "FuncCall" else ()
    shadowed = known.functions & set(name)
    return OIDS[_RESULTS[name[0]]] if name and not shadowed and name[0] in _RESULTS else UNKNOWN_TYPE
