"""Private keys: PEM and its kin (RFC 7468: PKCS#1, PKCS#8, EC, OpenSSH, PGP), PuTTY's files, WireGuard's lines."""

from __future__ import annotations

import re
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.pattern import Beside, Candidate, Pattern, Structured, Verdict

_LABEL: Final = Label("secret.key")
# Where the key ends that no END line closes: at the first word that isn't base64 nor a header.
_BODY: Final = re.compile(
    r"(?:\s|\\[nr])*(?:[A-Z][A-Za-z-]{2,20}: [^\n\\]{0,120}|[A-Za-z0-9+/=]{16,}|[A-Za-z0-9+/]{1,15}={0,2})"
)
_HEAD_ENDS: Final = "-----"


def _pem(candidate: Candidate) -> Verdict | None:
    text = candidate.matched
    if text.endswith(_HEAD_ENDS) and text.count(_HEAD_ENDS) == 4:
        return Verdict(1.0, "from its BEGIN line to its END line")
    end = text.index(_HEAD_ENDS, 5) + 5
    while (line := _BODY.match(text, end)) is not None and _is_body(line[0].strip()):
        end = line.end()
    return Verdict(1.0, "a BEGIN line and what follows", 0, end)


def _is_body(line: str) -> bool:
    """Whether it's a key's line rather than the text behind it: long, or a header, or the short rest of a key."""
    return len(line) >= 16 or ": " in line or line.endswith("=")


DETECTOR = Structured(
    "secret_private_key",
    (
        Pattern(
            "private_key.pem",
            r"-----BEGIN [A-Z0-9 ]{0,}PRIVATE KEY( BLOCK)?-----"
            r"([\t\r\n !-,.-~]|-[\t\r\n !-,.-~]){0,}(-----END [A-Z0-9 ]{0,}-----)?",
            _LABEL,
            1.0,
            Beside.NOTHING,
            _pem,
            longest=16384,
        ),
        Pattern(
            "private_key.putty",
            r"PuTTY-User-Key-File-[0-9]: [ -~]{1,}\r?\n([A-Za-z-]{1,}: [ -~]{0,}\r?\n|[A-Za-z0-9+/=]{1,}\r?\n){1,}"
            r"Private-MAC: [0-9a-f]{1,}",
            _LABEL,
            1.0,
            Beside.NOTHING,
            longest=16384,
        ),
        Pattern(
            "private_key.wireguard",
            r"(PrivateKey|PresharedKey) {0,2}= {0,2}[A-Za-z0-9+/]{43}=",
            _LABEL,
            0.95,
            Beside.NOTHING,
            lambda c: Verdict(0.95, "a key of WireGuard", len(c.matched) - 44),
        ),
    ),
    "private keys: PEM, OpenSSH, PGP, PuTTY, WireGuard",
)
