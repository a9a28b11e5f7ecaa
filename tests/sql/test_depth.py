"""The bound on a tree's depth that is taken from the bytes alone: never too low, nor too high for real statements."""

from __future__ import annotations

import contextlib
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sql.test_attacks import EVERYTHING, EXPRESSIONS

from interlock.sql.depth import MAX_DEPTH, MAX_TOKENS, demand_shallow, depth_of, most_levels
from interlock.sql.parse import lib
from interlock.sql.unparsable import Unparsable

LEVELS = 12  # of JSON that one of ours takes at most: a subquery's are the most
ALWAYS = 30  # of JSON that any statement has

REAL = {
    "chained operators": ("SELECT " + " || ".join(["a"] * 400), 399),
    "a list of conditions": ("SELECT a FROM t WHERE " + " OR ".join(["a = 1 AND b < 2"] * 3000), 1),
    "a range and a condition": ("SELECT a FROM t WHERE a BETWEEN 1 + 1 AND 2 AND b NOT BETWEEN 1 AND 2", 2),
    "rows": ("INSERT INTO t VALUES " + ", ".join(["(1, -1, 'a'::text, f(2))"] * 2000), 2),
    "a bulk update": ("UPDATE t SET a = CASE " + "WHEN id = 1 THEN 2 " * 3000 + "ELSE a END", 3),
    "joins": ("SELECT 1 FROM a" + " LEFT JOIN b ON a.x = b.x AND a.y = b.y" * 400, 401),
    "unions": ("SELECT a + 1, b" + " UNION ALL SELECT a + 1, b" * 400, 401),
    "many statements": ("SELECT 1 + 1; " * 2000, 1),
    "a label called end": ("SELECT CASE WHEN a THEN t.end + 1 END AS end, 1 end", 2),
    "strings": ("SELECT '((((', E'\\'((((', $$((((\n$$, $a$ (( $$ (( $a$, \"((((\", U&'((', B'1' -- ((((", 1),
    "a string that goes on": ("SELECT E'a'\n  -- ''\n '\\'((((' , 1", 0),
    "nested comments": ("SELECT /* (( /* (( */ (( */ 1", 0),
    "operators that are several": ("SELECT 1 +-+-+ 1", 5),
    "an operator": ("SELECT a <-> b, a -> 'b' ->> 'c'", 2),
    "a function's body": ("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; RETURN 2; END", 1),
}


@pytest.mark.parametrize(("text", "depth"), REAL.values(), ids=REAL.keys())
def test_real_statements(text: str, depth: int) -> None:
    assert depth_of(text.encode()) == depth


@pytest.mark.parametrize(
    "text",
    [
        "SELECT " + "x.and + " * 600 + "1",
        "SELECT " + "x.union + " * 600 + "1",
        "SELECT " + "join(1) + " * 600 + "1",
        "SELECT " + "CASE WHEN x.end THEN " * 600 + "1" + " END" * 600,
        "SELECT " + "NOT " * 300 + "a BETWEEN b AND " + "- " * 300 + "c",
        "SELECT E''\n'\\'' " + "+ 1" * 600 + " -- '",
        "SELECT $a$ $b$ $a$ " + "+ 1" * 600 + " -- $b$ $a$",
        "SELECT /* /* */ ' */ " + "1 +" * 600 + " 1 -- '",
        'SELECT U&"a" ' + "+ 1" * 600,
        "SELECT 1. " + "AND 1 + 1. " * 2 + "+ 1" * 600,
        "SELECT " + "((SELECT 1) + " * 300 + "1" + ")" * 300,
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC " * 600,
    ],
)
def test_no_word_hides_depth(text: str) -> None:
    with pytest.raises(Unparsable, match="deeper") as refused:
        demand_shallow(text.encode())
    assert refused.value.sqlstate == "54001"


def test_too_many_tokens_in_every_shape() -> None:
    for piece in (b"1,", b"a ", b"-- x\n", b"/**/", b"'a'\n,", b";"):
        with pytest.raises(Unparsable, match="words and signs"):
            depth_of(piece * (MAX_TOKENS + 2))
    with pytest.raises(Unparsable):
        depth_of(b"/*" * (MAX_TOKENS + 3))


def levels_of(text: str) -> int | None:
    """How deep the parser's JSON is; None for what isn't SQL."""
    result = lib.pg_query_parse(text.encode())
    try:
        if result.error:
            return None
        tree = orjson.loads(result.parse_tree)
    except orjson.JSONDecodeError:
        return None
    finally:
        lib.pg_query_free_parse_result(result)
    return _levels(tree)


def _levels(tree: Any) -> int:
    deepest, layer = 0, [tree]
    while layer:
        deepest += 1
        layer = [
            child
            for node in layer
            for child in (node.values() if isinstance(node, dict) else node if isinstance(node, list) else ())
        ]
    return deepest


OPERANDS = st.sampled_from(
    ["a", "1", "'x'", "x.and", "x.end", "t.union", "$1", "E'\\''", "join(1)", "date '2020-01-01'"]
)


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    infix = st.sampled_from(
        [
            " + ",
            " - ",
            " AND ",
            " OR ",
            " || ",
            " = ",
            " <-> ",
            " LIKE ",
            " COLLATE c + ",
            " IS DISTINCT FROM ",
            "::int + ",
        ]
    )
    return st.one_of(
        st.tuples(inner, infix, inner).map("".join),
        st.lists(inner, min_size=2, max_size=6).map(" + ".join),
        inner.map("NOT {}".format),
        inner.map("- {}".format),
        inner.map("({})".format),
        inner.map("f({}, 1)".format),
        inner.map("{} IS NULL".format),
        inner.map("{} ISNULL".format),
        inner.map("{}::int".format),
        inner.map("(SELECT {} FROM a JOIN b ON true UNION SELECT 1)".format),
        inner.map("EXISTS (TABLE a UNION ALL SELECT {})".format),
        st.tuples(inner, inner).map(lambda p: f"CASE WHEN {p[0]} THEN {p[1]} ELSE 1. END"),
        st.tuples(inner, inner).map(lambda p: f"a BETWEEN {p[0]} AND {p[1]}"),
        st.tuples(inner, inner).map(lambda p: f"{p[0]} IN (1, {p[1]})"),
    )


@given(st.recursive(OPERANDS, _grown, max_leaves=40))
@settings(deadline=None)
def test_the_bound_holds_for_grown_expressions(expression: str) -> None:
    text = f"SELECT {expression}"
    levels = levels_of(text)
    if levels is not None:
        assert levels <= ALWAYS + LEVELS * depth_of(text.encode()), text


@pytest.mark.parametrize("text", [*EXPRESSIONS, *EVERYTHING])
def test_the_bound_holds_for_what_we_know(text: str) -> None:
    levels = levels_of(text)
    if levels is not None:
        assert levels <= ALWAYS + LEVELS * depth_of(text.encode())


@given(st.binary(max_size=300))
def test_any_bytes(text: bytes) -> None:
    with contextlib.suppress(Unparsable):
        assert 0 <= depth_of(text) <= MAX_DEPTH


PIECES = ("CASE ", "END ", "NOT ", "BETWEEN ", "JOIN ", "UNION ", "BEGIN ATOMIC ", "IS ", "e'\\'", "--", "/*", "*/")


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*"ab .,;()[]+-*/:'\"\\$1\n", *PIECES])))
def test_what_is_counted_first_is_never_less(pieces: list[str]) -> None:
    """A text is let through without the walk where all that may deepen it is too little."""
    text = "".join(pieces).encode()
    with contextlib.suppress(Unparsable):
        assert depth_of(text) <= most_levels(text)


@pytest.mark.parametrize("levels", [MAX_DEPTH - 2, MAX_DEPTH + 2])
@pytest.mark.parametrize("level", ["(", "[", "CASE WHEN ", "a + ", "NOT ", "- ", "a JOIN ", "a UNION "])
def test_the_limit_is_the_same_with_and_without_the_walk(level: str, levels: int) -> None:
    text = (level * levels).encode()
    if levels > MAX_DEPTH:
        with pytest.raises(Unparsable):
            demand_shallow(text)
    else:
        demand_shallow(text)
