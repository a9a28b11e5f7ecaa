"""The one writer: a thread that takes what waits, makes it durable in one transaction, and takes what came meanwhile.

Group commit without a timer: while a COMMIT is in flight the next batch collects. Callers queue from the event loop and
are answered there, one wake-up of the loop a batch. The queue is bounded; beyond it the answer is no, at once.

Endings, for which nobody waits, don't begin a flush of their own for some milliseconds: most go with the next release,
and so a statement costs about one flush (one signature, one sync, two hand-overs between threads) and not two.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from interlock.errors import EntryRefused, InterlockError, LedgerUnavailable
from interlock.model.change import Unit
from interlock.ports import Receipt
from interlock.stores.flush import Answer, Flushed, Flusher
from interlock.stores.jobs import BATCH_BYTES, BATCH_ENTRIES, Job, Publish, make_ready, may_wait, weigh

QUEUE_BYTES: Final = 64 << 20  # what may wait altogether, sealed payloads included
PATIENCE_SECONDS: Final = 0.005  # how long endings wait for others to be flushed with
PATIENT_ENTRIES: Final = BATCH_ENTRIES // 4  # so many endings wait no longer

Settle = Callable[[Flushed], None]
"""Called on the event loop for each batch, before its callers: what must know of new entries before they do."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    job: Job
    answer: asyncio.Future[Receipt]
    entries: int
    bytes: int
    patient: bool


class Writer:
    """Owns the flusher and its thread. All methods belong to the event loop it was made on; `settle` runs there too."""

    def __init__(
        self, flusher: Flusher, *, queue_limit: int, settle: Settle, patience: float = PATIENCE_SECONDS
    ) -> None:
        self._flusher = flusher
        self._limit = queue_limit
        self._settle = settle
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._queue: deque[_Waiting] = deque()
        self._queued_entries = 0
        self._queued_bytes = 0
        self._urgent = 0  # jobs in the queue that aren't patient
        self._closing: InterlockError | None = None
        self._changed = threading.Condition(threading.Lock())
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, job: Unit | Publish) -> asyncio.Future[Receipt]:
        """Queues `job` behind all earlier ones; the future is answered once it is durable or refused."""
        answer: asyncio.Future[Receipt] = self._loop.create_future()
        try:
            ready = make_ready(job) if isinstance(job, Unit) else job
            self._put(_Waiting(ready, answer, *weigh(ready), patient=may_wait(ready)))
        except (EntryRefused, LedgerUnavailable) as refusal:
            answer.set_exception(refusal)
        return answer

    def refuse(self, because: InterlockError) -> None:
        """From now on every job is refused with `because`, those that wait as well."""
        with self._changed:
            self._closing = because
            refused, self._queue = self._queue, deque()
            self._queued_entries = self._queued_bytes = self._urgent = 0
            self._changed.notify()
        for waiting in refused:
            _answer(waiting.answer, because)

    async def close(self, seconds: float) -> None:
        """Writes what is queued, for at most `seconds`; what is left then is refused. Then the thread ends."""
        closed = LedgerUnavailable("the ledger is closed")
        with self._changed:
            self._closing = self._closing or closed
            self._changed.notify()
        try:
            await asyncio.wait_for(self._ended.wait(), seconds)
        except TimeoutError:
            self.refuse(closed)
            await self._ended.wait()  # at most one flush is under way, bounded by SQLite's busy timeout
        self._thread.join()

    def _put(self, waiting: _Waiting) -> None:
        with self._changed:
            if self._closing is not None:
                raise _again(self._closing)
            if self._queued_entries + waiting.entries > self._limit or self._queued_bytes + waiting.bytes > QUEUE_BYTES:
                raise LedgerUnavailable("too much is waiting for the ledger already; try again")
            self._queue.append(waiting)
            self._queued_entries += waiting.entries
            self._queued_bytes += waiting.bytes
            self._urgent += not waiting.patient
            if not waiting.patient or len(self._queue) == 1 or self._queued_entries >= PATIENT_ENTRIES:
                self._changed.notify()

    def _run(self) -> None:
        try:
            while batch := self._take():
                flushed = self._flusher.flush([waiting.job for waiting in batch])
                self._tell(self._deliver, batch, flushed)
        finally:
            self._flusher.close()
            self._tell(self._ended.set)

    def _tell(self, call: Callable[..., None], *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody is left to answer
            self._loop.call_soon_threadsafe(call, *arguments)

    def _take(self) -> Sequence[_Waiting]:
        """The next batch, in order; waits for one. Empty when the writer is closing and nothing is left."""
        batch: list[_Waiting] = []
        entries = size = 0
        with self._changed:
            while not self._queue and self._closing is None:
                self._changed.wait()
            self._await_company()
            while self._queue:
                first = self._queue[0]
                # One place is kept for the flush's seal.
                if batch and (entries + first.entries >= BATCH_ENTRIES or size + first.bytes > BATCH_BYTES):
                    break
                batch.append(self._queue.popleft())
                entries += first.entries
                size += first.bytes
                self._urgent -= not first.patient
            self._queued_entries -= entries
            self._queued_bytes -= size
        return batch

    def _await_company(self) -> None:
        """While only endings are queued: waits for something urgent, or for so many or so long that they are due."""
        due = time.monotonic() + self._patience
        while self._queue and not self._urgent and self._closing is None and self._queued_entries < PATIENT_ENTRIES:
            left = due - time.monotonic()
            if left <= 0:
                return
            self._changed.wait(left)

    def _deliver(self, batch: Sequence[_Waiting], flushed: Flushed) -> None:
        """On the event loop: the entries are told to `settle` first, then the callers are answered."""
        answers: Sequence[Answer] = flushed.answers
        try:
            self._settle(flushed)
        except Exception as error:
            # Durable, but not known to whoever decides by it: from here on every answer would rest on a gap.
            refusal = LedgerUnavailable(f"the ledger stops: what it wrote wasn't taken in ({type(error).__name__})")
            self.refuse(refusal)
            answers = [refusal] * len(batch)
        for waiting, answer in zip(batch, answers, strict=True):
            _answer(waiting.answer, answer)


def _answer(future: asyncio.Future[Receipt], answer: Answer) -> None:
    if future.done():  # its caller went away
        return
    if isinstance(answer, Receipt):
        future.set_result(answer)
    else:
        future.set_exception(_again(answer))


def _again(error: InterlockError) -> InterlockError:
    """An exception for each caller: one that several tasks raise would gather all their tracebacks."""
    return type(error)(error.sentence, code=error.code)
