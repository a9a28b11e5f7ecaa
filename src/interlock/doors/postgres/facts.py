"""What the upstream session really is: its search path, role and the settings that decide what a text means.

Statements of clients can't change these: such a SET is refused. Code that we can't read can, from inside a view, a
function or a trigger. So the door asks at login, judges texts by the answer, and asks again after every unit that may
have run such code: a session that isn't what it was ends, before anything more is read wrongly in it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from interlock.errors import UpstreamFailed
from interlock.sql.catalogs import FIRST_USER_OID
from interlock.sql.shape import Kind, Statement
from interlock.wire.postgres.backend import MAX_COLUMNS
from interlock.wire.postgres.body import Body

# Reported by the server, and never what a client may change: a new value ends the session wherever it shows up.
FIXED = frozenset(
    {"search_path", "standard_conforming_strings", "client_encoding", "session_authorization", "is_superuser"}
)

SETTINGS = (
    "search_path",
    "standard_conforming_strings",
    "client_encoding",
    "backslash_quote",
    "transform_null_equals",
    "array_nulls",
    "row_security",
    "application_name",
    "role",
    "session_authorization",
)

# Sent with the login, so that no later change of the server's, the database's or the role's defaults reaches us.
PINNED = {
    "client_encoding": "UTF8",
    "standard_conforming_strings": "on",
    "backslash_quote": "safe_encoding",
    "transform_null_equals": "off",
    "array_nulls": "on",
}

# The time in a form that no setting of a client changes.
_CURSORS = (
    "(SELECT pg_catalog.json_object_agg(name, pg_catalog.encode(pg_catalog.timestamptz_send(creation_time), 'hex'))"
    " FROM pg_catalog.pg_cursors)"
)

# Every name is qualified, so that a changed search_path can't answer for us.
QUERY = (
    "SELECT pg_catalog.array_to_json(pg_catalog.current_schemas(false)), current_user, session_user,"
    " pg_catalog.pg_my_temp_schema(), "
    + _CURSORS
    + "".join(f", pg_catalog.current_setting('{name}')" for name in SETTINGS)
).encode()

# Everything that decides what a name of something temporary means, as one line; empty where there is nothing of it.
# Asked only where there is a schema for it. Types of relations' rows follow from the relations.
_MINE = "= pg_catalog.pg_my_temp_schema()"
MARK = f"""
SELECT coalesce(pg_catalog.string_agg(m.told, E'\n' ORDER BY m.told), '') FROM (
  SELECT pg_catalog.format('r %s %s %s %s', c.oid, c.relkind, c.relname, c.relhastriggers) FROM pg_catalog.pg_class c
   WHERE c.relnamespace {_MINE}
  UNION ALL SELECT pg_catalog.format('a %s %s %s %s', a.attrelid, a.attnum, a.attname, a.atttypid)
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
   WHERE c.relnamespace {_MINE} AND a.attnum > 0
  UNION ALL SELECT pg_catalog.format('q %s %s', w.ev_class, pg_catalog.md5(CAST(w.ev_action AS pg_catalog.text)))
    FROM pg_catalog.pg_rewrite w JOIN pg_catalog.pg_class c ON c.oid = w.ev_class WHERE c.relnamespace {_MINE}
  UNION ALL SELECT pg_catalog.format('i %s %s', i.inhrelid, i.inhparent)
    FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid IN (i.inhrelid, i.inhparent)
   WHERE c.relnamespace {_MINE}
  UNION ALL SELECT pg_catalog.format('t %s', t.oid) FROM pg_catalog.pg_type t WHERE t.typnamespace {_MINE}
  UNION ALL SELECT pg_catalog.format('f %s', p.oid) FROM pg_catalog.pg_proc p WHERE p.pronamespace {_MINE}
) AS m (told)
""".encode()  # noqa: S608  every piece is a constant of this file

# What the server reports by itself, and a statement of a client may not have changed on the side.
REPORTED = frozenset(
    {
        "search_path",
        "standard_conforming_strings",
        "client_encoding",
        "session_authorization",
        "is_superuser",
        "application_name",
        "TimeZone",
        "DateStyle",
        "IntervalStyle",
    }
)

_APPLICATION = SETTINGS.index("application_name")
# What a client may set that texts are judged by: after it (effect SearchPath) these are taken as the server tells them.
_ASKED_ANEW = frozenset(SETTINGS.index(name) for name in ("search_path", "row_security", "application_name"))


@dataclass(frozen=True, slots=True)
class Facts:
    """One answer. `schemas` is the search path as it resolves; `temporary` is a digest of what decides the meaning of
    temporary names, empty where there are no temporary objects.

    `cursors`: cursors and named portals by name, with the time that each was made at: code can make another of the
    same name.
    """

    schemas: tuple[str, ...]
    role: str
    login: str
    temporary: str
    settings: tuple[str, ...]
    cursors: Mapping[str, str] = field(default_factory=dict)

    def demand_readable(self) -> None:
        """Raises `UpstreamFailed` when texts would mean something else to the server than to our parser."""
        found = dict(zip(SETTINGS, self.settings, strict=True))
        if self.temporary or any(found[name] != value for name, value in PINNED.items()):
            raise UpstreamFailed("the login's defaults make SQL mean something that isn't judged here")

    def same_but_schemas(self, other: Facts) -> bool:
        """Whether only the schemas that the path resolves to may differ: `"$user"` follows the schemas there are."""
        return self._comparable()[1:] == other._comparable()[1:]

    def same_but_path(self, other: Facts) -> bool:
        """Whether nothing moved but what the client has just set: the search path, or whether row security filters."""
        return self._but_path() == other._but_path()

    def _but_path(self) -> tuple[object, ...]:
        settings = tuple(value for n, value in enumerate(self.settings) if n not in _ASKED_ANEW)
        return (self.role, self.login, self.temporary, settings)

    def same(self, other: Facts) -> bool:
        """Whether nothing moved but what clients may set themselves."""
        return self._comparable() == other._comparable()

    def _comparable(self) -> tuple[object, ...]:
        settings = tuple(value for n, value in enumerate(self.settings) if n != _APPLICATION)
        return (self.schemas, self.role, self.login, self.temporary, settings)


def read_facts(row: bytes) -> Facts:
    """The answer to `QUERY` from its DataRow, where `temporary` only says that there is a schema for it; raises
    `MalformedInput`, `UpstreamFailed`."""
    body = Body(row)
    count = body.u16()
    if count != 5 + len(SETTINGS) or count > MAX_COLUMNS:
        raise UpstreamFailed("the protected system answered a question of ours with another shape")
    values = [(body.value() or b"").decode("utf-8", "replace") for _ in range(count)]
    body.end()
    schemas = tuple(str(name) for name in json.loads(values[0] or "[]"))
    cursors = {str(name): str(made) for name, made in json.loads(values[4] or "{}").items()}
    return Facts(schemas, values[1], values[2], "" if values[3] in ("", "0") else values[3], tuple(values[5:]), cursors)


def read_mark(row: bytes) -> str:
    """The answer to `MARK` from its DataRow, as a digest; raises `MalformedInput`."""
    body = Body(row)
    if body.u16() != 1:
        raise UpstreamFailed("the protected system answered a question of ours with another shape")
    told = body.value() or b""
    body.end()
    return hashlib.sha256(told).hexdigest() if told else ""


def may_run_code(statement: Statement) -> bool:
    """Whether code that we can't read may have run: behind a view, a function, a trigger, a type of a user's.

    Writes always may: defaults and constraints are expressions too, and a changed table brings new ones.
    """
    if statement.because or statement.kind in (Kind.WRITE, Kind.COPY_IN, Kind.SCHEMA, Kind.PRIVILEGE):
        return True
    relations = [touch.relation for touch in statement.touches if touch.relation is not None]
    return any(
        r.hidden_effects or not r.is_base_table or any(c.type_oid >= FIRST_USER_OID for c in r.columns)
        for r in relations
    )
