"""The report of what would have happened, from entries as the gate writes them."""

from __future__ import annotations

from typing import Any

import pytest

from interlock.model.names import EntryId
from interlock.policy import observed as module
from interlock.policy.observed import Noted, Source, Would, observations


def noted(number: int = 0, type_: str = "action.released", actor: str = "etl", **d: Any) -> Noted:
    return Noted(EntryId(f"e{number}"), type_, actor, {"connection": "clinic", "verbs": ["sql.select"], **d})


def test_observe_policies_are_counted_by_policy_actor_connection_and_verbs() -> None:
    log = [
        noted(0),
        noted(1, observed=["no-night", "no-exports"]),
        noted(2, observed=["no-night"]),
        noted(3, "action.held", observed=["no-night"], reasons=[{"code": "needs_review", "policy": "held"}]),
        noted(4, actor="other", observed=["no-night"]),
    ]
    found = observations(log)
    assert (found.entries, found.beyond) == (5, 0)
    counted = [(c.group.policy, c.group.actor, c.group.was, c.count, c.example) for c in found.counted]
    assert counted[0] == ("no-night", "etl", "released", 2, "e1")
    assert sorted(counted[1:]) == [
        ("no-exports", "etl", "released", 1, "e1"),
        ("no-night", "etl", "held", 1, "e3"),
        ("no-night", "other", "released", 1, "e4"),
    ]
    assert {(c.group.source, c.group.would) for c in found.counted} == {(Source.POLICY, Would.STOPPED)}


@pytest.mark.parametrize(
    ("would", "reasons", "policies"),
    [
        ("held", [{"code": "needs_review", "policy": "a"}, {"code": "needs_review", "policy": "b"}], ["a", "b"]),
        ("denied", [{"code": "no_permit", "policy": ""}], [""]),
        ("masked", [{"code": "permitted", "policy": "reads"}], [""]),
    ],
)
def test_what_a_connection_in_unsafe_observe_let_run(would: str, reasons: list[Any], policies: list[str]) -> None:
    found = observations([noted(would=would, reasons=reasons)])
    assert [(c.group.source, c.group.would, c.group.policy) for c in found.counted] == [
        (Source.CONNECTION, Would(would), policy) for policy in policies
    ]


def test_groups_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_GROUPS", 2)
    found = observations(noted(n, actor=f"a{n}", observed=["x"]) for n in range(5))
    assert (len(found.counted), found.beyond) == (2, 3)
