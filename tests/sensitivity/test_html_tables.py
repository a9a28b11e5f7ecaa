"""Tables in HTML: heads tell what cells are."""

from __future__ import annotations

import pytest

from interlock.sensitivity.html_tables import html_cells


def told(text: str) -> list[tuple[str, str]]:
    return [(c.head, text[c.start : c.end]) for c in html_cells(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "<table><tr><th>MRN</th><th>Note</th></tr><tr><td> 0091 </td><td>ok</td></tr></table>",
            [("MRN", "0091")],
        ),
        ("<TABLE class='x'><TR><TD><b>Last name</b><TD>Unit<TR><TD>Roe<TD>7", [("Last name", "Roe")]),
        ("<table><tr><td>MRN</td></tr></table><table><tr><td>7</td></tr><tr><td>8</td></tr></table>", []),
        ("<td>0091</td>", []),
    ],
)
def test_cells_are_found_by_their_heads(text: str, expected: list[tuple[str, str]]) -> None:
    assert told(text) == expected


@pytest.mark.parametrize("unit", ["<td>", "<table>", "<tr><td>mrn", "<td", "<", "<td> ", "<th>mrn<tr><td>1"])
def test_a_long_text_takes_time_in_proportion(unit: str) -> None:
    assert sum(1 for _ in html_cells(unit * (300_000 // len(unit)))) >= 0
