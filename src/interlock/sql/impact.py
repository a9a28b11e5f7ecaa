"""What a statement changes besides what its text says, and whether the server may be asked for its size.

    impact_of(statement, state) -> Impact

Cascades, triggers and rules come from the snapshot (`Relation.reaches`), of the kinds of writes that the statement is.
More may be told than happens, never less. The server is asked only about what is made of stored tables, views of such
and built-ins: a planner runs what it can work out beforehand. Whether tables and views bring users' code along, the one
who asks looks up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from interlock.model.impact import Estimable, Impact
from interlock.model.snapshot import EVERY_WRITE, Relation
from interlock.sql.effects import Declare
from interlock.sql.query import A_VIEW, HIDDEN_EFFECTS
from interlock.sql.session_state import SessionState
from interlock.sql.shape import Kind, Statement, Written
from interlock.sql.tree import typed
from interlock.sql.writing import events_of, writes

NOT_BUILT_INS: Final = "it isn't made of stored tables and built-ins alone"

_ON: Final = re.compile(
    r" on ((?:insert|update|delete|truncate|any write)(?: or (?:insert|update|delete|truncate))*)\b"
)
_NOTHING: Final = Impact(nothing=True)


def impact_of(statement: Statement, state: SessionState) -> Impact:
    """The impact of a judged statement in a session of this state."""
    if statement.is_session_traffic:
        return _NOTHING
    beyond = tuple(dict.fromkeys(_beyond(statement)))
    relations = _relations(statement)
    if relations is None:
        return Impact(beyond, because=NOT_BUILT_INS)
    inside = statement.kind is Kind.COPY_OUT or isinstance(statement.effect, Declare)
    estimable = Estimable(
        text=statement.describe or b"" if inside else statement.text,
        search_path=state.search_path,
        role=state.role,
        settings=tuple(sorted(state.settings.items())),
        relations=relations,
        writes=statement.kind is Kind.WRITE,
    )
    return Impact(beyond, estimable)


def _relations(statement: Statement) -> tuple[int, ...] | None:
    """The tables and views it names; None when it may not be planned on a connection of ours, or there it would be
    another."""
    if statement.kind not in (Kind.QUERY, Kind.WRITE, Kind.COPY_OUT) or statement.lineage is None:
        return None
    if not {*statement.because, *statement.lineage.opaque} <= {HIDDEN_EFFECTS, A_VIEW}:
        return None  # what hides in the tables written is looked for where the server is asked
    found: set[int] = set(statement.lineage.relations)
    for touch in statement.touches:
        relation = touch.relation
        if relation is None or relation.schema.startswith("pg_"):  # or temporary
            return None
        if not relation.is_base_table and (relation.kind != "v" or statement.kind is Kind.WRITE):
            return None
        found.add(relation.oid)
    return tuple(sorted(found))


def _beyond(statement: Statement) -> Iterator[str]:
    for written, events in _writes(statement):
        relation = written.relation
        if relation is None:
            yield "What else it writes isn't known."
        elif not relation.is_base_table:
            yield f"What else writing {relation.qualified} does isn't known."
        else:
            yield from _told(relation, events)


def _writes(statement: Statement) -> Iterator[tuple[Written, frozenset[str]]]:
    """What is written, and by which kinds of writes."""
    root = typed(statement.source.statements[0]) if statement.written else ("", {})
    made = writes(root)
    for at, written in enumerate(statement.written):
        if at < len(made):
            yield written, events_of(made[at].node, written.relation)
        elif statement.kind is Kind.COPY_IN:
            yield written, frozenset({"insert"})
        else:  # what functions write comes behind all else
            yield written, frozenset({"truncate"}) if root[0] == "TruncateStmt" else EVERY_WRITE


def _told(relation: Relation, events: frozenset[str]) -> Iterator[str]:
    """A sentence for each of what `reaches` says of these kinds of writes, and for what can't be told apart."""
    name = relation.qualified
    for reach in relation.reaches:
        event, _, target = reach.partition(": ")
        if event in EVERY_WRITE and target:
            if event in events:
                does = "sets off" if target.startswith(("trigger ", "rule ")) else "may change"
                yield f"Each {event} of {name} {does} {_calling(target)}."
            continue
        named = {word for words in _ON.findall(reach) for word in words.split(" or ")}
        if not named:
            yield f"Writing {name} does more than can be told here ({reach})."
        elif named & (events | {"any write"}):
            yield f"Writing {name} sets off {_calling(reach)}."


def _calling(what: str) -> str:
    return what.replace(" calls ", ", which calls ", 1)
