"""Derived labels on their way into the ledger: those that a released write brings, and where columns turn out to be.

    release of a write -> label.derived in its unit -> Authority -> labels made anew in every session

A write's entry is durable with its release, before anything is sent. Where the column exists already it says which one
it is; where it doesn't yet (CREATE TABLE AS), a further entry does once a snapshot shows it, so that neither renaming
nor another schema shakes the labels off. One that is rolled back leaves its labels: they are taken away by a person.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from interlock.model.action import Action
from interlock.model.canonical import JsonValue, encode
from interlock.model.change import Unit
from interlock.model.derived import DerivedColumn, Place, is_temporary, places_of
from interlock.model.entry import Draft, EntryType
from interlock.model.exposure import Carry, Exposure
from interlock.model.label import Label
from interlock.model.names import ActionId, ConnectionName, EntryId
from interlock.model.snapshot import Snapshot
from interlock.model.verb import GROUPS, VERBS
from interlock.ports import Receipt
from interlock.registry.registry import Registry

SEEN: Final = "seen"  # why an entry says where a column is
MAX_ROWS_BYTES: Final = 48_000  # of one entry's rows: an entry has at most 65,535 bytes

_CHANGING: Final = frozenset(GROUPS) - {"read", "session", "reveal"}

Row = Mapping[str, JsonValue]

log = structlog.get_logger()


def deriving(registry: Registry, action: Action) -> tuple[Draft, ...]:
    """The entries that belong into the unit of this action's release: the labels that its writes carry along.

    None for what is derived already under that name.
    """
    carried: dict[str, frozenset[Label]] = {}
    for exposure in action.exposures:
        for carry in exposure.carries:
            if is_temporary(action.connection.name, carry.column):
                continue  # the session keeps those
            carried[carry.column] = carried.get(carry.column, frozenset()) | carry.labels
    if not carried:
        return ()
    connection = action.connection.name
    snapshot = registry.snapshots.get(connection)
    rows: list[Row] = []
    for column, labels in sorted(carried.items()):
        places = places_of(connection, snapshot, column) if snapshot is not None else frozenset()
        rows += _rows(registry.authority.derived.column(connection, column), column, labels, places)
    verbs = dict.fromkeys(ask.verb for ask in action.asks if _CHANGING & set(VERBS.get(ask.verb, ())))
    because = " ".join(verb.partition(".")[2] for verb in verbs) or "write"
    return tuple(
        Draft(
            id=EntryId(registry.entropy.uuid7()),
            type=EntryType.LABEL_DERIVED,
            d={"connection": connection, "carries": part, "because": because},
            actor=action.actor,
            act=action.id,
            enforced=action.enforced_by.value,
        )
        for part in _parts(rows)
    )


def _rows(
    known: DerivedColumn | None, column: str, labels: frozenset[Label], places: frozenset[Place]
) -> Iterator[Row]:
    """What isn't on record yet of a column: labels, or a place."""
    new = labels - (known.labels.keys() if known is not None else frozenset())
    unseen = places - (known.places if known is not None else frozenset())
    if new:
        at = min(unseen or places, default=(0, 0))
        unseen -= {at}
        yield _row(column, new, at)
    elif known is None:
        return
    for place in sorted(unseen):
        yield _row(column, (), place)


def _row(column: str, labels: Iterable[Label], place: Place) -> Row:
    return {"column": column, "labels": " ".join(sorted(labels)), "oid": place[0], "number": place[1]}


def _parts(rows: Iterable[Row]) -> Iterator[list[JsonValue]]:
    """The rows in as many lists as entries are needed for them."""
    part: list[JsonValue] = []
    size = 0
    for row in rows:
        weight = len(encode(dict(row)))
        if part and size + weight > MAX_ROWS_BYTES:
            yield part
            part, size = [], 0
        part.append(dict(row))
        size += weight
    if part:
        yield part


@dataclass(frozen=True, slots=True)
class DerivedLabels:
    """What doors go by: the derived labels of a connection, as of now. Each tells it the snapshots that it goes by."""

    registry: Registry
    _under_way: set[tuple[ConnectionName, str, Place]] = field(default_factory=set)  # being written

    def version(self, connection: ConnectionName) -> int:
        """While it is the same, so are the connection's derived and confirmed labels."""
        authority = self.registry.authority
        return authority.derived.version(connection) + authority.proposed.version(connection)  # neither goes back

    def columns(self, connection: ConnectionName, snapshot: Snapshot) -> tuple[DerivedColumn, ...]:
        """The columns with derived labels, and those with labels that people confirmed. `snapshot` is the newest;
        columns that it shows for the first time are recorded, in the background: until that is durable the entries know
        them by their names. Call it on the event loop."""
        self.registry.snapshots[connection] = snapshot
        columns = self.registry.authority.derived.columns(connection)
        self._record(connection, list(self._unseen(connection, snapshot, columns)))
        return (*columns, *self.registry.authority.proposed.columns(connection))

    def late(self, action: Action, carries: Sequence[Carry]) -> None:
        """Records what a write took along besides what its release says: labels came to what it reads while it waited
        upstream. In the background; whoever reads the written column before that is durable goes without."""
        drafts = deriving(self.registry, replace(action, exposures=(Exposure(carries=tuple(carries)),)))
        if drafts:
            self._write(drafts, set())

    def _unseen(
        self, connection: ConnectionName, snapshot: Snapshot, columns: Iterable[DerivedColumn]
    ) -> Iterator[tuple[ActionId, Row]]:
        for each in columns:
            action = next(iter(each.labels.values())).action
            for place in sorted(places_of(connection, snapshot, each.column) - each.places):
                if (connection, each.column, place) not in self._under_way:
                    yield action, _row(each.column, (), place)

    def _record(self, connection: ConnectionName, found: list[tuple[ActionId, Row]]) -> None:
        if not found:
            return
        marks = {(connection, str(r["column"]), (int(str(r["oid"])), int(str(r["number"])))) for _, r in found}
        drafts = [
            Draft(
                id=EntryId(self.registry.entropy.uuid7()),
                type=EntryType.LABEL_DERIVED,
                d={"connection": connection, "carries": part, "because": SEEN},
                act=action,
            )
            for action in dict.fromkeys(action for action, _ in found)
            for part in _parts(row for of, row in found if of == action)
        ]
        self._under_way.update(marks)
        self._write(drafts, marks)

    def _write(self, drafts: Sequence[Draft], marks: set[tuple[ConnectionName, str, Place]]) -> None:
        written = asyncio.ensure_future(self.registry.ledger.commit(Unit(tuple(drafts))))
        written.add_done_callback(lambda done: self._written(done, marks))

    def _written(self, done: asyncio.Future[Receipt], marks: set[tuple[ConnectionName, str, Place]]) -> None:
        """What couldn't be written is tried again when the labels are made the next time."""
        self._under_way.difference_update(marks)
        if not done.cancelled() and (error := done.exception()) is not None:
            log.warning("labels.not_recorded", error=type(error).__name__)
