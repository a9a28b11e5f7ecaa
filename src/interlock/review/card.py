"""Makes the card's content from an action and what policy said of it.

The content is canonical JSON and complete: everything a reviewer needs to judge exactly this action, and no value
except leaves that a card may show (`model/template.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from interlock.model.action import Action
from interlock.model.canonical import JsonValue
from interlock.model.decision import NeedsReview
from interlock.model.template import Template

VERSION = 1
NOT_ESTIMATED = "not estimated"


def content(
    action: Action, decision: NeedsReview, expires_at: datetime, *, votes_by_token: bool
) -> Mapping[str, JsonValue]:
    """The card's fields; `docs/reference/api.md` lists them for clients."""
    exposure = action.exposure
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
        "statements": [_statement(t) for t in action.templates],
        "outputs": [{"name": o.name, "labels": sorted(o.labels), "masked": bool(o.labels)} for o in exposure.outputs],
        "labels": sorted(exposure.labels),
        "filters": sorted(exposure.filters),
        "writes": sorted(exposure.writes),
        "unbounded": exposure.unbounded,
        "opaque": exposure.opaque,
        "opaque_because": list(exposure.opaque_because),
        "policies": [{"id": r.policy or "", "because": r.sentence} for r in decision.reasons],
        "requirements": [{"group": q.group, "count": q.count} for q in decision.requirements.quorums],
        "reason_given": action.reason_given,
        "expires_at": timestamp(expires_at),
        "valid_seconds": int(decision.requirements.valid.total_seconds()),
        "uses": 1,
        "estimate": NOT_ESTIMATED,
        "votes_by_token": votes_by_token,
    }


def timestamp(moment: datetime) -> str:
    """RFC 3339, UTC, six digits: as everywhere in the ledger."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _statement(template: Template) -> Mapping[str, JsonValue]:
    return {
        "code": list(template.code),
        "leaves": [
            {"shown": x.shown, "kind": x.kind, "label": x.label or "", "length": x.length, "mark": x.mark}
            for x in template.leaves
        ],
    }
