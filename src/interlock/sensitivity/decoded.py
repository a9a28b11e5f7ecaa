"""What is written in another way (layer 0): one level of escapes, base64, hexadecimal, spelled digits, digits apart.

Escapes are undone sign by sign, over the whole text. What else is found is a run of it: where something is found in
what the run says, the run as a whole is that.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.normal import Normal, normalise
from interlock.sensitivity.pattern import Beside, Pattern

LONGEST_RUN: Final = 1 << 16
"""A run's characters that are looked into; a longer one is taken in pieces of so many."""
_LETTERS_OF_64: Final = "[A-Za-z0-9+/_-]"
_UNITS: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
)
_TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety"
_DIGIT_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {w: str(n) for n, w in enumerate(_UNITS.split())}
    | {"oh": "0", "o": "0", "nought": "0", "niner": "9"}
    | {w: str(10 * n) for n, w in enumerate(_TENS.split(), 2)}
)
_WORD: Final = "(?:" + "|".join(sorted(_DIGIT_WORDS, key=len, reverse=True)) + ")"
_NEVER: Final = Label("phi")  # these patterns make no findings

ESCAPES: Final = Pattern(
    "decoded.escapes",
    r"%[0-9A-Fa-f]{2}|\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[nrt\"/])|&(?:#[0-9]{2,7}|#x[0-9A-Fa-f]{2,6}|amp|lt|gt|quot|apos|nbsp|commat|period|hyphen|dash);",
    _NEVER,
    0,
    Beside.NOTHING,
)
RUNS: Final = (
    Pattern(
        "decoded.base64",
        rf"{_LETTERS_OF_64}{{12,}}(?:\r?\n{_LETTERS_OF_64}{{12,}})*={{0,2}}",
        _NEVER,
        0,
    ),
    Pattern(
        "decoded.hex",
        r"(?:0x|\\x|x')?(?:[0-9A-Fa-f]{2}){8,}|(?:[0-9A-Fa-f]{2}[ :]){8,}[0-9A-Fa-f]{2}|(?:\\x[0-9A-Fa-f]{2}){8,}",
        _NEVER,
        0,
    ),
    Pattern("decoded.words", rf"(?:{_WORD}[ ,.-]+){{6,}}{_WORD}", _NEVER, 0, ignore_case=True),
    Pattern("decoded.digits", r"[0-9](?:[ ._-][ ]?[0-9]){8,}", _NEVER, 0),
)
PATTERNS: Final = (ESCAPES, *RUNS)


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a text and what it says."""

    start: int
    end: int
    says: str


def unescaped(text: str) -> Normal | None:
    """The text without percent signs, backslashes and entities, normalised; None where that changes nothing."""
    pieces: list[str] = []
    starts, ends = array("q"), array("q")
    position = 0
    for found in _ESCAPE.finditer(text):
        start, end = found.span()
        said = _said(found[0])
        pieces += text[position:start], said
        starts.extend(range(position, start))
        ends.extend(range(position + 1, start + 1))
        step = (end - start) // len(said) if found[0][0] == "%" and said and len(said) * 3 == end - start else 0
        starts.extend(start + n * step for n in range(len(said)))
        ends.extend(start + (n + 1) * step if step else end for n in range(len(said)))
        position = end
    if not pieces:
        return None
    pieces.append(text[position:])
    starts.extend(range(position, len(text)))
    ends.extend(range(position + 1, len(text) + 1))
    return normalise("".join(pieces)).after(Normal("", starts, ends))


_ESCAPE = re.compile(
    r"(?:%[0-9A-Fa-f]{2}){1,512}|\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[nrt\"/\\])|&(?:#[0-9]{2,7}|#x[0-9A-Fa-f]{2,6}|[A-Za-z]{2,8});"
)
_SIGNS: Final = {"n": "\n", "r": "\n", "t": "\t"}


def _said(escape: str) -> str:
    if escape[0] == "%":
        return bytes.fromhex(escape.replace("%", "")).decode("utf-8", "replace")
    if escape[0] == "&":
        return html.unescape(escape)
    if escape[1] in "ux":
        return chr(int(escape[2:], 16))
    return _SIGNS.get(escape[1], escape[1])


def runs(pattern: Pattern, text: str, start: int, end: int) -> Iterator[Run]:
    """What a match of one of `RUNS` says, if anything readable."""
    decode = _DECODERS[pattern.name]
    for first in range(start, end, LONGEST_RUN):
        last = min(end, first + LONGEST_RUN)
        yield from decode(text, first, last)


def _of_base64(text: str, start: int, end: int) -> Iterator[Run]:
    """The lines together, as mail folds them, or each by itself."""
    together = _base64(text[start:end])
    if together is not None:
        yield Run(start, end, together)
        return
    if "\n" in text[start:end]:
        for line in re.finditer(r"[^\r\n]+", text[start:end]):
            says = _base64(line[0])
            if says is not None:
                yield Run(start + line.start(), start + line.end(), says)


def _base64(written: str) -> str | None:
    letters = re.sub(r"[\r\n=]", "", written).replace("-", "+").replace("_", "/")
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    try:
        return _readable(base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True))
    except (binascii.Error, ValueError):
        return None


def _of_hex(text: str, start: int, end: int) -> Iterator[Run]:
    digits = re.sub(r"\\x|^0x|^x'|[ :]", "", text[start:end])
    says = _readable(bytes.fromhex(digits[: len(digits) // 2 * 2]))
    if says is not None:
        yield Run(start, end, says)


def _readable(content: bytes) -> str | None:
    """As text, where nearly all of it is: UTF-8, or two bytes a character with zeros between."""
    if content[1::2].count(0) > len(content) // 3:
        content = content[0::2]
    says = content.decode("utf-8", "replace")
    if len(says) < 6 or sum((c.isprintable() and c != "\ufffd") or c in "\r\n\t" for c in says) < 0.95 * len(says):
        return None
    return says


def _of_words(text: str, start: int, end: int) -> Iterator[Run]:
    words = re.findall(r"[a-z]+", text[start:end].lower())
    digits = ""
    for place, word in enumerate(words):
        digit = _DIGIT_WORDS[word]
        following = _DIGIT_WORDS.get(words[place + 1], "") if place + 1 < len(words) else ""
        # "eighty eight" is 88, "eighty seventy" 8070.
        digits += (
            digit[0]
            if len(digit) == 2 and digit[1] == "0" and digit[0] > "1" and len(following) == 1 and following != "0"
            else digit
        )
    if len(digits) >= 9 and not _counts(digits):
        yield Run(start, end, grouped(digits))


def _of_digits(text: str, start: int, end: int) -> Iterator[Run]:
    digits = re.sub("[^0-9]", "", text[start:end])
    if not _counts(digits) and len(set(digits)) > 3:
        yield Run(start, end, grouped(digits))


def _counts(digits: str) -> bool:
    """Whether somebody counts: 1 2 3 4 5 6 7 8 9 10, up or down."""
    return digits.startswith(("123456789", "012345678", "987654321", "10987654321"))


def grouped(digits: str) -> str:
    """Digits as numbers of so many are written: those of social security with hyphens, of telephones with brackets."""
    if len(digits) == 9:
        return f"{digits[:3]}-{digits[3:5]}-{digits[5:]}"
    if len(digits) == 10 or (len(digits) == 11 and digits[0] == "1"):
        return f"({digits[-10:-7]}) {digits[-7:-4]}-{digits[-4:]}"
    return digits


_DECODERS: Final[Mapping[str, Callable[[str, int, int], Iterator[Run]]]] = MappingProxyType(
    {
        "decoded.base64": _of_base64,
        "decoded.hex": _of_hex,
        "decoded.words": _of_words,
        "decoded.digits": _of_digits,
    }
)
