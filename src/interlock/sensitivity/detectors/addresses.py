"""Postal addresses (layer 4): streets in the forms people use, their blocks, postcodes; 45 CFR 164.514(b)(2)(i)(B)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from interlock.model.finding import Finding
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.names.wording import words_of
from interlock.sensitivity.passage import Layer, Passage
from interlock.sensitivity.places.block import STREET, ZIP, after_street, before_unit, house_before
from interlock.sensitivity.places.fixed import Street
from interlock.sensitivity.places.street import joined_by_and, streets

_ZIP_CUE = re.compile(
    r"\b(?:zip|postal|post|pin)[ -]?(?:code)?s?\b[^\d\n.;]{0,30}?([0-9]{5,6}(?:-?[0-9]{4})?"
    r"|[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}|[0-9]{4} ?[A-Z]{2})(?![\w-])",
    re.IGNORECASE,
)
_STATE_ZIP = re.compile(r"[A-Z]{2}(?<![A-Za-z0-9]..)[ ,\t]{1,2}([0-9]{5}(?:-[0-9]{4})?)(?![\w-])")
_SMALL_STATE_ZIP = re.compile(r"[a-z]{2}(?<![a-z0-9]..)[ ,\t]{1,2}([0-9]{5}(?:-[0-9]{4})?)(?![\w-])")
_SMALL_WORDS = words_of("in or me hi ok oh de la al co pa ma id")
_PLUS_FOUR = re.compile(r"[0-9](?<![\w.\-].)[0-9]{4}-[0-9]{4}(?![\w\-])")
# The inner halves of British and Canadian postcodes begin with a figure; what must stand before them is looked at then.
_BRITISH = re.compile(r"[0-9](?<= .)[ABD-HJLNP-UW-Z]{2}(?![\w-])")
_BRITISH_OUTER = re.compile(r"(?<![\w-])[A-PR-UWYZ][A-HK-Y]?[0-9][A-HJKMNPR-Y0-9]? $")
_CANADIAN = re.compile(r"[0-9](?<=[A-Za-z].)[A-Za-z][ -][0-9][A-Za-z][0-9](?![\w-])")
_CANADIAN_FIRST = re.compile(r"(?<![\w-])[ABCEGHJ-NPRSTVXY]$", re.IGNORECASE)
_DUTCH = re.compile(r"[1-9](?<![\w-].)[0-9]{3} [A-Z]{2} {1,2}(?=[A-Z][a-z])")
_TELLING_ZIP = re.compile(r"zip|postal|postcode|post_code", re.IGNORECASE)
_ZIP_ALONE = re.compile(
    r"\s*([0-9]{5}(?:-?[0-9]{4})?|[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}|[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9]"
    r"|[0-9]{4,6})\s*",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"[0-9]")
_STREET_WORDS = (
    "street",
    "avenue",
    "road",
    "lane",
    "corner",
    "boulevard",
    "drive",
    "rue ",
    "calle",
    " ave",
    " rd",
    " st",
)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Finds streets and what belongs to them."""

    tables: Tables
    name: str = "addresses"
    layer: Layer = Layer.NAMES

    def find(self, passage: Passage) -> Sequence[Finding]:
        """Every part of an address in the passage; parts of one adjoin or overlap."""
        text = passage.text
        low = text.lower()
        if _DIGIT.search(text) is None and not any(word in low for word in _STREET_WORDS):
            return ()
        found: list[Finding] = []
        lower = text.islower()
        ends: set[int] = set()
        for street in streets(text, passage.tokens, lower):
            found.extend(self._block(text, street, lower, street.end not in ends))
            ends.add(street.end)
        found.extend(self._postcodes(text, low))
        if passage.telling and _TELLING_ZIP.search(passage.telling) and (alone := _ZIP_ALONE.fullmatch(text)):
            found.append(Finding(alone.start(1), alone.end(1), ZIP, 0.95, "addresses: telling field"))
        return found

    def _block(self, text: str, street: Street, lower: bool, first: bool) -> Iterator[Finding]:
        start = street.start
        start = before_unit(text, start) if street.form == "unit" else start
        start = house_before(text, start)
        start = joined_by_and(text, start) if start == street.start else start
        yield Finding(start, street.end, STREET, street.score, f"addresses: {street.form}")
        if first:
            yield from after_street(text, street.end, lower, self.tables)

    def _postcodes(self, text: str, low: str) -> Iterator[Finding]:
        states = self.tables.states.values()
        for match in _ZIP_CUE.finditer(text) if any(word in low for word in ("zip", "post", "pin")) else ():
            yield Finding(match.start(1), match.end(1), ZIP, 0.9, "addresses: word for ZIP")
        for match in _STATE_ZIP.finditer(text):
            if match[0][:2] in states:
                yield Finding(match.start(1), match.end(1), ZIP, 0.9, "addresses: state and ZIP")
        for match in _SMALL_STATE_ZIP.finditer(text):
            if match[0][:2] not in _SMALL_WORDS and match[0][:2].upper() in states:
                yield Finding(match.start(), match.end(), ZIP, 0.75, "addresses: state and ZIP, small")
        for pattern, before, score in (
            (_BRITISH, _BRITISH_OUTER, 0.8),
            (_CANADIAN, _CANADIAN_FIRST, 0.8),
            (_DUTCH, _ANYTHING, 0.75),
            (_PLUS_FOUR, _ANYTHING, 0.55),
        ):
            for match in pattern.finditer(text):
                outer = before.search(text, max(0, match.start() - 6), match.start())
                if outer is not None:
                    yield Finding(outer.start(), match.end(), ZIP, score, "addresses: postcode form")


_ANYTHING = re.compile(r"$")


def detector(tables: Tables) -> Addresses:
    """The detector, with the tables of places it looks towns up in."""
    return Addresses(tables)
