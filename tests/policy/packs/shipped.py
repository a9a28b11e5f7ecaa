"""The packs as shipped: their policies, their cases and their pages."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from interlock.model.names import GroupName, PersonId
from interlock.policy.bundle import Bundle, load
from interlock.policy.case_file import Case, CaseFile, read_cases
from interlock.policy.ground import Around
from interlock.sensitivity.labels import KNOWN

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "src" / "interlock" / "policy" / "packs"
PAGES = ROOT / "docs" / "reference" / "packs"
PACKS = ("agents", "ddl", "hipaa", "models", "secrets")
LABELS = frozenset(KNOWN)
SEVERITY = {"allow": 0, "review": 1, "deny": 2}


def text(pack: str) -> str:
    return (FOLDER / f"{pack}.cedar").read_text(encoding="utf-8")


def page(pack: str) -> str:
    return (PAGES / f"{pack}.md").read_text(encoding="utf-8")


@cache
def cases_of(pack: str) -> CaseFile:
    return read_cases(f"{pack}.toml", (FOLDER / f"{pack}.toml").read_text(encoding="utf-8"), None, LABELS)


def around(pack: str) -> Around:
    found = cases_of(pack).around
    assert found is not None
    return found


def attacks(pack: str) -> list[Case]:
    return [case for case in cases_of(pack).cases if case.expected.outcome != "allow"]


def neighbours(pack: str) -> list[Case]:
    return [case for case in cases_of(pack).cases if case.expected.outcome == "allow"]


@cache
def as_tried(pack: str) -> Bundle:
    """The bundle that a pack's cases are of: itself and what is beside it."""
    told = around(pack)
    return load(
        {f"packs/{name}.cedar": text(name) for name in (*told.packs, *told.beside)},
        told.ground.members,
        LABELS,
        told.ground.around,
        tools=told.ground.tools,
    )


@cache
def together(packs: Sequence[str] = PACKS) -> Bundle:
    """Several packs as one bundle, with every group and tool that any of their cases has."""
    members: dict[GroupName, frozenset[PersonId]] = {}
    tools = {}
    for pack in PACKS:
        ground = around(pack).ground
        tools.update({tool.id: tool for tool in ground.tools})
        for group, people in ground.members.items():
            members[group] = members.get(group, frozenset()) | people
    return load({f"packs/{pack}.cedar": text(pack) for pack in packs}, members, LABELS, tools=list(tools.values()))
