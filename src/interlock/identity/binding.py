"""Keys bound to a certificate or to networks: stolen, they open nothing elsewhere."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Sequence
from typing import Final

from interlock.errors import MalformedInput
from interlock.identity.certificates import sha256_of
from interlock.model.peer import Peer

MAX_NETWORKS: Final = 20

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def network(text: str) -> str:
    """A network in CIDR as it is recorded (`10.2.0.0/16`, a single address with `/32` or `/128`).

    Raises `MalformedInput`, also when bits of the host are set: that is more often a slip than meant.
    """
    try:
        return str(ipaddress.ip_network(text, strict=True))
    except ValueError:
        raise MalformedInput("this isn't a network such as 10.2.0.0/16") from None


def holds(certificate: str, networks: Sequence[str], peer: Peer) -> bool:
    """Whether a credential bound to this certificate (SHA-256 hex, "" for none) and these networks (none: any) may be
    used by this peer. A peer of whom nothing is known may use only what is bound to nothing."""
    return _behind(certificate, peer) and (not networks or _within(networks, peer.address))


def _behind(certificate: str, peer: Peer) -> bool:
    if not certificate:
        return True
    return peer.certificate is not None and hmac.compare_digest(sha256_of(peer.certificate), certificate)


def _within(networks: Sequence[str], text: str) -> bool:
    try:
        address = _address(text)
        return any(_contains(ipaddress.ip_network(each), address) for each in networks)
    except ValueError:
        return False


def _address(text: str) -> _Address:
    """The address, an IPv4 one where it came mapped into IPv6 (RFC 4291 section 2.5.5.2); a zone is dropped."""
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _contains(network: _Network, address: _Address) -> bool:
    return network.version == address.version and address in network
