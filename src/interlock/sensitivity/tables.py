"""Tables in text: lines of cells under a line of heads, as CSV, Markdown and terminals write them.

A head tells what the cells under it are, as the name of a field does: `MRN | Name` and then `04857211 | ...`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

MOST_CELLS: Final = 50_000
"""Of one text; a table with more is read this far, and the rest as any text is."""
LONGEST_LINE: Final = 4096
LONGEST_HEAD: Final = 40

_HEAD = re.compile(r"[\"']?[A-Za-z][A-Za-z0-9 _#./()'’-]*[\"']?")
_RULE = re.compile(r"[\s|:+=-]*")
_SPACES = re.compile(r" {2,}|\t")
_SIGNS: Final = ("\t", "|", ",", ";")
_TELLING = re.compile(
    r"(?:^|[^a-z])(?:mrn|records?|ids?|identifier|numbers?|no|num|nbr|ref|code|ssn|social|phone|tel|telephone|mobile|cell|fax"
    r"|pager|account|acct|member|subscriber|policy|plan|insurance|medicare|medicaid|mbi|licen[sc]e|lic|npi|dea|vin|plate"
    r"|serial|device|imei|name|patient|provider|doctor|physician|dob|birth|born|admitted|discharged|address|street|city"
    r"|town|zip|postcode|county|email|e-mail|mail|ip|url|employee|claim|case|study|subject|participant|guarantor|card|pan"
    r"|cvv|expiry|password|passwd|secret|token|key|iban|routing|passport|encounter|accession|date|age|contact|spouse"
    r"|pwd|pass|passphrase|credential|apikey|session|jsessionid|auth|cookie|hash|bank|aba|rtn|swift|bic|uuid|guid|wallet"
    r"|bsn|pesel|nif|nie|dni|nino|nhs|sin|tfn|itin|tin|nir|cpf|aadhaar|steuerid|steuer|svnr|ahv|cpr|fnr|pps|icd10|icd|dx"
    r"|diagnosis|snomed|loinc|ndc|cpt|gender|sex|race|ethnicity|occupation|salary|first|last|middle|given|family|surname"
    r"|forename|fname|lname|initials|attending|resident|surgeon|nurse|pcp|referring|clinician|author|owner|assignee|reporter"
    r"|reviewer|caller|witness|husband|wife|mother|father|sibling|caregiver|employer|manager|recipient|sender|customer)s?"
    r"(?:$|[^a-z])"
)


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell under a head that tells something: where it is, and the head."""

    start: int
    end: int
    head: str


@dataclass(frozen=True, slots=True)
class _Line:
    cells: Sequence[tuple[int, int]]
    sign: str


def cells(text: str) -> Iterator[Cell]:
    """The cells of all tables in `text` whose heads tell something. Takes time proportional to the text's length."""
    heads: Sequence[str | None] = ()
    sign, count, position = "", 0, 0
    for written in text.splitlines(keepends=True):
        start, position = position, position + len(written)
        if len(written) > LONGEST_LINE or count > MOST_CELLS:
            heads = ()
            continue
        line = _line(text, start, start + len(written.rstrip()), sign if heads else "")
        if heads and line is not None and len(line.cells) == len(heads):
            for (first, last), head in zip(line.cells, heads, strict=True):
                if head is not None and first < last:
                    count += 1
                    yield Cell(first, last, head)
        elif not (heads and _RULE.fullmatch(written)):
            line = _line(text, start, start + len(written.rstrip()), "")
            heads, sign = (_heads(text, line), line.sign) if line is not None else ((), "")


def _line(text: str, start: int, end: int, sign: str) -> _Line | None:
    """The line's cells; None when it has fewer than two."""
    written = text[start:end]
    if not sign:
        sign = next((s for s in _SIGNS if s in written), "  " if _SPACES.search(written.strip()) else "")
    if not sign or _RULE.fullmatch(written):
        return None
    found: list[tuple[int, int]] = []
    at = start
    for piece in _SPACES.split(written.strip()) if sign == "  " else written.split(sign):
        at = text.index(piece, at) if sign == "  " else at
        left = len(piece) - len(piece.lstrip(" \"'"))
        found.append((at + left, max(at + left, at + len(piece.rstrip(" \"'")))))
        at += len(piece) + (len(sign) if sign != "  " else 0)
    if sign == "|" and found[0][0] == found[0][1] and len(found) > 1:
        found = found[1:]  # Markdown's own signs at both ends
    if sign == "|" and found[-1][0] == found[-1][1] and len(found) > 1:
        found = found[:-1]
    return _Line(found, sign) if len(found) > 1 else None


def _heads(text: str, line: _Line) -> Sequence[str | None]:
    """What heads the line has: nothing when it isn't one of heads, None for a head that tells nothing."""
    written = [text[first:last] for first, last in line.cells]
    if not all(len(each) <= LONGEST_HEAD and (not each or _HEAD.fullmatch(each)) for each in written):
        return ()
    spaced = [re.sub(r"(?<=[a-z])(?=[A-Z])", " ", each) for each in written]
    heads = [each if _TELLING.search(apart.lower()) else None for each, apart in zip(written, spaced, strict=True)]
    return heads if any(heads) else ()
