"""What a text is, what it touches, and whose labels count: the judge of design section 6, in its coarse form.

text -> one statement? -> names that carry data? -> by kind: query or write | COPY | EXPLAIN | session | definitions
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from interlock.errors import NotUnderstood
from interlock.model import verb
from interlock.model.snapshot import Snapshot
from interlock.sql import copy_out, schema, session_settings
from interlock.sql.effects import (
    Begin,
    Commit,
    Deallocate,
    DiscardAll,
    ReleaseSavepoint,
    Rollback,
    RollbackTo,
    Savepoint,
    SessionEffect,
)
from interlock.sql.identifiers import finding
from interlock.sql.parse import Parsed, canonical, parse
from interlock.sql.query import judge_query
from interlock.sql.session_state import SessionState
from interlock.sql.shape import (
    CatalogRead,
    CopyFormat,
    CopyOptions,
    Kind,
    Reach,
    Refusal,
    Statement,
    Touch,
    Written,
)
from interlock.sql.tree import Fields, Node, constant, typed, walk, words

__all__ = [
    "CatalogRead",
    "CopyFormat",
    "CopyOptions",
    "Kind",
    "Reach",
    "Refusal",
    "Statement",
    "Touch",
    "Written",
    "analyse",
]

MAX_SOURCES = 100  # tables, subqueries and WITH items of one text: each name in it is looked for in all of them

_MANY = Refusal("not_built", "several statements in one text aren't built yet; send one statement at a time")
_EXPLAINED = ("SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt")
_EXPLAIN_OPTIONS = ("verbose", "costs", "format", "generic_plan", "summary")


def analyse(text: bytes, snapshot: Snapshot, state: SessionState) -> Statement:
    """Judges one text (UTF-8). Raises `NotUnderstood`, and nothing else, when it can't be read."""
    try:
        return _analyse(text, snapshot, state)
    except NotUnderstood:
        raise
    except Exception:  # a tree of a form that we didn't foresee: closed by default (promise 4)
        raise NotUnderstood("the statement has a form that Interlock doesn't know") from None


def _analyse(text: bytes, snapshot: Snapshot, state: SessionState) -> Statement:
    parsed = parse(text)
    if not parsed.statements:
        return Statement(Kind.EMPTY, text, "", parsed, effect_free=True)
    if _sources(parsed) > MAX_SOURCES:
        raise NotUnderstood("the statement names too many tables and subqueries to judge")
    blank = Statement(Kind.REFUSED, text, canonical(parsed), parsed)
    refusal = _MANY if len(parsed.statements) > 1 else None
    refusal = finding(parsed, snapshot) or refusal
    if refusal is not None:
        return replace(blank, refusal=refusal, reach=Reach.CONNECTION, because=(refusal.sentence,))
    judged = _judge(blank, typed(parsed.statements[0]), snapshot, state)
    return judged if judged.refusal is None else _refused(judged)


def _sources(parsed: Parsed) -> int:
    return sum(
        kind in ("RangeVar", "RangeSubselect", "RangeFunction", "CommonTableExpr", "SelectStmt")
        for statement in parsed.statements
        for kind, _ in walk(typed(statement))
    )


def _refused(judged: Statement) -> Statement:
    """A refused statement runs nothing; its touches stay, for the record."""
    assert judged.refusal is not None
    because = (*judged.because, judged.refusal.sentence)
    return replace(
        judged,
        kind=Kind.REFUSED,
        reach=Reach.CONNECTION,
        because=because,
        effect_free=False,
        describe=None,
        effect=None,
    )


def _judge(blank: Statement, root: Node, snapshot: Snapshot, state: SessionState) -> Statement:
    kind, fields = root
    match kind:
        case "SelectStmt" | "InsertStmt" | "UpdateStmt" | "DeleteStmt" | "MergeStmt":
            return judge_query(blank, root, snapshot, state)
        case "TruncateStmt":
            return _truncate(blank, root, snapshot, state)
        case "CopyStmt":
            return _copy(blank, fields, snapshot, state)
        case "ExplainStmt":
            return _explain(blank, fields, snapshot, state)
        case "TransactionStmt":
            return _transaction(blank, fields)
        case "VariableSetStmt":
            return _set(blank, fields)
        case "VariableShowStmt":
            refusal = session_settings.judge_show(fields)
            return replace(blank, kind=Kind.SHOW, refusal=refusal, effect_free=True, describe=blank.text, width=1)
        case "DiscardStmt" | "DeallocateStmt":
            return _discard(blank, kind, fields)
        case _:
            return _definitions(blank, root, snapshot, state)


def _definitions(blank: Statement, root: Node, snapshot: Snapshot, state: SessionState) -> Statement:
    change = schema.judge(root, snapshot, state)
    unknown = any(t.name and t.relation is None for t in change.touches)
    reach = Reach.CONNECTION if change.because or (unknown and root[0] != "CreateStmt") else Reach.TABLES
    return replace(
        blank, kind=change.kind, touches=change.touches, reach=reach, because=change.because, refusal=change.refusal
    )


def _truncate(blank: Statement, root: Node, snapshot: Snapshot, state: SessionState) -> Statement:
    judged = judge_query(blank, root, snapshot, state)
    cascade = ("a cascade reaches further tables",) if root[1].get("behavior") == "DROP_CASCADE" else ()
    because = (*judged.because, *cascade)
    return replace(
        judged,
        kind=Kind.WRITE,
        unbounded=True,
        effect_free=False,
        describe=None,
        filters=False,
        written=tuple(Written(t.relation, None) for t in judged.touches),
        because=because,
        reach=Reach.CONNECTION if because else judged.reach,
    )


def _copy(blank: Statement, fields: Fields, snapshot: Snapshot, state: SessionState) -> Statement:
    refusal = copy_out.refused_form(fields)
    options = copy_out.options(fields)
    if refusal is None and isinstance(options, Refusal):
        refusal = options
    if refusal is not None or isinstance(options, Refusal):
        return replace(blank, refusal=refusal)
    if "query" in fields:
        judged = _copy_query(blank, typed(fields["query"]), snapshot, state)
    else:
        judged = _copy_table(blank, fields, snapshot, state)
    exports = tuple(replace(t, verb=verb.SQL_COPY_OUT) for t in judged.touches if t.verb == verb.SQL_SELECT)
    touches = (*judged.touches, *(exports or (Touch(verb.SQL_COPY_OUT, ""),)))
    return replace(judged, kind=Kind.COPY_OUT, copy=options, touches=touches, effect_free=False)


def _copy_query(blank: Statement, query: Node, snapshot: Snapshot, state: SessionState) -> Statement:
    judged = judge_query(blank, query, snapshot, state)
    if judged.kind is not Kind.QUERY:
        return replace(judged, refusal=judged.refusal or Refusal("not_built", "not built yet: COPY of a write"))
    return replace(judged, describe=copy_out.inner_text(blank.source, query))


def _copy_table(blank: Statement, fields: Fields, snapshot: Snapshot, state: SessionState) -> Statement:
    columns = words(fields.get("attlist"))
    select: Any = {"fromClause": [{"RangeVar": fields["relation"]}]}
    judged = judge_query(blank, ("SelectStmt", select), snapshot, state)
    relation = judged.touches[0].relation if judged.touches else None
    if relation is None or not relation.is_base_table:
        return replace(judged, refusal=Refusal("not_built", "COPY of what isn't a table we know isn't let through"))
    describe = copy_out.table_text(relation, columns)
    if describe is None:
        return replace(judged, refusal=Refusal("copy", "COPY names a column that the table doesn't have"))
    return replace(judged, describe=describe, width=len(columns) or len(relation.columns))


def _explain(blank: Statement, fields: Fields, snapshot: Snapshot, state: SessionState) -> Statement:
    inner = typed(fields["query"])
    for item in fields.get("options", ()):
        option = typed(item)[1]
        name, value = str(option.get("defname")), constant(option.get("arg"))
        if name == "analyze" and value in ("false", "off", "0"):
            continue
        if name not in _EXPLAIN_OPTIONS:
            return replace(blank, refusal=Refusal("not_built", f"not built yet: EXPLAIN with the option {name}"))
    if inner[0] not in _EXPLAINED:
        return replace(blank, refusal=Refusal("not_built", "not built yet: EXPLAIN of this kind of statement"))
    judged = judge_query(blank, inner, snapshot, state)
    if judged.kind is Kind.WRITE or any(t.relation is not None and t.relation.hidden_effects for t in judged.touches):
        judged = replace(judged, reach=Reach.CONNECTION, because=(*judged.because, "a plan that prints definitions"))
    touches = tuple(t if t.verb == verb.SQL_CALL else replace(t, verb=verb.SQL_EXPLAIN) for t in judged.touches)
    return replace(
        judged,
        kind=Kind.EXPLAIN,
        touches=tuple(dict.fromkeys(touches)) or (Touch(verb.SQL_EXPLAIN, ""),),
        effect_free=False,
        unbounded=False,
        written=(),
        describe=blank.text,
        width=1,
    )


def _set(blank: Statement, fields: Fields) -> Statement:
    outcome = session_settings.judge_set(fields)
    if isinstance(outcome, Refusal):
        return replace(blank, kind=Kind.SET, refusal=outcome, touches=(Touch(verb.SESSION_SET, ""),))
    return replace(blank, kind=Kind.SET, effect=outcome)


def _transaction(blank: Statement, fields: Fields) -> Statement:
    refusal = session_settings.transaction_options(fields.get("options"))
    if fields.get("chain"):
        refusal = Refusal("not_built", "not built yet: AND CHAIN")
    effect = _block_effect(str(fields.get("kind")), str(fields.get("savepoint_name", "")))
    if effect is None:
        refusal = Refusal("not_built", "not built yet: two-phase commit")
    return replace(blank, kind=Kind.TRANSACTION, effect=effect, refusal=refusal)


def _block_effect(kind: str, name: str) -> SessionEffect | None:
    match kind:
        case "TRANS_STMT_BEGIN" | "TRANS_STMT_START":
            return Begin()
        case "TRANS_STMT_COMMIT":
            return Commit()
        case "TRANS_STMT_ROLLBACK":
            return Rollback()
        case "TRANS_STMT_SAVEPOINT":
            return Savepoint(name)
        case "TRANS_STMT_ROLLBACK_TO":
            return RollbackTo(name)
        case "TRANS_STMT_RELEASE":
            return ReleaseSavepoint(name)
        case _:
            return None


def _discard(blank: Statement, kind: str, fields: Fields) -> Statement:
    if kind == "DeallocateStmt":
        name = None if fields.get("isall") else str(fields.get("name", ""))
        return replace(blank, kind=Kind.DISCARD, effect=Deallocate(name))
    everything = fields.get("target", "DISCARD_ALL") == "DISCARD_ALL"
    return replace(blank, kind=Kind.DISCARD, effect=DiscardAll() if everything else None)
