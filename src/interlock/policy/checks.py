"""What may be wrong with one policy: Cedar's strict validation, and the holes that it leaves open."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import cedarpy
from cedarpy import pst

from interlock.errors import MalformedInput
from interlock.model.label import Label, parse_label, upward
from interlock.model.names import GroupName
from interlock.policy import reads
from interlock.policy.annotations import Annotations, nearest, read
from interlock.policy.schema import GROUP
from interlock.policy.statements import Mistake, Statement


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
    statement: Statement, schema: cedarpy.Schema, groups: Mapping[GroupName, int], known: frozenset[Label]
) -> tuple[Rule | None, list[Mistake]]:
    """The rule that a statement makes, or None, and every mistake found in it.

    `groups` gives the number of people in each group, `known` every label there is (empty: any of the right form).
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
    mistakes += [_at(statement, sentence) for sentence in _holes(tree, groups, known)]
    mistakes += [_at(statement, sentence) for sentence in _invalid(statement.text, schema)]
    return Rule(statement, replace(tree, id=str(annotations.id)), annotations), mistakes


def _at(statement: Statement, sentence: str, annotation: str = "") -> Mistake:
    return Mistake(statement.file, statement.line_of(annotation), sentence)


def _holes(tree: pst.Template, groups: Mapping[GroupName, int], known: frozenset[Label]) -> Iterator[str]:
    """What Cedar accepts and would never, or not always, mean what was written."""
    for uid in sorted(pst.entity_uids(tree), key=str):
        if str(uid.type) == GROUP and uid.id not in groups:
            yield f'no person or actor is in the group "{uid.id}"{nearest(uid.id, groups)}'
    if reads.asks_whether_there(tree):
        yield "every attribute is always there: leave `has` out, since a misspelt name behind it would never match"
    for literal in sorted(reads.label_literals(tree)):
        try:
            label = parse_label(literal)
        except MalformedInput as malformed:
            yield f'"{literal}" can\'t be a label: {malformed.sentence}'
        else:
            if known and label not in upward(known):
                yield f'there is no label "{label}"{nearest(label, known)}'


def _invalid(text: str, schema: cedarpy.Schema) -> list[str]:
    """Cedar's strict validation. It says the same once for each action that a policy is about: once is enough."""
    errors = cedarpy.validate_policies(text, schema).errors
    sentences = (re.sub(r"^for policy `policy0`, ", "", error.error) for error in errors)
    return sorted({re.sub(r' in context for Interlock::Action::"[^"]*"', " in context", s) for s in sentences})
