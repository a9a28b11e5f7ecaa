"""Makes the card's content from an action and what policy said of it.

The content is canonical JSON and complete: everything a reviewer needs to judge exactly this action, and no value
except leaves that a card may show (`model/template.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from interlock.model.action import Action
from interlock.model.canonical import JsonValue
from interlock.model.decision import NeedsReview, Quorum
from interlock.model.label import Label, upward
from interlock.model.obligation import Obligations
from interlock.model.payload import Payload, ToolPayload
from interlock.model.reveal import Reveal
from interlock.model.template import Template
from interlock.review import sizes

VERSION = 1


def content(
    action: Action, decision: NeedsReview, expires_at: datetime, *, votes_by_token: bool
) -> Mapping[str, JsonValue]:
    """The card's fields; `docs/reference/api.md` lists them for clients."""
    exposure, asked, owed = action.exposure, decision.requirements, decision.obligations
    return {
        "version": VERSION,
        "action": action.id,
        "connection": {
            "name": action.connection.name,
            "environment": action.connection.environment,
            "tags": sorted(action.connection.tags),
        },
        "actor": {
            "kind": action.actor.kind.value,
            "id": action.actor.id,
            "owner": action.actor.owner,
            "chain": [link.id for link in action.actor.chain],
        },
        "enforced_by": action.enforced_by.value,
        "verbs": sorted({ask.verb for ask in action.asks}),
        "resources": [
            {"id": r.id, "kind": r.kind.value, "labels": sorted(r.labels)}
            for r in sorted({ask.resource for ask in action.asks}, key=lambda r: (r.kind, r.id))
        ],
        "tool": _tool(action.payload),
        "statements": [_statement(t) for t in action.templates],
        "outputs": [
            {"name": o.name, "labels": sorted(o.labels), "masked": masked(o.plain, o.labels, owed)}
            for o in exposure.outputs
        ],
        "reveals": [{"column": each.column, "label": each.label} for each in sorted(owed.reveal)],
        "labels": sorted(exposure.labels),
        "filters": sorted(exposure.filters),
        "writes": sorted(exposure.writes),
        "unbounded": exposure.unbounded,
        "opaque": exposure.opaque,
        "opaque_because": list(exposure.opaque_because),
        "policies": [{"id": r.policy or "", "because": r.sentence} for r in decision.reasons],
        "requirements": _quorums(asked.quorums),
        "any_of": [_quorums(choices) for choices in asked.any_of],
        "stages": [[_quorums(stage) for stage in stages] for stages in asked.stages],
        "channels": sorted(asked.channels),
        "break_glass": sorted(asked.break_glass),
        "reason_given": action.reason_given,
        "ticket_given": action.ticket_given,
        "expires_at": timestamp(expires_at),
        "valid_seconds": int(asked.valid.total_seconds()),
        "uses": asked.reuse.times if asked.reuse else 1,
        "row_cap": owed.row_cap,
        "cappable": action.cappable,
        "estimate": sizes.in_words(action),
        "estimate_cap": sizes.cap_by_estimate(action),
        "impact": list(dict.fromkeys(each for e in action.exposures for each in e.impact.beyond)),
        "votes_by_token": votes_by_token,
    }


def timestamp(moment: datetime) -> str:
    """RFC 3339, UTC, six digits: as everywhere in the ledger."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def masked(plain: str | None, labels: frozenset[Label], owed: Obligations) -> bool:
    """Whether an output leaves masked: unless none of its labels is to be, since the connection's profile keeps them,
    or every label of that very column was asked for and granted (masking/plan).

    `plain` is the column it is, if it is one.
    """
    shown = plain is not None and all(Reveal(plain, label) in owed.reveal for label in labels)
    return bool(upward(labels) & owed.mask) and not shown


def _quorums(quorums: Sequence[Quorum]) -> list[JsonValue]:
    return [{"group": quorum.group, "count": quorum.count} for quorum in quorums]


def _tool(payload: Payload) -> JsonValue:
    """By which definition a tool would be called; its arguments are among the statements, with their leaves."""
    return {"name": payload.tool, "definition": payload.definition} if isinstance(payload, ToolPayload) else None


def _statement(template: Template) -> Mapping[str, JsonValue]:
    return {
        "code": list(template.code),
        "leaves": [
            {"shown": x.shown, "kind": x.kind, "label": x.label or "", "length": x.length, "mark": x.mark}
            for x in template.leaves
        ],
    }
