"""DDL texts to snapshots: what is understood, and what is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.postgres_fixture import Database

from interlock.errors import NotUnderstood
from interlock.model.snapshot import Relation, Snapshot
from interlock.sql.ddl import snapshot_of
from interlock.sql.ddl.cutting import pieces
from interlock.upstreams.postgres import load_snapshot

INT, TEXT, INT8 = 23, 25, 20


def made(text: str) -> Snapshot:
    return snapshot_of(text.encode())


def table(text: str, name: str, schema: str = "public") -> Relation:
    return made(text).by_name[schema, name]


def columns(relation: Relation) -> list[tuple[int, str, int]]:
    return [(c.number, c.name, c.type_oid) for c in relation.columns]


def test_a_table_with_its_columns() -> None:
    found = table("CREATE TABLE t (id serial PRIMARY KEY, a text[] NOT NULL, b bigint DEFAULT 3, CHECK (b > 0));", "t")
    assert columns(found) == [(1, "id", INT), (2, "a", 1009), (3, "b", INT8)]
    assert (found.kind, found.hidden_effects) == ("r", False)
    assert [c.default for c in found.columns] == ["nextval('')", "", "3"]


def test_generated_columns_and_computed_defaults() -> None:
    found = table(
        "create function f() returns int language sql as 'select 1';"
        "create table t (a text, b text generated always as (lower(a) || 'x') stored, c int default (1) + f(), d int)",
        "t",
    )
    assert [(c.generated, c.default) for c in found.columns] == [
        (False, ""),
        (True, "(lower(a) || 'x')"),
        (False, '(1) + "public".f()'),
        (False, ""),
    ]
    assert found.hidden_effects


def test_like_inherits_and_partitions() -> None:
    known = made("""
        create table base (a int, b text default 'x', c int generated always as (a + 1) stored);
        create table alike (z int, like base);
        create table full_like (like base including all);
        create table child (d date) inherits (base);
        create table parted (a int, k text) partition by list (k);
        create table part partition of parted for values in ('x');
        create table later (a int, k text);
        alter table parted attach partition later for values in ('y');
    """)
    names = {name: [c.name for c in r.columns] for (_, name), r in known.by_name.items()}
    assert names["alike"] == ["z", "a", "b", "c"]
    assert names["child"] == ["a", "b", "c", "d"]
    assert names["part"] == ["a", "k"]
    assert not known.by_name["public", "alike"].columns[3].generated
    assert known.by_name["public", "full_like"].columns[2].generated
    parted = known.by_name["public", "parted"]
    assert (parted.kind, set(parted.children)) == (
        "p",
        {known.by_name["public", "part"].oid, known.by_name["public", "later"].oid},
    )
    assert known.by_name["public", "base"].children == (known.by_name["public", "child"].oid,)


def test_numbers_are_not_given_out_twice() -> None:
    found = table("create table t (a int, b int, c int); alter table t drop column b, add column d text", "t")
    assert columns(found) == [(1, "a", INT), (3, "c", INT), (4, "d", TEXT)]


def test_renames_moves_and_drops() -> None:
    known = made("""
        create schema s; create table t (a int); create table gone (a int); create sequence q;
        alter table t rename column a to b; alter table t rename to u; alter table u set schema s;
        drop table gone; drop table if exists never;
    """)
    assert set(known.by_name) == {("s", "u"), ("public", "q")}
    assert [c.name for c in known.by_name["s", "u"].columns] == ["b"]


def test_types() -> None:
    known = made(
        """
        create type pair as (x int, y text[]); create type mood as enum ('a', 'b'); create domain ssn as text;
        create type span as range (subtype = float8);
        create table t (p pair, m mood[], d ssn, s span, r t2.a%type, v varchar(3), "char" "char");
    """.replace("t2.a%type", "int")
    )
    kinds = {t.name: t for t in known.user_types}
    assert [(kinds[n].kind, kinds[n].element) for n in ("pair", "mood", "ssn", "span")] == [
        ("c", 0),
        ("e", 0),
        ("d", TEXT),
        ("r", 701),
    ]
    assert [(a.name, a.type_oid) for a in kinds["pair"].attributes] == [("x", INT), ("y", 1009)]
    found = known.by_name["public", "t"]
    assert [c.type_oid for c in found.columns] == [
        kinds["pair"].oid,
        kinds["_mood"].oid,
        kinds["ssn"].oid,
        kinds["span"].oid,
        INT,
        1043,
        18,
    ]
    assert kinds["t"].oid == found.row_type
    assert kinds["_t"].element == found.row_type
    assert {"pair", "_pair", "ssn", "t"} <= known.types


def test_routines() -> None:
    known = made("""
        create schema s; create table t (a int, b text);
        create function f(a int, out b text, variadic c int[] default '{}') returns text language sql stable
          set search_path = s, public as $$ select 'x' $$;
        create function g() returns table (x int, y text) begin atomic select a, b from t; end;
        create function h(n int) returns setof t return (select t from t limit n);
        create or replace function h(m int) returns setof t language plpgsql as 'begin return; end';
        create procedure p(inout n int) language plpgsql as $$ begin n := 1; end $$;
        create aggregate total (int) (sfunc = int4pl, stype = int);
        create operator s.=== (leftarg = int, rightarg = int, function = int4eq);
        create cast (text as int) with inout;
    """)
    by_name = {name: found[0] for name, found in known.routines_by_name.items()}
    f = by_name["f"]
    assert [(a.name, a.type_oid, a.mode) for a in f.arguments] == [("a", INT, "i"), ("b", TEXT, "o"), ("c", 1007, "v")]
    assert (f.language, f.volatility, f.settings, f.body) == ("sql", "s", ("search_path=s, public",), " select 'x' ")
    g = by_name["g"]
    assert (g.standard_body, g.returns_set, g.returns) == (True, True, 2249)
    assert g.body == 'BEGIN ATOMIC select a, b from "public".t; END'.replace("BEGIN ATOMIC", "begin atomic").replace(
        "END", "end"
    )
    assert [a.mode for a in g.arguments] == ["t", "t"]
    assert (by_name["h"].language, len(known.routines_by_name["h"])) == ("plpgsql", 1)
    assert (by_name["p"].kind, by_name["p"].returns, by_name["total"].kind) == ("p", INT, "a")
    assert known.operators == {"==="}
    assert known.casts
    assert known.functions == {"f", "g", "h", "p", "total"}


def test_what_makes_more_happen_than_a_text_shows() -> None:
    known = made("""
        create table a (id int primary key); create table b (id int); create table c (id int);
        create table plain (id int primary key);
        create table refers (a int references a on delete cascade);
        create table keeps (a int references plain);
        create function f() returns trigger language plpgsql as 'begin return new; end';
        create trigger tr before insert on b for each row execute function f();
        create policy p on c using (id > 0);
        create view v as select 1 as one;
    """)
    hidden = {name: r.hidden_effects for (_, name), r in known.by_name.items() if name != "v"}
    assert hidden == {"a": True, "b": True, "c": True, "plain": False, "refers": False, "keeps": False}


def test_the_search_path_decides_where_things_are_made_and_found() -> None:
    known = made("""
        create schema x; create schema y; set search_path to x, y; create table t (a int);
        set search_path = y, x; create table u (like t);
    """)
    assert set(known.by_name) == {("x", "t"), ("y", "u")}
    assert known.search_path == ("y", "x")


def test_what_pg_dump_writes_around() -> None:
    known = made("""--
-- PostgreSQL database dump
--
\\restrict abc
SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET default_tablespace = '';
CREATE TABLE public.t (a integer, b text DEFAULT 'it''s;'::text);
ALTER TABLE public.t OWNER TO somebody;
COPY public.t (a, b) FROM stdin;
1\tone'; DROP TABLE t; --
\\.
SELECT pg_catalog.setval('public.q', 3, true);
ALTER TABLE ONLY public.t ADD CONSTRAINT t_pkey PRIMARY KEY (a);
GRANT SELECT ON TABLE public.t TO somebody;
\\unrestrict abc
""")
    assert [c.name for c in known.by_name["public", "t"].columns] == ["a", "b"]
    assert known.search_path == ("public",)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("create table t (a int);\n\n do $$ begin end $$;", 3, "a DO block"),
        ("create table t (a citext)", 1, 'the type "citext"'),
        ("\nselect create_hypertable('t')", 2, "a query other than"),
        ("create extension postgis", 1, "an extension"),
        ("set standard_conforming_strings = off", 1, "standard_conforming_strings"),
        ("create temp table t (a int)", 1, "temporary"),
        ("create table t (a int); create table t (a int)", 1, "there already"),
        ("alter table t add column a int", 1, "hasn't made"),
        ("create table t (a int;\n select 1", 1, "isn't SQL"),
        ("create table t as execute p", 1, "isn't a query"),
        ("select pg_catalog.set_config('search_path', '', false); create table t (a int)", 1, "no schema"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_its_line(text: str, line: int, what: str) -> None:
    with pytest.raises(NotUnderstood) as refused:
        made(text)
    assert refused.value.sentence.startswith(f"line {line}: ")
    assert what in refused.value.sentence


def test_what_is_there_already_may_be() -> None:
    assert made("create table if not exists t (a int); create table if not exists t (b int)") is not None
    assert made(
        "create extension if not exists pgcrypto; create extension citext schema public; create table t (a citext)"
    )


def test_texts_are_cut_as_psql_cuts_them() -> None:
    text = b"""-- a; b
select 'x;''y', E'\\';', "a;b", $q$;$$;$q$ /* ; /* ; */ ; */, (1;2);
\\echo ; nothing
;;
create function f() returns int begin atomic select case when true then 1 end; select 2; end; select 3"""
    found = list(pieces(text))
    assert [(p.line, p.text[:15]) for p in found] == [
        (2, b"select 'x;''y',"),
        (5, b"create function"),
        (5, b"select 3"),
    ]


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text("();'\"$\\/*-\n abcCREATEtableselect,", max_size=80).map(str.encode))
def test_any_bytes_give_a_snapshot_or_are_refused(text: bytes) -> None:
    try:
        assert snapshot_of(text).search_path is not None
    except NotUnderstood as refused:
        assert refused.sentence.startswith("line ")


def test_equal_texts_have_equal_versions_and_others_do_not() -> None:
    one, other = "create table t (a int)", "create table t (a text)"
    assert made(one).version == made(one).version != made(other).version


def test_what_schemas_are_full_of_is_followed() -> None:
    """Statements of every kind that stands in schemas, most of which leave columns as they are."""
    known = snapshot_of((Path(__file__).parent / "shop.sql").read_bytes())
    names = {r.qualified: "".join(r.kind) for r in known.relations}
    assert {n.partition(".")[2]: k for n, k in names.items() if k not in "S"} == {
        "film": "r",
        "pay": "p",
        "pay1": "p",
        "payd": "r",
        "place": "r",
        "ft": "f",
        "mv": "m",
        **dict.fromkeys(("v", "w", "x", "unionv", "vv"), "v"),
    }
    assert known.search_path == ("shop", "public")
    assert [c.name for c in known.by_name["public", "x"].columns] == ["c", "b"]
    assert [c.name for c in known.by_name["public", "pay1"].columns] == ["id", "at", "z"]
    assert known.by_name["public", "pay"].children == (known.by_name["public", "pay1"].oid,)


@pytest.mark.parametrize(
    ("change", "left"),
    [
        ("alter table t add column c int", {"named", "counted"}),
        ("alter table t rename column b to c", set()),
        ("alter table t rename to u", set()),
        ("alter table other rename column a to c", {"named", "starred", "counted"}),
    ],
)
def test_a_view_of_what_changed_is_not_read_by_its_old_text(change: str, left: set[str]) -> None:
    known = made(f"""
        create table t (a int, b int); create table other (a int);
        create view named as select a, b from t; create view starred as select * from t;
        create view counted as select count(*) as n from t; {change};
    """)
    assert {r.name for r in known.relations if r.query} == left


REWRITING = """
CREATE FUNCTION f(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE DOMAIN checked AS text CHECK (f(VALUE) = VALUE);
CREATE DOMAIN plain AS text DEFAULT 'x' CHECK (VALUE <> '');
CREATE TYPE holding AS (a int, b checked[]);
CREATE TABLE no_stamped (id serial PRIMARY KEY, at timestamptz DEFAULT now(), p plain, u text DEFAULT upper('x'));
CREATE TABLE no_made (id int GENERATED ALWAYS AS IDENTITY, a text, b text GENERATED ALWAYS AS (upper(a)) STORED);
CREATE TABLE no_parted (id int) PARTITION BY LIST (id);
CREATE TABLE no_parted_one PARTITION OF no_parted DEFAULT;
CREATE TABLE no_referred (id int PRIMARY KEY);
CREATE TABLE no_referring (id int REFERENCES no_referred ON DELETE CASCADE CHECK (id > 0));
CREATE TABLE is_triggered (id int); CREATE TRIGGER g BEFORE INSERT ON is_triggered FOR EACH ROW EXECUTE FUNCTION t();
CREATE TABLE is_ruled (id int); CREATE RULE r AS ON DELETE TO is_ruled DO INSTEAD NOTHING;
CREATE TABLE is_guarded (id int); ALTER TABLE is_guarded ENABLE ROW LEVEL SECURITY;
CREATE TABLE is_default (a text DEFAULT f('x'));
CREATE TABLE is_checked (a text CHECK (f(a) = a));
CREATE TABLE is_checked_too (LIKE is_checked INCLUDING ALL);
CREATE TABLE is_checked_heir () INHERITS (is_checked);
CREATE TABLE is_added (a text); ALTER TABLE is_added ADD CHECK (f(a) = a);
CREATE TABLE is_indexed (a text); CREATE INDEX ON is_indexed (f(a));
CREATE TABLE is_domain (a checked);
CREATE TABLE is_composed (a holding);
CREATE TABLE is_keyed (a text) PARTITION BY LIST (f(a));
CREATE TABLE is_keyed_one PARTITION OF is_keyed DEFAULT;
CREATE TABLE is_referred (id int PRIMARY KEY);
CREATE TABLE is_referring (id int REFERENCES is_referred ON DELETE SET NULL);
CREATE TRIGGER g AFTER UPDATE ON is_referring FOR EACH ROW EXECUTE FUNCTION t();
CREATE TABLE is_above (id int) PARTITION BY LIST (id);
CREATE TABLE is_above_one PARTITION OF is_above DEFAULT;
CREATE TRIGGER g BEFORE INSERT ON is_above_one FOR EACH ROW EXECUTE FUNCTION t();
"""


def test_where_users_code_runs_on_writes() -> None:
    known = snapshot_of(REWRITING.encode())
    tables = [r for r in known.relations if r.kind in ("r", "p")]
    assert {r.name for r in tables if r.rewrites} == {r.name for r in tables if r.name.startswith("is_")}


async def test_the_server_says_the_same(empty_database: Database) -> None:
    empty_database.execute(REWRITING)
    known = await load_snapshot(empty_database.upstream)
    tables = [r for r in known.relations if r.kind in ("r", "p")]
    assert {r.name for r in tables if r.rewrites} == {r.name for r in tables if r.name.startswith("is_")}
