"""COPY ... FROM STDIN: a write of whole columns, whose rows come behind it.

What a row is tested by (WHERE) sees nothing but the row itself; it is judged as the predicate of a read of the table,
which is stricter. How many rows will come nobody knows beforehand: it is always unbounded.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from interlock.model import verb
from interlock.model.snapshot import Snapshot
from interlock.sql.copy_options import options
from interlock.sql.copy_out import table_text
from interlock.sql.query import judge_query
from interlock.sql.session_state import SessionState
from interlock.sql.shape import Kind, Reach, Refusal, Statement, Touch
from interlock.sql.survey import survey
from interlock.sql.tree import Fields, words


def judge(blank: Statement, fields: Fields, snapshot: Snapshot, state: SessionState) -> Statement:
    """The COPY that reads its rows from the client."""
    read = options(fields)
    if isinstance(read, Refusal):
        return replace(blank, refusal=read)
    columns = words(fields.get("attlist"))
    judged = _written(blank, fields, columns, snapshot, state)
    relation = judged.touches[0].relation if judged.touches else None
    if relation is None or not relation.is_base_table:
        return replace(judged, refusal=Refusal("not_built", "COPY into what isn't a table we know isn't let through"))
    given = tuple(c.name for c in relation.columns if not c.generated)  # a computed column is never copied
    listed = columns or (given if len(given) < len(relation.columns) else ())
    describe = table_text(relation, listed) if len(set(listed)) == len(listed) else None
    if describe is None:
        return replace(judged, refusal=Refusal("copy", "COPY names a column twice, or one that the table doesn't have"))
    tested = _tested(blank, fields, snapshot, state)
    defaults = judged.lineage.opaque if judged.lineage is not None else ()  # what columns that aren't listed get
    return replace(
        judged,
        kind=Kind.COPY_IN,
        touches=(*_copying(judged), *(t for t in tested.touches if t.verb == verb.SQL_CALL)),
        reach=Reach(max(judged.reach.value, tested.reach.value)),
        because=tuple(dict.fromkeys((*judged.because, *defaults, *tested.because))),
        filters=tested.filters,
        lineage=None,
        unbounded=True,
        countable=False,
        copy=read,
        describe=describe,
        width=len(listed) or len(given),
        refusal=judged.refusal or tested.refusal,
    )


def _written(
    blank: Statement, fields: Fields, columns: tuple[str, ...], snapshot: Snapshot, state: SessionState
) -> Statement:
    """As the INSERT that it amounts to: the same triggers, defaults and constraints run."""
    insert: Any = {"relation": fields["relation"], "cols": [{"ResTarget": {"name": name}} for name in columns]}
    return judge_query(blank, survey(("InsertStmt", insert)), snapshot, state)


def _copying(judged: Statement) -> tuple[Touch, ...]:
    return tuple(replace(t, verb=verb.SQL_COPY_IN) if t.verb == verb.SQL_INSERT else t for t in judged.touches)


def _tested(blank: Statement, fields: Fields, snapshot: Snapshot, state: SessionState) -> Statement:
    if "whereClause" not in fields:
        return blank
    select: Any = {"fromClause": [{"RangeVar": fields["relation"]}], "whereClause": fields["whereClause"]}
    judged = judge_query(blank, survey(("SelectStmt", select)), snapshot, state)
    if len(judged.touches) > 1 and any(t.verb == verb.SQL_SELECT for t in judged.touches[1:]):
        return replace(judged, refusal=Refusal("copy", "COPY's WHERE can't look into other tables"))
    return judged
