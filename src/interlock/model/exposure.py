"""Exposure: which labels an action touches, and where."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from interlock.model.impact import Impact
from interlock.model.label import Label


class Definition(Enum):
    """What of the server's definitions an output shows, and nothing else; where it is NULL there simply is none."""

    TEXT = "text"  # any text that a definition holds: a comment, a body, the label of an enum
    SQL = "sql"  # SQL as the server prints it: what has no literal in it is names alone


@dataclass(frozen=True, slots=True)
class Output:
    """One output column: its labels, and the catalogued column it plainly is (`clinic/public.patients.ssn`), if any.

    `plain` None means coarse: an expression, a view's column, anything we can't tie to one stored column. `definition`:
    it is coarse, but shows definitions only. `data`: whether it may show anything that is stored: not so names and
    numbers of the server's own, plans, and what the text itself says.
    """

    name: str
    type_oid: int
    labels: frozenset[Label]
    plain: str | None
    definition: Definition | None = None
    data: bool = True


@dataclass(frozen=True, slots=True)
class Carry:
    """Labels that a write takes along into a column, which had none of them: `clinic/public.notes.text`."""

    column: str
    labels: frozenset[Label]


@dataclass(frozen=True, slots=True)
class WrittenColumn:
    """A labelled column that gets new values: `clinic/public.notes.text`. `clinic/public.notes.*` and `clinic/*` are
    any of those: which, can't be told."""

    column: str
    labels: frozenset[Label]


@dataclass(frozen=True, slots=True)
class Mentioned:
    """A labelled column that a statement shows, tests or takes anywhere along; names as in `WrittenColumn`."""

    column: str
    labels: frozenset[Label]


@dataclass(frozen=True, slots=True)
class Exposure:
    """What an action may show, test and change.

    `labels` is everything in it (outputs, filters, writes); `filters` what predicates, ordering, grouping and joins
    test; `writes` what is written. `unbounded`: a write without a predicate that limits it. `opaque`: we couldn't read
    all of it, so every label in reach counts; `opaque_because` says why, in words without values.

    `probes` is the part of `filters` that is tested in ways by which values can be guessed: all but equality with what
    the asker was given (pseudonyms, translated inward) and joins of columns that carry the label alike.
    `carries`: columns to which labels follow the data. `written`: the labelled columns that get new values. `impact`:
    what it does besides what its text says; of one statement, never of several.

    `mentions` are all labelled columns in it; `lists` the columns that a WITH of its own writes, whose rows it goes on
    with. `own`: labels of mentioned columns that hold values which the asker chose lately: whoever tests by them, or
    sees what stands for them, learns which value it guessed right.
    """

    outputs: tuple[Output, ...] = ()
    labels: frozenset[Label] = frozenset()
    filters: frozenset[Label] = frozenset()
    writes: frozenset[Label] = frozenset()
    unbounded: bool = False
    opaque: bool = False
    opaque_because: tuple[str, ...] = ()
    probes: frozenset[Label] = frozenset()
    carries: tuple[Carry, ...] = ()
    written: tuple[WrittenColumn, ...] = ()
    impact: Impact = field(default=Impact(), compare=False)
    mentions: tuple[Mentioned, ...] = field(default=(), compare=False)
    lists: frozenset[str] = field(default=frozenset(), compare=False)
    own: frozenset[Label] = frozenset()
