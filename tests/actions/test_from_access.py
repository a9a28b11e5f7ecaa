"""Evaluations made into actions: every part an argument, or named as none; hostile bodies end in one error."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.actions.from_access import BESIDE, as_sealed, from_access, is_about, read_evaluation
from interlock.errors import MalformedInput
from interlock.model import jcs
from interlock.model.action import Action, EnforcedBy
from interlock.model.actor import Actor, ActorKind
from interlock.model.connection import Connection
from interlock.model.names import ActionId, ActorId, ConnectionName, KeyId, PersonId
from interlock.model.payload import ToolPayload
from interlock.model.tool import Tool

ANA = PersonId("ana")
PERSON = Actor(ActorKind.PERSON, ActorId("ana"), frozenset(), ANA, KeyId("p"), ANA, ANA)
AGENT = Actor(ActorKind.AGENT, ActorId("bot"), frozenset(), ANA, KeyId("k"), ANA, ANA, chain=(PERSON,))
DEPLOY = Connection(ConnectionName("deploy"), "access", "production", frozenset())
ROLLOUT = Tool(DEPLOY.name, "rollout", {"type": "object", "properties": {"context": {"type": "object"}}})
WHOLE: dict[str, Any] = {
    "subject": {"type": "agent", "id": "bot", "properties": {"team": "a", "act": {"sub": "x"}}},
    "action": {"name": "rollout", "properties": {"force": True}},
    "resource": {"type": "deploy", "id": "payments", "properties": {"tier": 1}},
    "context": {"environment": "production", "time": "now", "reason": "because", "ticket": "OPS-7"},
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def called(body: Any, tool: Tool | None = ROLLOUT) -> Action:
    asked = read_evaluation(body)
    return from_access(id=ActionId("a1"), actor=AGENT, connection=DEPLOY, tools=lambda name: tool, asked=asked)


def arguments(action: Action) -> Any:
    assert isinstance(action.payload, ToolPayload)
    return json.loads(action.payload.arguments)


def test_the_arguments_are_the_evaluation_without_who_asks() -> None:
    action = called(WHOLE)
    assert action.enforced_by is EnforcedBy.CALLER
    assert (action.reason_given, action.ticket_given) == ("because", "OPS-7")
    assert arguments(action) == {
        "resource": WHOLE["resource"],
        "action": {"properties": {"force": True}},
        "subject": {"properties": {"team": "a"}},
        "context": {"environment": "production"},
    }


@settings(max_examples=50)
@given(st.dictionaries(st.text(min_size=1, max_size=12).filter(lambda name: name not in BESIDE), JSON, max_size=4))
def test_every_other_member_of_the_context_is_in_the_digest(context: dict[str, Any]) -> None:
    try:
        action = called({**WHOLE, "context": context})
    except MalformedInput:
        return  # a lone surrogate has no canonical form
    assert arguments(action).get("context", {}) == context


def test_what_was_sealed_is_read_under_the_definitions_of_now() -> None:
    action = called(WHOLE)
    assert as_sealed(action.payload, action, lambda _: ROLLOUT).payload == action.payload
    changed = Tool(DEPLOY.name, "rollout", {"type": "object"})
    assert as_sealed(action.payload, action, lambda _: changed).cover != action.cover


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("agent", "bot", True),
        ("user", "ana", True),
        ("person", "ana", True),
        ("service", "bot", False),
        ("user", "bot", False),
        ("agent", "ana", False),
        ("agent", "Bot", False),
        ("user", "eve", False),
    ],
)
def test_a_subject_is_the_asker_or_of_its_verified_chain(kind: str, name: str, expected: bool) -> None:
    assert is_about({"type": kind, "id": name}, AGENT) is expected


@settings(max_examples=200)
@given(
    st.one_of(
        JSON,
        st.fixed_dictionaries(
            {}, optional={name: st.one_of(st.just(WHOLE.get(name, 1)), JSON) for name in (*WHOLE, "evaluations", "x")}
        ),
    )
)
def test_whatever_is_sent_is_an_evaluation_or_malformed(value: Any) -> None:
    try:
        asked = read_evaluation(value)
        jcs.encode(asked.bound())
    except MalformedInput:
        return
    assert set(value) <= set(WHOLE)
