"""Our lineage of one statement held against the server's: what is missing, what is more than it had to be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from tests.sql.differential.a_colliding_database import PARAMETERS, Colliding
from tests.sql.differential.a_column import Columns
from tests.sql.differential.a_schema_of_collisions import SEARCH_PATH
from tests.sql.differential.an_oracle_of_columns import Told

from interlock.sql.lineage.trace import UNTRACEABLE, trace
from interlock.sql.lineage.traced import How, Lineage, StoredColumn
from interlock.sql.parse import parse
from interlock.sql.session_state import SessionState
from interlock.sql.tree import typed

# What lineage says of a target with effects that no text shows; the rest of such a statement is traced as any.
HIDDEN = "triggers, rules, row security or code of users about the table written"
STATE = SessionState(search_path=SEARCH_PATH, role="tester")


_ORDER: Final = (
    "made",
    "accepted",
    "exact",
    "opaque",
    "untraceable",
    "outputs over",
    "filters over",
    "writes over",
    "plain claimed",
    "plain unclaimed",
    "named otherwise",
)


@dataclass(slots=True)
class Tally:
    """How statements compare. `misses`: for each what was missing, with the text.

    `plain claimed`: an output that we take for a stored column, and the server's tree doesn't.
    """

    counts: Counter[str] = field(default_factory=Counter)
    because: Counter[str] = field(default_factory=Counter)
    misses: list[str] = field(default_factory=list)

    def line(self) -> str:
        """The counts in one line."""
        return ", ".join(f"{self.counts[name]} {name}" for name in _ORDER) + f", {len(self.misses)} missing something"


def compare(database: Colliding, seed: int, text: str, tally: Tally) -> None:
    """Traces one statement both ways, and counts it."""
    tally.counts["made"] += 1
    told = database.oracle.told(text, PARAMETERS)
    if told is None:
        return
    tally.counts["accepted"] += 1
    (root,) = parse(text.encode()).statements
    lineage = trace(typed(root), database.snapshot, STATE, database.expansions)
    if lineage is None:
        tally.misses.append(f"seed {seed}: not traced\n    {text}")
        return
    excuses = _excuses(told, lineage)
    missing = list(_missing(database, told, lineage, excuses))
    if missing:
        tally.misses.append(f"seed {seed}: " + "; ".join(missing) + f"\n    {text}")
    elif excuses:
        tally.counts["opaque"] += 1
        tally.counts["untraceable"] += UNTRACEABLE in lineage.opaque
        tally.because.update(excuses)
    else:
        tally.counts.update(list(_over(told, lineage)) or ["exact"])
    _count_plain(told, lineage, tally)
    names = [o.name for o in lineage.outputs]
    tally.counts["named otherwise"] += bool(names) and names != list(told.names)


def _excuses(told: Told, lineage: Lineage) -> frozenset[str]:
    """Why something may be missing. What a table does unseen is no reason, unless a WITH gives back what it wrote."""
    return frozenset(lineage.opaque) - (frozenset() if told.within else {HIDDEN})


def _missing(database: Colliding, told: Told, lineage: Lineage, excuses: frozenset[str]) -> Iterator[str]:
    if UNTRACEABLE in lineage.opaque:
        return
    if len(told.outputs) != len(lineage.outputs) and (lineage.outputs or not excuses):
        yield f"{len(lineage.outputs)} outputs instead of {len(told.outputs)}"
    for at, (theirs, ours) in enumerate(zip(told.outputs, lineage.outputs, strict=False), 1):
        lacking = theirs.sources - _set(ours.sources)
        if lacking and not ours.opaque:
            yield f"output {at} ({ours.name}) lacks {database.spoken(lacking)}"
        if ours.opaque and ours.opaque not in lineage.opaque:
            yield f"output {at} is opaque and the statement doesn't say so"
        origin = told.origins[at - 1]
        if origin is not None and origin not in _set(ours.sources) and not ours.opaque:
            yield f"output {at} contradicts RowDescription, which says {database.spoken(frozenset({origin}))}"
    lacking = told.filters - {(f.column.relation, f.column.number) for f in lineage.filters}
    if lacking and not excuses:
        yield f"filters lack {database.spoken(lacking)}"
    yield from _missing_writes(database, told, lineage, excuses)
    written = (sources - {target} for target, sources in told.writes.items())  # part of a column keeps the rest of it
    mentioned = frozenset().union(told.filters, *(c.sources for c in told.outputs), *written)
    lacking = mentioned - _set(lineage.reads)
    if lacking and not excuses:
        yield f"reads lack {database.spoken(lacking)}"


def _missing_writes(database: Colliding, told: Told, lineage: Lineage, excuses: frozenset[str]) -> Iterator[str]:
    written: dict[tuple[int, int], Columns] = {}
    opaque: set[tuple[int, int]] = set()
    for write in lineage.writes:
        target = (write.target.relation, write.target.number)
        written[target] = written.get(target, frozenset()) | _set(write.sources)
        opaque |= {target} if write.opaque in excuses else set()
    for target, sources in told.writes.items():
        if target not in written:
            yield f"the write of {database.spoken(frozenset({target}))} is lacking"
            continue
        lacking = sources - written[target] - {target}
        if lacking and target not in opaque:
            yield f"the write of {database.spoken(frozenset({target}))} lacks {database.spoken(lacking)}"


def _over(told: Told, lineage: Lineage) -> Iterator[str]:
    """What is told beyond what the server's tree asks for. Whether a statement can fail isn't asked of it."""
    if any(_set(ours.sources) - theirs.sources for theirs, ours in zip(told.outputs, lineage.outputs, strict=True)):
        yield "outputs over"
    tests = frozenset(f.column for f in lineage.filters if f.how is not How.ERROR)
    if _set(tests) - told.filters:
        yield "filters over"
    places = [((w.target.relation, w.target.number), w) for w in lineage.writes]
    if any(_set(w.sources) - told.writes.get(target, frozenset()) for target, w in places):
        yield "writes over"


def _count_plain(told: Told, lineage: Lineage, tally: Tally) -> None:
    for theirs, ours in zip(told.outputs, lineage.outputs, strict=False):
        if ours.plain and theirs.plain is None:
            tally.counts["plain claimed"] += 1
        elif theirs.plain is not None and not ours.plain and not ours.opaque:
            tally.counts["plain unclaimed"] += 1


def _set(columns: frozenset[StoredColumn]) -> Columns:
    return frozenset((c.relation, c.number) for c in columns)
