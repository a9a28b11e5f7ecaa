"""Copies in the store: what is known of each message out there, and what has to be done about it next.

A copy is a sealed document of its channel's kind. It says what was shown last, not what happened: whatever the review
is by now, the next step follows from the two.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import Enum, StrEnum
from typing import Final

from interlock.errors import Conflict, LedgerCorrupt
from interlock.model.change import DropDocument, PutDocument, Unit
from interlock.model.channels import Channel, Copy, Destination
from interlock.model.document import Document, DocumentKind
from interlock.model.names import ReviewId
from interlock.model.review import Review, ReviewState
from interlock.ports import Clock, Documents, Ledger, Sealer
from interlock.review.states import OPEN

MOST_COPIES: Final = 1_000  # of one review in one channel
MOST_ANEW: Final = 3  # times that a deleted message is sent again
_CLASHES: Final = 20  # others' changes in between, until a change of ours is given up
_PLACE: Final = 16  # hex digits of the destination in a copy's id
_MOVING: Final = OPEN | {ReviewState.RELEASED}


class Problem(StrEnum):
    """Why a copy isn't out there as it should be."""

    NONE = ""
    GONE = "gone"  # its destination takes nothing any more
    UNLINKED = "unlinked"  # likewise, until this person links an account
    UNSURE = "unsure"  # nobody can know whether the first message arrived
    NOTHING = "nothing"  # there is nothing to tell there: no message is meant to be


class Step(Enum):
    """What to do about a copy."""

    REST = "rest"
    DROP = "drop"
    FIND = "find"
    SEND = "send"
    UPDATE = "update"
    REMIND = "remind"


@dataclass(frozen=True, slots=True)
class Record:
    """What is sealed. `shown` is `shown_of` the review as the message has it. `sending`: a first message was begun,
    and nothing says yet how that ended. `asked` and `reminders`: reminders wanted and sent. `anew`: how often it was
    sent again because somebody deleted it. `unlinked`: operators were told that no account is linked. `since`: when it
    was wanted first (RFC 3339)."""

    channel: str
    address: str
    since: str
    handle: str = ""
    shown: str = ""
    attempts: int = 0
    sending: bool = False
    reminders: int = 0
    asked: int = 0
    problem: str = ""
    anew: int = 0
    unlinked: bool = False

    @property
    def destination(self) -> Destination:
        """Where it goes."""
        return Destination(Channel(self.channel), self.address)

    @property
    def is_delivered(self) -> bool:
        """Whether the message is out there, as far as we know."""
        return bool(self.handle)


Change = Callable[[Document, Record], tuple[Record, datetime | None] | None]
"""What becomes of a copy as it is in the store, and when it is due then; None drops it."""


def kind_of(channel: Channel) -> DocumentKind:
    """The documents that a channel's copies are."""
    return DocumentKind(f"copy_{channel.value}")


def copy_id(review: ReviewId, destination: Destination) -> str:
    """The id of the one copy of this review at this destination."""
    named = f"{destination.channel.value}\0{destination.address}".encode()
    return f"{review}/{hashlib.sha256(named).hexdigest()[:_PLACE]}"


def place_of(id_: str) -> str:
    """The part of a copy's id that is the same for every copy at its destination."""
    return id_[-_PLACE:]


def review_of(id_: str) -> ReviewId:
    """The review that a copy's id names."""
    return ReviewId(id_.partition("/")[0])


def shown_of(review: Review, votes: int) -> str:
    """What a message about a review shows, in short: another one means that it has to be changed."""
    if review.state not in OPEN:
        return review.state.value
    return f"{review.state.value}/{review.card_digest[:_PLACE]}/{votes}/{review.uses_left}"


def next_step(record: Record, state: ReviewState, shown: str) -> Step:
    """What brings the message to show `shown`, the review being in `state`.

    Of one that may have arrived, `FIND` asks once more; where that can't be known, what comes after it is told.
    """
    final = state not in _MOVING
    if record.problem in (Problem.GONE, Problem.UNLINKED, Problem.NOTHING):
        return Step.DROP if final else Step.REST
    if record.sending:
        return Step.FIND
    behind = record.shown != shown or (state is ReviewState.PENDING and record.asked > record.reminders)
    if not record.handle:
        if record.problem == Problem.UNSURE:
            return Step.FIND if behind else Step.DROP if final else Step.REST
        return Step.SEND if state is ReviewState.PENDING else Step.DROP
    if record.shown != shown:
        return Step.UPDATE
    if behind:
        return Step.REMIND
    return Step.DROP if final else Step.REST


def is_unsure(record: Record) -> bool:
    """Whether nobody can know of any message that it is out there."""
    return record.problem == Problem.UNSURE and not record.handle


class Copies:
    """Reading and writing copies. Everything raises `LedgerUnavailable`, `LedgerCorrupt`."""

    def __init__(self, documents: Documents, ledger: Ledger, sealer: Sealer, clock: Clock) -> None:
        self.documents = documents
        self._ledger, self._sealer, self._clock = ledger, sealer, clock

    def opened(self, document: Document) -> Record:
        """What a document says."""
        return read_record(document, self._sealer)

    async def add(self, review: ReviewId, destination: Destination, reminders: int = 0) -> bool:
        """Makes the copy, due at once, as if it had had so many reminders; False where it is there already."""
        kind, id_, now = kind_of(destination.channel), copy_id(review, destination), self._clock.now()
        if await self.documents.document(kind, id_) is not None:
            return False
        record = Record(
            destination.channel.value, destination.address, now.isoformat(), reminders=reminders, asked=reminders
        )
        try:
            await self._put(kind, id_, 1, record, now)
        except Conflict:
            return False
        return True

    async def claim(self, document: Document, record: Record, due_at: datetime) -> Document | None:
        """The document's next version, if it is ours: of several who try exactly one makes it."""
        try:
            return await self._put(document.kind, document.id, document.version + 1, record, due_at)
        except Conflict:
            return None

    async def change(self, known: Document, change: Change) -> None:
        """Applies a change to the copy as it is in the store, whoever else changed it since it was as `known`; nothing
        where it is gone. Raises `Conflict` when others don't stop."""
        document: Document | None = known
        for left in reversed(range(_CLASHES)):
            if document is None:
                return
            changed = change(document, self.opened(document))
            if changed is None:
                await self.drop(document)
                return
            try:
                await self._put(document.kind, document.id, document.version + 1, *changed)
                return
            except Conflict:
                if not left:
                    raise
            document = await self.documents.document(known.kind, known.id)

    async def drop(self, document: Document) -> None:
        """Takes the copy out of the store; what is out there stays."""
        try:
            await self._ledger.commit(Unit((), (DropDocument(document.kind, document.id),)))
        except Conflict:
            return  # gone already

    async def of_review(self, channel: Channel, review: ReviewId) -> Sequence[Document]:
        """The copies of one review in one channel."""
        found = await self.documents.documents(kind_of(channel), f"{review}/", MOST_COPIES)
        return [each for each in found if review_of(each.id) == review]

    def as_copy(self, id_: str, record: Record) -> Copy:
        """As couriers are given it."""
        return Copy(id_, review_of(id_), record.destination, record.handle, record.reminders)

    async def _put(
        self, kind: DocumentKind, id_: str, version: int, record: Record, due_at: datetime | None
    ) -> Document:
        plain = json.dumps({each.name: getattr(record, each.name) for each in fields(Record)}).encode()
        sealed = self._sealer.seal(_about(id_), plain)
        document = Document(kind, id_, id_, version, self._clock.now(), due_at, sealed)
        await self._ledger.commit(Unit((), (PutDocument(document),)))
        return document


def read_record(document: Document, sealer: Sealer) -> Record:
    """What a copy's document says; raises `LedgerCorrupt`."""
    plain = sealer.open(_about(document.id), document.sealed).reveal()
    try:
        record = Record(**json.loads(plain))
        return replace(record, channel=Channel(record.channel).value)
    except (TypeError, ValueError):
        raise LedgerCorrupt("a copy in the store isn't one that Interlock wrote") from None


def _about(id_: str) -> str:
    return f"copy/{id_}"
