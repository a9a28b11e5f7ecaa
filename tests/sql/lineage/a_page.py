"""The page about built-in functions, written from the tables. `python -m tests.sql.lineage.a_page` writes it anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from interlock.sql.functions import BUILT_IN_OPERATORS, LISTED, OPAQUE, REFUSED, REFUSED_PREFIXES, VOLATILE
from interlock.sql.lineage import passing
from interlock.sql.lineage.passing import Failing, Passing

K = TypeVar("K")
PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "sql-functions.md"

_HEAD = """# How labels pass through functions and operators

What comes out of an expression carries the labels of every column that may be in it. This page says how built-ins of
PostgreSQL pass labels on, and when an error of theirs may tell something. It is written from
`sql/functions.py` and `sql/lineage/passing.py`, and a test holds it to them.

A name that isn't here, one that somebody has also defined outside `pg_catalog`, and one that is qualified with another
schema isn't a built-in: functions in SQL, and simple ones in PL/pgSQL, are read from their bodies, and everything else
carries every label of the connection.

## What comes out
"""

_SENTENCES = {
    Passing.RELEASES_NOTHING: "Nothing of the arguments comes out. What is counted counts as tested.",
    Passing.PLACES: "The direct arguments come out; what the rows are ordered by counts as tested.",
    Passing.CARRIES: "Everything in any argument comes out, WITHIN GROUP included. What FILTER tests comes out too; "
    "what an OVER clause partitions or orders by counts as tested.",
    Passing.OPAQUE: "What comes out isn't in the text: every label of the connection counts.",
}

_ERRORS = """## What an error may tell

A call that fails for some values tells which they are. Such a call counts as a test of its columns (`error`).

- `never`: no value makes it fail.
- `at edges`: it fails at the ends of a type's range, or by the shape of an array. With plain columns and constants as
  arguments it counts as never; with anything computed it counts as a test.
- `by some arguments`: the arguments named must be constants, counted from 1; else it counts as a test.
- `by value`: it counts as a test, unless all arguments are constants. Whatever isn't named here is of this kind.

A cast counts as a test unless it is to `text`, `varchar`, `bpchar` or `name`.
"""

_OPERATORS = """## Operators

Both sides of an operator come out. One that isn't here is somebody's own and carries every label of the connection.
Patterns (`by some arguments`) must be constants on the right; `||` fails by the shapes of arrays alone. `+`, `-` and
`*` count as no test between two plain columns.
"""


def page() -> str:
    """The whole page."""
    known = LISTED | VOLATILE | OPAQUE | REFUSED
    outputs = _grouped(known, passing.of)
    parts = [_HEAD]
    for kind in Passing:
        parts.append(f"### {kind.value.capitalize()}\n\n{_SENTENCES[kind]}\n\n{_listed(outputs[kind])}\n")
    prefixes = ", ".join(f"`{p}...`" for p in REFUSED_PREFIXES)
    parts.append(
        f"Of these, a statement is refused whole that calls one of:\n\n{_listed(REFUSED)}\n\nand {prefixes}.\n"
    )
    parts.append(_ERRORS)
    fails = _grouped((n for n in LISTED | VOLATILE if passing.failing(n) is not Failing.BY_VALUE), passing.failing)
    for failing in (Failing.NEVER, Failing.AT_EDGES):
        parts.append(f"### {failing.value.capitalize()}\n\n{_listed(fails[failing])}\n")
    rows = [f"| `{n}` | {_positions(passing.steering(n))} |" for n in sorted(fails[Failing.BY_SOME])]
    parts.append("\n".join(("### By some arguments\n", "| function | must be constants |", "|---|---|", *rows, "")))
    parts.append(_OPERATORS)
    operators = _grouped(BUILT_IN_OPERATORS, passing.operator_failing)
    lines = [f"| {kind.value} | {_codes(operators[kind])} |" for kind in Failing]
    parts.append("\n".join(("| fails | operators |", "|---|---|", *lines)))
    return "\n".join(parts) + "\n"


def _grouped(names: Iterable[str], kind: Callable[[str], K]) -> dict[K, set[str]]:
    found: dict[K, set[str]] = defaultdict(set)
    for name in names:
        found[kind(name)].add(name)
    return found


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{n}`" for n in sorted(names))


def _codes(operators: Iterable[str]) -> str:
    return " ".join(f"`{op}`" for op in sorted(operators)).replace("|", "\\|")


def _positions(numbers: frozenset[int]) -> str:
    if len(numbers) > 10:
        return "every second, from the first"
    return ", ".join(str(n + 1) for n in sorted(numbers)) if len(numbers) < 7 else "all but the first"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
