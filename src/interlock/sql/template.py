"""Cutting a text into code and leaf values (design section 7): our own walk over the scanner's tokens and the tree.

Every literal in every spelling, every parameter, and every identifier that looks like data becomes a leaf; comments go.
A leaf is shown only when it is a row limit, or is compared with (or written to) plain unlabelled columns of base tables
and looks harmless; else a card says what it is bound to, how long it is about, and which others equal it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from interlock.model.label import Label
from interlock.model.secret import Secret
from interlock.model.snapshot import Column, Relation, Snapshot
from interlock.model.template import MAX_VALUE, Leaf, Template
from interlock.sql.bindings import Bindings, bind
from interlock.sql.identifiers import FINDING, echoes, finding, invisible, suspicious
from interlock.sql.parse import COMMENTS, Parsed, Token, identifier
from interlock.sql.session_state import SessionState
from interlock.sql.shape import Refusal

LabelOf = Callable[[Relation, Column], frozenset[Label]]

MAX_SHOWN: Final = 32  # characters
MAX_SHOWN_DIGITS: Final = 8  # a date has eight, a social security number nine
MIN_ECHO: Final = 4  # shorter values repeat in names by accident

_DIGIT_RUN = re.compile(r"\d{5}")
_ROW_LIMIT = re.compile(r"\d{1,7}")
_GIVEN: Final = "\0given\0"  # before values known by pseudonyms: equal to each other, and to nothing in clear
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
    return pattern(parsed, snapshot, state, label_of).cut(parameters, formats, marks)


@dataclass(frozen=True, slots=True)
class Pattern:
    """What of a cut the text alone decides, under the definitions, session state and labels it was made with.

    Whoever keeps one must drop it when any of those changes. It holds no parameter's value.
    """

    tokens: tuple[Token, ...] = field(repr=False)
    signs: frozenset[int]
    slots: tuple[_Slot, ...] = field(repr=False)
    names: tuple[int, ...]
    names_by_value: Mapping[str, tuple[int, ...]] = field(repr=False)
    code: tuple[str, ...] = field(repr=False)
    refusal: Refusal | None
    snapshot: Snapshot = field(repr=False)

    def cut(
        self,
        parameters: Sequence[bytes | None] = (),
        formats: Sequence[int] = (),
        marks: Marks | None = None,
        given_literals: frozenset[int] = frozenset(),
        given_parameters: frozenset[int] = frozenset(),
    ) -> Cut:
        """The text cut, with these parameters in its leaves.

        `given_literals` (byte offsets) and `given_parameters` (numbers) are values that the asker knows by pseudonyms
        only: nothing shows whether a name or another value in the text equals one, or every text would test a guess.
        """
        marks = marks if marks is not None else Marks()
        theirs = [self._given(slot, given_literals, given_parameters) for slot in self.slots]
        filled = [
            slot.leaf(parameters, formats, marks, given=given) for slot, given in zip(self.slots, theirs, strict=True)
        ]
        hidden = {
            value
            for (leaf, value), given in zip(filled, theirs, strict=True)
            if leaf.shown is None and len(value) >= MIN_ECHO and not given
        }
        echoing = self._echoing(frozenset(value.casefold() for value in hidden)) if self.names_by_value else ()
        if not self.names and not echoing:
            return Cut(_template(self.code, filled), self.refusal)
        leaves = {slot.at: each for slot, each in zip(self.slots, filled, strict=True)}
        for n in sorted({*self.names, *echoing}):
            leaves[n] = (_name_leaf(self.tokens[n].text, marks), self.tokens[n].text)
        code = _code(self.tokens, leaves.keys(), self.signs)
        return Cut(_template(code, [leaves[n] for n in sorted(leaves)]), self.refusal or (FINDING if echoing else None))

    def _given(self, slot: _Slot, literals: frozenset[int], parameters: frozenset[int]) -> bool:
        if slot.name == "PARAM":
            return bool(parameters) and number_of(slot.value) in parameters
        return self.tokens[slot.at].start in literals

    def _echoing(self, hidden: frozenset[str]) -> tuple[int, ...]:
        repeated = [n for value in hidden for n in self.names_by_value.get(value, ())]
        return tuple(n for n in repeated if echoes(self.tokens[n], hidden, self.snapshot))


def pattern(parsed: Parsed, snapshot: Snapshot, state: SessionState, label_of: LabelOf) -> Pattern:
    """The part of `cut` that doesn't depend on parameters."""
    bound = bind(parsed, snapshot, state)
    tokens = [t for t in parsed.tokens if t.name not in COMMENTS]
    while tokens and tokens[-1].text == ";":
        tokens.pop()
    slots = tuple(_slot(bound, label_of, tokens, n) for n, t in enumerate(tokens) if bound.is_literal(t))
    places = {slot.at for slot in slots}
    named = [n for n, t in enumerate(tokens) if t.name in ("IDENT", "UIDENT") and n not in places]
    odd = {text for text, n in {tokens[n].text: n for n in named}.items() if suspicious(tokens[n], snapshot)}
    by_value: dict[str, list[int]] = {}
    for n in named:
        if tokens[n].name == "IDENT":
            by_value.setdefault(identifier(tokens[n]).casefold(), []).append(n)
    return Pattern(
        tokens=tuple(tokens),
        signs=bound.signs,
        slots=slots,
        names=tuple(n for n in named if tokens[n].text in odd),
        names_by_value={value: tuple(those) for value, those in by_value.items()},
        code=_code(tokens, places, bound.signs),
        refusal=finding(parsed, snapshot),
        snapshot=snapshot,
    )


def _code(tokens: Sequence[Token], leaves: Collection[int], signs: frozenset[int]) -> tuple[str, ...]:
    """What stands between the leaves, whose minus signs go with them."""
    code, current, end = [], "", 0
    for n, (start, stop, _, text) in enumerate(tokens):
        gap = " " if start > end and n else ""
        end = stop
        if n in leaves:
            code.append(current + gap)
            current = ""
        elif text == "-" and start in signs and n + 1 in leaves:
            current += gap
            end = tokens[n + 1].start
        else:
            current += gap + text
    return (*code, current)


def _template(code: tuple[str, ...], filled: Sequence[tuple[Leaf, str]]) -> Template:
    return Template(code, tuple(leaf for leaf, _ in filled), tuple(Secret(value[:MAX_VALUE]) for _, value in filled))


def format_of(number: int, formats: Sequence[int]) -> int:
    """The format code of parameter `number` (from 1), by Bind's rule: none means text, one is for all."""
    if len(formats) <= 1:
        return formats[0] if formats else 0
    return formats[number - 1] if number <= len(formats) else 1


def length_class(length: int) -> str:
    """A length in characters as a class, never exact."""
    return next((name for limit, name in _CLASSES if length <= limit), "65+")


@dataclass(frozen=True, slots=True)
class _Slot:
    """The place of one leaf: what is bound there, and the leaf itself unless it is a parameter's.

    `limit`: it limits rows. `plain`: it meets columns, and none of them has a label.
    """

    at: int
    name: str
    label: Label | None
    limit: bool
    plain: bool
    kind: str
    value: str

    def leaf(
        self, parameters: Sequence[bytes | None], formats: Sequence[int], marks: Marks, *, given: bool
    ) -> tuple[Leaf, str]:
        """(leaf, value) of the literal or parameter here; one that was `given` as a pseudonym is never shown."""
        kind, value, readable = self.kind, self.value, True
        if self.name == "PARAM":
            kind, value, readable = _parameter(self.value, parameters, formats)
        if kind == "null":
            return Leaf(None, kind, self.label, "0", ""), ""
        shown = value if readable and not given and self._may_show(value, kind) else None
        mark = marks.of(f"{_GIVEN}{value}" if given else value)
        return Leaf(shown, kind, self.label, length_class(len(value)), mark), value

    def _may_show(self, value: str, kind: str) -> bool:
        if self.limit:
            return kind in ("number", "parameter") and _ROW_LIMIT.fullmatch(value) is not None
        return self.plain and kind != "binary" and looks_harmless(value)


def _slot(bound: Bindings, label_of: LabelOf, tokens: Sequence[Token], n: int) -> _Slot:
    token = tokens[n]
    place = token.start
    if n and token.name in ("ICONST", "FCONST") and bound.is_sign(tokens[n - 1]):
        place = tokens[n - 1].start
    columns = bound.columns.get(place, ())
    labels = sorted(label for pair in columns for label in label_of(*pair))
    value = token.text if token.name == "PARAM" else bound.values.get(place, token.text)
    return _Slot(
        at=n,
        name=token.name,
        label=labels[0] if labels else None,
        limit=place in bound.limits,
        plain=bool(columns) and not labels,
        kind=_KINDS.get(token.name, "text"),
        value=value,
    )


def _name_leaf(text: str, marks: Marks) -> Leaf:
    """The leaf of an identifier that looks like data: hidden, whatever it is."""
    return Leaf(None, "text", None, length_class(len(text)), marks.of(text))


def _parameter(text: str, parameters: Sequence[bytes | None], formats: Sequence[int]) -> tuple[str, str, bool]:
    """(kind, value, whether it is text) of `$n`; the token itself where no value was bound."""
    number = number_of(text)
    if not 1 <= number <= len(parameters):
        return "parameter", text, False
    raw = parameters[number - 1]
    if raw is None:
        return "null", "", False
    if format_of(number, formats) == 0:
        try:
            return "parameter", raw.decode("utf-8"), True
        except UnicodeDecodeError:
            pass
    return "parameter", "\0" + raw.hex(), False


def number_of(parameter: str) -> int:
    """The number of `$n`; 0 for one that is too long to be bound."""
    digits = parameter[1:]
    return int(digits) if len(digits) <= 5 else 0


def looks_harmless(value: str) -> bool:
    """Short, no long number, no address, nothing invisible."""
    digits = sum(c.isdigit() for c in value)
    if len(value) > MAX_SHOWN or digits > MAX_SHOWN_DIGITS or _DIGIT_RUN.search(value):
        return False
    return "@" not in value and not invisible(value)
