"""Postal addresses (layer 4): streets in the forms people use, their blocks, postcodes; 45 CFR 164.514(b)(2)(i)(B)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from interlock.model.finding import Finding
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.passage import Layer, Passage
from interlock.sensitivity.places.block import STREET, ZIP, after_street, before_unit, house_before
from interlock.sensitivity.places.street import Street, joined_by_and, streets

_ZIP_CUE = re.compile(r"\b(?:zip|postal|post|pin)[ -]?(?:code)?s?\b[\s:=#\"'\-]{0,4}(?:is |was |of )?[\s\"']?([0-9]{5,6}(?:-?[0-9]{4})?|[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}|[0-9]{4} ?[A-Z]{2})(?![\w-])", re.IGNORECASE)
_STATE_ZIP = re.compile(r"[A-Z]{2}(?<![A-Za-z0-9]..)[ ,\t]{1,2}([0-9]{5}(?:-[0-9]{4})?)(?![\w-])")
_PLUS_FOUR = re.compile(r"(?<![\w.\-])[0-9]{5}-[0-9]{4}(?![\w\-])")
_PLACE_BEFORE = re.compile(r"(?:\b(?:zip|area|from|in|near)\b|,)[^\n]{0,24}$", re.IGNORECASE)
_BRITISH = re.compile(r"(?<![\w-])(?:GIR ?0AA|[A-PR-UWYZ][A-HK-Y]?[0-9][A-HJKMNPR-Y0-9]? [0-9][ABD-HJLNP-UW-Z]{2})(?![\w-])")
_CANADIAN = re.compile(r"(?<![\w-])[ABCEGHJ-NPRSTVXY][0-9][ABCEGHJ-NPRSTV-Z][ -][0-9][ABCEGHJ-NPRSTV-Z][0-9](?![\w-])", re.IGNORECASE)
_DUTCH = re.compile(r"(?<![\w-])[1-9][0-9]{3} [A-Z]{2} {1,2}(?=[A-Z][a-z])")
_TELLING_ZIP = re.compile(r"zip|postal|postcode|post_code", re.IGNORECASE)
_ZIP_ALONE = re.compile(r"\s*([0-9]{5}(?:-?[0-9]{4})?|[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}|[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9]|[0-9]{4,6})\s*", re.IGNORECASE)
_GATE = re.compile(r"[0-9]|street|avenue|road|lane|corner|boulevard|drive|rue|calle| Ave| Rd| St", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Finds streets and what belongs to them."""

    tables: Tables
    name: str = "addresses"
    layer: Layer = Layer.NAMES

    def find(self, passage: Passage) -> Sequence[Finding]:
        """Every part of an address in the passage; parts of one adjoin or overlap."""
        text = passage.text
        if _GATE.search(text) is None:
            return ()
        found: list[Finding] = []
        lower = text.islower()
        for street in streets(text, lower):
            found.extend(self._block(text, street, lower))
        found.extend(self._postcodes(text))
        if passage.telling and _TELLING_ZIP.search(passage.telling) and (alone := _ZIP_ALONE.fullmatch(text)):
            found.append(Finding(alone.start(1), alone.end(1), ZIP, 0.95, "addresses: telling field"))
        return found

    def _block(self, text: str, street: Street, lower: bool) -> Iterator[Finding]:
        start = street.start
        start = before_unit(text, start) if street.form == "unit" else start
        start = house_before(text, start)
        start = joined_by_and(text, start) if start == street.start else start
        yield Finding(start, street.end, STREET, street.score, f"addresses: {street.form}")
        yield from after_street(text, street.end, lower, self.tables)

    def _postcodes(self, text: str) -> Iterator[Finding]:
        states = self.tables.states.values()
        for match in _ZIP_CUE.finditer(text):
            yield Finding(match.start(1), match.end(1), ZIP, 0.9, "addresses: word for ZIP")
        for match in _STATE_ZIP.finditer(text):
            if match[0][:2] in states:
                yield Finding(match.start(1), match.end(1), ZIP, 0.9, "addresses: state and ZIP")
        for pattern, score in ((_BRITISH, 0.8), (_CANADIAN, 0.8), (_DUTCH, 0.75), (_PLUS_FOUR, 0.55)):
            for match in pattern.finditer(text):
                yield Finding(match.start(), match.end(), ZIP, score, "addresses: postcode form")


def detector(tables: Tables) -> Addresses:
    """The detector, with the tables of places it looks towns up in."""
    return Addresses(tables)
