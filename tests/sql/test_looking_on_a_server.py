"""What is told to be clean, on a real server: no text of a definition is in it, however the query is put together."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.postgres_fixture import ClinicDatabase

from interlock.masking.rules.definition import says_names_alone
from interlock.model.snapshot import Snapshot
from interlock.sql.session_state import SessionState
from interlock.sql.statement import analyse

CANARY = "kanarie"
STATE = SessionState(("public",), "gate")
EMPTY = Snapshot("v", 180004, (), frozenset(), frozenset(), frozenset(), ("public",))
DEFINITIONS = f"""
CREATE TYPE pg_temp.moods AS ENUM ('{CANARY}');
CREATE TABLE pg_temp.defined (x text DEFAULT '{CANARY}' CHECK (x <> '{CANARY}'));
COMMENT ON TABLE pg_temp.defined IS '{CANARY}';
CREATE VIEW pg_temp.seen AS SELECT x FROM pg_temp.defined WHERE x = '{CANARY}';
CREATE FUNCTION pg_temp.f(a text DEFAULT '{CANARY}') RETURNS text LANGUAGE sql AS $$ SELECT '{CANARY}' $$;
"""

NAMES = st.sampled_from(["a", "b", "c", "proname", "description"])
BASES = st.sampled_from(
    [
        "SELECT proname::text AS a, prosrc AS b FROM pg_proc WHERE oid >= 16384",
        "SELECT prosrc, proname::text FROM pg_proc WHERE oid >= 16384",
        "SELECT * FROM (SELECT description, objoid::text FROM pg_description WHERE objoid >= 16384) d",
        "SELECT enumlabel::text AS a, enumtypid::text AS b FROM pg_enum",
        "SELECT adrelid::text AS b, pg_get_expr(adbin, adrelid) AS a FROM pg_attrdef",
        "SELECT relname::text AS c, pg_get_viewdef(oid) AS a FROM pg_class WHERE relkind = 'v' AND oid >= 16384",
        "SELECT conname::text AS c, pg_get_constraintdef(oid) AS b FROM pg_constraint WHERE oid >= 16384",
        "SELECT p.proname::text AS a, pg_get_function_arguments(p.oid) AS b FROM pg_proc p WHERE oid >= 16384",
        "SELECT oid::text AS a, to_json(p)::text AS b FROM pg_proc p WHERE oid >= 16384",
        "SELECT 'x'::text AS a, 'y'::text AS b",
    ]
)


@st.composite
def _wrapped(draw: st.DrawFn, below: st.SearchStrategy[str]) -> str:
    """A query of two texts made of other such queries."""
    one, x, y, z = draw(below), draw(NAMES), draw(NAMES), draw(NAMES)
    other = draw(below)
    if x == y:
        y = "other"
    forms = [
        f"SELECT {x} AS {y}, {y} AS {z} FROM ({one}) s({x}, {y})",
        f"SELECT {y}, {x} FROM ({one}) s({x}, {y})",
        f"WITH w({x}, {y}) AS ({one}) SELECT {y}, 'z' AS {z} FROM w",
        f"SELECT * FROM ({one}) s",
        f"SELECT s.*  FROM ({one}) s({x}, {y})",
        f"({one}) UNION ALL ({other})",
        f"SELECT {x}, (SELECT {y} FROM ({other}) t({y}, {z}) LIMIT 1) FROM ({one}) s({x}, rest)",
        f"SELECT max({x}), string_agg({y}, ',') FROM ({one}) s({x}, {y})",
        f"SELECT array_agg({x})::text, count(*)::text AS {z} FROM ({one}) s({x}, {y})",
        f"SELECT s::text AS {x}, 'k' AS {y} FROM ({one}) s",
        f"SELECT row_to_json(s)::text, 'k' FROM ({one}) s",
        f"SELECT coalesce({y}, 'n') AS {x}, CASE WHEN {x} IS NULL THEN 'n' END AS {y} FROM ({one}) s({x}, {y})",
        f"SELECT {x}, l FROM ({one}) s({x}, {y}), LATERAL (SELECT {y} AS l) t",
        f"SELECT u, {x} FROM ({one}) s({x}, {y}), LATERAL unnest(ARRAY[{y}]) AS v(u)",
        f"SELECT t.{z}, s.{x} FROM ({one}) s({x}, {y}) CROSS JOIN ({other}) t({z}, rest)",
    ]
    return draw(st.sampled_from(forms))


QUERIES = st.recursive(BASES, _wrapped, max_leaves=5)


@pytest.fixture(scope="module")
def server(clinic: ClinicDatabase) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A session with definitions that hold the canary, gone with it."""
    with psycopg.connect(clinic.server.conninfo(clinic.name), autocommit=True) as connection:
        for statement in DEFINITIONS.strip().split(";\n"):
            connection.execute(statement.rstrip(";").encode())
        yield connection


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(QUERIES)
def test_no_clean_output_holds_a_definition(server: psycopg.Connection[tuple[object, ...]], query: str) -> None:
    statement = analyse(query.encode(), EMPTY, STATE)
    looking = statement.looking
    try:
        cursor = server.execute(query.encode())
    except psycopg.errors.Error:
        return  # an ambiguous name and the like: nothing comes
    if looking is None:
        assert statement.because or CANARY not in str(cursor.fetchall())
        return
    for at, described in enumerate(cursor.description or ()):
        for row in cursor:
            shown = str(row[at])
            if looking.is_text(at, described.name):
                assert not looking.is_sql(at) or CANARY not in shown or not says_names_alone(shown.encode())
            else:
                assert CANARY not in shown, (at, described.name)
        cursor.scroll(0, mode="absolute")


def test_the_canaries_are_there(server: psycopg.Connection[tuple[object, ...]]) -> None:
    """The queries above would show them: each base but the last does, directly."""
    for base in BASES.elements[:-1]:  # type: ignore[attr-defined]
        assert CANARY in str(server.execute(base.encode()).fetchall()), base
        assert analyse(base.encode(), EMPTY, STATE).looking is not None, base
