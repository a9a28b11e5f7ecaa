"""Whatever the tree is, there is a lineage or None, in bounded time; what isn't understood is opaque."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sql.lineage.a_schema import SNAPSHOT, STATE, outputs, traced
from tests.sql.lineage.test_cases import CASES

from interlock.sql.lineage.trace import UNTRACEABLE, trace
from interlock.sql.lineage.traced import Lineage
from interlock.sql.parse import parse
from interlock.sql.tree import typed

TREES = [parse(text.encode()).statements[0] for text, _ in CASES]


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """(container, key) of everything in a tree."""
    found, stack = [], [tree]
    while stack:
        here = stack.pop()
        for key, value in here.items() if isinstance(here, dict) else enumerate(here):
            found.append((here, key))
            if isinstance(value, dict | list):
                stack.append(value)
    return found


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_broken_tree_has_a_lineage_or_none(data: st.DataObject) -> None:
    tree = copy.deepcopy(data.draw(st.sampled_from(TREES)))
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(_places(tree)))
        other = copy.deepcopy(data.draw(st.sampled_from(TREES)))
        there, at = data.draw(st.sampled_from(_places(other)))
        container[key] = there[at]
    try:
        root = typed(tree)
    except (ValueError, AttributeError, TypeError):
        return
    if isinstance(root[1], dict):
        assert isinstance(trace(root, SNAPSHOT, STATE), Lineage | None)


@pytest.mark.parametrize(
    "kind", ["FuncCall", "A_Expr", "ColumnRef", "SubLink", "TypeCast", "RangeSubselect", "JoinExpr"]
)
def test_an_unknown_node_is_opaque_wherever_it_stands(kind: str) -> None:
    for tree in TREES:
        broken, changed = copy.deepcopy(tree), False
        for container, key in _places(broken):
            if key == kind and isinstance(container, dict):
                container["NotANode"] = container.pop(kind)
                changed = True
        found = trace(typed(broken), SNAPSHOT, STATE)
        assert found is None or found.opaque or not changed


def test_no_case_is_given_up_as_untraceable() -> None:
    assert not [text for text, told in CASES if UNTRACEABLE in told.get("opaque", "")]


@pytest.mark.parametrize("deep", [50, 200, 450])
def test_deep_expressions_are_traced_or_opaque(deep: int) -> None:
    for text in (
        f"SELECT {'||'.join(['ssn'] * deep)} FROM patients",
        f"SELECT {'(' * deep}ssn{')' * deep} FROM patients",
        f"SELECT 1 FROM patients WHERE {' OR '.join(['ssn = name'] * deep)}",
        f"SELECT {' + '.join(['id'] * deep)} FROM patients",
    ):
        lineage = traced(text)
        assert not lineage.opaque
        assert lineage.reads


@pytest.mark.parametrize("many", [20, 90])
def test_long_statements_are_traced(many: int) -> None:
    joins = " ".join(f"JOIN patients p{n} USING (id)" for n in range(1, many))
    nested = "SELECT * FROM (" * many + "SELECT ssn FROM patients" + ") x" * many
    for text in (
        " UNION ".join(["SELECT ssn FROM patients"] * many),
        f"SELECT p0.ssn FROM patients p0 {joins}",
        nested,
    ):
        assert "patients.ssn" in outputs(traced(text))


def test_what_doubles_without_end_is_given_up() -> None:
    stars = ", ".join(f"x{n + 1} AS (SELECT * FROM x{n} a, x{n} b)" for n in range(1, 45))
    recursive = "".join(
        f"WITH RECURSIVE r{n} AS (SELECT ssn, id::text AS b FROM patients UNION ALL (" for n in range(25)
    )
    back = "".join(f" UNION ALL SELECT b, ssn FROM r{n})) SELECT ssn, b FROM r{n}" for n in reversed(range(25)))
    for text in (
        f"WITH x1 AS (SELECT * FROM patients p, patients q), {stars} SELECT 1 FROM x45",
        f"{recursive}SELECT ssn, name FROM patients{back}",
    ):
        assert traced(text) == Lineage(opaque=(UNTRACEABLE,))


@pytest.mark.parametrize("text", ["SELECT relname FROM pg_class", "SELECT 1 FROM information_schema.tables", "SHOW x"])
def test_what_reads_catalogs_or_is_no_query_is_left_to_others(text: str) -> None:
    assert trace(typed(parse(text.encode()).statements[0]), SNAPSHOT, STATE) is None
