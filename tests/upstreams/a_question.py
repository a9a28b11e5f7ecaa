"""Actions to be estimated: judged by the definitions of a real server, as its door would send them."""

from __future__ import annotations

from dataclasses import replace

from tests.an_office import CONNECTION, export
from tests.postgres_fixture import Database

from interlock.model.action import Action
from interlock.model.actor import Actor, ActorKind
from interlock.model.exposure import Exposure
from interlock.model.names import ActorId, KeyId, PersonId
from interlock.model.payload import SqlPayload, SqlStatement
from interlock.model.snapshot import Snapshot
from interlock.sql.impact import impact_of
from interlock.sql.session_state import SessionState
from interlock.sql.statement import analyse

OLIVIA = PersonId("olivia")
ACTOR = Actor(ActorKind.AGENT, ActorId("etl"), frozenset(), OLIVIA, KeyId("key"), OLIVIA, OLIVIA)


def question(
    snapshot: Snapshot, database: Database, *sent: str | SqlStatement, state: SessionState | None = None
) -> Action:
    """An action of these statements."""
    state = state or SessionState(("public",), database.user)
    statements = tuple(SqlStatement(s.encode(), simple=True) if isinstance(s, str) else s for s in sent)
    exposures = tuple(Exposure(impact=impact_of(analyse(s.text, snapshot, state), state)) for s in statements)
    bare = export(ACTOR)
    assert bare.connection is CONNECTION
    return replace(bare, payload=SqlPayload(statements), exposures=exposures)
