"""Where people look at derived labels and clear them: a signed entry with its maker, its reason, and what was cleared.

A label cleared too early lets values out as a permit does. So those clear who sign for policies (`[policy] approvers`),
signed in to the console, and nobody what they were part of themselves; or the operator, on the machine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from interlock.errors import Conflict, NotEntitled, NotFound
from interlock.model.canonical import JsonValue
from interlock.model.change import Unit
from interlock.model.decision import Requirements
from interlock.model.derived import DerivedColumn, Origin, column_name
from interlock.model.entry import Draft, EntryType
from interlock.model.label import Label
from interlock.model.names import ConnectionName, EntryId, GroupName, PersonId
from interlock.model.passkey import Assertion
from interlock.registry.confirming import Confirming, clearing
from interlock.registry.registry import OPERATOR, Registry

_OTHER_LABELS = "Other labels are derived for this column than you were shown. Look again."


@dataclass(frozen=True, slots=True)
class Labelled:
    """A column with derived labels, each with the write that first took it there.

    `column` is what it was called then; `now` what columns with that data are called now, where that is known and isn't
    the same.
    """

    connection: ConnectionName
    column: str
    labels: Mapping[Label, Origin]
    now: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clearing:
    """Looking, and clearing. `approvers`: who signs for policies, and so for this."""

    registry: Registry
    passkeys: Confirming
    approvers: Requirements | None = None
    _clearing: asyncio.Lock = field(default_factory=asyncio.Lock)  # a look before a write

    def listed(self) -> tuple[Labelled, ...]:
        """Every column with derived labels, by connection and name."""
        derived = self.registry.authority.derived
        return tuple(
            self._labelled(connection, column)
            for connection in sorted(derived.connections())
            for column in sorted(derived.columns(connection), key=lambda each: each.column)
        )

    def asked(self, person: PersonId, column: str, labels: frozenset[Label]) -> bytes:
        """What a passkey of the person's confirms; raises as `clear` does."""
        self._may(person, self._found(column, labels))
        return clearing(person, column, labels)

    async def clear(
        self,
        person: PersonId,
        column: str,
        labels: frozenset[Label],
        because: str,
        assertion: Assertion | None = None,
    ) -> None:
        """The column, as it is listed, no longer carries these labels, which are all that are derived for it.

        Whoever has a passkey confirms it (`confirming.clearing`). Raises `NotFound` where nothing is derived,
        `Conflict` when it is something else by now, `NotEntitled`, `AuthenticationFailed`.
        """
        async with self._clearing:
            self._may(person, self._found(column, labels))
            self.passkeys.confirm(person, assertion, clearing(person, column, labels))
            await self._clear(column, labels, person, because)

    async def operator_clear(self, column: str, labels: frozenset[Label], because: str) -> None:
        """The same by whoever holds the operator's token; raises `NotFound`, `Conflict`."""
        async with self._clearing:
            self._found(column, labels)
            await self._clear(column, labels, OPERATOR, because)

    def _labelled(self, connection: ConnectionName, column: DerivedColumn) -> Labelled:
        snapshot = self.registry.snapshots.get(connection)
        places = sorted(column.places) if snapshot is not None else []
        names = {column_name(connection, snapshot, place) for place in places} if snapshot is not None else set()
        now = tuple(sorted(name for name in names if name is not None and name != column.column))
        return Labelled(connection, column.column, column.labels, now)

    def _found(self, column: str, labels: frozenset[Label]) -> DerivedColumn:
        connection = ConnectionName(column.partition("/")[0])
        found = self.registry.authority.derived.column(connection, column)
        if found is None:
            raise NotFound("no label is derived for a column of that name", code="nothing_derived")
        if found.labels.keys() != labels:
            raise Conflict(_OTHER_LABELS, code="labels_changed")
        return found

    def _may(self, person: PersonId, column: DerivedColumn) -> None:
        here = self.registry.directory.person(person)
        if here is None:
            raise NotFound("there is nobody of that name", code="no_such_person")
        if self.approvers is None:
            raise NotEntitled(
                "Nobody is named who may clear labels: `[policy] approvers` in the settings says who.",
                code="no_approvers",
            )
        if not here.groups & frozenset(_groups(self.approvers)):
            raise NotEntitled("Only who signs for policies may clear derived labels.", code="not_an_approver")
        if any(person in origin.part_of for origin in column.labels.values()):
            raise NotEntitled("You were part of the request that brought these labels.", code="part_of_it")

    async def _clear(self, column: str, labels: frozenset[Label], person: PersonId, because: str) -> None:
        d: Mapping[str, JsonValue] = {
            "connection": column.partition("/")[0],
            "column": column,
            "labels": [*sorted(labels)],
            "person": person,
            "because": because,
        }
        draft = Draft(id=EntryId(self.registry.entropy.uuid7()), type=EntryType.LABEL_CLEARED, d=d)
        await self.registry.ledger.commit(Unit((draft,)))


def _groups(approvers: Requirements) -> Iterator[GroupName]:
    """Every group that a signature for policies may come from."""
    lists = (*approvers.any_of, *(stage for stages in approvers.stages for stage in stages))
    for quorum in (*approvers.quorums, *(quorum for each in lists for quorum in each)):
        yield quorum.group
