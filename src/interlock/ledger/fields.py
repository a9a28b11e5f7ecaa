"""What `d` holds, by type: a table. docs/reference/ledger.md shows it, and a test holds the two equal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from interlock.ledger.kinds import (
    Fitting,
    Kind,
    Rows,
    Sha256,
    Text,
    Texts,
    Time,
    Whole,
    described,
    fitting,
    format_time,
    parse_time,
)
from interlock.model.canonical import JsonValue
from interlock.model.comment import CommentKind
from interlock.model.entry import EntryType
from interlock.model.identity_change import IdentityChange
from interlock.model.release import Outcome
from interlock.model.review import Presence, Verdict

__all__ = [
    "FORMS",
    "PLAIN",
    "Form",
    "Kind",
    "Rows",
    "Sha256",
    "Text",
    "Texts",
    "Time",
    "Whole",
    "described",
    "format_time",
    "misfit",
    "parse_time",
]


@dataclass(frozen=True, slots=True)
class Form:
    """What entries of a type must hold: `act` (the action's id) or not, what `obj` names if it must, and `d`.

    A member of `optional` stands in `d` only where it says something.
    """

    d: Mapping[str, Kind]
    act: bool = False
    obj: str = ""
    optional: Mapping[str, Kind] = field(default_factory=dict)


_REASONS = Rows({"code": Text(), "policy": Text()})
_TOUCHED: Mapping[str, Kind] = {
    "connection": Text(),
    "verbs": Texts(),
    "resources": Texts(),
    "labels": Texts(),
    "filters": Texts(),
    "writes": Texts(),
    "statements": Texts(),
}
_PRESENCE = Text(tuple(p.value for p in Presence))
# What a person did to an open review, by which digests and how present.
_BY_PERSON: Mapping[str, Kind] = {
    "digest": Sha256(),
    "card": Sha256(),
    "person": Text(),
    "presence": _PRESENCE,
    "key": Text(),
}
# A passkey's answer (WebAuthn section 5.2.2), base64url: whoever holds the public key can verify it again.
_ASSERTION: Mapping[str, Kind] = {
    "credential": Text(),
    "authenticator_data": Text(),
    "client_data": Text(),
    "signature": Text(),
}
_BECAUSE: Mapping[str, Kind] = {"because": Text()}
# A column by its name and, where it was seen, by pg_class.oid and pg_attribute.attnum; and labels for it.
_COLUMN: Mapping[str, Kind] = {
    "connection": Text(),
    "column": Text(),
    "oid": Whole(),
    "number": Whole(),
    "labels": Texts(),
}
_WAIT = Text(("deferred",))  # the gateway is to run it by itself, or did
# What policy was asked, so that the same can be asked of another bundle. `labels` are joined by spaces.
_ASKED: Mapping[str, Kind] = {
    "asked": Rows({"verb": Text(), "kind": Text(), "resource": Text(), "labels": Text()}),
    "flags": Texts(),
    "probes": Texts(),
    "written": Texts(),
    "rows_estimate": Whole(),
    "reveals": Texts(),
    "observed": Texts(),
}

FORMS: Mapping[EntryType, Form] = {
    EntryType.ACTION_DENIED: Form(
        {
            "connection": Text(),
            "verbs": Texts(),
            "resources": Texts(),
            "labels": Texts(),
            "statements": Texts(),
            "reasons": _REASONS,
        },
        act=True,
        optional={**_ASKED, "filters": Texts(), "writes": Texts()},
    ),
    EntryType.ACTION_HELD: Form(
        {**_TOUCHED, "review": Text(), "reasons": _REASONS}, act=True, obj="review", optional=_ASKED
    ),
    EntryType.ACTION_RELEASED: Form(
        {**_TOUCHED, "masks": Texts(), "review": Text(), "digest": Sha256(optional=True), "bundle": Sha256()},
        act=True,
        optional={
            **_ASKED,
            "masked": Texts(),
            "row_cap": Whole(),
            "use": Whole(),
            "would": Text(("held", "denied", "masked")),
            "reasons": _REASONS,
            "wait": _WAIT,
            "overrides": Texts(),
        },
    ),
    EntryType.ACTION_ENDED: Form(
        {
            "outcome": Text(tuple(o.value for o in Outcome)),
            "rows": Whole(),
            "sqlstate": Text(),
            "review": Text(),
        },
        act=True,
    ),
    EntryType.ACTION_UNKNOWN: Form({"because": Text(), "review": Text()}, act=True),
    EntryType.MASK_APPLIED: Form({"counts": Rows({"label": Text(), "count": Whole()})}, act=True),
    EntryType.REVIEW_OPENED: Form(
        {
            "digest": Sha256(),
            "card": Sha256(),
            "actor": Text(),
            "connection": Text(),
            "quorums": Rows({"group": Text(), "count": Whole()}),
            "excluded": Texts(),
            "expires_at": Time(),
            "valid": Whole(),
        },
        act=True,
        obj="review",
        # Flat, since an entry's rows hold no rows: which alternative or list and stage a quorum belongs to, from 0.
        optional={
            "any_of": Rows({"choice": Whole(), "group": Text(), "count": Whole()}),
            "stages": Rows({"list": Whole(), "stage": Whole(), "group": Text(), "count": Whole()}),
            "uses": Whole(),
            "channels": Texts(),
            "break_glass": Texts(),
            "wait": _WAIT,
        },
    ),
    EntryType.REVIEW_JOINED: Form({"review": Text()}, obj="review", optional={"wait": _WAIT}),
    EntryType.REVIEW_WITHDRAWN: Form(_BECAUSE, obj="review"),
    EntryType.REVIEW_EXPIRED: Form(_BECAUSE, obj="review"),
    EntryType.REVIEW_SUPERSEDED: Form(_BECAUSE, obj="review"),
    EntryType.VOTE_CAST: Form(
        {
            "digest": Sha256(),
            "card": Sha256(),
            "verdict": Text(tuple(v.value for v in Verdict)),
            "person": Text(),
            "presence": Text(tuple(p.value for p in Presence)),
            "key": Text(),
            "settles": Text(("", "approved", "denied")),
        },
        obj="review",
        optional=_ASSERTION,
    ),
    EntryType.REVIEW_NARROWED: Form(
        {**_BY_PERSON, "previous": Sha256(), "valid": Whole()},
        act=True,
        obj="review",
        optional={"row_cap": Whole(), "reveals": Texts(), **_ASSERTION},
    ),
    EntryType.REVIEW_COMMENTED: Form({"who": Text(), "kind": Text(tuple(k.value for k in CommentKind))}, obj="review"),
    EntryType.REVIEW_SEEN: Form({"person": Text(), "where": Text(), "card": Sha256()}, obj="review"),
    EntryType.CHANNEL_REFUSED: Form({"channel": Text(), "because": Text(), "attempts": Whole()}),
    EntryType.REVEAL_SHOWN: Form(
        {"review": Text(), "person": Text(), "statement": Whole(), "leaf": Whole(), "label": Text()},
        act=True,
        obj="review",
        optional=_ASSERTION,
    ),
    EntryType.BREAK_GLASS_USED: Form({**_BY_PERSON, "group": Text()}, act=True, obj="review", optional=_ASSERTION),
    EntryType.BREAK_GLASS_REVIEWED: Form(
        {"review": Text(), "person": Text(), "presence": _PRESENCE, "key": Text(), "justified": Text(("yes", "no"))},
        obj="review",
        optional=_ASSERTION,
    ),
    EntryType.IDENTITY_CHANGED: Form(
        {"what": Text(tuple(w.value for w in IdentityChange)), "subject": Text(), "by": Text()},
        obj="subject",
        optional={
            "person": Text(),
            "group": Text(),
            "name": Text(),
            "source": Text(),
            "external": Text(),
            "review": Text(),
            "credential": Text(),
            "public_key": Text(),
            "count": Whole(),
            "because": Text(),
            "passwords": Text(("yes",)),
        },
    ),
    EntryType.LINK_MADE: Form({"person": Text(), "provider": Text(), "subject": Text(), "by": Text()}, obj="person"),
    EntryType.LINK_REMOVED: Form(
        {"person": Text(), "provider": Text(), "subject": Text(), "by": Text(), "because": Text()}, obj="person"
    ),
    EntryType.DELEGATION_CHANGED: Form(
        {"delegator": Text(), "delegate": Text(), "group": Text(), "until": Time(optional=True), "by": Text()},
        obj="delegator",
    ),
    EntryType.VOTE_REFUSED: Form({"person": Text(), "because": Text()}, obj="review"),
    EntryType.KEY_ISSUED: Form(
        {
            "key": Text(),
            "kind": Text(("actor", "sign_in", "login", "provisioning")),
            "holder": Text(),
            "made_by": Text(),
            "held_by": Text(),
            "hash": Sha256(),
            "expires_at": Time(optional=True),
        },
        obj="key",
        optional={"certificate": Sha256(), "networks": Texts(), "after": Whole()},
    ),
    EntryType.KEY_REVOKED: Form({"key": Text(), "because": Text(), "by": Text()}, obj="key"),
    EntryType.POLICY_LOADED: Form(
        {"bundle": Sha256(), "how": Text(("first_start", "unsafe_pin", "review")), "by": Text()},
        obj="bundle",
        optional={"review": Text(), "previous": Sha256()},
    ),
    EntryType.POLICY_TEXT: Form(
        {"bundle": Sha256(), "file": Text(), "part": Whole(), "parts": Whole(), "text": Text()}, obj="bundle"
    ),
    EntryType.LABEL_DERIVED: Form(
        {
            "connection": Text(),
            "carries": Rows({"column": Text(), "labels": Text(), "oid": Whole(), "number": Whole()}),
            "because": Text(),
        },
        act=True,
    ),
    EntryType.LABEL_CLEARED: Form(
        {"connection": Text(), "column": Text(), "labels": Texts(), "person": Text(), "because": Text()}
    ),
    EntryType.LABEL_PROPOSED: Form(
        {
            **_COLUMN,
            "treatment": Text(("labelled", "scanned")),
            "evidence": Rows({"kind": Text(), "label": Text(), "word": Text(), "share": Whole(), "of": Whole()}),
            "discovery": Text(),
        },
        obj="proposal",
    ),
    EntryType.LABEL_CONFIRMED: Form({**_COLUMN, "person": Text(), "because": Text()}, obj="proposal"),
    EntryType.LABEL_REJECTED: Form({**_COLUMN, "keys": Texts(), "person": Text(), "because": Text()}, obj="proposal"),
    EntryType.MASK_OVERRIDDEN: Form(
        {
            "connection": Text(),
            "column": Text(),
            "label": Text(),
            "rule": Text(),
            "subject": Text(),
            "expires_at": Time(),
            "person": Text(),
            "because": Text(),
        },
        obj="override",
    ),
    EntryType.MASK_OVERRIDE_ENDED: Form({"connection": Text(), "person": Text(), "because": Text()}, obj="override"),
    EntryType.DISCOVERY_BEGUN: Form(
        {"connection": Text(), "by": Text(), "tables": Whole(), "columns": Whole()}, obj="discovery"
    ),
    EntryType.DISCOVERY_ENDED: Form(
        {
            "connection": Text(),
            "outcome": Text(("finished", "failed", "stopped")),
            "tables": Whole(),
            "columns": Whole(),
            "proposed": Whole(),
        },
        obj="discovery",
    ),
    EntryType.CATALOG_CHANGED: Form({"catalog": Sha256(), "connection": Text()}),
    EntryType.SETTINGS_CHANGED: Form({"settings": Sha256()}),
    EntryType.NODE_STARTED: Form({"version": Text(), "vkey": Text(), "settings": Sha256()}),
    EntryType.NODE_SEAL: Form({"count": Whole(), "last": Text()}),
    EntryType.NODE_STOPPED: Form({}),
    EntryType.INTEGRITY_ALARM: Form(_BECAUSE),
    EntryType.LOG_OPENED: Form({"origin": Text()}),
}

# Unsigned; a node.seal covers them.
PLAIN = frozenset(t for t in EntryType if t.startswith("action.")) | {EntryType.MASK_APPLIED}


def misfit(type_: EntryType, act: str, obj: str, d: Mapping[str, JsonValue]) -> str | None:
    """What is wrong with these parts of an entry of `type_`; None when they are as the table says."""
    form = FORMS[type_]
    if d.keys() != form.d.keys() and (form.d.keys() - d.keys() or d.keys() - form.d.keys() - form.optional.keys()):
        return f"{type_} lacks a field of d, or has one that it doesn't know"
    fitting = _FITTING[type_]
    for name, value in d.items():
        if not fitting[name](value):
            return f"{type_}: d.{name} isn't {described(form.d.get(name) or form.optional[name])}"
    if form.act and not act:
        return f"{type_} names no action"
    if form.obj and (not obj or d.get(form.obj, obj) != obj):
        return f"{type_} doesn't name its {form.obj} in obj"
    return None


_FITTING: Mapping[EntryType, Mapping[str, Fitting]] = {
    type_: {name: fitting(kind) for name, kind in (*form.optional.items(), *form.d.items())}
    for type_, form in FORMS.items()
}
