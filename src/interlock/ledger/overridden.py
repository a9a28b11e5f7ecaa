"""What the signed entries say of overrides: those that stand, until they end or expire. A fold like `Derived`."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from interlock.ledger.entry import Entry
from interlock.ledger.fields import format_time, parse_time
from interlock.model.entry import EntryType
from interlock.model.label import Label
from interlock.model.names import ConnectionName
from interlock.model.override import Override

OVERRIDING = frozenset({EntryType.MASK_OVERRIDDEN, EntryType.MASK_OVERRIDE_ENDED})
KEEP_EXPIRED: Final = timedelta(days=1)  # by the entries' clocks, which may differ


@dataclass(frozen=True, slots=True)
class Standing:
    """An override with who made it, and when."""

    override: Override
    person: str
    since: datetime


@dataclass(slots=True)
class Overridden:
    """The fold. A connection's `version` grows with each of its entries; expiry is told by the clock of who asks."""

    _standing: dict[str, Standing] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)  # ids: one that ended never comes back
    _versions: dict[ConnectionName, int] = field(default_factory=dict)

    def version(self, connection: ConnectionName) -> int:
        """While it is the same, so are the connection's overrides, but for those that expire meanwhile."""
        return self._versions.get(connection, 0)

    def override(self, override: str) -> Standing | None:
        """One that wasn't ended."""
        return self._standing.get(override)

    def standing(self, now: datetime, connection: ConnectionName | None = None) -> tuple[Standing, ...]:
        """Those that hold at this moment, oldest first."""
        if not self._standing:  # as a rule
            return ()
        moment = format_time(now)
        return tuple(
            each
            for each in self._standing.values()
            if each.override.expires_at > moment and connection in (None, each.override.connection)
        )

    def about(self, now: datetime, connection: ConnectionName, columns: Container[str | None]) -> list[str]:
        """The ids of those that speak of any of these columns (full names) at this moment, oldest first."""
        standing = (each.override for each in self.standing(now, connection))
        return [each.id for each in standing if each.column is None or each.column in columns]

    def apply(self, entry: Entry) -> None:
        """Takes the next entry of the log, of the types in `OVERRIDING`."""
        d, connection = entry.d, ConnectionName(entry.d["connection"])
        self._versions[connection] = self.version(connection) + 1
        if entry.type is EntryType.MASK_OVERRIDE_ENDED:
            self._standing.pop(entry.obj, None)
        elif entry.type is EntryType.MASK_OVERRIDDEN and entry.obj not in self._used:
            self._forget(entry.ts)
            self._used.add(entry.obj)
            made = Override(
                id=entry.obj,
                connection=connection,
                column=d["column"] or None,
                label=Label(d["label"]),
                rule=d["rule"],
                subject=d["subject"] or None,
                expires_at=d["expires_at"],
            )
            self._standing[entry.obj] = Standing(made, d["person"], entry.ts)

    def _forget(self, now: datetime) -> None:
        for old in [
            i for i, each in self._standing.items() if parse_time(each.override.expires_at) < now - KEEP_EXPIRED
        ]:
            del self._standing[old]
