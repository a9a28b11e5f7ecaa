"""Where the gateway is, and who asks. Read once; nothing is opened here."""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NoReturn
from urllib.parse import urlsplit

from interlock_client.errors import Misconfigured

SECONDS: Final = 10.0  # for one answer, from the first byte sent to the last one read
LONGEST: Final = 120.0
_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})")
_PATH: Final = re.compile(r"[A-Za-z0-9._~/-]*")
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,8192}")

Token = str | Callable[[], str]


@dataclass(frozen=True, slots=True)
class Place:
    """A gateway's control port. `path` stands before every address, without a slash at its end."""

    tls: bool
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """For the Host header (RFC 9110 section 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """As it was given, in its shortest form."""
        return f"{'https' if self.tls else 'http'}://{self.authority}{self.path}"


@dataclass(frozen=True, slots=True)
class Settings:
    """What both faces of the client share: no sockets, no threads, no locks, so that forks and threads may have it.

    It holds a token: it can't be pickled or copied, and its repr doesn't show it.
    """

    place: Place
    seconds: float
    token: Token = field(repr=False)
    tls: ssl.SSLContext | None = field(repr=False)

    def bearer(self) -> str:
        """The token of this moment; raises `Misconfigured`."""
        token = self.token() if callable(self.token) else self.token
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise Misconfigured("The token must be visible ASCII without spaces, up to 8192 characters.")
        return token

    def __reduce__(self) -> NoReturn:
        raise TypeError("a client holds a token and can't be pickled or copied: make one where it is used")


def settings(
    url: str | None,
    token: Token | None,
    seconds: float = SECONDS,
    tls: ssl.SSLContext | None = None,
    unsafe_http: bool = False,
) -> Settings:
    """Given, or from INTERLOCK_URL and INTERLOCK_TOKEN; raises `Misconfigured`."""
    url = url if url is not None else os.environ.get("INTERLOCK_URL", "")
    token = token if token is not None else os.environ.get("INTERLOCK_TOKEN", "")
    if not url:
        raise Misconfigured("Set INTERLOCK_URL, or say url=: where the gateway's control port is.")
    if not token:
        raise Misconfigured("Set INTERLOCK_TOKEN, or say token=: the key of the agent or service that asks.")
    if not 0 < seconds <= LONGEST:
        raise Misconfigured(f"seconds must be over 0, and {LONGEST:.0f} at most.")
    place = place_of(url, unsafe_http)
    made = Settings(place, seconds, token, (tls or ssl.create_default_context()) if place.tls else None)
    if not callable(token):
        made.bearer()
    return made


def place_of(url: str, unsafe_http: bool = False) -> Place:
    """The place that a URL names; raises `Misconfigured` for one over which the token would travel in clear."""
    try:
        parts = urlsplit(url.rstrip("/"))
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    known = parts.scheme in ("https", "http") and (_HOST.fullmatch(host) or _address(host) is not None)
    if not known or "@" in parts.netloc or parts.query or parts.fragment or not _PATH.fullmatch(parts.path):
        raise Misconfigured("The gateway's address must be like https://interlock.example.org, and nothing else in it.")
    tls = parts.scheme == "https"
    if not tls and not unsafe_http and not _here(host):
        raise Misconfigured("Over http the token would travel in clear: use https (or say unsafe_http=True).")
    return Place(tls, host, port or (443 if tls else 80), parts.path)


def _here(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
