"""Reading the entries about a review that say what it was opened with, and what people did to it."""

from __future__ import annotations

from datetime import timedelta

from interlock.ledger.authorised import Broken, CountedVote, Opened
from interlock.ledger.entry import Entry
from interlock.ledger.fields import parse_time
from interlock.ledger.requirements import requirements
from interlock.model.names import ActionId, ActorId, ConnectionName, Digest, GroupName, KeyId, PersonId, ReviewId
from interlock.model.review import Presence, Verdict


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
        deferred="wait" in d,
    )


def vote_by(entry: Entry, stay: int) -> CountedVote:
    """The vote that this vote.cast entry is; `stay` is its person's `Roster.stay` at that entry."""
    d = entry.d
    return CountedVote(
        entry=entry.id,
        at=entry.ts,
        person=PersonId(d["person"]),
        verdict=Verdict(d["verdict"]),
        presence=Presence(d["presence"]),
        key=KeyId(d["key"]),
        digest=Digest(d["digest"]),
        card=Digest(d["card"]),
        settles=d["settles"],
        credential=d.get("credential", ""),
        stay=stay,
    )


def broken_by(entry: Entry, opened: Opened, stay: int) -> Broken:
    """What this break_glass.used entry did to the review; `stay` as above."""
    d = entry.d
    return Broken(
        review=opened.review,
        connection=opened.connection,
        at=entry.ts,
        person=PersonId(d["person"]),
        group=GroupName(d["group"]),
        digest=opened.digest,
        card=opened.card,
        excluded=opened.excluded,
        requirements=opened.requirements,
        credential=d.get("credential", ""),
        stay=stay,
    )
