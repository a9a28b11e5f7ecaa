"""COPY ... TO STDOUT, and the query that shows the columns which a COPY copies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from interlock.errors import NotUnderstood
from interlock.model import verb
from interlock.model.snapshot import Relation, Snapshot
from interlock.sql.copy_options import options
from interlock.sql.parse import COMMENTS, Parsed, parse, same_tree
from interlock.sql.query import judge_query
from interlock.sql.session_state import SessionState
from interlock.sql.shape import Kind, Refusal, Statement, Touch
from interlock.sql.survey import survey
from interlock.sql.tree import Fields, Node, typed, words


def judge(blank: Statement, fields: Fields, snapshot: Snapshot, state: SessionState) -> Statement:
    """The COPY that is sent to standard output."""
    read = options(fields)
    if isinstance(read, Refusal):
        return replace(blank, refusal=read)
    if "query" in fields:
        judged = _query(blank, typed(fields["query"]), snapshot, state)
    else:
        judged = _table(blank, fields, snapshot, state)
    exports = tuple(replace(t, verb=verb.SQL_COPY_OUT) for t in judged.touches if t.verb == verb.SQL_SELECT)
    touches = (*judged.touches, *(exports or (Touch(verb.SQL_COPY_OUT, ""),)))
    return replace(judged, kind=Kind.COPY_OUT, copy=read, touches=touches, effect_free=False)


def _query(blank: Statement, query: Node, snapshot: Snapshot, state: SessionState) -> Statement:
    judged = judge_query(blank, survey(query), snapshot, state)
    if judged.kind is not Kind.QUERY:
        return replace(judged, refusal=judged.refusal or Refusal("not_built", "not built yet: COPY of a write"))
    return replace(judged, describe=inner_text(blank.source, query))


def _table(blank: Statement, fields: Fields, snapshot: Snapshot, state: SessionState) -> Statement:
    columns = words(fields.get("attlist"))
    copied = [[{"String": {"sval": name}}] for name in columns] or [[{"A_Star": {}}]]
    select: Any = {
        "targetList": [{"ResTarget": {"val": {"ColumnRef": {"fields": name}}}} for name in copied],
        "fromClause": [{"RangeVar": fields["relation"]}],
    }
    judged = judge_query(blank, survey(("SelectStmt", select)), snapshot, state)
    relation = judged.touches[0].relation if judged.touches else None
    if relation is None or not relation.is_base_table:
        return replace(judged, refusal=Refusal("not_built", "COPY of what isn't a table we know isn't let through"))
    describe = table_text(relation, columns)
    if describe is None:
        return replace(judged, refusal=Refusal("copy", "COPY names a column that the table doesn't have"))
    return replace(judged, describe=describe, width=len(columns) or len(relation.columns))


def inner_text(parsed: Parsed, query: Node) -> bytes:
    """The SELECT inside `COPY (...)`, as written; proved to be the same tree. Raises `NotUnderstood`."""
    tokens = [t for t in parsed.tokens if t.name not in COMMENTS]
    opening = next((t for t in tokens if t.text == "("), None)
    if opening is None:
        raise NotUnderstood("the query inside COPY can't be found")
    depth = 0
    for token in tokens:
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0 and token.text == ")":
            text = parsed.text[opening.end : token.start].strip()
            inner = parse(text)
            if len(inner.statements) == 1 and same_tree(inner.statements[0], {query[0]: query[1]}):
                return text
            break
    raise NotUnderstood("the query inside COPY can't be found")


def table_text(relation: Relation, columns: tuple[str, ...]) -> bytes | None:
    """A SELECT of the columns that `COPY table` copies; None when a column isn't one of the table's.

    Without a list it is the server's own star: names of ours would be described in our order, and a table whose columns
    were renamed since would copy them in another.
    """
    known = {c.name for c in relation.columns}
    if not set(columns) <= known:
        return None
    listed = ", ".join(quoted(c) for c in columns) or "*"
    source = f"{quoted(relation.schema)}.{quoted(relation.name)}"
    return f"SELECT {listed} FROM {source}".encode()  # noqa: S608  every name is one of the snapshot's, and quoted


def quoted(name: str) -> str:
    """An identifier in quotes."""
    return '"' + name.replace('"', '""') + '"'
