"""How a column's bytes are values and values bytes, for the types that rules may keep: texts, whole numbers, dates.

PostgreSQL's text form under `DateStyle` ISO, and its binary form (sources: date.c, timestamp.c, int.c). What isn't
read here is masked by a constant.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

from interlock.masking.rules.redact import TEXT_LIKE
from interlock.masking.value import Kind, Special, Value

DATE: Final = 1082
TIMESTAMP: Final = 1114
TIMESTAMPTZ: Final = 1184
NUMERIC: Final = 1700
BYTEA: Final = 17
INTEGERS: Final[Mapping[int, str]] = {21: "!h", 23: "!i", 20: "!q"}  # pg_type.oid, and its binary form

_EPOCH: Final = date(2000, 1, 1)
_MOMENT: Final = datetime(2000, 1, 1)
_INTEGER: Final = re.compile(rb"-?[0-9]{1,19}")
_NUMBER: Final = re.compile(rb"-?[0-9]{1,40}(?:\.[0-9]{1,40})?")
_DATE: Final = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = re.compile(
    rb"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:[+-][0-9]{2}(?::[0-9]{2})?)?"
)


def kind_of(type_oid: int, format: int) -> Kind | None:
    """The kind of a column's values in text (0) or binary (1) format; None where they aren't read here."""
    if type_oid in TEXT_LIKE:
        return Kind.TEXT
    if type_oid in INTEGERS:
        return Kind.INTEGER
    if type_oid == NUMERIC:
        return Kind.NUMBER if format == 0 else None
    if type_oid == DATE:
        return Kind.DATE
    return Kind.TIMESTAMP if type_oid in (TIMESTAMP, TIMESTAMPTZ) else None


def most_of(type_oid: int) -> int:
    """The largest value of an integer type."""
    return int(2 ** (8 * struct.calcsize(INTEGERS[type_oid]) - 1) - 1)


def read(raw: bytes, type_oid: int, format: int) -> Value | Special:
    """The value; `REFUSED` for bytes that aren't one, and for dates that Python has none for (BC, infinity)."""
    try:
        if type_oid in TEXT_LIKE:
            return raw.decode()
        return _binary(raw, type_oid) if format else _text(raw, type_oid)
    except (ValueError, OverflowError, struct.error):
        return Special.REFUSED


def write(value: Value, type_oid: int, format: int) -> bytes | None:
    """The bytes of a masked value; None (NULL) where it doesn't fit."""
    try:
        match value:
            case str() if type_oid in TEXT_LIKE:
                return value.encode()
            case bool():
                return None
            case int() if type_oid in INTEGERS:
                packed = struct.pack(INTEGERS[type_oid], value)  # raises where it is too large
                return packed if format else str(value).encode()
            case int() | Decimal() if type_oid == NUMERIC and format == 0:
                return f"{value:f}".encode() if isinstance(value, Decimal) else str(value).encode()
            case datetime() if type_oid in (TIMESTAMP, TIMESTAMPTZ):
                return _moment(value, format)
            case date() if type_oid == DATE and not isinstance(value, datetime):
                return struct.pack("!i", (value - _EPOCH).days) if format else value.isoformat().encode()
            case _:
                return None
    except (UnicodeEncodeError, struct.error):
        return None


def _text(raw: bytes, type_oid: int) -> Value | Special:
    if type_oid in INTEGERS and _INTEGER.fullmatch(raw):
        return int(raw)
    if type_oid == NUMERIC and _NUMBER.fullmatch(raw):
        return Decimal(raw.decode())
    if type_oid == DATE and _DATE.fullmatch(raw):
        return date.fromisoformat(raw.decode())
    if type_oid in (TIMESTAMP, TIMESTAMPTZ) and _TIME.fullmatch(raw):
        return datetime.fromisoformat(raw.decode())
    return Special.REFUSED


def _binary(raw: bytes, type_oid: int) -> Value | Special:
    if type_oid in INTEGERS:
        return int(struct.unpack(INTEGERS[type_oid], raw)[0])
    if type_oid == DATE:
        return _EPOCH + timedelta(days=struct.unpack("!i", raw)[0])
    if type_oid in (TIMESTAMP, TIMESTAMPTZ):
        moment = _MOMENT + timedelta(microseconds=struct.unpack("!q", raw)[0])
        return moment.replace(tzinfo=UTC) if type_oid == TIMESTAMPTZ else moment
    return Special.REFUSED


def _moment(value: datetime, format: int) -> bytes:
    if format == 0:
        return value.isoformat(sep=" ").encode()
    plain = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo is not None else value
    return struct.pack("!q", (plain - _MOMENT) // timedelta(microseconds=1))
