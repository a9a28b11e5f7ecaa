"""Changes that ride in a flush: each is atomic with its unit's entries, and each has a condition that must hold.

A unit is the entries and changes of one event. If a change's condition fails, the whole unit is dropped and its caller
alone gets `Conflict` (ledger.md 1.10).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from interlock.model.comment import Comment
from interlock.model.decision import Requirements
from interlock.model.document import Document, DocumentKind
from interlock.model.entry import Draft
from interlock.model.names import Digest, KeyId, ReviewId
from interlock.model.review import Review, ReviewState, Vote


@dataclass(frozen=True, slots=True)
class OpenReview:
    """A new pending review. Condition: the actor has no pending or approved review with this `lookup`.

    `form` is the same whoever it is asked for: what earlier reviews and denials are looked up by.
    `sealed_payload` and `sealed_card` are ciphertexts (sealing key, associated data naming the review).
    """

    review: Review
    lookup: bytes
    form: bytes
    sealed_payload: bytes
    sealed_card: bytes


@dataclass(frozen=True, slots=True)
class MoveReview:
    """A transition. Condition: the review is in one of `frm`, and within the limits named, by the store's clock.

    `before`: "expires_at" or "approved_until" must lie in the future by the store's clock; `after`: must have passed.
    `approved_for` (seconds), on approval, sets `approved_until` to the store's now plus so much.
    """

    review: ReviewId
    frm: frozenset[ReviewState]
    to: ReviewState
    before: str | None = None
    after: str | None = None
    approved_for: int | None = None


@dataclass(frozen=True, slots=True)
class TakeUse:
    """One run of an approval. Condition: the review is approved with exactly `left` uses left, this one included, and
    `approved_until` lies in the future by the store's clock. `to` is where it stands then."""

    review: ReviewId
    left: int
    to: ReviewState


@dataclass(frozen=True, slots=True)
class EndRun:
    """The end of a run. A released review moves to `to` with the last of its runs; any other state stays. Condition:
    there is such a review."""

    review: ReviewId
    to: ReviewState


@dataclass(frozen=True, slots=True)
class NarrowReview:
    """A pending review under narrower terms. Condition: it is pending, unexpired, and its digest still is `previous`.

    `requirements` are as narrowed; the sealed parts replace the ones there.
    """

    review: ReviewId
    previous: Digest
    digest: Digest
    card_digest: Digest
    requirements: Requirements
    sealed_payload: bytes
    sealed_card: bytes


@dataclass(frozen=True, slots=True)
class AddComment:
    """Something said about a review. Condition: there is such a review, with fewer than `most` comments, of which fewer
    than `most_by_one` (None: however many) are by the same author."""

    comment: Comment
    most: int
    most_by_one: int | None = None


@dataclass(frozen=True, slots=True)
class AddVote:
    """One person's vote. Condition: that person has none with this verdict on the review's card yet, by the same
    credential; `again` replaces that one, by a vote that settles where the first ones suffice by now."""

    vote: Vote
    again: bool = False


@dataclass(frozen=True, slots=True)
class AddKey:
    """A credential's row: a cache and a guard, never authority. Condition: no such id."""

    key: KeyId
    holder: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class RetireKey:
    """A key revoked, or a one-time key used up. Condition: it is live and not expired by the store's clock."""

    key: KeyId


@dataclass(frozen=True, slots=True)
class PutDocument:
    """A document made (version 1) or changed. Condition: its version so far is one less (none, for the first), and no
    other of its kind has its name."""

    document: Document


@dataclass(frozen=True, slots=True)
class DropDocument:
    """A document taken away. Condition: it is there."""

    kind: DocumentKind
    id: str


Change = (
    OpenReview
    | MoveReview
    | NarrowReview
    | TakeUse
    | EndRun
    | AddVote
    | AddComment
    | PutDocument
    | DropDocument
    | AddKey
    | RetireKey
)


@dataclass(frozen=True, slots=True)
class Unit:
    """Entries and changes that become durable together or not at all."""

    entries: tuple[Draft, ...]
    changes: tuple[Change, ...] = ()
