"""JSON values by paths: which labels lie where, what takes a value's place, where else it stands."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.masking.a_masker import masker, pseudonyms_of

from interlock.masking.json_values import Fields, LeafMask, Seen, firm, owed
from interlock.masking.masker import Call
from interlock.masking.profiles import PROFILES
from interlock.masking.profiles.internal import INTERNAL
from interlock.model.label import Label
from interlock.model.obligation import Obligations
from interlock.model.reveal import Reveal

NAME, MRN, DIAGNOSIS = Label("phi.name"), Label("phi.mrn"), Label("phi.clinical.diagnosis")
FIELDS = Fields({"result.rows[].name": NAME, "result.author": Label("pii"), "arguments.mrn": MRN}, "result")


def of(*labels: str) -> frozenset[Label]:
    return frozenset(map(Label, labels))


def test_a_path_s_label_is_that_of_all_beneath_it() -> None:
    assert FIELDS.at(("rows", 3, "name")) == of("phi.name")
    assert FIELDS.at(("rows", 3, "name", "given", 0)) == of("phi.name")
    assert FIELDS.at(("author", "email")) == of("pii")
    assert FIELDS.at(("rows", "name")) == FIELDS.at(("rows", 3)) == FIELDS.at(("mrn",)) == frozenset()
    assert FIELDS.labels == of("phi.name", "pii") and FIELDS.names == {"rows", "name", "author"}
    assert FIELDS.columns == {"result.rows[].name": of("phi.name"), "result.author": of("pii")}


def test_a_part_of_a_result_is_told_by_the_end_of_a_path() -> None:
    assert FIELDS.at(("name",)) == frozenset()
    assert FIELDS.at(("name",), within=True) == FIELDS.at((0, "name"), within=True) == of("phi.name")
    assert FIELDS.at((0,), within=True) == FIELDS.at((), within=True) == frozenset()


def test_roots_and_lists_within_lists() -> None:
    assert Fields({"result": NAME}, "result").at(("a", 1)) == of("phi.name")
    assert Fields({"result[][].n": NAME}, "result").at((0, 1, "n")) == of("phi.name")
    assert not Fields({"arguments.x": NAME}, "result")


def test_without_a_profile_a_value_becomes_a_constant_of_its_type() -> None:
    mask = LeafMask(Obligations())
    assert [mask.masked(v, of("phi.mrn"), "t", Call()) for v in ("482913", 482913, 1.5, True)] == [
        "[phi.mrn]",
        None,
        None,
        None,
    ]


def test_pseudonyms_are_given_where_they_are_granted() -> None:
    own = pseudonyms_of("etl")
    granted = Obligations(pseudonyms=of("phi.mrn"))
    told = LeafMask(granted, None, own).masked("482913", of("phi.mrn"), "t", Call())
    assert isinstance(told, str) and own.read(told) == (MRN, b"482913")
    assert LeafMask(granted, None, own).masked("x", of("phi.name"), "t", Call()) == "[phi.name]"
    strict = LeafMask(granted, masker("secrets_only"), own)
    assert strict.masked("482913", of("secret.token"), "t", Call()) == "[secret.token]"
    assert LeafMask(granted, None, own).masked("\ud800", of("phi.mrn"), "t", Call()) == "[phi.mrn]"


def test_what_is_revealed_or_observed_or_kept_is_not_held() -> None:
    revealed = Obligations(reveal=frozenset({Reveal("t", MRN)}))
    assert LeafMask(revealed).held(of("phi.mrn"), "t") == frozenset()
    assert LeafMask(revealed).held(of("phi.mrn", "phi.name"), "t") == of("phi.mrn", "phi.name")
    assert LeafMask(revealed).held(of("phi.mrn"), "u") == of("phi.mrn")
    assert LeafMask(Obligations(observing=True)).held(of("phi.mrn"), "t") == frozenset()
    assert LeafMask(Obligations(), masker("internal")).held(of("phi.clinical.diagnosis"), "t") == frozenset()


def test_what_a_profile_keeps_is_owed_no_mask_and_what_is_owed_one_is_not_kept() -> None:
    all_ = Obligations(mask=of("phi.mrn", "phi.clinical.diagnosis", "phi"))
    assert owed(all_, {"dx": of("phi.clinical.diagnosis")}, [MRN], INTERNAL).mask == of("phi.mrn", "phi")
    strict = firm(INTERNAL, of("phi.clinical"))
    assert not strict.keeps([DIAGNOSIS]) and strict.keeps([Label("quasi.gender")])
    assert not firm(INTERNAL, of("quasi.gender")).keeps([Label("quasi.gender")])
    assert firm(INTERNAL, of("phi.mrn")) is INTERNAL


@given(st.sets(st.sampled_from(["phi", "phi.clinical", "phi.clinical.diagnosis", "quasi", "quasi.zip3", "pii.name"])))
def test_a_firm_profile_keeps_nothing_that_is_owed(mask: set[str]) -> None:
    for profile in PROFILES.values():
        strict = firm(profile, of(*mask))
        assert not any(strict.keeps([Label(label)]) for label in mask)


def seen(*values: str) -> Seen:
    found = Seen()
    for value in values:
        found.add(value, MRN)
    return found


def places(found: Seen, text: str) -> list[str]:
    return [text[f.start : f.end] for f in found.find(text)]


def test_values_are_found_wherever_they_stand_whole() -> None:
    found = seen("Xaviero Quill", "FL-987654", "(415) 555-0132", "482913")
    assert places(found, "about xaviero quill, fl-987654 and 482913.") == ["xaviero quill", "fl-987654", "482913"]
    assert places(found, "file:///p/Xaviero%20Quill.txt?n=482913") == ["Xaviero%20Quill", "482913"]
    assert places(found, "call 415) 555-0132 or 4155550132") == ["415) 555-0132", "4155550132"]
    assert places(found, "x482913 4829137 Xaviero Quilling") == []


def test_small_words_and_masks_are_not_looked_for() -> None:
    assert not seen("abc", "none", "[phi.mrn]", "x" * 300, "---- --", "")


@given(st.text(max_size=40), st.text(max_size=80))
def test_what_is_found_is_the_value(value: str, text: str) -> None:
    found = seen(value)
    for each in found.find(text + " " + value):
        assert 0 <= each.start < each.end <= len(text) + 1 + len(value)
