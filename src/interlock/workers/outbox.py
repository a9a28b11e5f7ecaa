"""The outbox: for every copy of a card that was asked for, makes what is out there equal to the review as it is now.

It keeps no queue of events. A copy in the store says where it goes and what it shows; when a review moves, its copies
are looked at, and so are all of them at a start. So moves that come fast are told once, as they ended, and nothing is
told twice, wherever we were stopped: `copies` says what is next, `lane` does it, one lane a courier.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from interlock.desk import Desk
from interlock.errors import LedgerCorrupt
from interlock.model.channels import Channel, Destination
from interlock.model.document import Document
from interlock.model.names import ReviewId
from interlock.ports import Clock, Courier, Documents, Ledger, Sealer
from interlock.workers.adopter import Moves
from interlock.workers.attempts import Parts
from interlock.workers.copies import Copies, Problem, Record, copy_id, kind_of
from interlock.workers.lane import Lane
from interlock.workers.meters import Backlog, Meters
from interlock.workers.moves import follow

MOST_TROUBLED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a copy got. `delivered`: there is a message. `problem`: why there won't be, or nobody can know.
    `away`: for how long the service of one that waits has been away."""

    delivered: bool
    problem: Problem
    away: timedelta


class Outbox:
    """Takes copies to their destinations and keeps them as their reviews are."""

    def __init__(
        self,
        couriers: Sequence[Courier],
        *,
        desk: Desk,
        documents: Documents,
        ledger: Ledger,
        sealer: Sealer,
        clock: Clock,
        meters: Meters,
    ) -> None:
        """At most one courier a channel."""
        self._desk, self._clock = desk, clock
        self._copies = Copies(documents, ledger, sealer, clock)
        self._troubled: dict[ReviewId, None] = {}
        parts = Parts(desk, self._copies, clock, meters, self._note_trouble)
        self._lanes = {each.channel: Lane(each, parts) for each in couriers}
        meters.watch(self.backlog, self._pending)

    @property
    def channels(self) -> frozenset[Channel]:
        """Those that there is a courier for."""
        return frozenset(self._lanes)

    # -- what is asked of it ------------------------------------------------------------------------------------------

    async def want(self, review: ReviewId, destination: Destination, reminders: int = 0) -> bool:
        """From now on there is a copy of this review there; False where it was wanted already, or no courier goes
        there. `reminders`: how many would be due by now, and won't be sent. Raises `LedgerUnavailable`."""
        lane = self._lanes.get(destination.channel)
        if lane is None or not await self._copies.add(review, destination, reminders):
            return False
        lane.look()
        return True

    async def remind(self, review: ReviewId, destination: Destination, number: int) -> None:
        """There has to be a `number`th reminder by now; those that weren't sent yet become one. Raises
        `LedgerUnavailable`."""
        lane, kind, id_ = (
            self._lanes.get(destination.channel),
            kind_of(destination.channel),
            copy_id(review, destination),
        )
        found = await self._copies.documents.document(kind, id_) if lane is not None else None
        record = self._opened(found)
        if lane is None or found is None or record is None or record.asked >= number:
            return

        def asked(document: Document, record: Record) -> tuple[Record, datetime | None]:
            due_at = document.due_at if document.due_at is not None else self._clock.now()
            return replace(record, asked=max(record.asked, number)), due_at

        await self._copies.change(found, asked)
        lane.look()

    async def again(self, review: ReviewId, destination: Destination) -> bool:
        """Somebody who had no linked account may have one by now: it is tried again. False where that isn't why it
        failed. Raises `LedgerUnavailable`."""
        kind, id_ = kind_of(destination.channel), copy_id(review, destination)
        lane, found = self._lanes.get(destination.channel), await self._copies.documents.document(kind, id_)
        record = self._opened(found)
        if lane is None or found is None or record is None or record.problem != Problem.UNLINKED:
            return False
        if await self._copies.claim(found, replace(record, problem=Problem.NONE.value), self._clock.now()) is not None:
            lane.look()
        return True

    # -- how it stands ------------------------------------------------------------------------------------------------

    async def standing(self, review: ReviewId, destination: Destination) -> Standing | None:
        """How far the copy got; None where there is none."""
        document = await self._copies.documents.document(kind_of(destination.channel), copy_id(review, destination))
        if document is None:
            return None
        record, lane = self._opened(document), self._lanes.get(destination.channel)
        if record is None:
            return Standing(False, Problem.GONE, timedelta(0))  # nothing will come of it
        away = lane.away(document.id, record) if lane is not None else None
        return Standing(record.is_delivered, Problem(record.problem), away or timedelta(0))

    def away(self, channel: Channel) -> timedelta:
        """For how long the channel's service (of several, the one that is away the longest) hasn't answered."""
        lane = self._lanes.get(channel)
        return lane.away_longest() if lane is not None else timedelta(0)

    def take_troubled(self) -> Sequence[ReviewId]:
        """The reviews with a destination that turned out to take nothing any more, since this was asked last."""
        found, self._troubled = tuple(self._troubled), {}
        return found

    async def backlog(self) -> Mapping[Channel, Backlog]:
        """What waits, by channel. Raises `LedgerUnavailable`."""
        found = {}
        for channel, lane in self._lanes.items():
            queued, first = await self._copies.documents.documents_waiting(kind_of(channel))
            lag = (self._clock.now() - first).total_seconds() if first is not None else 0.0
            found[channel] = Backlog(queued, max(lag, 0.0), lane.away_longest().total_seconds())
        return found

    def _pending(self) -> int:
        return sum(1 for _ in self._desk.authority.pending())

    def _opened(self, document: Document | None) -> Record | None:
        """None also for one that isn't ours: its lane tells of it."""
        try:
            return None if document is None else self._copies.opened(document)
        except LedgerCorrupt:
            return None

    def _note_trouble(self, review: ReviewId) -> None:
        if len(self._troubled) < MOST_TROUBLED:
            self._troubled[review] = None

    # -- running ------------------------------------------------------------------------------------------------------

    async def run(self, listen: Callable[[], Moves], stop: asyncio.Event) -> None:
        """Delivers until `stop`. What is under way then has a few seconds to end; else it has no outcome, as if we had
        been killed."""
        lanes = self._lanes.values()
        async with asyncio.TaskGroup() as group:
            for lane in lanes:
                group.create_task(lane.run(stop))
            group.create_task(follow(listen, stop, self.moved, self.look_at_all))

    async def moved(self, reviews: Sequence[ReviewId]) -> None:
        """These may have moved."""
        for lane in self._lanes.values():
            for review in reviews:
                lane.moved(review)

    async def look_at_all(self) -> None:
        """Any may have moved."""
        for lane in self._lanes.values():
            lane.look_at_all()

    async def deliver(self) -> None:
        """Begins what can be begun now, and returns once nothing is under way."""
        for lane in self._lanes.values():
            await lane.work()
        for lane in self._lanes.values():
            await lane.settled()

    async def close(self) -> None:
        """Ends what is under way; for whoever didn't use `run`."""
        for lane in self._lanes.values():
            await lane.close()
