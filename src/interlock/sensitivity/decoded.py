"""What is written in another way (layer 0): escapes, marks within words, base64, hexadecimal, spelled digits; what is
written apart is in `apart.py`.

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
from types import MappingProxyType
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity import apart
from interlock.sensitivity.apart import Run
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

# What is undone sign by sign: escapes of addresses, of program text and of HTML, signs that can't be seen, colours of
# terminals, and what mark-up, quoted-printable and joined literals put into the middle of a word.
_PART: Final = "[0-9A-Za-z@._()-]"
_NAMED: Final = (
    "amp|lt|gt|quot|apos|nbsp|commat|period|hyphen|dash|shy|zwj|zwnj|lrm|rlm|ensp|emsp|thinsp|ndash|mdash|minus|lpar"
    "|rpar|colon|comma|sol|num|plus|lowbar|excl|dollar|percnt|equals|NoBreak|ZeroWidthSpace"
)
_MARKUP: Final = (
    r"(?:</?(?:b|i|u|s|em|strong|span|font|mark|sub|sup|a|wbr|tt|code|small|big|del|ins|bdo|bdi)(?:[ /][^<>]{0,100})?>"
    r"|<!--[^<>]{0,100}-->|\*\*|['\"] ?(?:\+|\|\||\.|&) ?['\"]){1,3}"
)
ESCAPES: Final = Pattern(
    "decoded.escapes",
    r"%[0-9A-Fa-f]{2}|%u[0-9A-Fa-f]{4}|&#(?:[0-9]{2,7}|[xX][0-9A-Fa-f]{2,6})"
    r"|\\(?:u[0-9A-Fa-f]{4}|u\{[0-9A-Fa-f]{1,6}\}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}|[0-3][0-7]{2}|[nrt\"/])"
    rf"|&(?:{_NAMED});|[\x00-\x08\x0e-\x1f\x7f]|=\r?\n|(?:=[0-9A-F]{{2}}){{3}}"
    rf"|[0-9A-Za-z](?:=2[CDE]|=[24]0[A-Za-z])|(?:{_PART}{_MARKUP}|[0-9)]{_MARKUP}[ -]|[0-9][ -]{_MARKUP}){_PART}",
    _NEVER,
    0,
    Beside.NOTHING,
)
RUNS: Final = (
    Pattern(
        "decoded.base64",
        rf"{_LETTERS_OF_64}{{12,}}(?:\r?\n{_LETTERS_OF_64}{{12,}})*={{0,2}}|{_LETTERS_OF_64}{{7,11}}={{1,2}}",
        _NEVER,
        0,
    ),
    Pattern("decoded.base32", r"[A-Z2-7]{13,}={0,6}", _NEVER, 0),
    Pattern(
        "decoded.hex",
        r"(?:0x|\\x|x')?(?:[0-9A-Fa-f]{2}){8,}|(?:[0-9A-Fa-f]{2}[ :]){7,}[0-9A-Fa-f]{2}|(?:\\x[0-9A-Fa-f]{2}){8,}"
        r"|(?:0x[0-9A-Fa-f]{2},? ?){7,}0x[0-9A-Fa-f]{2}",
        _NEVER,
        0,
    ),
    Pattern("decoded.codes", r"[0-9]{2,3}(?:[, ] ?[0-9]{2,3}){7,}|[01]{8}(?: ?[01]{8}){7,}", _NEVER, 0),
    Pattern("decoded.words", rf"(?:{_WORD}[ ,.-]+){{6,}}{_WORD}", _NEVER, 0, ignore_case=True),
    *apart.RUNS,
)
PATTERNS: Final = (ESCAPES, *RUNS)


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
        step = 3 if found[0][0] in "%=" and said and len(said) * 3 == end - start else 0
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
    r"(?:%[0-9A-Fa-f]{2}){1,512}|%u[0-9A-Fa-f]{4}|(?:=[0-9A-F]{2}){2,512}|=(?:2[CDE]|[24]0(?=[A-Za-z]))"
    r"|(?<!=)=\r?\n(?![A-Za-z-]{1,40}: )"
    r"|\\(?:u[0-9A-Fa-f]{4}|u\{[0-9A-Fa-f]{1,6}\}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}|[0-3][0-7]{2}|[nrt\"/\\])"
    r"|&#(?:[0-9]{2,7}|[xX][0-9A-Fa-f]{2,6});?|&[A-Za-z]{2,14};"
    rf"|\x1b\[[0-9;?]{{0,16}}[A-Za-z]|[\x00-\x08\x0e-\x1f\x7f]{{1,512}}|(?<={_PART}){_MARKUP}(?={_PART})"
    rf"|(?<=[0-9)]){_MARKUP}(?=[ -][0-9])|(?<=[0-9][ -]){_MARKUP}(?=[0-9])|(?<=%[0-9A-Fa-f]{{2}})\+(?=[0-9A-Za-z%])"
)
_SIGNS: Final = {"n": "\n", "r": "\n", "t": "\t"}


def _said(escape: str) -> str:
    first = escape[0]
    if first == "&":
        return html.unescape(escape)
    if escape[:2] == "%u":
        return _of_code(escape[2:])
    if first in "%=" and escape[1] not in "\r\n":
        return bytes.fromhex(escape.replace(first, "")).decode("utf-8", "replace")
    if first != "\\":
        return " " if escape == "+" else ""
    if escape[1] in "uUx":
        return _of_code(escape[2:].strip("{}"))
    return _SIGNS.get(escape[1]) or (chr(int(escape[1:], 8)) if escape[1:].isdigit() else escape[1])


def _of_code(digits: str) -> str:
    code = int(digits, 16)
    return chr(code) if code <= _LAST_CODE else ""


_LAST_CODE: Final = 0x10FFFF


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
    try:
        letters = written.encode("ascii").translate(_STANDARD, b"\r\n=")
        if len(letters) % 4 == 1:
            letters = letters[:-1]
        says = _readable(binascii.a2b_base64(letters + b"=" * (-len(letters) % 4), strict_mode=True))
    except ValueError:  # what binascii raises is one, too
        return None
    if says is not None and _TWICE.fullmatch(says):
        return _base64(says) or says
    return says


_STANDARD: Final = bytes.maketrans(b"-_", b"+/")
_TWICE: Final = re.compile(rf"{_LETTERS_OF_64}{{12,}}={{0,2}}")


def _of_base32(text: str, start: int, end: int) -> Iterator[Run]:
    letters = text[start:end].rstrip("=")
    try:
        says = _readable(base64.b32decode(letters + "=" * (-len(letters) % 8)))
    except ValueError:
        return
    if says is not None:
        yield Run(start, end, says)


def _of_codes(text: str, start: int, end: int) -> Iterator[Run]:
    """Numbers of characters, with ten signs or two."""
    numbers = re.findall("[0-9]+", text[start:end])
    base = 2 if len(numbers[0]) > 3 else 10
    if base == 2:
        digits = "".join(numbers)
        if digits.strip("01"):
            return
        numbers = [digits[at : at + 8] for at in range(0, len(digits), 8)]
    codes = [int(number, base) for number in numbers]
    if all(31 < code < 127 for code in codes):
        yield Run(start, end, "".join(map(chr, codes)))


def _of_hex(text: str, start: int, end: int) -> Iterator[Run]:
    digits = re.sub(r"\\x|0x|^x'|[ :,]", "", text[start:end])
    says = _readable(bytes.fromhex(digits[: len(digits) // 2 * 2]))
    if says is not None:
        yield Run(start, end, says)


def _readable(content: bytes) -> str | None:
    """As text, where nearly all of it is: UTF-8, or two bytes a character with zeros between."""
    if content[1::2].count(0) > len(content) // 3:
        content = content[0::2]
    says = content.decode("utf-8", "replace")
    if len(says) < 6 or says.count("\ufffd") > len(says) // 20:
        return None
    strange = len(says) - sum(map(str.isprintable, says)) - sum(map(says.count, "\r\n\t")) + says.count("\ufffd")
    return says if strange <= len(says) // 20 else None


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
    if not apart.counts(digits):
        yield Run(start, end, apart.grouped(digits))


_DECODERS: Final[Mapping[str, Callable[[str, int, int], Iterator[Run]]]] = MappingProxyType(
    {
        "decoded.base64": _of_base64,
        "decoded.hex": _of_hex,
        "decoded.base32": _of_base32,
        "decoded.codes": _of_codes,
        "decoded.words": _of_words,
        **apart.DECODERS,
    }
)
