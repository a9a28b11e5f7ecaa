"""What the signed entries authorise: a fold over verified entries in log order. Tables are caches of this.

Feed it only entries that `verify_entries` yielded, or that this process wrote itself and knows to be durable. It holds
live keys, open reviews with their votes, releases without an end, and of what is settled hardly more than the id.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from interlock.ledger.authorised import Broken, CountedVote, KeyKind, KeyRecord, Loading, Opened, Settled
from interlock.ledger.derived import LABELLING, Derived
from interlock.ledger.entry import Entry
from interlock.ledger.fields import parse_time
from interlock.ledger.opening import broken_by, opened_by, vote_by
from interlock.ledger.overridden import OVERRIDING, Overridden
from interlock.ledger.proposed import PROPOSING, Proposed
from interlock.ledger.roster import CHANGES, Roster, counter
from interlock.ledger.texts import Gathering
from interlock.model.entry import EntryType
from interlock.model.names import (
    ActionId,
    ConnectionName,
    Digest,
    KeyId,
    PersonId,
    ReviewId,
)
from interlock.model.review import Verdict

KEEP_LOADINGS = 200  # the newest; of older ones the log itself tells
KEEP_GLASS = 1000  # reviewed ones; one that nobody looked at afterwards is never forgotten
KEEP_EXPIRED = timedelta(days=1)  # an expired key is forgotten this much later by the entries' clocks, which may differ


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
    runs: int = 0  # released so far
    running: int = 0  # of these, without an end
    seen: dict[PersonId, Digest] = field(default_factory=dict)  # the last card that each is known to have seen
    waits: bool = False  # a deferred run was asked for and hasn't begun


class Authority:
    """The fold. Every look-up is a dictionary's; nothing waits."""

    reads = frozenset(
        {
            EntryType.ACTION_RELEASED,
            EntryType.ACTION_ENDED,
            EntryType.ACTION_UNKNOWN,
            EntryType.REVIEW_OPENED,
            EntryType.REVIEW_JOINED,
            EntryType.REVIEW_NARROWED,
            EntryType.REVIEW_SEEN,
            EntryType.VOTE_CAST,
            EntryType.BREAK_GLASS_USED,
            EntryType.BREAK_GLASS_REVIEWED,
            EntryType.REVEAL_SHOWN,
            EntryType.KEY_ISSUED,
            EntryType.KEY_REVOKED,
            EntryType.POLICY_LOADED,
            EntryType.POLICY_TEXT,
            *_SETTLING,
            *CHANGES,
            *LABELLING,
            *PROPOSING,
            *OVERRIDING,
        }
    )  # the types that `apply` looks at; a caller may spare itself the parsing of others

    def __init__(self) -> None:
        self.roster = Roster()
        self.derived = Derived()
        self.proposed = Proposed()
        self.overridden = Overridden()
        self._glass: dict[ReviewId, Broken] = {}
        self._keys: dict[KeyId, KeyRecord] = {}
        self._revoked: set[KeyId] = set()
        self._expiring: list[tuple[datetime, KeyId]] = []
        self._open: dict[ReviewId, _OpenReview] = {}
        self._settled: dict[bytes | str, Settled] = {}
        self._unended: dict[ActionId, ReviewId] = {}
        self._bundle: str | None = None
        self._previous: str | None = None
        self._gathering = Gathering()
        self._texts: dict[str, Mapping[str, str]] = {}  # of the bundle in force and of the one before it
        self._loadings: deque[Loading] = deque(maxlen=KEEP_LOADINGS)

    @property
    def bundle(self) -> str | None:
        """The digest of the policy bundle in force, once one was loaded."""
        return self._bundle

    @property
    def previous(self) -> str | None:
        """The digest of the last other bundle that was in force."""
        return self._previous

    def texts(self, bundle: str) -> Mapping[str, str] | None:
        """The texts of the bundle in force or of the previous one (`ledger.texts`); None where the log has none."""
        return self._texts.get(bundle)

    def loadings(self) -> tuple[Loading, ...]:
        """The newest bundles put in force, oldest first."""
        return tuple(self._loadings)

    def approved(self, connection: ConnectionName) -> tuple[ReviewId, ...]:
        """The reviews on a connection that were approved and not settled yet."""
        return tuple(
            review
            for review, found in self._open.items()
            if found.opened.connection == connection
            and found.approved_at is not None
            and _compact(review) not in self._settled
        )

    def pending(self) -> Iterator[tuple[Opened, bool]]:
        """Every review that is open and not approved, oldest first, with whether it has votes."""
        return ((found.opened, bool(found.votes)) for found in self._open.values() if found.approved_at is None)

    def approvals(self) -> Iterator[tuple[Opened, datetime]]:
        """Every approval that isn't settled, with the time of the vote that made it one."""
        return ((found.opened, found.approved_at) for found in self._open.values() if found.approved_at is not None)

    def waits_to_run(self, review: ReviewId) -> bool:
        """Whether a deferred run of it was asked for and hasn't begun, by what who asked said in signed entries."""
        found = self._open.get(review)
        return found is not None and found.waits and _compact(review) not in self._settled

    def is_revoked(self, key: KeyId) -> bool:
        """Whether a credential was revoked, be it recorded with us or one that others issue."""
        return key in self._revoked

    def broken(self, review: ReviewId) -> Broken | None:
        """How the glass of a review was broken, if it was: of the last `KEEP_GLASS`, and while unreviewed for ever."""
        return self._glass.get(review)

    def glass(self) -> tuple[Broken, ...]:
        """Every break of glass that is remembered, oldest first."""
        return tuple(self._glass.values())

    def key(self, key: KeyId) -> KeyRecord | None:
        """A key that was issued and not revoked."""
        return self._keys.get(key)

    def keys_of(self, holder: str) -> tuple[KeyId, ...]:
        """The live keys of a holder, oldest first."""
        return tuple(key for key, record in self._keys.items() if record.holder == holder)

    def keys_through(self, person: PersonId) -> tuple[KeyId, ...]:
        """The live keys that a person has, made, or held when they were issued; oldest first."""
        return tuple(key for key, each in self._keys.items() if person in (each.holder, each.made_by, each.held_by))

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

    def has_seen(self, review: ReviewId, person: PersonId, card: Digest) -> bool:
        """Whether it is on record that somebody saw this card of an open review; it gives nobody anything."""
        found = self._open.get(review)
        return found is not None and found.seen.get(person) == card

    def settled(self, review: ReviewId) -> Settled | None:
        """How a review was settled, for ever; None while it is open or approved."""
        return self._settled.get(_compact(review))

    def runs(self, review: ReviewId) -> int:
        """How often an approval was used so far, while `opened` knows it."""
        found = self._open.get(review)
        return found.runs if found else 0

    def released(self, review: ReviewId) -> bool:
        """Whether the review's approval was used up, by as many runs as it was good for."""
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
                    self._run(review, by_itself="wait" in entry.d)
            case EntryType.ACTION_ENDED | EntryType.ACTION_UNKNOWN:
                if ended := self._unended.pop(ActionId(entry.act), None):
                    self._end(ended)
            case EntryType.REVIEW_OPENED:
                self._open_review(entry)
            case EntryType.REVIEW_JOINED:
                self._join(entry)
            case EntryType.REVIEW_NARROWED:
                self._narrow(entry)
            case EntryType.REVIEW_SEEN:
                if (seen := self._open.get(ReviewId(entry.obj))) is not None:
                    seen.seen[PersonId(entry.d["person"])] = Digest(entry.d["card"])
            case EntryType.VOTE_CAST:
                self._count(entry)
            case EntryType.BREAK_GLASS_USED:
                self._break(entry)
            case EntryType.REVEAL_SHOWN:
                self._answered(entry.d)
            case EntryType.BREAK_GLASS_REVIEWED:
                self._answered(entry.d)
                found = self._glass.get(ReviewId(entry.obj))
                if found is not None and found.reviewed is None:
                    self._glass[found.review] = replace(found, reviewed=entry.d["justified"] == "yes")
            case change if change in CHANGES:
                self.roster.apply(entry)
            case labelling if labelling in LABELLING:
                self.derived.apply(entry)
            case proposing if proposing in PROPOSING:
                self.proposed.apply(entry)
            case overriding if overriding in OVERRIDING:
                self.overridden.apply(entry)
            case EntryType.KEY_ISSUED:
                self._issue(entry)
            case EntryType.KEY_REVOKED:
                self._keys.pop(KeyId(entry.obj), None)
                self._revoked.add(KeyId(entry.obj))
            case EntryType.POLICY_TEXT:
                self._gathering.add(entry.id, entry.d)
            case EntryType.POLICY_LOADED:
                self._load(entry)
            case settling if settling in _SETTLING:
                self._settle(ReviewId(entry.obj), _SETTLING[settling])
            case _:
                pass  # says what happened and authorises nothing

    def _open_review(self, entry: Entry) -> None:
        review = ReviewId(entry.obj)
        if review in self._open or _compact(review) in self._settled:
            return  # a review is opened once; a second entry changes nothing
        self._open[review] = _OpenReview(opened := opened_by(entry), [], waits=opened.deferred)

    def _join(self, entry: Entry) -> None:
        """Who asks the same again may want the gateway to run it; who only waits along takes no such wish back."""
        found, actor = self._open.get(ReviewId(entry.obj)), entry.actor
        if found is None or actor is None or "wait" not in entry.d:
            return
        if (actor["id"], tuple(actor["chain"])) == (found.opened.actor, found.opened.chain):
            found.opened, found.waits = replace(found.opened, deferred=True), True

    def _narrow(self, entry: Entry) -> None:
        """From here on the review is another: votes for the card before count for nothing."""
        found, d = self._open.get(ReviewId(entry.obj)), entry.d
        if found is None or found.approved_at is not None or d["previous"] != found.opened.digest:
            return
        asked = found.opened.requirements
        valid = min(asked.valid, timedelta(seconds=d["valid"]))
        reuse = replace(asked.reuse, within=valid) if asked.reuse else None
        found.opened = replace(
            found.opened,
            digest=Digest(d["digest"]),
            card=Digest(d["card"]),
            requirements=replace(asked, valid=valid, reuse=reuse),
        )
        found.votes.clear()
        self._answered(d)

    def _break(self, entry: Entry) -> None:
        found, d = self._open.get(ReviewId(entry.obj)), entry.d
        if found is None or found.approved_at is not None or _compact(ReviewId(entry.obj)) in self._settled:
            return
        opened = found.opened
        if (d["digest"], d["card"]) != (opened.digest, opened.card):
            return
        found.approved_at = entry.ts
        self._answered(d)
        reviewed = [each.review for each in self._glass.values() if each.reviewed is not None]
        for old in reviewed[: max(0, len(self._glass) - KEEP_GLASS)]:
            del self._glass[old]
        self._glass[opened.review] = broken_by(entry, opened, self.roster.stay(PersonId(d["person"])))

    def _answered(self, d: Mapping[str, Any]) -> None:
        """A passkey answered for this: its counter has grown."""
        if "credential" in d:
            self.roster.counted(d["credential"], counter(d["authenticator_data"]))

    def _count(self, entry: Entry) -> None:
        review, d = ReviewId(entry.obj), entry.d
        found = self._open.get(review)
        if found is None or _compact(review) in self._settled:
            return
        vote = vote_by(entry, self.roster.stay(PersonId(d["person"])))
        if vote.account is not None:
            vote = replace(vote, link=self.roster.link(vote.person, vote.account))
        self._answered(d)
        if (vote.digest, vote.card) != (found.opened.digest, found.opened.card):
            return  # a vote for another card than the one that was opened counts for nothing
        found.votes.append(vote)
        if vote.settles == "denied":
            self._settle(review, Settled.DENIED)
        elif vote.settles == "approved" and found.approved_at is None:
            found.approved_at = vote.at

    def _run(self, review: ReviewId, *, by_itself: bool) -> None:
        found = self._open.get(review)
        if found is not None:
            found.waits = found.waits and not by_itself
            found.runs += 1
            found.running += 1
        if found is None or found.runs >= found.opened.uses:
            self._settle(review, Settled.RELEASED)

    def _end(self, review: ReviewId) -> None:
        found = self._open.get(review)
        if found is None:
            return
        found.running -= 1
        if not found.running and _compact(review) in self._settled:
            del self._open[review]

    def _settle(self, review: ReviewId, how: Settled) -> None:
        if self._settled.setdefault(_compact(review), how) is not Settled.RELEASED:
            self._open.pop(review, None)  # one that was used up is kept until its last run has ended

    def _load(self, entry: Entry) -> None:
        d, bundle = entry.d, entry.d["bundle"]
        texts, entries = self._gathering.take(bundle)
        review = ReviewId(d["review"]) if "review" in d else None
        loading = Loading(
            at=entry.ts,
            bundle=Digest(bundle),
            how=d["how"],
            by=d["by"],
            review=review,
            previous=Digest(d["previous"]) if "previous" in d else None,
            signed_by=self._signers(review) if review else (),
            texts=entries,
        )
        self._loadings.append(loading)
        if texts is not None:
            self._texts[bundle] = texts
        if bundle != self._bundle:
            self._previous, self._bundle = self._bundle, bundle
        self._texts = {kept: self._texts[kept] for kept in (self._bundle, self._previous) if kept in self._texts}

    def _signers(self, review: ReviewId) -> tuple[PersonId, ...]:
        """Who said yes, each once: who votes anew, because their vote was void, is one signer still."""
        return tuple(dict.fromkeys(vote.person for vote in self.votes(review) if vote.verdict is Verdict.APPROVE))

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
            issued_at=entry.ts,
            expires_at=parse_time(d["expires_at"]) if d["expires_at"] else None,
            certificate=d.get("certificate", ""),
            networks=tuple(d.get("networks", ())),
            made_stay=self.roster.stay(PersonId(d["made_by"])),
            held_stay=self.roster.stay(PersonId(d["held_by"])),
            after=d.get("after", 0),
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
