"""What a PostgreSQL says that a statement would return, without running it: for explaining, beside any session.

The statement is parsed and described (protocol 3: Parse, Describe) on a read-only connection of our own, as the door
has it described on the client's. Nothing is bound and nothing executed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import AsyncConnection, generators
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGresult
from psycopg.rows import TupleRow

from interlock.errors import UpstreamFailed
from interlock.model.settings import UpstreamPostgres
from interlock.model.snapshot import DescribedColumn
from interlock.upstreams.connect import connected, refuse_mighty_login

SECONDS: Final = 30.0  # for each statement; the server's own statement_timeout is as long

_FACTS: Final = "SELECT pg_catalog.current_schemas(false), current_user"


@dataclass(frozen=True, slots=True)
class Session:
    """A connection, and what decides there how a text is read: the search path as it resolves, role and settings."""

    connection: AsyncConnection[TupleRow]
    schemas: tuple[str, ...]
    role: str
    reported: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Described:
    """A statement's outputs, none for one without a result, and the types (OIDs) of its parameters."""

    columns: tuple[DescribedColumn, ...]
    parameters: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """The server didn't take the statement; its own words may hold values and stay out."""

    sqlstate: str


@asynccontextmanager
async def describing(
    upstream: UpstreamPostgres,
    pinned: Mapping[str, str],
    reported: tuple[str, ...],
    *,
    unsafe_superuser: bool = False,
) -> AsyncIterator[Session]:
    """A session in which statements can be described; `pinned` settings are made, `reported` ones are told.

    Raises `UpstreamFailed` when the server can't be reached, breaks off, or the login is too mighty.
    """
    async with connected(upstream) as connection:
        await refuse_mighty_login(connection, unsafe_superuser=unsafe_superuser)
        for name, value in pinned.items():
            await connection.execute("SELECT pg_catalog.set_config(%s, %s, false)", (name, value))
        row = await (await connection.execute(_FACTS)).fetchone()
        assert row is not None
        told = ((name, connection.pgconn.parameter_status(name.encode())) for name in reported)
        settings = {name: value.decode("utf-8", "replace") for name, value in told if value is not None}
        yield Session(connection, tuple(row[0]), str(row[1]), settings)


async def describe(session: Session, text: bytes) -> Described | Refused:
    """What `text` (one statement) would return and take.

    Raises `UpstreamFailed` when the server takes too long; psycopg's own errors are for `describing` to tell.
    """
    connection = session.connection
    try:
        async with asyncio.timeout(SECONDS):
            connection.pgconn.send_prepare(b"", text)
            parsed = await _result(connection)
            if parsed.status != ExecStatus.COMMAND_OK:
                return Refused(_sqlstate(parsed))
            connection.pgconn.send_describe_prepared(b"")
            told = await _result(connection)
    except TimeoutError:
        raise UpstreamFailed(f"the server didn't describe the statement within {SECONDS:.0f} s") from None
    if told.status != ExecStatus.COMMAND_OK:
        return Refused(_sqlstate(told))
    return Described(_columns(told), tuple(told.param_type(at) for at in range(told.nparams)))


async def _result(connection: AsyncConnection[TupleRow]) -> PGresult:
    results: Sequence[PGresult] = await connection.wait(generators.execute(connection.pgconn))
    if len(results) != 1 or connection.pgconn.status != ConnStatus.OK:
        raise psycopg.OperationalError("no answer, or one of another shape")
    return results[0]


def _sqlstate(result: PGresult) -> str:
    return (result.error_field(psycopg.pq.DiagnosticField.SQLSTATE) or b"").decode("ascii", "replace")


def _columns(told: PGresult) -> tuple[DescribedColumn, ...]:
    return tuple(
        DescribedColumn(
            name=(told.fname(at) or b"").decode("utf-8", "replace"),
            table_oid=told.ftable(at),
            number=told.ftablecol(at),
            type_oid=told.ftype(at),
            type_size=told.fsize(at),
            type_modifier=told.fmod(at),
            format=0,
        )
        for at in range(told.nfields)
    )
