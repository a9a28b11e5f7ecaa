"""A grown statement asked of the door and of the server: what came out, and whether what bears no label is the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from tests.leaks.a_talk import Answer, Mode, Talk
from tests.promises.canaries import Canary
from tests.sql.differential.a_comparison import STATE
from tests.sql.differential.a_query_maker import Queries
from tests.sql.differential.a_write_maker import Writes

from interlock.doors.postgres.definitions import Definitions
from interlock.errors import NotUnderstood
from interlock.sql.lineage.traced import Lineage, StoredColumn
from interlock.sql.statement import analyse

PARAMETERS: Final = ("42", "7")
_LITERALS: Final = {"$1": "42", "$2": "'7'::text"}
_SHORTEST: Final = 6  # of a form that is looked for; binary numbers have four bytes, and a search of their own


@dataclass(frozen=True, slots=True)
class Grown:
    """A statement made from a seed, and how it is asked."""

    seed: int
    text: str
    writes: bool
    mode: Mode

    @property
    def parameters(self) -> tuple[str, ...]:
        """Values for what is left open."""
        return PARAMETERS if self.mode is not Mode.SIMPLE else ()


def grown(seed: int, *, writes: bool) -> Grown:
    """The statement of a seed; a simple message has literals where others have parameters."""
    mode = tuple(Mode)[seed % len(Mode)]
    text = (Writes(seed) if writes else Queries(seed)).statement()
    if mode is Mode.SIMPLE:
        for parameter, literal in _LITERALS.items():
            text = text.replace(parameter, literal)
    return Grown(seed, text, writes, mode)


@dataclass(slots=True)
class Tally:
    """What came of many statements. `because`: why some of it was opaque.

    `leaks`, `changed` and `lost` (the connection) name the statement with the seed that grows it again.
    """

    counts: Counter[str] = field(default_factory=Counter)
    because: Counter[str] = field(default_factory=Counter)
    leaks: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def line(self) -> str:
        """The counts in one line."""
        order = (
            "made",
            "accepted",
            "shown by the server",
            "answered by both",
            "compared",
            "columns compared",
            "columns labelled",
        )
        told = ", ".join(f"{self.counts[name]} {name}" for name in order)
        return f"{told}; opaque {sum(self.because.values())}; {len(self.leaks)} leaks, {len(self.changed)} changed"


class Search:
    """Looks for canaries in every form."""

    def __init__(self, canaries: Iterable[Canary]) -> None:
        self._forms = {
            form: canary.name
            for canary in canaries
            for form in canary.forms()
            if len(form) >= _SHORTEST or (canary.number is not None and len(form) == 4 and not form.isdigit())
        }

    def __call__(self, data: bytes) -> set[str]:
        """What is seen in these bytes."""
        return {f"{name}: {form[:24]!r}" for form, name in self._forms.items() if form in data}


def unlabelled(text: str, definitions: Definitions, tally: Tally) -> tuple[bool, ...]:
    """Of each output whether it bears no label; none of a statement that is opaque as a whole, which is counted."""
    try:
        read = analyse(text.encode(), definitions.snapshot, STATE)
    except NotUnderstood:
        tally.because["not understood"] += 1
        return ()
    if read.lineage is None or read.beyond:
        tally.because.update(read.beyond or ["not traced"])
        return ()
    tally.because.update({o.opaque for o in read.lineage.outputs if o.opaque})
    labelled = _labelled(read.lineage, definitions)
    return tuple(not o.opaque and not any(labelled(each) for each in o.sources) for o in read.lineage.outputs)


def _labelled(lineage: Lineage, definitions: Definitions) -> Callable[[StoredColumn], bool]:
    """Whether a column bears a label once the statement has run: what it writes takes labels along, and may be returned
    by it (the column's value of before, too: labels are a column's)."""
    written: set[tuple[int, int]] = set()

    def labelled(column: StoredColumn) -> bool:
        place = (column.relation, column.number)
        return place in written or bool(definitions.labels.for_column(*place))

    for _ in lineage.writes:  # one may feed another
        written |= {
            (w.target.relation, w.target.number)
            for w in lineage.writes
            if w.target is not None and (w.opaque or any(map(labelled, w.sources)))
        }
    return labelled


def compared(one: Answer, other: Answer, bare: tuple[bool, ...]) -> bool:
    """Whether the unlabelled columns of both answers hold the same rows, in whatever order."""
    return _columns(one, bare) == _columns(other, bare)


def _columns(answer: Answer, bare: tuple[bool, ...]) -> Counter[tuple[bytes | None, ...]]:
    return Counter(tuple(value for value, shown in zip(row, bare, strict=True) if shown) for row in answer.rows())


async def judge(each: Grown, door: Talk, server: Talk, definitions: Definitions, search: Search, tally: Tally) -> None:
    """Asks both, in a transaction that is undone, and counts."""
    tally.counts["made"] += 1
    heard = len(server.heard)
    own = await _undone(each, server)
    if _parse_failed(own):
        return
    if server.broken:  # PostgreSQL 18.4 crashes on `RETURNING new` of some views, asked directly
        tally.counts["crashed the server"] += 1
        return
    tally.counts["accepted"] += 1
    tally.counts["shown by the server"] += bool(search(bytes(server.heard[heard:])))
    bare = unlabelled(each.text, definitions, tally)
    heard = len(door.heard)
    ours = await _undone(each, door)
    if seen := search(bytes(door.heard[heard:])):
        tally.leaks.append(f"seed {each.seed} ({each.mode}) shows {sorted(seen)[:3]}: {each.text}")
    if door.broken:
        tally.lost.append(f"seed {each.seed} ({each.mode}): {each.text}")
    if ours.refused or own.refused:
        tally.counts["refused by the door alone"] += not own.refused
        return
    tally.counts["answered by both"] += 1
    if not bare:
        return
    tally.counts["columns compared"] += sum(bare)
    tally.counts["columns labelled"] += len(bare) - sum(bare)
    if "TABLESAMPLE" in each.text:
        return
    tally.counts["compared"] += 1
    if not compared(ours, own, bare):
        tally.changed.append(f"seed {each.seed} ({each.mode}): {each.text}")


async def _undone(each: Grown, talk: Talk) -> Answer:
    if not each.writes:
        return await talk.ask(each.text, each.mode, each.parameters)
    await talk.ask("BEGIN", Mode.SIMPLE)
    mode = Mode.BINARY if each.mode is Mode.AGAIN else each.mode  # run twice, most writes meet their own rows
    answer = await talk.ask(each.text, mode, each.parameters)
    await talk.ask("ROLLBACK", Mode.SIMPLE)
    return answer


def _parse_failed(answer: Answer) -> bool:
    """Whether the server refused the text itself: class 42, a syntax error or a rule about names and types."""
    return any(m.type == b"E" and b"\0C42" in m.body for m in answer.messages)
