"""A review: one held action and what has become of it; and votes, one person's yes or no."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from interlock.model.decision import Requirements
from interlock.model.names import ActionId, ActorId, ConnectionName, Digest, EntryId, KeyId, PersonId, ReviewId
from interlock.model.passkey import Assertion


class ReviewState(StrEnum):
    """Where a held action stands (design section 7)."""

    PENDING = "pending"
    APPROVED = "approved"
    RELEASED = "released"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"
    UNKNOWN = "unknown"
    DENIED = "denied"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"


class Verdict(StrEnum):
    """A vote's yes or no."""

    APPROVE = "approve"
    DENY = "deny"


class Presence(StrEnum):
    """How a voter proved to be there, strongest first: the class of the vote."""

    WEBAUTHN = "webauthn"  # a console session, and a passkey's answer to a challenge of this review, card and verdict
    CONSOLE = "console"  # a console session with a recent login
    SLACK = "slack"  # a linked chat account; counts only where the policy's @channels says so, like the next two
    TEAMS = "teams"
    CALLBACK = "callback"  # a signed callback of a service that asks people itself
    TOKEN = "token"  # noqa: S105  an Interlock key; counts only under unsafe_token_votes


@dataclass(frozen=True, slots=True)
class Voter:
    """A person about to vote, as the API verified them: by which credential, and how present they are.

    `signed_in_at` is when the session began, where there is one; `assertion` is a passkey's answer, which the desk
    verifies against the ballot.
    """

    person: PersonId
    presence: Presence
    key: KeyId
    signed_in_at: datetime | None = None
    assertion: Assertion | None = None


@dataclass(frozen=True, slots=True)
class Ballot:
    """A vote as sent: the verdict, the digests that the voter was shown, and why."""

    verdict: Verdict
    action_digest: Digest
    card_digest: Digest
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Vote:
    """A vote as it counts: only with its signed entry behind it.

    `reason` is the voter's own words, shown to people and kept sealed; the entry holds a salted commitment to it.
    `credential` is the passkey that answered, if one did.
    """

    review: ReviewId
    person: PersonId
    verdict: Verdict
    action_digest: Digest
    card_digest: Digest
    presence: Presence
    key: KeyId
    entry: EntryId
    at: datetime
    sealed_reason: bytes = field(default=b"", repr=False)
    credential: str = ""
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Review:
    """One held action. Times are UTC by the store's clock.

    `excluded` are the people who may not sign: the verified chain, owners, makers and holders of its credentials.
    `approved_until` is set on approval. `opened_entry` is the signed entry behind all of it. `uses_left` says how many
    more runs the approval is good for. `chain` are the ids of those on whose behalf the actor asked, nearest
    first: rows hold none, it is read from the entry. `deferred`: the gateway runs it by itself once it is approved;
    this too is only ever read from entries.
    """

    id: ReviewId
    action: ActionId
    actor: ActorId
    connection: ConnectionName
    state: ReviewState
    digest: Digest
    card_digest: Digest
    requirements: Requirements
    excluded: frozenset[PersonId]
    opened_at: datetime
    expires_at: datetime
    approved_until: datetime | None
    opened_entry: EntryId
    uses_left: int = 1
    chain: tuple[str, ...] = ()
    deferred: bool = False

    @property
    def uses(self) -> int:
        """How many runs an approval is good for in all."""
        reuse = self.requirements.reuse
        return 1 if reuse is None else reuse.times
