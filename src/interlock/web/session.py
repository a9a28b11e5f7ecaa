"""Console sessions: a sealed cookie that says who signed in, and the CSRF token that goes with it.

The seal (AES-GCM under the installation's key) is the proof, the times inside are the limit. Signing out ends the
session on this node, for whoever else holds its cookie too; ended cookies are remembered, by hash, until they would
have ended by themselves or the node stops.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from interlock.errors import LedgerCorrupt
from interlock.model.canonical import encode
from interlock.model.names import KeyId, PersonId
from interlock.ports import Clock, Sealer

COOKIE = "__Host-interlock"  # RFC 6265bis section 4.1.3.2: Secure, Path=/, no Domain, or the browser refuses it
LIFETIME = timedelta(hours=8)
ABOUT = "console-session"
MAX_COOKIE = 2048  # characters; ours have about 300
MAX_ENDED = 10_000  # sessions that were signed out of, remembered; each was a sign-in link first
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Session:
    """Who signed in, by which one-use key, from when until when (UTC). `csrf` must come back with every POST."""

    person: PersonId
    key: KeyId
    signed_in_at: datetime
    expires_at: datetime
    csrf: str
    mark: str  # the cookie's hash: tells sessions apart without holding what opens them


@dataclass(frozen=True, slots=True)
class Sessions:
    """Makes, reads and ends session cookies."""

    sealer: Sealer
    clock: Clock
    _ended: dict[str, datetime] = field(default_factory=dict, init=False, repr=False)  # mark -> when it would end

    def start(self, person: PersonId, key: KeyId) -> str:
        """The cookie of a session that begins now and ends eight hours later, whatever happens in between."""
        now = int(self.clock.now().timestamp())
        until = now + int(LIFETIME.total_seconds())
        plain = encode({"person": person, "key": key, "at": now, "until": until, "csrf": secrets.token_hex(32)})
        return base64.urlsafe_b64encode(self.sealer.seal(ABOUT, plain)).decode("ascii").rstrip("=")

    def read(self, cookie: str) -> Session | None:
        """The session behind a cookie; None for anything that isn't one of ours or has ended."""
        if len(cookie) > MAX_COOKIE:
            return None
        try:
            padded = cookie + "=" * (-len(cookie) % 4)
            sealed = base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)
            plain = self.sealer.open(ABOUT, sealed).reveal()
        except (UnicodeEncodeError, binascii.Error, LedgerCorrupt):
            return None
        fields = json.loads(plain)
        if "csrf" not in fields:  # a session of an earlier version
            return None
        session = Session(
            person=PersonId(fields["person"]),
            key=KeyId(fields["key"]),
            signed_in_at=datetime.fromtimestamp(fields["at"], UTC),
            expires_at=datetime.fromtimestamp(fields["until"], UTC),
            csrf=fields["csrf"],
            mark=hashlib.sha256(sealed).hexdigest(),
        )
        return session if self.is_live(session) else None

    def is_live(self, session: Session) -> bool:
        """Whether a session that was read before still holds."""
        return session.mark not in self._ended and self.clock.now() < session.expires_at

    def end(self, session: Session) -> None:
        """Ends a session for every holder of its cookie. Beyond `MAX_ENDED` the one next to end by itself is let go."""
        now = self.clock.now()
        for mark in [mark for mark, until in self._ended.items() if until <= now]:
            del self._ended[mark]
        if len(self._ended) >= MAX_ENDED:
            del self._ended[min(self._ended, key=self._ended.__getitem__)]
        self._ended[session.mark] = session.expires_at


def same(expected: str, presented: str) -> bool:
    """Equality in constant time."""
    return hmac.compare_digest(expected.encode(), presented.encode("utf-8", "surrogatepass"))


def origin_of(url: str) -> str:
    """A URL's origin as browsers write it (RFC 6454 section 6.2): the default port left out."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, _PORTS.get(parts.scheme)) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"
