"""Policies that change nothing, because another always speaks where they do.

A permit under an equal or wider permit, a forbid under an equal or wider plain forbid, a review under a plain forbid
(it can never happen), a permit under a plain forbid (it never takes effect). `@observe` policies decide nothing, so
they neither shadow nor are shadowed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from interlock.model.names import Verb
from interlock.model.obligation import Obligations
from interlock.policy.checks import Rule
from interlock.policy.scopes import Reach, covers, reach
from interlock.policy.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class _Policy:
    rule: Rule
    reach: Reach
    order: int

    @property
    def permits(self) -> bool:
        return self.rule.tree.effect == "permit"

    @property
    def is_lifted(self) -> bool:
        return self.rule.annotations.lifted_by is not None

    @property
    def asks(self) -> Obligations:
        return self.rule.annotations.asks


def shadows(
    rules: Sequence[Rule], tools: Mapping[str, Verb | None], around: Surroundings | None
) -> Iterator[tuple[Rule, str]]:
    """Each policy that another makes idle, with a sentence that says which and how; the first one found, in order."""
    obeyed = sorted((rule for rule in rules if not rule.annotations.observed), key=_place)
    policies = [_Policy(rule, reach(rule.tree, tools), order) for order, rule in enumerate(obeyed)]
    for policy in policies:
        for other in policies:
            sentence = None if other is policy else _idle(policy, other, around)
            if sentence is not None:
                yield policy.rule, sentence
                break


def _place(rule: Rule) -> tuple[bool, str, int]:
    """Packs first: of two that say the same, one's own is to go."""
    return not rule.statement.file.startswith("packs/"), rule.statement.file, rule.statement.line


def _idle(policy: _Policy, other: _Policy, around: Surroundings | None) -> str | None:
    """Why `policy` changes nothing beside `other`; None when it may, or that can't be told."""
    if not _could_hide(policy, other) or not covers(other.reach, policy.reach, around):
        return None
    same = covers(policy.reach, other.reach, around)
    at, name = other.rule.statement, other.rule.annotations.id
    where = f'"{name}" ({at.file}:{at.line})'
    if other.permits == policy.permits and _alike(policy, other):
        # Of two that say the same, the later one is told of.
        told = same and _alike(other, policy) and policy.order < other.order
        return None if told else f"it says no more than {where}, which {'is about the same' if same else 'covers it'}"
    if other.permits or other.is_lifted:
        return None
    if policy.permits:
        return f"it never takes effect: {where} forbids all that it permits"
    if policy.is_lifted:
        return f"its review can never happen: {where} forbids all of it, and nothing lifts that"
    return None


def _could_hide(policy: _Policy, other: _Policy) -> bool:
    """Cheap to ask, before scopes are compared: no permit hides a forbid."""
    return policy.permits or not other.permits


def _alike(policy: _Policy, other: _Policy) -> bool:
    """Whether `policy`, firing together with `other`, adds nothing to it."""
    if policy.permits or policy.is_lifted:
        asked = other.asks.and_also(policy.asks) == other.asks
        return asked and policy.rule.annotations.lifted_by == other.rule.annotations.lifted_by
    return not other.is_lifted
