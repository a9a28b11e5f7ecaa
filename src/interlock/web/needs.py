"""What the web needs of the desk, the registry and the bundles, one page. `Desk`, `Registry`, `Adoption` fill these."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from interlock.adoption import Proposed
from interlock.desk.words import Typed
from interlock.identity.sign_on import Account, Attempt
from interlock.ledger.authorised import Broken, Loading
from interlock.ledger.fatigue import Overview
from interlock.model.actor import Actor
from interlock.model.card import Card
from interlock.model.comment import Comment, CommentKind
from interlock.model.names import ActorId, Digest, KeyId, PersonId, ReviewId
from interlock.model.narrowing import Narrowing
from interlock.model.peer import Peer
from interlock.model.person import Person
from interlock.model.review import Ballot, Review, ReviewState, Verdict, Vote, Voter
from interlock.model.secret import Secret


class Inbound(Protocol):
    """A service that calls us at `/channels/...` and proves who it is by the request itself (a signature, a JWT)."""

    async def __call__(self, headers: Mapping[str, str], body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        """(status, headers, body) of the answer. `headers`: names in lower case. Never raises for what it is sent."""


class Measures(Protocol):
    """What is measured, for `/metrics`."""

    async def __call__(self) -> tuple[str, bytes]:
        """(content type, body). Raises `LedgerUnavailable`."""


class Waiting(Protocol):
    """A pending review that somebody sees, and why they can't say yes to it now: None when they can."""

    @property
    def review(self) -> Review:
        """The review."""

    @property
    def why_not(self) -> str | None:
        """In words for them."""


class Desk(Protocol):
    """Held actions and their votes."""

    async def review(self, review: ReviewId, /) -> Review:
        """One review; raises `NotFound`."""

    async def reviews(
        self, states: frozenset[ReviewState] | None, limit: int, before: tuple[datetime, ReviewId] | None = ..., /
    ) -> Sequence[Review]:
        """Reviews in these states (None: all), newest first; with `before` those that come after it in this order."""

    async def reviews_of(
        self,
        actor: ActorId,
        states: frozenset[ReviewState] | None,
        limit: int,
        before: tuple[datetime, ReviewId] | None = ...,
        /,
    ) -> Sequence[Review]:
        """The reviews of one actor, likewise."""

    async def card(self, review: ReviewId, /) -> Card:
        """The card, unsealed; raises `LedgerCorrupt` when it isn't the one that was sealed."""

    async def votes(self, review: ReviewId, /) -> Sequence[Vote]:
        """The votes on a review, oldest first."""

    def why_not(self, review: Review, person: PersonId, verdict: Verdict = ..., /) -> str | None:
        """None when this person may vote so (yes, if nothing is said); otherwise why not, in words for them."""

    async def vote(self, review: ReviewId, voter: Voter, ballot: Ballot, /) -> Review:
        """Counts a vote; raises `Conflict`, `NotEntitled`, `NotFound`. Records refusals itself."""

    async def withdraw(self, review: ReviewId, actor: Actor, /) -> Review:
        """The asker takes it back; raises `NotEntitled`, `Conflict`, `NotFound`."""

    def moves(self) -> AsyncIterator[ReviewId]:
        """Reviews as they move, until the iterator is closed."""

    async def refuse_vote(self, review: ReviewId, who: str, because: str, /) -> None:
        """Records an attempt that was refused before it reached `vote`."""

    def asked_by(self, review: Review, actor: Actor, /) -> bool:
        """Whether it was this actor who asked, on behalf of the same people."""

    def may_see(self, review: Review, person: PersonId, /) -> bool:
        """Whether this person may see the review: has a say in it, is part of the request, or audits."""

    async def seen(self, review: Review, person: PersonId, where: str, /) -> None:
        """Records that this person is shown the card of a pending review, the first time; raises nothing."""

    def is_auditor(self, person: PersonId, /) -> bool:
        """Whether this person reads everything (`[audit] readers`)."""

    async def pending_for(self, person: PersonId, /) -> Sequence[Review]:
        """The pending reviews that this person may see, what expires first in front."""

    async def waiting_for(self, person: PersonId, /) -> Sequence[Waiting]:
        """The same, each with what `why_not` says of it."""

    async def running_approvals(self, person: PersonId, /) -> Sequence[Review]:
        """The approvals that are still good and that this person may see, what runs out first in front."""

    async def narrow(
        self, review: ReviewId, voter: Voter, terms: Narrowing, action_digest: Digest, card_digest: Digest, /
    ) -> Review:
        """Takes something away before it is signed; raises `NotEntitled`, `Conflict`, `NotFound`."""

    async def typed(self, text: str, review: ReviewId | None = ..., /) -> Typed:
        """A text as it may be kept: what looks like data in it is masked. Raises `NotFound`."""

    async def comment(self, review: ReviewId, who: str | Actor, kind: CommentKind, text: str, /) -> Comment:
        """Says something; `who` is `person/NAME`, or who asked. Raises `NotEntitled`, `NotFound`, `Conflict`."""

    async def comments(self, review: ReviewId, /) -> Sequence[Comment]:
        """What was said about a review, oldest first, with the words."""

    def why_not_break(self, review: Review, person: PersonId, /) -> str | None:
        """None when this person may break the glass now; otherwise why not, in words for them."""

    async def break_glass(
        self, review: ReviewId, voter: Voter, reason: str, action_digest: Digest, card_digest: Digest, /
    ) -> Review:
        """Approves it without the signatures, loudly; raises `NotEntitled`, `Conflict`, `NotFound`."""

    def broken(self, review: ReviewId, /) -> Broken | None:
        """How the glass of this review was broken, if it was."""

    def breaks_due(self, person: PersonId, /) -> Sequence[Broken]:
        """Breaks of glass that nobody has looked at afterwards yet and that this person may see, oldest first."""

    def why_not_review_afterwards(self, review: Review, person: PersonId, /) -> str | None:
        """None when this person may say whether the glass was rightly broken; otherwise why not."""

    async def review_afterwards(self, review: ReviewId, voter: Voter, justified: bool, /) -> Review:
        """Looks at a broken glass; raises `NotEntitled`, `Conflict`, `NotFound`."""

    async def history(self, review: ReviewId, person: PersonId, /) -> Sequence[Review]:
        """Earlier reviews of the same form by the same actor that this person may see, newest first."""


class Leaves(Protocol):
    """Showing a reviewer a value that the card hides: an action of its own, decided and recorded by the gate."""

    def may_show(self, review: Review, person: PersonId, /) -> bool:
        """Whether asking could be allowed for this person: whether to offer the button."""

    async def show_leaf(self, review: ReviewId, voter: Voter, statement: int, leaf: int, /) -> str:
        """The value, once its showing is recorded; raises `NotEntitled`, `NotFound`, `LedgerUnavailable`."""


class Registry(Protocol):
    """Keys and people."""

    async def admit(self, presented: Secret[str], /, *, peer: Peer) -> Actor:
        """The actor behind an Interlock key or a workload's token; raises `AuthenticationFailed`."""

    async def issue_key(
        self,
        holder: str,
        made_by: PersonId,
        expires_in: timedelta | None,
        certificate: str,
        networks: Sequence[str],
        /,
    ) -> tuple[KeyId, Secret[str]]:
        """A new key, shown once, perhaps bound to a certificate (SHA-256, hex) or networks (CIDR).

        Raises `NotFound` for an unknown holder or maker, `MalformedInput` for a binding that isn't one.
        """

    def owner_awaited(self, holder: str, /) -> PersonId | None:
        """Who must accept to own this agent or service before its credentials are taken; None if nobody."""

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
        """A person who is here."""

    def sessions_ended(self, person: PersonId, /) -> int:
        """How often a person's console sessions were ended, also by leaving: one begun when it was fewer is over."""

    async def end_sessions(self, person: PersonId, /, by: PersonId, because: str, *, passwords: bool = ...) -> None:
        """Ends all that have begun, wherever; with `passwords`, those for doors too. Raises `NotFound`, `Conflict`."""


class Figures(Protocol):
    """Figures about fatigue: how people keep up with what they are asked."""

    def prepared(self, length: timedelta, now: datetime, /) -> Callable[[], Overview]:
        """What works out those of the `length` before `now`, on copies: for another thread."""


class Callbacks(Protocol):
    """Telling askers' own services how their reviews ended."""

    async def check(self, actor: ActorId, url: str, /) -> None:
        """Whether one of this actor's could be registered now; raises as `register` does for what the review isn't."""

    async def register(self, review: Review, url: str, /) -> Secret[str]:
        """The secret that what is sent will be signed with; raises `NotEntitled` for an address that isn't allowed,
        `Conflict` where there is one already or nothing to wait for."""


class Bundles(Protocol):
    """Policy bundles: those that were put in force, and asking for another."""

    async def propose(self, actor: Actor, sources: Mapping[str, str], note: str, /) -> Proposed:
        """Opens a review; raises `NotEntitled`, `Mistakes` with all mistakes, `Conflict`."""

    def history(self) -> Sequence[Loading]:
        """The newest bundles put in force, oldest first."""

    async def texts(self, which: str, /) -> tuple[Digest, Mapping[str, str]]:
        """The sources of one: "in-force", "previous", or how its digest begins; raises `NotFound`."""


class Provider(Protocol):
    """Where people sign in: an OpenID Connect provider (`upstreams.oidc`)."""

    @property
    def name(self) -> str:
        """What the settings call it, and links say."""

    async def authorization_url(self, attempt: Attempt, /) -> str:
        """Where to send the browser; raises `UpstreamFailed` when the provider doesn't answer."""

    async def redeem(self, code: str, attempt: Attempt, issued_by: str | None, /) -> Account:
        """The account behind a code; raises `AuthenticationFailed`, `UpstreamFailed`."""


class Logins(Protocol):
    """Passwords for doors that a person gets by confirming a code (`registry.logins`)."""

    async def issue(self, person: PersonId, lasts: timedelta, /) -> tuple[Secret[str], datetime]:
        """(the password, when it ends); raises `NotFound` for somebody who isn't here."""


class Accounts(Protocol):
    """Whose an account at the provider is, and what a sign-in there changes (`registry.people`)."""

    def person_of(self, provider: str, subject: str, /) -> PersonId | None:
        """Whose account that is, if they are here."""

    async def claims_seen(self, person: PersonId, provider: str, groups: frozenset[str], /) -> object:
        """What the provider said of somebody's groups, in its own words: what is gone goes at once."""

    def begin_link(self, person: PersonId, provider: str, /) -> Secret[str]:
        """A code that the account on the other side has to present; raises `Conflict`."""

    def claim_link(self, code: Secret[str], provider: str, subject: str, shown: str, /) -> object:
        """The account presents it; raises `NotFound`, `Conflict`, `NotEntitled`."""
