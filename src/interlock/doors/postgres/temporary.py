"""What a session has of its own: temporary relations, and the labels that its writes took to them.

    a statement that changes them is sent -> moved -> read anew on the session itself -> its own snapshot and labels

They shadow other relations of their names, as the server has it. No rule about names is about them: their columns carry
what was written into them, until the session ends; a temporary view goes by its query. Whoever may run code that we
can't read may have written anything into those that there were by then. What was made behind a statement's text ends
the session: texts would mean something else than what was judged.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from interlock.doors.postgres.asking import Asking
from interlock.doors.postgres.definitions import Definitions
from interlock.doors.postgres.units import Planned, Stop
from interlock.errors import UpstreamFailed
from interlock.model.action import Action
from interlock.model.derived import EVERY, DerivedColumn, Place, here, places_of
from interlock.model.exposure import Carry, Exposure
from interlock.model.snapshot import TEMPORARY, DescribedColumn, Relation, Snapshot, session_version
from interlock.model.verb import SQL_CALL
from interlock.sensitivity.columns import ColumnLabels
from interlock.sql import effects
from interlock.sql.catalogs import FIRST_USER_OID
from interlock.sql.shape import Kind, Statement

MOST: Final = 500  # temporary relations of one session: they are read whole each time

_CHANGED: Final = "temporary objects were made or changed behind a statement's text"
_NONE: Final = Stop("0A000", "Temporary objects aren't let through on this connection.")
_FLUSHED: Final = Stop("0A000", "Temporary objects can't be made or changed behind a Flush; send Sync.")
_MANY: Final = Stop("54000", f"A session has at most {MOST} temporary objects here; drop some.")


class Temporary:
    """One session's. `snapshot` and `labels` are the connection's while it has none."""

    def __init__(self, definitions: Definitions) -> None:
        self.relations: tuple[Relation, ...] = ()
        self._definitions = definitions
        self._known: set[int] = set()  # pg_class.oid of all that this session ever had
        self._tainted: set[int] = set()
        self._carried: dict[str, DerivedColumn] = {}
        self._made: set[str] = set()  # names that what was sent may bring
        self._moved = self._unsettled = False
        self._merged: tuple[Snapshot, Snapshot] | None = None
        self._labels: tuple[ColumnLabels, Snapshot, ColumnLabels] | None = None

    # -- what the session's texts are judged by -----------------------------------------------------------------------

    @property
    def snapshot(self) -> Snapshot:
        """The connection's, with the session's own relations: the same object while neither changes."""
        shared = self._definitions.snapshot
        if not self.relations:
            return shared
        if self._merged is None or self._merged[0] is not shared:
            version = session_version(shared, self.relations)
            merged = replace(shared, version=version, relations=(*shared.relations, *self.relations))
            self._merged = (shared, merged)
        return self._merged[1]

    @property
    def labels(self) -> ColumnLabels:
        """The connection's, with what the session's own columns carry: the same object while nothing changes."""
        shared, snapshot = self._definitions.labels, self.snapshot
        if not self.relations:
            return shared
        if self._labels is None or self._labels[0] is not shared or self._labels[1] is not snapshot:
            self._labels = (shared, snapshot, shared.with_temporary(snapshot, self.relations, self._derived(shared)))
        return self._labels[2]

    def unknown(self, columns: tuple[DescribedColumn, ...]) -> tuple[DescribedColumn, ...]:
        """Those of described columns that aren't known to be the session's own."""
        own = {r.oid for r in self.relations} | {r.row_type for r in self.relations}
        if not own or not any(c.table_oid in own or c.type_oid in own for c in columns):
            return columns
        return tuple(c for c in columns if c.table_oid not in own and c.type_oid not in own)

    def _derived(self, shared: ColumnLabels) -> tuple[DerivedColumn, ...]:
        everything = dict.fromkeys(shared.for_connection(), here())
        tainted = (r for r in self.relations if r.oid in self._tainted and everything)
        name = self._definitions.connection.name
        return (
            *self._carried.values(),
            *(DerivedColumn(f"{name}/{r.qualified}.{EVERY}", everything, _places(r)) for r in tainted),
        )

    # -- before statements are sent -----------------------------------------------------------------------------------

    def demand_possible(self, statements: Iterable[Planned], *, flushed: bool) -> None:
        """Raises `Stop` where temporary objects can't be followed."""
        changing = [p.statement for p in statements if p.statement.temporary and p.acts]
        if changing and self._definitions.temporary is None:
            raise _NONE
        if changing and flushed:
            raise _FLUSHED
        if len(self.relations) >= MOST and any(s.kind is Kind.SCHEMA and _makes(s) for s in changing):
            raise _MANY

    def sent(self, statements: Iterable[Planned], action: Action | None) -> None:
        """Takes what is about to be sent; `action` is what was released of it."""
        for planned in statements:
            statement = planned.statement
            if statement.temporary or (self.relations and statement.kind in (Kind.SCHEMA, Kind.PRIVILEGE)):
                self._moved = self._unsettled = True
                self._made |= {
                    t.name.partition(".")[2] for t in statement.touches if t.name.startswith(f"{TEMPORARY}.")
                }
        if action is not None:
            self.carry(c for exposure in action.exposures for c in exposure.carries)
            acting = [p.statement for p in statements if p.acts]
            for statement, exposure in zip(acting, action.exposures, strict=False):
                if _may_write_anything(statement, exposure):
                    self._taint()

    def carry(self, carries: Iterable[Carry]) -> None:
        """Labels that writes take to temporary columns. They stay until the session ends."""
        name, snapshot = self._definitions.connection.name, self.snapshot
        for carry in carries:
            if not carry.column.startswith(f"{name}/{TEMPORARY}."):
                continue
            known = self._carried.get(carry.column)
            before = dict(known.labels) if known is not None else {}
            places = known.places if known is not None else frozenset[Place]()
            labels = before | dict.fromkeys(carry.labels - before.keys(), here())
            places |= places_of(name, snapshot, carry.column)
            self._carried[carry.column] = DerivedColumn(carry.column, labels, places)
            self._labels = None

    def _taint(self) -> None:
        oids = {r.oid for r in self.relations}
        if not oids <= self._tainted:
            self._tainted |= oids
            self._labels = None

    # -- after they ran -----------------------------------------------------------------------------------------------

    def needs_reading(self, ran: Iterable[Statement], status: bytes, *, outside: bool) -> bool:
        """Whether the session is to be asked now: what is undone takes its objects along, and so may a COMMIT."""
        undone = any(isinstance(s.effect, effects.RollbackTo | effects.Rollback) for s in ran)
        if self._unsettled and (outside or undone):
            self._moved = True
        return self._moved and status != b"E"

    async def read(self, up: Asking, *, outside: bool) -> None:
        """Asks the session what it has now. Raises `UpstreamFailed`, also where it has what no text said."""
        reader = self._definitions.temporary
        if reader is None:
            raise UpstreamFailed(_CHANGED, code="drift")
        found = reader.relations(await up.told(reader.questions))
        for relation in found:
            if relation.oid not in self._known and relation.kind != "S" and relation.name not in self._made:
                raise UpstreamFailed(_CHANGED, code="drift")
        self._known |= {r.oid for r in found}
        self._moved, self._unsettled = False, not outside
        if outside:
            self._made.clear()
        if found != self.relations:
            self.relations, self._merged, self._labels = found, None, None
            up.redefined()  # what was planned before another relation hid one goes on with that one
        self._pin()

    async def look_again(self, up: Asking) -> None:
        """The connection's definitions moved, and views over them with it."""
        if self.relations:
            await self.read(up, outside=not self._unsettled)

    def _pin(self) -> None:
        """Where columns with labels turn out to be: renaming doesn't shake them off."""
        name, snapshot = self._definitions.connection.name, self.snapshot
        for column, derived in self._carried.items():
            places = places_of(name, snapshot, column)
            if not places <= derived.places:
                self._carried[column] = replace(derived, places=derived.places | places)
                self._labels = None


def _makes(statement: Statement) -> bool:
    return any(t.relation is None and t.name.startswith(f"{TEMPORARY}.") for t in statement.touches)


def _places(relation: Relation) -> frozenset[Place]:
    return frozenset((relation.oid, c.number) for c in relation.columns)


def _may_write_anything(statement: Statement, exposure: Exposure) -> bool:
    """Whether code of users that we can't read may run, and write wherever it likes."""
    if (
        not exposure.opaque
        or statement.kind is Kind.EXPLAIN
        or (statement.kind is Kind.SCHEMA and not statement.lineage)
    ):
        return False
    if statement.beyond:
        return True
    return any(
        t.verb == SQL_CALL
        or (t.relation is None and not t.is_catalog)
        or (t.relation is not None and _runs_code(t.relation))
        for t in statement.touches
    )


def _runs_code(relation: Relation) -> bool:
    users = any(c.type_oid >= FIRST_USER_OID for c in relation.columns)
    return relation.hidden_effects or not relation.is_base_table or users
