"""Cutting a text into code and leaf values (design section 7): our own walk over the scanner's tokens and the tree.

Every literal in every spelling, every parameter, and every identifier that looks like data becomes a leaf; comments go.
A leaf is shown only when it is a row limit, or is compared with (or written to) plain unlabelled columns of base tables
and looks harmless; else a card says what it is bound to, how long it is about, and which others equal it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from interlock.model.label import Label
from interlock.model.snapshot import Column, Relation, Snapshot
from interlock.model.template import Leaf, Template
from interlock.sql.bindings import Bindings, bind
from interlock.sql.identifiers import FINDING, echoes, finding, invisible, suspicious
from interlock.sql.parse import COMMENTS, Parsed, Token
from interlock.sql.session_state import SessionState
from interlock.sql.shape import Refusal

LabelOf = Callable[[Relation, Column], frozenset[Label]]

MAX_SHOWN: Final = 32  # characters
MAX_SHOWN_DIGITS: Final = 8  # a date has eight, a social security number nine
MIN_ECHO: Final = 4  # shorter values repeat in names by accident

_DIGIT_RUN = re.compile(r"\d{5}")
_ROW_LIMIT = re.compile(r"\d{1,7}")
_CLASSES: Final = ((0, "0"), (8, "1-8"), (16, "9-16"), (32, "17-32"), (64, "33-64"))
_KINDS: Final[Mapping[str, str]] = {
    "ICONST": "number",
    "FCONST": "number",
    "BCONST": "binary",
    "XCONST": "binary",
    "PARAM": "parameter",
}


@dataclass(slots=True)
class Marks:
    """Numbers for distinct values; one for all statements of an action, so that equality shows across them."""

    numbers: dict[str, int] = field(default_factory=dict)

    def of(self, value: str) -> str:
        """`#n`: the same for equal values."""
        return f"#{self.numbers.setdefault(value, len(self.numbers) + 1)}"


@dataclass(frozen=True, slots=True)
class Cut:
    """A template, and why the text is refused when a name in it carries data."""

    template: Template
    refusal: Refusal | None


UNREAD: Final = Template(("(a text that could not be read)",), ())
"""The template of a text that `analyse` raised on: nothing of it is kept."""


def cut(
    parsed: Parsed,
    snapshot: Snapshot,
    state: SessionState,
    label_of: LabelOf,
    parameters: Sequence[bytes | None] = (),
    formats: Sequence[int] = (),
    marks: Marks | None = None,
) -> Cut:
    """Cuts a parsed text. `parameters` and `formats` are Bind's: no codes mean text, one code is for all."""
    bound = bind(parsed, snapshot, state)
    maker = _LeafMaker(bound, label_of, tuple(parameters), tuple(formats), marks or Marks())
    tokens = [t for t in parsed.tokens if t.name not in COMMENTS]
    while tokens and tokens[-1].text == ";":
        tokens.pop()
    literal = {n: maker.leaf(t, tokens, n) for n, t in enumerate(tokens) if bound.is_literal(t)}
    hidden = frozenset(
        value.casefold() for leaf, value in literal.values() if leaf.shown is None and len(value) >= MIN_ECHO
    )
    echoing = {n for n, t in enumerate(tokens) if n not in literal and echoes(t, hidden, snapshot)}
    names = {n for n, t in enumerate(tokens) if n not in literal and suspicious(t, snapshot)} | echoing
    leaves = {n: leaf for n, (leaf, _) in literal.items()} | {n: maker.name(tokens[n].text) for n in names}
    refusal = finding(parsed, snapshot) or (FINDING if echoing else None)
    return Cut(_assemble(tokens, leaves, bound), refusal)


def _assemble(tokens: Sequence[Token], leaves: Mapping[int, Leaf], bound: Bindings) -> Template:
    code, current, end = [], "", 0
    for n, token in enumerate(tokens):
        gap = " " if token.start > end and n else ""
        end = token.end
        if n in leaves:
            code.append(current + gap)
            current = ""
        elif not (bound.is_sign(token) and n + 1 in leaves):
            current += gap + token.text
        else:
            current += gap
            end = tokens[n + 1].start
    return Template((*code, current), tuple(leaves[n] for n in sorted(leaves)))


def format_of(number: int, formats: Sequence[int]) -> int:
    """The format code of parameter `number` (from 1), by Bind's rule: none means text, one is for all."""
    if len(formats) <= 1:
        return formats[0] if formats else 0
    return formats[number - 1] if number <= len(formats) else 1


def length_class(length: int) -> str:
    """A length in characters as a class, never exact."""
    return next((name for limit, name in _CLASSES if length <= limit), "65+")


@dataclass(frozen=True, slots=True)
class _LeafMaker:
    bound: Bindings
    label_of: LabelOf
    parameters: tuple[bytes | None, ...]
    formats: tuple[int, ...]
    marks: Marks

    def leaf(self, token: Token, tokens: Sequence[Token], n: int) -> tuple[Leaf, str]:
        """(leaf, value) of a literal or parameter token."""
        place = token.start
        if n and token.name in ("ICONST", "FCONST") and self.bound.is_sign(tokens[n - 1]):
            place = tokens[n - 1].start
        kind, value, readable = _KINDS.get(token.name, "text"), self.bound.values.get(place, token.text), True
        if token.name == "PARAM":
            kind, value, readable = self._parameter(token)
        if kind == "null":
            return Leaf(None, kind, self._label(place), "0", ""), ""
        shown = value if readable and self._may_show(place, value, kind) else None
        return Leaf(shown, kind, self._label(place), length_class(len(value)), self.marks.of(value)), value

    def name(self, text: str) -> Leaf:
        """The leaf of an identifier that looks like data: hidden, whatever it is."""
        return Leaf(None, "text", None, length_class(len(text)), self.marks.of(text))

    def _parameter(self, token: Token) -> tuple[str, str, bool]:
        """(kind, value, whether it is text) of `$n`; the token itself where no value was bound."""
        digits = token.text[1:]
        number = int(digits) if len(digits) <= 5 else 0
        if not 1 <= number <= len(self.parameters):
            return "parameter", token.text, False
        raw = self.parameters[number - 1]
        if raw is None:
            return "null", "", False
        if format_of(number, self.formats) == 0:
            try:
                return "parameter", raw.decode("utf-8"), True
            except UnicodeDecodeError:
                pass
        return "parameter", "\0" + raw.hex(), False

    def _label(self, place: int) -> Label | None:
        columns = self.bound.columns.get(place, ())
        labels = sorted(label for pair in columns for label in self.label_of(*pair))
        return labels[0] if labels else None

    def _may_show(self, place: int, value: str, kind: str) -> bool:
        if place in self.bound.limits:
            return kind in ("number", "parameter") and _ROW_LIMIT.fullmatch(value) is not None
        columns = self.bound.columns.get(place, ())
        if not columns or any(self.label_of(*pair) for pair in columns):
            return False
        return kind != "binary" and looks_harmless(value)


def looks_harmless(value: str) -> bool:
    """Short, no long number, no address, nothing invisible."""
    digits = sum(c.isdigit() for c in value)
    if len(value) > MAX_SHOWN or digits > MAX_SHOWN_DIGITS or _DIGIT_RUN.search(value):
        return False
    return "@" not in value and not invisible(value)
