"""Our own connection to a protected PostgreSQL: read-only, bounded, and never with a login that is too mighty."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, TypeVar

import psycopg
from psycopg import AsyncConnection
from psycopg.abc import PQGen
from psycopg.rows import TupleRow

from interlock.errors import UpstreamFailed
from interlock.model.settings import UpstreamPostgres

CONNECT_SECONDS = 10
STATEMENT_SECONDS = 30
SILENT_SECONDS = 35  # a server that keeps its own statement_timeout has answered by then
APPLICATION_NAME: Final = "interlock"
MOST_CHARACTERS: Final = 200  # of one word from the server; two names with a dot are of at most 131

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


_Result = TypeVar("_Result")


class _Bounded(AsyncConnection[TupleRow]):
    """Waits for no answer longer than `SILENT_SECONDS`: the server's own bound is only as good as the server."""

    async def wait(self, gen: PQGen[_Result], *given: Any, **named: Any) -> _Result:
        """As psycopg's; a server that stays silent is hung up on (`OperationalError`)."""
        try:
            async with asyncio.timeout(SILENT_SECONDS):
                return await super().wait(gen, *given, **named)
        except TimeoutError:
            self.pgconn.finish()
            raise psycopg.OperationalError("no answer in time") from None


async def connect(upstream: UpstreamPostgres) -> AsyncConnection[TupleRow]:
    """An autocommit connection whose transactions are read-only. The caller closes it.

    Raises `UpstreamFailed`; its code says which of `_REASONS` it was, as far as that can be told.
    """
    try:
        async with asyncio.timeout(CONNECT_SECONDS):  # libpq's own bound is for each address of the host
            return await _Bounded.connect(
                host=upstream.host,
                port=upstream.port,
                dbname=upstream.database,
                user=upstream.user,
                password=upstream.password.reveal(),
                gssencmode="disable",
                require_auth=_REQUIRED.get(upstream.login, upstream.login),
                channel_binding="require" if upstream.channel_binding else "prefer",
                connect_timeout=CONNECT_SECONDS,
                application_name=APPLICATION_NAME,
                client_encoding="utf8",
                options=f"-c default_transaction_read_only=on -c statement_timeout={STATEMENT_SECONDS}s",
                autocommit=True,
                **_tls(upstream),
            )
    except TimeoutError:
        raise failure(upstream, _NOT_REACHED, psycopg.OperationalError("timeout expired")) from None
    except psycopg.Error as error:
        raise failure(upstream, _NOT_REACHED, error) from None


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


@contextmanager
def taken_apart(upstream: UpstreamPostgres) -> Iterator[None]:
    """Rows of another shape than was asked for come out as `UpstreamFailed`: a server that lies is its own failure."""
    try:
        yield
    except (AssertionError, TypeError, ValueError, LookupError):
        raise UpstreamFailed(f"the PostgreSQL at {upstream.host}:{upstream.port} answers what nobody asked") from None


async def why_mighty(connection: AsyncConnection[TupleRow]) -> str:
    """What makes the login more than its grants, or what it could become: `is a superuser`; empty for nothing."""
    row = await (await connection.execute(_MIGHT, (list(_TOO_MIGHTY_ROLES),))).fetchone()
    return "" if row is None else str(row[0])[:MOST_CHARACTERS]


async def refuse_mighty_login(connection: AsyncConnection[TupleRow], *, unsafe_superuser: bool = False) -> None:
    """Raises `UpstreamFailed` when the login is, or can become, more than its grants, and nobody said that it may."""
    why = "" if unsafe_superuser else await why_mighty(connection)
    if why:
        raise UpstreamFailed(
            f"the upstream login {why}: give this connection a login with no more than the grants it needs",
            code="login_too_mighty",
        )


async def check_upstream(upstream: UpstreamPostgres, *, unsafe_superuser: bool = False) -> str:
    """Tries the connection; returns a sentence about the server. Raises `UpstreamFailed` with what is wrong."""
    async with connected(upstream) as connection:
        await refuse_mighty_login(connection, unsafe_superuser=unsafe_superuser)
        row = await (await connection.execute("SHOW server_version")).fetchone()
        assert row is not None
        return f"PostgreSQL {row[0]} at {upstream.host}:{upstream.port}, database {upstream.database}"


def failure(upstream: UpstreamPostgres, what: str, error: psycopg.Error) -> UpstreamFailed:
    """Names the server, the SQLSTATE and our own words; the server's words may hold values and stay out."""
    state = f" (SQLSTATE {error.sqlstate})" if error.sqlstate else ""
    code, why = ("", "") if error.sqlstate else _reason(str(error))
    told = f": {why}" if why else ""
    return UpstreamFailed(f"the PostgreSQL at {upstream.host}:{upstream.port} {what}{state}{told}", code=code or None)


_NOT_REACHED: Final = "can't be reached with its user and password"

# By the model's words for a login; libpq's for one at which the server asks for nothing is "none".
_REQUIRED: Final = {"certificate": "none", "trust": "none"}

# A login that fails has no SQLSTATE in libpq, only words: (what is among them, our code, our own words). First match.
_REASONS: Final = (
    ("certificate verify failed", "upstream_tls", "its certificate isn't signed by an authority that we were given"),
    ("does not match host name", "upstream_tls", "its certificate is for another host name"),
    ("does not support SSL", "upstream_tls", "it takes no TLS"),
    ("root certificate", "upstream_tls", "the file of authorities can't be read"),
    ("authentication method requirement", "upstream_login", "it asks for another way to log in than `login` says"),
    ("channel binding", "upstream_login", "it offers no channel binding"),
    ("valid client certificate", "upstream_login", "it asks for a certificate of ours"),
    ("did not request", "upstream_login", "it doesn't ask for our certificate"),
    ("no pg_hba.conf entry", "upstream_login", "its pg_hba.conf doesn't let this login in from here"),
    ("pg_hba.conf rejects", "upstream_login", "its pg_hba.conf doesn't let this login in from here"),
    ("authentication failed", "upstream_login", "it doesn't take this login's password or certificate"),
    ("permission denied for database", "upstream_login", "this login may not CONNECT to the database"),
    ("is not permitted to log in", "upstream_login", "this role may not log in"),
    ("database", "upstream_database", "there is no such database, or it takes no connections"),
    ("role", "upstream_login", "there is no such role"),
    ("too many", "upstream_busy", "it has no connection left"),
    ("connection slots", "upstream_busy", "it has no connection left"),
    ("resolve host", "upstream_away", "nobody knows this host name"),
    ("translate host", "upstream_away", "nobody knows this host name"),
    ("refused", "upstream_away", "nothing listens there"),
    ("timeout", "upstream_away", "it didn't answer in time"),
    ("SSL", "upstream_tls", "the TLS handshake failed"),
)


def _reason(words: str) -> tuple[str, str]:
    said = (line.split("failed: ", 1)[-1] for line in words.splitlines())  # in front stands where we called
    text = "\n".join(said)
    return next(((code, why) for part, code, why in _REASONS if part in text), ("", ""))


def _tls(upstream: UpstreamPostgres) -> dict[str, Any]:
    """libpq's words for it. Never a certificate that happens to lie in somebody's home."""
    if upstream.tls == "disable":
        return {"sslmode": "disable"}
    told = {"sslmode": upstream.tls, "sslrootcert": str(upstream.ca or "system")}
    told["sslnegotiation"] = "direct" if upstream.direct_tls else "postgres"
    if upstream.certificate is None or upstream.key is None:
        return {**told, "sslcertmode": "disable"}
    told |= {"sslcert": str(upstream.certificate), "sslkey": str(upstream.key)}
    return {**told, "sslcertmode": "require" if upstream.login == "certificate" else "allow"}
