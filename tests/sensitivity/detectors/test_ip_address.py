"""`ip_address`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.ip_address import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "from ⟦7f31:6e06:e305:1d23:ba7c:f255:1997:21aa⟧: site",
    "near ⟦fe80::1ff:fe23:4567:890a⟧.",
    "allow ⟦2001:db8:0:1::/64⟧, and",
    "[⟦2001:db8::ff00:42:8329⟧]:443",
    "IP ⟦10.0.4.8⟧.51544 > ⟦198.51.100.33⟧.443: Flags",
    "⟦198.51.100.8⟧:8443",
    "from ⟦10.34.201.7⟧ port 22",
    "⟦192.168.1.1⟧",
    "ip ⟦2001:db8::8a2e:370:7334⟧",
    "⟦d80:e4b5:79da:6cf6:71f3:51f7:9161:c319⟧ blocked",
    "⟦fe80::1ff:fe23:4567:890a⟧",
    "IP ⟦1.2.3.4⟧",
]
LEFT = [
    "netmask 255.255.255.0",
    "4.12.0.3",
    "version 1.2.3.4 released",
    "firmware 10.20.30.40",
    "300.1.2.3",
    "1.2.3.4.5",
    "OID 1.2.840.10008.1",
    "10:22:11",
    "std::vector",
    "127.0.0.1",
    "0.0.0.0",
    "chapter 3.4.5.6",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} == {"phi.ip"}


@pytest.mark.parametrize("text", LEFT)
def test_what_looks_like_it_is_left(text: str) -> None:
    assert found(ENGINE, text) == []
