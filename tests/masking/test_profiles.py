"""Profiles: what each does with each label, and what each refuses."""

from __future__ import annotations

from datetime import date

import pytest
from tests.masking.a_masker import AS_OF, masker

from interlock.errors import Mistakes
from interlock.masking.masker import Call, Masker
from interlock.masking.profile import KEEP, REDACT, Profile
from interlock.masking.profiles import PROFILES
from interlock.masking.rule import DERIVED, NOTHING_OF_IT, Choice, Keeps, RuleName
from interlock.masking.value import Kind, Special, Value
from interlock.model.label import Label
from interlock.sensitivity.labels import KNOWN

# 45 CFR 164.514(e)(2)(i)-(xvi)
DIRECT = [
    *("phi.name", "phi.address.street", "phi.phone", "phi.fax", "phi.email", "phi.ssn", "phi.mrn", "phi.health_plan"),
    *("phi.account", "phi.licence", "phi.vehicle", "phi.device", "phi.url", "phi.ip", "phi.biometric", "phi.photo"),
]


def of(profile: str, label: str, value: Value = "Canary Value 123456", kind: Kind = Kind.TEXT) -> Value:
    told = masker(profile).mask_value(value, Label(label), kind, call=Call())
    assert told is not Special.REFUSED
    return "DROPPED" if told is Special.DROPPED else told


def test_every_profile_is_named_as_it_is_called() -> None:
    assert {name: profile.name for name, profile in PROFILES.items()} == {
        name: name for name in ("safe_harbor", "limited_dataset", "expert", "internal", "prompt_guard", "secrets_only")
    }


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("label", ["secret", "secret.aws.access_key", "secret.new_vendor.token", "xyz", "xyz.new"])
def test_secrets_and_unknown_labels_are_redacted_everywhere(profile: str, label: str) -> None:
    assert PROFILES[profile].choice([Label(label)]) == REDACT


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("root", ["phi", "pii", "pci"])
def test_a_coarse_label_is_never_kept(profile: str, root: str) -> None:
    assert not PROFILES[profile].keeps([Label(root)])
    assert "Canary" not in str(of(profile, root))


@pytest.mark.parametrize("profile", ["safe_harbor", "limited_dataset", "expert", "internal", "prompt_guard"])
@pytest.mark.parametrize("label", [label for label in DIRECT if label != "phi.email"])
def test_direct_identifiers_go_everywhere(profile: str, label: str) -> None:
    told = str(of(profile, label))
    assert "Canary" not in told and "Value" not in told


@pytest.mark.parametrize("label", sorted(label for label in KNOWN if label.split(".")[0] in ("phi", "pii", "pci")))
def test_safe_harbor_keeps_nothing_but_what_the_rule_lets_stay(label: Label) -> None:
    content = label.startswith("phi.clinical.") and label != "phi.clinical.note"
    assert PROFILES["safe_harbor"].keeps([label]) is content


@pytest.mark.parametrize(
    ("label", "value", "told"),
    [
        ("phi.date.birth", "03/14/1980", "1980"),
        ("phi.date.birth", "03/14/1930", "[phi.date.birth]"),
        ("phi.date.service", "March 14", "[phi.date.service]"),
        ("phi.age", "91", "90+"),
        ("phi.age", "45", "45"),
        ("phi.address.zip", "94305", "943"),
        ("phi.address.zip", "03601", "000"),
        ("phi.address.city", "Palo Alto", "[phi.address.city]"),
        ("quasi.state", "California", "California"),
        ("quasi.country", "Norway", "Norway"),
        ("quasi.zip3", "036", "000"),
        ("quasi.new_kind", "x", "[quasi.new_kind]"),
        ("phi.mrn", "MRN-1", "[phi.mrn]"),  # no surrogate was fetched
        ("phi.photo", "iVBORw0", "DROPPED"),
        ("phi.clinical.diagnosis", "E11.9", "E11.9"),
        ("phi.clinical.note", "long text", "[phi.clinical.note]"),
    ],
)
def test_safe_harbor(label: str, value: str, told: str) -> None:
    assert of("safe_harbor", label, value) == told


def test_safe_harbor_keeps_types_and_drops_blobs() -> None:
    assert of("safe_harbor", "phi.date.birth", date(1980, 3, 14), Kind.DATE) == date(1980, 1, 1)
    assert of("safe_harbor", "phi.date.birth", date(1930, 3, 14), Kind.DATE) is None
    assert of("safe_harbor", "phi.age", 91, Kind.INTEGER) == 90
    assert of("safe_harbor", "phi.ssn", 123_456_789, Kind.INTEGER) is None
    assert masker("safe_harbor").mask_value(b"\x89PNG", [], Kind.BYTES) is Special.DROPPED
    assert masker("internal").mask_value(b"\x89PNG", [], Kind.BYTES) == b"\x89PNG"


@pytest.mark.parametrize("label", ["phi.date.birth", "phi.age", "phi.address.city", "phi.address.zip", "quasi.state"])
def test_a_limited_data_set_keeps_dates_and_places(label: str) -> None:
    assert of("limited_dataset", label, "as it was") == "as it was"


@pytest.mark.parametrize("label", ["phi.address", "phi.address.street", "phi.address.facility", "phi.id"])
def test_a_limited_data_set_keeps_no_other_addresses_or_codes(label: str) -> None:
    assert of("limited_dataset", label, "as it was") == f"[{label}]"


def test_expert_shifts_and_makes_up() -> None:
    assert of("expert", "phi.name", "John Smith") in ("Dana Reyes", "Olu Adeyemi", "Mei Tan", "Ivo Hart")
    assert of("expert", "phi.date.birth", "1980-03-14") == "[phi.date.birth]"  # nobody knows whose
    assert str(of("expert", "phi.mrn", "MRN-1")).startswith("[phi.mrn:")


def test_internal_shows_parts() -> None:
    assert of("internal", "phi.email", "dana@example.com") == "[phi.email:*@example.com]"
    assert of("internal", "pci.pan", "4111 1111 1111 4242") == "[pci.pan:*4242]"
    assert of("internal", "phi.ssn", "123-45-6789") == "[phi.ssn]"


def test_prompt_guard_numbers_people_and_keeps_medicine() -> None:
    assert of("prompt_guard", "phi.name", "John Smith") == "[phi.name#1]"
    assert str(of("prompt_guard", "phi.mrn", "MRN-1")).startswith("[phi.mrn:")
    assert of("prompt_guard", "phi.clinical.diagnosis", "E11.9") == "E11.9"
    alone = Masker(PROFILES["prompt_guard"], AS_OF)
    assert alone.mask_value("MRN-1", Label("phi.mrn"), Kind.TEXT) == "[phi.mrn#1]"


def test_secrets_only() -> None:
    assert of("secrets_only", "phi.name", "John") == "John"
    assert of("secrets_only", "secret.jwt", "eyJ") == "[secret.jwt]"
    assert of("secrets_only", "phi", "a text on which detection failed") == "[phi.*]"


FORBIDDEN = {
    "safe_harbor": DERIVED | {RuleName.SHIFT, RuleName.RANGE},
    "limited_dataset": DERIVED,
    "expert": frozenset[RuleName](),
    "internal": frozenset[RuleName](),
    "prompt_guard": frozenset[RuleName](),
    "secrets_only": frozenset(RuleName) - NOTHING_OF_IT - {RuleName.MARK, RuleName.KEEP},
}


@pytest.mark.parametrize(
    ("profile", "rule"), [(name, rule) for name, rules in FORBIDDEN.items() for rule in sorted(rules)]
)
def test_a_profile_refuses_the_rules_it_forbids(profile: str, rule: RuleName) -> None:
    with pytest.raises(Mistakes, match="isn't allowed"):
        PROFILES[profile].changed("ours", {"phi.mrn": Choice(rule)})
    assert PROFILES[profile].permits(Label("phi.mrn"), rule) is None


@pytest.mark.parametrize("profile", PROFILES)
def test_what_is_masked_cant_be_changed_to_be_kept(profile: str) -> None:
    with pytest.raises(Mistakes, match="keep"):
        PROFILES[profile].changed("ours", {"phi.mrn.inner": KEEP})
    with pytest.raises(Mistakes, match="secret"):
        PROFILES[profile].changed("ours", {"secret.jwt": KEEP})
    assert PROFILES[profile].permits(Label("phi.mrn"), "keep") is None


@pytest.mark.parametrize("rule", sorted(frozenset(RuleName) - NOTHING_OF_IT))
def test_no_profile_can_be_made_that_tells_of_secrets(rule: RuleName) -> None:
    with pytest.raises(Mistakes, match="secret"):
        Profile("bad", {"secret.jwt": Choice(rule)}, frozenset(RuleName))


def test_changes_that_are_allowed_are_made() -> None:
    changed = PROFILES["internal"].changed("ours", {"phi.name": Choice(RuleName.PARTIAL, keeps=Keeps.INITIAL)})
    assert changed.choice([Label("phi.name.given")]).keeps is Keeps.INITIAL
    assert changed.choice([Label("phi.mrn")]) == PROFILES["internal"].choice([Label("phi.mrn")])


def test_of_several_labels_the_rule_is_theirs_together_or_redaction() -> None:
    choice = PROFILES["safe_harbor"].choice
    assert choice([Label("phi"), Label("phi.mrn")]).rule is RuleName.SURROGATE
    assert choice([Label("phi.mrn"), Label("phi.account")]).rule is RuleName.SURROGATE
    assert choice([Label("phi.mrn"), Label("phi.age")]) == REDACT
    assert choice([Label("quasi.state"), Label("phi.age")]).rule is RuleName.AGE
    assert choice([Label("quasi.state"), Label("quasi.country")]) == KEEP
    assert choice([Label("phi.clinical")]) == REDACT  # it may be a note
