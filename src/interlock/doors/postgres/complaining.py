"""What a client is told of the server's complaints: by what was evaluated, and whose text it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from interlock.actions.code_findings import Finds, nothing
from interlock.doors.postgres.units import Planned, Stop, UnitPlan
from interlock.doors.postgres.upstream import ServerError
from interlock.model.payload import SqlStatement
from interlock.model.snapshot import Snapshot
from interlock.sql.evaluating import built_ins_alone, names_alone
from interlock.wire.postgres.complaints import DEAF, Evaluated, Hearing, Told, told_error


class Complained(Stop):
    """The server's no, as it may be told. It may quote the client's text, so no repr or traceback shows it."""

    def __init__(self, said: Told) -> None:
        super().__init__(said.sqlstate, said.message, "", said.hint)
        self.args = (said.sqlstate,)
        self.position, self.names = said.position, said.names


@contextmanager
def elsewhere() -> Iterator[None]:
    """What is complained of in here has its place in another text than the one that the client has just sent."""
    try:
        yield
    except Complained as stop:
        stop.position = 0
        raise


def at_parse(
    error: ServerError, text: bytes, payload: SqlStatement | None, snapshot: Snapshot, finds: Finds = nothing
) -> Complained:
    """What the server said of a `text` that it was to prepare for this statement of a client's (None: for us). Nothing
    has run.

    Where a pseudonym was translated the text holds the value itself: nothing in it is the client's word.
    """
    if payload is None:
        return Complained(told_error(error.complaint))
    theirs = not payload.given_literals
    said = theirs and text == payload.text
    hearing = Hearing(
        Evaluated.NAMES,
        text=payload.text.decode("utf-8", "replace") if theirs else "",
        names=names_of(snapshot) if theirs else frozenset(),
        placed=said,
        withheld=withheld_by(finds),
    )
    return Complained(told_error(error.complaint, hearing))


@dataclass(slots=True)
class Complaints:
    """Those of one unit while it runs. Nothing is worked out before there is one."""

    unit: UnitPlan

    def hearing(self, at: int) -> Hearing:
        """How the statement at this place is heard; behind the last one, a COMMIT may run anything."""
        if at >= len(self.unit.statements) or self.unit.snapshot is None:
            return DEAF
        planned, snapshot = self.unit.statements[at], self.unit.snapshot
        before = self.unit.statements[: at + 1]  # what they put off may run when the last of them ends
        if planned.local is not None:
            return DEAF
        theirs = not planned.payload.given_literals
        alone = not self.unit.simple or (len(self.unit.statements) == 1 and not self.unit.in_parts)
        return Hearing(
            min(_evaluated(each, snapshot) for each in before),
            text=planned.payload.text.decode("utf-8", "replace") if theirs else "",
            names=names_of(snapshot) if theirs else frozenset(),
            placed=theirs and alone and not planned.executes and planned.goes_on is None,
            withheld=withheld_by(self.unit.finds),
        )


def withheld_by(finds: Finds) -> Callable[[str], bool]:
    """Whether something in a sentence or name looks like data, or nobody can tell."""

    def withheld(said: str) -> bool:
        found = finds(said)
        return found is None or any(True for _ in found)

    return withheld


def _evaluated(planned: Planned, snapshot: Snapshot) -> Evaluated:
    runs = planned.runs
    if planned.local is not None:
        return Evaluated.NAMES  # nothing is sent but a setting of ours
    if names_alone(runs, snapshot):
        return Evaluated.NAMES
    return Evaluated.DATA if built_ins_alone(runs, snapshot) else Evaluated.ANYTHING


def names_of(snapshot: Snapshot) -> frozenset[str]:
    """The identifiers in a connection's definitions; kept as long as they are."""
    known = snapshot.worked_out.get("names")
    if known is None:
        known = snapshot.worked_out["names"] = _gathered(snapshot)
    assert isinstance(known, frozenset)
    return known


def _gathered(snapshot: Snapshot) -> frozenset[str]:
    found = {*snapshot.functions, *snapshot.types, *snapshot.search_path}
    for relation in snapshot.relations:
        found |= {relation.schema, relation.name, *(column.name for column in relation.columns)}
    for kind in snapshot.user_types:
        found |= {kind.name, *(attribute.name for attribute in kind.attributes)}
    return frozenset(found)
