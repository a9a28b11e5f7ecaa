"""What a login may do that no statement through the gateway needs: each a way around, or a way to do harm.

Only what the login can use by itself or by its roles counts (`has_..._privilege`, `pg_has_role`), PUBLIC among them.
"""

# ruff: noqa: S608  every piece is a constant of this file

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from interlock.upstreams.connect import MOST_CHARACTERS

MOST_EXAMPLES: Final = 8

_OURS: Final = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
_TABLES: Final = (
    "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    f" WHERE {_OURS} AND c.relkind IN ('r', 'p', 'f', 'v', 'm')"
)
_OWNED: Final = "pg_catalog.pg_has_role(c.relowner, 'USAGE')"


def _tables(right: str) -> str:
    return f"{_TABLES} AND NOT {_OWNED} AND pg_catalog.has_table_privilege(c.oid, '{right}')"


# System functions that initdb takes from PUBLIC (system_functions.sql), or that leave the server.
_DANGEROUS: Final = """
    'pg_read_file', 'pg_read_binary_file', 'pg_ls_dir', 'pg_ls_logdir', 'pg_ls_waldir', 'pg_stat_file', 'lo_import',
    'lo_export', 'pg_reload_conf', 'pg_rotate_logfile', 'pg_switch_wal', 'pg_create_restore_point', 'pg_promote',
    'pg_backup_start', 'pg_backup_stop', 'pg_hba_file_rules', 'pg_show_all_file_settings', 'pg_file_write',
    'pg_log_backend_memory_contexts', 'pg_stat_reset', 'dblink', 'dblink_exec', 'dblink_connect', 'dblink_connect_u',
    'dblink_open', 'dblink_send_query'
"""
_FUNCTIONS: Final = (
    "SELECT pg_catalog.format('%I.%I', n.nspname, p.proname) AS name FROM pg_catalog.pg_proc p"
    " JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace JOIN pg_catalog.pg_language l ON l.oid = p.prolang"
    " WHERE pg_catalog.has_function_privilege(p.oid, 'EXECUTE')"
    " AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')"
)
_DATABASE: Final = (
    "SELECT pg_catalog.quote_ident(pg_catalog.current_database()) AS name"
    " WHERE pg_catalog.has_database_privilege(pg_catalog.current_database(), '{right}')"
)
_GRANTABLE: Final = " OR ".join(
    f"pg_catalog.has_table_privilege(c.oid, '{right} WITH GRANT OPTION')"
    for right in ("SELECT", "INSERT", "UPDATE", "DELETE")
)
_LARGE_OBJECTS: Final = """
SELECT o.oid::text AS name FROM pg_catalog.pg_largeobject_metadata o
 WHERE pg_catalog.pg_has_role(o.lomowner, 'USAGE') OR pg_catalog.current_setting('lo_compat_privileges')::bool
    OR EXISTS (SELECT FROM pg_catalog.aclexplode(o.lomacl) a
                WHERE a.grantee = 0 OR pg_catalog.pg_has_role(a.grantee, 'USAGE'))
"""
_SCHEMAS: Final = (
    f"SELECT pg_catalog.quote_ident(n.nspname) AS name FROM pg_catalog.pg_namespace n WHERE {_OURS}"
    " AND pg_catalog.has_schema_privilege(n.oid, 'CREATE')"
)
_SERVERS: Final = (
    "SELECT pg_catalog.quote_ident(s.srvname) AS name FROM pg_catalog.pg_foreign_server s"
    " WHERE pg_catalog.has_server_privilege(s.oid, 'USAGE')"
)
_ROLE: Final = (
    "SELECT pg_catalog.quote_ident(r.rolname) AS name FROM pg_catalog.pg_roles r"
    " WHERE r.rolname = session_user AND r.rolcreatedb"
)

# (stable name, what it is, what to do, the query of names, the first server_version_num that knows it)
_LOOKS: Final = (
    (
        "owner",
        "owns relations",
        "Let another role own them: an owner may change, drop and grant.",
        f"{_TABLES} AND {_OWNED}",
        0,
    ),
    ("truncate", "may TRUNCATE", "REVOKE TRUNCATE: it is a DELETE without rows to count.", _tables("TRUNCATE"), 0),
    ("references", "has REFERENCES on", "REVOKE REFERENCES.", _tables("REFERENCES"), 0),
    ("trigger", "may make triggers on", "REVOKE TRIGGER: a trigger runs with whoever writes.", _tables("TRIGGER"), 0),
    ("maintain", "has MAINTAIN on", "REVOKE MAINTAIN.", _tables("MAINTAIN"), 170000),
    (
        "grant",
        "may pass on its grants of",
        "REVOKE GRANT OPTION FOR them.",
        f"{_TABLES} AND NOT {_OWNED} AND ({_GRANTABLE})",
        0,
    ),
    ("create", "may CREATE in schemas", "REVOKE CREATE ON SCHEMA, from PUBLIC as well.", _SCHEMAS, 0),
    ("create_schema", "may CREATE schemas in", "REVOKE CREATE ON DATABASE.", _DATABASE.format(right="CREATE"), 0),
    (
        "temporary",
        "may make temporary tables in",
        "REVOKE TEMPORARY ON DATABASE, from PUBLIC as well, unless agents need them.",
        _DATABASE.format(right="TEMP"),
        0,
    ),
    ("create_database", "has CREATEDB", "ALTER ROLE with NOCREATEDB.", _ROLE, 0),
    (
        "large_objects",
        "reaches large objects",
        "No catalog can label these: REVOKE ALL ON LARGE OBJECT.",
        _LARGE_OBJECTS,
        0,
    ),
    (
        "functions",
        "may execute",
        "REVOKE EXECUTE ON FUNCTION: these reach files, the server itself or other servers.",
        f"{_FUNCTIONS} AND p.proname IN ({_DANGEROUS})",
        0,
    ),
    (
        "untrusted",
        "may execute code in untrusted languages",
        "REVOKE EXECUTE ON FUNCTION: these run as the server's user.",
        f"{_FUNCTIONS} AND l.lanispl AND NOT l.lanpltrusted",
        0,
    ),
    ("servers", "may use foreign servers", "REVOKE USAGE ON FOREIGN SERVER.", _SERVERS, 0),
)


@dataclass(frozen=True, slots=True)
class Beyond:
    """One kind of right that is too much. `examples` are names from the server, at most `MOST_EXAMPLES`."""

    name: str
    what: str
    todo: str
    count: int
    examples: tuple[str, ...]


async def look_beyond(connection: AsyncConnection[TupleRow], version: int) -> tuple[Beyond, ...]:
    """Every kind that the login has any of. `version`: the server_version_num."""
    found = []
    for name, what, todo, query, since in _LOOKS:
        if version < since:
            continue
        row = await (await connection.execute(_counted(query))).fetchone()
        assert row is not None
        if row[0]:
            found.append(Beyond(name, what, todo, int(row[0]), tuple(str(each)[:MOST_CHARACTERS] for each in row[1])))
    return tuple(found)


def _counted(query: str) -> bytes:
    counted = (
        "SELECT pg_catalog.count(*)::int8,"
        f" (pg_catalog.array_agg(f.name::text ORDER BY f.name::text))[1:{MOST_EXAMPLES}] FROM ({query}) f"
    )
    return counted.encode()
