"""What a door knows of one connection: how to reach it, its schema of this moment, and the labels of its columns."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Protocol

import structlog

from interlock.actions.code_findings import Finds, nothing
from interlock.doors.masks import Masks
from interlock.doors.postgres.changes import Changes
from interlock.errors import UpstreamFailed
from interlock.model.action import Action
from interlock.model.connection import Connection
from interlock.model.derived import DerivedColumn, Origin
from interlock.model.exposure import Carry
from interlock.model.names import ActionId, ConnectionName
from interlock.model.settings import UpstreamPostgres
from interlock.model.snapshot import DescribedColumn, Relation, Snapshot
from interlock.sensitivity.catalog import Catalog
from interlock.sensitivity.columns import ColumnLabels
from interlock.sql.catalogs import FIRST_USER_OID

LEARN_SECONDS: Final = 5.0  # for a look because of something unknown: the session may hold what the look waits for
MOST_UNKNOWN: Final = 10_000  # remembered as looked for and not found
MOST_KNOWN: Final = 1_000  # descriptions remembered as naming nothing unknown

log = structlog.get_logger()

Unknown = tuple[int, int]  # a relation and its column, or a type and 0: OIDs that a server's description names


class Look:
    """One look at the server's definitions, which may be begun a little before somebody needs it.

    A release takes milliseconds of which the look is the longest part, so it is begun as soon as a review is approved,
    beside what else has to be read. It is never one from before that.
    """

    def __init__(self, refresh: Callable[[], Awaitable[None]]) -> None:
        self._refresh = refresh
        self._begun: asyncio.Future[None] | None = None

    def begin(self) -> None:
        """Begins a look. One that was begun before and that nobody asked for counts for nothing any more."""
        self._begun = asyncio.ensure_future(self._refresh())
        self._begun.add_done_callback(_heard)

    async def done(self) -> None:
        """Returns once the look that was begun, or else one begun now, has succeeded; raises what `refresh` does."""
        begun, self._begun = self._begun, None
        await (begun if begun is not None else self._refresh())


def _heard(look: asyncio.Future[None]) -> None:
    """The loop complains of errors that nobody looked at; who needs the look raises it."""
    if not look.cancelled():
        look.exception()


class Derived(Protocol):
    """The labels that writes took to a connection's columns (`registry.derived.DerivedLabels`)."""

    def version(self, connection: ConnectionName, /) -> int:
        """While it is the same, so are they."""

    def columns(self, connection: ConnectionName, snapshot: Snapshot, /) -> Sequence[DerivedColumn]:
        """All of them as of now; `snapshot` is what is known of the schema now."""

    def late(self, action: Action, carries: Sequence[Carry], /) -> None:
        """Labels that a write took along, which came to what it reads after it was decided on."""


class Reader(Protocol):
    """What a session is asked for its temporary relations (`upstreams.temporary.TemporaryRelations`)."""

    @property
    def questions(self) -> Sequence[bytes]:
        """Queries of one column each, to be asked together under an empty search path."""

    def relations(self, answers: Sequence[Sequence[bytes]], /) -> tuple[Relation, ...]:
        """The relations that the answers tell of. Raises `UpstreamFailed`."""


@dataclass(slots=True)
class Definitions:
    """One connection's definitions; replaced whole when the schema changes. `refresh` looks at the server now.

    `most_sessions`: how many upstream sessions clients may have at once. `temporary`: how a session is asked for its
    temporary relations; without it clients can't make any. `changes`: those under way through this gateway.
    `masks`: what masks values beside their labels; None where nothing does. `finds`: what looks like data in code and
    in the server's messages, by its form alone.
    """

    connection: Connection
    upstream: UpstreamPostgres
    catalog: Catalog
    snapshot: Snapshot
    derived: Derived
    refresh: Callable[[], Awaitable[None]]
    most_sessions: int = 80
    temporary: Reader | None = None
    masks: Masks | None = None
    finds: Finds = nothing
    changes: Changes = field(init=False)
    _labels: ColumnLabels | None = field(default=None, init=False)
    _derived_at: int = field(default=0, init=False)
    _foreseen: tuple[Snapshot, ColumnLabels] | None = field(default=None, init=False)
    _looked_for: set[Unknown] = field(default_factory=set, init=False)
    _met: tuple[DerivedColumn, ...] = field(default=(), init=False)
    _all_known: dict[int, tuple[DescribedColumn, ...]] = field(default_factory=dict, init=False)  # by id

    def __post_init__(self) -> None:
        self.changes = Changes(lambda: self.refresh())

    @property
    def labels(self) -> ColumnLabels:
        """The labels of all columns, as of this moment: the same object while nothing changes."""
        if self._labels is None or self.derived.version(self.connection.name) != self._derived_at:
            return self._relabel()
        return self._labels

    def replace(self, snapshot: Snapshot) -> None:
        """Takes a newer snapshot; what is analysed from here on goes by it."""
        if snapshot.version != self.snapshot.version:
            before = self.labels  # of the older snapshot: what was renamed since keeps what it had
            self.snapshot, self._labels = snapshot, before
            self._looked_for, self._all_known = set(), {}
            self._relabel()

    async def foresee(self, snapshot: Snapshot) -> None:
        """Makes the labels of a snapshot that `replace` is about to bring, beside the loop: with 5,000 tables of 20
        columns they take a tenth of a second."""
        if snapshot is self.snapshot or snapshot.version != self.snapshot.version:
            before = self._labels
            known = before.derived if before is not None else ()
            name = self.connection.name
            labels = await asyncio.to_thread(ColumnLabels, snapshot, self.catalog, name, before, known)
            self._foreseen = (snapshot, labels)

    async def learn(self, columns: tuple[DescribedColumn, ...]) -> bool:
        """Looks at the server's definitions, where a description names what the snapshot doesn't know: a relation or
        type made, or a column added since. Gives whether the snapshot is another one now: then decide anew.

        What isn't found stays unknown, and so sensitive; it isn't looked for again under this snapshot. What is found
        carries every label until the watch has seen it too (`settle`): somebody is at work on the schema at this very
        moment, and a column that a statement meets first is nobody's yet.
        """
        if self._all_known.get(id(columns)) is columns:
            return False
        unknown = {each for column in columns for each in self._unknown(column)} - self._looked_for
        if not unknown:
            self._remember(columns)
            return False
        before = self.snapshot
        try:
            async with asyncio.timeout(LEARN_SECONDS):
                await self.refresh()
        except (UpstreamFailed, TimeoutError):
            log.warning("schema.unknown", connection=self.connection.name)
            return False
        if self.snapshot.version != before.version:
            self._meet(before)
            return True
        if len(self._looked_for) < MOST_UNKNOWN:
            self._looked_for |= unknown
        return False

    def settle(self) -> None:
        """The watch has looked: what statements met before it did is as the catalog says."""
        if self._met:
            self._met = ()
            self._relabel()

    def _meet(self, before: Snapshot) -> None:
        labels = dict.fromkeys(self.labels.for_connection(), Origin(datetime.min.replace(tzinfo=UTC), ActionId(""), ""))
        met = list(self._met)
        for relation in self.snapshot.relations if labels else ():
            known = before.by_oid.get(relation.oid)
            numbers = {c.number for c in known.columns} if known is not None else frozenset[int]()
            for column in relation.columns:
                if column.number not in numbers:
                    name = f"{self.connection.name}/{relation.qualified}.{column.name}"
                    met.append(DerivedColumn(name, labels, frozenset({(relation.oid, column.number)})))
        self._met = tuple(met)
        self._relabel()

    def _remember(self, columns: tuple[DescribedColumn, ...]) -> None:
        if len(self._all_known) >= MOST_KNOWN:
            del self._all_known[next(iter(self._all_known))]
        self._all_known[id(columns)] = columns

    def _unknown(self, described: DescribedColumn) -> Iterable[Unknown]:
        oid, number, snapshot = described.table_oid, described.number, self.snapshot
        if oid >= FIRST_USER_OID:
            relation = snapshot.by_oid.get(oid)
            if relation is None or (number > 0 and all(c.number != number for c in relation.columns)):
                yield oid, number
        if described.type_oid >= FIRST_USER_OID and described.type_oid not in snapshot.types_by_oid:
            yield described.type_oid, 0

    def _relabel(self) -> ColumnLabels:
        name = self.connection.name
        self._derived_at = self.derived.version(name)
        derived = (*self.derived.columns(name, self.snapshot), *self._met)
        before = self._labels
        if self._foreseen is not None and self._foreseen[0] is self.snapshot:
            before = self._foreseen[1]
        self._foreseen = None
        self._labels = ColumnLabels(self.snapshot, self.catalog, name, before, derived)
        return self._labels
