"""What comes out of users' functions, by their bodies; and what can't be told of them."""

from __future__ import annotations

import pytest

from interlock.model.snapshot import Snapshot
from interlock.sql.ddl import snapshot_of
from interlock.sql.lineage.trace import trace
from interlock.sql.lineage.traced import Lineage
from interlock.sql.parse import parse
from interlock.sql.session_state import SessionState
from interlock.sql.tree import typed

DDL = """
CREATE SCHEMA s;
CREATE TABLE patients (id int, name text, ssn text, mother int);
CREATE TABLE notes (id int, body text);
CREATE TABLE s.notes (id int, hidden text);
CREATE TYPE pair AS (one text, two text);
CREATE FUNCTION last4(p patients) RETURNS text LANGUAGE sql AS $$ SELECT right(p.ssn, 4) $$;
CREATE FUNCTION numbered(int) RETURNS text LANGUAGE sql AS 'SELECT name FROM patients WHERE id = $1';
CREATE FUNCTION named(n int) RETURNS text LANGUAGE sql AS 'SELECT ssn FROM patients WHERE id = named.n';
CREATE FUNCTION masking(name text) RETURNS text LANGUAGE sql AS 'SELECT name FROM notes';
CREATE FUNCTION covered(name text) RETURNS text LANGUAGE sql AS 'SELECT name FROM patients';
CREATE FUNCTION tabled() RETURNS TABLE (a text, b int) LANGUAGE sql AS 'SELECT ssn, id FROM patients';
CREATE FUNCTION pairs() RETURNS SETOF pair LANGUAGE sql AS 'SELECT name, ssn FROM patients';
CREATE FUNCTION paired() RETURNS pair LANGUAGE sql AS 'SELECT ROW(name, ssn)::pair FROM patients';
CREATE FUNCTION rows() RETURNS SETOF patients LANGUAGE sql AS 'SELECT p FROM patients p';
CREATE FUNCTION records() RETURNS SETOF record LANGUAGE sql AS 'SELECT id, ssn FROM patients';
CREATE FUNCTION outs(OUT x text, OUT y text) LANGUAGE sql AS 'SELECT name, ssn FROM patients';
CREATE FUNCTION one_out(OUT x text) LANGUAGE sql AS 'SELECT ssn FROM patients';
CREATE FUNCTION standard(n int) RETURNS text RETURN (SELECT ssn FROM patients WHERE id = n);
CREATE FUNCTION atomic() RETURNS text BEGIN ATOMIC SELECT 'x'; SELECT name FROM patients; END;
CREATE FUNCTION outer_one(n int) RETURNS text LANGUAGE sql AS 'SELECT named(n) || numbered(n)';
CREATE FUNCTION many(VARIADIC v text[]) RETURNS text LANGUAGE sql AS $$ SELECT array_to_string(v, '') $$;
CREATE FUNCTION second(a text, b text) RETURNS text LANGUAGE sql AS 'SELECT b';
CREATE FUNCTION both_kinds(a int) RETURNS text LANGUAGE sql AS 'SELECT name FROM patients';
CREATE FUNCTION both_kinds(a text) RETURNS text LANGUAGE sql AS 'SELECT ssn FROM patients';
CREATE FUNCTION both_kinds(a int, b int) RETURNS text LANGUAGE sql AS 'SELECT body FROM notes';
CREATE FUNCTION some_given(a int) RETURNS text LANGUAGE sql AS 'SELECT name FROM patients';
CREATE FUNCTION some_given(a int DEFAULT 1, b int DEFAULT 2) RETURNS text LANGUAGE sql AS 'SELECT ssn FROM patients';
CREATE FUNCTION pl(n int) RETURNS text LANGUAGE plpgsql AS $$ -- one
  BEGIN RETURN (SELECT ssn FROM patients WHERE id = n); END; $$;
CREATE FUNCTION pl_query() RETURNS TABLE (z text) LANGUAGE plpgsql
  AS 'begin return query select name from patients; end';
CREATE FUNCTION pl_dynamic() RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'select 1'; END $$;
CREATE FUNCTION pl_more(n int) RETURNS int LANGUAGE plpgsql AS 'BEGIN PERFORM 1; RETURN n; END';
CREATE FUNCTION pl_next() RETURNS SETOF int LANGUAGE plpgsql AS 'BEGIN RETURN NEXT 1; END';
CREATE FUNCTION pl_two() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; RETURN 2; END';
CREATE FUNCTION pl_from() RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN name FROM patients WHERE id = 1; END';
CREATE FUNCTION pl_n(next text, n text) RETURNS SETOF text LANGUAGE plpgsql AS 'BEGIN RETURN NEXT n; END';
CREATE FUNCTION pl_caught() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; EXCEPTION WHEN others THEN RETURN 2; END';
CREATE FUNCTION makes() RETURNS text LANGUAGE sql AS $$ SELECT ssn INTO made FROM patients; SELECT 'x' $$;
CREATE FUNCTION s.upper(t pair) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$;
CREATE FUNCTION perl() RETURNS int LANGUAGE plperl AS 'return 1';
CREATE FUNCTION writes(t text) RETURNS text LANGUAGE sql AS 'UPDATE notes SET body = t WHERE id = 1 RETURNING body';
CREATE FUNCTION elsewhere() RETURNS text LANGUAGE sql SET search_path = s AS 'SELECT hidden FROM notes';
CREATE FUNCTION endless(n int) RETURNS int LANGUAGE sql AS 'SELECT endless(n)';
CREATE FUNCTION defaulted(n text DEFAULT current_setting('x')) RETURNS text LANGUAGE sql AS 'SELECT n';
CREATE FUNCTION nothing() RETURNS void LANGUAGE sql AS 'SELECT ssn FROM patients';
CREATE FUNCTION catalogs() RETURNS text LANGUAGE sql AS 'SELECT query FROM pg_stat_activity';
CREATE FUNCTION lower(t pair) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$;
CREATE FUNCTION broken() RETURNS text LANGUAGE sql AS 'SELECT FROM WHERE';
CREATE AGGREGATE gathered (text) (sfunc = textcat, stype = text);
CREATE VIEW by_function AS SELECT last4(p) AS four, standard(p.id) AS five FROM patients p;
"""
KNOWN: Snapshot = snapshot_of(DDL.encode())
PATH = SessionState(("public",), "gate")


def traced(text: str, state: SessionState = PATH) -> Lineage:
    (statement,) = parse(text.encode()).statements
    found = trace(typed(statement), KNOWN, state)
    assert found is not None
    return found


def sources(text: str, state: SessionState = PATH) -> list[tuple[str, set[str]]]:
    found = traced(text, state)
    assert found.opaque == ()
    return [(o.name, {_name(c.relation, c.number) for c in o.sources}) for o in found.outputs]


def _name(relation: int, number: int) -> str:
    known = KNOWN.by_oid[relation]
    prefix = f"{known.qualified}." if known.schema != "public" else f"{known.name}." if known.kind == "v" else ""
    return prefix + next(c.name for c in known.columns if c.number == number)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT last4(p), p.last4 FROM patients p", [("last4", {"ssn"}), ("last4", {"ssn"})]),
        ("SELECT numbered(1)", [("numbered", {"name"})]),
        ("SELECT named(n => 1)", [("named", {"ssn"})]),
        ("SELECT masking(p.ssn) FROM patients p", [("masking", {"ssn"})]),
        ("SELECT covered(p.ssn) FROM patients p", [("covered", {"name"})]),
        ("SELECT * FROM tabled()", [("a", {"ssn"}), ("b", {"id"})]),
        ("SELECT t.b FROM tabled() t", [("b", {"id"})]),
        ("SELECT (pairs()).two", [("two", {"ssn"})]),
        ("SELECT (paired()).one", [("one", {"name", "ssn"})]),
        ("SELECT name, ssn FROM rows()", [("name", {"name"}), ("ssn", {"ssn"})]),
        ("SELECT b FROM records() AS r (a int, b text)", [("b", {"ssn"})]),
        ("SELECT * FROM outs()", [("x", {"name"}), ("y", {"ssn"})]),
        ("SELECT * FROM one_out() AS o", [("x", {"ssn"})]),
        ("SELECT standard(1), atomic()", [("standard", {"ssn"}), ("atomic", {"name"})]),
        ("SELECT outer_one(1)", [("outer_one", {"ssn", "name"})]),
        (
            "SELECT many(name, ssn), many(VARIADIC ARRAY[ssn]) FROM patients",
            [("many", {"name", "ssn"}), ("many", {"ssn"})],
        ),
        ("SELECT second(b => name, a => ssn) FROM patients", [("second", {"name"})]),
        ("SELECT both_kinds(1, 2)", [("both_kinds", {"body"})]),
        ("SELECT pl(1)", [("pl", {"ssn"})]),
        ("SELECT z FROM pl_query()", [("z", {"name"})]),
        ("SELECT elsewhere()", [("elsewhere", {"s.notes.hidden"})]),
        ("SELECT nothing()", [("nothing", set())]),
        ("SELECT pl_from()", [("pl_from", {"name"})]),
        ("SELECT upper(ssn) FROM patients", [("upper", {"ssn"})]),
        (
            "SELECT * FROM by_function",
            [("four", {"ssn", "by_function.four"}), ("five", {"ssn", "by_function.five"})],
        ),
    ],
)
def test_what_a_body_returns(text: str, expected: list[tuple[str, set[str]]]) -> None:
    assert sources(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "SELECT pl_dynamic()",
        "SELECT pl_more(1)",
        "SELECT pl_next()",
        "SELECT pl_two()",
        "SELECT pl_n('x', 'y')",
        "SELECT pl_caught()",
        "SELECT perl()",
        "SELECT endless(1)",
        "SELECT defaulted()",
        "SELECT catalogs()",
        "SELECT lower(ssn) FROM patients",
        "SELECT broken()",
        "SELECT gathered(name) FROM patients",
        "SELECT numbered(1, 2)",
        "SELECT s.numbered(1)",
        "SELECT elsewhere.numbered(1)",
    ],
)
def test_what_cannot_be_told_is_opaque(text: str) -> None:
    found = traced(text)
    assert all(o.opaque for o in found.outputs)
    assert set(found.opaque) >= {o.opaque for o in found.outputs}


def test_any_overload_may_be_meant_that_could_take_the_call() -> None:
    """One with more arguments counts where it has defaults for them."""
    assert sources("SELECT both_kinds(1)") == [("both_kinds", {"name", "ssn"})]
    assert sources("SELECT some_given(1)") == [("some_given", {"name", "ssn"})]
    assert sources("SELECT some_given()") == [("some_given", {"ssn"})]
    assert traced("SELECT both_kinds()").opaque and traced("SELECT many()").opaque


def test_a_body_that_makes_a_table_is_never_passed_over() -> None:
    assert traced("SELECT makes()").opaque


def test_no_output_of_a_function_is_plain() -> None:
    for text in ("SELECT numbered(1)", "SELECT name FROM rows()", "SELECT * FROM tabled()"):
        assert not any(o.plain for o in traced(text).outputs)


def test_what_a_body_tests_and_writes_counts() -> None:
    found = traced("SELECT writes(ssn) FROM patients")
    assert [_name(w.target.relation, w.target.number) for w in found.writes] == ["body"]
    assert {_name(c.relation, c.number) for c in found.writes[0].sources} == {"ssn"}
    assert {_name(f.column.relation, f.column.number) for f in found.filters} == {"id"}
    assert [{_name(c.relation, c.number) for c in o.sources} for o in found.outputs] in ([{"ssn", "body"}], [{"body"}])


def test_constants_of_a_body_are_none_of_the_statements() -> None:
    found = traced("SELECT numbered(1) WHERE 'x' = 'y'")
    assert all(f.literals == () and f.parameters == () for f in found.filters)


def test_the_session_decides_where_names_of_a_string_are_found() -> None:
    assert sources("SELECT body FROM notes") == [("body", {"body"})]
    found = traced("SELECT public.masking('x')", SessionState(("s",), "gate"))
    assert [o.opaque for o in found.outputs] == [""]  # its column isn't there: the name is its argument
    assert all(o.opaque for o in traced("SELECT public.numbered(1)", SessionState(("s",), "gate")).outputs)
    assert sources("SELECT public.standard(1)", SessionState(("s",), "gate")) == [("standard", {"ssn"})]
