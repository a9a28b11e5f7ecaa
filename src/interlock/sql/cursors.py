"""SQL's cursors: DECLARE is judged as its query; FETCH, MOVE and CLOSE go by what was decided then.

A cursor and a portal are one thing to the server, so names that begin as those of our portals do are refused.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from interlock.model.snapshot import Snapshot
from interlock.sql.effects import CloseCursor, Declare, Fetch
from interlock.sql.inner import text_behind
from interlock.sql.query import judge_query
from interlock.sql.session_state import SessionState
from interlock.sql.shape import Kind, Refusal, Statement
from interlock.sql.survey import survey
from interlock.sql.tree import Fields, typed

OURS: Final = "il_"
"""How the names of the gateway's own portals begin."""

_BINARY: Final = 0x0001  # parsenodes.h, CURSOR_OPT_*
_HOLD: Final = 0x0020
_NAME = Refusal("cursor", f"names of cursors that begin with {OURS} are Interlock's own")
_WRITES = Refusal("cursor", "a cursor can't be declared over a statement that writes")


def declare(blank: Statement, fields: Fields, snapshot: Snapshot, state: SessionState) -> Statement:
    """DECLARE name CURSOR FOR query: what is fetched is counted by the door, over all fetches."""
    name, options = str(fields.get("portalname", "")), int(fields.get("options", 0))
    judged = judge_query(blank, survey(typed(fields["query"])), snapshot, state)
    if name.startswith(OURS) or judged.kind is not Kind.QUERY:
        return replace(judged, refusal=_NAME if name.startswith(OURS) else judged.refusal or _WRITES)
    inner = text_behind(blank.source, "FOR", fields["query"])
    effect = Declare(name, hold=bool(options & _HOLD), binary=bool(options & _BINARY))
    return replace(judged, effect=effect, inner=inner, describe=inner)


def fetch(blank: Statement, fields: Fields) -> Statement:
    """FETCH or MOVE, in any direction."""
    name = str(fields.get("portalname", ""))
    return _under(blank, name, Fetch(name, move=bool(fields.get("ismove"))))


def close(blank: Statement, fields: Fields) -> Statement:
    """CLOSE of one cursor, or of all."""
    name = fields.get("portalname")
    return _under(blank, str(name or ""), CloseCursor(None if name is None else str(name)))


def _under(blank: Statement, name: str, effect: Fetch | CloseCursor) -> Statement:
    refusal = _NAME if name.startswith(OURS) else None
    return replace(blank, kind=Kind.CURSOR, effect=effect, refusal=refusal)
