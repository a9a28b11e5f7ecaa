"""A ledger entry before it is written: what the gate, desk and registry say; the store's writer adds the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from interlock.model.actor import Actor
from interlock.model.canonical import JsonValue
from interlock.model.names import EntryId


class EntryType(StrEnum):
    """The types emitted so far; the ledger's set is closed (ledger.md 1.2), an unknown one is an error."""

    ACTION_DENIED = "action.denied"
    ACTION_HELD = "action.held"
    ACTION_RELEASED = "action.released"
    ACTION_ENDED = "action.ended"
    ACTION_UNKNOWN = "action.unknown"
    MASK_APPLIED = "mask.applied"
    REVIEW_OPENED = "review.opened"
    REVIEW_JOINED = "review.joined"
    REVIEW_WITHDRAWN = "review.withdrawn"
    REVIEW_EXPIRED = "review.expired"
    REVIEW_SUPERSEDED = "review.superseded"
    REVIEW_NARROWED = "review.narrowed"
    REVIEW_COMMENTED = "review.commented"
    REVIEW_SEEN = "review.seen"
    VOTE_CAST = "vote.cast"
    VOTE_REFUSED = "vote.refused"
    CHANNEL_REFUSED = "channel.refused"
    REVEAL_SHOWN = "reveal.shown"
    BREAK_GLASS_USED = "break_glass.used"
    BREAK_GLASS_REVIEWED = "break_glass.reviewed"
    IDENTITY_CHANGED = "identity.changed"
    LINK_MADE = "link.made"
    LINK_REMOVED = "link.removed"
    DELEGATION_CHANGED = "delegation.changed"
    KEY_ISSUED = "key.issued"
    KEY_REVOKED = "key.revoked"
    POLICY_LOADED = "policy.loaded"
    POLICY_TEXT = "policy.text"
    LABEL_DERIVED = "label.derived"
    LABEL_CLEARED = "label.cleared"
    LABEL_PROPOSED = "label.proposed"
    LABEL_CONFIRMED = "label.confirmed"
    LABEL_REJECTED = "label.rejected"
    MASK_OVERRIDDEN = "mask.overridden"
    MASK_OVERRIDE_ENDED = "mask.override_ended"
    DISCOVERY_BEGUN = "discovery.begun"
    DISCOVERY_ENDED = "discovery.ended"
    CATALOG_CHANGED = "catalog.changed"
    SETTINGS_CHANGED = "settings.changed"
    NODE_STARTED = "node.started"
    NODE_SEAL = "node.seal"
    NODE_STOPPED = "node.stopped"
    INTEGRITY_ALARM = "integrity.alarm"
    LOG_OPENED = "log.opened"


@dataclass(frozen=True, slots=True)
class Draft:
    """What an entry says. The writer adds v, ts, node, boot, nseq and prev, and signs where the class asks for it.

    `id` is chosen by the maker, so that other entries and rows can refer to it before it is durable. `act` is the
    action's id, `obj` what else it is about (a review, a key, a bundle); `d` is by type (docs/reference/ledger.md).
    """

    id: EntryId
    type: EntryType
    d: Mapping[str, JsonValue]
    actor: Actor | None = None
    act: str = ""
    obj: str = ""
    pol: Mapping[str, JsonValue] = field(default_factory=dict)
    enforced: str = ""
    c: Mapping[str, JsonValue] = field(default_factory=dict)
