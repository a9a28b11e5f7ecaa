"""Pieces: the values of a document, each with its place in the source text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from interlock.model.label import Label


class Form(Enum):
    """How a piece is written in its source, and so what a new value must be."""

    TEXT = auto()  # plain: as it is
    STRING = auto()  # a JSON string token, with its quotes
    NUMBER = auto()  # a JSON number token
    KEY = auto()  # a JSON key, with its quotes
    CELL = auto()  # a CSV field
    FIELD = auto()  # a part of an HL7 v2 field, escaped
    HL7_DATE = auto()  # the same, holding DT, DTM or TS; its value is told as ISO 8601
    OPAQUE = auto()  # never shown in part: an attachment
    FHIR_PRIMITIVE = auto()  # a FHIR member, key and all, whose type takes no words: a date, a number
    FHIR_ID = auto()  # a logical id within a JSON string token, without quotes
    FHIR_BASE64 = auto()  # a JSON string token that holds a text in base64
    XHTML = auto()  # a JSON string token that holds a FHIR narrative


@dataclass(frozen=True, slots=True)
class Piece:
    """One value. `start` and `end` slice it out of the source as it is written there; `text` is what that means."""

    start: int
    end: int
    where: str
    """Its path, for people and machines: `$.patient.name[0].family`, `row 3, column mrn`, `PID-5.1`."""
    text: str
    telling: str = ""
    """The key, column or field that holds it, as written."""
    label: Label | None = None
    """What its place says that all of it is; None: nothing, look into it."""
    form: Form = Form.TEXT
    record: int = 0
    """Pieces with the same number are one record's: a name found in one is looked for in the others."""
    context: str = ""
    """What writing it back needs to know: a FHIR member's key, an object's number for a JSON key."""
    about: bool = False
    """`label` only tells what the value is about (a diagnosis): look into it all the same."""


@dataclass(frozen=True, slots=True)
class Nest:
    """A value that is a document itself: JSON in a JSON string. Its pieces' offsets are into `source`."""

    start: int
    end: int
    source: str
    pieces: tuple[Piece, ...]


Part = Piece | Nest


class Format(Protocol):
    """Reads one kind of document."""

    def parts(self, source: str) -> Iterator[Part]:
        """The pieces in the order of the source, none overlapping. Raises `MalformedInput` where it isn't one."""

    def write(self, piece: Piece, new: str) -> str:
        """The source text that stands for `new` where `piece` was. What can't be written so is written as nothing or
        as the format's own absence, never as the old value."""


def pieces_of(parts: Iterable[Part]) -> Iterator[Piece]:
    """All pieces, those within nests too, in order."""
    for part in parts:
        if isinstance(part, Nest):
            yield from part.pieces
        else:
            yield part


def rewritten(
    source: str,
    start: int,
    end: int,
    parts: Sequence[Part],
    new: Iterator[str | None],
    write: Callable[[Piece, str], str],
) -> str:
    """`source[start:end]` with each piece replaced: `new` has a text or None (as it was) for each of `pieces_of`."""
    out: list[str] = []
    at = start
    for part in parts:
        if isinstance(part, Nest):
            inner = rewritten(part.source, 0, len(part.source), part.pieces, new, write)
            written = None if inner == part.source else write(_outer(part), inner)
        else:
            text = next(new)
            written = None if text is None else write(part, text)
        if written is not None:
            out += (source[at : part.start], written)
            at = part.end
    out.append(source[at:end])
    return "".join(out)


def _outer(nest: Nest) -> Piece:
    return Piece(nest.start, nest.end, "", nest.source, form=Form.STRING)
