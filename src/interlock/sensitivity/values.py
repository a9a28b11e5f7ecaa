"""Tables as they come: batches of rows, column by column (layers 1 and what the column leaves to look into).

    columns = Columns(engine, ColumnDecisions())
    columns.look(ColumnKey("clinic", "patients", "note", "text", "1"), values) -> ColumnFindings(SCANNED, {}, {...})

What a column is decides what is done: those that are hidden whole aren't looked into, numbers and short lists are
audited, and of texts each is looked into once, all of a batch together: those of a column of clinical notes, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.classifier import (
    Classification,
    ColumnDecisions,
    ColumnKey,
    ColumnSample,
    Treatment,
    classify,
)
from interlock.sensitivity.column_names import class_of, points_at_a_row
from interlock.sensitivity.regime import Regime


class FindsInMany(Protocol):
    """What looks into texts, such as a `TextEngine`."""

    def find_many(self, texts: Sequence[str], *, telling: str = "") -> Sequence[tuple[Finding, ...]]:
        """What is in each; `telling` is the name of their field."""


@dataclass(frozen=True, slots=True)
class ColumnFindings:
    """What one batch of a column's values is. `labels`: what every value of it carries. `found`: of the values that
    were looked into and hold something, what and where."""

    treatment: Treatment
    labels: frozenset[Label]
    found: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict, repr=False)


def hides(label: Label) -> bool:
    """Whether a value with this label is hidden whole under any profile: what somebody has, or which state they live
    in, may stay, and who they are may stand beside it."""
    return not label.startswith(("phi.clinical", "quasi"))


class Columns:
    """Looks into columns' values, batch by batch. For one thread, as its `decisions` are."""

    def __init__(self, finder: FindsInMany, decisions: ColumnDecisions, regime: Regime = Regime.PHI) -> None:
        """`decisions` remember what columns are; the first batch of one that isn't known decides."""
        self._finder, self._decisions, self._regime = finder, decisions, regime

    def look(self, column: ColumnKey, values: Sequence[str | None]) -> ColumnFindings:
        """What is in a batch of values, NULL left out. Raises what the finder raises; then nothing was looked into."""
        there = [value for value in values if value]
        decided = self._decisions.known(column) or self._decided(column, there)
        match decided.treatment:
            case Treatment.LABELLED if any(map(hides, decided.labels)):
                return ColumnFindings(decided.treatment, decided.labels)
            case Treatment.SKIPPED:
                return self._audited(column, there)
            case Treatment.SCANNED | Treatment.LABELLED:
                return ColumnFindings(decided.treatment, decided.labels, self._found(column, there))

    def _decided(self, column: ColumnKey, values: Sequence[str]) -> Classification:
        schema, _, table = column.table.rpartition(".")
        sample = ColumnSample(column.connection, schema, table, column.column, column.type_name, values, len(values))
        decided = classify(sample, partial(self._finder.find_many, telling=_telling(column)), self._regime)
        if values:  # an empty batch says nothing of the next
            self._decisions.decide(column, decided)
        return decided

    def _audited(self, column: ColumnKey, values: Sequence[str]) -> ColumnFindings:
        """One value in so many; all of them where one of these is something after all."""
        found = self._found(column, [values[at] for at in self._decisions.audited(column, len(values))])
        labels = frozenset(finding.label for findings in found.values() for finding in findings)
        if labels:
            self._decisions.escalate(column, labels)
            return ColumnFindings(Treatment.SCANNED, frozenset(), self._found(column, values))
        return ColumnFindings(Treatment.SKIPPED, frozenset())

    def _found(self, column: ColumnKey, values: Sequence[str]) -> Mapping[str, tuple[Finding, ...]]:
        distinct = list(dict.fromkeys(values))
        found = self._finder.find_many(distinct, telling=_telling(column))
        return {value: findings for value, findings in zip(distinct, found, strict=True) if findings}


def _telling(column: ColumnKey) -> str:
    """The column's name, where it tells of its values and not of another table's row."""
    _, _, table = column.table.rpartition(".")
    return "" if points_at_a_row(column.column, table, class_of(column.type_name)) else column.column
