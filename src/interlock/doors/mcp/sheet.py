"""The strings of one message: gathered, looked into together, masked, and put back.

    sheet.text(...), sheet.value(...)      each gives a slot, which stands in the message in the making
    await sheet.settle()                   one look at all of them, by `Detection`; surrogates are fetched; masked
    filled(message)                        slots become what may be passed on

What goes wrong on the way masks more, never less.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

import structlog

from interlock.doors.detection import AT_ONCE, LONG, Detection, slices
from interlock.doors.mcp.leaves import MOST_LEAVES, Leaf, Reading, Slot, TooMuch, Ways
from interlock.errors import LedgerError, MalformedInput
from interlock.masking.json_values import Path, Seen
from interlock.masking.marks import Wanted
from interlock.masking.masker import Call, Masker
from interlock.masking.text import mask, wanted
from interlock.masking.tokens import token_of
from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.formats.document import Form, Piece
from interlock.sensitivity.formats.json_text import JsonText
from interlock.sensitivity.formats.json_tokens import json_tokens
from interlock.sensitivity.formats.windows import MOST_SEEDS, whole

MOST_TEXT: Final = 1 << 20  # characters of one string that are looked into; a longer one is masked whole
ROUNDS: Final = 2  # looks at what was masked: what stands around a mask may tell more than what it hid did

_LEAST_DIGITS: Final = 4  # of a number that is compared with values known from elsewhere
_LONGEST_NAME: Final = 120
_SHORTEST: Final = 12  # characters of a text in which the engine looks for names that are known
_WORD: Final = re.compile(r"[^\W\d_]+")
_NAMES: Final = ("phi.name", "pii.name")
_NOTHING: Final[frozenset[Label]] = frozenset()

T = TypeVar("T")
log = structlog.get_logger()


class Sheet:
    """One message's. `counts`: how much was masked, by label."""

    def __init__(self, ways: Ways) -> None:
        self.ways = ways
        self.counts: Counter[Label] = Counter()
        self._slots: list[Slot] = []
        self._left = MOST_LEAVES
        self._call, self._surrogates = _new_call()
        self._looking = ways.detection.looking() if ways.detection is not None and not ways.blind else None

    # -- gathering ---------------------------------------------------------------------------------------------------

    def text(self, text: str, *, part: bool = True) -> Slot:
        """A text that may be JSON, which is then read by its own names. `part`: it may be any part of a result."""
        if text.lstrip(" \t\r\n")[:1] in ("{", "["):
            try:
                return self._json(text, within=part)
            except MalformedInput:
                pass
        return self.plain(text, part=part)

    def plain(self, text: str, telling: str = "", *, part: bool = False) -> Slot:
        """A text that is nothing but one. `part`: of a result, and not the protocol's own."""
        ways = self.ways
        labels = ways.leaf.held(ways.fields.at(()), self._column(())) if part else _NOTHING
        labels |= ways.blanket
        if not labels and part and ways.leaf.shown(ways.fields.at(()), self._column(())):
            return self._noted(Slot(text, (), ()))
        piece = Piece(0, len(text), "", text, telling)
        leaf = Leaf(piece, (), self._column(()) if part else "", labels, text)
        return self._noted(Slot(text, (piece,), (leaf,)) if text else Slot(text, (), ()))

    def value(self, value: Any) -> Slot:
        """A JSON value that is the whole result. Raises `TooMuch`, and `ValueError` or `TypeError` for what isn't
        one."""
        slot = self._json(json.dumps(value, ensure_ascii=False, allow_nan=False), within=False)
        slot.is_value, slot.original = True, value
        return slot

    def members(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """An object of the protocol's, whose own names stay: of each member any JSON."""
        return {
            key: self.plain(value) if isinstance(value, str) else self.value(value) for key, value in values.items()
        }

    def _noted(self, slot: Slot) -> Slot:
        self._left -= len(slot.leaves)
        if self._left < 0:
            raise TooMuch
        self._slots.append(slot)
        return slot

    def _column(self, path: Path) -> str:
        return f"{self.ways.column}.{self.ways.fields.written(path)}" if self.ways.column else ""

    def _json(self, source: str, *, within: bool) -> Slot:
        format_ = JsonText()
        told = {part.start: part for part in format_.parts(source)}
        reading = Reading(self.ways, told, within, self._column, self._left)
        for token in json_tokens(source):
            reading.take(token)
        slot = Slot(source, reading.parts, reading.leaves, format_, names=reading.named(), hidden=reading.hidden)
        self.counts.update(reading.counts)
        return self._noted(slot)

    # -- looking and masking -----------------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Looks into everything and masks it. Raises nothing that a message could cause."""
        leaves = [leaf for slot in self._slots for leaf in slot.leaves]
        names = [leaf for slot in self._slots for leaf, _ in slot.names]
        await self._round([*leaves, *names], first=True)
        again = [
            leaf for leaf in leaves if leaf.new is not None and not leaf.labels and leaf.piece.form is not Form.NUMBER
        ]
        for _ in range(ROUNDS):
            again = await self._round(again, first=False) if again and self._looking is not None else []
        for leaf in again:  # looked at so often, and still something is in it
            leaf.new = token_of(frozenset(f.label for f in leaf.findings))
        for slot in self._slots:
            slot.hide()

    async def _round(self, leaves: Sequence[Leaf], *, first: bool) -> list[Leaf]:
        """One look at these; those of them in which something was masked."""
        texts = [_text_of(leaf) for leaf in leaves]
        size = sum(map(len, texts))
        await self._look(leaves, texts, first=first)
        if first:
            await self._look_for_names(leaves)
            await aside(lambda: self._compare(leaves), size)
        await self._fetch(await aside(lambda: self._wanted(leaves, texts), size))
        return await aside(lambda: self._mask(leaves, texts), size)

    async def _look(self, leaves: Sequence[Leaf], texts: Sequence[str], *, first: bool) -> None:
        ways = self.ways
        asked = [(leaf, text) for leaf, text in zip(leaves, texts, strict=True) if leaf.looks and not leaf.labels]
        if ways.blind or (ways.detection is not None and self._looking is None):
            for leaf in leaves:
                leaf.findings = (whole(_text_of(leaf), why="nothing can look into it: hidden"),)
            return
        if ways.detection is None or self._looking is None:
            return
        for part in slices(asked):
            await self._asked(ways.detection, part)
        for leaf, _ in asked:
            spans = leaf.spans
            leaf.findings = [f for f in leaf.findings if not any(s.start <= f.start and f.end <= s.end for s in spans)]

    async def _look_for_names(self, leaves: Sequence[Leaf]) -> None:
        """Names that are known of one string are found in all others that hold a word of one, in parts, too."""
        detection, looking = self.ways.detection, self._looking
        names = self._names(leaves) if looking is not None else {}
        if detection is None or looking is None or not names:
            return
        asked: list[tuple[Leaf, str]] = []
        known: dict[int, Sequence[str]] = {}
        for leaf in leaves:
            if leaf.looks and (words := _unexplained(leaf) & names.keys()):
                told = dict.fromkeys(name for word in sorted(words) for name in names[word])
                known[id(leaf)] = list(told)[:MOST_SEEDS]
                asked.append((leaf, leaf.piece.text))
        for part in slices(asked):

            def look(part: Sequence[tuple[Leaf, str]] = part) -> list[tuple[Finding, ...]]:
                return [looking.in_text(text, known[id(leaf)], leaf.piece.telling) for leaf, text in part]

            found = await self._within(detection, look, [text for _, text in part])
            for (leaf, _), more in zip(part, found, strict=True):
                leaf.findings = [*leaf.findings, *more]

    def _names(self, leaves: Sequence[Leaf]) -> Mapping[str, Sequence[str]]:
        """The names that are known, by their words."""
        told = [value for value, label in self.ways.given if label.startswith(_NAMES)]
        for leaf in leaves:
            if any(label.startswith(_NAMES) for label in leaf.labels):
                told.append(leaf.piece.text)
            told += [leaf.piece.text[f.start : f.end] for f in leaf.findings if f.label.startswith(_NAMES)]
        known: dict[str, list[str]] = {}
        for name in dict.fromkeys(told):
            if 1 < len(name) <= _LONGEST_NAME:
                for word in set(_WORD.findall(name.lower())):
                    if len(word) > 1 and len(known.setdefault(word, [])) < MOST_SEEDS:
                        known[word].append(name)
        return known

    async def _within(
        self, detection: Detection, look: Callable[[], list[tuple[Finding, ...]]], texts: Sequence[str]
    ) -> list[tuple[Finding, ...]]:
        size, long = sum(map(len, texts)), any(len(text) >= LONG for text in texts)
        try:
            return await detection.within(look, size, long=long)
        except Exception as error:  # an engine that is gone, or a mistake of ours: all of it is masked whole
            log.error("content.failed", connection=self.ways.connection, because=type(error).__name__)
            return [(whole(text, why="the engine failed: hidden"),) for text in texts]

    async def _asked(self, detection: Detection, part: Sequence[tuple[Leaf, str]]) -> None:
        looking = self._looking
        assert looking is not None
        short, clean = [], self.ways.clean
        for leaf, text in part:
            if len(text) > MOST_TEXT:
                leaf.findings = (whole(text, why="too long to be looked into"),)
            elif leaf.piece.label is None and clean.holds(leaf.piece.telling, text):
                leaf.findings = ()
            else:
                short.append((leaf, text))
        # Each a record of its own: what is known of one is looked for in the others afterwards.
        pieces = [replace(leaf.piece, text=text, record=at) for at, (leaf, text) in enumerate(short)]
        found = await self._within(detection, lambda: looking.at(pieces), [p.text for p in pieces]) if pieces else ()
        for (leaf, text), each in zip(short, found, strict=True):
            leaf.findings = each
            if not each and leaf.piece.label is None:
                clean.note(leaf.piece.telling, text)

    def _compare(self, leaves: Sequence[Leaf]) -> None:
        """What is known of one leaf is looked for in all others."""
        seen = Seen()
        for value, label in self.ways.given:
            seen.add(value, label, any_length=value in self.ways.restored)
        for leaf in leaves:
            for label in sorted(leaf.labels - self.ways.blanket)[:1]:
                seen.add(leaf.piece.text, label)
            for each in leaf.findings:
                value = leaf.piece.text[each.start : each.end]
                if _is_own(value, each.label) and self.ways.finds.found([each.label], leaf.place):
                    seen.add(value, each.label)
        known = [each for each in (seen, *self.ways.recalled) if each]
        for leaf in leaves if known else ():
            if not leaf.labels and (more := [found for each in known for found in each.find(leaf.piece.text)]):
                leaf.findings = [*leaf.findings, *more]

    def _wanted(self, leaves: Sequence[Leaf], texts: Sequence[str]) -> set[Wanted]:
        asked: set[Wanted | None] = set()
        for leaf, text in zip(leaves, texts, strict=True):
            if leaf.labels:
                asked.add(self.ways.leaf.wanted(leaf.value, leaf.labels, leaf.column))
            elif leaf.findings:
                asked.update(wanted(text, leaf.findings, self.ways.finds, place=leaf.place))
        return {each for each in asked if each is not None}

    async def _fetch(self, asked: Iterable[Wanted]) -> None:
        """Without them, values become constants."""
        missing = sorted(each for each in asked if each not in self._surrogates)
        vault = self.ways.vault
        if vault is None or not missing:
            return
        try:
            reversible = self.ways.finds.profile.reverses
            found = await vault.surrogates(self.ways.connection, missing, reversible=reversible)
            self._surrogates.update(zip(missing, found, strict=True))
        except LedgerError as error:
            log.error("surrogates.failed", connection=self.ways.connection, code=error.code)

    def _mask(self, leaves: Sequence[Leaf], texts: Sequence[str]) -> list[Leaf]:
        return [leaf for leaf, text in zip(leaves, texts, strict=True) if self._masked(leaf, text)]

    def _masked(self, leaf: Leaf, text: str) -> bool:
        if leaf.labels:
            told = self._told(leaf)
            leaf.new = told if isinstance(told, str) else json.dumps(told)
            self.counts.update(leaf.labels)
            return True
        if not leaf.findings:
            return False
        masked = mask(text, leaf.findings, self._masker(leaf, text), place=leaf.place, call=self._call)
        if not masked.counts:
            return False
        leaf.new, leaf.spans = masked.text, masked.spans
        self.counts.update(masked.counts)
        return True

    def _told(self, leaf: Leaf) -> str | int | float | None:
        if leaf.piece.text in self.ways.typed:
            return token_of(leaf.labels) if isinstance(leaf.value, str) else None
        return self.ways.leaf.masked(leaf.value, leaf.labels, leaf.column, self._call)

    def _masker(self, leaf: Leaf, text: str) -> Masker:
        """As `Ways.finds`; by constants where anything of it was typed."""
        ways = self.ways
        typed = ways.constants is not None and any(text[f.start : f.end] in ways.typed for f in leaf.findings)
        return ways.constants if typed and ways.constants is not None else ways.finds


def _text_of(leaf: Leaf) -> str:
    return leaf.piece.text if leaf.new is None else leaf.new


def _unexplained(leaf: Leaf) -> set[str]:
    """The words of a text in which nothing was found."""
    if leaf.labels or len(leaf.piece.text) < _SHORTEST:
        return set()
    text, at, left = leaf.piece.text.lower(), 0, []
    for finding in sorted(leaf.findings):
        left.append(text[at : finding.start])
        at = max(at, finding.end)
    return set(_WORD.findall(" ".join([*left, text[at:]])))


def _is_own(value: str, label: Label) -> bool:
    """Whether a value that was found is somebody's own wherever it stands, and no word that others use."""
    if label.startswith(_NAMES):
        return " " in value
    return "@" in value or sum(map(str.isdigit, value)) >= _LEAST_DIGITS


def _new_call() -> tuple[Call, dict[Wanted, bytes]]:
    kept: dict[Wanted, bytes] = {}
    return Call(surrogates=kept), kept


async def aside(work: Callable[[], T], size: int) -> T:
    """Much of it in a thread, so that nobody else waits for it."""
    return work() if size <= AT_ONCE else await asyncio.to_thread(work)
