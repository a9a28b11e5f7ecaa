from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.ledger.making import NOW, draft, sample

from interlock.errors import MalformedInput
from interlock.ledger.fields import FORMS, PLAIN, described, format_time, misfit, parse_time
from interlock.ledger.steps import TITLES, Step
from interlock.model.entry import EntryType

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "ledger.md"


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading of the reference page."""
    section = PAGE.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    table = [line for line in section.splitlines() if line.startswith("| ")][1:]
    return [[cell.strip() for cell in line.replace("\\|", "\0").strip("| ").split(" | ")] for line in table]


def said(type_: EntryType) -> list[str]:
    """The row that the page should have for a type."""
    form = FORMS[type_]
    about = ", ".join(["`act`"] * form.act + [f"`obj` = {form.obj}"] * bool(form.obj))
    members = [f"`{name}` {described(kind)}" for name, kind in form.d.items()]
    members += [f"`{name}` {described(kind)}, optional" for name, kind in form.optional.items()]
    d = "; ".join(members)
    class_ = "plain" if type_ in PLAIN else "signed"
    return [f"`{type_}`", class_, about or "none", (d or "empty").replace("\\|", "\0")]


def test_the_reference_page_lists_every_type_as_the_table_has_it() -> None:
    assert rows("Types") == [said(type_) for type_ in EntryType]


def test_the_reference_page_lists_the_steps_of_verification() -> None:
    section = PAGE.read_text().split("\n## Verifying\n")[1].split("\n## ")[0]
    numbered = [line for line in section.splitlines() if line[:1].isdigit()]
    assert len(numbered) == len(Step)
    for step, line in zip(Step, numbered, strict=True):
        assert line.startswith(f"{step.value}. **{TITLES[step][0].upper()}{TITLES[step][1:]}.**")


def test_every_type_has_a_form_and_a_sample_that_fits() -> None:
    assert FORMS.keys() == set(EntryType)
    for type_ in EntryType:
        made = draft(type_)
        assert misfit(type_, made.act, made.obj, made.d) is None


@pytest.mark.parametrize("type_", [type_ for type_ in EntryType if FORMS[type_].optional])
def test_optional_members_may_stand_there_and_must_be_of_their_kind(type_: EntryType) -> None:
    optional = FORMS[type_].optional
    assert not optional.keys() & FORMS[type_].d.keys()
    plain = draft(type_)
    whole = replace(plain, d={**plain.d, **{name: sample(kind) for name, kind in optional.items()}})
    assert misfit(type_, whole.act, whole.obj, whole.d) is None
    for name in optional:
        spoilt = {**whole.d, name: None}
        assert f"d.{name} isn't" in str(misfit(type_, whole.act, whole.obj, spoilt))
        assert misfit(type_, whole.act, whole.obj, {k: v for k, v in whole.d.items() if k != name}) is None
    assert misfit(type_, whole.act, whole.obj, {**whole.d, "surprise": ""}) is not None


def test_only_actions_and_counts_of_masks_are_plain() -> None:
    assert {t for t in EntryType if t.split(".")[0] == "action"} | {EntryType.MASK_APPLIED} == PLAIN


def test_times_have_one_spelling() -> None:
    assert parse_time(format_time(NOW)) == NOW
    assert format_time(NOW) == "2026-11-22T02:24:00.123456Z"
    for text in (
        "",
        "2026-11-22",
        "2026-02-30T00:00:00.000000Z",
        "2026-11-22t02:24:00.123456Z",
        "2026-11-22T24:00:00.0Z",
    ):
        with pytest.raises(MalformedInput):
            parse_time(text)
