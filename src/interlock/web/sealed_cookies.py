"""What we have a browser keep for us: fields under the installation's seal, with the time until which they hold.

The seal (AES-GCM under the installation's key, bound to what the cookie is for) is the proof. What has been used or
ended before its time is remembered, by hash, until it would have ended by itself.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from interlock.errors import LedgerCorrupt
from interlock.model.canonical import JsonValue, encode
from interlock.ports import Clock, Sealer

MAX_COOKIE: Final = 3072  # characters; browsers keep 4,096 with name and attributes (RFC 6265 section 6.1)
MAX_ENDED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a cookie said, until when, and its hash: that tells cookies apart without holding what opens them."""

    fields: Mapping[str, Any]
    until: datetime
    mark: str


@dataclass(frozen=True, slots=True)
class SealedCookies:
    """Makes, reads and ends the cookies of one purpose, `about`."""

    sealer: Sealer
    clock: Clock
    about: str
    most_ended: int = MAX_ENDED
    _ended: dict[str, datetime] = field(default_factory=dict, init=False, repr=False)  # mark -> when it would end

    def seal(self, fields: Mapping[str, JsonValue], lasts: timedelta) -> str:
        """A cookie's value; `until` isn't a name that `fields` may use."""
        until = int((self.clock.now() + lasts).timestamp())
        sealed = self.sealer.seal(self.about, encode({**fields, "until": until}))
        return base64.urlsafe_b64encode(sealed).decode("ascii").rstrip("=")

    def read(self, cookie: str) -> Sealed | None:
        """What one of our cookies says; None for anything else, and for one that is over."""
        if len(cookie) > MAX_COOKIE:
            return None
        try:
            padded = cookie + "=" * (-len(cookie) % 4)
            sealed = base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)
            plain = self.sealer.open(self.about, sealed).reveal()
        except (UnicodeEncodeError, binascii.Error, LedgerCorrupt):
            return None
        fields = json.loads(plain)
        found = Sealed(fields, datetime.fromtimestamp(fields["until"], UTC), hashlib.sha256(sealed).hexdigest())
        return found if self.is_live(found.mark, found.until) else None

    def is_live(self, mark: str, until: datetime) -> bool:
        """Whether a cookie that was read before still holds."""
        return mark not in self._ended and self.clock.now() < until

    def end(self, mark: str, until: datetime) -> None:
        """Ends a cookie for every holder. Beyond `most_ended` the one next to end by itself is let go."""
        now = self.clock.now()
        for each in [each for each, ends in self._ended.items() if ends <= now]:
            del self._ended[each]
        if len(self._ended) >= self.most_ended:
            del self._ended[min(self._ended, key=self._ended.__getitem__)]
        self._ended[mark] = until
