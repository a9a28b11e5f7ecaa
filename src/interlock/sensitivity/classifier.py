"""What a column holds, by its name, its type and a sample of its values (layer 1).

    classify(ColumnSample("clinic", "public", "patients", "dob", "date", values, 500), detect)
    -> Classification({phi.date.birth}, (name matched "dob" in the lexicon, ...), LABELLED)

- The name says so: labelled, whatever the content.
- At least 0.8 of the values match a detector: labelled.
- 0.02 to 0.8 of them do, or they are long, or nobody knows: scanned value by value.
- Numbers, truth values and short lists of words without a match: skipped, with a sampled audit; a value that
  contradicts escalates the column.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.column_names import NameVerdict, SqlClass, class_of, judged
from interlock.sensitivity.column_values import Detect, ValueVerdict, weighed
from interlock.sensitivity.labels import KNOWN
from interlock.sensitivity.regime import Regime

MOST_MATCH: Final = 0.8  # of the values: the column is that
SOME_MATCH: Final = 0.02  # of the values: it holds some
BESIDE: Final = 0.1  # of the values: what a column of several labels holds, too
AUDIT_EVERY: Final = 64  # values of a skipped column
MOST_DECISIONS: Final = 20_000  # remembered

_BY_TYPE: Final = {SqlClass.NETWORK: Label("phi.ip"), SqlClass.HARDWARE: Label("phi.device")}
_SKIPPED: Final = (SqlClass.NUMBER, SqlClass.BOOLEAN, SqlClass.MOMENT, SqlClass.UUID)


class Treatment(StrEnum):
    """What is done with the values of a column."""

    LABELLED = "labelled"  # every value carries the column's labels
    SCANNED = "scanned"  # each value is looked into
    SKIPPED = "skipped"  # taken for clean; one in `AUDIT_EVERY` is looked into


class EvidenceKind(StrEnum):
    """Where evidence is from."""

    NAME = "name"
    TYPE = "type"
    MOST_VALUES = "most_values"
    SOME_VALUES = "some_values"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason. `word`: a phrase of the lexicon, or a type's class; `share` (percent, rounded down) of `of` sampled
    values. Nothing of it is from a value."""

    kind: EvidenceKind
    label: Label
    word: str = ""
    share: int = 0
    of: int = 0

    @property
    def key(self) -> str:
        """What makes evidence the same when a column is looked at again: shares change with every sample."""
        return f"{self.kind.value}:{self.label}:{self.word}"

    @property
    def told(self) -> str:
        """For people."""
        meaning = KNOWN.get(self.label, self.label)
        match self.kind:
            case EvidenceKind.NAME:
                return f'name matched "{self.word}" in the lexicon ({self.label})'
            case EvidenceKind.TYPE:
                return f"its type is for {self.word} addresses ({self.label})"
            case EvidenceKind.MOST_VALUES:
                return f"{self.share / 100:.2f} of {self.of} sampled values have the form of {meaning} ({self.label})"
            case EvidenceKind.SOME_VALUES:
                return f"{self.share / 100:.2f} of {self.of} sampled values hold {meaning} ({self.label})"
            case EvidenceKind.AUDIT:
                return f"a value held {meaning} ({self.label}) after all"


@dataclass(frozen=True, slots=True)
class ColumnSample:
    """A column and some of its values. `type_name` as the server or file writes it, "" for a text. `values` are those
    of `rows` rows in which it isn't null; repeats don't matter. Bytes aren't sampled."""

    connection: str
    schema: str
    table: str
    column: str
    type_name: str = ""
    values: Sequence[str] = field(default=(), repr=False)
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Classification:
    """`labels`: what every value carries; none unless the column is LABELLED. `found`: labels of what some values hold,
    with them. `evidence`: why, strongest first."""

    labels: frozenset[Label]
    evidence: tuple[Evidence, ...]
    treatment: Treatment
    found: frozenset[Label] = frozenset()


def classify(column: ColumnSample, detect: Detect, regime: Regime = Regime.PHI) -> Classification:
    """What the column holds. Pure; raises what `detect` raises, and `ValueError` when it answers for other texts.

    `detect` may know the column's name, `partial(engine.find_many, telling=column.column)`, unless it
    `points_at_a_row`. `regime` names what the
    column's name and type tell; `detect` has one of its own.
    """
    sql_class = class_of(column.type_name)
    named = judged(column.column, column.table, sql_class)
    values = weighed(column.values, column.rows, detect) if sql_class is not SqlClass.BYTES else ValueVerdict()
    most = tuple(_most(values))
    evidence = (*_by_name(named, regime), *_by_type(sql_class, regime), *most)
    labels = frozenset(each.label for each in evidence)
    some = tuple(each for each in _some(values) if each.label not in labels)
    found = labels | {each.label for each in some}
    if labels:
        return Classification(labels, (*evidence, *some), Treatment.LABELLED, found)
    return Classification(frozenset(), some, _unlabelled(named, values, sql_class, bool(some)), found)


def _unlabelled(named: NameVerdict, values: ValueVerdict, sql_class: SqlClass, holds_some: bool) -> Treatment:
    if holds_some or named.free_text:
        return Treatment.SCANNED
    short_list = sql_class is SqlClass.TEXT and values.is_list and not values.is_long
    return Treatment.SKIPPED if short_list or sql_class in _SKIPPED else Treatment.SCANNED


def _by_name(named: NameVerdict, regime: Regime) -> Iterator[Evidence]:
    for match in named.matches:
        yield Evidence(EvidenceKind.NAME, regime.name_of(match.label), match.phrase.replace("_", " "))


def _by_type(sql_class: SqlClass, regime: Regime) -> Iterator[Evidence]:
    if (label := _BY_TYPE.get(sql_class)) is not None:
        yield Evidence(EvidenceKind.TYPE, regime.name_of(label), sql_class.value)


def _most(values: ValueVerdict) -> Iterator[Evidence]:
    """Labels that the values are. Where they are of several kinds (a contact: an address here, a number there), all
    kinds count that a good part of them is."""
    ordered = sorted(values.whole.items(), key=lambda item: (-item[1], item[0]))
    together = values.share(values.any_whole) >= MOST_MATCH
    for label, count in ordered:
        share = values.share(count)
        if share >= MOST_MATCH or (together and share >= BESIDE):
            yield Evidence(EvidenceKind.MOST_VALUES, label, "", int(share * 100), values.looked_at)


def _some(values: ValueVerdict) -> Iterator[Evidence]:
    for label, count in sorted(values.held.items(), key=lambda item: (-item[1], item[0])):
        share = values.share(count)
        if share >= SOME_MATCH:
            yield Evidence(EvidenceKind.SOME_VALUES, label, "", int(share * 100), values.looked_at)


@dataclass(frozen=True, slots=True)
class ColumnKey:
    """What a decision is good for: another type or schema version is another column."""

    connection: str
    table: str
    column: str
    type_name: str
    schema_version: str


class ColumnDecisions:
    """Decisions remembered, the ones used last; of skipped columns also how many values have passed. For one thread."""

    def __init__(self, most: int = MOST_DECISIONS) -> None:
        self._most = most
        self._known: OrderedDict[ColumnKey, Classification] = OrderedDict()
        self._passed: dict[ColumnKey, int] = {}
        self._sampled: set[ColumnKey] = set()

    def __len__(self) -> int:
        return len(self._known)

    def known(self, key: ColumnKey) -> Classification | None:
        """What was decided, None where nothing is remembered."""
        found = self._known.get(key)
        if found is not None:
            self._known.move_to_end(key)
        return found

    def decide(self, key: ColumnKey, classification: Classification) -> None:
        """Remembers a decision; the one that wasn't used for longest gives way."""
        self._known[key] = classification
        self._known.move_to_end(key)
        self._passed.pop(key, None)
        while len(self._known) > self._most:
            old, _ = self._known.popitem(last=False)
            self._passed.pop(old, None)

    def first_sample(self, key: ColumnKey) -> bool:
        """Whether this column's values weren't weighed yet; from now on they were."""
        if key in self._sampled:
            return False
        if len(self._sampled) >= self._most:
            self._sampled.clear()
        self._sampled.add(key)
        return True

    def audited(self, key: ColumnKey, count: int) -> range:
        """Which of the next `count` values of a skipped column are to be looked into, from 0: the very first, and each
        `AUDIT_EVERY`th from there on, however they come in batches. None of a column that isn't skipped or known."""
        found = self._known.get(key)
        if found is None or found.treatment is not Treatment.SKIPPED:
            return range(0)
        passed = self._passed.get(key, 0)
        self._passed[key] = passed + count
        return range(-passed % AUDIT_EVERY, count, AUDIT_EVERY)

    def escalate(self, key: ColumnKey, labels: frozenset[Label]) -> Classification | None:
        """An audited value held these: from now on the column is scanned. Gives what holds now, None if unknown."""
        found = self._known.get(key)
        if found is None or found.treatment is not Treatment.SKIPPED or not labels:
            return found
        evidence = tuple(Evidence(EvidenceKind.AUDIT, label) for label in sorted(labels))
        escalated = replace(
            found, treatment=Treatment.SCANNED, evidence=(*found.evidence, *evidence), found=found.found | labels
        )
        self._known[key] = escalated
        self._passed.pop(key, None)
        return escalated
