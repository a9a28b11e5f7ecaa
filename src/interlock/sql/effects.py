"""What a session statement changes, for the door to follow once it has run. A closed union."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Begin:
    """A transaction block begins."""


@dataclass(frozen=True, slots=True)
class Commit:
    """The block ends; SET LOCAL ends with it."""


@dataclass(frozen=True, slots=True)
class Rollback:
    """The block is undone, settings made in it included."""


@dataclass(frozen=True, slots=True)
class Savepoint:
    """A savepoint is set."""

    name: str


@dataclass(frozen=True, slots=True)
class RollbackTo:
    """Back to a savepoint, settings made since included."""

    name: str


@dataclass(frozen=True, slots=True)
class ReleaseSavepoint:
    """A savepoint is forgotten."""

    name: str


@dataclass(frozen=True, slots=True)
class SetSession:
    """A harmless setting, for the session. `changes_meaning`: keep it in `SessionState.settings`."""

    name: str
    value: str
    changes_meaning: bool


@dataclass(frozen=True, slots=True)
class SetLocal:
    """A harmless setting, until the transaction ends."""

    name: str
    value: str
    changes_meaning: bool


@dataclass(frozen=True, slots=True)
class Reset:
    """A setting goes back to what the session began with; all of them, ours too, when `name` is None."""

    name: str | None


@dataclass(frozen=True, slots=True)
class GiveReason:
    """`SET interlock.reason`: ours, never sent upstream. The agent's own words, unverified."""

    reason: str


@dataclass(frozen=True, slots=True)
class GiveTicket:
    """`SET interlock.ticket`: ours, never sent upstream. A reference of the agent's, unverified."""

    ticket: str


@dataclass(frozen=True, slots=True)
class ColumnName:
    """A column as a client names it; `schema` is empty where the search path is to tell."""

    schema: str
    table: str
    column: str


@dataclass(frozen=True, slots=True)
class AskReveal:
    """`SET interlock.reveal`: ours, never sent upstream. What the client wants to see unmasked from here on."""

    columns: tuple[ColumnName, ...]


@dataclass(frozen=True, slots=True)
class DiscardAll:
    """DISCARD ALL: prepared statements forgotten, settings back to the session's start, ours among them."""


@dataclass(frozen=True, slots=True)
class Deallocate:
    """A prepared statement is forgotten; all of them when `name` is None."""

    name: str | None


SessionEffect = (
    Begin
    | Commit
    | Rollback
    | Savepoint
    | RollbackTo
    | ReleaseSavepoint
    | SetSession
    | SetLocal
    | Reset
    | GiveReason
    | GiveTicket
    | AskReveal
    | DiscardAll
    | Deallocate
)
