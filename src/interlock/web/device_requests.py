"""Requests of devices that can't show a browser (RFC 8628): what a terminal asks for and a person then confirms.

In memory, of this node: who asks again after a restart gets a new code. Few at once, each for ten minutes. When there
is no room left, the site that asked for most loses its oldest: nobody keeps others out by asking often.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from interlock.model.names import PersonId
from interlock.ports import Clock
from interlock.web.bounds import network
from interlock.web.problems import Refused

ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"  # RFC 8628 section 6.1: no vowels, no words; 20^8 codes
LETTERS: Final = 8
LIFETIME: Final = timedelta(minutes=10)
INTERVAL: Final = 5  # seconds between two polls (RFC 8628 section 3.2), and what `slow_down` adds
LONGEST: Final = timedelta(hours=8)  # of a login
MAX_WAITING: Final = 500
MAX_OF_ONE_ADDRESS: Final = 20
MAX_OF_ONE_SITE: Final = 100  # of an IPv6 network of 48 bits: a site has 65,536 of 64
_SITE: Final = 48
_SLACK: Final = timedelta(seconds=0.5)  # a poll a little early, for the network's sake


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """One request. `address` asked for it; `lasts` is how long the login is to be good for.

    `after` is how often all sessions of `confirmed_by` had been ended when one of them confirmed it.
    """

    code: str
    device: str = field(repr=False)  # SHA-256 (hex) of the device code
    address: str
    asked_at: datetime
    expires_at: datetime
    lasts: timedelta
    interval: int = INTERVAL
    polled_at: datetime | None = None
    confirmed_by: PersonId | None = None
    after: int = 0
    denied: bool = False


class NotYet(Enum):
    """Why a device gets nothing (RFC 8628 section 3.5)."""

    PENDING = auto()
    TOO_FAST = auto()
    DENIED = auto()
    OVER = auto()  # expired, used or never given out: nobody is told which


class DeviceRequests:
    """Those that wait."""

    def __init__(self, clock: Clock, most: int = MAX_WAITING, most_of_one: int = MAX_OF_ONE_ADDRESS) -> None:
        self._clock, self._most, self._most_of_one = clock, most, most_of_one
        self._by_code: dict[str, DeviceRequest] = {}
        self._by_device: dict[str, str] = {}  # hash of the device code -> user code

    def begin(self, address: str, lasts: timedelta) -> tuple[str, DeviceRequest]:
        """(the device code, the request); raises `Refused` (429) when too many of this address or site wait."""
        self._forget()
        if self._is_greedy(address) or (len(self._by_code) >= self._most and not self._make_room()):
            sentence = "Too many logins wait to be confirmed. Finish one, or try again in ten minutes."
            raise Refused(429, "too_many_logins", sentence, retry_after=60)
        device = secrets.token_urlsafe(32)
        code = self._new_code()
        now = self._clock.now()
        request = DeviceRequest(code, _hash(device), address, now, now + LIFETIME, min(lasts, LONGEST))
        self._by_code[code] = request
        self._by_device[request.device] = code
        return device, request

    def find(self, code: str) -> DeviceRequest | None:
        """The request of a user code that nobody has answered yet."""
        self._forget()
        found = self._by_code.get(code)
        return found if found is not None and found.confirmed_by is None and not found.denied else None

    def confirm(self, code: str, person: PersonId, after: int = 0) -> bool:
        """Answers yes for this person; False when there is nothing to answer any more."""
        found = self.find(code)
        if found is None:
            return False
        self._by_code[code] = replace(found, confirmed_by=person, after=after)
        return True

    def deny(self, code: str) -> bool:
        """Answers no; False when there is nothing to answer any more."""
        found = self.find(code)
        if found is None:
            return False
        self._by_code[code] = replace(found, denied=True)
        return True

    def poll(self, device: str) -> DeviceRequest | NotYet:
        """The confirmed request, once and never again; else why not."""
        self._forget()
        code = self._by_device.get(_hash(device))
        if code is None:
            return NotYet.OVER
        found, now = self._by_code[code], self._clock.now()
        if found.polled_at is not None and now - found.polled_at < timedelta(seconds=found.interval) - _SLACK:
            self._by_code[code] = replace(found, polled_at=now, interval=found.interval + INTERVAL)
            return NotYet.TOO_FAST
        if found.confirmed_by is None and not found.denied:
            self._by_code[code] = replace(found, polled_at=now)
            return NotYet.PENDING
        self._drop(found)
        return NotYet.DENIED if found.denied else found

    def _is_greedy(self, address: str) -> bool:
        asked = [each.address for each in self._by_code.values()]
        of_one = sum(network(each) == network(address) for each in asked)
        of_site = sum(network(each, _SITE) == network(address, _SITE) for each in asked)
        return of_one >= self._most_of_one or of_site >= MAX_OF_ONE_SITE

    def _make_room(self) -> bool:
        """Forgets the oldest request that nobody has confirmed of the site that has most of these; False when all are
        confirmed."""
        waiting = [each for each in self._by_code.values() if each.confirmed_by is None]
        of_site = Counter(network(each.address, _SITE) for each in waiting)
        if not waiting:
            return False
        most = max(of_site.values())
        self._drop(next(each for each in waiting if of_site[network(each.address, _SITE)] == most))
        return True

    def _forget(self) -> None:
        now = self._clock.now()
        for request in [each for each in self._by_code.values() if each.expires_at <= now]:
            self._drop(request)

    def _drop(self, request: DeviceRequest) -> None:
        del self._by_code[request.code]
        del self._by_device[request.device]

    def _new_code(self) -> str:
        while True:
            code = "".join(secrets.choice(ALPHABET) for _ in range(LETTERS))
            if code not in self._by_code:
                return code


def shown(code: str) -> str:
    """A user code as people read it: `WDJB-MJHT`."""
    return f"{code[: LETTERS // 2]}-{code[LETTERS // 2 :]}"


def typed(text: str) -> str | None:
    """The user code that somebody typed, in whatever case and with whatever dashes and blanks; None if it isn't one."""
    code = text.replace("-", "").replace(" ", "").upper()
    return code if len(code) == LETTERS and set(code) <= set(ALPHABET) else None


def _hash(device: str) -> str:
    return hashlib.sha256(device.encode("utf-8", "surrogatepass")).hexdigest()
