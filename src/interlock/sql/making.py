"""CREATE TABLE AS, SELECT INTO and CREATE VIEW: what a query's rows become, or what a query is kept for.

Labels follow rows into a table, column by column. A view moves none: it shows what its query does to whoever reads it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from interlock.model import verb
from interlock.model.snapshot import Snapshot
from interlock.sql import schema as definitions
from interlock.sql import temporary
from interlock.sql.lineage.traced import Lineage, OutputLineage
from interlock.sql.query import judge_query, traced
from interlock.sql.resolve import lookup
from interlock.sql.session_state import SessionState
from interlock.sql.shape import Kind, Reach, Refusal, Statement, Touch
from interlock.sql.survey import survey
from interlock.sql.tree import Fields, Node, typed

_EXECUTE: Final = Refusal("not_built", "not built yet: CREATE TABLE AS EXECUTE; name the query itself")
_PLACE: Final = Refusal("schema", "there is no schema to make the table in; name one")
_CATALOGS: Final = Refusal("not_built", "not built yet: tables made of what the server's catalogs tell")
_CATALOG: Final = Refusal("catalog", "the server's catalogs can't be written")


def into_of(root: Node) -> Fields | None:
    """The INTO clause of a SELECT, which stands in its leftmost leaf."""
    kind, fields = root
    while kind == "SelectStmt" and "larg" in fields:
        kind, fields = typed(fields["larg"], "larg")
    into = fields.get("intoClause") if kind == "SelectStmt" else None
    return into if isinstance(into, dict) else None


def select_into(blank: Statement, root: Node, snapshot: Snapshot, state: SessionState) -> Statement:
    """SELECT ... INTO table: the CREATE TABLE AS that it amounts to."""
    into = into_of(root)
    assert into is not None, "only for a SELECT with INTO"
    made = {"query": {"SelectStmt": _without(root[1])}, "into": into, "objtype": "OBJECT_TABLE"}
    return table_as(blank, made, snapshot, state)


def table_as(blank: Statement, fields: Fields, snapshot: Snapshot, state: SessionState) -> Statement:
    """CREATE TABLE name AS query, or CREATE MATERIALIZED VIEW: read, and made."""
    query = typed(fields["query"])
    if query[0] != "SelectStmt":
        return replace(blank, refusal=_EXECUTE)
    judged = judge_query(blank, survey(query), snapshot, state)
    target: Any = fields["into"]["rel"]
    schema, name = temporary.place_of(target), str(target.get("relname", ""))
    place = schema or next(iter(state.search_path), "")
    relation = lookup(place, name, snapshot, state)[1] if place else None
    lineage = traced(("CreateTableAsStmt", fields), snapshot, state) if judged.lineage is not None else None
    opaque = lineage is None or lineage.opaque or judged.beyond
    return replace(
        judged,
        kind=Kind.SCHEMA,
        touches=(Touch(verb.SQL_CREATE, f"{place}.{name}" if place else name, relation), *judged.touches),
        reach=Reach.CONNECTION if opaque else judged.reach,
        lineage=lineage,
        effect_free=False,
        countable=False,
        describe=None,
        width=None,
        looking=None,
        refusal=judged.refusal or _refusal(fields, place, snapshot) or (_CATALOGS if lineage is None else None),
        temporary=temporary.asked_for(target),
    )


def view(blank: Statement, root: Node, snapshot: Snapshot, state: SessionState) -> Statement:
    """CREATE VIEW: its query is judged as whoever reads it would run it, and nothing of it runs now."""
    change = definitions.judge(root, snapshot, state)
    judged = judge_query(blank, survey(typed(root[1]["query"])), snapshot, state)
    lineage = _shown(traced(root, snapshot, state)) if judged.lineage is not None else None
    because = judged.because if lineage is not None else tuple(dict.fromkeys((*judged.because, definitions.FEW)))
    opaque = lineage is None or lineage.opaque or judged.beyond
    return replace(
        judged,
        kind=Kind.SCHEMA,
        touches=tuple(dict.fromkeys((*change.touches, *judged.touches))),
        reach=Reach.CONNECTION if opaque else Reach.TABLES,
        because=because,
        lineage=lineage,
        effect_free=False,
        countable=False,
        describe=None,
        width=None,
        looking=None,
        refusal=judged.refusal or change.refusal,
        written=(),
        temporary=change.temporary,
        defines=True,
    )


def _shown(lineage: Lineage | None) -> Lineage | None:
    """What a view's columns will show, as outputs: nothing is written."""
    if lineage is None:
        return None
    columns = tuple(
        OutputLineage(write.made[2] if write.made is not None else "", write.sources, opaque=write.opaque)
        for write in lineage.writes
    )
    return replace(lineage, outputs=columns, writes=())


def _refusal(fields: Fields, place: str, snapshot: Snapshot) -> Refusal | None:
    target: Any = fields["into"]["rel"]
    if temporary.asked_for(target):
        table = fields.get("objtype") == "OBJECT_TABLE"
        return temporary.named(target, snapshot) if table else temporary.KIND
    if not place:
        return _PLACE
    return _CATALOG if place in ("pg_catalog", "information_schema") else None


def _without(fields: Fields) -> Fields:
    """The same SELECT, its INTO left out; any other stays where it is, and is refused there."""
    if "larg" in fields:
        return {**fields, "larg": _without(fields["larg"])}
    return {name: value for name, value in fields.items() if name != "intoClause"}
