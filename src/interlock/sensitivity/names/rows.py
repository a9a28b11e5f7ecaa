"""Names in rows: cells beside somebody's number or address, and what stands behind the name of a field of names."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.names.lexicon import (
    ANY_NAME,
    CAPITAL,
    CREDENTIAL,
    INITIAL,
    NAMED,
    ORDINARY,
    PARTICLE,
    PLACE,
    STOP,
    SUFFIX,
    UNKNOWN,
    UPPER,
    VETO,
    Lexicon,
)
from interlock.sensitivity.names.wording import words_of

NAME = Label("phi.name")

_SOMEBODYS = words_of(
    """
    phi.ssn phi.mrn phi.phone phi.fax phi.email phi.health_plan phi.account phi.date.birth phi.licence phi.id pci.pan
    pii.passport pii.itin
    """
)
_SIGNS = (("\t", 2), ("|", 2), (";", 3), (",", 3))  # what stands between cells, and how often at least
_CELL = re.compile(r"[^\W\d_][^\W\d_.'’\-]*(?:[ .'’\-]{1,2}[^\W\d_]+){0,3}\.?")
_LONGEST_LINE = 4096
_LONGEST_CELL = 60
# The name of a field of names, then nothing but a value.
_FIELD = re.compile(
    r"(?i:[\"']?(?P<head>[a-z0-9 ._#/()'’-]{0,40}?"
    r"(?:name|surname|forename|[fl]name|maiden|last|first|middle|given|family)s?)"
    r"[\"']?: [\"']?(?P<value>[^\W\d_](?:[^\W\d_]|[ .,'’\-]){0,58}))[\"']?"
)
_OTHER_NAMES = re.compile(
    r"(?i)(?:drug|test|file|product|item|host|event|company|plan|table|column|city|street|medication|procedure|display|code"
    r"|organi[sz]ation|org|facility|hospital|clinic|department|dept|brand|generic|trade|domain|class|type|server|service"
    r"|database|db|schema|field|country|state|county|town|school|project|program|device|lab|unit|ward|group|team|user|login"
    r"|case|study|trial|policy|payer|insurance|insurer|employer|pharmacy|vendor|supplier|app|application|job|task|module"
    r"|visit|seen|date|day|updated|order|paid|contacted|dose|admitted|admission)s?[ ._-]?"
)


def in_rows(text: str, findings: Sequence[Finding], lexicon: Lexicon) -> Iterator[Finding]:
    """Cells that may be names in lines in which two others are known to be somebody's, or one where bars part them."""
    known = sorted((f for f in findings if f.label in _SOMEBODYS or f.label.startswith("pii.")), key=_start_of)
    first = 0
    while first < len(known):
        at = known[first].start
        start = text.rfind("\n", max(0, at - _LONGEST_LINE), at) + 1
        end = text.find("\n", at, at + _LONGEST_LINE)
        end = end if end >= 0 else len(text)
        last = bisect_left(known, end, first + 1, key=_start_of)
        if end - start <= _LONGEST_LINE:
            yield from _in_row(text, start, end, known[first:last], lexicon)
        first = last


def _start_of(finding: Finding) -> int:
    return finding.start


def _in_row(text: str, start: int, end: int, known: Sequence[Finding], lexicon: Lexicon) -> Iterator[Finding]:
    line = text[start:end]
    sign = next((sign for sign, least in _SIGNS if line.count(sign) >= least), None)
    if sign is None:
        return
    cells: list[tuple[int, int]] = []
    at = start
    for piece in line.split(sign):
        left = len(piece) - len(piece.lstrip(" \"'"))
        cells.append((at + left, max(at + left, at + len(piece.rstrip(" \"'")))))
        at += len(piece) + 1
    taken = bytearray(len(line))
    for finding in known:
        within = finding.start - start
        taken[within : finding.end - start] = b"\1" * len(taken[within : finding.end - start])
    full = [any(taken[first - start : last - start]) for first, last in cells]
    if sum(full) < (1 if sign in "|\t" else 2):
        return
    how = [0 if taken else _how(text[first:last], lexicon) for (first, last), taken in zip(cells, full, strict=True)]
    for at, (first, last) in enumerate(cells):
        beside = max(how[at - 1] if at else 0, how[at + 1] if at + 1 < len(how) else 0)
        if how[at] == 2 or (how[at] == 1 and beside):
            yield Finding(first, last, NAME, 0.6, "names: a cell beside somebody's number")


def _how(cell: str, lexicon: Lexicon) -> int:
    """2: it reads as a name; 1: it may be one beside another; 0: it isn't."""
    if len(cell) < 2 or len(cell) > _LONGEST_CELL or not _CELL.fullmatch(cell):
        return 0
    bits = [lexicon.of(word) for word in re.split(r"[ .’]+", cell) if word]
    if len(bits) == 1 and bits[0] & CREDENTIAL:
        return 0
    if any(b & (VETO | STOP) or not b & (CAPITAL | UPPER | INITIAL | PARTICLE) for b in bits):
        return 0
    if any(not b & (ANY_NAME | INITIAL | PARTICLE | SUFFIX) and b & ORDINARY for b in bits):
        return 0
    if any(b & PLACE for b in bits) or (len(bits) == 1 and bits[0] & UPPER and len(cell) < 4):
        return 1
    return 2 if all(b & (NAMED | UNKNOWN | INITIAL | PARTICLE | SUFFIX) for b in bits) or len(bits) > 1 else 1


_NOBODY = words_of("empty vacant none unknown nil tbd pending anonymous redacted unassigned blank closed n/a na")


def of_field(text: str) -> Iterator[Finding]:
    """All of what stands behind the name of a field of people's names, in a text that is nothing else."""
    field = _FIELD.fullmatch(text) if len(text) < 120 else None
    if field is not None and field["value"].strip().lower() in _NOBODY:
        return
    if field is not None and not _OTHER_NAMES.search(field["head"]):
        yield Finding(field.start("value"), field.end("value"), NAME, 0.8, "names: the value of a field of names")
