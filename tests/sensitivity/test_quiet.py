"""Quiet texts: what may be passed over, and what may not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.quiet import LONGEST, quiet_words

TABLES = Tables(
    given={"mark": 30, "jane": 40, "in": 15},
    ordinary=frozenset(["rareword"])
    | frozenset(
        [
            "the",
            "order",
            "was",
            "shipped",
            "mark",
            "in",
            "good",
            "condition",
            "ok",
            "street",
            "seen",
            "note",
            "12",
            "march",
        ]
    ),
)
TABLES = replace(
    TABLES,
    ordinary=TABLES.ordinary | {"fairfield", "reading", "london"},
    words=dict.fromkeys(TABLES.ordinary, 50) | {"in": 73, "rareword": 10, "fairfield": 38, "reading": 54, "london": 55},
    cities={"fairfield": 116, "reading": 200, "london": 8000, "good": 1},
    states={"new york": "NY"},
    countries=frozenset({"the gambia"}),
)
QUIET = quiet_words(TABLES)


@pytest.mark.parametrize(
    "text",
    [
        "order 4821 shipped",
        "The order was shipped in good condition",
        "12",
        "",
        "ok.",
        "was a good note",
        "The good, reading",
    ],
)
def test_quiet(text: str) -> None:
    assert QUIET(text, "")
    assert QUIET(text, "note")


@pytest.mark.parametrize(
    "text",
    [
        "order for mark",
        "order shipped Roe",
        "zorblat shipped",
        "rareword shipped",
        "12 good street",
        "seen march",
        "Good",
        "was é",
        "seen 12/03",
        "seen 95",
        "seen 1995",
        "seen 12th",
        "ok " * LONGEST,
        "seen 12 ok 20240305",
        "AB",
        "seen 129",
        "seen 1850",
        "seen 2024",
        "seen in fairfield",
        "seen in london",
        "the new york note",
        "order Shipped",
        "order shipped-roe",
        "order '12/03'",
    ],
)
def test_not_quiet(text: str) -> None:
    assert not QUIET(text, "")


def test_a_telling_field_is_never_quiet() -> None:
    assert not QUIET("ok", "patient_name")


def test_without_tables_nothing_is() -> None:
    assert not quiet_words(Tables())("ok", "")


@pytest.mark.parametrize(
    ("text", "by_figures"),
    [
        ("order 12/03 shipped", True),
        ("seen march", True),
        ("order 12/03 for Roe", False),
        ("order 12/03 for jane", False),
        ("order 12/03 street", False),
        ("order jane's 12/03", False),
        ("12/03 the last: note", False),
        ("12/03 was é", False),
        ("seen 12/03\nseen ok", True),
    ],
)
def test_loud_by_figures_alone(text: str, by_figures: bool) -> None:
    assert QUIET.loud([text]) == {0: by_figures}
    assert QUIET.loud(["ok", text, "order shipped"]) == {1: by_figures}


def test_many_at_once_as_one_by_one() -> None:
    texts = [
        "ok",
        "",
        "seen 12/03",
        "order\nshipped",
        "Order shipped",
        "zorblat",
        "é",
        "ok " * LONGEST,
        "seen 95",
        "12",
    ]
    each = {number: found[0] for number, text in enumerate(texts) if (found := QUIET.loud([text]))}
    assert QUIET.loud(texts) == each
    assert QUIET.loud(texts, "patient_name") == dict.fromkeys(range(len(texts)), False)
    assert QUIET.loud([]) == {}
