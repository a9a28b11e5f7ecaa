"""The benchmarks' table: what is measured isn't tested, what is said of it is."""

from __future__ import annotations

import pytest
from bench.report import Peer, Result, amount, at_least, at_most, ratio_of_at_least, table


@pytest.mark.parametrize(
    ("result", "verdict"),
    [
        (Result("b", "m", 20.0, "ms", budget=at_most(20.0)), "met"),
        (Result("b", "m", 20.1, "ms", budget=at_most(20.0)), "missed"),
        (Result("b", "m", 10_000.0, "/s", budget=at_least(10_000.0)), "met"),
        (Result("b", "m", 9_999.0, "/s", Peer("bare", 5_000.0), at_least(10_000.0)), "missed"),
        (Result("b", "m", 25.0, "/s", Peer("PgBouncer", 100.0), ratio_of_at_least(0.25)), "met"),
        (Result("b", "m", 24.0, "/s", Peer("PgBouncer", 100.0), ratio_of_at_least(0.25)), "missed"),
        (Result("b", "m", 24.0, "/s", budget=ratio_of_at_least(0.25)), "no peer"),
        (Result("b", "m", 24.0, "/s", Peer("direct", 100.0)), ""),
    ],
)
def test_a_budget_is_of_the_figure_or_of_its_ratio_to_the_peer(result: Result, verdict: str) -> None:
    assert result.verdict == verdict


@pytest.mark.parametrize(("value", "text"), [(12_345.6, "12,346"), (17.24, "17.2"), (0.8, "0.8"), (100.0, "100")])
def test_amounts_keep_what_matters(value: float, text: str) -> None:
    assert amount(value) == text


def test_the_table_is_markdown_with_one_line_a_result() -> None:
    lines = table(
        [
            Result("statements", "prepared", 1_234.0, "/s", Peer("PgBouncer", 4_936.0), ratio_of_at_least(0.25)),
            Result("hold_to_run", "p50", 17.24, "ms", budget=at_most(20.0)),
        ]
    ).splitlines()
    assert [len(line) for line in lines] == [len(lines[0])] * 4
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[0][:3] == ["benchmark", "mode", "figure"]
    assert set("".join(cells[1])) == {"-"}
    assert cells[2] == ["statements", "prepared", "1,234 /s", "PgBouncer: 4,936", "0.25", "ratio >= 0.25", "met"]
    assert cells[3] == ["hold_to_run", "p50", "17.2 ms", "", "", "<= 20", "met"]
