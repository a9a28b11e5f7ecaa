"""SQL statements made into one action: asks, exposure, digest documents, templates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from interlock.actions.cover import UpstreamIdentity, cover_of, form_of
from interlock.actions.outputs import label_outputs, reach_labels, same_shape
from interlock.model import verb
from interlock.model.action import Action, Ask
from interlock.model.actor import Actor
from interlock.model.connection import Connection
from interlock.model.exposure import Exposure
from interlock.model.label import Label
from interlock.model.names import ActionId
from interlock.model.payload import SqlPayload, SqlStatement
from interlock.model.resource import Resource, ResourceKind
from interlock.model.snapshot import DescribedColumn, Snapshot
from interlock.model.template import Template
from interlock.sensitivity.columns import ColumnLabels
from interlock.sql.bindings import string_constants
from interlock.sql.identifiers import FINDING
from interlock.sql.session_state import SessionState
from interlock.sql.shape import Kind, Reach, Statement, Touch, Written
from interlock.sql.template import Marks, cut

__all__ = ["PreparedStatement", "UpstreamIdentity", "from_sql", "same_shape"]

MASKED_BACK = "a masked value can't be written back"

HoldsToken = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class PreparedStatement:
    """A judged statement, the server's description of its outputs (None: it wasn't asked), and what would be sent."""

    statement: Statement
    described: tuple[DescribedColumn, ...] | None
    payload: SqlStatement


def from_sql(
    *,
    id: ActionId,
    actor: Actor,
    connection: Connection,
    statements: Sequence[PreparedStatement],
    labels: ColumnLabels,
    snapshot: Snapshot,
    state: SessionState,
    identity: UpstreamIdentity,
    reason: str,
    holds_token: HoldsToken,
) -> Action:
    """The action that these statements are, as one unit of decision.

    A statement of kind REFUSED, a name that repeats a hidden value, or a mask token in a write sets `refusal`.
    """
    judged = [p.statement for p in statements]
    payload = SqlPayload(tuple(p.payload for p in statements))
    templates, finding = _templates(statements, snapshot, state, labels)
    refusal = finding or _refusal(statements, holds_token)
    if finding:
        judged = [replace(s, touches=_known(s), because=(FINDING.sentence,)) for s in judged]
    return Action(
        id=id,
        actor=actor,
        connection=connection,
        asks=_asks(judged, connection, labels),
        payload=payload,
        cover=cover_of(payload, judged, connection, identity, snapshot, state),
        form=form_of(payload, judged, connection, identity, snapshot, state),
        exposures=tuple(_exposure(s, p, connection, labels) for s, p in zip(judged, statements, strict=True)),
        templates=templates,
        effect_free=bool(judged) and refusal is None and all(s.effect_free for s in judged),
        reason_given=reason,
        refusal=refusal,
    )


def _templates(
    statements: Sequence[PreparedStatement], snapshot: Snapshot, state: SessionState, labels: ColumnLabels
) -> tuple[tuple[Template, ...], str | None]:
    marks, cuts = Marks(), []
    for p in statements:
        sent = p.payload
        cuts.append(cut(p.statement.source, snapshot, state, labels.of, sent.parameters, sent.parameter_formats, marks))
    finding = next((c.refusal.sentence for c in cuts if c.refusal is not None), None)
    return tuple(c.template for c in cuts), finding


def _known(statement: Statement) -> tuple[Touch, ...]:
    """Touches whose names are the snapshot's own: where a name carries data, the others may not be recorded."""
    return tuple(t for t in statement.touches if t.relation is not None or not t.name)


def _refusal(statements: Sequence[PreparedStatement], holds_token: HoldsToken) -> str | None:
    for p in statements:
        if p.statement.refusal is not None:
            return p.statement.refusal.sentence
        if p.statement.kind in (Kind.WRITE, Kind.SCHEMA) and _holds(p, holds_token):
            return MASKED_BACK
    return None


def _holds(p: PreparedStatement, holds_token: HoldsToken) -> bool:
    """Looks at the text, at its constants however they are spelled, and at every parameter, binary ones as UTF-8."""
    sent = (p.statement.text, *(v for v in p.payload.parameters if v is not None))
    texts = (*(v.decode("utf-8", "replace") for v in sent), *string_constants(p.statement.source))
    return any(holds_token(text) for text in texts)


def _asks(judged: Sequence[Statement], connection: Connection, labels: ColumnLabels) -> tuple[Ask, ...]:
    asks = [Ask(t.verb, _resource(t, connection, labels)) for s in judged for t in s.touches]
    for statement in judged:
        if not statement.touches:
            word = verb.SESSION_OPEN if statement.is_session_traffic else verb.SQL_SELECT
            asks.append(Ask(word, Resource(ResourceKind.CONNECTION, connection.name)))
    return tuple(dict.fromkeys(asks))


def _resource(touch: Touch, connection: Connection, labels: ColumnLabels) -> Resource:
    if touch.relation is not None:
        known = labels.for_relation(touch.relation.oid)
        return Resource(ResourceKind.RELATION, f"{connection.name}/{touch.relation.qualified}", known)
    if touch.catalog is not None and touch.catalog.harmless:
        return Resource(ResourceKind.CATALOG, f"{connection.name}/{touch.name.partition('.')[0]}")
    if not touch.name:
        return Resource(ResourceKind.CONNECTION, connection.name)
    return Resource(ResourceKind.RELATION, f"{connection.name}/{touch.name}", labels.for_connection())


def _exposure(
    statement: Statement, prepared: PreparedStatement, connection: Connection, labels: ColumnLabels
) -> Exposure:
    shown = label_outputs(statement, prepared.described, connection, labels)
    opaque = statement.reach is Reach.CONNECTION or bool(shown.because)
    reach = labels.for_connection() if opaque else reach_labels(statement, labels)
    filters = reach if statement.filters else frozenset[Label]()
    writes = frozenset[Label]().union(*(_written(w, labels) for w in statement.written))
    whole = reach if opaque or statement.kind in (Kind.SCHEMA, Kind.PRIVILEGE) else frozenset[Label]()
    return Exposure(
        outputs=shown.outputs,
        labels=whole | filters | writes | frozenset().union(*(o.labels for o in shown.outputs)),
        filters=filters,
        writes=writes,
        unbounded=statement.unbounded,
        opaque=opaque,
        opaque_because=(*statement.because, *((shown.because,) if shown.because else ())),
    )


def _written(written: Written, labels: ColumnLabels) -> frozenset[Label]:
    relation = written.relation
    if relation is None or not relation.is_base_table:
        return labels.for_connection()
    numbers = [c.number for c in relation.columns if written.columns is None or c.name in written.columns]
    known = {c.name for c in relation.columns}
    if written.columns is not None and not written.columns <= known:
        return labels.for_relation(relation.oid)
    return frozenset().union(*(labels.for_column(relation.oid, n) for n in numbers))
