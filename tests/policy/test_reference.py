"""docs/reference/policies.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from interlock.model.resource import ResourceKind
from interlock.model.verb import GROUPS, VERBS
from interlock.policy.annotations import KNOWN, NOT_BUILT_YET
from interlock.policy.bundle import load
from interlock.policy.schema import CONTEXT, RESOURCE, resource_type

from .asking import GROUPS as PEOPLE
from .asking import PACK

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
    ("heading", "names"), [("attribute of `context`", CONTEXT), ("attribute of a resource", RESOURCE)]
)
def test_every_attribute_is_listed_with_its_type(heading: str, names: dict[str, str]) -> None:
    words = {"Set<String>": "set of strings", "Bool": "bool", "String": "string", "Long": "long"}
    listed = {name.strip("`"): rest.split("|")[0].strip() for name, rest in rows(heading).items()}
    assert listed == {name: words.get(kind, kind) for name, kind in names.items()}


def test_every_annotation_and_kind_of_resource_is_named() -> None:
    for name in (*KNOWN, *NOT_BUILT_YET):
        assert f"@{name}" in PAGE
    for kind in ResourceKind:
        assert f"`{resource_type(kind)}::" in PAGE


def test_every_policy_of_the_pack_is_listed() -> None:
    listed = set(re.findall(r"`(.+?)`", " ".join(rows("policy"))))
    assert listed == load({"agents.cedar": PACK.read_text(encoding="utf-8")}, PEOPLE).policies


def test_the_example_loads() -> None:
    (example,) = re.findall(r"```cedar\n(.*?)```", PAGE, re.DOTALL)
    assert load({"example.cedar": example}, PEOPLE).policies
