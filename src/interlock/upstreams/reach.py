"""What our login at a protected PostgreSQL is and reaches: for people who add or test a connection."""

# ruff: noqa: S608  every piece is a constant of this file

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from interlock.model.settings import UpstreamPostgres
from interlock.upstreams.beyond import Beyond, look_beyond
from interlock.upstreams.connect import MOST_CHARACTERS, STATEMENT_SECONDS, connected, taken_apart, why_mighty

MOST_DEFINERS: Final = 8
_SYSTEM_USER: Final = 160000  # the first server that tells how a session was authenticated

_OURS: Final = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
_SESSION: Final = """
SELECT pg_catalog.current_setting('server_version'), pg_catalog.current_setting('server_version_num')::int,
       pg_catalog.current_setting('transaction_read_only') = 'on',
       extract(epoch FROM pg_catalog.current_setting('statement_timeout')::interval)::int,
       coalesce((SELECT a.application_name FROM pg_catalog.pg_stat_activity a
                  WHERE a.pid = pg_catalog.pg_backend_pid()), '')
"""
_TLS: Final = """
SELECT coalesce(s.version, ''), coalesce(s.cipher, '') FROM pg_catalog.pg_stat_ssl s
 WHERE s.pid = pg_catalog.pg_backend_pid() AND s.ssl
"""
# What can be named at all: its schema may be used, and at least one of its columns read or written.
_REACHED: Final = f"""
WITH reached AS (
    SELECT c.oid, c.relkind, c.reltuples, c.relnamespace FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE {_OURS} AND c.relkind IN ('r', 'p', 'f', 'v', 'm') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
       AND (pg_catalog.has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE')
            OR pg_catalog.has_table_privilege(c.oid, 'DELETE, TRUNCATE')))
"""
_COUNTS: Final = f"""{_REACHED}
SELECT pg_catalog.count(DISTINCT r.relnamespace)::int8,
       pg_catalog.count(*) FILTER (WHERE r.relkind IN ('r', 'p', 'f'))::int8,
       pg_catalog.count(*) FILTER (WHERE r.relkind IN ('v', 'm'))::int8,
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_attribute a JOIN reached x ON x.oid = a.attrelid
         WHERE a.attnum > 0 AND NOT a.attisdropped
           AND pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT'))::int8,
       pg_catalog.count(*) FILTER (WHERE r.relkind IN ('r', 'p', 'f') AND (
         pg_catalog.has_any_column_privilege(r.oid, 'INSERT, UPDATE')
         OR pg_catalog.has_table_privilege(r.oid, 'DELETE')))::int8,
       coalesce(pg_catalog.sum(r.reltuples) FILTER (WHERE r.relkind IN ('r', 'm') AND r.reltuples > 0), 0)::int8
  FROM reached r
"""
# A partitioned table holds nothing itself; its leaves may be out of reach by their own names and still be read by its.
_SIZE: Final = f"""{_REACHED}
SELECT coalesce(pg_catalog.sum(pg_catalog.pg_total_relation_size(s.oid)), 0)::int8
  FROM (SELECT r.oid FROM reached r WHERE r.relkind IN ('r', 'm')
        UNION SELECT t.relid FROM reached r, pg_catalog.pg_partition_tree(r.oid) t
               WHERE r.relkind = 'p' AND t.isleaf) s
"""
_DEFINERS: Final = f"""
SELECT pg_catalog.format('%I.%I', n.nspname, p.proname), pg_catalog.count(*) OVER ()::int8
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
 WHERE p.prosecdef AND {_OURS} AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
   AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE')
 ORDER BY 1 LIMIT {MOST_DEFINERS}
"""


@dataclass(frozen=True, slots=True)
class Reach:
    """What was found. Words that come from the server are to be made visible before anybody reads them.

    `encrypted`: protocol and cipher, as far as the server knows, or empty. `method`: how the server says that it
    authenticated us, empty where it doesn't say (before PostgreSQL 16, or when it asked for nothing). `size`: bytes on
    disk with indexes, None where it couldn't be read in time; `rows` is the planner's estimate. `mighty`: as
    `why_mighty`; then `beyond` is empty, since such a login has everything.
    """

    version: str
    version_number: int
    encrypted: str
    method: str
    application: str
    guarded: bool
    schemas: int
    tables: int
    views: int
    columns: int
    written: int
    rows: int
    size: int | None
    definers: tuple[str, ...]
    definer_count: int
    beyond: tuple[Beyond, ...]
    mighty: str


async def look_around(upstream: UpstreamPostgres) -> Reach:
    """Looks, over a read-only connection of our own login. Raises `UpstreamFailed`, also for what no server answers."""
    async with connected(upstream) as connection:
        with taken_apart(upstream):
            return await _looked(connection)


async def _looked(connection: AsyncConnection[TupleRow]) -> Reach:
    version, number, read_only, seconds, application = await _row(connection, _SESSION)
    schemas, tables, views, columns, written, rows = map(int, await _row(connection, _COUNTS))
    definers = await (await connection.execute(_DEFINERS.encode())).fetchall()
    mighty = await why_mighty(connection)
    return Reach(
        version=str(version)[:MOST_CHARACTERS],
        version_number=int(number),
        encrypted=await _encrypted(connection),
        method=await _method(connection, number),
        application=str(application)[:MOST_CHARACTERS],
        guarded=bool(read_only) and 0 < int(seconds) <= STATEMENT_SECONDS,
        schemas=schemas,
        tables=tables,
        views=views,
        columns=columns,
        written=written,
        rows=rows,
        size=await _size(connection),
        definers=tuple(str(row[0])[:MOST_CHARACTERS] for row in definers),
        definer_count=int(definers[0][1]) if definers else 0,
        beyond=() if mighty else await look_beyond(connection, number),
        mighty=mighty,
    )


async def _size(connection: AsyncConnection[TupleRow]) -> int | None:
    """pg_total_relation_size waits for whoever holds a table exclusively; we don't."""
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL lock_timeout = '2s'")
            return int((await _row(connection, _SIZE))[0])
    except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled, psycopg.errors.InsufficientPrivilege):
        return None


async def _encrypted(connection: AsyncConnection[TupleRow]) -> str:
    """What our side of the connection uses counts: something between may speak TLS, and the server know nothing."""
    if not connection.pgconn.ssl_in_use:
        return ""
    row = await (await connection.execute(_TLS.encode())).fetchone()
    return "TLS" if row is None else " ".join(str(part) for part in row if part)


async def _method(connection: AsyncConnection[TupleRow], version: int) -> str:
    if version < _SYSTEM_USER:
        return ""
    return str((await _row(connection, "SELECT coalesce(SYSTEM_USER, '')"))[0]).partition(":")[0]


async def _row(connection: AsyncConnection[TupleRow], query: str) -> TupleRow:
    row = await (await connection.execute(query.encode())).fetchone()
    assert row is not None
    return row
