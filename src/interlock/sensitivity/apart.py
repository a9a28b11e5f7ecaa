"""What is written apart (layer 0): signs between single characters, odd signs between groups of digits, numbers broken
over two lines, letters that look like digits, digits read backwards.

Each is a run of the text and what it says. Where the signs between are what stands between numbers of a table or list,
only words that tell of a number count, or a page of figures would be full of telephones.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.normal import Normal
from interlock.sensitivity.pattern import Beside, Pattern

_NEVER: Final = Label("phi")  # these patterns make no findings
_LEAST: Final = 6  # letters and digits of what is written with signs between them


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a text and what it says."""

    start: int
    end: int
    says: str


_TELLING: Final = (
    "ssn|ss#|social security|social|taxpayer|tax id|card|visa|mastercard|amex|pan|debit|credit|phone|telephone|tel|call"
    "|mobile|cell|fax|contact|reach|text|dial|mrn|account|acct|member|medical record|chart"
)
# Between groups of digits: signs that nobody puts between numbers of a list, and those that many do.
_ODD: Final = r"(?: ?[_/+] ?| ?-- ?| - |- | -|\. )"
_LISTED: Final = r"(?: ?[,;:|] ?|-?[\t]|-?\r?\n|  +)"
_GROUPS: Final = (
    r"(?:\(?[0-9]{{3}}\)?(?:{odd}[0-9]{{2,3}}(?:{odd}|[- .])|[- .][0-9]{{2,3}}{odd})[0-9]{{4}}"
    r"|[0-9]{{4}}(?:{odd}[0-9]{{4}}){{3}}|3[47][0-9]{{2}}{odd}[0-9]{{6}}{odd}[0-9]{{5}})"
)
_LIKE_DIGIT: Final = "[0-9OoIlSB]"

RUNS: Final = (
    Pattern("apart.digits", r"[0-9](?:[ ,._\t\r\n/-]{1,3}[0-9]){8,}", _NEVER, 0),
    Pattern(
        "apart.characters",
        r"(?:[!-~] ){3}(?:[ -~] ){4,}[!-~]|(?:[!--/-~]\.){3}(?:[ -~]\.){4,}[!-~]"
        r"|(?:[!-,.-~]-){3}(?:[ -~]-){4,}[!-~]|(?:[!-^`-~]_){3}(?:[ -~]_){4,}[!-~]"
        r"|(?:[!-~], ){3}(?:[ -~], ){4,}[!-~]|(?:[!-~]\n){3}(?:[ -~]\n){4,}[!-~]",
        _NEVER,
        0,
    ),
    Pattern("apart.groups", _GROUPS.format(odd=_ODD), _NEVER, 0, Beside.DIGIT),
    Pattern(
        "apart.listed",
        rf"(?:{_TELLING})[^0-9\n]{{1,24}}{_GROUPS.format(odd=_LISTED)}",
        _NEVER,
        0,
        Beside.DIGIT,
        ignore_case=True,
    ),
    Pattern(
        "apart.lines",
        rf"(?:{_TELLING})[^0-9\n]{{1,24}}[(]?[0-9][0-9 ().-]{{0,18}}\r?\n[0-9 ().-]{{0,18}}[0-9]"
        r"|(?:AKIA|ASIA|gh[pousr]_|glpat-|sk-|xox[a-z]-|eyJ)[A-Za-z0-9_.-]{2,200}\r?\n[A-Za-z0-9_.-]{2,200}"
        r"|[A-Za-z0-9._%+-]{1,64}(?:@\r?\n|\r?\n@)[A-Za-z0-9-]{1,63}\.[A-Za-z0-9.-]{2,100}",
        _NEVER,
        0,
        ignore_case=True,
        longest=512,
    ),
    Pattern(
        "apart.alike",
        rf"{_LIKE_DIGIT}{{3}}[- .]{_LIKE_DIGIT}{{2}}[- .]{_LIKE_DIGIT}{{4}}"
        rf"|\(?{_LIKE_DIGIT}{{3}}\)?[- .] ?{_LIKE_DIGIT}{{3}}[- .]{_LIKE_DIGIT}{{4}}"
        rf"|{_LIKE_DIGIT}{{4}}(?:[- ]{_LIKE_DIGIT}{{4}}){{3}}",
        _NEVER,
        0,
    ),
)


def backwards(text: str, view: Normal) -> Iterator[Run]:
    """Runs of `view`, which is one of `text`, that are shown from right to left (UAX 9's override)."""
    starts: Sequence[int] = view.starts or range(len(view.text))
    for found in islice(_OVERRIDDEN.finditer(text), MOST_BACKWARDS):
        start, end = bisect_left(starts, found.start(1)), bisect_left(starts, found.end(1))
        if start < end:
            yield Run(start, end, view.text[start:end][::-1])


MOST_BACKWARDS: Final = 1_000  # overrides of one text; a text with more is made of nothing else
_OVERRIDDEN: Final = re.compile("\u202e+([^\u202c\u202e\u2069\n]{4,512})")


def _of_digits(text: str, start: int, end: int) -> Iterator[Run]:
    digits = re.sub("[^0-9]", "", text[start:end])
    if counts(digits) or len(set(digits)) <= 3:
        return
    if text.startswith(("1.3.6.", "1.2.", "2.5."), start):
        return  # an object identifier (X.660)
    listed = re.search(r"[,\t\r\n/]", text[start:end]) is not None
    yield Run(start, end, digits if listed else grouped(digits))


def _of_characters(text: str, start: int, end: int) -> Iterator[Run]:
    says = text[start : end : 3 if text[start + 1 : start + 3] == ", " else 2]
    if sum(map(str.isalnum, says)) >= _LEAST:
        yield Run(start, end, says)


def _of_groups(text: str, start: int, end: int) -> Iterator[Run]:
    first = start + _told(text[start:end])
    yield Run(first, end, "-".join(re.findall("[0-9]+", text[first:end])))


def _of_lines(text: str, start: int, end: int) -> Iterator[Run]:
    if text[end : end + 2].lstrip(" ")[:1] in ("=", ":"):
        return  # the next line is another thing's: `AKIA...`, and then `SECRET=...`
    first = start + _told(text[start:end])
    yield Run(first, end, re.sub(r"\r?\n", "", text[first:end]))


def _told(written: str) -> int:
    """Where the number begins that words at the beginning tell of; 0 where none do."""
    found = _TOLD.match(written)
    return 0 if found is None else found.end()


def _of_alike(text: str, start: int, end: int) -> Iterator[Run]:
    written = text[start:end]
    letters = sum(map(str.isalpha, written))
    if 0 < letters <= sum(map(str.isdigit, written)) // 2:
        yield Run(start, end, written.translate(_DIGITS_ALIKE))


_TOLD: Final = re.compile(rf"(?:{_TELLING})[^0-9\n]{{1,24}}?(?=[(]?[0-9])", re.IGNORECASE)
_DIGITS_ALIKE: Final = str.maketrans("OoIlSB", "001158")


def counts(digits: str) -> bool:
    """Whether somebody counts: 1 2 3 4 5 6 7 8 9 10, up or down."""
    up, down = "0123456789", "9876543210"
    return digits.startswith((up[1:], up[:9], down[:9], "10987654321")) or digits in up + up or digits in down + down


def grouped(digits: str) -> str:
    """Digits as numbers of so many are written: those of social security with hyphens, of telephones with brackets."""
    if len(digits) == 9:
        return f"{digits[:3]}-{digits[3:5]}-{digits[5:]}"
    if len(digits) == 10 or (len(digits) == 11 and digits[0] == "1"):
        return f"({digits[-10:-7]}) {digits[-7:-4]}-{digits[-4:]}"
    return digits


DECODERS: Final[Mapping[str, Callable[[str, int, int], Iterator[Run]]]] = MappingProxyType(
    {
        "apart.digits": _of_digits,
        "apart.characters": _of_characters,
        "apart.groups": _of_groups,
        "apart.listed": _of_groups,
        "apart.lines": _of_lines,
        "apart.alike": _of_alike,
    }
)
