"""The JSON profile shared by ledger entries and digests (ledger.md 1.2): a subset on which RFC 8785 is one encoding.

Keys are `[a-z0-9_]{1,40}`; values are strings without lone surrogates, integers up to 2^53-1 in size, booleans, null,
arrays and objects; no floats; at most 8 levels deep.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

import orjson

from interlock.errors import EntryRefused

JsonValue = str | int | bool | None | Sequence["JsonValue"] | Mapping[str, "JsonValue"]

MAX_DEPTH = 8
MAX_INTEGER = 2**53 - 1  # RFC 8785 section 3.2.2.3: integers that every IEEE 754 double holds exactly

_KEY = re.compile(r"[a-z0-9_]{1,40}")


def encode(value: JsonValue, *, max_depth: int = MAX_DEPTH) -> bytes:
    """The one RFC 8785 encoding of `value`, UTF-8, no newline; raises `EntryRefused` outside the profile.

    orjson with sorted keys gives exactly RFC 8785 on this profile (tested against `rfc8785`), and this is the gateway's
    hottest code: hence checks by exact type.
    """
    _check(value, max_depth)
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # orjson.JSONEncodeError is one
        raise EntryRefused("a string holds a lone surrogate") from None


@lru_cache(maxsize=4096)
def _is_key(key: str) -> bool:
    """Remembered: nearly all keys are the same few dozen, and looking costs a third of matching."""
    return _KEY.fullmatch(key) is not None


def _check(value: object, depth: int) -> None:
    if depth < 0:
        raise EntryRefused("nested deeper than the profile allows")
    kind = type(value)
    if kind is dict:
        for key in value:  # type: ignore[attr-defined]
            if type(key) is not str or not _is_key(key):
                raise EntryRefused("an object key outside [a-z0-9_]{1,40}")
        members = value.values()  # type: ignore[attr-defined]
    elif kind is list or kind is tuple:
        members = value
    elif kind is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:  # type: ignore[operator]
            raise EntryRefused("an integer larger than 2^53-1")
        return
    elif value is None or kind is bool or isinstance(value, str):
        return
    else:
        raise EntryRefused(f"a value of type {kind.__name__}, which the profile doesn't have")
    for member in members:
        # Most are strings or empty lists, and a call costs more than looking; at the last level each is too deep.
        if not depth or (type(member) is not str and (member or type(member) not in _LISTS)):
            _check(member, depth - 1)


_LISTS = frozenset({list, tuple, dict})
