"""A peer: who is at the other end of a connection, as far as the transport knows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Peer:
    """`address` is the IP address in text form, "" where there is none (a local socket). `certificate` is the DER of a
    client certificate that the TLS handshake verified against the listener's own authorities, else None."""

    address: str = ""
    certificate: bytes | None = None
