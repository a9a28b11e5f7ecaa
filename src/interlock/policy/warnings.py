"""What is no mistake in a bundle and most likely isn't meant: `interlock policy check` tells of it.

`shadowed` policies change nothing, `never_fires` ones fire on nothing that can be asked, `tests_absence` ones ask
whether a label is absent, and what an `unsignable` one holds could be signed by nobody for some actor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from interlock.model.label import Label
from interlock.model.names import PolicyId
from interlock.model.tool import Tool
from interlock.policy.absence import absence_tests
from interlock.policy.bundle import read_rules
from interlock.policy.checks import Rule
from interlock.policy.rehearsal import never_firing
from interlock.policy.reviewers import Excluded, unsignable
from interlock.policy.scopes import actions_of
from interlock.policy.shadows import shadows
from interlock.policy.surroundings import Members, Surroundings


class WarningCode(StrEnum):
    """The sorts of warnings; docs/reference/policy-tools.md lists them."""

    SHADOWED = "shadowed"
    NEVER_FIRES = "never_fires"
    TESTS_ABSENCE = "tests_absence"
    UNSIGNABLE = "unsignable"


@dataclass(frozen=True, slots=True, order=True)
class PolicyWarning:
    """One thing to look at, and where."""

    file: str
    line: int
    policy: PolicyId
    code: WarningCode
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.sentence}"


def warnings(
    sources: Mapping[str, str],
    groups: Members,
    known: frozenset[Label],
    around: Surroundings,
    excluded: Excluded,
    tools: Sequence[Tool] = (),
) -> list[PolicyWarning]:
    """Every warning about a bundle, by file and line; raises `PolicyMistakes` as loading it does.

    `excluded` gives the people who may not sign for each actor. Thousands of requests are tried: for checks, not for
    every start.
    """
    rules = read_rules(sources, groups, known, around, tools)
    found = {
        WarningCode.SHADOWED: _named("{}", shadows(rules, actions_of(tools), around)),
        WarningCode.NEVER_FIRES: never_firing(rules, known, around, tools),
        WarningCode.TESTS_ABSENCE: _absence(rules),
        WarningCode.UNSIGNABLE: _named("the review of {}", unsignable(rules, groups, around, excluded)),
    }
    told = (
        PolicyWarning(rule.statement.file, rule.statement.line, rule.annotations.id, code, sentence)
        for code, each in found.items()
        for rule, sentence in each
    )
    return sorted(told)


def _absence(rules: Sequence[Rule]) -> Iterator[tuple[Rule, str]]:
    for rule in rules:
        tested = absence_tests(rule.tree)
        if not tested:
            continue
        what = f'the {rule.tree.effect} "{rule.annotations.id}" asks whether {" or ".join(tested)} is absent'
        if rule.permits:
            yield rule, f"{what}: a column that nobody catalogued passes it"
        else:
            yield rule, f"{what}: a statement escapes it by touching one column more that bears it"


def _named(form: str, found: Iterator[tuple[Rule, str]]) -> Iterator[tuple[Rule, str]]:
    """With the policy's own name in front."""
    for rule, sentence in found:
        name = form.format(f'the {rule.tree.effect} "{rule.annotations.id}"')
        yield rule, f"{name}: {sentence}"
