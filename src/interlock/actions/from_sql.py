"""SQL statements made into one action: asks, exposure, digest documents, templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from interlock.actions.basis import Basis
from interlock.actions.capping import cappable
from interlock.actions.code_findings import Finds, nothing, without_findings
from interlock.actions.copied_rows import with_rows
from interlock.actions.cover import UpstreamIdentity, around, documents
from interlock.actions.exposing import exposure_of, probes_of
from interlock.actions.outputs import reach_labels, same_shape
from interlock.actions.prepared import PreparedStatement
from interlock.actions.readings import Described, Reading, Readings, asks_of, may_write_back, read
from interlock.actions.reveals import reveals_of
from interlock.model.action import Action, Ask
from interlock.model.actor import Actor
from interlock.model.canonical import JsonValue
from interlock.model.connection import Connection
from interlock.model.exposure import Exposure
from interlock.model.names import ActionId
from interlock.model.payload import SqlPayload, SqlStatement
from interlock.model.snapshot import Snapshot
from interlock.model.template import Template
from interlock.sensitivity.columns import ColumnLabels
from interlock.sql.effects import ColumnName
from interlock.sql.identifiers import FINDING
from interlock.sql.session_state import SessionState
from interlock.sql.shape import Statement, Touch
from interlock.sql.template import Marks

__all__ = ["PreparedStatement", "UpstreamIdentity", "from_sql", "same_shape"]

MASKED_BACK = "a masked value can't be written back"

HoldsToken = Callable[[str], bool]


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
    readings: Readings | None = None,
    ticket: str = "",
    reveal: Sequence[ColumnName] = (),
    finds: Finds = nothing,
) -> Action:
    """The action that these statements are, as one unit of decision. `readings` remembers what can be.

    A statement of kind REFUSED, a name that repeats a hidden value, what `finds` tells of code, or a mask token in a
    write sets `refusal`. `reveal`
    are the columns that the session asks to see; those that the statements plainly show become the action's.
    """
    basis = Basis(connection, labels, snapshot, state, identity)
    look = readings.of if readings is not None else read
    read_ = _in_turn(statements, look, basis)
    payload = SqlPayload(tuple(p.payload for p in statements))
    templates, finding = _templates(read_, statements)
    if finding is None:
        templates, finding = without_findings(templates, finds, snapshot)
    templates = tuple(with_rows(t, p.payload, p.rows) for t, p in zip(templates, statements, strict=True))
    refusal = finding or _refusal(read_, payload, holds_token)
    asks, exposures = _touched(statements, read_, basis, finding=finding is not None)
    reveals = reveals_of(reveal, exposures, connection, snapshot, state)
    cover, form = documents(payload, [p.statement for p in statements], _around(read_, basis), reveals)
    return Action(
        id=id,
        actor=actor,
        connection=connection,
        asks=asks,
        payload=payload,
        cover=cover,
        form=form,
        exposures=exposures,
        templates=templates,
        effect_free=bool(statements) and refusal is None and all(p.statement.effect_free for p in statements),
        reason_given=reason,
        refusal=refusal,
        ticket_given=ticket,
        reveals=reveals,
        cappable=cappable(statements),
    )


def _in_turn(
    statements: Sequence[PreparedStatement], look: Callable[[Statement, Described, Basis], Reading], basis: Basis
) -> list[Reading]:
    """Each statement on what those before it leave behind: labels go along with what they write."""
    found: list[Reading] = []
    for each in statements:
        found.append(look(each.statement, each.described, basis))
        if (carries := found[-1].exposure.carries) and len(statements) > 1:
            basis = replace(basis, labels=basis.labels.carrying(carries))
    return found


def _templates(
    read_: Sequence[Reading], statements: Sequence[PreparedStatement]
) -> tuple[tuple[Template, ...], str | None]:
    marks = Marks()
    cuts = [
        reading.pattern.cut(
            p.payload.parameters, p.payload.parameter_formats, marks, p.given_literals, p.given_parameters
        )
        for reading, p in zip(read_, statements, strict=True)
    ]
    finding = next((c.refusal.sentence for c in cuts if c.refusal is not None), None)
    return tuple(c.template for c in cuts), finding


def _touched(
    statements: Sequence[PreparedStatement],
    read_: Sequence[Reading],
    basis: Basis,
    *,
    finding: bool,
) -> tuple[tuple[Ask, ...], tuple[Exposure, ...]]:
    """What is asked and exposed; where a name carries data (`finding`), without the names that aren't known."""
    if not finding:
        asks = [reading.asks for reading in read_]
        return _united(asks), tuple(_shown(p, r) for p, r in zip(statements, read_, strict=True))
    bare = [replace(p.statement, touches=_known(p.statement), because=(FINDING.sentence,)) for p in statements]
    exposures = (exposure_of(s, p.described, basis) for s, p in zip(bare, statements, strict=True))
    return _united([asks_of(s, basis.connection, basis.labels) for s in bare]), tuple(exposures)


def _shown(prepared: PreparedStatement, reading: Reading) -> Exposure:
    """The exposure of a statement with these values: those that the asker was given guess at nothing."""
    lineage, given = prepared.statement.lineage, (prepared.given_literals, prepared.given_parameters)
    if lineage is None or not any(given) or reading.exposure.opaque:
        return reading.exposure
    return replace(reading.exposure, probes=probes_of(lineage, reading.basis.labels, *given))


def _united(asks: Sequence[tuple[Ask, ...]]) -> tuple[Ask, ...]:
    return asks[0] if len(asks) == 1 else tuple(dict.fromkeys(ask for each in asks for ask in each))


def _around(read_: Sequence[Reading], basis: Basis) -> Mapping[str, JsonValue]:
    if len(read_) == 1:
        return read_[0].around
    judged = [reading.statement for reading in read_]
    return around(judged, basis.connection, basis.identity, basis.snapshot, basis.state)


def _known(statement: Statement) -> tuple[Touch, ...]:
    """Touches whose names are the snapshot's own: where a name carries data, the others may not be recorded."""
    return tuple(t for t in statement.touches if t.relation is not None or not t.name)


def _refusal(read_: Sequence[Reading], payload: SqlPayload, holds_token: HoldsToken) -> str | None:
    for reading, sent in zip(read_, payload.statements, strict=True):
        if reading.statement.refusal is not None:
            return reading.statement.refusal.sentence
        if reading.statement.computed is not None and reach_labels(reading.statement, reading.basis.labels):
            return reading.statement.computed.sentence
        if may_write_back(reading.statement) and _holds(reading, sent, holds_token):
            return MASKED_BACK
    return None


def _holds(reading: Reading, sent: SqlStatement, holds_token: HoldsToken) -> bool:
    """Looks at the text, at its constants however they are spelled, and at every parameter and row, binary as UTF-8.

    Rows are looked at as they are sent; the door reads them as the server does, and looks at each value (`copying_in`).
    """
    raw = (reading.statement.text, *(v for v in (*sent.parameters, sent.copy_data) if v is not None))
    texts = (*(v.decode("utf-8", "replace") for v in raw), *reading.constants)
    return any(holds_token(text) for text in texts)
