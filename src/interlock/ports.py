"""The Protocols that the gate, desk, registry and recovery need; `app` fills them. One page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from interlock.model.action import Action
from interlock.model.change import Unit
from interlock.model.channels import Channel, Copy
from interlock.model.comment import Comment
from interlock.model.decision import Decision
from interlock.model.deferred import Deferred
from interlock.model.document import Document, DocumentKind
from interlock.model.entry import Draft
from interlock.model.label import Label
from interlock.model.names import ActorId, ConnectionName, EntryId, ReviewId
from interlock.model.payload import Payload
from interlock.model.recent import Recent, Wrote
from interlock.model.review import Review, ReviewState, Vote
from interlock.model.secret import Secret


class Clock(Protocol):
    """The store's clock: the one that expiry is compared with."""

    def now(self) -> datetime:
        """Now, UTC."""


class Entropy(Protocol):
    """Where randomness and ids come from."""

    def token(self, size: int) -> bytes:
        """`size` random bytes from the operating system."""

    def uuid7(self) -> str:
        """A new UUIDv7 (RFC 9562 section 5.7)."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a unit's entries lie in the log, once durable: index and leaf hash (hex) of each, in order."""

    entries: tuple[tuple[int, str], ...]


class Ledger(Protocol):
    """The one writer."""

    def commit(self, unit: Unit) -> Awaitable[Receipt]:
        """Queues the unit at once; the awaitable resolves when it is durable and `Authority` has seen it.

        Units keep the order of these calls. Raises `Conflict` when a change's condition failed (nothing of the unit was
        written), `LedgerUnavailable` when it can't be written (nothing was, or it isn't known: the unit's ids decide).
        """


class Records(Protocol):
    """Reading the store. Rows are caches: whoever releases on them checks the entries behind them (`Authority`)."""

    async def review(self, review: ReviewId) -> Review | None:
        """One review."""

    async def open_review(self, actor: ActorId, lookup: bytes) -> Review | None:
        """The actor's pending or approved, unexpired review of this form."""

    async def reviews(
        self, states: frozenset[ReviewState] | None, limit: int, before: tuple[datetime, ReviewId] | None = None
    ) -> Sequence[Review]:
        """Reviews in these states (None: all), newest first; with `before` those that come after it in this order."""

    async def reviews_of(
        self,
        actor: ActorId,
        states: frozenset[ReviewState] | None,
        limit: int,
        before: tuple[datetime, ReviewId] | None = None,
    ) -> Sequence[Review]:
        """The reviews of one actor, likewise."""

    async def earlier(self, review: ReviewId, limit: int) -> Sequence[Review]:
        """Reviews of the same form by the same actor, opened before this one, newest first."""

    async def count_open(self, actor: ActorId) -> int:
        """How many reviews of this actor are pending."""

    async def sealed(self, review: ReviewId) -> tuple[bytes, bytes] | None:
        """(sealed payload, sealed card) of a review."""

    async def votes(self, review: ReviewId) -> Sequence[Vote]:
        """The votes on a review, oldest first: for showing, not for counting."""

    async def comments(self, review: ReviewId) -> Sequence[Comment]:
        """What was said about a review, oldest first."""

    async def denials(self, actor: ActorId, form: bytes, since: datetime) -> tuple[int, datetime | None]:
        """How many of the actor's reviews were denied since then, and when this very form was last."""

    async def due(self, now: datetime) -> Sequence[Review]:
        """Pending reviews past `expires_at` and approved ones past `approved_until`."""

    async def entry(self, entry: EntryId) -> bytes | None:
        """The stored bytes of an entry."""


class Documents(Protocol):
    """Reading what services told us (`model.document`): sealed, and no authority for anything."""

    async def document(self, kind: DocumentKind, id_: str) -> Document | None:
        """One document."""

    async def document_named(self, kind: DocumentKind, name: str) -> Document | None:
        """The document of that name."""

    async def documents(self, kind: DocumentKind, after: str, limit: int) -> Sequence[Document]:
        """Documents of a kind by id, from behind `after` on."""

    async def count_documents(self, kind: DocumentKind) -> int:
        """How many documents of a kind there are."""

    async def count_named(self, kind: DocumentKind, prefix: str) -> int:
        """How many documents of a kind have a name that begins so."""

    async def documents_due(
        self, kind: DocumentKind, now: datetime, limit: int, after: tuple[datetime, str] | None = None
    ) -> Sequence[Document]:
        """Documents that are due, the longest first; with `after` those behind that (due_at, id) in this order."""

    async def documents_waiting(self, kind: DocumentKind) -> tuple[int, datetime | None]:
        """How many documents of a kind have a time at which they are due, and the earliest of these times."""


class Rows(Records, Documents, Protocol):
    """Both: what the desk reads."""


class Runner(Protocol):
    """Runs deferred actions of some connections (`app` fills it with doors)."""

    def takes(self, connection: ConnectionName) -> bool:
        """Whether it runs actions of this connection."""

    async def run(self, deferred: Deferred) -> None:
        """Redeems the review and runs it, once, or settles why it can't be; keeps what came of it for its asker.

        Raises `UpstreamFailed` when the protected system can't be reached and nothing ran: worth trying again.
        """


class Bell(Protocol):
    """Tells waiters that a review has moved; they then look at the store."""

    async def wait(self, review: ReviewId, seconds: float) -> None:
        """Returns when the review may have moved, or after `seconds`."""

    def ring(self, review: ReviewId) -> None:
        """Wakes whoever waits for this review, and every listener."""

    def listen(self) -> AsyncIterator[ReviewId]:
        """Reviews as they move, until the iterator is closed. A slow listener misses repeats, never the last move."""


class Sealer(Protocol):
    """AES-256-GCM under the installation's sealing key."""

    def seal(self, about: str, plain: bytes) -> bytes:
        """Ciphertext bound to `about` (associated data)."""

    def open(self, about: str, sealed: bytes) -> Secret[bytes]:
        """The plaintext; raises `LedgerCorrupt` when the seal doesn't hold for `about`."""


class Policy(Protocol):
    """The loaded bundle."""

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the bundle's sources."""

    @property
    def reads_recent(self) -> bool:
        """Whether any of its policies asks what the actor did lately."""

    @property
    def reads_estimate(self) -> bool:
        """Whether any of its policies asks about how many rows it is."""

    def decide(self, action: Action, now: datetime, recent: Recent) -> Decision:
        """What policy says. Never raises: any error inside is a `Deny`."""


class Rulebook(Protocol):
    """The bundles that are loaded here."""

    def current(self) -> Policy | None:
        """The one that the newest signed policy.loaded entry names; None when that isn't loaded here."""


class Recents(Protocol):
    """What actors did lately, by the entries that the gate has made of it."""

    def of(self, actor: ActorId, now: datetime) -> Recent:
        """The windows of an actor up to `now`."""

    def wrote(self, actors: Iterable[ActorId], now: datetime) -> Wrote:
        """The labelled columns that any of these wrote to within a day."""

    def note(self, draft: Draft, now: datetime) -> None:
        """Counts an action.* entry; others say nothing here."""

    def take_back(self, draft: Draft, noted: datetime) -> None:
        """Uncounts an action.held that was noted at `noted` and was never written."""


class Estimator(Protocol):
    """Asks protected systems for sizes."""

    async def rows(self, action: Action) -> int | None:
        """About how many rows it would give or change; None when nobody can tell within seconds. Runs nothing."""


class SurrogateVault(Protocol):
    """Random stand-ins for values: whoever masks lists what it wants, fetches that, and then masks."""

    async def surrogates(
        self, namespace: str, wanted: Sequence[tuple[Label, bytes]], *, reversible: bool
    ) -> Sequence[bytes]:
        """One for each (label, value), in order: 20 random bytes, the same for equal ones in a namespace, for good.

        `reversible`: the value is kept as well, sealed, if the surrogate is new. Any number; they are fetched so many
        at a time. Raises `LedgerUnavailable`, and then some may have been kept.
        """

    async def values(self, namespace: str, surrogates: Sequence[tuple[Label, bytes]]) -> Sequence[Secret[bytes] | None]:
        """What each (label, surrogate) stands for, in order; None where it isn't one of this namespace and label, or
        its value wasn't kept. Raises `LedgerUnavailable`, `LedgerCorrupt`."""


class Rebuild(Protocol):
    """Makes a sealed payload into an action anew, with the definitions and session state of this moment."""

    async def __call__(self, payload: Payload) -> Action:
        """The action as it would be asked for now, with the asking action's id and actor."""


class Courier(Protocol):
    """One service that copies of cards are taken to (`workers/outbox`, which gives it one copy at a time, in order).

    Each method raises `ServiceAway` when nothing was delivered and it is worth trying again, `DestinationGone` when it
    never will be, `MessageGone` when the message to change was deleted, `DeliveryUnsure` when nobody can know. What is
    shown is looked up at the moment of sending: a copy is of the review as it is then.

    `update` and `remind` get a copy without a handle where nobody can know whether its first message arrived: they
    don't repeat that one, and tell what comes after it by a message of its own, or nothing.
    """

    @property
    def channel(self) -> Channel:
        """Which one."""

    def service_of(self, copy: Copy) -> str:
        """What this copy is taken to, of what may be away by itself: "" where the channel is one service."""

    def pause(self, copy: Copy) -> float:
        """For how many seconds the service's own limits forbid a call for this copy; 0 when it may be made now."""

    async def send(self, copy: Copy) -> str:
        """Sends the first message; gives its handle. `copy.id` goes along where a service takes a key for repeats."""

    async def find(self, copy: Copy) -> str | None:
        """The handle of a copy whose sending was cut off, None when it surely isn't there."""

    async def update(self, copy: Copy) -> str:
        """Makes the message show the review as it is now; gives its handle, which may be another one."""

    async def remind(self, copy: Copy) -> None:
        """Says once more that it waits; `copy.reminders` counts this one."""
