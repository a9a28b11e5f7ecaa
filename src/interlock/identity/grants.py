"""What a verified token was granted for, and how its person had been authenticated: the claims by which a resource asks
for more than a good token (RFC 6750 section 3.1, RFC 9470)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from interlock.errors import MalformedInput
from interlock.identity.tokens import LEEWAY, MAX_TEXT, time_in
from interlock.model import jcs

MAX_SCOPE: Final = 4_096  # characters of the claim
MAX_SCOPES: Final = 100

# RFC 6749 section 3.3: printable ASCII without the quote and the backslash.
WORD: Final = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token says of itself. `auth_time` is when its person was authenticated, None where it doesn't say;
    `acr` in which way, "" likewise."""

    scopes: frozenset[str] = frozenset()
    acr: str = ""
    auth_time: datetime | None = None


def granted(claims: Mapping[str, jcs.Json], now: datetime) -> Grant:
    """The claims `scope` (RFC 9068 section 2.2.3), `acr` and `auth_time` (section 2.2.1) of a verified token.

    Raises `MalformedInput` for one that isn't what it should be: a scope that is no text, has a word twice, or has
    anything but one space between its words; a time that is still to come.
    """
    return Grant(_scopes(claims.get("scope", "")), _acr(claims.get("acr", "")), _authenticated(claims, now))


def _scopes(value: jcs.Json) -> frozenset[str]:
    if not isinstance(value, str) or len(value) > MAX_SCOPE:
        raise MalformedInput("the claim scope isn't a text, or a longer one than is taken")
    words = value.split(" ") if value else []
    if len(words) > MAX_SCOPES or len(set(words)) != len(words) or not all(WORD.fullmatch(word) for word in words):
        raise MalformedInput("the claim scope isn't a list of different words")
    return frozenset(words)


def _acr(value: jcs.Json) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise MalformedInput("the claim acr isn't a text, or a longer one than is taken")
    return value


def _authenticated(claims: Mapping[str, jcs.Json], now: datetime) -> datetime | None:
    moment = time_in(claims, "auth_time")
    if moment is not None and moment > now + LEEWAY:
        raise MalformedInput("the claim auth_time is still to come")
    return moment
