"""Columns classified by name, type and sampled values; decisions remembered, audited and escalated."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.classifier import (
    AUDIT_EVERY,
    Classification,
    ColumnDecisions,
    ColumnKey,
    ColumnSample,
    EvidenceKind,
    Treatment,
    classify,
)
from interlock.sensitivity.regime import Regime

SSN = re.compile(r"\d{3}-\d{2}-\d{4}")
EMAIL = re.compile(r"\S+@\S+")
CANARY = "402-19-8877"


def detect(texts: Sequence[str]) -> list[tuple[Finding, ...]]:
    """A detector of two forms."""
    return [
        tuple(
            Finding(m.start(), m.end(), Label(label), 0.9, "form")
            for label, form in (("phi.ssn", SSN), ("phi.email", EMAIL))
            for m in form.finditer(text)
        )
        for text in texts
    ]


def column(name: str, values: Sequence[str] = (), type_name: str = "text", rows: int | None = None) -> ColumnSample:
    return ColumnSample("clinic", "public", "t", name, type_name, values, len(values) if rows is None else rows)


def ssns(count: int) -> list[str]:
    return [f"402-19-{1000 + n}" for n in range(count)]


def codes(count: int) -> list[str]:
    return [f"K{n:05d}" for n in range(count)]


def test_the_name_says_so_whatever_the_content() -> None:
    found = classify(column("dob", ["n/a"] * 300), detect)
    assert found.labels == {"phi.date.birth"}
    assert found.treatment is Treatment.LABELLED
    assert [each.told for each in found.evidence] == ['name matched "dob" in the lexicon (phi.date.birth)']


def test_most_values_say_so() -> None:
    found = classify(column("x1", [*ssns(93), *codes(7)]), detect)
    assert found.labels == {"phi.ssn"}
    assert found.treatment is Treatment.LABELLED
    assert found.evidence[0].kind is EvidenceKind.MOST_VALUES
    assert found.evidence[0].told == ("0.93 of 100 sampled values have the form of a social security number (phi.ssn)")


@pytest.mark.parametrize(
    ("matching", "others", "treatment"),
    [(80, 20, Treatment.LABELLED), (79, 21, Treatment.SCANNED), (2, 98, Treatment.SCANNED)],
)
def test_the_thresholds(matching: int, others: int, treatment: Treatment) -> None:
    found = classify(column("x1", [*ssns(matching), *codes(others)]), detect)
    assert found.treatment is treatment
    assert found.found == {"phi.ssn"}
    assert bool(found.labels) is (treatment is Treatment.LABELLED)


def test_values_of_several_kinds_together_make_a_column_of_them() -> None:
    found = classify(column("x1", [*ssns(50), *(f"p{n}@x.org" for n in range(50))]), detect)
    assert found.labels == {"phi.ssn", "phi.email"}


def test_a_note_that_mentions_one_is_not_one() -> None:
    notes = [f"The patient gave {ssn} on the telephone and will call again" for ssn in ssns(100)]
    found = classify(column("x1", notes), detect)
    assert found.found == {"phi.ssn"}
    assert (len(found.labels), found.treatment) == (0, Treatment.SCANNED)


@pytest.mark.parametrize(
    ("sample", "treatment"),
    [
        (column("x1", ["a long text " * 9]), Treatment.SCANNED),
        (column("x1", codes(200)), Treatment.SCANNED),  # nobody knows
        (column("x1", []), Treatment.SCANNED),
        (column("comment", ["ok"] * 99), Treatment.SCANNED),
        (column("x1", ["open", "closed"], rows=500), Treatment.SKIPPED),
        (column("x1", ["open", "closed"], rows=3), Treatment.SCANNED),
        (column("x1", [str(n) for n in range(200)], "bigint"), Treatment.SKIPPED),
        (column("x1", ["t", "f"], "boolean"), Treatment.SKIPPED),
        (column("x1", ["t", "f"], "uuid"), Treatment.SKIPPED),
        (column("x1", ['{"a": 1}'], "jsonb"), Treatment.SCANNED),
        (column("x1", [], "bytea"), Treatment.SCANNED),
        (column("x1", ["(1,2)"], "clinic.pair"), Treatment.SCANNED),
        (column("x1", ["10.0.0.1"], "inet"), Treatment.LABELLED),
        (column("x1", ["open", "closed", CANARY], rows=500), Treatment.SCANNED),  # a third of the list
        (column("x1", ssns(200), "bigint"), Treatment.LABELLED),  # a number that is one
    ],
)
def test_treatments(sample: ColumnSample, treatment: Treatment) -> None:
    assert classify(sample, detect).treatment is treatment


def test_outside_health_care_the_name_says_so_in_other_words() -> None:
    assert classify(column("dob"), detect, Regime.PII).labels == {"pii.birth"}


@given(st.lists(st.text(max_size=30), max_size=40), st.integers(0, 100))
def test_repeats_and_order_change_nothing(values: list[str], rows: int) -> None:
    one = classify(column("x1", values, rows=rows), detect)
    assert one == classify(column("x1", [*values, *values], rows=rows), detect)
    assert one == classify(column("x1", values, rows=rows), detect)


def test_no_evidence_holds_a_value() -> None:
    found = classify(column("x1", [CANARY] * 30 + ["zq-canary@x.org"]), detect)
    sample = column("x1", [CANARY])
    for told in (repr(found), repr(sample), *(each.told for each in found.evidence)):
        assert CANARY not in told
        assert "zq-canary" not in told


def test_a_detector_that_answers_for_others_is_refused() -> None:
    with pytest.raises(ValueError, match="other texts"):
        classify(column("x1", ["a", "b"]), lambda texts: [()])
    with pytest.raises(RuntimeError):
        classify(column("x1", ["a"]), raising)


def raising(texts: Sequence[str]) -> list[tuple[Finding, ...]]:
    raise RuntimeError


# -- decisions ---------------------------------------------------------------------------------------------------------

KEY = ColumnKey("clinic", "public.t", "x", "text", "v1")
SKIPPED = Classification(frozenset(), (), Treatment.SKIPPED)


def test_a_decision_is_for_one_version_of_one_column() -> None:
    decisions = ColumnDecisions()
    decisions.decide(KEY, SKIPPED)
    assert decisions.known(KEY) == SKIPPED
    for other in (replace(KEY, schema_version="v2"), replace(KEY, type_name="date"), replace(KEY, column="y")):
        assert decisions.known(other) is None


def test_the_oldest_decision_gives_way() -> None:
    decisions = ColumnDecisions(most=2)
    keys = [replace(KEY, column=name) for name in "abc"]
    decisions.decide(keys[0], SKIPPED)
    decisions.decide(keys[1], SKIPPED)
    decisions.known(keys[0])
    decisions.decide(keys[2], SKIPPED)
    assert [decisions.known(key) is not None for key in keys] == [True, False, True]
    assert len(decisions) == 2


@given(st.lists(st.integers(0, 300), max_size=20))
def test_audits_are_as_many_however_values_come(batches: list[int]) -> None:
    decisions = ColumnDecisions()
    decisions.decide(KEY, SKIPPED)
    passed, audited = 0, []
    for count in batches:
        audited += [passed + at for at in decisions.audited(KEY, count)]
        passed += count
    assert audited == list(range(0, passed, AUDIT_EVERY))


def test_a_value_that_contradicts_escalates_the_column() -> None:
    decisions = ColumnDecisions()
    decisions.decide(KEY, SKIPPED)
    assert decisions.escalate(KEY, frozenset()) == SKIPPED
    found = decisions.escalate(KEY, frozenset({Label("phi.ssn")}))
    assert found is not None
    assert found.treatment is Treatment.SCANNED
    assert found.found == {"phi.ssn"}
    assert decisions.known(KEY) == found
    assert list(decisions.audited(KEY, 1000)) == []  # all of it is looked into now
    assert decisions.escalate(replace(KEY, column="y"), frozenset({Label("phi")})) is None
