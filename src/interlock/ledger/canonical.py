"""Strict reading of canonical JSON: what wouldn't re-encode to the very same bytes isn't read (ledger.md 1.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from interlock.errors import EntryRefused, MalformedInput
from interlock.model.canonical import encode

MAX_LINE = 65_535  # no line can be longer than an entry, whose length is a uint16 in a bundle


def parse(line: bytes) -> Mapping[str, Any]:
    """The object that `line` (without its newline) encodes.

    Raises `MalformedInput` unless `interlock.model.canonical.encode` gives back exactly these bytes. So duplicate keys,
    other spacing or key order, floats, integers past 2^53-1, lone surrogates, other escapes, too much depth and
    anything that isn't UTF-8 are all refused by one comparison.
    """
    if len(line) > MAX_LINE:
        raise MalformedInput("a line longer than an entry may be")
    try:
        value = orjson.loads(line)  # gives up by itself at 1,024 levels
    except orjson.JSONDecodeError:
        raise MalformedInput("a line that isn't JSON") from None
    if not isinstance(value, dict):
        raise MalformedInput("a line that isn't a JSON object")
    try:
        again = encode(value)
    except EntryRefused as refused:
        raise MalformedInput(f"a line outside the ledger's profile: {refused.sentence}") from None
    if again != line:
        raise MalformedInput("a line that isn't in canonical form")
    return value
