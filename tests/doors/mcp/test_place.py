"""Which requests are meant for the door, by the host that they name."""

from __future__ import annotations

import pytest

from interlock.doors.mcp.place import Place

ANYWHERE = Place("", tls=False, loopback=False, hosts=frozenset())


@pytest.mark.parametrize("host", ["gateway.acme.test", "gateway.acme.test:8081", "[::1]:8081", "10.0.0.7", ""])
def test_hosts(host: str) -> None:
    assert ANYWHERE.takes(host, None)


@pytest.mark.parametrize(
    "host",
    [
        'g.test", error="x',
        "g.test\\",
        "g.test, Bearer",
        "g.test/mcp",
        "kim@g.test",
        "g.test?x",
        "g.test#x",
        "ä",
        "a" * 301,
    ],
)
def test_what_is_no_host_gets_into_no_challenge(host: str) -> None:
    assert not ANYWHERE.takes(host, None)
    assert not Place("https://g.test", tls=True, loopback=False, hosts=frozenset()).takes(host, None)
