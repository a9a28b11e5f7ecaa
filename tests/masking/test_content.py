"""Values without labels, masked by what is found in them."""

from __future__ import annotations

import pytest

from interlock.masking.plan import MaskPlan, plan
from interlock.model.exposure import Output
from interlock.model.label import Label
from interlock.model.obligation import Obligations
from interlock.model.reveal import Reveal
from interlock.wire.postgres.answers import write_data_row
from interlock.wire.postgres.copy_data import CopyMasker, csv_options, text_options
from interlock.wire.postgres.rows import RowMasker

SSN, EMAIL = Label("pii.ssn"), Label("pii.email")
NONE: frozenset[Label] = frozenset()
TEXT = Output("note", 25, NONE, "clinic/public.visits.note")


def find(value: bytes) -> frozenset[Label]:
    return frozenset(label for sign, label in ((b"#", SSN), (b"@", EMAIL)) if sign in value)


def of(output: Output, format: int = 0, obligations: Obligations | None = None) -> MaskPlan:
    return plan([output], obligations or Obligations(), (format,), content=find).for_one_result()


def shown(output: Output, value: bytes | None, format: int = 0) -> bytes | None:
    (mask,) = of(output, format).masks
    return value if mask is None else mask(value)


@pytest.mark.parametrize("type_oid", [19, 25, 705, 1042, 1043])
@pytest.mark.parametrize("format", [0, 1])
def test_texts(type_oid: int, format: int) -> None:
    output = Output("note", type_oid, NONE, None)
    assert [shown(output, value, format) for value in (b"plain", b"", None)] == [b"plain", b"", None]
    assert (shown(output, b"a#", format), shown(output, b"#@", format)) == (b"[pii.ssn]", b"[pii.*]")


@pytest.mark.parametrize(
    ("type_oid", "format", "expected"),
    [(114, 0, b'"[pii.ssn]"'), (114, 1, b'"[pii.ssn]"'), (3802, 0, b'"[pii.ssn]"'), (3802, 1, b'\x01"[pii.ssn]"')],
)
def test_json_stays_json(type_oid: int, format: int, expected: bytes) -> None:
    assert shown(Output("doc", type_oid, NONE, None), b'{"a": "#"}', format) == expected


@pytest.mark.parametrize("type_oid", [17, 20, 23, 142, 1009, 1082, 60_000])
def test_other_types_are_as_they_are(type_oid: int) -> None:
    assert of(Output("n", type_oid, NONE, None)).masks == (None,)


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
    planned = plan([TEXT, labelled], Obligations(), (), content=find)
    for _ in range(2):
        one = planned.for_one_result()
        masker = RowMasker(one.masks)
        for value in (b"plain", b"#", b"#@", None):
            masker.rewrite(write_data_row([value, b"x"])[5:])
        assert one.counts(masker.counts) == {EMAIL: 1, SSN: 2 + 4}


def test_a_plan_that_looks_for_nothing_is_its_own() -> None:
    planned = plan([TEXT], Obligations(), ())
    assert planned.for_one_result() is planned


def test_what_passes_in_a_copy_is_as_it_was_written() -> None:
    masks = of(TEXT).masks
    row = b'"needs ""no"" quotes"\n'
    assert CopyMasker(csv_options(), masks, 1_000).feed(row + b'"x"\n"#"\n') == row + b'"x"\n[pii.ssn]\n'
    assert CopyMasker(text_options(), masks, 1_000).feed(b"a\\x62\n\\N\n#\n") == b"a\\x62\n\\N\n[pii.ssn]\n"
