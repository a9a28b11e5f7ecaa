"""Where clients reach the door, and which requests are meant for it (DNS rebinding: MCP, "Security Warning")."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

# RFC 3986 sections 3.2.2 and 3.2.3, without escapes: it stands in a quoted part of our challenges.
_HOST: Final = re.compile(r"[A-Za-z0-9._~\[\]:-]{0,300}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where clients reach us. `url`: the agents' port as clients write it ("" where nobody has said: then as the
    request did). `tls`: whether we speak it ourselves. `loopback`: whether we listen there only; then a page of a
    stranger's, behind a name that was bound anew, mustn't reach us through somebody's browser. `hosts`: names of ours.
    """

    url: str
    tls: bool
    loopback: bool
    hosts: frozenset[str]

    def base(self, host: str) -> str:
        """The beginning of our addresses, as this client sees them."""
        return self.url or f"{'https' if self.tls else 'http'}://{host}"

    def takes(self, host: str, origin: str | None) -> bool:
        """Whether a request for this host, from a page of that origin, is for us."""
        if not _HOST.fullmatch(host):
            return False
        if origin is not None and not self._ours(urlsplit(origin).hostname or ""):
            return False
        return not self.loopback or self._ours(urlsplit(f"//{host}").hostname or "")

    def _ours(self, name: str) -> bool:
        return name in self.hosts or is_loopback(name)


def is_loopback(name: str) -> bool:
    """Whether it can only mean this machine."""
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
