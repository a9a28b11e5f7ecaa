"""The leaves of one text or JSON value of a message: its strings, numbers and names of properties, each with what its
place tells of it; and the same text or value with others in their places."""

from __future__ import annotations

import json
import re
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from interlock.doors.detection import Detection
from interlock.masking.json_values import Fields, LeafMask, Path, Scalar, Seen
from interlock.masking.masker import Masker, Place
from interlock.masking.text import Span
from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.model.names import ConnectionName
from interlock.ports import SurrogateVault
from interlock.sensitivity.formats.document import Form, Nest, Part, Piece, rewritten
from interlock.sensitivity.formats.json_text import JsonText
from interlock.sensitivity.formats.json_tokens import JsonToken, TokenKind

MOST_DEPTH: Final = 64
MOST_LEAVES: Final = 100_000
LEAST_TYPED: Final = 4  # characters of what is looked for within what an asker typed; less counts when it is all
MOST_TYPED: Final = 16 * 1024  # characters of what an asker typed in which values are looked for
MOST_CLEAN: Final = 8192  # texts of one connection that are remembered to hold nothing
LONGEST_CLEAN: Final = 256  # characters of one

_OWN_NAME: Final = re.compile(r"[a-z_$][A-Za-z_$-]{0,63}[0-9]{0,2}")
_LEAST_DIGITS: Final = 4  # of a number that is compared with values known from elsewhere
_NOTHING: Final[frozenset[Label]] = frozenset()
_NO_FIELDS: Final = Fields({}, "result")


class TooMuch(Exception):
    """More than is looked into: too deep, too many values."""


class Clean:
    """Short texts in which nothing was found, by the names that told them: the same ones come again and again."""

    __slots__ = ("_texts",)

    def __init__(self) -> None:
        self._texts: OrderedDict[tuple[str, str], None] = OrderedDict()

    def holds(self, telling: str, text: str) -> bool:
        """Whether it was looked into, and nothing was in it."""
        if (telling, text) not in self._texts:
            return False
        self._texts.move_to_end((telling, text))
        return True

    def note(self, telling: str, text: str) -> None:
        """Nothing was in it."""
        if len(text) + len(telling) <= LONGEST_CLEAN:
            self._texts[telling, text] = None
            while len(self._texts) > MOST_CLEAN:
                self._texts.popitem(last=False)

    def __repr__(self) -> str:
        return "Clean(…)"


class Typed:
    """What an asker wrote into arguments of which no map tells anything, so that no policy took it for a guess. Shown
    as a pseudonym or a surrogate, it would tell whose that is."""

    __slots__ = ("_all", "_whole")

    def __init__(self, texts: Iterable[str]) -> None:
        self._whole = frozenset(text.strip().casefold() for text in texts)
        self._all = "\n".join(sorted(self._whole))

    def __bool__(self) -> bool:
        return bool(self._whole)

    def __contains__(self, text: str) -> bool:
        """Whether it is, or stands in, what was typed; of too much to look into, everything does."""
        plain = text.strip().casefold()
        if len(plain) < LEAST_TYPED:
            return plain in self._whole
        return len(self._all) > MOST_TYPED or plain in self._all


@dataclass(frozen=True, slots=True)
class Ways:
    """How the strings of one message are masked.

    `detection` None: only what fields tell is masked; `blind`: everything is, since nothing can look. `fields` are
    those of the tool's results, `column` what their names stand behind; `blanket`: labels that nothing can find, so
    that all that no field tells of is masked for them. `declared`: names of properties that people signed for. `finds`
    masks what is found, `leaf` what fields tell. `given`: values that are known to bear a label; `restored` those of
    them that the gateway itself put in place of a pseudonym, so that the asker doesn't know them, `recalled` such
    values of earlier calls. What of a result was `typed` by the asker is masked by `constants`, which tell no two
    values apart.
    """

    connection: ConnectionName
    detection: Detection | None
    finds: Masker
    leaf: LeafMask
    fields: Fields = _NO_FIELDS
    column: str = ""
    blanket: frozenset[Label] = _NOTHING
    declared: frozenset[str] = frozenset()
    given: tuple[tuple[str, Label], ...] = field(default=(), repr=False)
    restored: frozenset[str] = field(default=frozenset(), repr=False)
    recalled: tuple[Seen, ...] = field(default=(), repr=False)
    typed: Typed = field(default_factory=lambda: Typed(()), repr=False)
    constants: Masker | None = None
    vault: SurrogateVault | None = None
    blind: bool = False
    clean: Clean = field(default_factory=Clean)


@dataclass(slots=True)
class Leaf:
    """One string, number or name. `labels`: what a field says it is; `looks`: the engine is asked about it (else it is
    only compared with what is known). `new`: what takes its place; None: it stays."""

    piece: Piece
    path: Path = ()
    column: str = ""
    labels: frozenset[Label] = _NOTHING
    value: Scalar = ""
    looks: bool = True
    findings: Sequence[Finding] = ()
    spans: Sequence[Span] = ()
    new: str | None = None

    @property
    def place(self) -> Place:
        """Where overrides find it."""
        return Place(self.column or None)


@dataclass(slots=True)
class Slot:
    """One text or value of the message. `parts` as `rewritten` wants them, `leaves` one for each piece in them.

    `is_value`: what is put back is the JSON value, not its text; `original` is that as it came. `names`: names of
    properties that are looked into, with the members that they name; `hidden`: members that aren't passed on at all.
    """

    source: str
    parts: Sequence[Part]
    leaves: Sequence[Leaf]
    format: JsonText | None = None
    is_value: bool = False
    original: Any = None
    names: Sequence[tuple[Leaf, Sequence[Path]]] = ()
    hidden: set[Path] = field(default_factory=set)

    def hide(self) -> None:
        """Leaves out the members whose names may not leave. Where one name is a value others may be, in which nothing
        was found: beside it only those stay that look like a program's own, and none where most are values."""
        every = [path for _, paths in self.names for path in paths]
        bad = [path for name, paths in self.names if name.new is not None for path in paths]
        count, of = Counter(path[:-1] for path in bad), Counter(path[:-1] for path in every)
        self.hidden.update(bad)
        self.hidden.update(
            path
            for path in (every if bad else ())
            if (found := count[path[:-1]]) and (2 * found > of[path[:-1]] or _OWN_NAME.fullmatch(str(path[-1])) is None)
        )

    @property
    def found(self) -> bool:
        """Whether anything in it was masked."""
        return bool(self.hidden) or any(leaf.new is not None for leaf in self.leaves)

    @property
    def changed(self) -> frozenset[Path]:
        """The places in the value that aren't as they came."""
        return frozenset(self.hidden) | {leaf.path for leaf in self.leaves if leaf.new is not None}

    def put(self) -> Any:
        """What may be passed on."""
        if not self.found:
            return self.original if self.is_value else self.source
        if self.format is None:
            return self.leaves[0].new
        new = iter([leaf.new for leaf in self.leaves])
        text = rewritten(self.source, 0, len(self.source), self.parts, new, self.format.write)
        if not self.is_value and not self.hidden:
            return text
        value = json.loads(text)
        for path in self.hidden:
            _leave_out(value, path)
        return value if self.is_value else json.dumps(value, **_layout(self.source))


class Reading:
    """One JSON text on its way into parts and leaves."""

    def __init__(
        self, ways: Ways, told: Mapping[int, Part], within: bool, column: Callable[[Path], str], most: int
    ) -> None:
        self.parts: list[Part] = []
        self.leaves: list[Leaf] = []
        self.hidden: set[Path] = set()
        self.counts: Counter[Label] = Counter()
        self._ways, self._told, self._within, self._column, self._left = ways, told, within, column, most
        self._names: dict[str, list[Path]] = {}

    def named(self) -> list[tuple[Leaf, Sequence[Path]]]:
        """Names of properties that have to be looked into."""
        return [(Leaf(Piece(0, len(n), "", n, form=Form.KEY)), paths) for n, paths in self._names.items()]

    def take(self, token: JsonToken) -> None:
        """The next key or scalar."""
        self._left -= 1
        if self._left < 0 or len(token.path) > MOST_DEPTH:
            raise TooMuch
        ways = self._ways
        if token.kind is TokenKind.KEY:
            self._name(token)
            return
        labels = ways.fields.at(token.path, within=self._within)
        column = self._column(token.path)
        held = ways.leaf.held(labels, column)
        if not held and ways.leaf.shown(labels, column):
            return
        if not held and ways.blanket and token.kind is not TokenKind.OTHER:
            held = ways.blanket
        if held:
            self._known(token, column, held)
        else:
            self._unknown(token, column)

    def _name(self, token: JsonToken) -> None:
        """Names in what bears a label may be values of it, where nobody signed for them."""
        if not token.text or token.text in self._ways.declared:
            return
        owner = token.path[:-1]
        labels = self._ways.fields.at(owner, within=self._within)
        if held := self._ways.leaf.held(labels, self._column(owner)):
            self.counts.update(held)
            self.hidden.add(token.path)
        else:
            self._names.setdefault(token.text, []).append(token.path)

    def _known(self, token: JsonToken, column: str, labels: frozenset[Label]) -> None:
        if token.text == "null" and token.kind is TokenKind.OTHER:
            return
        form = Form.STRING if token.kind is TokenKind.STRING else Form.NUMBER
        self._add(Leaf(_piece(token, form), token.path, column, labels, _value(token)))

    def _unknown(self, token: JsonToken, column: str) -> None:
        part = self._told.get(token.start)
        if isinstance(part, Nest):
            self.parts.append(part)
            self.leaves += [Leaf(piece, token.path, column, value=piece.text) for piece in part.pieces]
        elif part is not None:
            self._add(Leaf(part, token.path, column, value=token.text))
        elif token.kind is TokenKind.NUMBER and sum(map(str.isdigit, token.text)) >= _LEAST_DIGITS:
            self._add(Leaf(_piece(token, Form.NUMBER), token.path, column, value=token.text, looks=False))

    def _add(self, leaf: Leaf) -> None:
        self.parts.append(leaf.piece)
        self.leaves.append(leaf)


def _piece(token: JsonToken, form: Form) -> Piece:
    return Piece(token.start, token.end, "", token.text, form=form)


def _value(token: JsonToken) -> Scalar:
    match token.kind:
        case TokenKind.NUMBER if token.text.lstrip("-").isdigit() and len(token.text) < 300:
            return int(token.text)
        case TokenKind.NUMBER:
            return float(token.text)
        case TokenKind.OTHER:
            return token.text == "true"
        case _:
            return token.text


def _leave_out(value: Any, path: Path) -> None:
    """Takes the member that lies there out of its object."""
    owner = value
    try:
        for step in path[:-1]:
            owner = owner[step]
        del owner[path[-1]]
    except (KeyError, IndexError, TypeError):  # it lies in one that was left out already, or stood there twice
        return


def _layout(source: str) -> dict[str, Any]:
    """How a JSON text is laid out: on lines of its own, with spaces behind signs, or as short as can be."""
    head = source.lstrip()[:4096]
    ascii_ = source.isascii()
    if "\n" in head[1:]:
        inner = head[1:].lstrip("\r\n")
        return {"indent": max(1, len(inner) - len(inner.lstrip(" "))), "ensure_ascii": ascii_}
    return {"separators": (", ", ": ") if '": ' in head or ", " in head else (",", ":"), "ensure_ascii": ascii_}
