"""Tables in text: lines of cells under a line of heads, as CSV, Markdown and terminals write them.

A head tells what the cells under it are, as the name of a field does: `MRN | Name` and then `04857211 | ...`. What
PostgreSQL dumps has its heads in a statement: `COPY patients (mrn, name) FROM stdin;`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from interlock.sensitivity.placed import Cell, tells

MOST_CELLS: Final = 50_000
"""Of one text; a table with more is read this far, and the rest as any text is."""
LONGEST_LINE: Final = 4096
LONGEST_HEAD: Final = 40

_HEAD = re.compile(r"[\"']?[A-Za-z][A-Za-z0-9 _#./()'’-]*[\"']?")
_COPY = re.compile(r"\s*copy\s+[^\s()]+\s*\(([^()]{1,4000})\)\s+from\s+stdin\b(.{0,200})", re.IGNORECASE)
_QUOTED = {sign: re.compile(rf'\s*"(?:[^"]|"")*"\s*(?={sign}|\Z)|[^{sign}]*') for sign in ",;\t"}
_CODE = re.compile(r"[A-Za-z_][(\[]|[\[{(]\s*\Z|[)}\]];?\s*\Z|\A\s*(?:import|from|def|return|const|let|var)\b")
_RULE = re.compile(r"[\s|:+=-]*")
_SPACES = re.compile(r" {2,}|\t")
_SIGNS: Final = ("\t", "|", ",", ";")
_TELLING = re.compile(
    r"(?:^|[^a-z])(?:mrn|records?|ids?|identifier|numbers?|no|num|nbr|ref|code|ssn|social|phone|tel|telephone|mobile|cell|fax"
    r"|pager|account|acct|member|subscriber|policy|plan|insurance|medicare|medicaid|mbi|licen[sc]e|lic|npi|dea|vin|plate"
    r"|vehicle|reg|registration|vrm|serial|device|imei|name|patient|provider|doctor|physician|dob|birth|born|admitted|discharged|address|street|city"
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
class _Line:
    cells: Sequence[tuple[int, int]]
    sign: str


@dataclass(frozen=True, slots=True)
class _Heads:
    """`names`: None for one that tells nothing. `starts`: where they stand in their line."""

    names: Sequence[str | None]
    sign: str
    starts: Sequence[int] = ()
    dumped: bool = False


_NO_HEADS: Final = _Heads((), "")


def cells(text: str) -> Iterator[Cell]:
    """The cells of all tables in `text` whose heads tell something. Takes time proportional to the text's length."""
    heads = _NO_HEADS
    count = position = 0
    for written in text.splitlines(keepends=True):
        start, position = position, position + len(written)
        if len(written) > LONGEST_LINE or count > MOST_CELLS:
            heads = _NO_HEADS
            continue
        end = start + len(written.rstrip("\r\n" if heads.dumped else None))
        row = _row(text, start, end, heads) if heads.names else ()
        for (first, last), head in zip(row, heads.names, strict=bool(row)):
            if head is not None and first < last:
                count += 1
                yield Cell(first, last, head)
        if not row:
            heads = _next(text, start, end, heads)


def _row(text: str, start: int, end: int, heads: _Heads) -> Sequence[tuple[int, int]]:
    """The cells of a line that is a row of the table; none when it isn't."""
    line = _line(text, start, end, heads.sign)
    if line is not None and heads.sign == "," and len(line.cells) > len(heads.names):
        line = _Line(_without_lists(text, line.cells), ",")
    if line is not None and len(line.cells) == len(heads.names) and not _code(text[start:end], heads):
        again = () if heads.dumped else _names(text, line)
        return () if sum(name is not None for name in again) > 1 else line.cells
    return _by_place(text, start, end, heads.starts) if heads.sign == "  " else ()


def _without_lists(text: str, cells: Sequence[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    """Cells with those joined that a comma and a space part, as nobody parts cells: `977483,Roe, Jane,78C`."""
    joined: list[tuple[int, int]] = []
    for first, last in cells:
        if joined and first == joined[-1][1] + 2 and text[joined[-1][1] : first] == ", ":
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined


def _code(written: str, heads: _Heads) -> bool:
    return heads.sign in ",;" and not heads.dumped and _CODE.search(written) is not None


def _next(text: str, start: int, end: int, heads: _Heads) -> _Heads:
    """The heads that count behind a line that is no row."""
    written = text[start:end]
    if (heads.names and _RULE.fullmatch(written)) or not written:
        return heads if written else _NO_HEADS
    copied = _COPY.match(written)
    if copied is not None:
        columns = [name.strip(' "') for name in copied[1].split(",")]
        return _Heads(_telling(columns), "," if "csv" in copied[2].lower() else "\t", dumped=True)
    line = _line(text, start, end, "")
    names = _names(text, line) if line is not None and not _CODE.search(written) else ()
    if line is not None and names:
        return _Heads(names, line.sign, [first - start for first, _ in line.cells])
    # A row of another width, such as one with a comma too many, doesn't end the table.
    return heads if heads.sign in ("\t", "|", ",", ";") and heads.sign in written else _NO_HEADS


def _line(text: str, start: int, end: int, sign: str) -> _Line | None:
    """The line's cells; None when it has fewer than two."""
    written = text[start:end]
    if not sign:
        sign = next((s for s in _SIGNS if s in written), "  " if _SPACES.search(written.strip()) else "")
    if not sign or _RULE.fullmatch(written):
        return None
    found = [_inside(text, first, last) for first, last in _pieces(text, start, end, sign)]
    if sign == "|" and found[0][0] == found[0][1] and len(found) > 1:
        found = found[1:]  # Markdown's own signs at both ends
    if sign == "|" and found[-1][0] == found[-1][1] and len(found) > 1:
        found = found[:-1]
    return _Line(found, sign) if len(found) > 1 else None


def _pieces(text: str, start: int, end: int, sign: str) -> Iterator[tuple[int, int]]:
    """The pieces of a line between signs; a sign within quotation marks is part of one."""
    if sign == "  ":
        at = start
        for piece in _SPACES.split(text[start:end].strip()):
            at = text.index(piece, at)
            yield at, at + len(piece)
            at += len(piece)
    elif '"' in text[start:end] and sign in _QUOTED:
        at = start
        while (quoted := _QUOTED[sign].match(text, at, end)) is not None:
            yield quoted.span()
            at = quoted.end() + 1
            if quoted.end() >= end:
                return
    else:
        at = start
        for piece in text[start:end].split(sign):
            yield at, at + len(piece)
            at += len(piece) + len(sign)


def _inside(text: str, start: int, end: int) -> tuple[int, int]:
    """Without space and quotation marks."""
    piece = text[start:end]
    first = start + len(piece) - len(piece.lstrip(" \"'"))
    return first, max(first, start + len(piece.rstrip(" \"'")))


def _by_place(text: str, start: int, end: int, starts: Sequence[int]) -> Sequence[tuple[int, int]]:
    """The cells of a line that stand under the heads, where so wide that less than two spaces part them."""
    written = text[start:end]
    inner = [at for at in starts[1:] if at < len(written)]
    if len(inner) < len(starts) - 1 or any(written[at - 1] != " " or written[at] == " " for at in inner):
        return ()
    bounds = [0, *inner, len(written)]
    return [_inside(text, start + a, start + b) for a, b in pairwise(bounds)]


def _names(text: str, line: _Line) -> Sequence[str | None]:
    """What heads the line has: nothing when it isn't one of heads, None for a head that tells nothing."""
    written = [text[first:last] for first, last in line.cells]
    if not all(len(each) <= LONGEST_HEAD and (not each or _HEAD.fullmatch(each)) for each in written):
        return ()
    if line.sign in ",;" and (not written[-1] or any(_is_phrase(each) for each in written)):
        return ()  # a list in code, or in a sentence
    if sum(map(bool, written)) < 2:
        return ()
    heads = _telling(written)
    return heads if any(heads) else ()


def _is_phrase(head: str) -> bool:
    return head.count(" ") > 3 or head.count("(") != head.count(")")


def _telling(names: Sequence[str]) -> Sequence[str | None]:
    return [name if _TELLING.search(_APART.sub(" ", name).lower()) or tells(name) else None for name in names]


_APART = re.compile(r"(?<=[a-z])(?=[A-Z])")
