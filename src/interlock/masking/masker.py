"""The masker: a profile with all that its rules need, ready to mask values one by one. Pure.

1. which rule: the profile's for the labels, or an override's that the profile allows
2. what must be fetched first: `wanted`; what came goes in with `Call`
3. the rule; where it can't mask such a value, or gives something that doesn't fit, the constant of the label
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, assert_never

from interlock.masking.keys import MaskKeys
from interlock.masking.marks import Marks, Surrogates, Wanted
from interlock.masking.overrides import Overrides
from interlock.masking.profile import Profile
from interlock.masking.pseudonyms import ActorPseudonyms
from interlock.masking.rule import Choice, Rule, RuleName
from interlock.masking.rules import (
    age,
    date_shift,
    drop,
    format_preserving,
    keep,
    mark,
    null,
    one_way,
    partial,
    pseudonym,
    ranges,
    realistic,
    redact,
    surrogate,
    year,
    zip3,
)
from interlock.masking.tokens import only_label, shared_label, token_of
from interlock.masking.value import INTEGER_MOST, About, Kind, Outcome, Special, Value
from interlock.masking.zip3 import CENSUS_2020, Zip3Table
from interlock.model.label import Label

Masked = Value | Special
"""What stands in a value's place: of its type, or NULL, or `Special.DROPPED`; never `Special.REFUSED`."""


@dataclass(frozen=True, slots=True)
class Call:
    """What belongs to one call: a text, a record, a conversation's turn. `surrogates`: what was fetched for it."""

    marks: Marks = field(default_factory=Marks)
    surrogates: Surrogates = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands: the full name of its column or path, and the keyed hash of its row's or record's subject
    (`MaskKeys.subject`); None for what isn't known. `most`: the largest integer that fits there."""

    column: str | None = None
    subject: str | None = None
    most: int = INTEGER_MOST


NOWHERE: Final = Place()


@dataclass(frozen=True, slots=True, eq=False)
class Masker:
    """`as_of`: the day that ages are counted up to. `labels`: all that tokens in a text may name; a bracket that names
    another is text like any other (None: any label, for labels of people's own). Without `keys`, `pseudonyms` or
    `make_up`, rules that need them give the constant of the label instead (pseudonyms: a number within the call)."""

    profile: Profile
    as_of: date
    keys: MaskKeys | None = None
    pseudonyms: ActorPseudonyms | None = None
    make_up: realistic.MakeUp | None = None
    zips: Zip3Table = CENSUS_2020
    overrides: Overrides = field(default_factory=Overrides)
    labels: Container[str] | None = None

    def mask_value(
        self,
        value: Value,
        labels: Label | Iterable[Label],
        kind: Kind,
        *,
        place: Place = NOWHERE,
        call: Call | None = None,
    ) -> Masked:
        """What stands in place of a value under these labels. NULL stays NULL. Never raises.

        Marks count on within one `call`, and surrogates come out of it; without, each value is a call of its own.
        """
        found = _several(labels)
        if value is None:
            return None
        if kind is Kind.BYTES and self.profile.drops_blobs:
            return Special.DROPPED
        if not found:
            return value
        about = self._about(found, kind, place, call or Call())
        rule = self._rule(self.choice(found, place))
        outcome: Outcome = Special.REFUSED if rule is None else rule(value, about)
        if isinstance(outcome, Special):
            return Special.DROPPED if outcome is Special.DROPPED else redact.redacted_as(token_of(found), kind)
        return outcome

    def wanted(
        self, value: Value, labels: Label | Iterable[Label], kind: Kind, *, place: Place = NOWHERE
    ) -> Wanted | None:
        """What has to be fetched from the vault before this value is masked; None mostly."""
        found = _several(labels)
        if not found or self.choice(found, place).rule is not RuleName.SURROGATE:
            return None
        return surrogate.wants(value, self._about(found, kind, place, Call()))

    def choice(self, labels: Iterable[Label], place: Place = NOWHERE) -> Choice:
        """Which rule masks a value with these labels here. Of several labels none is overridden."""
        found = frozenset(labels)
        label = only_label(found)
        if label is not None:
            for rule in self.overrides.rules(label, place.column, place.subject):
                if (permitted := self.profile.permits(label, rule)) is not None:
                    return permitted
        return self.profile.choice(found)

    def found(self, labels: Iterable[Label], place: Place = NOWHERE) -> frozenset[Label]:
        """Of what content detection found, what is masked: without what overrides say it isn't, and what is kept."""
        left = [x for x in labels if not self.overrides.isnt(x, place.column, place.subject)]
        return frozenset(x for x in left if self.choice([x], place).rule is not RuleName.KEEP)

    def _about(self, labels: frozenset[Label], kind: Kind, place: Place, call: Call) -> About:
        label = only_label(labels) or shared_label(labels)
        return About(label, kind, place.subject, call.marks, call.surrogates, place.most)

    def _rule(self, choice: Choice) -> Rule | None:
        """The rule itself; None where what it needs isn't there."""
        match choice.rule:
            case RuleName.REDACT:
                return redact.redacted
            case RuleName.MARK:
                return mark.marked
            case RuleName.PARTIAL:
                return partial.Partial(choice.keeps)
            case RuleName.PSEUDONYM:
                return self._numbered() if self.pseudonyms is None else pseudonym.Pseudonymous(self.pseudonyms)
            case RuleName.SURROGATE:
                return surrogate.surrogate
            case RuleName.ZIP3:
                return zip3.Zip3(self.zips)
            case RuleName.YEAR:
                return year.Year(self.as_of)
            case RuleName.AGE:
                return age.age
            case RuleName.RANGE:
                return ranges.Range(choice.width)
            case RuleName.NULL:
                return null.nulled
            case RuleName.DROP:
                return drop.dropped
            case RuleName.KEEP:
                return keep.kept
            case RuleName.ONE_WAY | RuleName.FORMAT | RuleName.SHIFT | RuleName.REALISTIC:
                return None if self.keys is None else self._keyed(choice, self.keys)
            case _:
                assert_never(choice.rule)

    def _numbered(self) -> Rule | None:
        return mark.marked if RuleName.MARK in self.profile.allowed else None

    def _keyed(self, choice: Choice, keys: MaskKeys) -> Rule | None:
        match choice.rule:
            case RuleName.ONE_WAY:
                return one_way.OneWay(keys)
            case RuleName.FORMAT:
                return format_preserving.FormatPreserving(keys, choice.radix)
            case RuleName.SHIFT:
                return date_shift.DateShift(keys)
            case RuleName.REALISTIC:
                return None if self.make_up is None else realistic.Realistic(keys, self.make_up)
            case _:
                return None


def with_surrogates(call: Call, fetched: Mapping[Wanted, bytes]) -> Call:
    """The same call, knowing these too."""
    return replace(call, surrogates={**call.surrogates, **fetched})


def _several(labels: Label | Iterable[Label]) -> frozenset[Label]:
    return frozenset([Label(labels)]) if isinstance(labels, str) else frozenset(labels)
