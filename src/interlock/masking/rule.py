"""What a rule is: a value and what is known of it, to what stands in its place."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from interlock.masking.value import About, Outcome, Value


class RuleName(StrEnum):
    """The rules by name, as profiles and overrides choose them; one file each in `rules/`."""

    REDACT = "redact"
    MARK = "mark"
    PARTIAL = "partial"
    ONE_WAY = "one_way"
    PSEUDONYM = "pseudonym"
    FORMAT = "format_preserving"
    SURROGATE = "surrogate"
    SHIFT = "date_shift"
    ZIP3 = "zip3"
    YEAR = "year"
    AGE = "age"
    RANGE = "range"
    REALISTIC = "realistic"
    NULL = "null"
    DROP = "drop"
    KEEP = "keep"


DERIVED = frozenset({RuleName.PARTIAL, RuleName.ONE_WAY, RuleName.PSEUDONYM, RuleName.FORMAT, RuleName.REALISTIC})
"""Rules whose result is computed from the value itself and stands for it: what Safe Harbor forbids as a code."""

NOTHING_OF_IT = frozenset({RuleName.REDACT, RuleName.NULL, RuleName.DROP})
"""Rules that give the same for all values: the only ones for secrets."""


class Keeps(StrEnum):
    """What a partial mask shows."""

    LAST_FOUR = "last_four"
    INITIAL = "initial"
    DOMAIN = "domain"


@dataclass(frozen=True, slots=True)
class Choice:
    """A rule with its parameters: `keeps` of a partial mask; `radix` (10, 26 or 36) of a format-preserving one; `width`
    of a range."""

    rule: RuleName
    keeps: Keeps = Keeps.LAST_FOUR
    radix: int = 10
    width: int = 10


class Rule(Protocol):
    """Pure: equal arguments give equal results, but for the marks of a call, which count on."""

    def __call__(self, value: Value, about: About) -> Outcome:
        """What stands in the value's place, of a type that fits there. Never raises; `Special.REFUSED` where this rule
        can't mask such a value. Not asked about NULL."""
