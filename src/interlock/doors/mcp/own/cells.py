"""Values of PostgreSQL's text format as JSON, where that is exact; else the text itself.

Exact means that a client of any language reads the same number back: integers beyond 2^53 and numerics stay text
(RFC 8259 section 6). A masked value that isn't of its column's type any more is text as well.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from interlock.sql.ddl.builtin_types import OIDS

DEEPEST: Final = 32  # levels of a document; what reads answers may take few more
MOST_EXACT: Final = 2**53 - 1  # IEEE 754 double precision

_NAMES: Final[Mapping[int, str]] = {
    oid: f"{name[1:]}[]" if name.startswith("_") else name for name, oid in OIDS.items() if oid
}
_FALSE_TRUE: Final = {b"f": False, b"t": True}


def type_name(oid: int) -> str:
    """A type's name; a type of users' own is told by its number."""
    return _NAMES.get(oid, f"type {oid}")


def cell(value: bytes | None, oid: int) -> Any:
    """One value."""
    if value is None:
        return None
    read = _READERS.get(oid)
    found = read(value) if read is not None else None
    return value.decode("utf-8", "replace") if found is None else found


def _boolean(value: bytes) -> bool | None:
    return _FALSE_TRUE.get(value)


def _integer(value: bytes) -> int | None:
    digits = value.removeprefix(b"-")
    if not digits.isdigit() or len(digits) > 16:
        return None
    number = int(value)
    return number if abs(number) <= MOST_EXACT and str(number).encode() == value else None


def _double(value: bytes) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) and b"_" not in value else None


def _document(value: bytes) -> Any:
    """A JSON document whose numbers are exact and whose keys are there once; None, and so text, for any other (and for
    `null`, which would look like NULL)."""
    try:
        found = json.loads(value, object_pairs_hook=_once, parse_int=_exact, parse_float=_same, parse_constant=_refuse)
        json.dumps(found, ensure_ascii=False).encode()  # half of a surrogate pair can't be sent
    except (ValueError, RecursionError):
        return None
    return found if _is_shallow(found, DEEPEST) else None


def _is_shallow(found: Any, levels: int) -> bool:
    if not isinstance(found, dict | list):
        return True
    inner = found.values() if isinstance(found, dict) else found
    return levels > 0 and all(_is_shallow(each, levels - 1) for each in inner)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key comes twice")
    return found


def _exact(text: str) -> int:
    if (number := _integer(text.encode())) is None:
        raise ValueError("a number isn't exact")
    return number


def _same(text: str) -> float:
    if repr(number := float(text)) != text:
        raise ValueError("a number isn't exact")
    return number


def _refuse(text: str) -> Any:
    raise ValueError("a number isn't exact")


_READERS: Final[Mapping[int, Callable[[bytes], Any]]] = {
    OIDS["bool"]: _boolean,
    OIDS["int2"]: _integer,
    OIDS["int4"]: _integer,
    OIDS["int8"]: _integer,
    OIDS["oid"]: _integer,
    OIDS["float4"]: _double,
    OIDS["float8"]: _double,
    OIDS["json"]: _document,
    OIDS["jsonb"]: _document,
}
