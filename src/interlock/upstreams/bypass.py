"""Who gets at a protected PostgreSQL without the gateway: logins other than ours, and who is connected by them now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from interlock.model.settings import UpstreamPostgres
from interlock.upstreams.connect import MOST_CHARACTERS, connected, taken_apart, why_mighty

MOST = 100  # logins, and groups of sessions, that are told

_LOGINS = """
SELECT r.rolname, r.rolsuper
  FROM pg_catalog.pg_roles r
 WHERE r.rolcanlogin AND r.rolname <> session_user
   AND (r.rolvaliduntil IS NULL OR r.rolvaliduntil > pg_catalog.clock_timestamp())
   AND pg_catalog.has_database_privilege(r.oid, pg_catalog.current_database(), 'CONNECT')
 ORDER BY 1 LIMIT %s
"""
_SESSIONS = """
SELECT coalesce(a.usename, ''), coalesce(a.application_name, ''), coalesce(host(a.client_addr), ''),
       pg_catalog.count(*)
  FROM pg_catalog.pg_stat_activity a
 WHERE a.datname = pg_catalog.current_database() AND a.usename IS NOT NULL AND a.usename <> session_user
 GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3 LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Login:
    """A role that may log in to this database."""

    name: str
    superuser: bool


@dataclass(frozen=True, slots=True)
class Connected:
    """Sessions that are open now. `address` is "" for a local socket, and where the server doesn't tell us."""

    login: str
    application: str
    address: str
    count: int


@dataclass(frozen=True, slots=True)
class Bypass:
    """What leads past the gateway. `mighty` says what makes our own login more than its grants."""

    logins: tuple[Login, ...]
    sessions: tuple[Connected, ...]
    mighty: str
    clock: datetime


async def look(upstream: UpstreamPostgres) -> Bypass:
    """Looks, over a read-only connection of our own login. Raises `UpstreamFailed` when it can't be reached."""
    async with connected(upstream) as connection:
        with taken_apart(upstream):
            return await _looked(connection)


async def _looked(connection: AsyncConnection[TupleRow]) -> Bypass:
    logins = await _rows(connection, _LOGINS)
    sessions = await _rows(connection, _SESSIONS)
    row = await (await connection.execute("SELECT pg_catalog.clock_timestamp()")).fetchone()
    assert row is not None
    assert isinstance(row[0], datetime)
    return Bypass(
        tuple(Login(str(name)[:MOST_CHARACTERS], bool(superuser)) for name, superuser in logins),
        tuple(_connected(*each) for each in sessions),
        await why_mighty(connection),
        row[0],
    )


def _connected(login: object, application: object, address: object, count: int) -> Connected:
    who, what, where = (str(each)[:MOST_CHARACTERS] for each in (login, application, address))
    return Connected(who, what, where, int(count))


async def _rows(connection: AsyncConnection[TupleRow], query: str) -> list[TupleRow]:
    return await (await connection.execute(query.encode(), (MOST,))).fetchall()
