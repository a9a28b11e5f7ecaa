"""One column of a result that is looked into: which of its values, and what is known of them so far.

Texts and JSON are looked into value by value, each once a result. What a column's name says, or what nearly all of its
values are, is said of all of them (layer 1, `sensitivity/classifier.py`). Of numbers one in so many is looked at; once
one of these is something, all are.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from interlock.doors.masks import Masks
from interlock.doors.postgres.values import Texts
from interlock.masking.forms import NUMERIC
from interlock.masking.masker import Masker, Place
from interlock.masking.rules.content import UNREAD, ContentMask, Holds, Told
from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.classifier import ColumnKey, ColumnSample, Treatment, classify
from interlock.sensitivity.column_names import class_of, points_at_a_row
from interlock.sensitivity.column_values import MOST_CHARACTERS, MOST_VALUES
from interlock.sensitivity.regime import Regime

LEAST_SAMPLED: Final = 256  # values of one chunk from which on they say what the column holds
MOST_REMEMBERED: Final = 1 << 20  # bytes of values, of one column of one result
LONGEST_REMEMBERED: Final = 4096  # bytes of one

_NOTHING: Final[frozenset[Label]] = frozenset()
_NOTE: Final = Label("phi.clinical.note")  # says that people write into it, so that it is looked into
_TYPES: Final = {Holds.TEXT: "text", Holds.JSON: "json", Holds.ARRAY: "text[]", Holds.BYTES: "bytea", Holds.OTHER: "?"}

Found = Sequence[tuple[bytes, Texts | None, Sequence[tuple[Finding, ...]]]]
"""Values with their texts, and what was found in each of these."""


class ContentColumn:
    """`labels`: what every value is masked for; none where each is looked into. `telling`: what its name says."""

    def __init__(self, mask: ContentMask, masks: Masks, masker: Masker, version: str) -> None:
        """`version`: of the definitions: under others it is another column."""
        self.mask, self.labels, self.telling = mask, _NOTHING, ""
        self._masks, self._masker = masks, masker
        self._regime = masks.detection.regime if masks.detection is not None else Regime.PHI
        self._known: OrderedDict[bytes, Told | None] = OrderedDict()
        self._size = 0
        self._present: Mapping[bytes, None] = {}  # the distinct values of the chunk at hand
        self._fresh: dict[bytes, Told | None] = {}  # of these, what isn't remembered
        self._skips = False
        self._sample: ColumnSample | None = None
        self._key: ColumnKey | None = None
        if mask.column is not None:
            self._decide(mask.column, version)

    def _decide(self, column: str, version: str) -> None:
        """By what is remembered of the column, or else by its name and type."""
        connection, _, name = column.partition("/")
        schema, _, rest = name.partition(".")
        table, _, last = rest.rpartition(".")
        type_name = _type_of(self.mask)
        self._key = ColumnKey(connection, column, last, type_name, version)
        self._sample = ColumnSample(connection, schema, table, last, type_name)
        decisions = self._masks.decisions
        if decisions.known(self._key) is None:
            decisions.decide(self._key, classify(self._sample, lambda _: (), self._regime))
        if not points_at_a_row(last, table, class_of(type_name)):
            self.telling = last
        self._follow()

    def _follow(self) -> None:
        """What was decided of the column, as far as it is masked here."""
        known = self._masks.decisions.known(self._key) if self._key is not None else None
        if known is None:
            return
        self._skips = known.treatment is Treatment.SKIPPED and self.mask.holds is Holds.NUMBER
        if known.treatment is Treatment.LABELLED:
            self.labels = self._masked(known.labels - {_NOTE})

    def _masked(self, labels: Iterable[Label]) -> frozenset[Label]:
        return self._masker.found(labels, Place(self.mask.column))

    def forget(self) -> None:
        """The chunk is over: its values are masked whole until they are known anew."""
        self.mask.known.told, self.mask.known.rest_passes = {}, False
        self._present, self._fresh = {}, {}

    def to_look_at(self, values: Sequence[bytes | None]) -> list[bytes]:
        """The values of a chunk that must be looked at, each once."""
        there = [value for value in values if value]
        if self._skips and self._key is not None:
            there = [there[at] for at in self._masks.decisions.audited(self._key, len(there))]
        self._present = dict.fromkeys(there)
        return self._unknown()

    def weigh(self, values: Sequence[bytes | None], found: Found) -> list[bytes]:
        """What they were found to be may say something of the column: the values that must be looked at for it."""
        held = self._masked({f.label for _, _, findings in found for each in findings for f in each})
        failed = UNREAD in held  # some couldn't be judged, which says nothing of the column
        if self._skips and held and self._key is not None:
            self._masks.decisions.escalate(self._key, held - {UNREAD})
            self._skips = False
            self._present = dict.fromkeys(value for value in values if value)
            done = {value for value, _, _ in found}
            return [value for value in self._unknown() if value not in done]
        if failed or not held or not self._is_due(values):
            return []
        self._classify(sum(value is not None for value in values), found)
        if not self.labels:
            return []
        self._known.clear()
        self._size = 0
        return list(self._present)

    def _is_due(self, values: Sequence[bytes | None]) -> bool:
        enough = self.mask.holds is Holds.TEXT and not self.labels and len(values) >= LEAST_SAMPLED
        return enough and self._key is not None and self._masks.first_sample(self._key)

    def _classify(self, rows: int, found: Found) -> None:
        """Whether nearly all of them are something, and so all of them are taken for it."""
        told: dict[str, tuple[Finding, ...]] = {}
        for _, texts, findings in found:
            for piece, each in zip(texts.pieces if texts is not None else (), findings, strict=True):
                told.setdefault(piece.text[:MOST_CHARACTERS], tuple(f for f in each if f.start < MOST_CHARACTERS))
                if len(told) >= MOST_VALUES:
                    break
        if self._sample is None or self._key is None:
            return
        about = self._sample
        sample = ColumnSample(about.connection, about.schema, about.table, about.column, about.type_name, [*told], rows)
        decided = classify(sample, lambda asked: [told[text] for text in asked], self._regime)
        if decided.treatment is Treatment.LABELLED:
            self._masks.decisions.decide(self._key, decided)
            self._follow()

    def know(self, value: bytes, told: Told | None) -> None:
        """What was told of a value of this chunk."""
        self._fresh[value] = told
        if len(value) > LONGEST_REMEMBERED:
            return
        if value not in self._known:
            self._size += len(value)
        self._known[value] = told
        while self._size > MOST_REMEMBERED:
            self._size -= len(self._known.popitem(last=False)[0])

    def settle(self) -> None:
        """The mask may be called for this chunk."""
        self.mask.known.told = {value: self._fresh[value] for value in self._present if value in self._fresh}
        self.mask.known.rest_passes = self._skips

    def _unknown(self) -> list[bytes]:
        """Of the present ones, those nobody has looked at; what is known is kept from being forgotten first."""
        unknown = []
        for value in self._present:
            if value in self._known:
                self._known.move_to_end(value)
                self._fresh[value] = self._known[value]
            else:
                unknown.append(value)
        return unknown


def _type_of(mask: ContentMask) -> str:
    if mask.holds is Holds.NUMBER:
        return "numeric" if mask.type_oid == NUMERIC else "bigint"
    return _TYPES[mask.holds]
