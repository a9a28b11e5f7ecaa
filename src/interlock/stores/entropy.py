"""Randomness and ids from the operating system."""

from __future__ import annotations

import os
import threading
import time
from typing import Final

_RANDOM_BITS: Final = 74  # RFC 9562 section 5.7: rand_a (12 bits) and rand_b (62 bits)
_STEP_BITS: Final = 32  # how far two ids of one millisecond lie apart at most
_POOL: Final = 4_096  # bytes asked of the operating system at once, for ids alone: a system call costs more than an id


class SystemEntropy:
    """`os.urandom`, and UUIDv7s that rise within the process. Safe to use from several threads."""

    __slots__ = ("_at", "_last_ms", "_last_random", "_lock", "_pool", "_process")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last_ms = 0
        self._last_random = 0
        self._pool = b""
        self._at = 0
        self._process = 0

    def token(self, size: int) -> bytes:
        """`size` random bytes straight from the operating system."""
        return os.urandom(size)

    def uuid7(self) -> str:
        """A new UUIDv7, larger than every earlier one of this process (RFC 9562 section 6.2, method 2).

        Within a millisecond, or while the clock stands back, the random part grows by a random step; so ids stay
        unguessable and in order.
        """
        with self._lock:
            ms, random = self._next(time.time_ns() // 1_000_000)
            self._last_ms, self._last_random = ms, random
        high = (ms << 16) | 0x7000 | (random >> 62)
        low = (0b10 << 62) | (random & ((1 << 62) - 1))
        digits = f"{high:016x}{low:016x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def _next(self, ms: int) -> tuple[int, int]:
        if ms > self._last_ms:
            # The top bit starts clear, so that steps don't run over within any real millisecond.
            return ms, int.from_bytes(self._take(10)) >> (80 - _RANDOM_BITS + 1)
        random = self._last_random + 1 + int.from_bytes(self._take(_STEP_BITS // 8))
        if random >> _RANDOM_BITS:
            return self._last_ms + 1, int.from_bytes(self._take(10)) >> (80 - _RANDOM_BITS + 1)
        return self._last_ms, random

    def _take(self, size: int) -> bytes:
        """Random bytes that were never given before. A forked process doesn't go on with its parent's."""
        start, stop = self._at, self._at + size
        if stop > len(self._pool) or self._process != os.getpid():
            self._pool, self._process = os.urandom(_POOL), os.getpid()
            start, stop = 0, size
        self._at = stop
        return self._pool[start:stop]
