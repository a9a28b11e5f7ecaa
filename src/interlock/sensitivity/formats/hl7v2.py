"""HL7 v2 messages (ER7): segments, fields, repetitions, components and subcomponents, each value at its place.

Separators are those of the message's own MSH; batches (FHS, BHS) and MLLP framing are kept as they are. Escape
sequences (section 2.7) are read, and written anew in what is masked.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from interlock.errors import MalformedInput
from interlock.model.label import Label
from interlock.sensitivity.formats.document import Form, Part, Piece
from interlock.sensitivity.formats.field_names import tells_about
from interlock.sensitivity.formats.hl7v2_fields import CODES, COMPONENTS, IDENTIFIERS, WHOLE_TEXTS, field_type

_SEGMENT = re.compile(r"[^\r\n\x0b\x1c]+")  # VT and FS frame messages in MLLP
_NAME = re.compile(r"[A-Z][A-Z0-9]{2}\Z")
_HEADS: Final = frozenset({"MSH", "FHS", "BHS"})
_DATE = re.compile(
    r"((?:18|19|20)[0-9]{2})(0[1-9]|1[0-2])(?:([0-2][0-9]|3[01])(?:([01][0-9]|2[0-3])([0-5][0-9])?([0-5][0-9])?"
    r"(\.[0-9]{1,6})?)?)?([+-][0-9]{4})?\Z"
)
_ISO = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:[T ]([0-9]{2})(?::([0-9]{2})(?::([0-9]{2})(\.[0-9]+)?)?)?)?)?)?"
)
# In a code: it may be something else.
_UNUSUAL = re.compile(r"[0-9]{5}|@|\s|[0-9]{2,3}[-.][0-9]{2}|[^\x00-\x7f]|.{17}")


@dataclass(frozen=True, slots=True)
class Separators:
    """MSH-1 and MSH-2: field, component, repetition, escape, subcomponent; truncation since version 2.7, else ""."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str = ""


def separators_of(segment: str) -> Separators:
    """Those that an MSH, FHS or BHS segment declares. Raises `MalformedInput` where it doesn't."""
    field = segment[3:4]
    declared = segment[4:].partition(field)[0] if field else ""
    marks = [field, *declared]
    if not 3 <= len(marks) <= 6 or len(set(marks)) < len(marks) or any(m.isalnum() or m.isspace() for m in marks):
        raise MalformedInput(f"an {segment[:3]} segment that doesn't declare its separators")
    return Separators(*marks)


class Hl7v2:
    """The `Format` of HL7 v2. One for each document: what is written is escaped by its separators."""

    __slots__ = ("_separators",)

    def __init__(self) -> None:
        self._separators: dict[int, Separators] = {}

    def parts(self, source: str) -> Iterator[Part]:
        """As `Format` has it. A message is a record."""
        separators, message, seen = Separators(), 0, Counter[str]()
        first = True
        for found in _SEGMENT.finditer(source):
            segment, name = found[0], found[0][:3]
            if name in _HEADS:
                separators, message, seen = separators_of(segment), message + 1, Counter()
                self._separators[message] = separators
            elif first:
                if not segment.strip():
                    continue
                raise MalformedInput("HL7 v2 begins with MSH, FHS or BHS")
            first = False
            seen[name] += 1
            told = name if seen[name] == 1 else f"{name}[{seen[name]}]"
            for piece in _Segment(segment, found.start(), told, message, separators).pieces():
                if piece.text:
                    yield piece
        if first:
            raise MalformedInput("no HL7 v2 segment")

    def write(self, piece: Piece, new: str) -> str:
        """As `Format` has it: a date becomes a date, or nothing where `new` is none."""
        if piece.form is Form.HL7_DATE:
            return _date_back(new)
        if piece.form is Form.OPAQUE:
            return ""
        return escaped(new, self._separators.get(piece.record, Separators()))


@dataclass(frozen=True, slots=True)
class _Segment:
    text: str
    start: int
    name: str
    message: int
    separators: Separators

    def pieces(self) -> Iterator[Piece]:
        name = self.text[:3]
        if not _NAME.match(name) or self.text[3:4] not in ("", self.separators.field):
            yield self._piece(0, len(self.text), self.name, "", None, "ST")
            return
        fields = list(_split(self.text, 0, len(self.text), self.separators.field))
        first = 2 if name in _HEADS else 1  # MSH-1 is the separator itself, MSH-2 the others
        value_type = self.text[slice(*fields[2])].strip() if name == "OBX" and len(fields) > 2 else ""
        for at, (start, end) in enumerate(fields[first:], first):
            number = at + 1 if name in _HEADS else at
            type_, label = field_type(name, number)
            if name == "OBX" and number == 5:
                type_, label = value_type or "ST", None
            if start < end:
                yield from self._field(start, end, f"{self.name}-{number}", type_, label)

    def _field(self, start: int, end: int, where: str, type_: str, label: Label | None) -> Iterator[Piece]:
        repetitions = list(_split(self.text, start, end, self.separators.repetition))
        for number, (a, b) in enumerate(repetitions, 1):
            place = f"{where}[{number}]" if len(repetitions) > 1 else where
            if a == b:
                continue
            if type_ in WHOLE_TEXTS or type_ == "FAC":
                yield self._piece(a, b, place, where, label if type_ != "FAC" else Label("phi.address.facility"), type_)
            else:
                yield from self._components(a, b, place, type_, label)

    def _components(self, start: int, end: int, where: str, type_: str, label: Label | None) -> Iterator[Piece]:
        spans = list(_split(self.text, start, end, self.separators.component))
        values = [self.text[a:b] for a, b in spans]
        for number, (a, b) in enumerate(spans, 1):
            told = _component_label(type_, number, values, label)
            for each, (c, d) in enumerate(subs := list(_split(self.text, a, b, self.separators.subcomponent)), 1):
                if c == d:
                    continue
                place = where if len(spans) == len(subs) == 1 else f"{where}.{number}"
                place += f".{each}" if len(subs) > 1 else ""
                if type_ == "ED" and number == 5:
                    yield self._piece(c, d, place, where, Label("phi"), "OPAQUE")
                else:
                    yield self._piece(c, d, place, where, told, type_)

    def _piece(self, start: int, end: int, where: str, telling: str, label: Label | None, type_: str) -> Piece:
        written = self.text[start:end]
        text = unescaped(written, self.separators)
        form = Form.OPAQUE if type_ == "OPAQUE" else Form.FIELD
        dated = None if type_ == "NM" or where.startswith("MSH-10") else _date_of(text)
        if dated is not None and (label is None or label.startswith("phi.date")):
            text, form, label = dated, Form.HL7_DATE, label or Label("phi.date.service")
        elif label == "phi.age" or (type_ in CODES and not _UNUSUAL.search(text) and label is None):
            label, text = None, "" if type_ in CODES else text
        about = label is not None and tells_about(label)
        if text.strip() in ("", '""'):  # `""` is HL7's way to say that a value is deleted
            label, about = None, False
        at = self.start
        return Piece(at + start, at + end, where, text, telling, label, form, self.message, about=about)


def _component_label(type_: str, number: int, values: Sequence[str], label: Label | None) -> Label | None:
    known = COMPONENTS.get(type_, {}).get(number)
    if type_ == "CX" and number == 1:
        code = values[4].strip() if len(values) > 4 else ""
        return IDENTIFIERS.get(code) or label or known
    if type_ == "XTN" and known is not None:
        kinds = {value.strip().upper() for value in values[1:3]}
        if number != 4 and kinds & {"FX"}:
            return Label("phi.fax")
        if kinds & {"INTERNET", "NET", "X.400"} or "@" in values[number - 1]:
            return Label("phi.email")
    if known is not None:
        return known
    return label if type_ in ("ST", "TS", "CE", "CWE", "DT", "DTM") and (number == 1 or type_ != "TS") else None


def unescaped(text: str, separators: Separators) -> str:
    """A value as it is meant (section 2.7). Highlighting is dropped, and what isn't understood stays."""
    escape = separators.escape
    if escape not in text:
        return text
    out: list[str] = []
    at = 0
    while (start := text.find(escape, at)) >= 0:
        end = text.find(escape, start + 1, start + 1 + _LONGEST_ESCAPE)
        meant = _meant(text[start + 1 : end], separators) if end >= 0 else None
        if meant is None:
            out.append(text[at : start + 1])
            at = start + 1
        else:
            out += (text[at:start], meant)
            at = end + 1
    out.append(text[at:])
    return "".join(out)


def escaped(text: str, separators: Separators) -> str:
    """A value as it is written: its separators escaped, line ends as `.br`."""
    e = separators.escape
    written = {
        separators.escape: "E",
        separators.field: "F",
        separators.component: "S",
        separators.repetition: "R",
        separators.subcomponent: "T",
        separators.truncation: "P",
    }
    table = {ord(sign): f"{e}{code}{e}" for sign, code in written.items() if sign}
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0b", " ").replace("\x1c", " ").split("\n")
    return f"{e}.br{e}".join(line.translate(table) for line in lines)


_LONGEST_ESCAPE: Final = 4096  # characters; hexadecimal data may be long


def _meant(code: str, separators: Separators) -> str | None:
    match code:
        case "F":
            return separators.field
        case "S":
            return separators.component
        case "T":
            return separators.subcomponent
        case "R":
            return separators.repetition
        case "E":
            return separators.escape
        case "P":
            return separators.truncation
        case "H" | "N":
            return ""
    if code[:1] == "X" and len(code) % 2 == 1:
        try:
            return bytes.fromhex(code[1:]).decode("utf-8", "replace")
        except ValueError:
            return None
    return "\n" if code.startswith((".br", ".sp", ".ce")) else None


def _split(text: str, start: int, end: int, separator: str) -> Iterator[tuple[int, int]]:
    """Places of the parts; the escape character guards no separator: they are written as escape sequences."""
    at = start
    while separator and (found := text.find(separator, at, end)) >= 0:
        yield at, found
        at = found + 1
    yield at, end


def _date_of(text: str) -> str | None:
    """DT, DTM or TS as ISO 8601; None for anything else. A year alone isn't a date."""
    found = _DATE.match(text.strip())
    if found is None or (len(found[0]) == 6 and found[3] is None and not found[0].startswith(("19", "20"))):
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    written = year + f"-{month}" + (f"-{day}" if day else "")
    if hour:
        written += f"T{hour}:{minute or '00'}" + (f":{second}" if second else "") + (fraction or "")
    return written + (zone or "" if hour else "")


def _date_back(new: str) -> str:
    found = _ISO.match(new.strip())
    if found is None or (found.end() < len(new.strip()) and new.strip()[found.end()] not in "+-Z"):
        return ""
    zone = new.strip()[found.end() :].replace(":", "").replace("Z", "+0000")
    return "".join(group or "" for group in found.groups()) + (zone if found[4] else "")
