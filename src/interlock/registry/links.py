"""Links that are being made: begun in a person's console, claimed by an account, waiting to be confirmed.

Kept in memory: what is lost by a restart is begun again.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from interlock.errors import Conflict, NotFound
from interlock.model.names import PersonId
from interlock.model.secret import Secret

VALID: Final = timedelta(minutes=10)
CODE_BYTES: Final = 10  # 80 random bits, typed by a person where the other side has no other way: 16 characters
MAX_WAITING: Final = 1000
MAX_OF_ONE: Final = 5  # of one person: the oldest gives way
MAX_SUBJECT: Final = 255  # characters; OpenID Connect Core 1.0 section 2 allows no longer `sub`
MAX_SHOWN: Final = 200

_NO_CODE = "this code isn't waiting for anybody: begin again in the console"


@dataclass(frozen=True, slots=True)
class PendingLink:
    """A link on its way. `subject` and `shown` are the account that claimed it; None until one has."""

    person: PersonId
    provider: str
    until: datetime
    subject: str | None = None
    shown: str = ""


@dataclass(slots=True)
class PendingLinks:
    """At most one for each person and provider, and `MAX_OF_ONE` for a person. Codes are looked up by their hash."""

    _waiting: dict[bytes, PendingLink] = field(default_factory=dict)

    def begin(self, person: PersonId, provider: str, random: bytes, now: datetime) -> Secret[str]:
        """A fresh code; one that waited before for this person and provider is void. Raises `Conflict` when too many
        wait."""
        self.drop(person, provider)
        self._forget(now)
        self._make_room(person)
        if len(self._waiting) >= MAX_WAITING:
            raise Conflict("Too many links are being made at this moment. Try again in a few minutes.", code="busy")
        code = base64.b32encode(random).decode("ascii").rstrip("=")
        self._waiting[_hash(code)] = PendingLink(person, provider, now + VALID)
        return Secret(code)

    def claim(self, code: Secret[str], provider: str, subject: str, shown: str, now: datetime) -> PendingLink:
        """Says which account presented the code. Raises `NotFound`, and `Conflict` when another account did before:
        then two hold the code, nobody can tell whose it is, and it is void for both."""
        key = _hash(code.reveal().strip().upper().replace("-", "").replace(" ", ""))
        found = self._waiting.get(key)
        if found is None or found.until <= now or found.provider != provider:
            raise NotFound(_NO_CODE, code="no_such_code")
        if found.subject is not None:
            if found.subject != subject:
                del self._waiting[key]
            raise Conflict("this code was used before: begin again in the console", code="code_used")
        claimed = replace(found, subject=subject, shown=shown)
        self._waiting[key] = claimed
        return claimed

    def waiting(self, person: PersonId, now: datetime) -> tuple[PendingLink, ...]:
        """A person's, claimed and unclaimed, by provider."""
        mine = (each for each in self._waiting.values() if each.person == person and now < each.until)
        return tuple(sorted(mine, key=lambda each: each.provider))

    def drop(self, person: PersonId, provider: str) -> None:
        """Ends a person's link on its way, if there is one."""
        gone = [k for k, each in self._waiting.items() if (each.person, each.provider) == (person, provider)]
        for key in gone:
            del self._waiting[key]

    def _make_room(self, person: PersonId) -> None:
        mine = [key for key, each in self._waiting.items() if each.person == person]  # oldest first
        for key in mine[: max(0, len(mine) - MAX_OF_ONE + 1)]:
            del self._waiting[key]

    def _forget(self, now: datetime) -> None:
        for key in [key for key, each in self._waiting.items() if each.until <= now]:
            del self._waiting[key]


def _hash(code: str) -> bytes:
    return hashlib.sha256(b"interlock/link/v1\0" + code.encode("utf-8", "surrogatepass")).digest()
