"""What may be wrong with one policy: Cedar's strict validation, and the holes that it leaves open."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cedarpy
from cedarpy import pst

from interlock.model.label import Label
from interlock.model.tool import Tool
from interlock.policy.annotations import Annotations, read
from interlock.policy.holes import holes
from interlock.policy.stand_ins import validation_text
from interlock.policy.statements import Mistake, Statement, too_deep
from interlock.policy.surroundings import Members, Surroundings


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

    @property
    def permits(self) -> bool:
        """Whether this is a permit."""
        return str(self.tree.effect) == "permit"


def check(
    statement: Statement,
    groups: Members,
    known: frozenset[Label],
    around: Surroundings | None,
    tools: Sequence[Tool] = (),
) -> tuple[Rule | None, list[Mistake]]:
    """The rule that a statement makes, or None, and every mistake found in it, but for what `invalid` finds.

    `groups` gives the people in each group, `known` every label there is (empty: any of the right form), `around` what
    else can be named (None: not looked at), `tools` those that are pinned.
    """
    twice = [name for name, count in Counter(name for name, _ in statement.annotations).items() if count > 1]
    if twice:
        return None, [_at(statement, f"@{name} stands twice on this policy", name) for name in twice]
    deep = too_deep(statement.text)
    if deep is not None:
        return None, [_at(statement, deep)]
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
    found = dict.fromkeys(holes(tree, groups, known, around, tools))
    mistakes += [_at(statement, sentence) for sentence in found]
    return Rule(statement, replace(tree, id=str(annotations.id)), annotations), mistakes


def invalid(rules: Sequence[Rule], schema: cedarpy.Schema, tools: Sequence[Tool]) -> list[Mistake]:
    """What Cedar's strict validation finds. All rules at once, and one by one only where something is wrong: Cedar
    says no line, and takes as long for one as for many."""
    lean = cedarpy.Schema.from_str(validation_text([rule.tree for rule in rules], tools))
    whole = cedarpy.validate_policies("\n".join(rule.statement.text for rule in rules), lean)
    if whole.validation_passed:
        return []
    found = [_at(rule.statement, said) for rule in rules for said in _said(rule.statement.text, schema)]
    return found or [_at(rules[0].statement, f"Cedar refuses these policies together: {whole.errors}")]


def _at(statement: Statement, sentence: str, annotation: str = "") -> Mistake:
    return Mistake(statement.file, statement.line_of(annotation), sentence)


def _said(text: str, schema: cedarpy.Schema) -> list[str]:
    """It says the same once for each action that a policy is about: once is enough."""
    errors = cedarpy.validate_policies(text, schema).errors
    sentences = (re.sub(r"^for policy `policy0`, ", "", error.error) for error in errors)
    return sorted({re.sub(r' in context for Interlock::Action::"[^"]*"', " in context", s) for s in sentences})
