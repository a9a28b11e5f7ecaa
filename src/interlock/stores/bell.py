"""Tells waiters that a review has moved."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final
from weakref import WeakSet

from interlock.model.names import ReviewId

RECENT_SECONDS: Final = 0.1
LOOK_AGAIN_SECONDS: Final = 0.01
LISTENER_LIMIT: Final = 4096
"""How many different reviews may wait in one listener; beyond that it is ended, and its reader starts anew."""


class Listener:
    """Reviews as they move. A review that is waiting to be taken isn't queued twice: repeats merge, none is lost.

    Iteration ends after `aclose`, or once the listener is so slow that `LISTENER_LIMIT` different reviews wait in it:
    then the reader must look at all reviews anew.
    """

    def __init__(self) -> None:
        self._waiting: dict[ReviewId, None] = {}  # a queue without repeats: dicts keep their order
        self._moved = asyncio.Event()
        self._ended = False

    def __aiter__(self) -> Listener:
        return self

    async def __anext__(self) -> ReviewId:
        while not self._waiting:
            if self._ended:
                raise StopAsyncIteration
            self._moved.clear()
            await self._moved.wait()
        review = next(iter(self._waiting))
        del self._waiting[review]
        return review

    async def aclose(self) -> None:
        """Ends the iteration."""
        self.end()

    def end(self) -> None:
        """Ends the iteration once what waits is taken."""
        self._ended = True
        self._moved.set()

    def tell(self, review: ReviewId) -> None:
        """Queues `review` for the reader."""
        if self._ended:
            return
        self._waiting[review] = None
        self._moved.set()
        if len(self._waiting) >= LISTENER_LIMIT:
            self.end()


class LocalBell:
    """`ports.Bell` within one process and one event loop."""

    def __init__(self) -> None:
        self._waiters: dict[ReviewId, set[asyncio.Future[None]]] = {}
        self._listeners: WeakSet[Listener] = WeakSet()
        self._recent: dict[ReviewId, float] = {}
        self._order: deque[tuple[float, ReviewId]] = deque()

    async def wait(self, review: ReviewId, seconds: float) -> None:
        """Returns when the review may have moved, or after `seconds`.

        A ring between the caller's look at the store and this call would be lost; so a review that rang a moment ago
        makes the wait a short one.
        """
        loop = asyncio.get_running_loop()
        rung = self._recent.get(review)
        if rung is not None and loop.time() - rung < RECENT_SECONDS:
            seconds = min(seconds, LOOK_AGAIN_SECONDS)
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiters.setdefault(review, set()).add(waiter)
        late = loop.call_later(max(seconds, 0), _wake, waiter)  # not asyncio.wait: thousands wait here
        try:
            await waiter
        finally:
            late.cancel()
            waiter.cancel()
            waiting = self._waiters.get(review)
            if waiting is not None:
                waiting.discard(waiter)
                if not waiting:
                    del self._waiters[review]

    def ring(self, review: ReviewId) -> None:
        """Wakes whoever waits for this review, and every listener. Called on the event loop's thread."""
        self._remember(review, asyncio.get_running_loop().time())
        for waiter in self._waiters.pop(review, ()):
            _wake(waiter)
        for listener in tuple(self._listeners):
            listener.tell(review)

    def listen(self) -> Listener:
        """Reviews as they move from now on, until the listener is closed or dropped."""
        listener = Listener()
        self._listeners.add(listener)
        return listener

    def close(self) -> None:
        """Ends every listener, so that whoever streams from one can finish."""
        for listener in tuple(self._listeners):
            listener.end()

    def _remember(self, review: ReviewId, now: float) -> None:
        while self._order and now - self._order[0][0] >= RECENT_SECONDS:
            then, old = self._order.popleft()
            if self._recent.get(old) == then:
                del self._recent[old]
        self._recent[review] = now
        self._order.append((now, review))


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
