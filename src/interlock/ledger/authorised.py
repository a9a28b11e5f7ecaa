"""What signed entries authorise, as values: keys, reviews as they were opened, votes, loadings, broken glass."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from interlock.ledger.roster import NO_LINK
from interlock.model.decision import Requirements
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


class KeyKind(StrEnum):
    """What a key is for."""

    ACTOR = "actor"
    SIGN_IN = "sign_in"
    LOGIN = "login"  # a person's short-lived password for doors (`interlock login`)
    PROVISIONING = "provisioning"  # a SCIM client's token


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
    issued_at: datetime
    expires_at: datetime | None
    certificate: str = ""  # SHA-256 (hex) of the only client certificate it may be used behind, if it is bound to one
    networks: tuple[str, ...] = ()  # the only networks it may be used from, in CIDR, if it is bound to some
    made_stay: int = 0  # `Roster.stay` of who made it and of who held it, at that entry
    held_stay: int = 0
    after: int = 0  # a login: `Roster.passwords_ended` when it was made


@dataclass(frozen=True, slots=True)
class Opened:
    """A review as its review.opened entry has it, or as the last review.narrowed left it.

    `base` is the digest that it was opened with; `digest` differs from it once it was narrowed. `chain` are the ids of
    those on whose behalf the actor asked, nearest first.
    """

    review: ReviewId
    entry: EntryId
    at: datetime
    action: ActionId
    digest: Digest
    card: Digest
    actor: ActorId
    connection: ConnectionName
    requirements: Requirements
    excluded: frozenset[PersonId]
    expires_at: datetime
    base: Digest
    chain: tuple[str, ...] = ()
    deferred: bool = False  # who asked wants the gateway to run it by itself

    @property
    def uses(self) -> int:
        """How often its approval lets the action run."""
        reuse = self.requirements.reuse
        return 1 if reuse is None else reuse.times


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
    credential: str = ""  # the passkey whose assertion came with it
    stay: int = 0  # `Roster.stay` of the person at that entry
    link: int = NO_LINK  # `Roster.link` to the account that it came from, where it came by a channel

    @property
    def account(self) -> tuple[str, str] | None:
        """(provider, subject) of the account that the vote came from; None where it came by no channel."""
        return account_of(self.presence, self.key)


def account_of(presence: Presence, key: KeyId) -> tuple[str, str] | None:
    """(provider, subject) of the account in the key of a channel's vote: `slack/T01/U02` is U02 of T01 at Slack,
    `callback/desk/pat` is pat of the callback `desk`. None for other votes, and for a key that names none."""
    channel, _, rest = key.partition("/")
    match presence:
        case Presence.SLACK | Presence.TEAMS:
            return (channel, rest) if channel == presence.value and rest else None
        case Presence.CALLBACK:
            name, _, subject = rest.partition("/")
            return (f"{channel}/{name}", subject) if channel == presence.value and name and subject else None
        case Presence.WEBAUTHN | Presence.CONSOLE | Presence.TOKEN:
            return None


@dataclass(frozen=True, slots=True)
class Loading:
    """A bundle put in force, as its policy.loaded entry has it; `bundle` is the rules' digest.

    `signed_by` are those who voted yes, where it took a review; `texts` are the policy.text entries in front of it.
    """

    at: datetime
    bundle: Digest
    how: str
    by: str
    review: ReviewId | None
    previous: Digest | None
    signed_by: tuple[PersonId, ...]
    texts: tuple[EntryId, ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """A review whose glass was broken: approved by one named person without the signatures.

    `reviewed` is None until somebody has looked at it afterwards, then whether they found it justified.
    """

    review: ReviewId
    connection: ConnectionName
    at: datetime
    person: PersonId
    group: GroupName
    digest: Digest
    card: Digest
    excluded: frozenset[PersonId]
    requirements: Requirements
    credential: str = ""  # the passkey whose assertion came with it
    reviewed: bool | None = None
    stay: int = 0  # `Roster.stay` of the person at that entry
