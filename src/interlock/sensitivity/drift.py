"""What a discovery has to say: columns that should be labelled, labelled ones that look otherwise, new columns.

Pure, and without values: names, labels, shares.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.classifier import (
    Classification,
    ColumnSample,
    Evidence,
    EvidenceKind,
    Treatment,
    classify,
)
from interlock.sensitivity.column_values import Detect
from interlock.sensitivity.regime import Regime
from interlock.sensitivity.subject_key import SubjectKey

LEAST_VALUES: Final = 20  # distinct ones, before a column is said to look otherwise than its labels
# Labels whose things are told by their form, whatever stands around them. A name or a note isn't: nothing found in a
# sample says nothing.
TOLD_BY_FORM: Final = (
    *("phi.ssn", "phi.email", "phi.phone", "phi.fax", "phi.ip", "phi.url", "phi.date", "phi.address.zip"),
    *("pii.ssn", "pii.email", "pii.phone", "pii.ip", "pii.birth", "pii.itin", "pci.pan", "pci.iban"),
    *("secret.jwt", "secret.aws"),
)
_OF_PERSONS: Final = frozenset({"phi", "pii", "quasi"})


class Drift(StrEnum):
    """What has changed, or is at odds."""

    UNLABELLED = "unlabelled"  # it should carry labels that it doesn't
    LOOKS_OTHERWISE = "looks_otherwise"  # its values aren't what its label says, as far as can be told
    NEW_COLUMN = "new_column"  # it wasn't there the last time
    GONE = "gone"  # it was


@dataclass(frozen=True, slots=True)
class ColumnReport:
    """One column. `carries`: the labels that it has now. `lacks`: those that it should have besides."""

    column: str
    type_name: str
    number: int
    carries: frozenset[Label]
    lacks: frozenset[Label]
    treatment: Treatment
    evidence: tuple[Evidence, ...]
    drift: tuple[Drift, ...] = ()
    otherwise: frozenset[Label] = frozenset()


@dataclass(frozen=True, slots=True)
class TableReport:
    """One table. `subject`: whose its rows are. `failed`: why nothing of it was sampled, in our words; "" if it was."""

    schema: str
    name: str
    oid: int
    subject: SubjectKey
    columns: tuple[ColumnReport, ...]
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What one discovery found. `missing`: the grants that would let it read the rest. `cut`: tables left out because
    there are too many. `gone`: columns that were there the last time, `public.notes.text`."""

    tables: tuple[TableReport, ...] = ()
    missing: tuple[str, ...] = ()
    cut: int = 0
    gone: tuple[str, ...] = ()

    @property
    def columns(self) -> int:
        """How many columns it is about."""
        return sum(len(table.columns) for table in self.tables)


def column_report(
    sample: ColumnSample,
    number: int,
    carries: frozenset[Label],
    detect: Detect,
    regime: Regime = Regime.PHI,
    known: frozenset[str] | None = None,
) -> ColumnReport:
    """What there is to say of a column. `known`: names of the table's columns of the last time, None for no last time.
    Raises as `classify`."""
    found = classify(sample, detect, regime)
    lacks = frozenset(each for each in found.found if _is_lacking(each, found, carries))
    otherwise = frozenset(_otherwise(sample, carries, found))
    drift = [Drift.UNLABELLED] if lacks else []
    drift += [Drift.LOOKS_OTHERWISE] if otherwise else []
    drift += [Drift.NEW_COLUMN] if known is not None and sample.column not in known else []
    return ColumnReport(
        sample.column,
        sample.type_name,
        number,
        carries,
        lacks,
        found.treatment,
        found.evidence,
        tuple(drift),
        otherwise,
    )


def gone(known: Mapping[str, Sequence[str]], now: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Columns of the last time that aren't there any more, `table.column`."""
    return tuple(
        f"{table}.{column}"
        for table, columns in known.items()
        for column in columns
        if column not in set(now.get(table, ()))
    )


def _is_lacking(label: Label, found: Classification, carries: frozenset[Label]) -> bool:
    """Whether what the column carries doesn't say this already. A text that is masked whole for something of a person
    needs no further label for each other thing in it."""
    if any(_are_kin(label, each) for each in carries):
        return False
    if label in found.labels and _root(label) != "quasi":
        return True
    family = _OF_PERSONS if _root(label) in _OF_PERSONS else {_root(label)}
    return not any(_root(each) in family for each in carries)


def _otherwise(sample: ColumnSample, carries: frozenset[Label], found: Classification) -> Iterable[Label]:
    looked_at = len({value for value in sample.values if value.strip()})
    held = {each.label for each in found.evidence if each.kind in (EvidenceKind.MOST_VALUES, EvidenceKind.SOME_VALUES)}
    if looked_at < LEAST_VALUES:
        return
    for label in carries:
        by_form = any(label == each or label.startswith(f"{each}.") for each in TOLD_BY_FORM)
        if by_form and not any(_are_kin(label, each) for each in held):
            yield label


def _are_kin(one: Label, other: Label) -> bool:
    """Whether one lies under the other, in health care or outside it."""
    for a in (one, *_twins(one)):
        for b in (other, *_twins(other)):
            if a == b or a.startswith(f"{b}.") or b.startswith(f"{a}."):
                return True
    return False


def _twins(label: Label) -> tuple[Label, ...]:
    twin = Regime.PII.name_of(label)
    return (twin,) if twin != label else ()


def _root(label: Label) -> str:
    return label.partition(".")[0]
