"""What a session statement changes, for the door to follow once it has run. A closed union."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


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
    """`SET interlock.reason`: ours, never sent upstream. The agent's own words, unverified. `masked`: not all of them,
    since some looked like data."""

    reason: str
    masked: bool = False


@dataclass(frozen=True, slots=True)
class GiveTicket:
    """`SET interlock.ticket`: ours, never sent upstream. A reference of the agent's, unverified. `masked`: likewise."""

    ticket: str
    masked: bool = False


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


@dataclass(frozen=True, slots=True)
class SearchPath:
    """The search path may be another one now, or once the transaction has ended: ask the server."""


@dataclass(frozen=True, slots=True)
class PrepareNamed:
    """SQL's PREPARE: `Statement.inner` under this name, which the protocol's statements share.

    `types` are the names of parameter types as written (`int`, `pg_catalog.oid`), fewer than there are parameters or
    none where the server is to tell.
    """

    name: str
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExecuteNamed:
    """SQL's EXECUTE: arguments as the text forms of constants; None is NULL."""

    name: str
    arguments: tuple[str | None, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Declare:
    """A cursor over `Statement.inner`. `binary`: its rows come in binary also to a simple query."""

    name: str
    hold: bool
    binary: bool


@dataclass(frozen=True, slots=True)
class Fetch:
    """FETCH (or, with `move`, MOVE) from a cursor."""

    cursor: str
    move: bool


@dataclass(frozen=True, slots=True)
class CloseCursor:
    """A cursor is closed; all of them when `name` is None."""

    name: str | None


@dataclass(frozen=True, slots=True)
class Listen:
    """The session hears what is notified on this channel."""

    channel: str


@dataclass(frozen=True, slots=True)
class Unlisten:
    """It no longer does; on no channel when `channel` is None."""

    channel: str | None


class Wait(StrEnum):
    """What a client does while its request is held: waits for it, or goes away and fetches the result later."""

    ATTACHED = "attached"
    DEFERRED = "deferred"


@dataclass(frozen=True, slots=True)
class ChooseWait:
    """`SET interlock.wait`: ours, never sent upstream."""

    wait: Wait


@dataclass(frozen=True, slots=True)
class GiveKey:
    """`SET interlock.idempotency_key`: ours, for the next action alone; empty for none."""

    key: str


@dataclass(frozen=True, slots=True)
class ShowOurs:
    """`SHOW interlock.NAME`, and `SHOW application_name`: answered by the gateway."""

    name: str


@dataclass(frozen=True, slots=True)
class FetchResult:
    """`SELECT * FROM interlock.fetch('review')`: what a deferred action gave. None: the review's id is parameter $1."""

    review: str | None


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
    | SearchPath
    | PrepareNamed
    | ExecuteNamed
    | Declare
    | Fetch
    | CloseCursor
    | Listen
    | Unlisten
    | ChooseWait
    | GiveKey
    | ShowOurs
    | FetchResult
)
