"""What a snapshot tells of expressions, view queries, types and routines, as the server prints them."""

from __future__ import annotations

import psycopg
import pytest
from tests.postgres_fixture import Database

from interlock.model.snapshot import Argument, Column, Relation, Routine, Snapshot, UserType
from interlock.upstreams.postgres import load_snapshot, load_temporary

INT, TEXT, BIGINT = 23, 25, 20


async def _loaded(database: Database, *statements: str) -> Snapshot:
    database.execute(*statements)
    return await load_snapshot(database.upstream)


def _relation(snapshot: Snapshot, name: str) -> Relation:
    return snapshot.by_name["public", name]


def _type(snapshot: Snapshot, name: str) -> UserType:
    (found,) = [t for t in snapshot.user_types if t.name == name]
    return found


def _routine(snapshot: Snapshot, name: str) -> Routine:
    (found,) = snapshot.routines_by_name[name]
    return found


async def test_defaults_and_generated_columns_are_printed(empty_database: Database) -> None:
    snapshot = await _loaded(
        empty_database,
        "CREATE FUNCTION made() RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$",
        "CREATE TABLE t (a int, b int DEFAULT 7, c text DEFAULT made(), d int GENERATED ALWAYS AS (a + 1) STORED)",
    )
    told = {c.name: (c.default, c.generated) for c in _relation(snapshot, "t").columns}
    assert told == {"a": ("", False), "b": ("7", False), "c": ("public.made()", False), "d": ("(a + 1)", True)}


async def test_views_tell_their_queries_with_every_name_in_full(empty_database: Database) -> None:
    snapshot = await _loaded(
        empty_database,
        "CREATE TABLE t (a int, b text)",
        "CREATE VIEW v AS SELECT a, upper(b) AS u FROM t WHERE a > 3",
        "CREATE MATERIALIZED VIEW m AS SELECT b FROM t",
    )
    query = _relation(snapshot, "v").query
    assert "FROM public.t" in query
    assert "upper(b)" in query
    assert "FROM public.t" in _relation(snapshot, "m").query
    assert _relation(snapshot, "t").query == ""


async def test_row_types_and_arrays_of_them_are_known(empty_database: Database) -> None:
    snapshot = await _loaded(empty_database, "CREATE TABLE t (gone int, a int, b text)", "ALTER TABLE t DROP gone")
    t = _relation(snapshot, "t")
    row = snapshot.types_by_oid[t.row_type]
    assert (row.schema, row.name, row.kind, row.attributes) == ("public", "t", "c", t.columns)
    array = _type(snapshot, "_t")
    assert (array.kind, array.element) == ("b", t.row_type)
    assert [c.number for c in row.attributes] == [2, 3]


async def test_domains_composites_enums_and_ranges_are_known(empty_database: Database) -> None:
    snapshot = await _loaded(
        empty_database,
        "CREATE DOMAIN code AS text CHECK (value <> '')",
        "CREATE DOMAIN narrow AS code",
        "CREATE TYPE pair AS (first int, second code)",
        "CREATE TYPE mood AS ENUM ('good', 'bad')",
        "CREATE TYPE span AS RANGE (subtype = int)",
    )
    code, narrow, pair = _type(snapshot, "code"), _type(snapshot, "narrow"), _type(snapshot, "pair")
    assert (code.kind, code.element) == ("d", TEXT)
    assert (narrow.kind, narrow.element) == ("d", code.oid)
    assert (pair.kind, pair.element) == ("c", 0)
    assert pair.attributes == (Column(1, "first", INT), Column(2, "second", code.oid))
    assert (_type(snapshot, "mood").kind, _type(snapshot, "span").kind) == ("e", "r")
    assert _type(snapshot, "_pair").element == pair.oid
    assert _type(snapshot, "_mood").element == _type(snapshot, "mood").oid


async def test_routines_are_known_whole(empty_database: Database) -> None:
    snapshot = await _loaded(
        empty_database,
        "CREATE TABLE t (a int, b text)",
        "CREATE FUNCTION plain(int, x text DEFAULT 'y') RETURNS SETOF t LANGUAGE sql STABLE AS $$ SELECT * FROM t $$",
        "CREATE FUNCTION outs(a int, OUT b int, INOUT c text, VARIADIC d int[]) LANGUAGE plpgsql"
        " SET search_path = public AS $$ BEGIN b := a; END $$",
        "CREATE FUNCTION tabled(n int) RETURNS TABLE (k int, v text) LANGUAGE sql IMMUTABLE AS $$ SELECT n, 'v' $$",
        "CREATE FUNCTION modern(n int) RETURNS int LANGUAGE sql RETURN n + 1",
        "CREATE PROCEDURE act(n int) LANGUAGE sql BEGIN ATOMIC INSERT INTO t VALUES (n, 'x'); END",
        "CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int)",
    )
    plain = _routine(snapshot, "plain")
    assert plain.arguments == (Argument("", INT), Argument("x", TEXT))
    assert (plain.kind, plain.language, plain.volatility) == ("f", "sql", "s")
    assert (plain.returns, plain.returns_set) == (_relation(snapshot, "t").row_type, True)
    assert (plain.body.strip(), plain.standard_body, plain.settings) == ("SELECT * FROM t", False, ())
    outs = _routine(snapshot, "outs")
    assert [(a.name, a.mode) for a in outs.arguments] == [("a", "i"), ("b", "o"), ("c", "b"), ("d", "v")]
    assert outs.settings == ("search_path=public",)
    assert outs.volatility == "v"
    tabled = _routine(snapshot, "tabled")
    assert [(a.name, a.mode, a.type_oid) for a in tabled.arguments] == [
        ("n", "i", INT),
        ("k", "t", INT),
        ("v", "t", TEXT),
    ]
    modern, act = _routine(snapshot, "modern"), _routine(snapshot, "act")
    assert (modern.body, modern.standard_body) == ("RETURN (n + 1)", True)
    assert act.kind == "p"
    assert act.standard_body
    assert "INSERT INTO public.t" in act.body
    assert _routine(snapshot, "total").kind == "a"


async def test_routines_of_extensions_count_like_any_others(empty_database: Database) -> None:
    snapshot = await _loaded(
        empty_database,
        "CREATE FUNCTION theirs() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER EXTENSION plpgsql ADD FUNCTION theirs()",
    )
    assert _routine(snapshot, "theirs").body == "SELECT 1"
    assert snapshot.functions == {"theirs"}


CHANGES = {
    "row type": ("CREATE TABLE t (a int)", "DROP TABLE t; CREATE TABLE t (a int)"),
    "attribute": ("CREATE TYPE pair AS (a int)", "ALTER TYPE pair ADD ATTRIBUTE b int"),
    "attribute's type": ("CREATE TYPE pair AS (a int)", "ALTER TYPE pair ALTER ATTRIBUTE a TYPE bigint"),
    "same function made again": (
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DROP FUNCTION f(); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ),
    "argument's default": (
        "CREATE FUNCTION f(a int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT a'",
        "CREATE OR REPLACE FUNCTION f(a int DEFAULT 2) RETURNS int LANGUAGE sql AS 'SELECT a'",
    ),
    "domain's length": (
        "CREATE DOMAIN d AS varchar(3)",
        "DROP DOMAIN d; CREATE DOMAIN d AS varchar(4)",
    ),
    "name of a column's type": ("CREATE TYPE a AS ENUM ('x'); CREATE TABLE t (m a)", "ALTER TYPE a RENAME TO b"),
    "trigger of another": (
        "CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
        "CREATE TABLE t (a int PRIMARY KEY); CREATE TABLE u (a int REFERENCES t ON DELETE CASCADE)",
        "CREATE TRIGGER x AFTER DELETE ON u FOR EACH ROW EXECUTE FUNCTION g()",
    ),
}


@pytest.mark.parametrize(("before", "after"), CHANGES.values(), ids=CHANGES.keys())
async def test_whatever_it_tells_is_in_its_version(empty_database: Database, before: str, after: str) -> None:
    first = await _loaded(empty_database, before)
    second = await _loaded(empty_database, after)
    assert first.version != second.version


async def test_equal_columns_are_one_object(empty_database: Database) -> None:
    snapshot = await _loaded(
        empty_database,
        "CREATE TABLE p (a int, b text) PARTITION BY LIST (a)",
        "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)",
        "CREATE TABLE other (a int, c text)",
    )
    parent, child, other = (_relation(snapshot, name) for name in ("p", "p1", "other"))
    assert parent.columns is child.columns
    assert parent.columns[0] is other.columns[0]


async def test_more_rows_than_are_taken_at_once(empty_database: Database) -> None:
    wide = ", ".join(f"c{n} int" for n in range(800))
    snapshot = await _loaded(empty_database, *(f"CREATE TABLE t{n} ({wide})" for n in range(8)))
    assert [len(r.columns) for r in snapshot.relations] == [800] * 8
    assert [c.number for c in _relation(snapshot, "t7").columns] == list(range(1, 801))


async def test_a_sessions_own_temporary_relations(empty_database: Database) -> None:
    empty_database.execute("CREATE TABLE t (a int)")
    info = empty_database.upstream
    async with await psycopg.AsyncConnection.connect(
        empty_database.server.conninfo(info.database), autocommit=True
    ) as connection:
        assert await load_temporary(connection) == ()
        await connection.execute("CREATE TEMP TABLE mine (id serial, ssn text DEFAULT 'x')")
        await connection.execute("CREATE TEMP VIEW seen AS SELECT ssn FROM mine")
        found = {r.name: r for r in await load_temporary(connection)}
        row = await (await connection.execute("SELECT pg_my_temp_schema()::int")).fetchone()
        assert row is not None
        async with await psycopg.AsyncConnection.connect(
            empty_database.server.conninfo(info.database), autocommit=True
        ) as other:
            assert await load_temporary(other) == ()
            told = await load_temporary(other, row[0])
            assert [(r.oid, r.name, r.schema) for r in told] == [(r.oid, r.name, r.schema) for r in found.values()]
        path = await (await connection.execute("SHOW search_path")).fetchone()
    assert set(found) == {"mine", "mine_id_seq", "seen"}
    assert found["mine"].schema.startswith("pg_temp_")
    assert [(c.name, c.type_oid, c.default) for c in found["mine"].columns][1] == ("ssn", TEXT, "'x'::text")
    assert "FROM mine" in found["seen"].query
    assert found["seen"].row_type > 0
    assert path == ('"$user", public',)
    assert await load_snapshot(empty_database.upstream)
