"""Derived labels: what a column carries because a write took labelled data there. The signed entries say which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from interlock.model.label import Label
from interlock.model.names import ActionId, ConnectionName
from interlock.model.snapshot import TEMPORARY, Snapshot

EVERY: Final = "*"  # in place of a column's name: every column of the relation

Place = tuple[int, int]  # (pg_class.oid, pg_attribute.attnum): what renaming doesn't change


@dataclass(frozen=True, slots=True)
class Origin:
    """The first write that took a label to a column: when it was released, which action, and who asked.

    `part_of` are the ids of everybody who was part of the request: the actor, its owner, those on whose behalf it was.
    `by_person`: no write brought it; a person confirmed that the column carries it, `action` being what they confirmed.
    """

    since: datetime
    action: ActionId
    actor: str
    part_of: frozenset[str] = frozenset()
    by_person: bool = False


def here() -> Origin:
    """Of what no entry says: labels of this very action, or of a session's own temporary columns."""
    return Origin(datetime.min, ActionId(""), "")


def is_temporary(connection: ConnectionName, column: str) -> bool:
    """Whether a column is called as those of sessions' temporary relations are: nothing of them outlives a session."""
    return column.startswith(f"{connection}/{TEMPORARY}.")


@dataclass(frozen=True, slots=True)
class DerivedColumn:
    """A column with labels that data brought along.

    `column` is what it was called when it was written, `clinic/public.notes.text`: whatever is called so carries the
    labels, whether or not it existed then; `clinic/public.notes.*` are all columns of that relation. `places` are the
    columns that were seen under that name: they carry them under any name.
    """

    column: str
    labels: Mapping[Label, Origin]
    places: frozenset[Place] = frozenset()


def column_name(connection: ConnectionName, snapshot: Snapshot, place: Place) -> str | None:
    """What a column is called in this snapshot, `clinic/public.notes.text`; None when it isn't there."""
    relation = snapshot.by_oid.get(place[0])
    if relation is None:
        return None
    found = next((c.name for c in relation.columns if c.number == place[1]), None)
    return None if found is None else f"{connection}/{relation.qualified}.{found}"


def places_of(connection: ConnectionName, snapshot: Snapshot, column: str) -> frozenset[Place]:
    """Every column of the snapshot that is called so. Names may hold dots, so that two may be written alike."""
    prefix = f"{connection}/"
    if not column.startswith(prefix):
        return frozenset()
    return frozenset(_places(snapshot, column.removeprefix(prefix).split(".")))


def _places(snapshot: Snapshot, parts: list[str]) -> Iterator[Place]:
    for name_at in range(1, len(parts) - 1):
        for column_at in range(name_at + 1, len(parts)):
            schema, name = ".".join(parts[:name_at]), ".".join(parts[name_at:column_at])
            relation = snapshot.by_name.get((schema, name))
            if relation is not None:
                column = ".".join(parts[column_at:])
                yield from ((relation.oid, c.number) for c in relation.columns if column in (c.name, EVERY))
