"""Samples of a protected PostgreSQL's columns, for discovery: read-only, bounded in everything, tables alone.

    async with sampling(upstream) as session:
        look = await session.look()                    # tables, columns, keys, missing grants: no values
        sample = await session.sample(look.tables[0])  # some values of each column that may be read

Views aren't sampled: what they show is in tables. A partitioned table is read once, by its parent. No cast and no
function of users' is named in what we send; row security is the server's and stays on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.rows import TupleRow

from interlock.model.settings import UpstreamPostgres
from interlock.sensitivity.sampled import FoundColumn, FoundTable, Look, SampledColumn, TableSample
from interlock.sensitivity.subject_key import ForeignKey
from interlock.upstreams.catalog_queries import OURS
from interlock.upstreams.connect import connected, refuse_mighty_login, taken_apart

_TEXTS: Final = frozenset({19, 25, 114, 142, 1042, 1043, 3802})  # name text json xml bpchar varchar jsonb
_BYTES: Final = frozenset({17, 1560, 1562})  # bytea bit varbit: nothing to be told from their text
_WIDEST: Final = 8192  # stored bytes of a value that can't be cut on the server


@dataclass(frozen=True, slots=True)
class Bounds:
    """`rows`: read of one table. `values`: distinct ones kept of a column. `characters`: of a value. `at_once`: bytes
    that one statement may bring, about. `bytes`: of all samples together. Times in milliseconds, for one statement."""

    tables: int = 2_000
    columns: int = 50_000
    columns_of_table: int = 400
    rows: int = 500
    values: int = 256
    characters: int = 1024
    at_once: int = 8 << 20
    bytes: int = 256 << 20
    statement: int = 10_000
    lock: int = 1_000


USUAL: Final = Bounds()

_SETTINGS: Final = """
SELECT pg_catalog.set_config('statement_timeout', %s, true), pg_catalog.set_config('lock_timeout', %s, true),
       pg_catalog.set_config('search_path', '', true), pg_catalog.set_config('client_min_messages', 'error', true),
       pg_catalog.set_config('datestyle', 'ISO, YMD', true), pg_catalog.set_config('bytea_output', 'hex', true)
"""
_TABLES: Final = f"""
SELECT c.oid::int8, n.nspname, c.relname, c.relkind::text, c.reltuples::float8,
       pg_catalog.has_schema_privilege(n.oid, 'USAGE'), pg_catalog.count(*) OVER ()
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE {OURS.replace("%", "%%")} AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
 ORDER BY n.nspname, c.relname LIMIT %s
"""  # noqa: S608  a constant
_COLUMNS: Final = """
SELECT a.attrelid::int8, a.attnum::int, a.attname,
       CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END::int8,
       pg_catalog.format_type(CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END, a.atttypmod),
       pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT')
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
 WHERE a.attrelid = ANY (%s::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attrelid, a.attnum LIMIT %s
"""
_KEYS: Final = """
SELECT k.conrelid::int8, k.contype::text,
       ARRAY(SELECT a.attname::text FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY AS u (n, at)
               JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n ORDER BY u.at),
       coalesce(n.nspname, ''), coalesce(c.relname, ''),
       ARRAY(SELECT a.attname::text FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY AS u (n, at)
               JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.n ORDER BY u.at)
  FROM pg_catalog.pg_constraint k
  LEFT JOIN pg_catalog.pg_class c ON c.oid = k.confrelid
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE k.conrelid = ANY (%s::oid[]) AND k.contype IN ('p', 'f')
 ORDER BY k.conrelid, k.contype, k.conname
"""

_FAILURES: Final = {
    "57014": "it took too long",
    "55P03": "somebody holds a lock on it",
    "42501": "our login may not read it",
    "42P01": "it is gone",
}


@dataclass(slots=True)
class Session:
    """A connection that samples. `read`: bytes of samples so far."""

    connection: AsyncConnection[TupleRow]
    upstream: UpstreamPostgres
    bounds: Bounds = USUAL
    read: int = field(default=0, init=False)

    async def look(self) -> Look:
        """The tables of the database. No value of theirs is read. Raises `UpstreamFailed`."""
        async with self._transaction():
            tables = await self._rows(_TABLES, (self.bounds.tables,))
            oids = [row[0] for row in tables]
            columns = _grouped(await self._rows(_COLUMNS, (oids, self.bounds.columns)))
            keys = _grouped(await self._rows(_KEYS, (oids,)))
        with taken_apart(self.upstream):
            found = tuple(_table(row, columns[row[0]], keys[row[0]]) for row in tables if row[5])
            missing = tuple(_missing(tables, found, self.upstream.user))
            return Look(found, missing, max(0, int(tables[0][6]) - len(tables)) if tables else 0)

    async def sample(self, table: FoundTable) -> TableSample:
        """Some values of the table's columns. What can't be read says why in `failed`; raises `psycopg.Error` only
        where the connection is gone, which `sampling` makes `UpstreamFailed`."""
        if self.read >= self.bounds.bytes:
            return TableSample(failed="enough was read of other tables")
        columns = [c for c in table.readable if c.type_oid not in _BYTES][: self.bounds.columns_of_table]
        if not columns:
            return TableSample()
        try:
            rows = await self._sampled(table, columns)
        except psycopg.Error as error:
            if self.connection.closed or error.sqlstate is None:
                raise
            why = _FAILURES.get(error.sqlstate, "the server refused")
            return TableSample(failed=f"{why} (SQLSTATE {error.sqlstate})")
        return TableSample({c.number: self._kept([row[at] for row in rows]) for at, c in enumerate(columns)})

    async def _sampled(self, table: FoundTable, columns: Sequence[FoundColumn]) -> list[tuple[bytes | None, ...]]:
        limit = max(16, min(self.bounds.rows, self.bounds.at_once // (self.bounds.characters * len(columns))))
        share = 100.0 * 2 * limit / table.rows if table.rows > 4 * limit else 0.0
        async with self._transaction():
            rows = await self._read(table, columns, limit, share) if share else []
            if len(rows) < min(16, limit):  # a guess of the server's that was wrong, or a small table
                rows = await self._read(table, columns, limit, 0.0)
            return rows

    async def _read(
        self, table: FoundTable, columns: Sequence[FoundColumn], limit: int, share: float
    ) -> list[tuple[bytes | None, ...]]:
        query = sql.SQL("SELECT {} FROM {} {} LIMIT {}").format(
            sql.SQL(", ").join(_value(column, self.bounds.characters) for column in columns),
            sql.SQL("{} {}").format(
                sql.SQL("" if table.kind == "p" else "ONLY"), sql.Identifier(table.schema, table.name)
            ),
            sql.SQL("TABLESAMPLE SYSTEM ({})").format(sql.Literal(share)) if share else sql.SQL(""),
            sql.Literal(limit),
        )
        cursor = await self.connection.execute(query)
        result = cursor.pgresult
        if result is None:
            return []
        return [tuple(result.get_value(row, at) for at in range(len(columns))) for row in range(result.ntuples)]

    def _kept(self, values: Sequence[bytes | None]) -> SampledColumn:
        """Distinct values, as texts: psycopg asks for everything in text format."""
        there = [value for value in values if value is not None]
        distinct = list(dict.fromkeys(there))[: self.bounds.values]
        self.read += sum(len(value) for value in distinct)
        most = self.bounds.characters
        return SampledColumn(
            tuple(value[: 4 * most].decode("utf-8", "replace")[:most] for value in distinct), len(there)
        )

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[None]:
        async with self.connection.transaction():
            await self.connection.execute("SET TRANSACTION READ ONLY")
            await self.connection.execute(_SETTINGS, (str(self.bounds.statement), str(self.bounds.lock)))
            yield

    async def _rows(self, query: str, given: Sequence[object]) -> list[tuple[Any, ...]]:
        return await (await self.connection.execute(query.encode(), given)).fetchall()


@asynccontextmanager
async def sampling(
    upstream: UpstreamPostgres, *, unsafe_superuser: bool = False, bounds: Bounds = USUAL
) -> AsyncIterator[Session]:
    """A session for one discovery. Raises `UpstreamFailed` when the server can't be reached, breaks off, or the login
    is too mighty."""
    async with connected(upstream) as connection:
        await refuse_mighty_login(connection, unsafe_superuser=unsafe_superuser)
        yield Session(connection, upstream, bounds)


def _value(column: FoundColumn, characters: int) -> sql.Composable:
    """A column as it is read: texts are cut on the server, by functions and casts of its own; others too wide are
    left out."""
    name = sql.Identifier(column.name)
    if column.type_oid in _TEXTS:
        return sql.SQL("pg_catalog.left({}::pg_catalog.text, {})").format(name, sql.Literal(characters))
    return sql.SQL("CASE WHEN pg_catalog.pg_column_size({}) <= {} THEN {} END").format(name, sql.Literal(_WIDEST), name)


def _grouped(rows: Sequence[tuple[Any, ...]]) -> defaultdict[int, list[tuple[Any, ...]]]:
    found: defaultdict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row[1:])
    return found


def _table(row: tuple[Any, ...], columns: Sequence[tuple[Any, ...]], keys: Sequence[tuple[Any, ...]]) -> FoundTable:
    oid, schema, name, kind, rows, *_ = row
    return FoundTable(
        int(oid),
        str(schema),
        str(name),
        str(kind),
        float(rows),
        tuple(FoundColumn(int(n), str(c), int(t), str(told), bool(may)) for n, c, t, told, may in columns),
        next((tuple(there) for kind_of, there, *_ in keys if kind_of == "p"), ()),
        tuple(
            ForeignKey(tuple(here), (str(target_schema), str(target)), tuple(there))
            for kind_of, here, target_schema, target, there in keys
            if kind_of == "f"
        ),
    )


def _missing(rows: Sequence[tuple[Any, ...]], tables: Sequence[FoundTable], login: str) -> Iterator[str]:
    """The grants that would let the login read what it can't."""
    for schema in dict.fromkeys(str(row[1]) for row in rows if not row[5]):
        yield f"GRANT USAGE ON SCHEMA {_quoted(schema)} TO {_quoted(login)};"
    for table in tables:
        name = f"{_quoted(table.schema)}.{_quoted(table.name)}"
        without = [column for column in table.columns if not column.readable]
        if without and not table.readable:
            yield f"GRANT SELECT ON TABLE {name} TO {_quoted(login)};"
        elif without:
            listed = ", ".join(_quoted(column.name) for column in without)
            yield f"GRANT SELECT ({listed}) ON TABLE {name} TO {_quoted(login)};"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
