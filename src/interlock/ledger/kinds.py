"""The kinds of values that entries hold: what each is in words, and whether a value is one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import assert_never

from interlock.errors import MalformedInput
from interlock.model.canonical import JsonValue

_DIGEST = re.compile(r"[0-9a-f]{64}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")


@dataclass(frozen=True, slots=True)
class Text:
    """A string, or one of `choices` if there are any."""

    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sha256:
    """A SHA-256 as 64 lower-case hex digits; if `optional`, "" where there is none."""

    optional: bool = False


@dataclass(frozen=True, slots=True)
class Time:
    """RFC 3339 in UTC with six digits and Z; if `optional`, "" where there is none."""

    optional: bool = False


@dataclass(frozen=True, slots=True)
class Whole:
    """An integer from 0."""


@dataclass(frozen=True, slots=True)
class Texts:
    """An array of strings."""


@dataclass(frozen=True, slots=True)
class Rows:
    """An array of objects, each with exactly these members."""

    columns: Mapping[str, Text | Whole]


Kind = Text | Sha256 | Time | Whole | Texts | Rows


def described(kind: Kind) -> str:
    """A kind in words, as the reference page has it."""
    match kind:
        case Text(()):
            return "string"
        case Text(choices):
            return " \\| ".join(f'`"{choice}"`' for choice in choices)
        case Sha256(optional):
            return "SHA-256, hex" + (' or `""`' if optional else "")
        case Time(optional):
            return "time" + (' or `""`' if optional else "")
        case Whole():
            return "integer from 0"
        case Texts():
            return "strings"
        case Rows(columns):
            return "array of {" + ", ".join(f"{name}: {described(k)}" for name, k in columns.items()) + "}"
        case _:
            assert_never(kind)


def parse_time(text: str) -> datetime:
    """A time as the ledger writes it; raises `MalformedInput`."""
    if not _TIME.fullmatch(text):
        raise MalformedInput("a time that isn't RFC 3339 in UTC with six digits")
    try:
        return datetime.fromisoformat(text[:-1]).replace(tzinfo=UTC)
    except ValueError:
        raise MalformedInput("a time that no calendar has") from None


def format_time(moment: datetime) -> str:
    """A time as the ledger writes it; `moment` must know its zone."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


Fitting = Callable[[JsonValue], bool]


def fitting(kind: Kind) -> Fitting:
    """Tells whether a value is of this kind. Made once a field: which kind it is isn't asked for every entry."""
    match kind:
        case Text(()):
            return _is_text
        case Text(choices):
            return lambda value: isinstance(value, str) and value in choices
        case Sha256(optional):
            return lambda value: isinstance(value, str) and bool(_DIGEST.fullmatch(value) or (optional and not value))
        case Time(optional):
            return lambda value: isinstance(value, str) and (optional if not value else _is_time(value))
        case Whole():
            return lambda value: type(value) is int and value >= 0
        case Texts():
            return _are_texts
        case Rows(columns):
            return _are_rows({name: fitting(each) for name, each in columns.items()})
        case _:
            assert_never(kind)


def _is_text(value: JsonValue) -> bool:
    return isinstance(value, str)


def _are_texts(value: JsonValue) -> bool:
    if not isinstance(value, list | tuple):
        return False
    for member in value:  # noqa: SIM110  a generator costs more than what it looks at
        if not isinstance(member, str):
            return False
    return True


def _are_rows(columns: Mapping[str, Fitting]) -> Fitting:
    names = columns.keys()

    def fit(row: JsonValue) -> bool:
        if not isinstance(row, Mapping) or row.keys() != names:
            return False
        return False not in [fits(row[name]) for name, fits in columns.items()]

    return lambda value: isinstance(value, list | tuple) and False not in [fit(row) for row in value]


def _is_time(text: str) -> bool:
    try:
        parse_time(text)
    except MalformedInput:
        return False
    return True
