"""What is called shadowed really changes nothing: without it, whatever is asked is decided alike."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.model.action import Action
from interlock.model.recent import Recent
from interlock.policy.bundle import load, read_rules
from interlock.policy.outcomes import verdict
from interlock.policy.shadows import shadows

from .asking import NOON
from .generated import GROUPS, KNOWN, Written, actions, bundles, named, recents

# Bundles that say things twice: else hardly anything is shadowed.
doubled = st.builds(
    lambda some, again: [*some, *again], bundles, bundles.map(lambda some: [each.without("@justify") for each in some])
)


def holds(some: list[Written], asked: Action, recent: Recent) -> None:
    texts = named([*some, *some[:2]])
    whole = load({"f": "\n".join(texts)}, GROUPS, KNOWN)
    before = verdict(whole.decide(asked, NOON, recent))
    for rule, sentence in shadows(read_rules({"f": "\n".join(texts)}, GROUPS, KNOWN, None), {}, None):
        left = [text for text in texts if f'@id("{rule.annotations.id}")' not in text]
        after = verdict(load({"f": "\n".join(left)}, GROUPS, KNOWN).decide(asked, NOON, recent))
        assert after.same(before), (rule.annotations.id, sentence)


@pytest.mark.parametrize("examples", [60, pytest.param(400, marks=pytest.mark.slow)])
def test_a_shadowed_policy_taken_away_changes_nothing(examples: int) -> None:
    settings(max_examples=examples, deadline=None)(given(doubled, actions, recents)(holds))()
