"""Values without labels, masked by what is known of them."""

from __future__ import annotations

import pytest

from interlock.masking.plan import MaskPlan, plan, without_kept
from interlock.masking.profiles import PROFILES
from interlock.masking.rules.content import ContentMask, Told
from interlock.model.exposure import Exposure, Output
from interlock.model.label import Label
from interlock.model.obligation import Obligations
from interlock.model.reveal import Reveal
from interlock.wire.postgres.answers import write_data_row
from interlock.wire.postgres.copy_data import CopyMasker, csv_options, text_options
from interlock.wire.postgres.rows import RowMasker

SSN, EMAIL = Label("pii.ssn"), Label("pii.email")
NONE: frozenset[Label] = frozenset()
TEXT = Output("note", 25, NONE, "clinic/public.visits.note")
KNOWN: dict[bytes, Told | None] = {
    b"plain": None,
    b"a#": (b"a[pii.ssn]", frozenset({SSN})),
    b"#@": (b"[pii.ssn][pii.email]", frozenset({SSN, EMAIL})),
}


def of(output: Output, format: int = 0, obligations: Obligations | None = None) -> MaskPlan:
    made = plan([output], obligations or Obligations(), (format,), content=True).for_one_result()
    for mask in made.masks:
        if isinstance(mask, ContentMask):
            mask.known.told = KNOWN
    return made


def shown(output: Output, value: bytes | None, format: int = 0) -> bytes | None:
    (mask,) = of(output, format).masks
    return value if mask is None else mask(value)


@pytest.mark.parametrize("type_oid", [19, 25, 705, 1042, 1043, 142])
@pytest.mark.parametrize("format", [0, 1])
def test_texts(type_oid: int, format: int) -> None:
    output = Output("note", type_oid, NONE, None)
    assert [shown(output, value, format) for value in (b"plain", b"", None)] == [b"plain", b"", None]
    assert (shown(output, b"a#", format), shown(output, b"#@", format)) == (b"a[pii.ssn]", b"[pii.ssn][pii.email]")


@pytest.mark.parametrize(
    ("type_oid", "format", "expected"),
    [
        (25, 0, b"[phi.*]"),
        (114, 0, b'"[phi.*]"'),
        (114, 1, b'"[phi.*]"'),
        (3802, 0, b'"[phi.*]"'),
        (3802, 1, b'\x01"[phi.*]"'),
        (1009, 0, b'{"[phi.*]"}'),
        (17, 0, None),
        (2249, 0, None),
        (60_000, 1, None),
    ],
)
def test_what_nobody_has_looked_at_is_masked_whole(type_oid: int, format: int, expected: bytes | None) -> None:
    assert shown(Output("x", type_oid, NONE, None), b"never seen", format) == expected


def test_unless_the_rest_passes() -> None:
    made = of(Output("n", 20, NONE, "clinic/public.visits.n"))
    (mask,) = made.masks
    assert isinstance(mask, ContentMask) and mask(b"12") is None
    mask.known.rest_passes = True
    assert mask(b"12") == b"12"


@pytest.mark.parametrize("type_oid", [16, 600, 701, 1082, 1114, 1184, 2950, 869, 1007])
def test_types_without_words_are_as_they_are(type_oid: int) -> None:
    assert of(Output("n", type_oid, NONE, "clinic/public.visits.n")).masks == (None,)


def test_numbers_only_of_stored_columns() -> None:
    assert of(Output("n", 20, NONE, None)).masks == (None,)
    assert of(Output("n", 20, NONE, "clinic/public.visits.n")).looked_into == (0,)


def test_what_is_nobodys_data_is_not_looked_into() -> None:
    assert of(Output("version", 25, NONE, None, data=False)).masks == (None,)


def test_off_unless_asked_for_and_where_nothing_is_masked() -> None:
    assert not plan([TEXT], Obligations(), ()).masks_anything
    assert not of(TEXT, obligations=Obligations(observing=True)).masks_anything


def test_revealed_and_labelled_columns_are_not_looked_into() -> None:
    ssn = Output("ssn", 25, frozenset({SSN}), "clinic/public.people.ssn")
    revealed = Obligations(reveal=frozenset({Reveal("clinic/public.people.ssn", SSN)}))
    assert of(ssn, obligations=revealed).masks == (None,)
    assert shown(ssn, b"plain") == b"[pii.ssn]"


def test_counts_are_of_what_was_found_and_of_one_result() -> None:
    labelled = Output("ssn", 25, frozenset({SSN}), "clinic/public.people.ssn")
    planned = plan([TEXT, labelled], Obligations(), (), content=True)
    for _ in range(2):
        one = planned.for_one_result()
        assert isinstance(one.masks[0], ContentMask)
        one.masks[0].known.told = KNOWN
        masker = RowMasker(one.masks)
        for value in (b"plain", b"a#", b"#@", None):
            masker.rewrite(write_data_row([value, b"x"])[5:])
        assert one.counts(masker.counts) == {EMAIL: 1, SSN: 2 + 4}


def test_a_plan_that_looks_for_nothing_is_its_own() -> None:
    planned = plan([TEXT], Obligations(), ())
    assert planned.for_one_result() is planned


def test_what_passes_in_a_copy_is_as_it_was_written() -> None:
    made = of(TEXT)
    (mask,) = made.masks
    assert isinstance(mask, ContentMask)
    mask.known.told = {**KNOWN, b'needs "no" quotes': None, b"x": None, b"ab": None}
    row = b'"needs ""no"" quotes"\n'
    assert CopyMasker(csv_options(), made.masks, 1_000).feed(row + b'"x"\n"a#"\n') == row + b'"x"\na[pii.ssn]\n'
    assert CopyMasker(text_options(), made.masks, 1_000).feed(b"a\\x62\n\\N\na#\n") == b"a\\x62\n\\N\na[pii.ssn]\n"


def output(*labels: str, plain: str | None = "clinic/public.people.c") -> Output:
    return Output("c", 25, frozenset(map(Label, labels)), plain)


def test_what_a_profile_keeps_is_not_owed() -> None:
    owed = Obligations(frozenset(map(Label, ("quasi.state", "phi.name", "phi.clinical.diagnosis", "phi.other"))))
    shows = Exposure((output("quasi.state"), output("phi.name"), output("phi.clinical.diagnosis", "phi.name")))
    kept = without_kept(owed, shows, PROFILES["safe_harbor"])
    assert kept.mask == {"phi.name", "phi.clinical.diagnosis", "phi.other"}, "a label that is masked anywhere is owed"
    assert without_kept(owed, Exposure(shows.outputs, opaque=True), PROFILES["safe_harbor"]) == owed
    secrets = Obligations(frozenset({Label("secret.token")}))
    for profile in PROFILES.values():
        assert without_kept(secrets, Exposure((output("secret.token"),)), profile) == secrets


def test_a_column_that_a_profile_keeps_is_looked_into_all_the_same() -> None:
    from datetime import date

    from interlock.masking.masker import Masker

    masker = Masker(PROFILES["safe_harbor"], date(2026, 11, 22))
    diagnosis = output("phi.clinical.diagnosis")
    (mask,) = plan([diagnosis], Obligations(), (), content=True, profile=masker).for_one_result().masks
    assert isinstance(mask, ContentMask)
    owed = Obligations(frozenset({Label("phi.clinical.diagnosis")}))
    (mask,) = plan([diagnosis], owed, (), content=True, profile=masker).for_one_result().masks
    assert mask is not None and mask(b"flu") == b"[phi.clinical.diagnosis]"
