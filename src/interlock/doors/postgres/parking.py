"""Who has a session with the protected server: slots, a bounded and fair queue for them, and parking.

A server takes so many sessions and no more (`most_sessions`). A client's session that isn't asked for anything, and
whose server session holds nothing that couldn't be had again, gives that one up: when somebody else wants its slot, or
after a minute where its request is held, or where slots are short. It gets another one at its next need.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from typing import Protocol

QUEUE_SECONDS = 10.0  # how long a slot is waited for
MAX_WAITERS = 1_000  # who waits for one connection's slots at once
PARK_SECONDS = 60.0  # how long a resting session keeps its slot though nobody wants it
LOOK_SECONDS = 5.0  # how often it is looked for those
SHARE = 0.75  # of the slots: more than that no actor has at once, where there are at least four
SHORT = 0.75  # slots are short when more than this share of them is taken


class NoSlot(Exception):
    """There is no slot and none came free in time; `sentence` says so to a client (SQLSTATE 53300)."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Parkable(Protocol):
    """What holds a slot and may give it up."""

    def park(self) -> None:
        """Gives the server's session up, and the slot with it."""


class Places(Protocol):
    """Where a session with the server gets its slot: `Slots`, or an actor's `Share` of them."""

    async def take(self) -> None:
        """Takes a slot; raises `NoSlot`."""

    def give(self) -> None:
        """Gives it back."""

    def rests(self, who: Parkable, *, held: bool) -> None:
        """`who` may be parked from now on."""

    def works(self, who: Parkable) -> None:
        """`who` may not be parked any more."""


class Slots:
    """One connection's slots. Who has taken one gives it back with `give`, once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._resting: OrderedDict[Parkable, tuple[float, bool]] = OrderedDict()  # the longest at rest first
        self._look: asyncio.TimerHandle | None = None

    @property
    def taken(self) -> int:
        """Slots that are taken."""
        return self._taken

    @property
    def waiting(self) -> int:
        """Who waits for one."""
        return sum(not waiter.done() for waiter in self._waiting)

    async def take(self) -> None:
        """Takes a slot, parking whoever has been at rest for longest if there is no other; raises `NoSlot`.

        Who came first gets one first.
        """
        if self.waiting >= MAX_WAITERS:
            raise NoSlot("Too many clients wait for a session with the protected system already.")
        if not self.waiting:
            if self._taken < self._most:
                self._taken += 1
                return
            self._park_one()  # gives its slot back before this returns
            if self._taken < self._most:
                self._taken += 1
                return
        await self._queue()

    async def _queue(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        self._park_one()
        try:
            async with asyncio.timeout(QUEUE_SECONDS):
                await waiter
        except BaseException as error:
            if waiter.done() and not waiter.cancelled():
                self.give()  # it came at the very moment that we stopped waiting
            waiter.cancel()
            if isinstance(error, TimeoutError):
                raise NoSlot(
                    f"No session with the protected system came free within {QUEUE_SECONDS:.0f} s:"
                    " all that this connection may have are in use."
                ) from None
            raise

    def give(self) -> None:
        """Gives a slot back: to who waits the longest, if anybody does."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self._taken -= 1

    def rests(self, who: Parkable, *, held: bool) -> None:
        """Says that `who` may be parked from now on. `held`: people look at its request, which may take long."""
        loop = asyncio.get_running_loop()
        self._resting[who] = (loop.time() + PARK_SECONDS, held)
        self._resting.move_to_end(who)
        if self.waiting:
            self._park_one()
        elif self._look is None:
            self._look = loop.call_later(LOOK_SECONDS, self._looked)

    def works(self, who: Parkable) -> None:
        """Says that `who` may not be parked any more."""
        self._resting.pop(who, None)

    def close(self) -> None:
        """Nobody is parked by time any more."""
        if self._look is not None:
            self._look.cancel()
            self._look = None

    def _looked(self) -> None:
        """Parks who has been at rest for long, where that serves somebody."""
        loop = asyncio.get_running_loop()
        short = self._taken > self._most * SHORT
        due = [who for who, (until, held) in self._resting.items() if until <= loop.time() and (held or short)]
        for who in due:
            self._resting.pop(who, None)
            who.park()
        self._look = loop.call_later(LOOK_SECONDS, self._looked) if self._resting else None

    def _park_one(self) -> None:
        if self._resting:
            who, _ = self._resting.popitem(last=False)
            who.park()


class Share:
    """What one actor may have of a connection's slots, so that no actor keeps all others out: slots within slots.

    Who has its share waits for one of its own, and parks one of its own at rest, as everybody does for all.
    """

    def __init__(self, slots: Slots, most: int) -> None:
        self._slots = slots
        self._own = Slots(int(most * SHARE) if most >= 4 else most)

    @property
    def taken(self) -> int:
        """Slots that this actor has, or waits for."""
        return self._own.taken

    async def take(self) -> None:
        """As `Slots.take`, for each of the two."""
        await self._own.take()
        try:
            await self._slots.take()
        except BaseException:
            self._own.give()
            raise

    def give(self) -> None:
        """As `Slots.give`."""
        self._slots.give()
        self._own.give()

    def rests(self, who: Parkable, *, held: bool) -> None:
        """As `Slots.rests`."""
        self._own.rests(who, held=held)
        self._slots.rests(who, held=held)

    def works(self, who: Parkable) -> None:
        """As `Slots.works`."""
        self._own.works(who)
        self._slots.works(who)

    def close(self) -> None:
        """As `Slots.close`."""
        self._own.close()
