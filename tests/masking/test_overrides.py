"""Overrides: where they reach, and what they can't do."""

from __future__ import annotations

import pytest
from tests.masking.a_masker import KEYS, masker

from interlock.masking.masker import Place
from interlock.masking.overrides import Overrides
from interlock.masking.text import mask
from interlock.masking.value import Kind
from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.model.override import NOT_THIS_LABEL, Override, OverrideScope

NOW, LATER = "2026-11-22T12:00:00.000000Z", "2026-12-01T00:00:00.000000Z"
COLUMN = "clinic/public.visits.note"
ROW = KEYS.subject(b"patient 7")


def override(
    rule: str, label: str = "phi.name", column: str | None = COLUMN, subject: str | None = None, id: str = "a"
) -> Override:
    return Override(id, "clinic", column, Label(label), rule, subject, LATER)


def told(
    *overrides: Override, label: str = "phi.name", place: Place | None = None, profile: str = "prompt_guard"
) -> object:
    held = masker(profile, overrides=Overrides.of(overrides, "clinic", NOW))
    return held.mask_value("Dana", Label(label), Kind.TEXT, place=place or Place(COLUMN))


def test_the_narrowest_counts() -> None:
    label, column = override("redact", column=None), override("null", id="b")
    row = override("mark", subject=ROW, id="c")
    assert [each.scope for each in (label, column, row)] == [*reversed(OverrideScope)]
    assert told(label, column, row, place=Place(COLUMN, ROW)) == "[phi.name#1]"
    assert told(label, column, row) is None
    assert told(label, column, row, place=Place("clinic/public.other.note")) == "[phi.name]"


@pytest.mark.parametrize(
    "other",
    [
        Override("a", "shop", COLUMN, Label("phi.name"), "redact", None, LATER),
        Override("a", "clinic", COLUMN, Label("phi.name"), "redact", None, NOW),
        Override("a", "clinic", COLUMN, Label("phi.nam"), "redact", None, LATER),
        Override("a", "clinic", COLUMN, Label("phi.name"), "redact", "another row", LATER),
        Override("a", "clinic", COLUMN, Label("phi.name"), "no such rule", None, LATER),
        Override("a", "clinic", COLUMN, Label("phi.name"), NOT_THIS_LABEL, None, LATER),
    ],
)
def test_of_another_place_or_time_none_counts(other: Override) -> None:
    assert told(other) == told() == "[phi.name#1]"


@pytest.mark.parametrize("rule", ["keep", "pseudonym", "one_way", "partial"])
def test_an_override_gets_no_rule_that_the_profile_forbids(rule: str) -> None:
    assert told(override(rule), profile="safe_harbor") == "[phi.name]"


@pytest.mark.parametrize("rule", ["keep", "mark", "null", "one_way", NOT_THIS_LABEL])
def test_secrets_are_never_overridden(rule: str) -> None:
    assert told(override(rule, "secret"), override(rule, "secret.jwt"), label="secret.jwt") == "[secret.jwt]"


def finding(label: str, start: int = 0, end: int = 4) -> Finding:
    return Finding(start, end, Label(label), 0.9, "test")


def shown(*overrides: Override, found: str = "phi.name", column: str | None = COLUMN) -> str:
    held = masker("prompt_guard", overrides=Overrides.of(overrides, "clinic", NOW))
    return mask("Dana", [finding(found)], held, place=Place(column)).text


def test_a_finding_in_a_column_may_be_called_something_else() -> None:
    said = override(NOT_THIS_LABEL)
    assert shown() == "[phi.name#1]"
    assert shown(said) == "Dana"
    assert shown(said, found="phi.name.given") == "Dana"
    assert shown(said, found="phi.mrn") != "Dana"
    assert shown(said, column="clinic/public.other.note") == "[phi.name#1]"
    assert shown(said, column=None) == "[phi.name#1]"
    assert shown(override(NOT_THIS_LABEL, column=None)) == "[phi.name#1]"


def test_neither_a_secret_nor_a_whole_root_is_called_something_else() -> None:
    assert shown(override(NOT_THIS_LABEL, "secret.jwt"), found="secret.jwt") == "[secret.jwt]"
    assert shown(override(NOT_THIS_LABEL, "secret"), found="secret.jwt") == "[secret.jwt]"
    assert shown(override(NOT_THIS_LABEL, "phi"), found="phi") != "Dana"
    assert shown(override(NOT_THIS_LABEL, "phi"), found="phi.name") == "[phi.name#1]"
