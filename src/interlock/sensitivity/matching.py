"""Matching: where a set of expressions match in texts, the same whichever library looks.

A **gate** tells which expressions match at all in each of many texts, and where their last match ends at most; RE2 then
tells the places. The gate is hyperscan where it is installed (one pass over all texts joined, whose beginnings of
matches aren't asked for: telling them costs it a factor of ten), RE2's own set elsewhere. So the places can't differ,
and the gates are tested to agree.

An expression's matches are its **maximal** ones: those that no longer or earlier match of the same expression contains.
What must not stand beside a match is part of what is looked for: a byte before and one behind, taken off again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final, NamedTuple, Protocol

import re2

from interlock.sensitivity.pattern import Beside, Pattern

SEPARATOR: Final = b"\n"
"""Stands before and behind a text, so that what must stand beside a match always can."""
LONGEST_BUFFER: Final = 1 << 20
"""How many characters of texts are joined for one pass; a longer text makes a pass of its own."""
MOST_WITHIN: Final = 32
"""How many matches in a row may lie within another before the search goes on behind that one: an open repeat that may
begin anywhere in a long run would take quadratic time."""
_MEMORY: Final = 256 << 20  # for an automaton, bytes; taken as needed


class Match(NamedTuple):
    """Where expression number `pattern` matched."""

    start: int
    end: int
    pattern: int


@dataclass(frozen=True, slots=True)
class Joined:
    """Texts as bytes in one buffer, a separator before, between and behind them."""

    data: bytes
    starts: Sequence[int]
    """Where each text begins in `data`, and where another one would."""


def joined(texts: Sequence[str], before: str = "") -> Joined:
    """The texts, each with `before` put before it, as UTF-8 with lone surrogates as they are."""
    whole = f"\n{before}".join(("", *texts)) + "\n"
    if whole.isascii():
        lengths: Iterable[int] = map(len, texts)
        data = whole.encode()
    else:
        each = [text.encode("utf-8", "surrogatepass") for text in texts]
        lengths, data = map(len, each), whole.encode("utf-8", "surrogatepass")
    step = len(before.encode("utf-8", "surrogatepass")) + 1
    return Joined(data, list(accumulate((length + step for length in lengths), initial=1)))


class Gate(Protocol):
    """Tells which expressions may match. Safe to use from several threads."""

    def named(self, texts: Joined) -> Mapping[int, Mapping[int, int]]:
        """For each text in which something matches, by its number: the expressions that match in it, and for each an
        offset into the buffer behind which no match of it ends. One too many, or too far, does no harm. Raises nothing
        that the bytes could cause; its time grows with their length alone."""


_Find = Callable[[Any, bytes, int, int], Sequence[tuple[int, int]]]


class Matcher:
    """A set of expressions, compiled when they are first needed. Raises `re2.error` when RE2 doesn't know one."""

    __slots__ = ("_finders", "_frames", "_patterns", "gate")

    def __init__(self, patterns: Sequence[Pattern], gate: Gate) -> None:
        self.gate = gate
        self._patterns = patterns
        self._finders: list[_Find | None] = [None] * len(patterns)
        self._frames = [frame_of(p) for p in patterns]

    def matches(self, texts: Sequence[str], before: str = "") -> Iterator[tuple[int, Sequence[Match]]]:
        """The maximal matches in each text that has any, with the text's number; those of one expression together.
        Offsets count characters of the text with `before` put before it."""
        for first, last in _buffers(texts, len(before)):
            buffer = joined(texts[first:last] if last - first < len(texts) else texts, before)
            for number, named in self.gate.named(buffer).items():
                found = self._in_one(buffer, number, named)
                if found:
                    text = before + texts[first + number]
                    if not text.isascii():
                        start, behind = buffer.starts[number : number + 2]
                        found = characters(found, text, buffer.data[start : behind - 1])
                    yield first + number, found

    def _in_one(self, buffer: Joined, number: int, named: Mapping[int, int]) -> list[Match]:
        """In bytes of the text."""
        data, start, last = buffer.data, buffer.starts[number], buffer.starts[number + 1]
        found: list[Match] = []
        for pattern in sorted(named) if len(named) > 1 else named:
            find = self._finders[pattern] or self._finder(pattern)
            frame, until = self._frames[pattern], named[pattern]
            position, reach, within = start - 1, -1, 0
            while position < last:
                begin, end = find(_ANYWHERE, data, position, last)[0]
                if begin < 0:
                    break
                if end > reach:
                    reach, within = end, 0
                    # Without the frame, and without the separator that stands before the text or behind it.
                    first, behind = max(begin + frame, start), min(end - frame, last - 1)
                    if first < behind:
                        found.append(_made(Match, (first - start, behind - start, pattern)))
                    if end >= until:
                        break  # whatever else matches lies within
                else:
                    within += 1
                position = begin + 1 if within < MOST_WITHIN else max(begin + 1, reach - 2 * frame)
        return found

    def _finder(self, number: int) -> _Find:
        """RE2's own function for a pattern: (anchor, bytes, from, to) -> spans, the first (-1, -1) for no match."""
        pattern = self._patterns[number]
        found: _Find = re2.compile(framed(pattern), options(pattern.ignore_case))._regexp.Match
        self._finders[number] = found
        return found


_made: Final = tuple.__new__  # of a named tuple, twice as quick as its own name
# What the wheel's `search` calls for bytes; `search` itself spends three times as long on objects around it.
_ANYWHERE: Final = re2._Anchor.UNANCHORED


def _buffers(texts: Sequence[str], before: int) -> Iterator[tuple[int, int]]:
    """Which texts are joined for one pass: from one number to another."""
    first, length = 0, 0
    for number, text in enumerate(texts):
        length += len(text) + before
        if length > LONGEST_BUFFER and number > first:
            yield first, number
            first, length = number, len(text) + before
    if texts:
        yield first, len(texts)


class SetGate:
    """A `Gate` by RE2's set, text by text."""

    __slots__ = ("_always", "_count", "_set")

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._set = re2.Set.SearchSet(options(False))
        for pattern in patterns:
            self._set.Add((b"(?i:%s)" if pattern.ignore_case else b"%s") % framed(pattern))
        # Matches anything: a set that runs out of memory says so by naming none, not this one either.
        self._count = len(patterns)
        self._always = self._set.Add(b"")
        self._set.Compile()

    def named(self, texts: Joined) -> Mapping[int, Mapping[int, int]]:
        found: dict[int, Mapping[int, int]] = {}
        data, match, always = texts.data, self._set.Match, self._always
        for number, (start, behind) in enumerate(zip(texts.starts, texts.starts[1:], strict=False)):
            named = match(data[start - 1 : behind])
            if len(named) == 1 and named[0] == always:
                continue
            which = [n for n in named if n != always] if always in named else range(self._count)
            found[number] = dict.fromkeys(which, behind)
        return found


def framed(pattern: Pattern) -> bytes:
    """The expression with what must stand beside it: a byte that isn't a digit, or a digit or letter of ASCII. That no
    other letter stands there is looked at afterwards."""
    return _FRAMES[pattern.beside] % b"".join((b"(?:", pattern.expression.encode(), b")"))


def frame_of(pattern: Pattern) -> int:
    """How many bytes `framed` takes in on each side."""
    return 0 if pattern.beside is Beside.NOTHING else 1


_FRAMES: Final = {Beside.NOTHING: b"%s", Beside.DIGIT: b"[^0-9]%s[^0-9]", Beside.WORD: b"[^0-9A-Za-z]%s[^0-9A-Za-z]"}


def options(ignore_case: bool) -> re2.Options:
    """How RE2 reads an expression: bytes, the longest match, a dot for any byte."""
    made = re2.Options()
    made.encoding = re2.Options.Encoding.LATIN1
    made.longest_match = True
    made.dot_nl = True
    made.log_errors = False
    made.never_capture = True
    made.case_sensitive = not ignore_case
    made.max_mem = _MEMORY
    return made


def characters(matches: Sequence[Match], text: str, encoded: bytes) -> list[Match]:
    """Matches in bytes of `encoded` as matches in characters of `text`, whole ones where a byte within one matched."""
    if len(text) == len(encoded):
        return list(matches)
    of: Mapping[int, int] = _places({m.start for m in matches} | {m.end for m in matches}, encoded)
    return [Match(of[m.start], of[m.end] + _within(encoded, m.end), m.pattern) for m in matches]


def _places(offsets: Iterable[int], encoded: bytes) -> Mapping[int, int]:
    """For each byte, how many characters end before it."""
    places: dict[int, int] = {}
    position = count = 0
    for offset in sorted(offsets):
        begins = offset - _within(encoded, offset)
        while begins > position and _within(encoded, begins):
            begins -= 1
        count += len(encoded[position:begins].decode("utf-8", "surrogatepass"))
        places[offset], position = count, begins
    return places


def _within(encoded: bytes, offset: int) -> int:
    """1 when the byte there goes on with a character that began before it."""
    return 1 if offset < len(encoded) and encoded[offset] & 0xC0 == 0x80 else 0
