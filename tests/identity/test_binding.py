"""Bound credentials: from where they may be used, and behind what."""

from __future__ import annotations

import hashlib

import pytest

from interlock.errors import MalformedInput
from interlock.identity.binding import holds, network
from interlock.model.peer import Peer

CERTIFICATE = hashlib.sha256(b"der").hexdigest()


@pytest.mark.parametrize(
    ("networks", "address", "may"),
    [
        ((), "", True),
        ((), "203.0.113.9", True),
        (("10.2.0.0/16",), "10.2.200.1", True),
        (("10.2.0.0/16",), "10.3.0.1", False),
        (("10.2.0.0/16", "192.0.2.7/32"), "192.0.2.7", True),
        (("10.2.0.0/16",), "::ffff:10.2.0.1", True),
        (("10.2.0.0/16",), "::ffff:10.3.0.1", False),
        (("2001:db8::/32",), "2001:db8::1", True),
        (("fe80::/10",), "fe80::1%eth0", True),
        (("::/0",), "10.2.0.1", False),
        (("0.0.0.0/0",), "2001:db8::1", False),
        (("10.2.0.0/16",), "", False),
        (("10.2.0.0/16",), "10.2.0.1 ", False),
        (("nonsense",), "10.2.0.1", False),
    ],
)
def test_networks(networks: tuple[str, ...], address: str, may: bool) -> None:
    assert holds("", networks, Peer(address)) is may


def test_certificates() -> None:
    assert holds(CERTIFICATE, (), Peer("", b"der"))
    assert not holds(CERTIFICATE, (), Peer("", b"another"))
    assert not holds(CERTIFICATE, (), Peer(""))
    assert not holds(CERTIFICATE, ("10.0.0.0/8",), Peer("192.0.2.1", b"der"))
    assert holds(CERTIFICATE, ("10.0.0.0/8",), Peer("10.0.0.1", b"der"))


def test_a_network_as_it_is_recorded() -> None:
    assert (network("10.2.0.0/16"), network("10.2.0.7"), network("2001:DB8::/32")) == (
        "10.2.0.0/16",
        "10.2.0.7/32",
        "2001:db8::/32",
    )


@pytest.mark.parametrize("text", ["10.2.0.1/16", "10.2.0.0/33", "everywhere", "", "10.2.0.0/-1", "10.2"])
def test_what_isnt_a_network(text: str) -> None:
    with pytest.raises(MalformedInput):
        network(text)
