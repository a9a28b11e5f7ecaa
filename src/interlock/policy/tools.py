"""A tool's arguments as policies read them: its JSON Schema made a Cedar record, and a call's arguments fitted in.

    {"type": "string"}, or an enum of strings     String
    {"type": "integer"}                           Long
    {"type": "boolean"}                           Bool
    {"type": "array", "items": one of these}      Set<...>
    {"type": "object", "properties": {...}}       a record of them

All else doesn't map: numbers, null, unions, references, tuples, keys that the schema doesn't name. Every attribute is
optional. An argument that doesn't map is absent, and its call is opaque: policy is told that it hasn't seen all.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final, assert_never

from interlock.errors import MalformedInput
from interlock.model.canonical import JsonValue
from interlock.model.jcs import Json
from interlock.model.tool import Tool

MAX_RECORDS: Final = 4  # one in another, the arguments themselves included
MAX_ATTRIBUTES: Final = 64  # of one record
MAX_ALL_ATTRIBUTES: Final = 256  # of one tool; each policy is validated against every one of them

# Cedar reads `__entity` and `__extn` in a record as something else, and keeps names that begin so for itself.
_NAME = re.compile(r"(?!__)[ !#-\[\]-~]{1,64}")
_PLAIN_CHARACTERS: Final = frozenset(string.ascii_letters + string.digits + " _-./:@$")
_UNCERTAIN: Final = frozenset({"$ref", "$dynamicRef", "anyOf", "oneOf", "allOf", "not", "if", "then", "else"})
_LONG: Final = range(-(2**63), 2**63)


class Scalar(Enum):
    """A Cedar type without parts."""

    STRING = "String"
    LONG = "Long"
    BOOL = "Bool"


@dataclass(frozen=True, slots=True)
class SetOf:
    """Cedar's Set, of scalars."""

    of: Scalar


@dataclass(frozen=True, slots=True)
class Record:
    """Cedar's record, every attribute optional."""

    attributes: Mapping[str, Shape]


Shape = Scalar | SetOf | Record


@dataclass(frozen=True, slots=True)
class Mapped:
    """A call's arguments as policies may read them; `complete` when nothing of them is left out."""

    input: Mapping[str, JsonValue]
    complete: bool


_SCALARS: Mapping[str, Scalar] = MappingProxyType(
    {"string": Scalar.STRING, "integer": Scalar.LONG, "boolean": Scalar.BOOL}
)


def record_of(tool: Tool) -> Record:
    """What policies can read of a tool's arguments; nothing where its schema says nothing that maps."""
    shape = _shape(tool.input_schema, MAX_RECORDS)
    if not isinstance(shape, Record) or _count(shape) > MAX_ALL_ATTRIBUTES:
        return Record({})
    return shape


def record_text(tool: Tool) -> str:
    """`record_of` in the syntax of Cedar schemas."""
    return _text(record_of(tool))


def map_input(tool: Tool, arguments: Mapping[str, Json]) -> Mapped:
    """The arguments of a call as far as the pinned schema maps them.

    What doesn't fit its type is left out whole: a set with one strange member could pass for a smaller one.
    """
    return _fit_record(record_of(tool), arguments)


def cedar_string(text: str) -> str:
    """A string literal of Cedar that means `text`, whatever is in it; raises `MalformedInput` for a lone surrogate."""
    if not _is_text(text):
        raise MalformedInput("a name holds a lone surrogate")
    return '"' + "".join(c if c in _PLAIN_CHARACTERS else f"\\u{{{ord(c):x}}}" for c in text) + '"'


def _shape(schema: object, records: int) -> Shape | None:
    match schema:
        case Mapping() if not _UNCERTAIN.isdisjoint(schema):
            return None
        case {"prefixItems": _}:  # a tuple
            return None
        case {"type": "array", "items": items}:
            member = _scalar(items)
            return None if member is None else SetOf(member)
        case {"type": "object", "properties": properties} if records:
            return _record(properties, records)
        case _:
            return _scalar(schema)


def _scalar(schema: object) -> Scalar | None:
    match schema:
        case Mapping() if not _UNCERTAIN.isdisjoint(schema):
            return None
        case {"type": str() as name}:
            return _SCALARS.get(name)
        case {"type": _}:  # a union
            return None
        case {"enum": enum} if _is_words(enum):
            return Scalar.STRING
        case _:
            return None


def _record(properties: object, records: int) -> Record | None:
    if not isinstance(properties, Mapping) or len(properties) > MAX_ATTRIBUTES:
        return None
    found: dict[str, Shape] = {}
    for name in properties:
        shape = _shape(properties[name], records - 1) if isinstance(name, str) and _NAME.fullmatch(name) else None
        if shape is not None:
            found[name] = shape
    return Record(found) if found else None


def _is_words(enum: object) -> bool:
    return isinstance(enum, list | tuple) and bool(enum) and all(isinstance(word, str) for word in enum)


def _count(record: Record) -> int:
    nested = (shape for shape in record.attributes.values() if isinstance(shape, Record))
    return len(record.attributes) + sum(map(_count, nested))


def _text(shape: Shape) -> str:
    match shape:
        case Scalar():
            return shape.value
        case SetOf(of):
            return f"Set<{of.value}>"
        case Record(attributes):
            return "{ " + ", ".join(f"{cedar_string(n)}?: {_text(attributes[n])}" for n in sorted(attributes)) + " }"
        case _:
            assert_never(shape)


def _fit_record(record: Record, value: Mapping[str, Json]) -> Mapped:
    fitted: dict[str, JsonValue] = {}
    complete = True
    for name, member in value.items():
        shape = record.attributes.get(name)
        match shape:
            case None:
                complete = False
            case Record() if isinstance(member, Mapping):
                inner = _fit_record(shape, member)
                fitted[name] = inner.input
                complete &= inner.complete
            case SetOf(of) if isinstance(member, list | tuple) and all(_is(of, each) for each in member):
                fitted[name] = list(member)
            case Scalar() if _is(shape, member):
                fitted[name] = member  # type: ignore[assignment]  # no float is one of the scalars
            case _:
                complete = False
    return Mapped(fitted, complete)


def _is(scalar: Scalar, value: object) -> bool:
    match scalar:
        case Scalar.STRING:
            return type(value) is str and _is_text(value)
        case Scalar.LONG:
            return type(value) is int and value in _LONG
        case Scalar.BOOL:
            return type(value) is bool
        case _:
            assert_never(scalar)


def _is_text(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text)
