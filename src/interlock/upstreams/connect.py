"""Our own connection to a protected PostgreSQL: read-only, bounded, and never with a login that is too mighty."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from interlock.errors import UpstreamFailed
from interlock.model.settings import UpstreamPostgres

CONNECT_SECONDS = 10
STATEMENT_SECONDS = 30

# Logins with these see or change what no grant gave them, so that our catalog of what can be reached would be wrong.
_TOO_MIGHTY_ROLES = (
    "pg_read_all_data",
    "pg_write_all_data",
    "pg_read_server_files",
    "pg_write_server_files",
    "pg_execute_server_program",
    "pg_monitor",
    "pg_read_all_stats",  # shows the statements of other sessions, values included
    "pg_signal_backend",
    "pg_maintain",
    "pg_create_subscription",
)

_MIGHT = """
SELECT CASE WHEN r.rolsuper THEN 'is a superuser'
            WHEN r.rolreplication THEN 'may replicate the whole server'
            WHEN r.rolbypassrls THEN 'bypasses row security'
            WHEN r.rolcreaterole THEN 'may make and change roles'
            ELSE 'has ' || r.rolname END
  FROM pg_catalog.pg_roles r
 WHERE pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER')
   AND (r.rolsuper OR r.rolreplication OR r.rolbypassrls OR r.rolcreaterole OR r.rolname = ANY (%s))
 ORDER BY (r.rolname = session_user) DESC, r.rolname
"""


async def connect(upstream: UpstreamPostgres) -> AsyncConnection[TupleRow]:
    """An autocommit connection whose transactions are read-only. The caller closes it. Raises `UpstreamFailed`."""
    try:
        return await AsyncConnection.connect(
            host=upstream.host,
            port=upstream.port,
            dbname=upstream.database,
            user=upstream.user,
            password=upstream.password.reveal(),
            sslmode=upstream.tls,
            sslrootcert=_root(upstream),
            gssencmode="disable",
            require_auth="scram-sha-256",
            connect_timeout=CONNECT_SECONDS,
            application_name="interlock",
            client_encoding="utf8",
            options=f"-c default_transaction_read_only=on -c statement_timeout={STATEMENT_SECONDS}s",
            autocommit=True,
        )
    except psycopg.Error as error:
        raise failure(upstream, "can't be reached with its user and password", error) from None


@asynccontextmanager
async def connected(upstream: UpstreamPostgres) -> AsyncIterator[AsyncConnection[TupleRow]]:
    """A connection closed at the end; psycopg's errors inside come out as `UpstreamFailed`."""
    connection = await connect(upstream)
    try:
        yield connection
    except psycopg.Error as error:
        raise failure(upstream, "broke off while its definitions were read", error) from None
    finally:
        await connection.close()


async def refuse_mighty_login(connection: AsyncConnection[TupleRow]) -> None:
    """Raises `UpstreamFailed` when the login is, or can become, more than its grants."""
    row = await (await connection.execute(_MIGHT, (list(_TOO_MIGHTY_ROLES),))).fetchone()
    if row is not None:
        raise UpstreamFailed(
            f"the upstream login {row[0]}: give this connection a login with no more than the grants it needs",
            code="login_too_mighty",
        )


async def check_upstream(upstream: UpstreamPostgres) -> str:
    """Tries the connection; returns a sentence about the server. Raises `UpstreamFailed` with what is wrong."""
    async with connected(upstream) as connection:
        await refuse_mighty_login(connection)
        row = await (await connection.execute("SHOW server_version")).fetchone()
        assert row is not None
        return f"PostgreSQL {row[0]} at {upstream.host}:{upstream.port}, database {upstream.database}"


def failure(upstream: UpstreamPostgres, what: str, error: psycopg.Error) -> UpstreamFailed:
    """Names the server and the SQLSTATE; the server's own words may hold values and stay out."""
    state = f" (SQLSTATE {error.sqlstate})" if error.sqlstate else ""
    return UpstreamFailed(f"the PostgreSQL at {upstream.host}:{upstream.port} {what}{state}")


def _root(upstream: UpstreamPostgres) -> str | None:
    if upstream.tls == "disable":
        return None
    return str(upstream.ca) if upstream.ca else "system"
