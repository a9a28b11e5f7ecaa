"""Canonical JSON of documents that aren't ours (tools' schemas, calls' arguments): RFC 8785, read strictly.

The narrower profile of our own entries and digests is in `canonical`. Here keys are any strings and numbers may have
fractions; what RFC 8785 can't write down as it was meant is refused: keys that stand twice, lone surrogates, numbers
that an IEEE 754 double changes.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, NoReturn

import orjson

from interlock.errors import MalformedInput

Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]

MAX_DEPTH: Final = 32
MAX_BYTES: Final = 1 << 20
MANY: Final = 20_000  # values; for what outsiders send that has no narrower bound of its own
_MAX_NUMBER: Final = 64  # characters; a double has 17 significant digits
_ECMA_INTEGER: Final = 21  # digits; from here on ECMAScript writes an exponent (ECMA-262, Number::toString)
_ECMA_SMALL: Final = -6
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_SHORT: Final = re.compile("0|-?[1-9][0-9]{0,14}")  # integers that every double holds, written one way only
_EMPTY: Final = re.compile(rb"\[\s*\]|\{\s*\}")


def read(text: bytes, *, limit: int = MAX_BYTES, most_values: int | None = None) -> Json:
    """The value that a JSON text (RFC 8259, UTF-8) means; raises `MalformedInput` for all that isn't exactly one.

    A number comes out as an int where RFC 8785 writes it without fraction or exponent: `1.0` is 1. With `most_values`,
    a text of more values (`values_in`) is refused before any of them is made.
    """
    if len(text) > limit:
        raise MalformedInput(f"JSON of more than {limit} bytes")
    if most_values is not None and _written_values(text, most_values) > most_values:
        raise MalformedInput(f"JSON of more than {most_values} values")
    try:
        value: Json = json.loads(
            text.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_number,
            parse_float=_number,
            parse_constant=_no_constant,
        )
    except MalformedInput:
        raise
    except RecursionError:
        raise MalformedInput("JSON nested too deep") from None
    except ValueError:  # UnicodeDecodeError and json.JSONDecodeError are such
        raise MalformedInput("this isn't JSON in UTF-8") from None
    if b"\\u" in text:  # UTF-8 has no surrogates: only an escape can be one
        _check_texts(value)
    return value


def values_in(value: Json, most: int) -> int:
    """How many values a document has: itself, and each member of every object and list. Stops over `most`."""
    count, stack = 1, [value]
    while stack and count <= most:
        node = stack.pop()
        if isinstance(node, Mapping):
            count += len(node)
            stack.extend(node.values())
        elif isinstance(node, Sequence) and not isinstance(node, str):
            count += len(node)
            stack.extend(node)
    return count


def encode(value: Json) -> bytes:
    """The one RFC 8785 encoding, UTF-8, no newline; raises `MalformedInput` for what has none."""
    parts: list[str] = []
    _write(value, parts, MAX_DEPTH)
    return "".join(parts).encode()


def _written_values(text: bytes, most: int) -> int:
    """As `values_in`, of a JSON text, without making any; anything for what isn't JSON, which is refused afterwards."""
    if (about := _separators(text)) <= most:
        return about  # strings counted too, and still few enough
    bare = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside = b"s".join(bare.split(b'"')[::2])
    return _separators(outside) - len(_EMPTY.findall(outside))


def _separators(text: bytes) -> int:
    """Each value but the outermost stands behind a comma, or first in a list or object."""
    return 1 + text.count(b",") + text.count(b"[") + text.count(b"{")


def _check_texts(value: Json) -> None:
    """Pairs of escapes were made one character by now: a surrogate that is left stands alone."""
    stack: list[Json] = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            if _SURROGATE.search(node):
                raise MalformedInput("a string holds a lone surrogate")
        elif isinstance(node, Mapping):
            stack.extend(node)
            stack.extend(node.values())
        elif isinstance(node, Sequence):
            stack.extend(node)


def _object(pairs: list[tuple[str, Json]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedInput("a JSON object has the same key twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise MalformedInput("NaN and Infinity aren't JSON")


def _number(text: str) -> int | float:
    return int(text) if _SHORT.fullmatch(text) else _any_number(text)


def _any_number(text: str) -> int | float:
    if len(text) > _MAX_NUMBER:
        raise MalformedInput("a number of too many digits")
    value = float(text)
    mantissa = text.lower().partition("e")[0]
    is_zero = not mantissa.strip("-0.")
    # Zero has no exponent worth reading, and a text that underflows or overflows to a double never gets to Decimal.
    if not math.isfinite(value) or (value == 0) is not is_zero or (is_zero and text.startswith("-")):
        raise _changed()
    if not is_zero and text != repr(value) and Decimal(text) != Decimal(repr(value)):
        raise _changed()
    written = _ecma(value)
    return int(written) if written.lstrip("-").isdigit() else value


def _changed() -> MalformedInput:
    return MalformedInput("a number that a double-precision float would change")


def _write(value: object, parts: list[str], depth: int) -> None:
    if depth < 0:
        raise MalformedInput("JSON nested too deep")
    match value:
        case str():
            parts.append(_text(value))
        case bool() | None:
            parts.append({True: "true", False: "false", None: "null"}[value])
        case int():
            parts.append(_integer(value))
        case float():
            parts.append(_fraction(value))
        case Mapping():
            _write_object(value, parts, depth)
        case Sequence() if not isinstance(value, bytes | bytearray | memoryview):
            for n, member in enumerate(value):
                parts.append("," if n else "[")
                _write(member, parts, depth - 1)
            parts.append("]" if value else "[]")
        case _:
            raise MalformedInput("a value that JSON doesn't have")


def _write_object(value: Mapping[object, object], parts: list[str], depth: int) -> None:
    texts = {}
    for key in value:
        if not isinstance(key, str):
            raise MalformedInput("an object key that isn't text")
        texts[key] = _text(key)
    # RFC 8785 section 3.2.3: keys in the order of their UTF-16 code units. (The texts hold no surrogates by now.)
    for n, key in enumerate(sorted(texts, key=lambda key: key.encode("utf-16-be"))):
        parts.append(f"{',' if n else '{'}{texts[key]}:")
        _write(value[key], parts, depth - 1)
    parts.append("}" if texts else "{}")


def _text(text: str) -> str:
    try:
        return orjson.dumps(text).decode()
    except TypeError:  # orjson.JSONEncodeError is one
        raise MalformedInput("a string holds a lone surrogate") from None


def _integer(value: int) -> str:
    return str(int(value)) if -(10**15) < value < 10**15 else _any_integer(value)


def _any_integer(value: int) -> str:
    try:
        same = int(Decimal(repr(float(value)))) == value
    except OverflowError:
        same = False
    if not same:
        raise _changed()
    return _ecma(float(value))


def _fraction(value: float) -> str:
    if not math.isfinite(value) or (value == 0 and math.copysign(1, value) < 0):
        raise _changed()
    return _ecma(value)


def _ecma(value: float) -> str:
    """A finite double as ECMAScript writes it (ECMA-262 Number::toString, which RFC 8785 section 3.2.2.3 asks for)."""
    written = repr(value)
    # Both give the fewest digits that mean it. Where Python needs no exponent, neither does ECMAScript.
    mantissa, _, exponent = written.partition("e")
    if value and not exponent:
        return mantissa.removesuffix(".0")
    if value and not _ECMA_SMALL <= (power := int(exponent)) < _ECMA_INTEGER:
        return f"{mantissa}e{power:+d}"
    return _any_ecma(value)


def _any_ecma(value: float) -> str:
    """The same, worked out from its digits."""
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    _, numbers, exponent = Decimal(repr(abs(value))).as_tuple()
    assert isinstance(exponent, int)
    digits = "".join(map(str, numbers)).lstrip("0")
    point = len(digits) + exponent  # where the decimal point stands, counted from the first digit
    digits = digits.rstrip("0")
    if len(digits) <= point <= _ECMA_INTEGER:
        return f"{sign}{digits}{'0' * (point - len(digits))}"
    if 0 < point <= _ECMA_INTEGER:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if _ECMA_SMALL < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{fraction}e{point - 1:+d}"
