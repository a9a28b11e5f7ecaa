"""Temporary relations as a session of a client's is asked for them: the queries, and what their answers make.

The questions are those of a snapshot (`catalog_queries.py`) about the session's own schema. They are asked by a door on
the session itself, since another one sees only what is committed. Each answers in rows
of one JSON object.
"""

# ruff: noqa: S608  every piece is a constant of this package

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from interlock.errors import UpstreamFailed
from interlock.model.snapshot import TEMPORARY, Relation
from interlock.upstreams import catalog_queries as queries
from interlock.upstreams.definitions_read import ColumnRows, ColumnsRead, Found, Row, digest, relations_of

_OIDS: Final = f"""(SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                     WHERE {queries.TEMPORARY})"""
_ATTRIBUTES: Final = f"pg_catalog.pg_attribute a WHERE a.attrelid IN {_OIDS} AND a.attnum > 0 AND NOT a.attisdropped"
_TYPED: Final = f"(SELECT DISTINCT a.atttypid, a.atttypmod FROM {_ATTRIBUTES}) AS d (type, modifier)"
# Types that are neither of rows nor arrays of such: nothing that a client can make here brings them.
_OTHERS: Final = """
SELECT t.oid::int8 FROM pg_catalog.pg_type t
 WHERE t.typnamespace = pg_catalog.pg_my_temp_schema() AND t.typrelid = 0
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid AND e.typrelid <> 0)
"""


def _told(query: str, where: str = "") -> bytes:
    return f"SELECT pg_catalog.row_to_json(q) FROM ({query}) AS q (c0) {where}".encode()


def _of_types() -> str:
    pairs = (
        f"(SELECT pg_catalog.array_agg(d.{name} ORDER BY d.type, d.modifier) FROM {_TYPED})"
        for name in ("type", "modifier")
    )
    query = queries.COLUMN_TYPES
    for pair in pairs:
        query = query.replace("%s", pair, 1)
    return query


def _of_collations() -> str:
    found = f"(SELECT pg_catalog.array_agg(DISTINCT a.attcollation) FROM {_ATTRIBUTES})"
    return queries.COLLATIONS.replace("%s", found, 1)


_MINE: Final = f"WHERE c0 IN (SELECT o.oid::int8 FROM {_OIDS} AS o)"

QUESTIONS: Final = (
    _told(queries.relations(queries.TEMPORARY)),
    _told(queries.columns(queries.TEMPORARY)),
    _told(_of_types()),
    _told(_of_collations()),
    _told(queries.defaults(queries.TEMPORARY)),
    _told(queries.parts(queries.TEMPORARY)),
    _told(queries.CHILDREN, _MINE),
    _told(queries.CASCADES, _MINE),
    _told(queries.HOOKS, _MINE),
    _told(queries.KEY_MOVES, _MINE),
    _told(_OTHERS),
)
"""Under an empty search path, in one transaction."""


class TemporaryRelations:
    """What a door asks a session, and reads of what it answers (`doors.postgres.temporary.Reader`)."""

    @property
    def questions(self) -> Sequence[bytes]:
        """To be asked together."""
        return QUESTIONS

    def relations(self, answers: Sequence[Sequence[bytes]]) -> tuple[Relation, ...]:
        """The session's temporary relations, their schema called pg_temp. Raises `UpstreamFailed` for what can't be
        read, and where there is more that is temporary than relations.

        Which relation it is, is part of its definition: two sessions' of one name hold other rows.
        """
        try:
            found, others = _found([[_row(row) for row in rows] for rows in answers])
            relations = relations_of(found, ColumnsRead(found))
        except (LookupError, ValueError, TypeError):
            raise UpstreamFailed("what is temporary in our session can't be read") from None
        if others:
            raise UpstreamFailed("something temporary was made that can't be judged", code="drift")
        return tuple(replace(r, schema=TEMPORARY, definition=digest([r.oid, r.definition])) for r in relations)


def _row(told: bytes) -> Row:
    """The fields in their order: most have no name, so an object would keep the last of them alone."""
    fields = json.loads(told, object_pairs_hook=lambda pairs: [value for _, value in pairs])
    if not isinstance(fields, list):
        raise ValueError("a row is told as an object")
    return tuple(fields)


def _found(rows: Sequence[Sequence[Row]]) -> tuple[Found, Sequence[Row]]:
    relations, columns, types, collations, defaults, parts, children, cascades, hooks, moves, others = rows
    found = Found(
        relations=relations,
        columns=ColumnRows(columns).read(),
        column_types=types,
        collations=collations,
        defaults=defaults,
        parts=parts,
        children=children,
        cascades=cascades,
        hooks=hooks,
        key_moves=moves,
    )
    return found, others
