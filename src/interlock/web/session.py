"""Console sessions: a sealed cookie that says who signed in and how, and the CSRF token that goes with it.

Signing out ends all of the person's sessions, on every node and for good: each carries how often that had happened when
it began, and the ledger says how often it has by now. A session that another takes the place of in its browser ends on
this node alone; such cookies are remembered until they would have ended by themselves or the node stops.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from interlock.model.canonical import JsonValue
from interlock.model.names import KeyId, PersonId
from interlock.ports import Clock, Sealer
from interlock.web.sealed_cookies import SealedCookies

COOKIE = "__Host-interlock"  # RFC 6265bis section 4.1.3.2: Secure, Path=/, no Domain, or the browser refuses it
LIFETIME = timedelta(hours=8)
ABOUT = "console-session"
VERSION = 3  # of what stands in the cookie; one of another version is no session


class Began(StrEnum):
    """How a session began."""

    LINK = "link"  # an operator's sign-in link
    OIDC = "oidc"  # a login at the people's provider


@dataclass(frozen=True, slots=True)
class Login:
    """What stands behind a session: the link's key, or the account at the provider and when they logged in there."""

    key: KeyId
    at: datetime
    began: Began = Began.LINK
    provider: str = ""
    subject: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Session:
    """Who signed in, by which credential, until when (UTC). `csrf` must come back with every POST.

    `signed_in_at` is when they last proved to be themselves: when the link was used, or the login at the provider.
    `after` is how often all of their sessions had been ended when this one began.
    """

    person: PersonId
    key: KeyId
    signed_in_at: datetime
    expires_at: datetime
    csrf: str
    after: int
    mark: str  # the cookie's hash: tells sessions apart without holding what opens them
    began: Began = Began.LINK
    provider: str = ""
    subject: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Sessions:
    """Makes, reads and ends session cookies."""

    sealer: Sealer
    clock: Clock
    cookies: SealedCookies = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cookies", SealedCookies(self.sealer, self.clock, ABOUT))

    def start(self, person: PersonId, login: Login, after: int = 0) -> str:
        """The cookie of a session that begins now and ends eight hours later, whatever happens in between."""
        fields: dict[str, JsonValue] = {
            "v": VERSION,
            "person": person,
            "key": login.key,
            "at": int(login.at.timestamp()),
            "began": login.began.value,
            "after": after,
            "provider": login.provider,
            "subject": login.subject,
            "csrf": secrets.token_hex(32),
        }
        return self.cookies.seal(fields, LIFETIME)

    def read(self, cookie: str) -> Session | None:
        """The session behind a cookie; None for anything that isn't one of ours or has ended."""
        found = self.cookies.read(cookie)
        if found is None or found.fields.get("v") != VERSION:
            return None
        fields = found.fields
        return Session(
            person=PersonId(fields["person"]),
            key=KeyId(fields["key"]),
            signed_in_at=datetime.fromtimestamp(fields["at"], UTC),
            expires_at=found.until,
            csrf=fields["csrf"],
            after=fields["after"],
            mark=found.mark,
            began=Began(fields["began"]),
            provider=fields["provider"],
            subject=fields["subject"],
        )

    def is_live(self, session: Session) -> bool:
        """Whether a session that was read before still holds."""
        return self.cookies.is_live(session.mark, session.expires_at)

    def end(self, session: Session) -> None:
        """Ends a session for every holder of its cookie."""
        self.cookies.end(session.mark, session.expires_at)


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


_PORTS = {"http": 80, "https": 443}
