"""What the signed entries authorise: a fold over verified entries in log order. Tables are caches of this.

Feed it only entries that `verify_entries` yielded, or that this process wrote itself and knows to be durable. It holds
live keys, open reviews with their votes, releases without an end, and of what is settled hardly more than the id.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from interlock.ledger.entry import Entry
from interlock.ledger.fields import parse_time
from interlock.model.entry import EntryType
from interlock.model.names import (
    ActionId,
    ActorId,
    ConnectionName,
    Digest,
    EntryId,
    GroupName,
    KeyId,
    PersonId,
    ReviewId,
)
from interlock.model.review import Presence, Verdict

KEEP_EXPIRED = timedelta(days=1)  # an expired key is forgotten this much later by the entries' clocks, which may differ


class KeyKind(StrEnum):
    """What a key is for."""

    ACTOR = "actor"
    SIGN_IN = "sign_in"


class Settled(StrEnum):
    """By which kind of entry a review was settled."""

    RELEASED = "released"
    DENIED = "denied"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key as its key.issued entry has it. `hash` is hex; whether it has expired is the caller's to compare."""

    key: KeyId
    kind: KeyKind
    holder: str
    made_by: PersonId
    held_by: PersonId
    hash: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Opened:
    """A review as its review.opened entry has it; `valid` in seconds."""

    entry: EntryId
    at: datetime
    action: ActionId
    digest: Digest
    card: Digest
    actor: ActorId
    connection: ConnectionName
    quorums: tuple[tuple[GroupName, int], ...]
    excluded: frozenset[PersonId]
    expires_at: datetime
    valid: int


@dataclass(frozen=True, slots=True)
class CountedVote:
    """A vote.cast entry for exactly the digests that the review was opened with."""

    entry: EntryId
    at: datetime
    person: PersonId
    verdict: Verdict
    presence: Presence
    key: KeyId
    digest: Digest
    card: Digest
    settles: str


_SETTLING: Mapping[EntryType, Settled] = {
    EntryType.REVIEW_EXPIRED: Settled.EXPIRED,
    EntryType.REVIEW_WITHDRAWN: Settled.WITHDRAWN,
    EntryType.REVIEW_SUPERSEDED: Settled.SUPERSEDED,
}


@dataclass(slots=True)
class _OpenReview:
    opened: Opened
    votes: list[CountedVote]
    approved_at: datetime | None = None


class Authority:
    """The fold. Every look-up is a dictionary's; nothing waits."""

    reads = frozenset(
        {
            EntryType.ACTION_RELEASED,
            EntryType.ACTION_ENDED,
            EntryType.ACTION_UNKNOWN,
            EntryType.REVIEW_OPENED,
            EntryType.VOTE_CAST,
            EntryType.KEY_ISSUED,
            EntryType.KEY_REVOKED,
            EntryType.POLICY_LOADED,
            *_SETTLING,
        }
    )  # the types that `apply` looks at; a caller may spare itself the parsing of others

    def __init__(self) -> None:
        self._keys: dict[KeyId, KeyRecord] = {}
        self._revoked: set[KeyId] = set()
        self._expiring: list[tuple[datetime, KeyId]] = []
        self._open: dict[ReviewId, _OpenReview] = {}
        self._settled: dict[bytes | str, Settled] = {}
        self._unended: dict[ActionId, ReviewId] = {}
        self._bundle: str | None = None

    @property
    def bundle(self) -> str | None:
        """The digest of the policy bundle in force, once one was loaded."""
        return self._bundle

    def key(self, key: KeyId) -> KeyRecord | None:
        """A key that was issued and not revoked."""
        return self._keys.get(key)

    def opened(self, review: ReviewId) -> Opened | None:
        """What a review was opened with, until it is settled and, if released, ended."""
        found = self._open.get(review)
        return found.opened if found else None

    def votes(self, review: ReviewId) -> tuple[CountedVote, ...]:
        """The votes on a review, oldest first, while `opened` knows it. Whose may count is the caller's to say."""
        found = self._open.get(review)
        return tuple(found.votes) if found else ()

    def approved_at(self, review: ReviewId) -> datetime | None:
        """When the vote was cast that settled a review as approved."""
        found = self._open.get(review)
        return found.approved_at if found else None

    def settled(self, review: ReviewId) -> Settled | None:
        """How a review was settled, for ever; None while it is open or approved."""
        return self._settled.get(_compact(review))

    def released(self, review: ReviewId) -> bool:
        """Whether the review's approval was used up."""
        return self.settled(review) is Settled.RELEASED

    def unended(self) -> tuple[tuple[ActionId, ReviewId], ...]:
        """Released actions with neither an end nor an unknown, each with its review ("" if nobody had to sign)."""
        return tuple(self._unended.items())

    def apply(self, entry: Entry) -> None:
        """Takes the next entry of the log."""
        match entry.type:
            case EntryType.ACTION_RELEASED:
                review = ReviewId(entry.d["review"])
                self._unended[ActionId(entry.act)] = review
                if review:
                    self._settle(review, Settled.RELEASED)
            case EntryType.ACTION_ENDED | EntryType.ACTION_UNKNOWN:
                ended = self._unended.pop(ActionId(entry.act), None)
                if ended:
                    self._open.pop(ended, None)
            case EntryType.REVIEW_OPENED:
                self._open_review(entry)
            case EntryType.VOTE_CAST:
                self._count(entry)
            case EntryType.KEY_ISSUED:
                self._issue(entry)
            case EntryType.KEY_REVOKED:
                self._keys.pop(KeyId(entry.obj), None)
                self._revoked.add(KeyId(entry.obj))
            case EntryType.POLICY_LOADED:
                self._bundle = entry.d["bundle"]
            case settling if settling in _SETTLING:
                self._settle(ReviewId(entry.obj), _SETTLING[settling])
            case _:
                pass  # says what happened and authorises nothing

    def _open_review(self, entry: Entry) -> None:
        review, d = ReviewId(entry.obj), entry.d
        if review in self._open or _compact(review) in self._settled:
            return  # a review is opened once; a second entry changes nothing
        opened = Opened(
            entry=entry.id,
            at=entry.ts,
            action=ActionId(entry.act),
            digest=Digest(d["digest"]),
            card=Digest(d["card"]),
            actor=ActorId(d["actor"]),
            connection=ConnectionName(d["connection"]),
            quorums=tuple((GroupName(q["group"]), q["count"]) for q in d["quorums"]),
            excluded=frozenset(PersonId(person) for person in d["excluded"]),
            expires_at=parse_time(d["expires_at"]),
            valid=d["valid"],
        )
        self._open[review] = _OpenReview(opened, [])

    def _count(self, entry: Entry) -> None:
        review, d = ReviewId(entry.obj), entry.d
        found = self._open.get(review)
        if found is None or _compact(review) in self._settled:
            return
        vote = CountedVote(
            entry=entry.id,
            at=entry.ts,
            person=PersonId(d["person"]),
            verdict=Verdict(d["verdict"]),
            presence=Presence(d["presence"]),
            key=KeyId(d["key"]),
            digest=Digest(d["digest"]),
            card=Digest(d["card"]),
            settles=d["settles"],
        )
        if (vote.digest, vote.card) != (found.opened.digest, found.opened.card):
            return  # a vote for another card than the one that was opened counts for nothing
        found.votes.append(vote)
        if vote.settles == "denied":
            self._settle(review, Settled.DENIED)
        elif vote.settles == "approved" and found.approved_at is None:
            found.approved_at = vote.at

    def _settle(self, review: ReviewId, how: Settled) -> None:
        if self._settled.setdefault(_compact(review), how) is not Settled.RELEASED:
            self._open.pop(review, None)  # a released one is kept until its action has ended

    def _issue(self, entry: Entry) -> None:
        d = entry.d
        while self._expiring and self._expiring[0][0] + KEEP_EXPIRED < entry.ts:
            _, gone = heapq.heappop(self._expiring)
            self._keys.pop(gone, None)
        key = KeyId(entry.obj)
        if key in self._keys or key in self._revoked:
            return  # an id is issued once; a second entry revives or changes nothing
        record = KeyRecord(
            key=key,
            kind=KeyKind(d["kind"]),
            holder=d["holder"],
            made_by=PersonId(d["made_by"]),
            held_by=PersonId(d["held_by"]),
            hash=d["hash"],
            expires_at=parse_time(d["expires_at"]) if d["expires_at"] else None,
        )
        self._keys[key] = record
        if record.expires_at is not None:
            heapq.heappush(self._expiring, (record.expires_at, key))


def _compact(review: ReviewId) -> bytes | str:
    """A settled review's id, in 16 bytes where it is a UUID in its one spelling: these are kept for ever."""
    try:
        uuid = UUID(review)
    except ValueError:
        return review
    return uuid.bytes if str(uuid) == review else review
