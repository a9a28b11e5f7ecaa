"""Console sessions: a sealed cookie that says who signed in, and the CSRF token that goes with it.

Stateless: the seal (AES-GCM under the installation's key) is the proof, the times inside are the limit. What this
can't do is end a stolen cookie before its eight hours; signing out clears it in this browser only.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
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
CSRF_DOMAIN = b"interlock/console-csrf/v1"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Session:
    """Who signed in, by which one-use key, from when until when (UTC). `csrf` must come back with every POST."""

    person: PersonId
    key: KeyId
    signed_in_at: datetime
    expires_at: datetime
    csrf: str


@dataclass(frozen=True, slots=True)
class Sessions:
    """Makes and reads session cookies."""

    sealer: Sealer
    clock: Clock

    def start(self, person: PersonId, key: KeyId) -> str:
        """The cookie of a session that begins now and ends eight hours later, whatever happens in between."""
        now = int(self.clock.now().timestamp())
        until = now + int(LIFETIME.total_seconds())
        plain = encode({"person": person, "key": key, "at": now, "until": until})
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
        session = Session(
            person=PersonId(fields["person"]),
            key=KeyId(fields["key"]),
            signed_in_at=datetime.fromtimestamp(fields["at"], UTC),
            expires_at=datetime.fromtimestamp(fields["until"], UTC),
            csrf=csrf_token(cookie),
        )
        return session if self.clock.now() < session.expires_at else None


def csrf_token(cookie: str) -> str:
    """The session's CSRF token: keyed by the cookie, so only who has the session knows it."""
    return hmac.new(cookie.encode(), CSRF_DOMAIN, hashlib.sha256).hexdigest()


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
