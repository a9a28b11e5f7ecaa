"""What a client asks to see unmasked, of what a statement shows: stored columns with labels, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from interlock.model.connection import Connection
from interlock.model.exposure import Exposure
from interlock.model.reveal import Reveal
from interlock.model.snapshot import Snapshot
from interlock.sql.effects import ColumnName
from interlock.sql.resolve import lookup
from interlock.sql.session_state import SessionState


def reveals_of(
    asked: Sequence[ColumnName],
    exposures: Iterable[Exposure],
    connection: Connection,
    snapshot: Snapshot,
    state: SessionState,
) -> frozenset[Reveal]:
    """A pair for each label of each output that plainly is a column asked for. A name that matches nothing adds none.

    A bare table's name is the first schema's of the search path that has a relation of that name, as in a statement.
    """
    if not asked:
        return frozenset()
    wanted = {_full_name(name, connection, snapshot, state) for name in asked} - {None}
    outputs = (output for exposure in exposures for output in exposure.outputs)
    return frozenset(Reveal(o.plain, label) for o in outputs if o.plain in wanted and o.plain for label in o.labels)


def _full_name(name: ColumnName, connection: Connection, snapshot: Snapshot, state: SessionState) -> str | None:
    relation = lookup(name.schema, name.table, snapshot, state)[1]
    # With a dot inside a name, the full names of two columns could be the same text: such a column stays masked.
    if relation is None or any("." in part for part in (relation.schema, relation.name, name.column)):
        return None
    return f"{connection.name}/{relation.qualified}.{name.column}"
