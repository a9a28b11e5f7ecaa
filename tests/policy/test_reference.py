"""docs/reference/policies.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from interlock.model.names import GroupName, PersonId
from interlock.model.resource import ResourceKind
from interlock.model.verb import GROUPS, VERBS
from interlock.policy.annotations import BARE, KNOWN
from interlock.policy.bundle import load
from interlock.policy.reasons import CODES, DENIED
from interlock.policy.schema import CONTEXT, RESOURCE, WINDOW, WINDOWS, resource_type

from .asking import GROUPS as PEOPLE

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "policies.md").read_text(encoding="utf-8")


def rows(heading: str) -> dict[str, str]:
    """The rows of the table under a heading's first cell: first cell -> the rest."""
    table = PAGE.split(f"| {heading} |", 1)[1].split("\n\n", 1)[0]
    cells = (line.strip("|").split("|", 1) for line in table.splitlines()[2:])
    return {first.strip(): rest.strip() for first, rest in cells}


def test_every_verb_is_listed_in_its_group() -> None:
    listed = {
        verb: group
        for cell, verbs in rows("group").items()
        for group in re.findall(r"`(.+?)`", cell)
        for verb in re.findall(r"`(.+?)`", verbs)
    }
    assert listed == {verb: groups[0] for verb, groups in VERBS.items()}
    assert set(re.findall(r"`(.+?)`", " ".join(rows("group")))) == set(GROUPS)


@pytest.mark.parametrize(
    ("heading", "names"),
    [("attribute of `context`", CONTEXT), ("attribute of a resource", RESOURCE), ("attribute of a window", WINDOW)],
)
def test_every_attribute_is_listed_with_its_type(heading: str, names: dict[str, str]) -> None:
    words = {"Set<String>": "set of strings", "Bool": "bool", "String": "string", "Long": "long", "Recent": "record"}
    listed = {name.strip("`"): rest.split("|")[0].strip() for name, rest in rows(heading).items()}
    assert listed == {name: words.get(kind, kind) for name, kind in names.items()}


def test_every_annotation_is_listed_once() -> None:
    listed = [re.fullmatch(r"`@(\w+)(\(.+\))?`", cell) for cell in rows("annotation")]
    assert [each[1] for each in listed if each] == list(KNOWN)
    assert {each[1] for each in listed if each and each[2] is None} == set(BARE)


def test_the_annotations_as_listed_load() -> None:
    """Each with the value that its row shows, where its row says that it may stand."""
    listed = rows("annotation")
    people = {GroupName("group"): frozenset(map(PersonId, "abc"))}
    for cell, rest in listed.items():
        annotation = cell.strip("`").replace(":n", ":1").replace("group:1, group:1", "group:1")
        stands = rest.split("|")[0]
        effects = [each for each in ("permit", "forbid") if f"`{each}`" in stands or "`" not in stands]
        for effect in effects:
            beside = '@review("group:1")' if effect == "forbid" and "@review(" not in annotation else ""
            own_id = "" if annotation.startswith("@id") else '@id("x")'
            text = f"{own_id} {annotation} {beside} {effect} (principal, action, resource);"
            assert load({"f": text}, people).policies, annotation


def test_every_code_of_a_reason_is_listed_with_its_outcome() -> None:
    listed = {code.strip("`"): rest.split("|")[0].strip() for code, rest in rows("code").items()}
    assert list(listed) == list(CODES)
    assert [code for code, outcome in listed.items() if outcome == "denied"] == list(DENIED)
    assert (listed["needs_review"], listed["permitted"]) == ("held", "allowed")


def test_every_kind_of_resource_and_window_is_named() -> None:
    for kind in ResourceKind:
        assert f"`{resource_type(kind)}::" in PAGE
    for window in WINDOWS:
        assert f"`{window}`" in PAGE


def test_the_example_loads() -> None:
    (example,) = re.findall(r"```cedar\n(.*?)```", PAGE, re.DOTALL)
    assert load({"example.cedar": example}, PEOPLE).policies
