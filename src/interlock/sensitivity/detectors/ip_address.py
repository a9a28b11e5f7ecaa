"""IP addresses, versions 4 and 6 (RFC 791, RFC 4291)."""

from __future__ import annotations

import ipaddress
import re

from interlock.model.label import Label
from interlock.sensitivity.pattern import Candidate, Pattern, Structured, Verdict

_IP = Label("phi.ip")
_CONTEXT = frozenset(
    {"ip", "ipv4", "ipv6", "ip address", "addr", "address", "host", "client", "server", "remote", "src", "dst", "login"}
    | {
        "logged in",
        "login from",
        "peer",
        "ip addr",
        "gateway",
        "subnet",
        "connected",
        "vpn",
        "workstation",
        "source ip",
    }
)
_OCTETS = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\.(?=[0-9])|\Z)){4}")
_VERSION = ("version", "ver", "release", "firmware", "build", "revision", "rev", "v", "section", "chapter", "oid")
_VERSIONED = re.compile(
    r"(?:version|ver|release|firmware|build|revision|rev|\bv|section|chapter|oid|urn:oid:)[ .:=]*\Z"
)
_PORT = re.compile(r"\.[0-9]{1,5}(?: >|: )")
_SMALL = re.compile(r"[0-9](?:\.[0-9]{1,2}){3}")  # as versions are
_GOES_ON = re.compile(":[0-9a-f:]")
_NOBODY = frozenset(("0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1"))  # noqa: S104


def _four(candidate: Candidate) -> Verdict | None:
    address, before, after = candidate.matched.partition("/")[0], candidate.before, candidate.after
    if _OCTETS.fullmatch(address) is None:
        return None
    if before[-1:] == "." and before[-2:-1].isdigit():
        return None
    if after[:1] == "." and after[1:2].isdigit():  # an address of tcpdump goes on with its port
        return Verdict(0.75, "form, port") if _PORT.match(after) else None
    if before.rstrip(" .:=").endswith(_VERSION) and _VERSIONED.search(before):
        return Verdict(0.1, "a version")
    if candidate.matched in _NOBODY or address.startswith("255."):
        return Verdict(0.1, "nobody's")
    if _SMALL.fullmatch(address) or address.startswith("0."):
        return Verdict(0.4, "form, small numbers")
    return Verdict(0.75, "form")


def _six(candidate: Candidate) -> Verdict | None:
    whole = candidate.matched.rstrip(".")  # a sentence's end
    written = whole.partition("/")[0].partition("%")[0]
    if candidate.before.endswith(":") or _GOES_ON.match(candidate.after):
        return None
    try:
        address = ipaddress.IPv6Address(written)
    except ValueError:
        return None
    if written in _NOBODY:
        return Verdict(0.1, "nobody's")
    if address.ipv4_mapped is not None:
        return Verdict(0.75, "form, version 4 within", 0, len(whole))
    return Verdict(0.8 if sum(map(str.isalnum, written)) >= 5 else 0.3, "form", 0, len(whole))


DETECTOR = Structured(
    "ip_address",
    (
        Pattern(
            "ip_address.v4",
            r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(?:/[0-9]{1,2})?",
            _IP,
            0.75,
            judge=_four,
            context=_CONTEXT,
        ),
        Pattern(
            "ip_address.v6",
            r"[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){7}(?:%[0-9A-Za-z]+)?(?:/[0-9]{1,3})?",
            _IP,
            0.8,
            judge=_six,
        ),
        Pattern(
            "ip_address.v6_short",
            r"(?:[0-9a-fA-F]{1,4}:)*[0-9a-fA-F]{0,4}::"
            r"(?:(?:[0-9a-fA-F]{1,4}:)*[0-9a-fA-F.]+(?:%[0-9A-Za-z]+)?(?:/[0-9]{1,3})?|/[0-9]{1,3})",
            _IP,
            0.8,
            judge=_six,
            context=_CONTEXT,
        ),
    ),
    "IP addresses",
)
