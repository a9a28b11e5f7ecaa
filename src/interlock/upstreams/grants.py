"""The SQL with which an administrator makes a login for the gateway: what it needs, and nothing else.

Sources: PostgreSQL manual, CREATE ROLE, GRANT, ALTER DEFAULT PRIVILEGES, chapter 20 (client authentication).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from interlock.errors import InterlockError

MAX_IDENTIFIER: Final = 63  # bytes, NAMEDATALEN less one; the server would cut what is longer, and grant to another

_HEAD: Final = """\
-- For an administrator, in psql on the database {database}: who may make roles and owns these schemas and tables.
-- If the role is there already, write ALTER ROLE in place of CREATE ROLE.
\\set ON_ERROR_STOP on
BEGIN;"""
_ROLE: Final = "CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS;"
_LATER_UNTOLD: Final = """\
-- Tables made later aren't among these. To have them granted as they are made, for each role that makes tables:
--   ALTER DEFAULT PRIVILEGES FOR ROLE owner IN SCHEMA {schema} GRANT {rights} ON TABLES TO {role};"""
_ASK: Final = """\
-- psql asks for the password and sends a SCRAM verifier: it is in no file, history or log.
SET password_encryption = 'scram-sha-256';
\\password {role}"""
_FOOT: Final = """\
-- In pg_hba.conf, above every broader line, with no line of trust or md5 that matches this role (pg_reload_conf after):
--   {kind}  {database}  {role}  GATEWAY_ADDRESS/32  {method}
-- Grant it no other role. Interlock refuses a login with pg_read_all_data, pg_write_all_data, pg_monitor or the like:
-- these reach past the grants above, whatever the schema.
-- What everybody may do, it may as well. Unless your other logins need that:
--   REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC;
--   REVOKE CREATE ON SCHEMA public FROM PUBLIC;  -- granted before PostgreSQL 15"""

_METHODS: Final = {"certificate": "cert"}


@dataclass(frozen=True, slots=True)
class GrantPlan:
    """A login to be made. `creators`: the roles whose tables of later are granted as well. `login` and `tls` as in
    `UpstreamPostgres`."""

    role: str
    database: str
    schemas: tuple[str, ...] = ("public",)
    write: bool = False
    creators: tuple[str, ...] = ()
    login: str = "scram-sha-256"
    tls: str = "verify-full"


def grants_sql(plan: GrantPlan) -> str:
    """The script for psql, without any password. Raises `InterlockError` for a name that no identifier can be."""
    role, database = quoted(plan.role), quoted(plan.database)
    schemas = [quoted(schema) for schema in plan.schemas]
    rights = "SELECT, INSERT, UPDATE, DELETE" if plan.write else "SELECT"
    lines = [
        _HEAD.format(database=database),
        _ROLE.format(role=role),
        f"GRANT CONNECT ON DATABASE {database} TO {role};",
    ]
    for schema in schemas:
        lines.append(f"GRANT USAGE ON SCHEMA {schema} TO {role};")
        lines.append(f"GRANT {rights} ON ALL TABLES IN SCHEMA {schema} TO {role};")
        if plan.write:
            lines.append(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role};  -- for columns that number rows")
    lines += _later(plan, schemas, rights, role)
    lines.append("COMMIT;")
    if plan.login not in ("certificate", "trust"):
        lines.append(_ASK.format(role=role))
    kind, method = "host" if plan.tls == "disable" else "hostssl", _METHODS.get(plan.login, "scram-sha-256")
    lines.append(_FOOT.format(kind=kind, database=database, role=role, method=method))
    return "\n".join(lines) + "\n"


def quoted(name: str) -> str:
    """An identifier in quotes (manual, 4.1.1). Raises `InterlockError` for what can't be one, or breaks a line."""
    if not name or not name.isprintable() or len(name.encode("utf-8", "replace")) > MAX_IDENTIFIER:
        raise InterlockError(
            f"a name of a role, database or schema is of 1 to {MAX_IDENTIFIER} bytes and printable", code="bad_usage"
        )
    return '"' + name.replace('"', '""') + '"'


def _later(plan: GrantPlan, schemas: list[str], rights: str, role: str) -> Iterator[str]:
    if not plan.creators:
        yield _LATER_UNTOLD.format(schema=schemas[0] if schemas else '"public"', rights=rights, role=role)
    for creator in map(quoted, plan.creators):
        for schema in schemas:
            front = f"ALTER DEFAULT PRIVILEGES FOR ROLE {creator} IN SCHEMA {schema} GRANT"
            yield f"{front} {rights} ON TABLES TO {role};"
            if plan.write:
                yield f"{front} USAGE ON SEQUENCES TO {role};"
