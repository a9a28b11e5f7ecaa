"""What an SQL action's digest covers, and the coarser form by which equal requests join (design section 7)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from interlock.model.canonical import JsonValue
from interlock.model.connection import Connection
from interlock.model.digest import payload_document
from interlock.model.payload import SqlPayload
from interlock.model.reveal import Reveal
from interlock.model.snapshot import Relation, Snapshot
from interlock.model.verb import SQL_CALL
from interlock.sql.catalogs import FIRST_USER_OID
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
    """Hashes of the definitions in reach; the whole snapshot's where something couldn't be read.

    Functions are told together: which of them a call means, and what they call in turn, isn't worked out here.
    """
    if any(s.reach is Reach.CONNECTION for s in statements):
        return [["*", snapshot.version]]
    found: set[Relation] = {t.relation for s in statements for t in s.touches if t.relation is not None}
    relations: list[JsonValue] = [
        [r.qualified, r.definition] for r in sorted(found, key=lambda r: (r.qualified, r.oid))
    ]
    calls = any(_calls(r) for r in found) or any(t.verb == SQL_CALL for s in statements for t in s.touches)
    return [*relations, ["()", _functions(snapshot)]] if calls else relations


def _calls(relation: Relation) -> bool:
    """Whether what reads or writes it may run functions of users: in a view's query, by a trigger, for a type."""
    users = any(c.type_oid >= FIRST_USER_OID for c in relation.columns)
    return relation.hidden_effects or not relation.is_base_table or users


def _functions(snapshot: Snapshot) -> str:
    """A SHA-256 (hex) over the definitions of all functions."""
    known = snapshot.worked_out.get("functions")
    if known is None:
        told = sorted(snapshot.function_definitions.items())
        known = snapshot.worked_out["functions"] = hashlib.sha256(repr(told).encode()).hexdigest()
    return str(known)
