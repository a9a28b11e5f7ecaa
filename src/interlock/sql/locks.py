"""LOCK TABLE. ACCESS SHARE is the lock that every read takes, so asking for it is a read that shows nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from interlock.errors import NotUnderstood
from interlock.model import verb
from interlock.model.snapshot import Snapshot
from interlock.sql.resolve import Source, sources
from interlock.sql.session_state import SessionState
from interlock.sql.shape import Kind, Reach, Refusal, Statement, Touch
from interlock.sql.survey import survey
from interlock.sql.tree import Fields

MAX_LOCKED: Final = 1_000  # tables in one statement: pg_dump locks all that it dumps in a few

_ACCESS_SHARE: Final = 1  # lockdefs.h
_CATALOG = Refusal("catalog", "the server's catalogs can't be locked")
_UNKNOWN: Final = "a relation that we don't know"


def lock(blank: Statement, fields: Fields, snapshot: Snapshot, state: SessionState) -> Statement:
    """LOCK TABLE ... [IN mode MODE]; the mode left out is ACCESS EXCLUSIVE. It changes no rows."""
    named = sources(survey(("LockStmt", fields)), snapshot, state)
    if len(named) > MAX_LOCKED:
        raise NotUnderstood(f"a LOCK of more than {MAX_LOCKED} tables; lock fewer at a time")
    reads = fields.get("mode") == _ACCESS_SHARE
    word = verb.SQL_SELECT if reads else verb.SQL_LOCK
    unknown = any(s.relation is None for s in named)
    return replace(
        blank,
        kind=Kind.QUERY if reads else Kind.WRITE,
        touches=tuple(dict.fromkeys(Touch(word, s.name, s.relation) for s in named)),
        reach=Reach.CONNECTION if unknown else Reach.TABLES,
        because=(_UNKNOWN,) if unknown else (),
        countable=True,
        refusal=_CATALOG if any(_in_catalog(s) for s in named) else None,
    )


def _in_catalog(source: Source) -> bool:
    return source.in_catalog
