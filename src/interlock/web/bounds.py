"""Bounds: how fast one caller may ask, how fast an address may guess, and how many may listen."""

from __future__ import annotations

import hashlib
import ipaddress
import math
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from interlock.ports import Clock
from interlock.web.problems import Refused

BURST = 120  # requests at once
PER_SECOND = 20.0  # and so many a second after that
MAX_CALLERS = 4096  # callers remembered; the longest silent is forgotten first
GUESSES = 20  # credentials that an address may get wrong at once
GUESSES_PER_SECOND = 0.2  # and so many after that
MAX_KNOWN = 4096  # credentials that were right lately, remembered by their hash
MAX_LISTENERS = 256  # event streams in all
MAX_LISTENERS_PER_CALLER = 12  # browser windows of one person, roughly


class Left(NamedTuple):
    """What is left of a caller's quota: requests, and whole seconds until all of it is back."""

    quota: int
    window: int
    remaining: int
    reset: int

    def headers(self) -> dict[str, str]:
        """draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4."""
        return {
            "RateLimit-Policy": f'"requests";q={self.quota};w={self.window}',
            "RateLimit": f'"requests";r={self.remaining};t={self.reset}',
        }


class Rate:
    """A token bucket for each authenticated caller: one caller's haste never slows another."""

    def __init__(self, clock: Clock, burst: float = BURST, per_second: float = PER_SECOND) -> None:
        self._clock = clock
        self._burst = burst
        self._per_second = per_second
        self._buckets: OrderedDict[str, tuple[float, datetime]] = OrderedDict()

    def left(self, who: str) -> Left:
        """What `who` has left, without counting anything."""
        left, at = self._buckets.get(who, (self._burst, self._clock.now()))
        left = min(self._burst, left + max(0.0, (self._clock.now() - at).total_seconds()) * self._per_second)
        reset = math.ceil((self._burst - left) / self._per_second)
        return Left(int(self._burst), math.ceil(self._burst / self._per_second), int(left), reset)

    def take(self, who: str) -> None:
        """Counts one request; raises `Refused` (429) when `who` has used up the burst."""
        now = self._clock.now()
        left, at = self._buckets.pop(who, (self._burst, now))
        left = min(self._burst, left + max(0.0, (now - at).total_seconds()) * self._per_second)
        self._buckets[who] = (left - 1 if left >= 1 else left, now)
        if len(self._buckets) > MAX_CALLERS:
            self._buckets.popitem(last=False)
        if left < 1:
            wait = max(1, math.ceil((1 - left) / self._per_second))
            raise Refused(429, "too_fast", "Too many requests. Wait a moment and ask again.", retry_after=wait)


class Guesses:
    """Slows whoever guesses credentials: an address that got many wrong is refused before the next one is looked at.

    A credential that was right lately is looked at whatever its address did, so that a neighbour's guessing (behind one
    proxy, all addresses are one) locks nobody out.
    """

    def __init__(self, clock: Clock, burst: float = GUESSES, per_second: float = GUESSES_PER_SECOND) -> None:
        self._wrong = Rate(clock, burst, per_second)
        self._known: OrderedDict[bytes, None] = OrderedDict()

    def check(self, address: str, credential: str) -> None:
        """Raises `Refused` (429) when this address has guessed too often and the credential isn't one we know."""
        left = self._wrong.left(network(address))
        if left.remaining < 1 and _hash(credential) not in self._known:
            sentence = "Too many credentials from this address weren't accepted. Wait, and try again."
            raise Refused(429, "too_many_failures", sentence, retry_after=math.ceil(1 / GUESSES_PER_SECOND))

    def wrong(self, address: str, credential: str) -> None:
        """Counts one that wasn't accepted."""
        self._known.pop(_hash(credential), None)
        try:
            self._wrong.take(network(address))
        except Refused:
            return  # a known credential that has just ended; the next will be refused

    def right(self, credential: str) -> None:
        """Remembers one that was accepted; beyond `MAX_KNOWN` the longest unused is forgotten."""
        self._known[_hash(credential)] = None
        self._known.move_to_end(_hash(credential))
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)


def network(address: str, bits: int = 64) -> str:
    """What counts as one address: an IPv4 address, or an IPv6 network of 64 bits; with 48 the whole of a site, since
    anybody may have thousands of the former."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, bits), strict=False))
    return str(found)


def _hash(credential: str) -> bytes:
    return hashlib.sha256(credential.encode("utf-8", "surrogatepass")).digest()


class Listeners:
    """Counts open event streams."""

    def __init__(self, most: int = MAX_LISTENERS, most_each: int = MAX_LISTENERS_PER_CALLER) -> None:
        self._most = most
        self._most_each = most_each
        self._open: Counter[str] = Counter()

    @contextmanager
    def seat(self, who: str) -> Iterator[None]:
        """Holds one place; raises `Refused` (503) when there is none."""
        if self._open.total() >= self._most or self._open[who] >= self._most_each:
            raise Refused(503, "too_many_listeners", "Too many event streams are open. Close one, or ask again later.")
        self._open[who] += 1
        try:
            yield
        finally:
            self._open[who] -= 1
            if not self._open[who]:
                del self._open[who]
