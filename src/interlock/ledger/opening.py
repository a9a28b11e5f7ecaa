"""Reading a review.opened entry."""

from __future__ import annotations

from datetime import timedelta

from interlock.ledger.authorised import Opened
from interlock.ledger.entry import Entry
from interlock.ledger.fields import parse_time
from interlock.ledger.requirements import requirements
from interlock.model.names import ActionId, ActorId, ConnectionName, Digest, PersonId, ReviewId


def opened_by(entry: Entry) -> Opened:
    """The review as this review.opened entry has it."""
    d, expires_at = entry.d, parse_time(entry.d["expires_at"])
    return Opened(
        review=ReviewId(entry.obj),
        entry=entry.id,
        at=entry.ts,
        action=ActionId(entry.act),
        digest=Digest(d["digest"]),
        card=Digest(d["card"]),
        actor=ActorId(d["actor"]),
        connection=ConnectionName(d["connection"]),
        requirements=requirements(d, expires_at - entry.ts, timedelta(seconds=d["valid"])),
        excluded=frozenset(PersonId(person) for person in d["excluded"]),
        expires_at=expires_at,
        base=Digest(d["digest"]),
        chain=tuple(entry.actor["chain"]) if entry.actor is not None else (),
    )
