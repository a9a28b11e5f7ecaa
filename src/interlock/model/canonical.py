"""The JSON profile shared by ledger entries and digests (ledger.md 1.2): a subset on which RFC 8785 is one encoding.

Keys are `[a-z0-9_]{1,40}`; values are strings without lone surrogates, integers up to 2^53-1 in size, booleans, null,
arrays and objects; no floats; at most 8 levels deep.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from interlock.errors import EntryRefused

JsonValue = str | int | bool | None | Sequence["JsonValue"] | Mapping[str, "JsonValue"]

MAX_DEPTH = 8
MAX_INTEGER = 2**53 - 1  # RFC 8785 section 3.2.2.3: integers that every IEEE 754 double holds exactly

_KEY = re.compile(r"[a-z0-9_]{1,40}")


def encode(value: JsonValue, *, max_depth: int = MAX_DEPTH) -> bytes:
    """The one RFC 8785 encoding of `value`, UTF-8, no newline; raises `EntryRefused` outside the profile."""
    _check(value, max_depth)
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise EntryRefused("a string holds a lone surrogate") from None


def _check(value: object, depth: int) -> None:
    if depth < 0:
        raise EntryRefused("nested deeper than the profile allows")
    if value is None or isinstance(value, str | bool):
        return
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise EntryRefused("an integer larger than 2^53-1")
    elif isinstance(value, Mapping):
        for key, member in value.items():
            if not isinstance(key, str) or not _KEY.fullmatch(key):
                raise EntryRefused("an object key outside [a-z0-9_]{1,40}")
            _check(member, depth - 1)
    elif isinstance(value, list | tuple):
        for member in value:
            _check(member, depth - 1)
    else:
        raise EntryRefused(f"a value of type {type(value).__name__}, which the profile doesn't have")
