"""What the web needs of the desk, the registry and the bundles, one page. `Desk`, `Registry`, `Adoption` fill these."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

from interlock.adoption import Proposed
from interlock.ledger.authority import Loading
from interlock.model.actor import Actor
from interlock.model.card import Card
from interlock.model.names import ActorId, Digest, KeyId, PersonId, ReviewId
from interlock.model.person import Person
from interlock.model.review import Ballot, Review, ReviewState, Verdict, Vote, Voter
from interlock.model.secret import Secret


class Desk(Protocol):
    """Held actions and their votes."""

    async def review(self, review: ReviewId, /) -> Review:
        """One review; raises `NotFound`."""

    async def reviews(self, states: frozenset[ReviewState] | None, limit: int, /) -> Sequence[Review]:
        """Reviews in these states (None: all), newest first."""

    async def card(self, review: ReviewId, /) -> Card:
        """The card, unsealed; raises `LedgerCorrupt` when it isn't the one that was sealed."""

    async def votes(self, review: ReviewId, /) -> Sequence[Vote]:
        """The votes on a review, oldest first."""

    def why_not(self, review: Review, person: PersonId, verdict: Verdict = ..., /) -> str | None:
        """None when this person may vote so (yes, if nothing is said); otherwise why not, in words for them."""

    async def vote(self, review: ReviewId, voter: Voter, ballot: Ballot, /) -> Review:
        """Counts a vote; raises `Conflict`, `NotEntitled`, `NotFound`. Records refusals itself."""

    async def withdraw(self, review: ReviewId, actor: ActorId, /) -> Review:
        """The asker takes it back; raises `NotEntitled`, `Conflict`, `NotFound`."""

    def moves(self) -> AsyncIterator[ReviewId]:
        """Reviews as they move, until the iterator is closed."""

    async def refuse_vote(self, review: ReviewId, who: str, because: str, /) -> None:
        """Records an attempt that was refused before it reached `vote`."""


class Registry(Protocol):
    """Keys and people."""

    def authenticate(self, presented: Secret[str], /) -> Actor:
        """The actor behind an Interlock key; raises `AuthenticationFailed`."""

    async def issue_key(
        self, holder: str, made_by: PersonId, expires_in: timedelta | None, /
    ) -> tuple[KeyId, Secret[str]]:
        """A new key, shown once; raises `NotFound` for an unknown holder or maker."""

    async def issue_sign_in(self, person: PersonId, /) -> Secret[str]:
        """A one-use sign-in key, good for ten minutes; raises `NotFound`."""

    async def sign_in(self, presented: Secret[str], /) -> tuple[PersonId, KeyId]:
        """Uses a sign-in key up; raises `AuthenticationFailed`."""

    def sign_in_holder(self, presented: Secret[str], /) -> PersonId | None:
        """Whom a live sign-in key would sign in, without using it up; None when it isn't live."""

    async def revoke_key(self, key: KeyId, /, by: PersonId, because: str) -> None:
        """Ends a key; raises `NotFound` when it isn't live."""

    def is_operator(self, presented: Secret[str], /) -> bool:
        """Whether this is the operator's token."""

    def person(self, person: PersonId, /) -> Person | None:
        """A person of the settings."""


class Bundles(Protocol):
    """Policy bundles: those that were put in force, and asking for another."""

    async def propose(self, actor: Actor, sources: Mapping[str, str], note: str, /) -> Proposed:
        """Opens a review; raises `NotEntitled`, `Mistakes` with all mistakes, `Conflict`."""

    def history(self) -> Sequence[Loading]:
        """The newest bundles put in force, oldest first."""

    async def texts(self, which: str, /) -> tuple[Digest, Mapping[str, str]]:
        """The sources of one: "in-force", "previous", or how its digest begins; raises `NotFound`."""
