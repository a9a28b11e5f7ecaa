"""Callbacks: telling an asker's own service that its review is settled, signed as Standard Webhooks 1.0 has it.

One to a review, registered by who asked, to an address under `[outgoing] allow`. What is told is the review's id, its
state and the time: no card, no person. Told when the review leaves `pending`, and again with growing pauses until it
is taken or a day has passed; not when the asker itself took the request back. Each attempt is claimed in the store
first, so that of several nodes one makes it; who receives may still get a message twice, with the same `webhook-id`.

No actor has more than `MOST_OF_ONE_ACTOR`, and no host more than `AT_ONCE_PER_HOST` under way: a host that doesn't
answer keeps nobody else's waiting.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import structlog

from interlock.errors import Conflict, InterlockError, NotEntitled, UpstreamFailed
from interlock.identity.webhook_signatures import PREFIX, sign
from interlock.model.change import DropDocument, PutDocument, Unit
from interlock.model.document import Document, DocumentKind
from interlock.model.mistakes import place_of_mistake
from interlock.model.names import ActorId, ReviewId
from interlock.model.review import Review, ReviewState
from interlock.model.secret import Secret
from interlock.ports import Clock, Documents, Entropy, Ledger, Records, Sealer
from interlock.review.card import timestamp
from interlock.workers.adopter import Moves
from interlock.workers.moves import follow

INTERVAL: Final = 5.0  # seconds between looks at what is due; a move is looked at a moment later
GIVE_UP: Final = timedelta(hours=24)
FIRST_PAUSE: Final = timedelta(seconds=5)
LONGEST_PAUSE: Final = timedelta(hours=1)
MOST: Final = 10_000  # registered and not done with
MOST_OF_ONE_ACTOR: Final = 100
AT_ONCE: Final = 20  # attempts under way
AT_ONCE_PER_HOST: Final = 4
PAGE: Final = 100
SECRET_BYTES: Final = 32  # Standard Webhooks asks for 24 to 64

Post = Callable[[str, bytes, Mapping[str, str]], Awaitable[int]]
"""Sends a body with headers to a URL and gives the status; raises `UpstreamFailed`."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is sealed in the document. The first attempt sets `state` and `settled_at`: later ones say the same."""

    url: str
    secret: str
    attempts: int = 0
    state: str = ""
    settled_at: str = ""


class Callbacks:
    """Registers callbacks and delivers them."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        records: Records,
        documents: Documents,
        sealer: Sealer,
        clock: Clock,
        entropy: Entropy,
        post: Post,
        allows: Callable[[str], bool],
    ) -> None:
        self._ledger, self._records, self._documents = ledger, records, documents
        self._sealer, self._clock, self._entropy = sealer, clock, entropy
        self._post, self._allows = post, allows
        self._tasks: set[asyncio.Task[None]] = set()
        self._under_way: Counter[str] = Counter()  # attempts, by host
        self._any = True  # until it is known that none are registered
        self._registered = 0  # by us, ever

    async def register(self, review: Review, url: str) -> Secret[str]:
        """Wants `url` to be called once `review` is settled; gives the secret that the message will be signed with.

        Raises `NotEntitled` for an address that the settings don't allow, `Conflict` where the review is settled
        already, has a callback, or too many wait: of this actor, or in all.
        """
        if review.state is not ReviewState.PENDING:
            self._check_url(url)
            raise Conflict(f"The review is {review.state.value} already; there is nothing to wait for.")
        await self.check(review.actor, url)
        secret = PREFIX + base64.b64encode(self._entropy.token(SECRET_BYTES)).decode("ascii")
        document = self._sealed(review.id, _name(review), 1, _Wanted(url, secret), review.expires_at)
        try:
            await self._ledger.commit(Unit((), (PutDocument(document),)))
        except Conflict:
            raise Conflict("This review has a callback already.", code="callback_exists") from None
        self._any, self._registered = True, self._registered + 1
        self._soon(self.moved(review.id))  # it may have been settled a moment ago, before there was anybody to tell
        return Secret(secret)

    async def check(self, actor: ActorId, url: str) -> None:
        """Raises `NotEntitled` for an address that the settings don't allow, `Conflict` where too many wait."""
        self._check_url(url)
        await self._check_room(actor)

    def _check_url(self, url: str) -> None:
        if not self._allows(url):
            raise NotEntitled("The settings ([outgoing] allow) don't let us call this address.", code="url_not_allowed")

    async def _check_room(self, actor: ActorId) -> None:
        kind, full = DocumentKind.CALLBACK, "too_many_callbacks"
        if await self._documents.count_named(kind, _names_of(actor)) >= MOST_OF_ONE_ACTOR:
            raise Conflict(
                f"{MOST_OF_ONE_ACTOR} callbacks of yours are waiting. Ask for the review instead.", code=full
            )
        if await self._documents.count_documents(kind) >= MOST:
            raise Conflict("Too many callbacks are waiting. Ask for the review instead.", code=full)

    async def run(self, listen: Callable[[], Moves], stop: asyncio.Event) -> None:
        """Delivers until `stop`. What was settled while nobody looked is found at the start."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(follow(listen, stop, self._moved, self._look_at_all))
                group.create_task(self._deliver_when_due(stop))
        finally:
            for task in self._tasks:
                task.cancel()

    async def moved(self, review: ReviewId) -> None:
        """Looks at a review that may have been settled, and tells whoever wanted to know."""
        document = await self._documents.document(DocumentKind.CALLBACK, review)
        if document is not None:
            await self._attempt(document, due=document.due_at is not None and document.due_at <= self._clock.now())

    async def deliver_due(self) -> int:
        """Attempts what is due, a page of it; gives how many."""
        due = await self._documents.documents_due(DocumentKind.CALLBACK, self._clock.now(), PAGE)
        for document in due:
            await self._room()
            self._soon(self._attempt(document, due=True))
        return len(due)

    async def settled(self) -> None:
        """Returns once no attempt is under way."""
        while self._tasks:
            await asyncio.wait(tuple(self._tasks))

    # -- the loop -----------------------------------------------------------------------------------------------------

    async def _moved(self, reviews: Sequence[ReviewId]) -> None:
        for review in reviews if self._any else ():
            await self._room()
            self._soon(self.moved(review))

    async def _deliver_when_due(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                if await self._are_any():
                    await self.deliver_due()
            except InterlockError as error:
                log.warning("callbacks.failed", code=error.code)
            except Exception as error:  # a mistake of ours in one place may not end the gateway
                log.error("callbacks.mistake", kind=type(error).__name__, at=place_of_mistake(error))
            await _pause(stop)

    async def _are_any(self) -> bool:
        """Whether any are registered, here or by another node: while there are none, moves are nobody's business."""
        before, knew = self._registered, self._any
        self._any = await self._documents.count_documents(DocumentKind.CALLBACK) > 0 or self._registered != before
        if self._any and not knew:
            await self._look_at_all()
        return self._any

    async def _look_at_all(self) -> None:
        after = ""
        while documents := await self._documents.documents(DocumentKind.CALLBACK, after, PAGE):
            for document in documents:
                await self._room()
                self._soon(self.moved(ReviewId(document.id)))
            after = documents[-1].id

    async def _room(self) -> None:
        while len(self._tasks) >= AT_ONCE:
            await asyncio.wait(tuple(self._tasks), return_when=asyncio.FIRST_COMPLETED)

    def _soon(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(_logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- one attempt --------------------------------------------------------------------------------------------------

    async def _attempt(self, document: Document, *, due: bool) -> None:
        now = self._clock.now()
        wanted = self._opened(document)
        if wanted.attempts and not due:
            return  # between two attempts; a move changes nothing of what is told
        review = await self._records.review(ReviewId(document.id))
        if review is None or review.state is ReviewState.WITHDRAWN:
            await self._drop(document)  # nobody is told what they did themselves
        elif review.state is ReviewState.PENDING:
            if due:  # past its expiry, and not swept yet
                await self._claim(document, wanted, now + timedelta(seconds=INTERVAL))
        elif wanted.settled_at and now - datetime.fromisoformat(wanted.settled_at) > GIVE_UP:
            log.warning("callback.given_up", review=document.id, attempts=wanted.attempts)
            await self._drop(document)
        else:
            first = replace(
                wanted, state=wanted.state or review.state.value, settled_at=wanted.settled_at or timestamp(now)
            )
            await self._tell(document, first, now)

    async def _tell(self, document: Document, wanted: _Wanted, now: datetime) -> None:
        host = (urlsplit(wanted.url).hostname or "").rstrip(".")
        if self._under_way[host] >= AT_ONCE_PER_HOST:
            await self._claim(document, wanted, now + timedelta(seconds=INTERVAL))
            return  # put off, and not counted as an attempt: others' may not wait behind a host that is slow
        counted = replace(wanted, attempts=wanted.attempts + 1)
        self._under_way[host] += 1
        try:
            if await self._claim(document, counted, now + _pause_after(counted.attempts)):
                await self._send(document, counted, now)
        finally:
            self._under_way -= Counter((host,))  # what is at nought is forgotten

    async def _send(self, document: Document, wanted: _Wanted, now: datetime) -> None:
        told = {"review": document.id, "state": wanted.state, "at": wanted.settled_at}
        body = json.dumps(told, separators=(",", ":")).encode()
        signature = sign([Secret(wanted.secret)], f"review_{document.id}", now, body)
        headers = {"Content-Type": "application/json", **signature}
        try:
            status = await self._post(wanted.url, body, headers)
        except UpstreamFailed as error:
            log.warning("callback.failed", review=document.id, attempts=wanted.attempts, because=error.sentence)
            return
        if 200 <= status < 300 or status == 410:  # Standard Webhooks: 410 means that nobody wants to hear any more
            await self._drop(document)
        else:
            log.warning("callback.failed", review=document.id, attempts=wanted.attempts, because=f"status {status}")

    async def _claim(self, document: Document, wanted: _Wanted, due_at: datetime) -> bool:
        """Whether this attempt is ours: another node may have made the document's next version first."""
        following = self._sealed(document.id, document.name, document.version + 1, wanted, due_at)
        try:
            await self._ledger.commit(Unit((), (PutDocument(following),)))
        except Conflict:
            return False
        return True

    async def _drop(self, document: Document) -> None:
        try:
            await self._ledger.commit(Unit((), (DropDocument(DocumentKind.CALLBACK, document.id),)))
        except Conflict:
            return  # gone already

    def _sealed(self, review: str, name: str, version: int, wanted: _Wanted, due_at: datetime) -> Document:
        fields = {name: getattr(wanted, name) for name in _Wanted.__slots__}
        sealed = self._sealer.seal(_about(review), json.dumps(fields).encode())
        return Document(DocumentKind.CALLBACK, review, name, version, self._clock.now(), due_at, sealed)

    def _opened(self, document: Document) -> _Wanted:
        fields: dict[str, Any] = json.loads(self._sealer.open(_about(document.id), document.sealed).reveal())
        return _Wanted(**fields)


def _names_of(actor: ActorId) -> str:
    """How the names of an actor's documents begin. Actors' names have no slash."""
    return f"{actor}/"


def _name(review: Review) -> str:
    return _names_of(review.actor) + review.id


def _about(review: str) -> str:
    return f"callback/{review}"


def _pause_after(attempts: int) -> timedelta:
    """5 s, 10 s, 20 s and so on, up to an hour: some thirty attempts in a day."""
    return min(FIRST_PAUSE * (1 << min(attempts - 1, 20)), LONGEST_PAUSE)


async def _logged(work: Coroutine[None, None, None]) -> None:
    try:
        await work
    except InterlockError as error:
        log.warning("callbacks.failed", code=error.code)


async def _pause(stop: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stop.wait(), INTERVAL)
    except TimeoutError:
        return
