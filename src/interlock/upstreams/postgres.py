"""Snapshots of a PostgreSQL's definitions, and the mark by which a change of them is noticed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from interlock.errors import UpstreamFailed
from interlock.model.settings import UpstreamPostgres
from interlock.model.snapshot import Relation, Snapshot
from interlock.upstreams import catalog_queries as queries
from interlock.upstreams.connect import connect, connected, failure, refuse_mighty_login, taken_apart
from interlock.upstreams.definitions_read import (
    ColumnRows,
    ColumnsRead,
    Found,
    Row,
    digest,
    relations_of,
    routine_definitions,
    routines_of,
    types_of,
)
from interlock.upstreams.mark_query import MARK

_ATTEMPTS = 5
_AT_ONCE: Final = 2_000  # rows taken from the server before the loop has its turn again: a few ms


async def load_snapshot(upstream: UpstreamPostgres, *, unsafe_superuser: bool = False) -> Snapshot:
    """All definitions outside the catalogs, from one REPEATABLE READ transaction.

    The functions that write definitions out (`pg_get_viewdef` and the like) look past the transaction's snapshot, so
    the mark is compared before and after, and the whole is read again when it moved. The rows are taken in slices and
    made into a snapshot in a thread, so that the loop goes on meanwhile. Raises `UpstreamFailed` when the
    server can't be read, its definitions don't hold still, or the login is too mighty and `unsafe_superuser` isn't set.
    """
    async with connected(upstream) as connection:
        await refuse_mighty_login(connection, unsafe_superuser=unsafe_superuser)
        with taken_apart(upstream):
            before = await definitions_mark(connection)
            for _ in range(_ATTEMPTS):
                snapshot = await _read(connection)
                after = await definitions_mark(connection)
                if before == after:
                    return snapshot
                before = after
    raise UpstreamFailed(f"the definitions at {upstream.host}:{upstream.port} keep changing while they are read")


async def definitions_mark(connection: AsyncConnection[TupleRow]) -> str:
    """A fingerprint that changes with every committed change of definitions (and now and then without one)."""
    row = await (await connection.execute(MARK)).fetchone()
    assert row is not None
    return str(row[0])


class DefinitionsWatch:
    """Marks from a connection that is kept, and made anew after a failure. Not for two callers at once."""

    def __init__(self, upstream: UpstreamPostgres) -> None:
        self._upstream = upstream
        self._connection: AsyncConnection[TupleRow] | None = None

    async def mark(self) -> str:
        """The mark now. Raises `UpstreamFailed`; the next call connects anew."""
        try:
            if self._connection is None:
                self._connection = await connect(self._upstream)
            return await definitions_mark(self._connection)
        except psycopg.Error as error:
            await self.close()
            raise failure(self._upstream, "broke off while its definitions were watched", error) from None
        except BaseException:  # cancelled within a query: the connection's state is anybody's guess
            await self.close()
            raise

    async def close(self) -> None:
        """Ends the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


async def load_temporary(connection: AsyncConnection[TupleRow], schema: int | None = None) -> tuple[Relation, ...]:
    """Temporary relations, in the form of a snapshot's: the session's own, or those of one schema (pg_namespace.oid, as
    pg_my_temp_schema() tells it in another session, of which only what is committed is seen).

    Their schema is the real one, such as pg_temp_3. Printed in the session itself (views' queries, defaults), a name
    without a schema is one of the session's temporary objects first, and else of pg_catalog: pg_temp is searched even
    by an empty path. The connection's search_path is left as it was. Raises what psycopg does, and `LookupError` and
    the like for rows of another shape: see `taken_apart`.
    """
    scope = queries.TEMPORARY if schema is None else f"n.oid = {int(schema)}"
    async with connection.transaction():
        await connection.execute(queries.EMPTY_SEARCH_PATH)
        found = await _found(connection, scope)
    return relations_of(found, ColumnsRead(found))


@dataclass(slots=True)
class _All:
    """All rows of one reading."""

    search_path: tuple[str, ...]
    server_version: int
    found: Found
    routines: Sequence[Row]
    operators: Sequence[Row]
    types: Sequence[Row]
    casts: Sequence[Row]


async def _read(connection: AsyncConnection[TupleRow]) -> Snapshot:
    async with connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        search_path = tuple((await _rows(connection, queries.SEARCH_PATH))[0][0])
        server_version = int((await _rows(connection, queries.SERVER_VERSION))[0][0])
        await connection.execute(queries.EMPTY_SEARCH_PATH)
        read = _All(
            search_path,
            server_version,
            await _found(connection, queries.OURS),
            await _rows(connection, queries.ROUTINES),
            await _rows(connection, queries.OPERATORS),
            await _rows(connection, queries.TYPES),
            await _rows(connection, queries.CASTS),
        )
    return await asyncio.to_thread(_snapshot, read)


async def _found(connection: AsyncConnection[TupleRow], scope: str) -> Found:
    columns = ColumnRows(await _rows(connection, queries.columns(scope)))
    await asyncio.to_thread(columns.read)
    return Found(
        relations=await _rows(connection, queries.relations(scope)),
        columns=columns,
        column_types=await _rows(connection, queries.COLUMN_TYPES, columns.types()),
        collations=await _rows(connection, queries.COLLATIONS, (columns.collations(),)),
        defaults=await _rows(connection, queries.defaults(scope)),
        parts=await _rows(connection, queries.parts(scope)),
        children=await _rows(connection, queries.CHILDREN),
        cascades=await _rows(connection, queries.CASCADES),
        hooks=await _rows(connection, queries.HOOKS),
        key_moves=await _rows(connection, queries.KEY_MOVES),
    )


def _snapshot(read: _All) -> Snapshot:
    """The snapshot that these rows tell of. Pure: it is made in a thread."""
    columns = ColumnsRead(read.found)
    relations = relations_of(read.found, columns)
    types, routines = types_of(read.types, columns), routines_of(read.routines)
    shape = [
        (r.oid, r.qualified, r.hidden_effects, r.definition, r.row_type, r.children, r.reaches, sorted(r.writes_more))
        for r in relations
    ]
    does = [(r.rewrites, sorted(r.rewrites_on), r.key_moves) for r in relations]
    attributes = [columns.of(relation).told for *_, relation in (row[:6] for row in read.types) if relation]
    return Snapshot(
        version=digest(
            [
                shape,
                does,
                read.routines,
                read.operators,
                read.types,
                attributes,
                read.casts,
                read.search_path,
                read.server_version,
            ]
        ),
        server_version=read.server_version,
        relations=relations,
        functions=frozenset(routine.name for routine in routines),
        operators=frozenset(row[0] for row in read.operators),
        types=frozenset(t.name for t in types),
        search_path=read.search_path,
        casts=bool(read.casts),
        function_definitions=routine_definitions(read.routines),
        routines=routines,
        user_types=types,
    )


async def _rows(connection: AsyncConnection[TupleRow], query: str, given: Sequence[object] | None = None) -> list[Row]:
    cursor = await connection.execute(query.encode(), given)
    rows = await cursor.fetchmany(_AT_ONCE)
    while more := await cursor.fetchmany(_AT_ONCE):
        rows += more
        await asyncio.sleep(0)
    return rows
