"""Snapshots of a PostgreSQL's definitions, and the mark by which a change of them is noticed."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from interlock.errors import UpstreamFailed
from interlock.model.settings import UpstreamPostgres
from interlock.model.snapshot import Column, Relation, Snapshot
from interlock.upstreams import catalog_queries as queries
from interlock.upstreams.connect import connect, connected, failure, refuse_mighty_login, taken_apart
from interlock.upstreams.mark_query import MARK

_ATTEMPTS = 5
_WRITES = {"i": "insert", "u": "update", "d": "delete"}

Row = tuple[Any, ...]


async def load_snapshot(upstream: UpstreamPostgres, *, unsafe_superuser: bool = False) -> Snapshot:
    """All definitions outside the catalogs, from one REPEATABLE READ transaction.

    The functions that write definitions out (`pg_get_viewdef` and the like) look past the transaction's snapshot, so
    the mark is compared before and after, and the whole is read again when it moved. Raises `UpstreamFailed` when the
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


async def _read(connection: AsyncConnection[TupleRow]) -> Snapshot:
    async with connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        search_path = tuple((await _rows(connection, queries.SEARCH_PATH))[0][0])
        server_version = int((await _rows(connection, queries.SERVER_VERSION))[0][0])
        await connection.execute(queries.EMPTY_SEARCH_PATH)
        relations = _relations(
            await _rows(connection, queries.RELATIONS),
            _by_first(await _rows(connection, queries.COLUMNS)),
            _by_first(await _rows(connection, queries.PARTS)),
            _by_first(await _rows(connection, queries.CHILDREN)),
        )
        functions = await _rows(connection, queries.FUNCTIONS)
        operators = await _rows(connection, queries.OPERATORS)
        types = await _rows(connection, queries.TYPES)
        casts = await _rows(connection, queries.CASTS)
    shape = [[r.oid, r.qualified, r.hidden_effects, r.definition] for r in relations]
    return Snapshot(
        version=_hash([shape, functions, operators, types, casts, search_path, server_version]),
        server_version=server_version,
        relations=relations,
        functions=frozenset(row[0] for row in functions),
        operators=frozenset(row[0] for row in operators),
        types=frozenset(row[0] for row in types),
        search_path=search_path,
        casts=bool(casts),
        function_definitions={name: _hash(rows) for name, rows in _by_first(functions).items()},
    )


def _relations(
    rows: Iterable[Row],
    columns: Mapping[Any, Sequence[Row]],
    parts: Mapping[Any, Sequence[Row]],
    children: Mapping[Any, Sequence[Row]],
) -> tuple[Relation, ...]:
    """Relations with their columns.

    The last field of each row says whether it brings hidden effects; of columns and parts the last but one, which kinds
    of writes may change rows that nobody counts.
    """
    return tuple(
        Relation(
            oid=oid,
            schema=schema,
            name=name,
            kind=kind,
            columns=tuple(Column(c[1], c[2], c[3], c[6] != "") for c in columns[oid]),
            hidden_effects=bool(rest[-1]) or any(row[-1] for row in (*columns[oid], *parts[oid])),
            definition=_hash(
                [schema, name, kind, rest, [_told(c) for c in columns[oid]], sorted(_told(p) for p in parts[oid])]
            ),
            children=tuple(row[1] for row in children[oid]),
            writes_more=frozenset(_WRITES[letter] for row in (*columns[oid], *parts[oid]) for letter in row[-2]),
        )
        for oid, schema, name, kind, *rest in rows
    )


def _told(row: Row) -> Row:
    """What of a column's or part's row tells what it is; the writes that change more follow from it."""
    return (*row[1:-2], row[-1])


async def _rows(connection: AsyncConnection[TupleRow], query: str) -> list[Row]:
    return await (await connection.execute(query)).fetchall()


def _by_first(rows: Iterable[Row]) -> Mapping[Any, list[Row]]:
    grouped: defaultdict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row[0]].append(row)
    return grouped


def _hash(what: object) -> str:
    return hashlib.sha256(orjson.dumps(what)).hexdigest()
