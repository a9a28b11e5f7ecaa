"""Short cuts find what the long way does: one by one, all together, without the quiet ones left out, by columns."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from functools import cache

import pytest
from testkit.made_up import texts
from testkit.made_up.tables import COLUMNS, table

from interlock.app.detecting import fastest_matcher, found_detectors, load_engine
from interlock.app.gazetteers import load_tables
from interlock.sensitivity.classifier import ColumnDecisions, ColumnKey
from interlock.sensitivity.passage import Layer
from interlock.sensitivity.text import TextEngine
from interlock.sensitivity.values import Columns

SEED = 20_261_124
LISTS = frozenset(Layer) - {Layer.NER}
# Numbers, dates, ages and such as are none, to stand among words.
FIGURES = """242 509 8614|12/03|2021-03-04|95 years|1850|478-90-9836|12th|44118|5|12|20240305|9:30|3,400.50|7:
90-year-old|90s|4111 1111 1111 1111|Dec 3|may 5""".replace("\n", "|").split("|")


@cache
def engine() -> TextEngine:
    return load_engine(LISTS, year=2026)


@cache
def without_short_cuts() -> TextEngine:
    structured, makers = found_detectors()
    tables = load_tables()
    detectors = [make(tables) for make in makers]
    dated = [d.in_year(2026) if hasattr(d, "in_year") else d for d in detectors]
    return TextEngine(structured, fastest_matcher, dated, LISTS)


def written(kind: str) -> Sequence[str]:
    match kind:
        case "notes":
            return table(SEED, 500)["note"]
        case "records":
            return [each.text for each in texts.records(SEED, 200)]
        case "prose":
            return [line for each in texts.notes(SEED, 6) for line in re.split(r"\n|(?<=[.;])\s", each.text) if line]
        case _:
            chance = random.Random(SEED)  # the same each time
            words = " ".join(table(SEED, 300)["note"]).split()
            made = []
            for _ in range(500):
                some = [chance.choice(FIGURES if chance.random() < 0.3 else words) for _ in range(8)]
                made.append(chance.choice((" ", " ", ", ", ": ", "|")).join(some))
            return [*made, *(each.lower() for each in made)]


@pytest.mark.parametrize("kind", ["notes", "records", "prose", "figures among words"])
def test_one_by_one_all_together_and_without_short_cuts(kind: str) -> None:
    asked = written(kind)
    together = engine().find_many(asked)
    assert any(together)
    assert together == [engine().find(text) for text in asked]
    assert together == without_short_cuts().find_many(asked)


def test_a_column_batch_by_batch_finds_what_each_value_holds() -> None:
    made = table(SEED, 600)
    columns = Columns(engine(), ColumnDecisions())
    for name, type_name in COLUMNS:
        key = ColumnKey("clinic", "public.visits", name, type_name, "1")
        for at in range(0, 600, 250):
            values = made[name][at : at + 250]
            found = columns.look(key, values)
            if name == "note":
                expected = dict(zip(values, engine().find_many(values, telling="note"), strict=True))
                assert found.found == {text: each for text, each in expected.items() if each}
            else:
                assert found.labels or name in ("id", "status", "amount")


def test_a_name_in_a_column_of_few_words_is_met() -> None:
    columns = Columns(engine(), ColumnDecisions())
    key = ColumnKey("clinic", "public.visits", "status", "text", "1")
    assert not columns.look(key, ["open", "paid", "sent"] * 2000).found
    odd = "spoke with Danielle Torres, ssn 478-90-9836"
    assert [*columns.look(key, ["open"] * 5000 + [odd]).found] == [odd]
