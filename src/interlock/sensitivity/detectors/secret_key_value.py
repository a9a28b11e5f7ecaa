"""Tokens, keys and secrets that their names give away: `api_key=...`, `"client_secret": "..."`, `X-Auth-Token: ...`.

Names of tokens have many uses, so the value must look like one: `token_count=12` and `key: value` are none.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.credentials import bits, looks_random
from interlock.sensitivity.pattern import Beside, Candidate, Pattern, Structured, Verdict
from interlock.sensitivity.placeholders import is_nothing, is_reference
from interlock.sensitivity.telling_keys import GIVES, TAIL, VALUE, Given, given

_TOKENS: Final = r"(secret|token|credentials?|auth|jwt|otp|bearer|signature|nonce|seed|mnemonic|webhook)"
_KEYS: Final = (
    r"(api|access|private|signing|encryption|encrypt|crypto|master|account|auth|app|application|shared|service|deploy|"
    r"admin|storage|subscription|consumer|client|secret|security|hmac|aes|symmetric|session|licen[cs]e|root|server)"
    r"[_ .-]?key"
)
# What is a number of another kind behind a like name: where to go on reading, what to look up.
_OTHER: Final = re.compile(
    r"(?:next|page|continuation|sync|cancell?ation|cancel|start|primary|foreign|partition|sort|cache|idempotency|group|"
    r"object|public|row|stop|pad|eos|bos|unk|mask|special|prompt|completion|total|input|output|max|min|num|n|author)"
    r"[_ .-]?$"
)
_HAS_WORD_ONLY: Final = re.compile(r"[A-Za-z]+(?:[ _./-][A-Za-z]+)*[0-9]{0,2}")
_HEX_OR_ID: Final = re.compile(r"[0-9a-fA-F-]{32,}")
_VALUE: Final = re.compile(r"[A-Za-z0-9+/=_.~:$!@#%^*|-]{6,}")


_SCOPE: Final = re.compile(r"(?:%2F|/)aws4_request")
_NUMBERS: Final = re.compile(r"[0-9]+(?:\.[0-9]+)+")  # a version, an object identifier
_MEMBER: Final = re.compile(r"[A-Za-z_]+(?:\.[A-Za-z_]+)+")


def _token(candidate: Candidate) -> Verdict | None:
    told = given(candidate)
    if told is None or told.is_about or _OTHER.search(candidate.before) is not None or not _may_be(told):
        return None
    plain = "secret" in told.name.lower() or "credential" in told.name.lower()
    if not (_is_machine_made(told.value) or (plain and _is_made_up(told.value))):
        return None
    return Verdict(0.9, "behind a name of tokens", told.start, told.end)


def _key(candidate: Candidate) -> Verdict | None:
    told = given(candidate)
    if told is None or told.is_about or not _may_be(told) or not _is_made_up(told.value):
        return None
    return Verdict(0.9, "behind a name of keys", told.start, told.end)


def _bare_key(candidate: Candidate) -> Verdict | None:
    """`key` alone names many things: the value must be long and random, and not a digest, which keys of caches are."""
    told = given(candidate)
    if told is None or told.is_about or _OTHER.search(candidate.before) is not None or not _may_be(told):
        return None
    value = told.value
    if len(value) < 24 or not looks_random(value) or _HEX_OR_ID.fullmatch(value) is not None or bits(value) < 3.5:
        return None
    return Verdict(0.75, "a random value behind `key`", told.start, told.end)


def _may_be(told: Given) -> bool:
    value = told.value
    if is_nothing(value) or is_reference(value) or value.isdigit() or _VALUE.fullmatch(value) is None:
        return False
    if _NUMBERS.fullmatch(value) or _MEMBER.fullmatch(value):
        return False
    return not (value.startswith(("/", "./", "~/")) and "." in value) and "://" not in value


def _is_made_up(value: str) -> bool:
    """Neither words nor a path: it has digits among its letters, or signs, or is long and of mixed case."""
    if len(value) < 6 or _HAS_WORD_ONLY.fullmatch(value) is not None:
        return looks_random(value)
    return any(c.isdigit() for c in value) or re.search(r"[!@#%^*$]", value) is not None


def _is_machine_made(value: str) -> bool:
    digits = sum(c.isdigit() for c in value)
    mixed = len(value) >= 24 and bits(value) >= 3.5 and value.lower() != value
    return mixed or (len(value) >= 12 and digits >= 2 and (len(value) - digits) >= 2 and bits(value) >= 1.9)


def _pattern(name: str, names: str, judge: Callable[[Candidate], Verdict | None], label: str) -> Pattern:
    return Pattern(
        f"key_value.{name}",
        names + TAIL + GIVES + VALUE,
        Label(label),
        0.9,
        Beside.NOTHING,
        judge,
        ignore_case=True,
        longest=1024,
    )


DETECTOR = Structured(
    "secret_key_value",
    (
        _pattern("token", _TOKENS, _token, "secret.token"),
        _pattern("key", _KEYS, _key, "secret.key"),
        _pattern("bare_key", r"[^A-Za-z0-9](key|salt|pepper)", _bare_key, "secret.key"),
    ),
    "tokens, keys and secrets behind a telling name",
)
