"""Masks are made here and put on in `wire`, which knows them by shape only: that the shapes meet."""

from __future__ import annotations

import pytest

from interlock.masking.plan import plan
from interlock.model.exposure import Output
from interlock.model.label import Label
from interlock.model.obligation import Obligations
from interlock.wire.postgres.answers import write_data_row
from interlock.wire.postgres.copy_data import CopyMasker, csv_options
from interlock.wire.postgres.rows import ConstantMask, RowMasker

MRN = frozenset([Label("phi.mrn")])
OUTPUTS = [
    Output("id", 23, frozenset(), "clinic/public.patients.id"),
    Output("mrn", 25, MRN, "clinic/public.patients.mrn"),
    Output("born", 1082, frozenset([Label("phi.date.birth")]), "clinic/public.patients.born"),
    Output("upper", 25, MRN, None),
]
MASKED = plan(OUTPUTS, Obligations(), ())


def test_every_mask_takes_the_fast_path() -> None:
    assert [isinstance(mask, ConstantMask) for mask in MASKED.masks] == [False, True, True, True]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([b"1", b"M-1", b"1980-01-01", b"M-1"], [b"1", b"[phi.mrn]", None, b"[phi.mrn]"]),
        ([b"2", None, None, None], [b"2", None, None, b"[phi.mrn]"]),
    ],
)
def test_rows_and_copies_are_masked_by_a_plan(row: list[bytes | None], expected: list[bytes | None]) -> None:
    assert RowMasker(MASKED.masks).rewrite(write_data_row(row)[5:]) == write_data_row(expected)
    copied = b",".join(value or b"" for value in row) + b"\n"
    assert CopyMasker(csv_options(), MASKED.masks, 1_000).feed(copied) == b",".join(v or b"" for v in expected) + b"\n"


def test_counts_come_back_by_label() -> None:
    masker = RowMasker(MASKED.masks)
    for row in ([b"1", b"M-1", b"1980-01-01", b"M-1"], [b"2", None, None, None]):
        masker.rewrite(write_data_row(row)[5:])
    assert MASKED.counts(masker.counts) == {"phi.date.birth": 1, "phi.mrn": 3}
