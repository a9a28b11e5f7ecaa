"""Hashes of passwords, as systems store them: whoever has one may search for the password."""

from __future__ import annotations

from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.numbered import told_number
from interlock.sensitivity.pattern import Beside, Pattern, Structured

_LABEL: Final = Label("secret.hash")
_WORDS: Final = ("password hash", "pwd hash", "passwd", "ntlm", "nt hash", "password digest", "hashed password")


def _pattern(name: str, expression: str, score: float = 0.95, ignore_case: bool = False) -> Pattern:
    return Pattern(f"hash.{name}", expression, _LABEL, score, Beside.NOTHING, ignore_case=ignore_case)


DETECTOR = Structured(
    "secret_hash",
    (
        _pattern("bcrypt", r"\$2[abxy]?\$[0-9]{2}\$[./A-Za-z0-9]{53}"),
        _pattern("argon2", r"\$argon2(id|i|d)\$[A-Za-z0-9+/=,$]{20,}"),
        # crypt(5): MD5, SHA-256, SHA-512, yescrypt, gost-yescrypt, scrypt, Apache's.
        _pattern("crypt", r"\$(1|5|6|7|y|gy|apr1|sha1|md5)\$[./A-Za-z0-9=,]{1,}\$[./A-Za-z0-9$]{8,}"),
        _pattern("pbkdf2", r"pbkdf2[_:-]sha[0-9]{1,3}[$:][0-9]{1,9}[$:][A-Za-z0-9+/=.]{4,}[$:][A-Za-z0-9+/=.]{20,}"),
        _pattern("scrypt", r"(\$scrypt\$ln=|scrypt:[0-9]{1,9}:)[A-Za-z0-9+/=,:$]{20,}"),
        _pattern("passlib", r"\$pbkdf2(-sha[0-9]{1,3})?\$[0-9]{1,9}\$[A-Za-z0-9./]{4,}\$[A-Za-z0-9./]{20,}"),
        _pattern("ldap", r"\{S?(SHA|MD5|MD|CRYPT)(224|256|384|512)?\}[A-Za-z0-9+/$.]{16,}={0,2}", ignore_case=True),
        _pattern(
            "scram", r"SCRAM-SHA-(1|256|512)\$[0-9]{1,9}:[A-Za-z0-9+/=]{8,}\$[A-Za-z0-9+/=]{20,}:[A-Za-z0-9+/=]{20,}"
        ),
        Pattern("hash.mysql", r"\*[0-9A-F]{40}", _LABEL, 0.9, Beside.WORD),
        Pattern("hash.postgres", r"md5[0-9a-f]{32}", _LABEL, 0.9, Beside.WORD),
        # pwdump's lines: user:number:LM:NT:::
        Pattern("hash.windows", r"[0-9]{1,6}:[0-9a-fA-F]{32}:[0-9a-fA-F]{32}(:::)?", _LABEL, 0.95, Beside.WORD),
        # A bare digest counts behind words alone: nothing else tells what it is a digest of.
        told_number("hash.bare", r"[0-9a-fA-F]{32,}", _LABEL, str.isalnum, 0.85, _WORDS, why="form"),
    ),
    "stored hashes of passwords",
)
