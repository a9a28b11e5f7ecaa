from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import MalformedInput
from interlock.masking.plan import MaskPlan, describe, plan
from interlock.masking.replacement import Replacement
from interlock.masking.tokens import holds_token
from interlock.model.exposure import Output
from interlock.model.label import Label
from interlock.model.obligation import Obligations
from interlock.model.reveal import Reveal

TEXT, VARCHAR, BPCHAR, NAME, UNKNOWN = 25, 1043, 1042, 19, 705
OTHERS = [16, 17, 18, 20, 23, 114, 600, 1007, 1082, 1184, 1700, 2950, 3802, 16_999, 0]
LABELS = [Label(name) for name in ("phi", "phi.mrn", "phi.name", "phi.name.given", "pci.pan", "quasi.zip3")]

OUTPUTS = st.builds(
    Output,
    name=st.text(max_size=8),
    type_oid=st.sampled_from([TEXT, VARCHAR, BPCHAR, NAME, UNKNOWN, *OTHERS]),
    labels=st.frozensets(st.sampled_from(LABELS), max_size=4),
    plain=st.none() | st.just("clinic/public.patients.mrn"),
)
MRN = "clinic/public.patients.mrn"
REVEALS = st.builds(Reveal, st.sampled_from([MRN, "clinic/public.patients.name"]), st.sampled_from(LABELS))
OBLIGATIONS = st.builds(Obligations, st.frozensets(st.sampled_from(LABELS)), st.frozensets(REVEALS))


def output(type_oid: int, *labels: str, plain: bool = True) -> Output:
    column = "clinic/public.patients.mrn" if plain else None
    return Output("mrn", type_oid, frozenset(Label(label) for label in labels), column)


def mask_of(out: Output, *, formats: Sequence[int] = ()) -> Replacement | None:
    mask = plan([out], Obligations(out.labels), formats).masks[0]
    assert mask is None or isinstance(mask, Replacement)
    return mask


@pytest.mark.parametrize("type_oid", [TEXT, VARCHAR, BPCHAR, NAME, UNKNOWN])
@pytest.mark.parametrize("formats", [(), (0,), (1,)])
def test_text_becomes_a_token_in_either_format(type_oid: int, formats: Sequence[int]) -> None:
    mask = mask_of(output(type_oid, "phi.mrn"), formats=formats)
    assert mask is not None
    assert mask(b"MRN-000123") == b"[phi.mrn]"
    assert mask(b"") == b"[phi.mrn]"
    assert mask(None) is None


@pytest.mark.parametrize("type_oid", OTHERS)
def test_what_cant_hold_a_token_becomes_null(type_oid: int) -> None:
    for plain in (True, False):
        mask = mask_of(output(type_oid, "phi.mrn", plain=plain))
        assert mask is not None
        assert mask(b"1") is None
        assert mask(None) is None


def test_a_coarse_text_is_replaced_whole_with_its_nulls() -> None:
    mask = mask_of(output(TEXT, "phi.mrn", plain=False))
    assert mask is not None
    assert mask(b"x") == mask(None) == b"[phi.mrn]"


def test_without_labels_there_is_no_mask() -> None:
    masked = plan([output(TEXT), output(23, plain=False)], Obligations(frozenset(LABELS)), ())
    assert masked.masks == (None, None)
    assert not masked.masks_anything


@given(st.lists(OUTPUTS, max_size=5), OBLIGATIONS)
def test_every_labelled_column_is_masked_whatever_the_masks_say(outs: list[Output], asked: Obligations) -> None:
    asked = Obligations(asked.mask)
    masked = plan(outs, asked, ())
    assert [mask is not None for mask in masked.masks] == [bool(out.labels) for out in outs]
    assert masked == plan(outs, Obligations(), ())
    assert masked.masks_anything == any(out.labels for out in outs)


@given(st.lists(OUTPUTS, max_size=5), OBLIGATIONS)
def test_only_a_reveal_of_all_labels_of_a_plain_column_shows_it(outs: list[Output], asked: Obligations) -> None:
    masked = plan(outs, asked, ())
    for out, mask, labels in zip(outs, masked.masks, masked.labels, strict=True):
        shown = out.plain is not None and all(Reveal(out.plain, label) in asked.reveal for label in out.labels)
        assert (mask is None) is (shown or not out.labels)
        assert labels == (tuple(sorted(out.labels)) if mask is not None else ())


def test_a_reveal_of_another_column_or_of_one_label_alone_shows_nothing() -> None:
    out = output(TEXT, "phi.mrn", "phi.name")
    other = Reveal("clinic/public.patients.name", LABELS[1])
    one, both = Reveal(MRN, LABELS[1]), Reveal(MRN, LABELS[2])
    for asked in ({other}, {one}, {both}, {one, other}):
        assert plan([out], Obligations(reveal=frozenset(asked)), ()).masks_anything
    assert not plan([out], Obligations(reveal=frozenset({one, both})), ()).masks_anything
    assert plan([replace(out, plain=None)], Obligations(reveal=frozenset({one, both})), ()).masks_anything


def test_revealed_columns_arent_counted() -> None:
    outs = [output(TEXT, "phi.mrn"), Output("ssn", TEXT, frozenset({LABELS[4]}), "clinic/public.patients.pan")]
    masked = plan(outs, Obligations(reveal=frozenset({Reveal(MRN, LABELS[1])})), ())
    assert masked.counts([0, 3]) == {"pci.pan": 3}
    assert describe(masked, outs) == ("clinic/public.patients.pan: pci.pan",)


@given(st.lists(OUTPUTS, max_size=5), OBLIGATIONS)
def test_where_policy_is_only_observed_nothing_is_masked(outs: list[Output], asked: Obligations) -> None:
    assert not plan(outs, replace(asked, observing=True), ()).masks_anything


@given(OUTPUTS.filter(lambda out: bool(out.labels)), st.lists(st.none() | st.binary(max_size=20), min_size=2))
def test_nothing_of_a_value_comes_through_a_mask(out: Output, values: list[bytes | None]) -> None:
    mask = mask_of(out)
    assert mask is not None
    given_out = {mask(value) for value in values if value is not None or out.plain is None}
    assert len(given_out) <= 1
    assert all(sent is None or holds_token(sent) for sent in given_out)


@given(OUTPUTS.filter(lambda out: bool(out.labels)), st.none() | st.binary(max_size=20))
def test_a_masks_attributes_tell_all_it_does(out: Output, value: bytes | None) -> None:
    mask = mask_of(out)
    assert mask is not None
    assert mask(value) == (None if value is None and mask.keeps_null else mask.replacement)


@pytest.mark.parametrize("formats", [(2,), (-1,), (0, 0), (0, 0, 0, 0)])
def test_formats_that_dont_fit_are_malformed(formats: Sequence[int]) -> None:
    with pytest.raises(MalformedInput):
        plan([output(TEXT)] * 3, Obligations(), formats)


def test_counts_are_by_label() -> None:
    outs = [output(TEXT, "phi.mrn"), output(23), output(TEXT, "phi.name", "phi.mrn"), output(TEXT, "pci.pan")]
    masked = plan(outs, Obligations(), ())
    assert masked.counts([3, 0, 2, 0]) == {"phi.mrn": 5, "phi.name": 2}


def test_counts_must_fit_the_columns() -> None:
    with pytest.raises(ValueError, match="zip"):
        MaskPlan((None,), ((),)).counts([1, 2])


def test_the_description_names_columns_and_never_what_the_asker_called_them() -> None:
    outs = [output(TEXT, "phi.mrn", "phi"), output(23), Output("canary", TEXT, frozenset(LABELS[1:3]), None)]
    lines = describe(plan(outs, Obligations(), ()), outs)
    assert lines == ("clinic/public.patients.mrn: phi, phi.mrn", "column 3: phi.mrn, phi.name")
