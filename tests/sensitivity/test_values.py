"""Batches of columns: what isn't looked into, what is looked into once, and what an audit finds."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.classifier import AUDIT_EVERY, ColumnDecisions, ColumnKey, Treatment
from interlock.sensitivity.values import LEAST_WEIGHED, LONGEST_REMEMBERED, MOST_REMEMBERED, Columns

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


def test_a_column_that_its_name_labels_is_not_looked_into() -> None:
    finder = Finder()
    columns = Columns(finder, ColumnDecisions())
    found = columns.look(key("email"), [f"p{n}@example.org" for n in range(5000)])
    assert found.treatment is Treatment.LABELLED and found.labels == {"phi.email"} and not found.found
    assert finder.asked == []


def test_a_column_that_its_values_label_is_looked_into_once() -> None:
    finder = Finder()
    columns = Columns(finder, ColumnDecisions())
    numbers = [f"402-19-{n:04}" for n in range(1000)]
    found = columns.look(key("x7"), [*numbers, "none"])
    assert found.treatment is Treatment.LABELLED and found.labels == {"phi.ssn"} and not found.found
    finder.asked.clear()
    assert columns.look(key("x7"), ["other"]).labels == {"phi.ssn"}
    assert finder.asked == []


def test_few_values_decide_nothing() -> None:
    columns = Columns(Finder(), ColumnDecisions())
    numbers = [f"402-19-{n:04}" for n in range(LEAST_WEIGHED - 1)]
    found = columns.look(key("x7"), numbers)
    assert found.treatment is Treatment.SCANNED and not found.labels and [*found.found] == numbers


def test_a_clean_column_is_looked_into_all_the_same() -> None:
    columns = Columns(Finder(), ColumnDecisions())
    assert not columns.look(key("status"), ["open", "paid"] * 1000).found
    assert [*columns.look(key("status"), ["open"] * 1000 + ["402-19-8877"]).found] == ["402-19-8877"]


def test_a_value_is_remembered_with_what_is_in_it() -> None:
    finder = Finder()
    columns = Columns(finder, ColumnDecisions())
    held = "her number is 402-19-8877, she says"
    first = columns.look(key("remark_for_us"), [held, "nothing"])
    finder.asked.clear()
    assert columns.look(key("remark_for_us"), ["nothing", held, held]) == first
    assert finder.asked == []


def test_what_is_remembered_is_bounded() -> None:
    finder = Finder()
    columns = Columns(finder, ColumnDecisions())
    long, many = "x" * (LONGEST_REMEMBERED + 1), [f"{n:01000}" for n in range(MOST_REMEMBERED // 1000 + 10)]
    for _ in range(2):
        finder.asked.clear()
        columns.look(key("remark_for_us"), [long])
        columns.look(key("remark_for_us"), many)
    assert len(finder.asked) == 1 + len(many) - MOST_REMEMBERED // 1000


@pytest.mark.parametrize(
    ("name", "treatment", "labels"),
    [("remark_for_us", Treatment.SCANNED, frozenset()), ("note", Treatment.LABELLED, frozenset({"phi.clinical.note"}))],
)
def test_texts_are_looked_into_once_each_and_told_of_their_column(
    name: str, treatment: Treatment, labels: frozenset[str]
) -> None:
    finder = Finder()
    columns = Columns(finder, ColumnDecisions())
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


def test_an_empty_batch_weighs_nothing() -> None:
    columns = Columns(Finder(), ColumnDecisions())
    assert not columns.look(key("x7"), [None, ""] * LEAST_WEIGHED).found
    assert columns.look(key("x7"), [f"402-19-{n:04}" for n in range(1000)]).labels == {"phi.ssn"}


def test_what_the_finder_raises_is_raised() -> None:
    class Broken:
        def find_many(self, texts: Sequence[str], *, telling: str = "") -> list[tuple[Finding, ...]]:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        Columns(Broken(), ColumnDecisions()).look(key("note"), notes(3))
