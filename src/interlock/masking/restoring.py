"""Pseudonyms in a text that comes in pieces, turned back into the values that they stand for.

Only what was issued to this very reader is turned back: the caller says what that is. Everything else, look-alikes as
well, stays the text that it is. A text is held back only behind what may still become a pseudonym, so a piece is never
later than one pseudonym's length; however a text is cut, what comes out is the same.

    text   Dear [phi.name#2], your    -> Dear Ana Ruiz, your
    JSON   {"to": "[phi.name#2]"}     -> {"to": "Ana \\"Nita\\" Ruiz"}   inside strings alone, and escaped there

Models write a pseudonym in another case now and then; it is still that one. A longer word that begins with one isn't.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from interlock.errors import MalformedInput

MAX_ISSUED: Final = 100_000
MAX_LENGTH: Final = 2_048  # characters of a pseudonym

_ESCAPED: Final[Mapping[str, str]] = {
    '"': '"',
    "\\": "\\",
    "/": "/",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
}
_HEX: Final = frozenset("0123456789abcdefABCDEF")


@dataclass(slots=True)
class _Node:
    """A place in the tree of pseudonyms. `value`: what one that ends here stands for."""

    following: dict[str, _Node] = field(default_factory=dict)
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """A pseudonym of so many units, and what it stands for."""

    count: int
    value: str = field(repr=False)


UNSURE: Final = Match(0, "")


class Issued:
    """Pseudonyms and what they stand for, as one reader got them. Built once, used by many streams."""

    def __init__(self, values: Mapping[str, str]) -> None:
        """`values`: by pseudonym. Raises `ValueError` for an empty or too long one, two that differ in case alone, or
        too many: the caller's mistake."""
        if len(values) > MAX_ISSUED:
            raise ValueError("more pseudonyms than one reader can have")
        self._root = _Node()
        self._starts: set[str] = set()
        for pseudonym, value in values.items():
            if not 0 < len(pseudonym) <= MAX_LENGTH:
                raise ValueError("a pseudonym has from one to MAX_LENGTH characters")
            self._starts |= {pseudonym[0], pseudonym[0].swapcase()} if pseudonym[0].isascii() else {pseudonym[0]}
            node = self._root
            for character in pseudonym:
                node = node.following.setdefault(_folded(character), _Node())
            if node.value is not None:
                raise ValueError("two pseudonyms differ in case alone")
            node.value = value

    def __repr__(self) -> str:
        return "Issued()"

    def begins_in(self, text: str) -> bool:
        """Whether any pseudonym may begin in a text."""
        return not self._starts.isdisjoint(text)

    def match(self, text: Units, at: int, before: str, *, final: bool) -> Match | None:
        """The pseudonym that begins at `at`, None for none; `UNSURE` where more text would tell."""
        node, found = self._root, None
        for end in range(at, len(text)):
            following = node.following.get(_folded(text[end][0]))
            if following is None:
                break
            node = following
            if node.value is not None:
                after = text[end + 1][0] if end + 1 < len(text) else ""
                if not after and not final and (node.following or _is_word(text[end][0])):
                    return UNSURE
                if _stands_alone(text, at, end, before, after):
                    found = Match(end + 1 - at, node.value)
        else:
            if node.following and not final:
                return UNSURE
        return found


Units = list[tuple[str, str]]
"""Characters as they are meant, each with how it was written."""


class Restorer:
    """Turns back one text that comes in pieces."""

    def __init__(self, issued: Issued) -> None:
        self._issued = issued
        self._held: Units = []
        self._before = ""  # the last character that went out
        self.restored = 0  # pseudonyms that were turned back

    def feed(self, piece: str) -> str:
        """What can go out by now."""
        if not self._held and not self._issued.begins_in(piece):
            self._before = piece[-1:] or self._before
            return piece
        self._held += [(character, character) for character in piece]
        return "".join(self._out(final=False))

    def end(self) -> str:
        """The rest: nothing follows."""
        return "".join(self._out(final=True))

    def _out(self, *, final: bool) -> Iterator[str]:
        at = 0
        while at < len(self._held):
            found = self._issued.match(self._held, at, self._before, final=final)
            if found is UNSURE:
                break
            if found is not None:
                yield self._written(found.value)
                self.restored += 1
                at += found.count
                self._before = self._held[at - 1][0]
            else:
                self._before, written = self._held[at]
                yield written
                at += 1
        del self._held[:at]

    def _written(self, value: str) -> str:
        return value


class JsonRestorer(Restorer):
    """The same for the text of one JSON value (RFC 8259), as arguments of tool calls come: looks at what its strings
    mean, however that is escaped, and escapes what it puts in their place. Names of members are strings too.

    It doesn't judge the JSON: what isn't any goes out as it came.
    """

    def __init__(self, issued: Issued) -> None:
        super().__init__(issued)
        self._raw = ""  # an escape that isn't whole
        self._high = ""  # the first half of a surrogate pair, as it was written
        self._inside = False

    def feed(self, piece: str) -> str:
        """What can go out by now."""
        idle = not (self._held or self._raw or self._high or self._issued.begins_in(piece))
        if idle and '"' not in piece and "\\" not in piece:
            self._before = piece[-1:] or self._before
            return piece
        out: list[str] = []
        for character in piece:
            if not self._inside:
                out.append(character)
                self._inside, self._before = character == '"', ""
            elif self._raw or character == "\\":
                self._raw += character
                self._unescape()
            elif character == '"':
                self._half()
                out += [*self._out(final=True), character]
                self._inside = False
            else:
                self._half()
                self._held.append((character, character))
        out += self._out(final=False)
        return "".join(out)

    def end(self) -> str:
        """The rest, where the text broke off within a string."""
        self._half()
        rest, self._raw = self._raw, ""
        return "".join([*self._out(final=True), rest])

    def _unescape(self) -> None:
        """Takes an escape for the character that it means, once it is whole; what is none stands for itself."""
        raw = self._raw
        if len(raw) == 1 or (raw[1] == "u" and len(raw) < 6 and all(digit in _HEX for digit in raw[2:])):
            return
        self._raw = ""
        if raw[1] != "u":
            self._half()
            self._held.append((_ESCAPED.get(raw[1], raw[1]), raw))
        elif len(raw) == 6 and all(digit in _HEX for digit in raw[2:]):
            self._code(int(raw[2:], 16), raw)
        else:
            self._half()
            self._held += [(character, character) for character in raw]

    def _code(self, code: int, raw: str) -> None:
        if self._high and 0xDC00 <= code < 0xE000:
            high, self._high = self._high, ""
            self._held.append((chr(0x10000 + ((int(high[2:], 16) - 0xD800) << 10) + (code - 0xDC00)), high + raw))
            return
        self._half()
        if 0xD800 <= code < 0xDC00:
            self._high = raw
        else:
            self._held.append((chr(code), raw))

    def _half(self) -> None:
        """A first half without its second means nothing."""
        if self._high:
            self._held.append(("\ufffd", self._high))
            self._high = ""

    def _written(self, value: str) -> str:
        return json.dumps(value, ensure_ascii=False)[1:-1]


def restored(text: str, issued: Issued) -> str:
    """A whole text."""
    restorer = Restorer(issued)
    return restorer.feed(text) + restorer.end()


def restored_json(text: str, issued: Issued) -> str:
    """The text of one whole JSON value. Raises `MalformedInput` where it isn't JSON: nothing is guessed then."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        raise MalformedInput("the arguments aren't JSON") from None
    restorer = JsonRestorer(issued)
    return restorer.feed(text) + restorer.end()


def _folded(character: str) -> str:
    """ASCII letters in lower case: no other character takes their place."""
    return character.lower() if character.isascii() else character


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _stands_alone(text: Units, at: int, end: int, before: str, after: str) -> bool:
    """Whether it isn't a part of a longer word. One in brackets always stands alone."""
    begins = not (_is_word(text[at][0]) and before and _is_word(before))
    return begins and not (_is_word(text[end][0]) and after and _is_word(after))
