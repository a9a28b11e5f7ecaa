"""Postal addresses (layer 4): streets in the forms people use, their blocks, postcodes; 45 CFR 164.514(b)(2)(i)(B)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from interlock.model.finding import Finding
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.passage import Layer, Passage
from interlock.sensitivity.places.block import STREET, after_street, before_unit, flat_before, house_before
from interlock.sensitivity.places.fixed import Street
from interlock.sensitivity.places.number_last import joined_by_and
from interlock.sensitivity.places.postcode import FORMS, ZIP, postcodes
from interlock.sensitivity.places.street import SIGNS, streets

_TELLING_ZIP = re.compile(r"zip|postal|postcode|post_code", re.IGNORECASE)
_ZIP_ALONE = re.compile(
    r"\s*([0-9]{5}(?:-?[0-9]{4})?|[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}|[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9]"
    r"|[0-9]{4,6})\s*",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"[0-9]")


_CODES = frozenset({ZIP, "phi.address.postcode"})


def _begins_row(text: str, finding: Finding) -> bool:
    """Whether it is the first cell of a row, which is the row's number: the street ended the row before."""
    return text[finding.start - 1 : finding.start] == "\n" and text[finding.end : finding.end + 1] == "\t"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Finds streets and what belongs to them."""

    tables: Tables
    name: str = "addresses"
    layer: Layer = Layer.NAMES

    def find(self, passage: Passage) -> Sequence[Finding]:
        """Every part of an address in the passage; parts of one adjoin or overlap."""
        text, numbered = passage.text, _DIGIT.search(passage.text) is not None
        found: list[Finding] = []
        lower = text.islower()
        ends: set[int] = set()
        if not numbered and passage.words.isdisjoint(SIGNS):
            return ()
        forms = list(FORMS.finditer(text)) if numbered else []
        for street in streets(passage, lower, forms if numbered else None, self.tables):
            found.extend(self._block(passage, street, lower, street.end not in ends))
            ends.add(street.end)
        if numbered:
            found.extend(postcodes(passage, forms))
            if passage.telling and _TELLING_ZIP.search(passage.telling) and (alone := _ZIP_ALONE.fullmatch(text)):
                found.append(Finding(alone.start(1), alone.end(1), ZIP, 0.95, "addresses: telling field"))
        return [f for f in found if not (f.label in _CODES and _begins_row(text, f))]

    def _block(self, passage: Passage, street: Street, lower: bool, first: bool) -> Iterator[Finding]:
        text, start = passage.text, street.start
        start = before_unit(text, start) if street.form == "unit" else start
        start = house_before(text, start)
        start = joined_by_and(text, passage.low, start) if start == street.start else start
        start = flat_before(text, start)
        yield Finding(start, street.end, STREET, street.score, f"addresses: {street.form}")
        if first:
            yield from after_street(text, street.end, lower, self.tables)


def detector(tables: Tables) -> Addresses:
    """The detector, with the tables of places it looks towns up in."""
    return Addresses(tables)
