"""Batches of columns: what isn't looked into, what is looked into once, and what an audit finds."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.classifier import AUDIT_EVERY, ColumnDecisions, ColumnKey, Treatment
from interlock.sensitivity.column_values import MOST_VALUES
from interlock.sensitivity.values import Columns

SSN = re.compile(r"\d{3}-\d{2}-\d{4}")
NUMBER = 402_198_877


class Finder:
    """Finds social security numbers, and counts what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def find_many(self, texts: Sequence[str], *, telling: str = "") -> list[tuple[Finding, ...]]:
        self.asked += [(text, telling) for text in texts]
        return [
            tuple(Finding(m.start(), m.end(), Label("phi.ssn"), 0.9, "form") for m in SSN.finditer(text))
            or ((Finding(0, 9, Label("phi.ssn"), 0.9, "form"),) if text == str(NUMBER) else ())
            for text in texts
        ]


def key(column: str, type_name: str = "text") -> ColumnKey:
    return ColumnKey("clinic", "public.visits", column, type_name, "1")


def notes(count: int) -> list[str]:
    return [f"seen again for visit {n} and told to come back in some weeks" for n in range(count)]


def test_a_labelled_column_is_not_looked_into_again() -> None:
    finder, decisions = Finder(), ColumnDecisions()
    columns = Columns(finder, decisions)
    values = [f"p{n}@example.org" for n in range(5000)]
    assert columns.look(key("email"), values).labels == {"phi.email"}
    assert len(finder.asked) == MOST_VALUES
    found = columns.look(key("email"), values)
    assert found.treatment is Treatment.LABELLED and found.labels == {"phi.email"} and not found.found
    assert len(finder.asked) == MOST_VALUES


@pytest.mark.parametrize(
    ("name", "treatment", "labels"),
    [("remark_for_us", Treatment.SCANNED, frozenset()), ("note", Treatment.LABELLED, frozenset({"phi.clinical.note"}))],
)
def test_texts_are_looked_into_once_each_and_told_of_their_column(
    name: str, treatment: Treatment, labels: frozenset[str]
) -> None:
    finder = Finder()
    columns = Columns(finder, ColumnDecisions())
    columns.look(key(name), notes(10))
    finder.asked.clear()
    held = "her number is 402-19-8877, she says"
    found = columns.look(key(name), [*notes(3), held, None, "", *notes(3), held])
    assert found.treatment is treatment and found.labels == labels
    assert {text: [(f.start, f.end) for f in each] for text, each in found.found.items()} == {held: [(14, 25)]}
    assert finder.asked == [(text, name) for text in [*notes(3), held]]


def test_a_row_number_is_not_told_by_its_name() -> None:
    finder = Finder()
    Columns(finder, ColumnDecisions()).look(key("visit_id", "bigint"), [str(n) for n in range(1000)])
    assert {telling for _, telling in finder.asked} == {""}


def test_numbers_are_audited_and_one_that_is_something_makes_all_looked_into() -> None:
    finder = Finder()
    columns = Columns(finder, ColumnDecisions())
    amounts = [str(n) for n in range(1000)]
    assert columns.look(key("amount", "integer"), amounts).treatment is Treatment.SKIPPED
    finder.asked.clear()
    columns.look(key("amount", "integer"), amounts)
    assert len(finder.asked) == pytest.approx(1000 / AUDIT_EVERY, abs=1)
    finder.asked.clear()
    # Wherever the audit happens to look in a batch of this size, it meets one of these.
    found = columns.look(key("amount", "integer"), [str(NUMBER)] * AUDIT_EVERY + amounts)
    assert (found.treatment, set(found.found)) == (Treatment.SCANNED, {str(NUMBER)})
    assert columns.look(key("amount", "integer"), [str(NUMBER), "7"]).treatment is Treatment.SCANNED


def test_an_empty_batch_decides_nothing() -> None:
    decisions = ColumnDecisions()
    assert not Columns(Finder(), decisions).look(key("amount", "integer"), [None, ""]).found
    assert len(decisions) == 0


def test_what_the_finder_raises_is_raised() -> None:
    class Broken:
        def find_many(self, texts: Sequence[str], *, telling: str = "") -> list[tuple[Finding, ...]]:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        Columns(Broken(), ColumnDecisions()).look(key("note"), notes(3))
