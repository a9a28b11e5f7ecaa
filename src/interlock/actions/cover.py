"""What an SQL action's digest covers, and the coarser form by which equal requests join (design section 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from interlock.model.canonical import JsonValue
from interlock.model.connection import Connection
from interlock.model.digest import payload_document
from interlock.model.payload import SqlPayload
from interlock.model.reveal import Reveal
from interlock.model.snapshot import Relation, Snapshot
from interlock.sql.session_state import SessionState
from interlock.sql.shape import Reach, Statement


@dataclass(frozen=True, slots=True)
class UpstreamIdentity:
    """Where a connection leads, and as whom."""

    host: str
    port: int
    database: str
    user: str


def documents(
    payload: SqlPayload,
    statements: Sequence[Statement],
    beside: Mapping[str, JsonValue],
    reveals: frozenset[Reveal] = frozenset(),
) -> tuple[Mapping[str, JsonValue], Mapping[str, JsonValue]]:
    """(cover, form). The cover is everything that decides what runs, what it means and what it shows: the payload, what
    `around` tells, and the reveals asked for. The form is the cover with each statement's canonical spelling in place
    of its bytes.
    """
    if reveals:
        beside = {**beside, "reveal": [[each.column, each.label] for each in sorted(reveals)]}
    document = payload_document(payload)
    sent = document["statements"]
    assert isinstance(sent, list)
    forms = [{**d, "text": s.canonical} for d, s in zip(sent, statements, strict=True)]
    return {"payload": document, **beside}, {"payload": {**document, "statements": forms}, **beside}


def around(
    statements: Sequence[Statement],
    connection: Connection,
    identity: UpstreamIdentity,
    snapshot: Snapshot,
    state: SessionState,
) -> Mapping[str, JsonValue]:
    """What decides the meaning of these statements besides their payload."""
    return {
        "connection": {
            "name": connection.name,
            "host": identity.host,
            "port": identity.port,
            "database": identity.database,
            "user": identity.user,
        },
        "role": state.role,
        "search_path": list(state.search_path),
        "settings": [[name, state.settings[name]] for name in sorted(state.settings)],
        "definitions": _definitions(statements, snapshot),
        "row_cap": None,
        "reveal": [],
    }


def _definitions(statements: Sequence[Statement], snapshot: Snapshot) -> list[JsonValue]:
    """Hashes of the definitions in reach; the whole snapshot's where something couldn't be read."""
    if any(s.reach is Reach.CONNECTION for s in statements):
        return [["*", snapshot.version]]
    found: set[Relation] = {t.relation for s in statements for t in s.touches if t.relation is not None}
    return [[r.qualified, r.definition] for r in sorted(found, key=lambda r: (r.qualified, r.oid))]
