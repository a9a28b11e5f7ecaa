"""A lane: everything that is to be delivered by one courier, in a loop of its own, so that it delays no other.

What is due is read from the store a page at a time and handed to few attempts at once. An attempt is claimed in the
store first, and what came of it is written behind it; a claim without an outcome (we were killed, or the service hung)
is looked for at the service before anything is sent again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from interlock.errors import InterlockError, LedgerCorrupt
from interlock.model.document import Document
from interlock.model.mistakes import place_of_mistake
from interlock.model.names import ReviewId
from interlock.model.steady import Steady
from interlock.ports import Courier
from interlock.workers.attempts import Attempts, Parts
from interlock.workers.copies import Problem, Record, Step, is_unsure, kind_of, next_step, place_of, review_of
from interlock.workers.meters import Outcome
from interlock.workers.pacing import LONGEST_ASKED, Circuits

PAGE: Final = 200
AT_ONCE: Final = 32  # attempts of one courier under way
AT_ONCE_PER_PLACE: Final = 4  # of these, to one destination
INTERVAL: Final = 5.0  # seconds between looks; a move is looked at at once, and so is a new copy, unless a page waits
LEAST_WAIT: Final = 0.02
AFTER_FAILURE: Final = 1.0
STOP_SECONDS: Final = 5.0  # for what is under way when we are told to stop
SHORT: Final = 0.25  # seconds: for less than that, an attempt is claimed and waits for the service's limits
MOST_MOVED: Final = 4096
_AT_ONCE: Final = datetime.min.replace(tzinfo=UTC)

log = structlog.get_logger()


class Lane:
    """One courier's loop."""

    def __init__(self, courier: Courier, parts: Parts) -> None:
        self._courier, self._parts = courier, parts
        self._channel, self._kind = courier.channel, kind_of(courier.channel)
        self._circuits = Circuits()
        self._attempts = Attempts(courier, parts, self._circuits, self.look)
        self._steady = Steady()
        self._began = self._seen = parts.clock.now()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()  # copies whose review moved while an attempt was under way
        self._at_place: Counter[str] = Counter()
        self._blocked: dict[str, datetime] = {}  # destinations that the service's limits keep us from
        self._kept: dict[str, Document] = {}  # due, and to be tried a little later: at most a page
        self._after: tuple[datetime, str] | None = None  # how far what is due was read
        self._read_at = _AT_ONCE  # when to read it again
        self._spoilt: set[str] = set()  # copies that aren't ours any more, each told of once
        self._moved: dict[ReviewId, None] = {}
        self._scan_due = True
        self._wake = asyncio.Event()

    # -- what others tell it ------------------------------------------------------------------------------------------

    def moved(self, review: ReviewId) -> None:
        """A review may have moved: its copies are looked at at once."""
        if len(self._moved) >= MOST_MOVED:
            self._moved.clear()
            self._scan_due = True
        self._moved[review] = None
        self._wake.set()

    def look(self) -> None:
        """There may be something due."""
        if len(self._kept) < PAGE:
            self._read_at = _AT_ONCE
        self._wake.set()

    def look_at_all(self) -> None:
        """Moves were missed."""
        self._scan_due = True
        self._wake.set()

    def away(self, id_: str, record: Record) -> timedelta | None:
        """For how long the service that a copy is taken to has been away; None when it isn't."""
        return self._circuits.away(self._service(id_, record), self._parts.clock.now())

    def away_longest(self) -> timedelta:
        """For how long the service, or the one of several that is away the longest, has been so."""
        return self._circuits.longest(self._parts.clock.now())

    # -- the loop -----------------------------------------------------------------------------------------------------

    async def run(self, stop: asyncio.Event) -> None:
        """Delivers until `stop`."""
        stopping = asyncio.ensure_future(stop.wait())
        try:
            while not stop.is_set():
                self._wake.clear()
                try:
                    seconds = await self.work()
                except InterlockError as error:
                    log.warning("outbox.failed", channel=self._channel.value, code=error.code)
                    seconds = AFTER_FAILURE
                except Exception as error:  # a mistake of ours in one channel may not end the others' deliveries
                    kind, at = type(error).__name__, place_of_mistake(error)
                    log.error("outbox.mistake", channel=self._channel.value, kind=kind, at=at)
                    seconds = INTERVAL
                waking = asyncio.ensure_future(self._wake.wait())
                await asyncio.wait({stopping, waking}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
                waking.cancel()
        finally:
            stopping.cancel()
            self._attempts.stop()
            if self._tasks:
                await asyncio.wait(tuple(self._tasks.values()), timeout=STOP_SECONDS)
            await self.close()

    async def close(self) -> None:
        """Ends what is under way, as a crash would: the next start finds out what came of it."""
        for task in self._tasks.values():
            task.cancel()
        if self._tasks:
            await asyncio.wait(tuple(self._tasks.values()))

    async def settled(self) -> None:
        """Returns once no attempt is under way."""
        while self._tasks:
            await asyncio.wait(tuple(self._tasks.values()))

    async def work(self) -> float:
        """Begins what can be begun now; gives how many seconds later there may be more."""
        self._look_at_clock()
        if self._scan_due:
            self._scan_due = False
            try:
                await self._scan()
            except InterlockError:
                self._scan_due = True
                raise
        soonest = INTERVAL
        while self._moved:
            review = next(iter(self._moved))
            del self._moved[review]
            try:
                for document in await self._parts.copies.of_review(self._channel, review):
                    soonest = min(soonest, await self._take(document, moved=True))
            except InterlockError:
                self.moved(review)
                raise
        for document in tuple(self._kept.values()):
            soonest = min(soonest, await self._take(document))
        return max(min(soonest, await self._read_due()), LEAST_WAIT)

    async def _read_due(self) -> float:
        """Reads on in what is due, as long as there is more than can't be begun yet; from the start again later."""
        soonest = INTERVAL
        while (moment := self._now()) >= self._read_at:
            now = self._parts.clock.now()
            if wait := self._circuits.wait("", now):  # a channel that is one service
                return min(soonest, wait)
            due = await self._parts.copies.documents.documents_due(self._kind, now, PAGE, self._after)
            for document in due:
                if document.id not in self._kept:
                    soonest = min(soonest, await self._take(document))
                assert document.due_at is not None
                self._after = (document.due_at, document.id)
                if self._moved:
                    return 0.0  # a message that shows something old goes before those that nobody has seen yet
            if len(due) < PAGE:
                self._after = None
                self._read_at = moment + timedelta(seconds=INTERVAL)
        return min(soonest, max((self._read_at - moment).total_seconds(), 0.0))

    def _now(self) -> datetime:
        """A time that doesn't go back, for pauses that nobody else sees."""
        return self._steady.of(self._parts.clock.now())

    def _look_at_clock(self) -> None:
        """Where the clock was set back, what was put off by it would wait too long: all of it is looked at."""
        now = self._parts.clock.now()
        if now < self._seen:
            self._began, self._scan_due, self._after = self._seen + timedelta(microseconds=1), True, None
        self._seen = now

    async def _scan(self) -> None:
        """Finds copies that show something else than their review is by now, and claims without an outcome."""
        after = ""
        while documents := await self._parts.copies.documents.documents(self._kind, after, PAGE):
            for document in documents:
                now = self._parts.clock.now()
                if document.id not in self._tasks and not self._has_its_time(document, now):
                    await self._remind_of(document, now)
            after = documents[-1].id

    def _has_its_time(self, document: Document, now: datetime) -> bool:
        """Whether it is due, or will be by what somebody wrote since we began: a claim, whose lease runs, or a pause.
        What was claimed before we began is nobody's: the store is ours alone."""
        if document.due_at is None:
            return False
        return document.due_at <= now or (document.at >= self._began and document.due_at - now <= LONGEST_ASKED)

    async def _remind_of(self, document: Document, now: datetime) -> None:
        record = self._opened(document)
        if record is None:
            return
        try:
            looked = await self._parts.look_at(review_of(document.id))
        except LedgerCorrupt as error:
            self._leave_alone(document, error)
            return
        if record.problem in (Problem.GONE, Problem.UNLINKED) or is_unsure(record):
            self._parts.gone(review_of(document.id))
        if looked is None:
            await self._parts.copies.drop(document)
        elif record.sending or next_step(record, looked[0].state, looked[1]) is not Step.REST:
            await self._parts.copies.claim(document, record, now)

    # -- what may be begun --------------------------------------------------------------------------------------------

    async def _take(self, document: Document, *, moved: bool = False) -> float:
        """Begins an attempt where nothing stands in its way; else gives the seconds until it may be tried."""
        id_, place = document.id, place_of(document.id)
        self._kept.pop(id_, None)
        if id_ in self._tasks:
            if moved:
                self._again.add(id_)
            return INTERVAL
        if (record := self._opened(document)) is None:
            return INTERVAL
        if len(self._tasks) >= AT_ONCE:
            await self._room()
        service = self._service(id_, record)
        wait = self._wait(place, service) or self._limits(document, record)
        if not wait:
            self._begin(document, service)
            return INTERVAL
        if moved and document.due_at is None:
            await self._parts.copies.claim(document, record, self._parts.clock.now())
            self._read_at = _AT_ONCE
        elif len(self._kept) < PAGE:
            self._kept[id_] = document
        return wait

    def _service(self, id_: str, record: Record) -> str:
        return self._courier.service_of(self._parts.copies.as_copy(id_, record))

    def _wait(self, place: str, service: str) -> float:
        now = self._now()
        until = self._blocked.get(place)
        if until is not None and until > now:
            return (until - now).total_seconds()
        self._blocked.pop(place, None)
        if self._at_place[place] >= AT_ONCE_PER_PLACE:
            return INTERVAL  # the next that ends wakes us
        return self._circuits.wait(service, self._parts.clock.now())

    def _opened(self, document: Document) -> Record | None:
        """What a copy says; None for one that somebody wrote into the store: it is left alone, and others go on."""
        try:
            return self._parts.copies.opened(document)
        except LedgerCorrupt as error:
            self._leave_alone(document, error)
            return None

    def _leave_alone(self, document: Document, error: LedgerCorrupt) -> None:
        if document.id in self._spoilt or len(self._spoilt) >= MOST_MOVED:
            return
        self._spoilt.add(document.id)
        self._parts.meters.delivery(self._channel, Outcome.SPOILT)
        log.critical("integrity.alarm", because=error.sentence, channel=self._channel.value)

    def _limits(self, document: Document, record: Record) -> float:
        seconds = self._courier.pause(self._parts.copies.as_copy(document.id, record))
        if seconds <= SHORT:
            return 0.0
        if len(self._blocked) >= MOST_MOVED:
            self._blocked.clear()
        self._blocked[place_of(document.id)] = self._now() + timedelta(seconds=seconds)
        return seconds

    def _begin(self, document: Document, service: str) -> None:
        place = place_of(document.id)
        self._circuits.begin(service)
        self._at_place[place] += 1
        task = asyncio.ensure_future(self._attempts.make(document, service))
        self._tasks[document.id] = task
        task.add_done_callback(lambda _: self._ended(document.id))

    def _ended(self, id_: str) -> None:
        del self._tasks[id_]
        self._at_place -= Counter((place_of(id_),))  # what is at nought is forgotten
        if id_ in self._again:
            self._again.discard(id_)
            self.moved(review_of(id_))
        self._wake.set()

    async def _room(self) -> None:
        if self._tasks:
            await asyncio.wait(tuple(self._tasks.values()), return_when=asyncio.FIRST_COMPLETED)
