"""Code a text doesn't show: casts of users, expressions in definitions, plans that print them; and a bound on size."""

from __future__ import annotations

from dataclasses import replace

import pytest

from interlock.errors import NotUnderstood
from interlock.model.snapshot import Column, Relation, Snapshot
from interlock.sql.session_state import SessionState
from interlock.sql.shape import Kind, Reach, Statement
from interlock.sql.statement import analyse

CITIES = Relation(20000, "public", "cities", "r", (Column(1, "name", 25), Column(2, "visits", 23)), False, "x")
MOODS = Relation(20001, "public", "moods", "r", (Column(1, "m", 20500),), False, "x")
GUARDED = replace(CITIES, oid=20002, name="guarded", hidden_effects=True)
SNAPSHOT = Snapshot(
    "v", 180000, (CITIES, MOODS, GUARDED), frozenset(), frozenset(), frozenset(), search_path=("public",)
)
STATE = SessionState(("public",), "app", {})


def judge(text: str, *, casts: bool = False) -> Statement:
    return analyse(text.encode(), replace(SNAPSHOT, casts=casts), STATE)


@pytest.mark.parametrize(
    "text", ["SELECT (visits::json)::text FROM cities", "SELECT upper(name) FROM cities", "SELECT m FROM moods"]
)
def test_where_users_defined_casts_every_label_counts(text: str) -> None:
    assert judge(text).reach is not Reach.CONNECTION
    judged = judge(text, casts=True)
    assert judged.reach is Reach.CONNECTION and not judged.effect_free


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE lt (a text DEFAULT ts_rewrite('a', 'SELECT 1')::text)",
        "ALTER TABLE cities ADD COLUMN a text DEFAULT set_config('search_path', 'x', false)",
        "ALTER TABLE cities ADD CHECK (leak(name) IS NULL)",
        "ALTER TABLE cities ALTER COLUMN name TYPE text USING visits::text",
        "CREATE INDEX ON cities (other.f(name))",
        "CREATE VIEW w AS SELECT set_config('role', 'x', false)",
    ],
)
def test_definitions_carry_no_code_we_dont_know(text: str) -> None:
    assert judge(text).kind is Kind.REFUSED


def test_definitions_may_use_built_ins() -> None:
    assert judge("CREATE TABLE lt (a text DEFAULT upper('x'), at timestamptz DEFAULT now())").kind is Kind.SCHEMA


@pytest.mark.parametrize(
    "text", ["EXPLAIN SELECT name FROM guarded", "EXPLAIN VERBOSE INSERT INTO cities VALUES ('a', 1)"]
)
def test_a_plan_that_prints_definitions_reaches_everything(text: str) -> None:
    assert judge(text).reach is Reach.CONNECTION
    assert judge("EXPLAIN SELECT name FROM cities").reach is Reach.TABLES


def test_a_text_over_too_many_tables_isnt_judged() -> None:
    with pytest.raises(NotUnderstood, match="too many tables"):
        judge("SELECT 1 FROM " + ", ".join(f"cities a{n}" for n in range(200)))
    assert judge("SELECT 1 FROM " + ", ".join(f"cities a{n}" for n in range(50))).kind is Kind.QUERY
