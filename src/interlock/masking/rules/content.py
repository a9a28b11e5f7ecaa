"""Content: a value without a label passes if nothing is found in it; of a text only what was found is masked, and
anything else becomes a token, or NULL.

What is found is worked out beforehand, for a chunk of rows at a time (`Known`): this mask only looks it up. A value
that nobody has looked at is masked whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Final

from interlock.masking.forms import BYTEA, INTEGERS, NUMERIC
from interlock.masking.rules.redact import TEXT_LIKE
from interlock.masking.rules.redact_array import TEXT_ARRAYS, redact_array
from interlock.masking.tokens import token_of
from interlock.model.label import Label

JSON: Final = 114
JSONB: Final = 3802
JSONB_VERSION: Final = b"\x01"  # before the text, in jsonb_send's form (PostgreSQL sources, jsonb.c)
XML: Final = 142
UNREAD: Final = Label("phi")
"""What a value is taken for that couldn't be looked into: anything."""

# pg_type.oid of built-in types that hold no words: truth values, floats, moments, networks, identifiers, shapes, ranges
# and arrays of these.
_WORDLESS_OIDS: Final = (
    "16 18 22 24 26 27 28 29 30 600 601 602 603 604 628 650 700 701 718 774 790 829 869 1082 1083 1114 1184 1186 "
    "1266 1560 1562 2202 2203 2204 2205 2206 2278 2950 2970 3220 3734 3769 3904 3906 3908 3910 3912 3926 4089 "
    "4096 4191 4451 4532 4533 4534 4535 4536 5038 5069 1000 1005 1006 1007 1008 1010 1011 1012 1013 1016 1017 "
    "1018 1019 1020 1021 1022 1027 1028 1040 1041 651 719 775 791 1115 1182 1183 1185 1187 1231 1270 1561 1563 "
    "2210 2211 2949 2951 3221 3905 3907 3909 3911 3913 3927 6150 6151 6152 6153 6155 6157 271 1002"
)
_WORDLESS: Final = frozenset(map(int, _WORDLESS_OIDS.split()))


class Holds(Enum):
    """How the values of a column are read, and so what may stand in the place of what is found."""

    TEXT = auto()
    JSON = auto()
    ARRAY = auto()  # of texts
    NUMBER = auto()  # NULL where it is found to be something
    BYTES = auto()  # looked into where they are a text; NULL likewise
    OTHER = auto()  # rows, users' types: as a text; NULL likewise


Told = tuple[bytes | None, frozenset[Label]]
"""What stands in a value's place, and the labels of what was found in it."""


class Known:
    """What is known of the values of one column in the chunk at hand: `told` has them (None: nothing is in it).
    `rest_passes`: the others weren't to be looked at, as in columns that are audited only."""

    __slots__ = ("rest_passes", "told")

    def __init__(self) -> None:
        self.told: Mapping[bytes, Told | None] = {}
        self.rest_passes = False

    def __repr__(self) -> str:
        return "Known(…)"


@dataclass(frozen=True, slots=True)
class ContentMask:
    """Replaces a value by what `known` tells of it; NULL and what holds no byte go as they are.

    `column`: its full name where it plainly is one. `found`: values replaced so far, by label; one counts under each of
    its labels.
    """

    holds: Holds
    type_oid: int
    format: int
    column: str | None = None
    known: Known = field(default_factory=Known, compare=False)
    found: Counter[Label] = field(default_factory=Counter, compare=False)

    def __call__(self, value: bytes | None) -> bytes | None:
        """What is sent in place of `value`: the very same object where it passes."""
        if not value:
            return value
        known = self.known
        told = known.told.get(value, self)
        if told is self:
            told = None if known.rest_passes else self.whole([UNREAD])
        if not isinstance(told, tuple):
            return value
        masked, labels = told
        self.found.update(labels)
        return masked

    def whole(self, labels: list[Label] | frozenset[Label]) -> Told:
        """What stands in place of a whole value with these labels (at least one)."""
        token = token_of(labels).encode()
        match self.holds:
            case Holds.TEXT:
                told: bytes | None = token
            case Holds.JSON:
                told = self.prefix + b'"' + token + b'"'
            case Holds.ARRAY:
                told = redact_array(labels, True, self.type_oid, self.format).replacement
            case _:
                told = None
        return told, frozenset(labels)

    @property
    def prefix(self) -> bytes:
        """What stands before the text in each value."""
        return JSONB_VERSION if self.type_oid == JSONB and self.format else b""

    def from_nothing(self) -> ContentMask:
        """The same mask, knowing nothing, with a count of its own."""
        return replace(self, known=Known(), found=Counter())


def content_mask(type_oid: int, format: int, column: str | None = None) -> ContentMask | None:
    """A mask for a column of this type in text (0) or binary (1) format; None for types whose values aren't looked
    into. Numbers are only where they plainly are a stored `column`: of others nothing tells what they count."""
    holds = _holds(type_oid, format)
    if holds is None or (holds is Holds.NUMBER and column is None):
        return None
    return ContentMask(holds, type_oid, format, column)


def _holds(type_oid: int, format: int) -> Holds | None:
    if type_oid in TEXT_LIKE or type_oid == XML:
        return Holds.TEXT
    if type_oid in (JSON, JSONB):
        return Holds.JSON
    if type_oid in TEXT_ARRAYS:
        return Holds.ARRAY
    if type_oid in INTEGERS:
        return Holds.NUMBER
    if type_oid == NUMERIC:
        return Holds.NUMBER if format == 0 else None
    if type_oid == BYTEA:
        return Holds.BYTES
    return None if type_oid in _WORDLESS else Holds.OTHER
