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
from interlock.model.names import ActionId, ActorId, ConnectionName, Digest, KeyId, PersonId
from interlock.model.payload import Payload, SessionPayload, ToolPayload
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


def test_the_arguments_are_the_evaluation_and_whom_it_is_about() -> None:
    action = called(WHOLE)
    assert action.enforced_by is EnforcedBy.CALLER
    assert (action.reason_given, action.ticket_given) == ("because", "OPS-7")
    assert arguments(action) == {
        "resource": WHOLE["resource"],
        "action": {"properties": {"force": True}},
        "subject": {"type": "agent", "id": "bot", "properties": {"team": "a"}},
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


def test_a_subject_is_signed_for_and_shown_and_no_input_of_policies() -> None:
    """Who may ask for itself and for somebody else doesn't get the one for the signature under the other."""
    own, hers = called(WHOLE), called({**WHOLE, "subject": {"type": "user", "id": "ana"}})
    assert own.cover != hers.cover
    assert own.form != hers.form
    assert own.payload != hers.payload
    assert own.templates[0].stored.startswith("deploy/rollout for agent/bot {")
    assert hers.templates[0].stored.startswith("deploy/rollout for person/ana {")
    assert called({**WHOLE, "subject": {"type": "person", "id": "ana"}}).cover == hers.cover
    assert hers.input is not None
    assert "subject" not in hers.input
    # A subject that is only said to be one isn't shown: it could be anybody's name, or anything.
    assert "eve" not in called({**WHOLE, "subject": {"type": "user", "id": "eve"}}).templates[0].stored


def test_an_act_is_left_out_and_nothing_else_is() -> None:
    bare: dict[str, Any] = {"type": "agent", "id": "bot"}
    act: Any = {"act": {"sub": "x"}}
    bound = [
        read_evaluation({**WHOLE, "subject": subject}).bound()
        for subject in (bare, {**bare, "properties": act}, {**bare, "properties": {}})
    ]
    assert bound[0] == bound[1] != bound[2]


def nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = {"act": value} if depth < 30 else [value]
    return value


@pytest.mark.parametrize(
    "context",
    [
        {"time": {"version": "9.9"}},
        {"time": nested(900)},
        {"time": "x" * 129},
        {"evaluation_id": [1]},
        {"evaluated_at": {"x": 1}},
        {"access_request": {"endpoint": "https://x"}},
        {"reason": "r", "business_justification": "b"},
        {"business_justification": {"version": "9.9"}},
        {"ticket": 7},
        {"approval": {"id": "a", "approved_until": {"x": 1}}},
        {"approval": {"id": "a", "state": "approved"}},
    ],
)
def test_nothing_travels_beside_what_is_signed(context: dict[str, Any]) -> None:
    with pytest.raises(MalformedInput):
        read_evaluation({**WHOLE, "context": context})


@pytest.mark.parametrize("act", ["x", {"run_as": "root"}, {"sub": {"x": 1}}, {"act": {"run_as": 1}}, nested(20)])
def test_an_act_holds_names_and_no_more(act: Any) -> None:
    subject = {**WHOLE["subject"], "properties": {"act": act}}
    with pytest.raises(MalformedInput):
        read_evaluation({**WHOLE, "subject": subject})


def test_what_was_read_can_be_decided() -> None:
    """Nothing of it is found to have no canonical form once something was decided."""
    for wrong in ("\ud800", nested(40)):
        for part in ({"context": {"x": wrong}}, {"resource": {**WHOLE["resource"], "properties": {"x": wrong}}}):
            with pytest.raises(MalformedInput):
                read_evaluation({**WHOLE, **part})
    action = called(WHOLE)
    assert isinstance(action.payload, ToolPayload)
    assert read_evaluation(WHOLE).canonical == action.payload.arguments


@pytest.mark.parametrize(
    "payload",
    [
        SessionPayload("clinic", "app"),
        ToolPayload("deploy/rollout", Digest(""), b"{}"),
        ToolPayload("deploy/rollout", Digest(""), b'{"subject":{"properties":{}}}'),
        ToolPayload("deploy/rollout", Digest(""), b"[]"),
        ToolPayload("deploy/rollout", Digest(""), b""),
    ],
)
def test_what_was_sealed_as_something_else_is_malformed(payload: Payload) -> None:
    with pytest.raises(MalformedInput):
        as_sealed(payload, called(WHOLE), lambda _: ROLLOUT)


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
