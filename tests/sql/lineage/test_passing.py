"""How labels pass through built-ins: the table against itself, its page, and a live server."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import psycopg
import pytest
from tests.sql.lineage.a_page import PAGE, page

from interlock.demo.embedded_postgres import EmbeddedPostgres
from interlock.sql.functions import BUILT_IN_OPERATORS, LISTED, OPAQUE, REFUSED, VOLATILE
from interlock.sql.lineage import passing
from interlock.sql.lineage.passing import Failing, Given, Passing

Server = psycopg.Connection[tuple[object, ...]]

# Texts that a type's input takes, from edge to edge. Everything else gets none, and isn't tried.
_VALUES = {
    "text": ("", "a", "%", "\\", "123-45-6789", "ß" * 20, "{1,2}", "NaN"),
    "bytea": ("", "\\x00", "\\xff00ff"),
    "int4": ("0", "1", "-2147483648", "2147483647"),
    "int8": ("0", "-9223372036854775808", "9223372036854775807"),
    "int2": ("0", "-32768", "32767"),
    "float8": ("0", "-1.5", "1e308", "NaN", "Infinity", "-Infinity"),
    "float4": ("0", "3e38", "NaN", "Infinity"),
    "numeric": ("0", "-1.5", "1e400", "NaN", "Infinity", "-Infinity"),
    "bool": ("t", "f"),
    "date": ("2020-02-29", "infinity", "-infinity", "4713-01-01 BC"),
    "time": ("00:00", "24:00"),
    "timestamp": ("2020-02-29 12:00", "infinity", "294276-12-31", "4713-01-01 BC"),
    "timestamptz": ("2020-02-29 12:00Z", "infinity", "-infinity", "294276-12-31"),
    "interval": ("0", "infinity", "-1 month"),
    "json": ("null", "1", "{}", "[]", '{"a": [1, null]}'),
    "jsonb": ("null", "1", "{}", "[]", '{"a": [1, null]}'),
    "inet": ("10.0.0.1", "10.0.0.0/8", "::1"),
    "cidr": ("10.0.0.0/8", "::1/128"),
    "macaddr": ("08:00:2b:01:02:03",),
    "uuid": ("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
    "bit": ("1", "0"),
    "varbit": ("", "1", "0101"),
    "_text": ("{}", "{a}", "{{a},{NULL}}", "[5:6]={a,b}"),
    "_int4": ("{}", "{1}", "{{1},{2}}", "[5:6]={1,2}"),
    "tsvector": ("", "a:1 b:2A"),
    "tsquery": ("", "a & !b"),
    "int4range": ("empty", "[1,2)", "(,)"),
    "anyelement": ("", "a"),
    "anynonarray": ("", "a"),
    "anycompatible": ("", "a"),
    "any": ("", "a"),
    "anyarray": ("{}", "{a}", "{{a},{b}}"),
    "anycompatiblearray": ("{}", "{a}", "{{a},{b}}"),
    "anyrange": ("empty", "[1,2)", "(,)"),
}
_POLYMORPHIC = {
    "anyelement": "text",
    "anynonarray": "text",
    "anycompatible": "text",
    "any": "text",
    "anyarray": "_text",
    "anycompatiblearray": "_text",
    "anyrange": "int4range",
}
_WITHIN_GROUP = {"cume_dist", "dense_rank", "mode", "percent_rank", "rank"}  # can't be called as others are


@pytest.fixture(scope="module")
def server(postgres: EmbeddedPostgres) -> Iterator[Server]:
    with psycopg.connect(postgres.conninfo("postgres"), autocommit=True) as connection:
        yield connection


def test_the_page_is_written_from_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_name_we_know_has_a_passing() -> None:
    assert {n for n in LISTED | VOLATILE if passing.of(n) in (None, Passing.OPAQUE)} == set()
    assert {n for n in OPAQUE | REFUSED if passing.of(n) is not Passing.OPAQUE} == set()
    assert passing.of("dblink_connect") is Passing.OPAQUE
    assert passing.of("frobnicate") is None


def test_what_releases_nothing_is_little_and_known() -> None:
    nothing = {n for n in LISTED | VOLATILE if passing.of(n) is Passing.RELEASES_NOTHING}
    assert nothing == {"count", "pg_collation_for", "pg_typeof", "row_number"}
    places = {n for n in LISTED | VOLATILE if passing.of(n) is Passing.PLACES}
    assert places == {"rank", "dense_rank", "percent_rank", "cume_dist", "ntile"}


def test_every_name_in_the_tables_of_errors_is_listed() -> None:
    named = passing._NEVER | passing._AT_EDGES | set(passing._BY_SOME)
    assert named <= LISTED | VOLATILE
    assert not passing._NEVER & passing._AT_EDGES
    assert not (passing._NEVER | passing._AT_EDGES) & set(passing._BY_SOME)
    assert passing._OPERATOR_NEVER | passing._OPERATOR_EDGES | passing._PATTERNS | passing._SUMS <= BUILT_IN_OPERATORS


def test_what_we_pass_on_exists_on_the_server_and_is_stable(server: Server) -> None:
    rows = server.execute(
        "select proname::text, array_agg(distinct provolatile::text) from pg_proc"
        " where pronamespace = 'pg_catalog'::regnamespace group by 1"
    ).fetchall()
    volatility = {str(name): found for name, found in rows}
    for name in LISTED:
        assert "v" not in volatility[name]  # type: ignore[operator]  # and it exists


@pytest.mark.parametrize(
    "call",
    ["count({})", "count(distinct {})", "pg_typeof({})", "pg_collation_for({})", "row_number() over (order by {})"],
)
def test_nothing_comes_out_of_what_releases_nothing(server: Server, call: str) -> None:
    """Two canaries of one type give the same answer."""
    answers = {
        server.execute(f"select {call.format('v')}::text from (values ('{canary}'::text)) t(v)".encode()).fetchone()
        for canary in ("123-45-6789", "987-65-4321")
    }
    assert len(answers) == 1


def test_a_rank_of_a_value_gives_the_value_out_so_it_only_places(server: Server) -> None:
    hidden = (
        "select rank(v) within group (order by g) - 1 from (values (417)) t(v), generate_series(0, 999) g group by v"
    )
    assert server.execute(hidden).fetchone() == (417,)


def test_no_value_makes_a_function_fail_that_never_fails(server: Server) -> None:
    """Every overload with every choice of odd values: all fail alike (by types, encodings), or none does."""
    tried, unlike = 0, set()
    for name, call in _calls(server, sorted(n for n in LISTED if passing.failing(n) is Failing.NEVER)):
        if len({_fails(server, c) for c in call}) != 1:
            unlike.add(name)
        tried += 1
    assert unlike == set()
    assert tried > 180


def test_the_neighbours_that_may_fail_do(server: Server) -> None:
    for call in (
        "to_date('x', 'YYYY')",
        "decode('x', 'hex')",
        "repeat('x', 2000000000)",
        "split_part('a', 'b', 0)",
        "substr('abc', 1, -1)",
        "chr(0)",
        "format('%s')",
        "json_build_object(null, 1)",
        "ln(0)",
        "json_array_length('1')",
    ):
        name = call.partition("(")[0]
        assert _fails(server, f"select {call}")
        assert passing.may_fail(name)
        assert passing.may_fail(name, (Given.COMPUTED, Given.COMPUTED, Given.COMPUTED))


def test_constants_hold_a_function_that_fails_by_some() -> None:
    assert not passing.may_fail("to_char", (Given.COLUMN, Given.CONSTANT))
    assert passing.may_fail("to_char", (Given.CONSTANT, Given.COLUMN))
    assert not passing.may_fail("date_trunc", (Given.CONSTANT, Given.COMPUTED))
    assert not passing.may_fail("to_date", (Given.CONSTANT, Given.CONSTANT))
    assert passing.may_fail("to_date", (Given.COLUMN, Given.CONSTANT))
    assert not passing.may_fail("jsonb_build_object", (Given.CONSTANT, Given.COLUMN) * 3)
    assert passing.may_fail("jsonb_build_object", (Given.CONSTANT, Given.COLUMN, Given.COLUMN, Given.COLUMN))
    assert passing.may_fail("to_char")
    assert passing.may_fail("somebodys_own", (Given.COLUMN,))


def test_sums_of_columns_cannot_be_steered_and_others_can() -> None:
    assert not passing.may_fail("sum", (Given.COLUMN,))
    assert passing.may_fail("sum", (Given.COMPUTED,))
    assert not passing.operator_may_fail("*", Given.COLUMN, Given.COLUMN)
    assert passing.operator_may_fail("+", Given.COLUMN, Given.CONSTANT)
    assert passing.operator_may_fail("/", Given.COLUMN, Given.CONSTANT)
    assert not passing.operator_may_fail("/", Given.CONSTANT, Given.CONSTANT)


def test_operators_that_never_fail(server: Server) -> None:
    for op in ("=", "<>", "<", ">=", "->>", "->", "@>", "||"):
        assert not passing.operator_may_fail(op)
    assert passing.operator_may_fail("||", Given.ARRAY, Given.COMPUTED)
    assert _fails(server, "select '{a}'::text[] || '{{a,b}}'::text[]")
    assert passing.operator_may_fail("~~", Given.COLUMN, Given.COLUMN)
    assert _fails(server, "select 'a' ~~ v from (values ('\\')) t(v)")
    assert not passing.operator_may_fail("~~", Given.COLUMN, Given.CONSTANT)
    assert passing.operator_may_fail("%")
    assert passing.operator_may_fail("<#>")


def test_operators_that_never_fail_do_not_on_the_server(server: Server) -> None:
    rows = server.execute(
        "select oprname::text, l.typname::text, r.typname::text from pg_operator"
        " join pg_type l on l.oid = oprleft join pg_type r on r.oid = oprright"
        " where oprnamespace = 'pg_catalog'::regnamespace"
    ).fetchall()
    tried = 0
    for op, left, right in rows:
        if passing.operator_failing(str(op)) is Failing.NEVER and op != "||" and {left, right} <= _VALUES.keys():
            calls = [f"select {a} operator(pg_catalog.{op}) {b}" for a, b in itertools.product(_of(left), _of(right))]
            assert len({_fails(server, c) for c in calls}) == 1, (op, left, right)
            tried += 1
    assert tried > 150


def test_casts_to_text_take_everything(server: Server) -> None:
    for kind in _VALUES.keys() - _POLYMORPHIC.keys():
        for value, target in itertools.product(_of(kind), ("text", "varchar", "bpchar", "name")):
            assert not _fails(server, f"select ({value})::{target}")
            assert not passing.cast_may_fail(target)
    assert passing.cast_may_fail("int4")
    assert passing.cast_may_fail("varbit")


def _calls(server: Server, names: list[str]) -> Iterator[tuple[str, list[str]]]:
    rows = server.execute(
        "select proname::text, prokind::text, array(select t.typname::text"
        " from unnest(proargtypes) with ordinality a(o, n) join pg_type t on t.oid = a.o order by n)"
        " from pg_proc where pronamespace = 'pg_catalog'::regnamespace"
        " and proname = any(%s) and provariadic = 0",
        (names,),
    ).fetchall()
    for name, kind, types in rows:
        assert isinstance(types, list)
        if {str(t) for t in types} <= _VALUES.keys() and str(kind) in ("f", "a") and name not in _WITHIN_GROUP:
            yield str(name), _spelled(str(name), [_of(t) for t in types])


def _spelled(name: str, arguments: list[list[str]]) -> list[str]:
    chosen = itertools.islice(itertools.product(*arguments), 400)
    return [f'select pg_catalog."{name}"({", ".join(values)})' for values in chosen]


def _of(kind: object) -> list[str]:
    named = _POLYMORPHIC.get(str(kind), str(kind))
    quoted = [v.replace("'", "''") for v in _VALUES[str(kind)]]
    return [f"'{v}'::{_typed(named)}" for v in quoted] + [f"null::{_typed(named)}"]


def _typed(kind: str) -> str:
    return f"{kind[1:]}[]" if kind.startswith("_") else kind


def _fails(server: Server, text: str) -> bool:
    try:
        server.execute(text.encode())
    except psycopg.Error:
        return True
    return False
