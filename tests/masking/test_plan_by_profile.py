"""The plan under a profile: plain columns by its rules and in their own types, all else as strictly as without."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.masking.a_masker import fetched, masker, pseudonyms_of
from tests.masking.test_plan import OBLIGATIONS, OUTPUTS

from interlock.masking.masker import Place
from interlock.masking.overrides import Overrides
from interlock.masking.plan import MaskPlan, plan
from interlock.masking.profiles import PROFILES
from interlock.masking.rules.by_profile import ProfileMask
from interlock.masking.rules.pseudonym import PseudonymMask
from interlock.masking.tokens import holds_token
from interlock.model.exposure import Definition, Output
from interlock.model.label import Label
from interlock.model.obligation import Obligations
from interlock.model.override import NOT_THIS_LABEL, Override
from interlock.model.reveal import Reveal
from interlock.wire.postgres.answers import write_data_row
from interlock.wire.postgres.copy_data import CopyMasker, csv_options
from interlock.wire.postgres.rows import RowMasker

COLUMN = "clinic/public.patients.x"
MRN, BORN, AGE = Label("phi.mrn"), Label("phi.date.birth"), Label("phi.age")
NOTHING = Obligations()


def output(type_oid: int, *labels: str, plain: str | None = COLUMN) -> Output:
    return Output("x", type_oid, frozenset(map(Label, labels)), plain)


def of(out: Output, profile: str = "safe_harbor", format: int = 0, asked: Obligations = NOTHING) -> MaskPlan:
    return plan([out], asked, (format,), profile=masker(profile)).for_one_result()


def told(out: Output, value: bytes | None, profile: str = "safe_harbor", format: int = 0) -> bytes | None:
    (mask,) = of(out, profile, format).masks
    return value if mask is None else mask(value)


@pytest.mark.parametrize(
    ("type_oid", "label", "value", "expected"),
    [
        (1082, "phi.date.birth", b"1980-03-14", b"1980-01-01"),
        (1082, "phi.date.birth", b"1930-03-14", None),
        (1082, "phi.date.birth", b"infinity", None),
        (1184, "phi.date.service", b"2024-03-14 10:22:33+00", b"2024-01-01 00:00:00+00:00"),
        (25, "phi.date.birth", b"03/14/1980", b"1980"),
        (25, "phi.date.birth", b"unknown", b"[phi.date.birth]"),
        (23, "phi.age", b"93", b"90"),
        (25, "phi.address.zip", b"03601-0001", b"000"),
        (25, "phi.address.zip", b"\xff\xfe", b"[phi.address.zip]"),
        (23, "phi.ssn", b"123456789", None),
        (25, "phi.ssn", b"123-45-6789", b"[phi.ssn]"),
        (17, "phi.photo", b"\\x89", None),
        (3802, "phi.clinical.note", b"{}", None),
        (25, "phi.mrn", b"MRN-1", b"[phi.mrn]"),
    ],
)
def test_safe_harbor_columns(type_oid: int, label: str, value: bytes, expected: bytes | None) -> None:
    assert told(output(type_oid, label), value) == expected
    assert told(output(type_oid, label), None) is None


def test_binary_dates_and_integers() -> None:
    assert told(output(1082, "phi.date.birth"), struct.pack("!i", -7232), format=1) == struct.pack("!i", -7305)
    assert told(output(21, "phi.age"), struct.pack("!h", 99), format=1) == struct.pack("!h", 90)


@pytest.mark.parametrize("type_oid", [25, 23, 1082])
def test_expressions_and_definitions_are_constants(type_oid: int) -> None:
    for out in (
        output(type_oid, "phi.age", plain=None),
        replace(output(type_oid, "phi.date.birth", plain=None), definition=Definition.SQL),
    ):
        assert of(out) == plan([out], NOTHING, (0,))


def test_blobs_go_without_labels_too() -> None:
    assert told(output(17), b"\\x89504e47") is None
    assert told(output(17, plain=None), b"\\x89504e47") is None
    assert of(output(17)).counts([3]) == {"phi": 3}
    assert told(output(17), b"\\x89504e47", profile="internal") == b"\\x89504e47"
    assert of(output(17), asked=Obligations(observing=True)).masks == (None,)


@pytest.mark.parametrize("mask", [frozenset[Label](), frozenset({MRN})])
def test_what_a_profile_keeps_passes_where_policy_doesnt_name_it(mask: frozenset[Label]) -> None:
    kept = of(output(1082, "phi.date.birth"), "limited_dataset", asked=Obligations(mask))
    assert (kept.masks, kept.labels) == ((None,), ((),))


@pytest.mark.parametrize("named", ["phi", "phi.date", "phi.date.birth"])
def test_policy_is_stricter_than_the_profile(named: str) -> None:
    (mask,) = of(output(1082, "phi.date.birth"), "limited_dataset", asked=Obligations(frozenset({Label(named)}))).masks
    assert mask is not None and mask(b"1980-03-14") is None


def test_reveals_and_observing_are_as_without_a_profile() -> None:
    revealed = Obligations(reveal=frozenset({Reveal(COLUMN, MRN)}))
    assert not of(output(25, "phi.mrn"), asked=revealed).masks_anything
    assert not of(output(25, "phi.mrn"), asked=Obligations(observing=True)).masks_anything


def test_pseudonyms_are_given_only_where_the_profile_allows() -> None:
    granted, known = Obligations(pseudonyms=frozenset({MRN})), pseudonyms_of("etl")

    def mask(profile: str) -> object:
        return plan([output(25, "phi.mrn")], granted, (), known, profile=masker(profile)).masks[0]

    assert isinstance(mask("internal"), PseudonymMask)
    assert isinstance(mask("safe_harbor"), ProfileMask)
    assert not isinstance(mask("secrets_only"), PseudonymMask)


def test_surrogates_are_listed_a_chunk_at_a_time_and_applied() -> None:
    outs = [output(25, "phi.mrn"), output(23), output(25, "phi.name")]
    planned = plan(outs, NOTHING, (), profile=masker("safe_harbor")).for_one_result()
    assert planned.wants == (0, 2)
    wanted = planned.wanted([[b"MRN-1", b"MRN-2", None, b"MRN-1"], [], [b"Dana", b"\xff", None, b""]])
    assert wanted == {("phi.mrn", b"MRN-1"), ("phi.mrn", b"MRN-2"), ("phi.name", b"Dana")}
    given = planned.given(fetched(wanted))
    tokens = [given.masks[0](value) for value in (b"MRN-1", b"MRN-2", b"MRN-1", b"MRN-3")]  # type: ignore[misc]
    assert tokens[0] == tokens[2] != tokens[1] and tokens[3] == b"[phi.mrn]"
    assert all(holds_token(token or b"") for token in tokens)
    assert given.labels == planned.labels


def test_marks_count_on_over_columns_and_chunks_and_begin_anew_with_a_result() -> None:
    outs = [output(25, "phi.name"), output(25, "phi.name")]
    planned = plan(outs, NOTHING, (), profile=masker("prompt_guard"))
    for _ in range(2):
        one = planned.for_one_result()
        first, second = one.masks
        assert first is not None and second is not None
        assert [first(b"Dana"), second(b"Remy"), second(b"Dana")] == [
            b"[phi.name#1]",
            b"[phi.name#2]",
            b"[phi.name#1]",
        ]
        third = one.given({}).masks[0]
        assert third is not None and third(b"Olu") == b"[phi.name#3]"


def test_rows_and_copies_take_these_masks_and_count_them() -> None:
    outs = [output(23), output(1082, "phi.date.birth"), output(25, "phi.address.zip")]
    planned = plan(outs, NOTHING, (), profile=masker("safe_harbor")).for_one_result()
    rows = RowMasker(planned.masks)
    assert rows.rewrite(write_data_row([b"1", b"1980-03-14", b"94305"])[5:]) == write_data_row(
        [b"1", b"1980-01-01", b"943"]
    )
    assert planned.counts(rows.counts) == {"phi.address.zip": 1, "phi.date.birth": 1}
    assert CopyMasker(csv_options(), planned.masks, 1_000).feed(b"1,1980-03-14,94305\n") == b"1,1980-01-01,943\n"


NOW, LATER = "2026-11-22T12:00:00.000000Z", "2026-12-01T00:00:00.000000Z"


def test_content_findings_follow_profile_and_overrides() -> None:
    def masked(labels: str, profile: str, *overrides: Override) -> str:
        held = masker(profile, overrides=Overrides.of(overrides, "clinic", NOW))
        return " ".join(sorted(held.found(map(Label, labels.split()), Place(COLUMN))))

    assert masked("quasi.state", "safe_harbor") == ""
    assert masked("quasi.state phi.mrn", "safe_harbor") == "phi.mrn"
    said = Override("a", "clinic", COLUMN, MRN, NOT_THIS_LABEL, None, LATER)
    assert masked("phi.mrn", "safe_harbor", said) == ""
    assert masked("phi.mrn secret.jwt", "safe_harbor", said) == "secret.jwt"


def test_an_override_in_a_plan() -> None:
    said = Override("a", "clinic", COLUMN, AGE, "null", None, LATER)
    held = masker("safe_harbor", overrides=Overrides.of([said], "clinic", NOW))
    (mask,) = plan([output(23, "phi.age")], NOTHING, (), profile=held).masks
    assert mask is not None and mask(b"45") is None
    assert held.choice([AGE], Place(COLUMN)).rule == "null"


@given(st.lists(OUTPUTS, max_size=5), OBLIGATIONS, st.sampled_from(sorted(PROFILES)))
def test_every_labelled_column_is_masked_but_what_is_kept(outs: list[Output], asked: Obligations, name: str) -> None:
    masked = plan(outs, asked, (), profile=masker(name))
    without = plan(outs, asked, ())
    for out, mask, other in zip(outs, masked.masks, without.masks, strict=True):
        if mask is None and other is not None:
            assert PROFILES[name].keeps(out.labels) and not out.labels & asked.mask
        if not out.labels:
            assert mask is None or (out.type_oid == 17 and PROFILES[name].drops_blobs)


@given(st.binary(max_size=12), OUTPUTS.filter(lambda out: bool(out.labels)), st.sampled_from(sorted(PROFILES)))
def test_hostile_bytes_never_raise_and_secrets_never_pass(raw: bytes, out: Output, name: str) -> None:
    secret = replace(out, labels=frozenset({Label("secret.jwt")}))
    (mask,) = plan([secret], NOTHING, (), profile=masker(name)).masks
    assert mask is not None and mask(raw) in (None, b"[secret.jwt]")
    (mask,) = plan([out], NOTHING, (), profile=masker(name)).for_one_result().masks
    if mask is not None:
        assert mask(raw) is None or isinstance(mask(raw), bytes)
