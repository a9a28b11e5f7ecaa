"""What a discovery says of a column: what it lacks, what it no longer looks like, whether it is new."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.sensitivity.test_classifier import codes, column, detect, ssns

from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.drift import Drift, column_report, gone


def labels(*names: str) -> frozenset[Label]:
    return frozenset(Label(name) for name in names)


@pytest.mark.parametrize(
    ("carries", "lacks"),
    [
        ((), {"phi.ssn"}),
        (("phi.ssn",), set()),
        (("phi",), set()),
        (("pii.ssn",), set()),  # its twin outside health care
        (("phi.mrn",), {"phi.ssn"}),  # a reveal of the one would show the other
        (("pci.pan",), {"phi.ssn"}),
    ],
)
def test_a_column_of_them_lacks_what_nothing_says(carries: tuple[str, ...], lacks: set[str]) -> None:
    found = column_report(column("x1", ssns(100)), 1, labels(*carries), detect)
    assert found.lacks == lacks
    assert (Drift.UNLABELLED in found.drift) is bool(lacks)


def test_what_is_masked_whole_needs_no_label_for_each_thing_in_it() -> None:
    notes = [f"call about {ssn} tomorrow, please, before noon" for ssn in ssns(50)]
    assert column_report(column("x1", notes), 1, labels("phi.clinical.note"), detect).lacks == set()
    assert column_report(column("x1", notes), 1, labels("secret.token"), detect).lacks == {"phi.ssn"}
    assert column_report(column("x1", notes), 1, labels(), detect).lacks == {"phi.ssn"}


def test_a_labelled_column_that_looks_otherwise() -> None:
    found = column_report(column("x1", codes(100)), 1, labels("phi.ssn"), detect)
    assert found.drift == (Drift.LOOKS_OTHERWISE,)
    assert found.otherwise == {"phi.ssn"}
    for sample, carries in (
        (column("x1", codes(10)), "phi.ssn"),  # too few to say
        (column("x1", [*ssns(10), *codes(90)]), "phi.ssn"),
        (column("x1", codes(100)), "phi.name.given"),  # no form tells a name
        (column("x1", []), "phi.ssn"),
    ):
        assert column_report(sample, 1, labels(carries), detect).otherwise == set()


def test_new_columns_are_told_once_there_was_a_last_time() -> None:
    sample = column("quantity", ["1"], "integer")
    assert column_report(sample, 1, labels(), detect).drift == ()
    assert column_report(sample, 1, labels(), detect, known=frozenset({"quantity"})).drift == ()
    assert column_report(sample, 1, labels(), detect, known=frozenset()).drift == (Drift.NEW_COLUMN,)


def test_columns_that_are_gone() -> None:
    before = {"public.a": ["x", "y"], "public.b": ["z"]}
    assert gone(before, {"public.a": ("x",)}) == ("public.a.y", "public.b.z")
    assert gone(before, before) == ()


def test_findings_of_a_place_alone_are_told_but_cover_nothing_more() -> None:
    def states(texts: Sequence[str]) -> list[tuple[Finding, ...]]:
        return [(Finding(0, len(text), Label("quasi.state"), 0.9, "list"),) for text in texts]

    sample = column("x1", ["CA", "NY"], rows=50)
    assert column_report(sample, 1, labels(), states).lacks == {"quasi.state"}
    assert column_report(sample, 1, labels("phi.address"), states).lacks == set()
