"""What a text is, what it touches, and whose labels count: the judge of design section 6, in its coarse form.

text -> one statement? -> names that carry data? -> by kind: query or write | COPY | EXPLAIN | session | definitions
"""

from __future__ import annotations

from dataclasses import replace

from interlock.errors import NotUnderstood
from interlock.model import verb
from interlock.model.snapshot import Snapshot
from interlock.sql import (
    channels,
    copy_in,
    copy_out,
    cursors,
    explaining,
    locks,
    making,
    named,
    own_functions,
    routines,
    schema,
    session_settings,
    set_config,
)
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
    ShowOurs,
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
from interlock.sql.survey import Survey, survey
from interlock.sql.tree import Fields, Node, typed

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

UNFORESEEN = "unforeseen"  # the code of what our own reading failed on: a mistake of ours, counted
MAX_SOURCES = 100  # tables, subqueries and WITH items of one text: each name in it is looked for in all of them
_SOURCES = frozenset({"RangeVar", "RangeSubselect", "RangeFunction", "CommonTableExpr", "SelectStmt"})

_MANY = Refusal("not_built", "several statements in one text aren't built yet; send one statement at a time")


def analyse(text: bytes, snapshot: Snapshot, state: SessionState) -> Statement:
    """Judges one text (UTF-8). Raises `NotUnderstood`, and nothing else, when it can't be read."""
    try:
        return _analyse(text, snapshot, state)
    except NotUnderstood:
        raise
    except Exception:  # a tree of a form that we didn't foresee: closed by default (promise 4)
        raise NotUnderstood("the statement has a form that Interlock doesn't know", code=UNFORESEEN) from None


def _analyse(text: bytes, snapshot: Snapshot, state: SessionState) -> Statement:
    parsed = parse(text)
    if not parsed.statements:
        return Statement(Kind.EMPTY, text, "", parsed, effect_free=True)
    surveys = [survey(typed(statement)) for statement in parsed.statements]
    if sum(len(s.of(_SOURCES)) for s in surveys) > MAX_SOURCES and not _only_locks(parsed):
        raise NotUnderstood("the statement names too many tables and subqueries to judge")
    blank = Statement(Kind.REFUSED, text, canonical(parsed), parsed)
    refusal = _MANY if len(parsed.statements) > 1 else None
    refusal = finding(parsed, snapshot) or refusal
    if refusal is not None:
        return replace(blank, refusal=refusal, reach=Reach.CONNECTION, because=(refusal.sentence,))
    ours = own_functions.judge(parsed)
    if isinstance(ours, Refusal):
        return _refused(replace(blank, refusal=ours))
    if ours is not None:
        return replace(blank, kind=Kind.OURS, effect=ours)
    judged = _judge(blank, surveys[0], snapshot, state)
    return judged if judged.refusal is None else _refused(judged)


def _only_locks(parsed: Parsed) -> bool:
    """Whether its names are looked up once each (and are limited there): nothing in it names columns."""
    return len(parsed.statements) == 1 and typed(parsed.statements[0])[0] == "LockStmt"


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
        inner=None,
        looking=None,
        lineage=None,
    )


def _judge(blank: Statement, whole: Survey, snapshot: Snapshot, state: SessionState) -> Statement:
    root = kind, fields = whole.root
    match kind:
        case "SelectStmt":
            if making.into_of(root) is not None:
                return making.select_into(blank, root, snapshot, state)
            assigned = set_config.judge(blank, fields, snapshot, state)
            return assigned or judge_query(blank, whole, snapshot, state)
        case "InsertStmt" | "UpdateStmt" | "DeleteStmt" | "MergeStmt":
            return judge_query(blank, whole, snapshot, state)
        case "CreateTableAsStmt":
            return making.table_as(blank, fields, snapshot, state)
        case "TruncateStmt":
            return _truncate(blank, whole, snapshot, state)
        case "CopyStmt":
            return _copy(blank, fields, snapshot, state)
        case "ExplainStmt":
            return explaining.judge(blank, fields, snapshot, state)
        case "TransactionStmt":
            return _transaction(blank, fields)
        case "VariableSetStmt":
            return _set(blank, fields)
        case "VariableShowStmt":
            return _show(blank, fields)
        case "DiscardStmt" | "DeallocateStmt":
            return _discard(blank, kind, fields)
        case "ViewStmt":
            return making.view(blank, root, snapshot, state)
        case "RefreshMatViewStmt":
            return routines.refresh(blank, fields, snapshot, state)
        case "CreateFunctionStmt":
            return routines.create(blank, fields, snapshot, state)
        case _:
            return _session_form(blank, root, snapshot, state) or _definitions(blank, root, snapshot, state)


def _session_form(blank: Statement, root: Node, snapshot: Snapshot, state: SessionState) -> Statement | None:
    """Statements about what the session has: prepared names, cursors, channels, locks. None when it is no such one."""
    kind, fields = root
    match kind:
        case "PrepareStmt":
            return named.prepare(blank, fields)
        case "ExecuteStmt":
            return named.execute(blank, fields)
        case "DeclareCursorStmt":
            return cursors.declare(blank, fields, snapshot, state)
        case "FetchStmt":
            return cursors.fetch(blank, fields)
        case "ClosePortalStmt":
            return cursors.close(blank, fields)
        case "ListenStmt":
            return channels.listen(blank, fields)
        case "UnlistenStmt":
            return channels.unlisten(blank, fields)
        case "NotifyStmt":
            return channels.notify(blank)
        case "LockStmt":
            return locks.lock(blank, fields, snapshot, state)
        case _:
            return None


def _definitions(blank: Statement, root: Node, snapshot: Snapshot, state: SessionState) -> Statement:
    change = schema.judge(root, snapshot, state)
    unknown = any(t.name and t.relation is None for t in change.touches)
    reach = Reach.CONNECTION if change.because or (unknown and root[0] != "CreateStmt") else Reach.TABLES
    return replace(
        blank,
        kind=change.kind,
        touches=change.touches,
        reach=reach,
        because=change.because,
        refusal=change.refusal,
        temporary=change.temporary,
    )


def _truncate(blank: Statement, whole: Survey, snapshot: Snapshot, state: SessionState) -> Statement:
    judged = judge_query(blank, whole, snapshot, state)
    cascade = ("a cascade reaches further tables",) if whole.root[1].get("behavior") == "DROP_CASCADE" else ()
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
        lineage=None,
        reach=Reach.CONNECTION if because else judged.reach,
    )


def _copy(blank: Statement, fields: Fields, snapshot: Snapshot, state: SessionState) -> Statement:
    if fields.get("is_program"):
        return replace(blank, refusal=Refusal("copy", "COPY ... PROGRAM isn't let through"))
    if fields.get("filename"):
        return replace(blank, refusal=Refusal("copy", "COPY to or from a server file isn't let through"))
    if fields.get("is_from"):
        return copy_in.judge(blank, fields, snapshot, state)
    return copy_out.judge(blank, fields, snapshot, state)


def _set(blank: Statement, fields: Fields) -> Statement:
    outcome = session_settings.judge_set(fields)
    if isinstance(outcome, Refusal):
        return replace(blank, kind=Kind.SET, refusal=outcome, touches=(Touch(verb.SESSION_SET, ""),))
    return replace(blank, kind=Kind.SET, effect=outcome)


def _show(blank: Statement, fields: Fields) -> Statement:
    outcome = session_settings.judge_show(fields)
    if isinstance(outcome, ShowOurs):
        return replace(blank, kind=Kind.OURS, effect=outcome)
    return replace(blank, kind=Kind.SHOW, refusal=outcome, effect_free=True, describe=blank.text, width=1)


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
    what = fields.get("target", "DISCARD_ALL")
    everything = what == "DISCARD_ALL"
    temporary = everything or what == "DISCARD_TEMP"
    return replace(blank, kind=Kind.DISCARD, effect=DiscardAll() if everything else None, temporary=temporary)
