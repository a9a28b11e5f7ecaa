"""Tasting: a text never seen is parsed by another process first, and by the gateway only once that has survived it.

    text -> seen before? -> the child parses it -> survived: the gateway parses it too
                                                -> died twice, or took too long: refused, and never tried again

The native parser is C and reads what clients send. What makes it crash would otherwise take the gateway along, with
every held action's wait and every other client's result. Parsing has no state, so what one process survives the other
does; the child's stack is smaller than the gateway's, so that it overflows first.

A child that dies is made anew. Whatever it was given then is tried once more, for it may have been killed by somebody
else. Where no child can be had, nothing that wasn't seen before is read: closed by default.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import OrderedDict
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any, Final, Protocol

import structlog

from interlock.doors.postgres.tasting_child import READY, SURVIVED
from interlock.sql.parse import MAX_TEXT
from interlock.sql.unparsable import TOO_COMPLEX, Unparsable

COMMAND: Final = (sys.executable, "-I", "-m", "interlock.doors.postgres.tasting_child")
SECONDS: Final = 5.0  # that a text may take; the longest within our limits took a third of one
START_SECONDS: Final = 30.0
END_SECONDS: Final = 1.0  # for a child to leave by itself
MAX_WAITING: Final = 1_000  # texts in one line: more clients than that send something new at the same moment
SHORT: Final = 16 * 1024  # bytes; longer texts wait in a line of their own
MAX_SEEN: Final = 50_000  # digests of texts, some 150 bytes each
MAX_FATAL: Final = 5_000
MAX_PAUSE: Final = 5.0  # seconds before another child, after many that died without surviving anything

log = structlog.get_logger()


class Tastes(Protocol):
    """What says whether a text may be parsed in this process."""

    async def taste(self, text: bytes) -> None:
        """Returns once the text may be parsed; raises `Unparsable` where it may not."""

    def may_parse(self, text: bytes) -> bool:
        """Whether this text was tasted, and survived."""

    def unforeseen(self) -> None:
        """Counts a text that our own reading failed on."""


class _Verdict(Enum):
    SURVIVED = "survived"
    DIED = "died"
    TOO_SLOW = "too_slow"


@dataclass(slots=True)
class Tasted:
    """What has happened so far, for `/metrics`: texts that children survived, that killed two of them, that took too
    long; children that were started; texts that couldn't be tasted because there was none; and texts that our own
    reading failed on behind the parser."""

    survived: int = 0
    fatal: int = 0
    too_slow: int = 0
    children: int = 0
    untasted: int = 0
    unforeseen: int = 0

    def counts(self) -> Mapping[str, int]:
        """What came of texts, by name."""
        found = asdict(self)
        del found["children"]
        return found


class Taster:
    """Both lines of one process, and the texts that were tasted already. `close` it.

    `key` keeps digests of texts from meaning anything outside this process. `command` is what a child is.
    """

    def __init__(self, key: bytes, command: Sequence[str] = COMMAND, seconds: float = SECONDS) -> None:
        self.figures = Tasted()
        self._key = key
        self._lines = [_Line(command, seconds, self.figures) for _ in range(2)]
        self._seen: OrderedDict[bytes, None] = OrderedDict()
        self._fatal: OrderedDict[bytes, None] = OrderedDict()

    def warm(self) -> None:
        """Starts the child for short texts, so that the first needn't wait for it."""
        self._lines[0].warm()

    @property
    def children(self) -> list[int]:
        """The process ids of the children that run."""
        return [line.pid for line in self._lines if line.pid is not None]

    async def taste(self, text: bytes) -> None:
        """See `Tastes`."""
        if len(text) > MAX_TEXT:
            return  # refused before any parser sees it
        digest = self._digest(text)
        if digest in self._seen:
            self._seen.move_to_end(digest)
            return
        if digest in self._fatal:
            raise _fatal()
        match await self._lines[len(text) > SHORT].taste(text):
            case _Verdict.SURVIVED:
                self.figures.survived += 1
                _remember(self._seen, digest, MAX_SEEN)
                return
            case _Verdict.DIED:
                self.figures.fatal += 1
            case _Verdict.TOO_SLOW:
                self.figures.too_slow += 1
        _remember(self._fatal, digest, MAX_FATAL)
        log.error("tasting.refused", bytes=len(text), fatal=self.figures.fatal, too_slow=self.figures.too_slow)
        raise _fatal()

    def may_parse(self, text: bytes) -> bool:
        """See `Tastes`. What is too long is refused by itself, before any parser."""
        return len(text) > MAX_TEXT or self._digest(text) in self._seen

    def unforeseen(self) -> None:
        """See `Tastes`."""
        self.figures.unforeseen += 1

    def _digest(self, text: bytes) -> bytes:
        return hashlib.blake2b(text, digest_size=16, key=self._key).digest()

    async def close(self) -> None:
        """Ends the children; what waits is refused."""
        for line in self._lines:
            await line.close()


class _Line:
    """Texts one behind the other, and the child that tastes them."""

    def __init__(self, command: Sequence[str], seconds: float, figures: Tasted) -> None:
        self._command, self._seconds, self._figures = tuple(command), seconds, figures
        self._child: Process | None = None
        self._one_at_a_time = asyncio.Lock()
        self._waiting = 0
        self._failures = 0  # children that died or didn't come up since one survived something
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child is not None and self._child.returncode is None else None

    def warm(self) -> None:
        async def start() -> None:
            async with self._one_at_a_time:
                await self._ready()

        self._kept(start()).add_done_callback(lambda task: task.cancelled() or task.exception())

    async def taste(self, text: bytes) -> _Verdict:
        if self._waiting >= MAX_WAITING or self._closed:
            raise self._none("too many new statements wait to be parsed; try again")
        self._waiting += 1
        try:  # a client that leaves doesn't take the child's answer along
            return await asyncio.shield(self._kept(self._tasted(text)))
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        self._closed = True
        self._end()
        while self._tasks:
            await asyncio.wait(tuple(self._tasks))

    async def _tasted(self, text: bytes) -> _Verdict:
        async with self._one_at_a_time:
            for _ in range(2):
                child = await self._ready()
                try:
                    async with asyncio.timeout(self._seconds):
                        survived = await _asked(child, text)
                except TimeoutError:
                    self._end(at_once=True)
                    return _Verdict.TOO_SLOW
                if survived:
                    self._failures = 0
                    return _Verdict.SURVIVED
                self._end()
            return _Verdict.DIED

    async def _ready(self) -> Process:
        """A child that waits for a text; raises `Unparsable` when none can be had."""
        if self._child is not None and self._child.returncode is None:
            return self._child
        if self._closed:
            raise self._none("the gateway ends")
        if self._failures > 2:  # one text that kills two is no reason to let others wait
            await asyncio.sleep(min(MAX_PAUSE, 0.05 * 2 ** min(self._failures, 16)))
        self._failures += 1
        try:
            async with asyncio.timeout(START_SECONDS):
                self._child = child = await asyncio.create_subprocess_exec(
                    *self._command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={}, cwd="/", start_new_session=True
                )
                assert child.stdout is not None
                ready = await child.stdout.read(1)
        except (OSError, TimeoutError):
            ready = b""
        if ready != READY or self._closed:
            self._end()
            raise self._none("the process that parses new statements can't be started")
        self._figures.children += 1
        return child

    def _none(self, sentence: str) -> Unparsable:
        self._figures.untasted += 1
        log.error("tasting.none", because=sentence)
        return Unparsable(sentence, sqlstate="53000")

    def _end(self, *, at_once: bool = False) -> None:
        child, self._child = self._child, None
        if child is not None:
            self._kept(_gone(child, at_once))

    def _kept(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _asked(child: Process, text: bytes) -> bool:
    """Whether the child has survived the text."""
    assert child.stdin is not None
    assert child.stdout is not None
    if child.stdin.is_closing():  # it died a moment ago; uvloop's pipes raise a RuntimeError when written to then
        return False
    try:
        child.stdin.write(len(text).to_bytes(4) + text)
        return await child.stdout.read(1) == SURVIVED
    except OSError:
        return False


async def _gone(child: Process, at_once: bool) -> None:
    """Ends a child. One that lives leaves when its input ends; asking after one that died would reap it unseen."""
    assert child.stdin is not None
    child.stdin.close()
    if not at_once:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                await child.wait()
                return
    if child.returncode is None:
        child.kill()
    await child.wait()


def _fatal() -> Unparsable:
    return Unparsable("the parser doesn't get through the statement; write it in another way", sqlstate=TOO_COMPLEX)


def _remember(known: OrderedDict[bytes, None], digest: bytes, most: int) -> None:
    known[digest] = None
    while len(known) > most:
        known.popitem(last=False)
