"""The query behind a definitions mark: one hash over the identity and version of every catalog row that counts.

A catalog row's xmin changes whenever the row is rewritten, so reading (key, xmin) of all rows notices every committed
change without reading the definitions. Temporary and TOAST objects are left out: they come and go all day.
"""

# ruff: noqa: S608  every piece is a constant of this file

from __future__ import annotations

_LASTING = "nspname NOT LIKE 'pg\\_temp\\_%' AND nspname NOT LIKE 'pg\\_toast%'"
_LASTING_SCHEMA = f"IN (SELECT oid FROM pg_catalog.pg_namespace WHERE {_LASTING})"
_LASTING_RELATION = f"IN (SELECT oid FROM pg_catalog.pg_class WHERE relnamespace {_LASTING_SCHEMA})"

_SENT = {"attnum": "int2send", "xmin": "xidsend"}  # every other column of a key is an oid

# (catalog, its key, which rows count)
_CATALOGS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("pg_namespace", ("oid",), _LASTING),
    ("pg_class", ("oid",), f"relnamespace {_LASTING_SCHEMA}"),
    ("pg_attribute", ("attrelid", "attnum"), f"attnum > 0 AND attrelid {_LASTING_RELATION}"),
    ("pg_attrdef", ("oid",), f"adrelid {_LASTING_RELATION}"),
    ("pg_constraint", ("oid",), f"conrelid = 0 OR conrelid {_LASTING_RELATION}"),
    ("pg_inherits", ("inhrelid", "inhparent"), f"inhrelid {_LASTING_RELATION}"),
    ("pg_trigger", ("oid",), f"tgrelid {_LASTING_RELATION}"),
    ("pg_rewrite", ("oid",), f"ev_class {_LASTING_RELATION}"),
    ("pg_policy", ("oid",), "true"),
    ("pg_proc", ("oid",), f"pronamespace {_LASTING_SCHEMA}"),
    ("pg_operator", ("oid",), f"oprnamespace {_LASTING_SCHEMA}"),
    ("pg_type", ("oid",), f"typnamespace {_LASTING_SCHEMA}"),
    ("pg_enum", ("oid",), "true"),
    ("pg_cast", ("oid",), "true"),
    ("pg_event_trigger", ("oid",), "true"),
    ("pg_db_role_setting", ("setdatabase", "setrole"), "true"),
    ("pg_auth_members", ("roleid", "member", "grantor"), "true"),
)


def _rows_of(catalog: str, key: tuple[str, ...], condition: str) -> str:
    """One text for a whole catalog, `name hash`, over key and xmin of each row in the order of the keys.

    Both are hashed as their binary forms, which are of one width in a catalog: texts took half as long again, and
    every release waits for this. NULL, so left out, where there is no row.
    """
    row = " || ".join(f"pg_catalog.{_SENT.get(column, 'oidsend')}(x.{column})" for column in (*key, "xmin"))
    order = ", ".join(f"x.{column}" for column in key)
    return (
        f"SELECT '{catalog} ' || pg_catalog.encode(pg_catalog.sha256(pg_catalog.string_agg({row}, ''::bytea"
        f" ORDER BY {order})), 'hex') AS rows FROM pg_catalog.{catalog} x WHERE {condition}"
    )


# pg_roles is a view and has no xmin; what a role may do and the effective search_path are read as they are.
_ROLES = """
SELECT 'roles ' || pg_catalog.string_agg(
         pg_catalog.concat_ws('.', x.oid, x.rolname, x.rolsuper, x.rolreplication, x.rolbypassrls, x.rolcreaterole),
         ',' ORDER BY x.oid)
  FROM pg_catalog.pg_roles x
"""
_SEARCH_PATH = """
SELECT 'search_path ' || pg_catalog.current_setting('search_path') || pg_catalog.current_schemas(false)::text
"""

MARK = f"""
SELECT pg_catalog.encode(
         pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.string_agg(m.rows, ';' ORDER BY m.rows), 'UTF8')), 'hex')
  FROM ({" UNION ALL ".join([*(_rows_of(*catalog) for catalog in _CATALOGS), _ROLES, _SEARCH_PATH])}) m
"""
