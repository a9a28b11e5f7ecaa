"""A column of values, batch by batch (layer 1, and what the column leaves to look into): the one way for all doors.

    column = ValueColumn(ColumnKey("clinic", "public.patients", "note", "text", "1"), decisions, masked)
    asked = column.to_look_at(values)        the distinct values of this batch that nobody has looked at yet
    ...                                      each is looked into, wherever and however long that takes
    again = column.weigh(values, judged)     what was found may say something of all of them: look at these, too
    column.know(value, told)                 what came of each
    column.told()                            of the whole batch: what is in no table was never looked at

Nothing passes for what its column is: where a column is thought clean, each value that wasn't met before is looked
into all the same. Of numbers, truth values, moments and UUIDs one in so many is; once one is something, all are.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, Protocol, TypeVar

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
from interlock.sensitivity.column_names import SqlClass, class_of, points_at_a_row
from interlock.sensitivity.column_values import MOST_CHARACTERS, MOST_VALUES
from interlock.sensitivity.regime import Regime
from interlock.sensitivity.text import WHOLE

LEAST_WEIGHED: Final = 256  # values of one batch from which on they say what the column holds
MOST_REMEMBERED: Final = 1 << 20  # characters or bytes of values, of one column of one result
LONGEST_REMEMBERED: Final = 4096  # of one

_NOTE: Final = Label("phi.clinical.note")  # says that people write into it, so that it is looked into
_NOTHING: Final[frozenset[Label]] = frozenset()

Value = TypeVar("Value", str, bytes)
Told = TypeVar("Told")

Judged = tuple[Value, Sequence[str], Sequence[tuple[Finding, ...]]]
"""A value with the texts in it, and what was found in each of these."""


class ValueColumn(Generic[Value, Told]):
    """One column of one result; for one thread. `labels`: what every value is masked for, none where each is looked
    into; `telling`: what its name says of its values; `skips`: values are audited only."""

    def __init__(
        self,
        key: ColumnKey | None,
        decisions: ColumnDecisions,
        masked: Callable[[Iterable[Label]], frozenset[Label]],
        regime: Regime = Regime.PHI,
        least: int | None = LEAST_WEIGHED,
    ) -> None:
        """`key` None: nobody knows what column it is. `masked` tells which labels hide the value that carries them.
        A batch of `least` values or more may decide what the column is, once; None: none may."""
        self.labels, self.telling, self.skips = _NOTHING, "", False
        self._key, self._decisions, self._masked = key, decisions, masked
        self._regime, self._least = regime, least
        self._known: OrderedDict[Value, Told | None] = OrderedDict()
        self._size = 0
        self._present: Mapping[Value, None] = {}  # the distinct values of the batch at hand
        self._fresh: dict[Value, Told | None] = {}  # what is known of these
        if key is not None:
            self._sample = _sample(key)
            self._decide(key)

    def _decide(self, key: ColumnKey) -> None:
        """By what is remembered of the column, or else by its name and type."""
        about = self._sample
        if self._decisions.known(key) is None:
            self._decisions.decide(key, classify(about, lambda _: (), self._regime))
        if not points_at_a_row(about.column, about.table, class_of(about.type_name)):
            self.telling = about.column
        self._follow()

    def _follow(self) -> None:
        """What was decided of the column, as far as it is masked here."""
        known = self.decided
        if known is None:
            return
        self.skips = known.treatment is Treatment.SKIPPED and class_of(self._sample.type_name) is not SqlClass.TEXT
        if known.treatment is Treatment.LABELLED:
            self.labels = self._masked(known.labels - {_NOTE})

    @property
    def decided(self) -> Classification | None:
        """What is remembered of the column."""
        return self._decisions.known(self._key) if self._key is not None else None

    def forget(self) -> None:
        """The batch is over. What is remembered of its values stays."""
        self._present, self._fresh = {}, {}

    def to_look_at(self, values: Sequence[Value | None]) -> list[Value]:
        """The values of a batch that must be looked at, each once; NULL and what is empty left out."""
        if self.skips and self._key is not None:
            there = [value for value in values if value]
            self._present = dict.fromkeys(there[at] for at in self._decisions.audited(self._key, len(there)))
        else:
            self._present = self._distinct(values)
        return self._unknown()

    def weigh(self, values: Sequence[Value | None], judged: Sequence[Judged[Value]]) -> list[Value]:
        """What they were found to be may say something of the column: the values that must be looked at for it, those
        anew among them that the column's labels hide."""
        found = {f.label for _, _, findings in judged for each in findings for f in each}
        held = self._masked(found) if found else _NOTHING
        failed = WHOLE in held  # some couldn't be judged, which says nothing of the column
        if self.skips and held and self._key is not None:
            self._decisions.escalate(self._key, held - {WHOLE})
            self.skips = False
            self._present = self._distinct(values)
            done = {value for value, _, _ in judged}
            return [value for value in self._unknown() if value not in done]
        # Of values most of which are remembered the others alone would say too much.
        enough = len(judged) == len(self._present) or len(judged) >= MOST_VALUES
        if failed or not held or not enough or not self._is_due(values):
            return []
        self._classify(sum(value is not None for value in values), judged)
        if not self.labels:
            return []
        self._known.clear()
        self._size = 0
        return list(self._present)

    @staticmethod
    def _distinct(values: Sequence[Value | None]) -> dict[Value, None]:
        distinct = dict.fromkeys(values)
        return {value: None for value in distinct if value}

    def _is_due(self, values: Sequence[Value | None]) -> bool:
        enough = self._least is not None and not self.labels and len(values) >= self._least
        return enough and self._key is not None and self._decisions.first_sample(self._key)

    def _classify(self, rows: int, judged: Sequence[Judged[Value]]) -> None:
        """Whether nearly all of them are something, and so all of them are taken for it."""
        told: dict[str, tuple[Finding, ...]] = {}
        for text, each in _texts(judged):
            told.setdefault(text[:MOST_CHARACTERS], tuple(f for f in each if f.start < MOST_CHARACTERS))
            if len(told) >= MOST_VALUES:
                break
        if self._key is None:
            return
        decided = classify(_sample(self._key, [*told], rows), lambda asked: [told[t] for t in asked], self._regime)
        if decided.treatment is Treatment.LABELLED:
            self._decisions.decide(self._key, decided)
            self._follow()

    def know(self, value: Value, told: Told | None) -> None:
        """What was told of a value of this batch; None: nothing is in it."""
        self._fresh[value] = told
        if len(value) > LONGEST_REMEMBERED:
            return
        if value not in self._known:
            self._size += len(value)
        self._known[value] = told
        while self._size > MOST_REMEMBERED:
            self._size -= len(self._known.popitem(last=False)[0])

    def told(self) -> dict[Value, Told | None]:
        """What is known of the values of this batch. One that isn't there was not looked at."""
        fresh = self._fresh
        return {value: fresh[value] for value in self._present if value in fresh}

    def _unknown(self) -> list[Value]:
        """Of the present ones, those nobody has looked at; what is known is kept from being forgotten first."""
        known, fresh = self._known, self._fresh
        if not known:
            return list(self._present)
        unknown = []
        for value in self._present:
            if value in known:
                known.move_to_end(value)
                fresh[value] = known[value]
            else:
                unknown.append(value)
        return unknown


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


def hidden_whole(labels: Iterable[Label]) -> frozenset[Label]:
    """Those of the labels whose values are hidden whole under any profile: what somebody has, or which state they live
    in, may stay, and who they are may stand beside it."""
    return frozenset(label for label in labels if not label.startswith(("phi.clinical", "quasi")))


class Columns:
    """Columns of texts looked into where they are met, by one finder. For one thread, as its `decisions` are."""

    def __init__(
        self,
        finder: FindsInMany,
        decisions: ColumnDecisions,
        regime: Regime = Regime.PHI,
        least: int | None = LEAST_WEIGHED,
    ) -> None:
        """`decisions` remember what columns are. `least`: as `ValueColumn` has it."""
        self._finder, self._decisions, self._regime, self._least = finder, decisions, regime, least
        self._columns: dict[ColumnKey, ValueColumn[str, tuple[Finding, ...]]] = {}

    def look(self, column: ColumnKey, values: Sequence[str | None]) -> ColumnFindings:
        """What is in a batch of values, NULL left out. Raises what the finder raises; then nothing was looked into."""
        own = self._columns.get(column)
        if own is None:
            own = ValueColumn(column, self._decisions, hidden_whole, self._regime, self._least)
            self._columns[column] = own
        found: dict[str, tuple[Finding, ...]] = {}
        if not own.labels:
            own.forget()
            judged = self._judged(own, own.to_look_at(values))
            again = own.weigh(values, judged)
            if not own.labels:
                for value, _, (findings,) in (*judged, *self._judged(own, again)):
                    own.know(value, findings or None)
                found = {value: findings for value, findings in own.told().items() if findings}
        decided = own.decided
        assert decided is not None  # its name and type decided, where nothing else did
        return ColumnFindings(decided.treatment, decided.labels, found)

    def _judged(self, own: ValueColumn[str, tuple[Finding, ...]], asked: Sequence[str]) -> list[Judged[str]]:
        if not asked:
            return []
        found = self._finder.find_many(asked, telling=own.telling)
        return [(value, (value,), (findings,)) for value, findings in zip(asked, found, strict=True)]


def _sample(key: ColumnKey, values: Sequence[str] = (), rows: int = 0) -> ColumnSample:
    schema, dot, table = key.table.partition(".")
    schema, table = (schema, table) if dot else ("", schema)
    return ColumnSample(key.connection, schema, table, key.column, key.type_name, values, rows)


def _texts(judged: Sequence[Judged[Value]]) -> Iterator[tuple[str, tuple[Finding, ...]]]:
    for _, texts, findings in judged:
        yield from zip(texts, findings, strict=True)
