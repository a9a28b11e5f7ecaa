"""What may be wrong with one policy: Cedar's strict validation, and the holes that it leaves open."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import cedarpy
from cedarpy import pst

from interlock.model.label import Label
from interlock.model.names import GroupName
from interlock.policy.annotations import Annotations, read
from interlock.policy.holes import holes
from interlock.policy.statements import Mistake, Statement
from interlock.policy.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class Rule:
    """One policy, checked: Cedar's tree under our id, and what our annotations add to it."""

    statement: Statement
    tree: pst.Template
    annotations: Annotations

    @property
    def is_lifted(self) -> bool:
        """Whether this is a forbid that a review lifts."""
        return self.annotations.lifted_by is not None


def check(
    statement: Statement,
    schema: cedarpy.Schema,
    groups: Mapping[GroupName, int],
    known: frozenset[Label],
    around: Surroundings | None,
) -> tuple[Rule | None, list[Mistake]]:
    """The rule that a statement makes, or None, and every mistake found in it.

    `groups` gives the number of people in each group, `known` every label there is (empty: any of the right form),
    `around` what else can be named (None: not looked at).
    """
    twice = [name for name, count in Counter(name for name, _ in statement.annotations).items() if count > 1]
    if twice:
        return None, [_at(statement, f"@{name} stands twice on this policy", name) for name in twice]
    try:
        parsed = cedarpy.PolicySet.from_str(statement.text).to_pst()
    except ValueError as refused:
        return None, [_at(statement, f"Cedar can't read this policy: {refused}")]
    if parsed.templates:
        return None, [_at(statement, "slots (?principal, ?resource) aren't used here: name the group or resource")]
    if len(parsed.static_policies) != 1:
        return None, [_at(statement, "this must be one policy, and Cedar reads it otherwise")]
    (tree,) = parsed.static_policies.values()
    annotations, mistakes = read(statement, tree.annotations, tree.effect, groups)
    found = dict.fromkeys(holes(tree, groups, known, around))
    mistakes += [_at(statement, sentence) for sentence in found]
    mistakes += [_at(statement, sentence) for sentence in _invalid(statement.text, schema)]
    return Rule(statement, replace(tree, id=str(annotations.id)), annotations), mistakes


def _at(statement: Statement, sentence: str, annotation: str = "") -> Mistake:
    return Mistake(statement.file, statement.line_of(annotation), sentence)


def _invalid(text: str, schema: cedarpy.Schema) -> list[str]:
    """Cedar's strict validation. It says the same once for each action that a policy is about: once is enough."""
    errors = cedarpy.validate_policies(text, schema).errors
    sentences = (re.sub(r"^for policy `policy0`, ", "", error.error) for error in errors)
    return sorted({re.sub(r' in context for Interlock::Action::"[^"]*"', " in context", s) for s in sentences})
