"""Asking the engine about pieces: by place, in batches by telling name, and again with the names of their record.

Whatever goes wrong with a piece makes all of it a finding: it is counted, and never passes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

from interlock.model.finding import Finding
from interlock.sensitivity.formats.document import Form, Piece
from interlock.sensitivity.formats.windows import HELD, MOST_SEEDS, WINDOW, Windows, clean, joined, undecodable, whole
from interlock.sensitivity.regime import Regime

LONGEST: Final = WINDOW + HELD  # characters that are looked at in one go
_SEEDED: Final = 12  # characters; a shorter value has no room for a name and something else
_TAG: Final = re.compile(r"<[^<>]{0,4096}>")


class TextFinder(Protocol):
    """The engine (`sensitivity/text.py`)."""

    def find(self, text: str, *, seeds: Sequence[str] = (), telling: str = "") -> tuple[Finding, ...]:
        """What is in a text."""

    def find_many(self, texts: Sequence[str], *, telling: str = "") -> list[tuple[Finding, ...]]:
        """What is in each of the texts."""

    @property
    def failed(self) -> int:
        """How many texts it took whole because one of its detectors raised, so far."""


class Looking:
    """One document's or stream's. `failed`: values that the engine raised on; `undecodable`: values or lines that hold
    bytes of no character. All of these are findings whole."""

    def __init__(self, finder: TextFinder, regime: Regime = Regime.PHI, *, by_name: bool = True) -> None:
        self._finder, self._regime, self._by_name = finder, regime, by_name
        self._last: tuple[int, Sequence[str]] = (-1, ())  # a record may go on in the next batch
        self.failed = self.undecodable = 0

    def at(self, pieces: Sequence[Piece]) -> list[tuple[Finding, ...]]:
        """The findings of each piece, with offsets into its `text`; sorted, none overlapping."""
        found: list[tuple[Finding, ...]] = [()] * len(pieces)
        waiting: dict[str, list[int]] = defaultdict(list)
        seeds = self._names(pieces)
        for number, piece in enumerate(pieces):
            if (by_place := self._by_place(piece)) is not None:
                found[number] = by_place
            elif len(piece.text) > LONGEST or piece.form is Form.XHTML or self._has_seeds(piece, seeds):
                found[number] = self.in_text(piece.text, seeds.get(piece.record, ()), piece.telling, piece.form)
            else:
                waiting[piece.telling].append(number)
        for telling, numbers in waiting.items():
            many = self.many([pieces[number].text for number in numbers], telling)
            for number, each in zip(numbers, many, strict=True):
                found[number] = each
        return [self._about(piece, each) for piece, each in zip(pieces, found, strict=True)]

    def in_text(
        self, text: str, seeds: Sequence[str] = (), telling: str = "", form: Form = Form.TEXT
    ) -> tuple[Finding, ...]:
        """The findings of one text, of any length."""
        if form is Form.XHTML:
            bare = _TAG.sub(lambda tag: " " * len(tag[0]), text)
            return tuple(joined([*self.in_text(bare, seeds, telling), *self.in_text(text, seeds, telling)]))
        if len(text) <= LONGEST:
            return self._one(text, seeds, telling)
        windows = Windows(lambda part, names: self._one(part, (*seeds, *names), telling))
        settled = [*windows.feed(text), *windows.finish()]
        self.undecodable += windows.undecodable
        return tuple(replace(f, start=f.start + s.start, end=f.end + s.start) for s in settled for f in s.findings)

    def _one(self, text: str, seeds: Sequence[str], telling: str) -> tuple[Finding, ...]:
        if undecodable(text):
            self.undecodable += 1
            return (self._named(whole(text)),)
        before = self._finder.failed
        try:
            return _checked(self._finder.find(text, seeds=seeds, telling=telling), text)
        except Exception:
            return (self._failed(text),)
        finally:
            self.failed += self._finder.failed - before

    def many(self, texts: Sequence[str], telling: str) -> list[tuple[Finding, ...]]:
        """The findings of each text."""
        if any(len(text) > LONGEST for text in texts):
            return [self.in_text(text, (), telling) for text in texts]
        before = self._finder.failed
        try:
            many = self._finder.find_many([clean(text) for text in texts], telling=telling)
            self.failed += self._finder.failed - before
            return [self._read(text, found) for text, found in zip(texts, many, strict=True)]
        except Exception:  # one of them may be to blame: each by itself
            return [self._one(text, (), telling) for text in texts]

    def _read(self, text: str, found: tuple[Finding, ...]) -> tuple[Finding, ...]:
        if undecodable(text):
            self.undecodable += 1
            return (self._named(whole(text)),)
        return _checked(found, text)

    def _failed(self, text: str) -> Finding:
        self.failed += 1
        return self._named(whole(text, why="the detector failed: not looked into, hidden"))

    def _by_place(self, piece: Piece) -> tuple[Finding, ...] | None:
        label = piece.label
        if label is None or piece.about or not self._by_name:
            return None
        return (self._named(Finding(0, len(piece.text), label, 1.0, "field: what it is called or where it stands")),)

    def _about(self, piece: Piece, found: tuple[Finding, ...]) -> tuple[Finding, ...]:
        """A text that is only about something carries that label where nothing else was found in it."""
        if not piece.about or piece.label is None or found or not self._by_name:
            return found
        return (self._named(Finding(0, len(piece.text), piece.label, 1.0, "field: what it is about")),)

    def _names(self, pieces: Sequence[Piece]) -> Mapping[int, Sequence[str]]:
        """The names that the places of a record's values tell, each record's first `MOST_SEEDS`."""
        names: dict[int, list[str]] = defaultdict(list)
        if pieces and pieces[0].record == self._last[0] and self._last[1]:
            names[self._last[0]].extend(self._last[1])
        for piece in pieces:
            is_name = self._by_name and piece.label is not None and piece.label.startswith("phi.name")
            if is_name and len(piece.text) > 1 and len(names[piece.record]) < MOST_SEEDS:
                names[piece.record].append(piece.text)
        if pieces:
            last = pieces[-1].record
            self._last = (last, names[last][:MOST_SEEDS] if last in names else ())
        return names

    def _has_seeds(self, piece: Piece, seeds: Mapping[int, Sequence[str]]) -> bool:
        return piece.record in seeds and len(piece.text) >= _SEEDED

    def _named(self, finding: Finding) -> Finding:
        return replace(finding, label=self._regime.name_of(finding.label))


def _checked(found: Sequence[Finding], text: str) -> tuple[Finding, ...]:
    """Findings that lie within the text, in order; the engine's own are, and then nothing is made anew."""
    at = 0
    for finding in found:
        if not at <= finding.start < finding.end <= len(text):
            cut = [replace(f, start=max(f.start, 0), end=min(f.end, len(text))) for f in found]
            return tuple(joined(cut))
        at = finding.end
    return tuple(found)
