"""Canonical JSON (RFC 8785) of Python values: the one text that is evaluated, signed for and compared.

Exactly `dict` with `str` keys, `list`, `tuple`, `str`, `int`, `float`, `bool` and `None` have one. Anything else is
refused, subclasses too: what they'd be written as needn't be what the function makes of them.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from typing import Any, Final

from interlock_client.errors import NotSendable

MAX_DEPTH: Final = 24  # of arguments: the gateway takes 32 with what stands around them
MAX_BYTES: Final = 48 * 1024  # the gateway takes requests of 64 KiB
MAX_EXACT: Final = 2**53 - 1  # the largest integer that every double around it keeps apart (RFC 7493 section 2.2)
_ECMA_INTEGER: Final = 21  # digits; from here on ECMAScript writes an exponent (ECMA-262, Number::toString)
_ECMA_SMALL: Final = -6
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def encode(value: object, *, most: int = MAX_BYTES, depth: int = MAX_DEPTH) -> bytes:
    """The one encoding, in UTF-8; raises `NotSendable`, which never says what the value is."""
    parts: list[str] = []
    changed = False
    try:
        _write(value, parts, depth)
    except (RuntimeError, KeyError):  # a dict that another thread changes meanwhile
        changed = True
    if changed:
        raise NotSendable("The arguments changed while they were read.")
    text = "".join(parts).encode()
    if len(text) > most:
        raise NotSendable(f"The arguments take more than {most} bytes; say with describe= what stands for them.")
    return text


def decode(text: bytes) -> Any:
    """The value of a text that `encode` made, so that it is encoded as the same again."""
    return json.loads(text, parse_int=lambda digits: int(digits) if abs(int(digits)) <= MAX_EXACT else float(digits))


def digest(text: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(text).hexdigest()


def _write(value: object, parts: list[str], depth: int) -> None:
    if depth < 0:
        raise NotSendable("The arguments are nested too deep; say with describe= what stands for them.")
    kind = type(value)
    if value is None:
        parts.append("null")
    elif kind is bool:
        parts.append("true" if value else "false")
    elif isinstance(value, str) and kind is str:
        parts.append(_text(value))
    elif isinstance(value, int) and kind is int:
        if abs(value) > MAX_EXACT:
            raise NotSendable("An integer over 2^53 doesn't survive JSON; send it as a text, or use describe=.")
        parts.append(str(value))
    elif isinstance(value, float) and kind is float:
        parts.append(_number(value))
    elif isinstance(value, list | tuple) and kind in (list, tuple):
        _list(value, parts, depth)
    elif isinstance(value, dict) and kind is dict:
        _object(value, parts, depth)
    else:
        raise NotSendable(
            f"An argument of type {kind.__name__} has no canonical JSON; say with describe= what stands for it."
        )


def _list(value: list[object] | tuple[object, ...], parts: list[str], depth: int) -> None:
    parts.append("[")
    for n, member in enumerate(value):
        if n:
            parts.append(",")
        _write(member, parts, depth - 1)
    parts.append("]")


def _object(value: dict[object, object], parts: list[str], depth: int) -> None:
    if any(type(name) is not str for name in value):
        raise NotSendable("A key that isn't a text has no canonical JSON; say with describe= what stands for it.")
    parts.append("{")
    for n, name in enumerate(sorted(value, key=_order)):
        if n:
            parts.append(",")
        parts.append(_text(str(name)))
        parts.append(":")
        _write(value[name], parts, depth - 1)
    parts.append("}")


def _order(name: object) -> bytes:
    """By UTF-16 code units (RFC 8785 section 3.2.3)."""
    return str(name).encode("utf-16-be", "surrogatepass")


def _text(value: str) -> str:
    if _SURROGATE.search(value):
        raise NotSendable("A text holds half of a surrogate pair; it has no canonical JSON.")
    return json.dumps(value, ensure_ascii=False)


def _number(value: float) -> str:
    """As ECMAScript writes it (RFC 8785 section 3.2.2.3). Python's repr has the same digits, in another dress."""
    if not math.isfinite(value):
        raise NotSendable("NaN and infinity aren't JSON; say with describe= what stands for them.")
    if value == 0:
        return "0"
    sign, text = ("-", repr(-value)) if value < 0 else ("", repr(value))
    mantissa, _, exponent = text.partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    if 0 < point <= _ECMA_INTEGER:
        if len(digits) <= point:
            return sign + digits + "0" * (point - len(digits))
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if _ECMA_SMALL < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    dotted = digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "")
    return f"{sign}{dotted}e{'+' if point > 0 else '-'}{abs(point - 1)}"
